// sim/record/billing_feed.hpp — tells the billing meter what a run's reports mean for the bill.
//
// States of items say when an instance is protected, failed over and removed; whoever knows more of
// the machines in the cloud (a test machine, a stop) says so by `instance`. Amounts are read every
// hour: what was uploaded, and what the recovery points of the retention hold. A point holds the
// changes since the one before it, so all points together hold what was uploaded within the
// retention [A]; a reading moves the level when it changed by a quarter, which bounds the table.
#pragma once

#include <cstdint>
#include <deque>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/economics/meter.hpp"
#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "sim/record/blob_writer.hpp"

namespace landfall::record {

/// What a machine has uploaded so far; the feed asks it at every reading.
class UploadCounter {
  public:
    virtual ~UploadCounter() = default;
    [[nodiscard]] virtual Bytes uploaded(MachineId machine) const = 0;
    [[nodiscard]] virtual bool replicates(DiskId disk) const = 0;
    [[nodiscard]] virtual ProcessServerId server_of(MachineId machine) const = 0;
};

class BillingFeed {
  public:
    BillingFeed(const Estate& estate, const Clock& clock, const UploadCounter& uploads,
                const PriceBook& book, std::vector<BilledMachine> machines,
                Duration protected_before);

    /// An item went into a state of Site Recovery.
    void state_changed(MachineId machine, std::string_view state);
    /// Other disks of the machine replicate than before, or it replicates by another server.
    void replication_changed(MachineId machine);
    /// A machine in the cloud was created or deleted, started or stopped.
    void instance(MachineId machine, BilledInstance which, bool exists, bool runs);
    /// Takes a reading when one is due; call it as often as you like.
    void read();
    /// The run is over: the last reading.
    void close();

    /// All lines of the run, once it is closed.
    [[nodiscard]] const std::vector<BillingLine>& lines() const { return lines_; }
    [[nodiscard]] const PriceBook& book() const { return meter_.book(); }

  private:
    struct Reading {
        bool on = false;             ///< has replica disks
        Instant traffic_since;       ///< the traffic up to here is told
        Bytes traffic_uploaded;      ///< what was uploaded by then
        std::deque<Bytes> uploaded;  ///< at the marks of the retention, newest last
        Bytes held;                  ///< level that the meter knows
        ProcessServerId server;      ///< what is uploaded goes by it
    };

    void begin(MachineId machine);
    void tell_disks(MachineId machine);
    void tell_traffic(MachineId machine);
    void tell_held(MachineId machine, bool mark);
    void remove(MachineId machine);
    [[nodiscard]] Duration mark_spacing(MachineId machine) const;

    const Estate& estate_;
    const Clock& clock_;
    const UploadCounter& uploads_;
    Duration protected_before_;
    BillingMeter meter_;
    std::vector<std::vector<BilledDisk>> disks_;  ///< by machine: of a replica of all its disks
    std::vector<Reading> readings_;
    Instant next_reading_;
    std::int64_t readings_taken_ = 0;
    std::vector<BillingLine> lines_;
};

/// One row per line.
Table billing_table(const BillingFeed& feed, const Estate& estate);

/// Sums of lines.
struct BillingTotals {
    double cost = 0;          ///< in the currency
    double licence_days = 0;  ///< paid for
};
BillingTotals billing_totals(const BillingFeed& feed);
std::vector<BillingTotals> billing_by_machine(const BillingFeed& feed, std::size_t machines);
/// The book, and sums by meter and by month.
nlohmann::json billing_summary(const BillingFeed& feed);

}  // namespace landfall::record
