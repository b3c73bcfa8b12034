// sim/record/recorder.hpp — writes down what the logic reports, as columns.
//
// Everything that a result shows passes through here once; the recorder never influences a run.
// Which tables there are and what their columns mean: bindings/landfall/tables.py.
#pragma once

#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "sim/record/billing_feed.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/record/rpo_statistics.hpp"

namespace landfall::record {

/// Names as small numbers, in order of first use.
class Dictionary {
  public:
    std::int32_t code(std::string_view name);
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

  private:
    std::map<std::string, std::int32_t, std::less<>> codes_;
    std::vector<std::string> names_;
};

/// A column of names.
struct NameColumn {
    Dictionary dictionary;
    std::vector<std::int32_t> codes;
    void add(std::string_view name) { codes.push_back(dictionary.code(name)); }
    [[nodiscard]] std::string_view at(std::size_t row) const {
        return dictionary.names()[static_cast<std::size_t>(codes[row])];
    }
    [[nodiscard]] Column finish(std::string name);
};

/// Something that happened. Names live as long as the recorder.
struct EventRow {
    std::string_view kind;
    std::string_view subject;
    std::string_view detail;
    double t_s = 0;
};

class Recorder : public Observer {
  public:
    /// With `rpo_steps` every step of every machine's RPO becomes a row; without, only statistics.
    Recorder(const Estate& estate, const Clock& clock, bool rpo_steps);

    /// From now on the bill hears what the recorder hears. Not owned; null: nobody is billed.
    void bill(BillingFeed* feed) { billing_ = feed; }

    // Observer
    void recovery_point_published(MachineId machine, Instant time, Instant processed_at,
                                  bool app_consistent) override;
    void disk_copied(DiskId disk, std::string_view kind, Instant started, Bytes bytes) override;
    void noted(std::string_view kind, std::string_view subject, std::string_view detail) override;
    void state_changed(MachineId machine, std::string_view state) override;
    void job_started(JobId job, MachineId machine, std::string_view operation) override;
    void task_ended(JobId job, std::string_view task, std::string_view state,
                    Instant started) override;
    void job_ended(JobId job, std::string_view state, std::string_view cause) override;
    void replication_changed(MachineId machine) override {
        if (billing_ != nullptr) billing_->replication_changed(machine);
    }

    /// Ends all ramps: the run is over.
    void close();

    [[nodiscard]] const RpoStatistics& rpo(MachineId machine) const {
        return machines_[machine.value].rpo;
    }
    /// RPO now, in seconds; NaN while the machine is not protected.
    [[nodiscard]] double rpo_now_s(MachineId machine) const;
    /// RPO when the machine's protected time ended, in seconds; NaN if it never was.
    [[nodiscard]] double rpo_at_end_s(MachineId machine) const {
        return machines_[machine.value].rpo_at_end_s;
    }
    [[nodiscard]] std::int64_t points_published(MachineId machine) const {
        return machines_[machine.value].points;
    }

    /// How many events, starts of jobs and ends of jobs have been written down.
    [[nodiscard]] std::size_t news() const { return news_; }
    [[nodiscard]] std::size_t event_count() const { return events_.t_s.size(); }
    [[nodiscard]] EventRow event_row(std::size_t row) const;

    /// Moves the tables rpo, jobs, tasks, copies and events out.
    std::vector<Table> take_tables();

  private:
    struct MachineRecord {
        bool counting = false;  ///< in its protected time
        bool has_point = false;
        Instant last_point;  ///< source time of the newest point
        Duration ramp_from;  ///< RPO where the present ramp began
        RpoStatistics rpo;
        double rpo_at_end_s = std::numeric_limits<double>::quiet_NaN();
        std::int64_t points = 0;
    };

    void end_ramp(MachineRecord& record);
    void add_step(MachineId machine, double before_s, double after_s);
    [[nodiscard]] double now_s() const { return to_seconds(clock_.now().since_start()); }

    const Estate& estate_;
    const Clock& clock_;
    bool rpo_steps_;
    BillingFeed* billing_ = nullptr;
    std::size_t news_ = 0;
    std::vector<MachineRecord> machines_;

    struct {
        std::vector<double> t_s;
        std::vector<std::int32_t> machine;
        std::vector<double> before_s;
        std::vector<double> after_s;
    } steps_;
    struct {
        std::vector<std::int64_t> id;
        std::vector<std::int32_t> machine;
        NameColumn operation;
        NameColumn state;
        std::vector<double> start_s;
        std::vector<double> end_s;
        NameColumn cause;
    } jobs_;
    struct {
        std::vector<std::int64_t> job;
        NameColumn task;
        NameColumn state;
        std::vector<double> start_s;
        std::vector<double> end_s;
    } tasks_;
    struct {
        std::vector<std::int32_t> machine;
        NameColumn disk;
        NameColumn kind;
        std::vector<double> start_s;
        std::vector<double> end_s;
        std::vector<std::int64_t> bytes;
    } copies_;
    struct {
        std::vector<double> t_s;
        NameColumn kind;
        NameColumn subject;
        NameColumn detail;
    } events_;
};

}  // namespace landfall::record
