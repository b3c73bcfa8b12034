// sim/lab/run_monitor.hpp — invariants of a whole run: what must come true in the end, and what a
// fault may cost.
//
// Oracles (oracle.hpp) watch blocks; monitors watch items, jobs, points and health, at any
// fidelity. A monitor is one sentence with a name; it hears what observers hear, looks at every
// sample, and says what it expected and what it found where the sentence does not hold. It never
// changes a run.
// Idea of the liveness monitors (replication-and-test-lab 2.3): a machine in a hot state grows
// hotter with time, and one that is hot for longer than a bound, with no fault left to blame, is
// stuck. The bound is worked out from the estate, generously; where churn leaves a link nothing to
// spare there is none, and nothing is judged.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/recovery/health.hpp"
#include "model/recovery/site_recovery.hpp"
#include "sim/lab/oracle.hpp"
#include "sim/lab/oracle_report.hpp"

namespace landfall::lab {

/// What monitors look at; all of it outlives them.
struct RunView {
    const Estate& estate;
    const SiteRecovery& logic;
    const HealthMonitor& health;
    std::size_t items = 0;  ///< the first so many machines are items, the rest ways back
    /// The last fault has ended: from here on all has to come right again. None: not judged.
    std::optional<Instant> calm_from;
    /// By item: no fault may cost it anything for good.
    std::vector<bool> must_recover;
    /// How long an item may need to come right, from calm on; none: nobody can say.
    std::function<std::optional<Duration>(MachineId item, Instant now)> bound;
};

class RunMonitor {
  public:
    explicit RunMonitor(const OracleCard& card) : card_(card) {}
    virtual ~RunMonitor() = default;

    [[nodiscard]] const OracleCard& card() const { return card_; }
    [[nodiscard]] std::uint64_t checked() const { return checked_; }
    [[nodiscard]] std::uint64_t violation_count() const { return violation_count_; }
    [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }

    // What it hears. A monitor overrides what it needs.
    virtual void noted(const RunView&, Instant, std::string_view /*kind*/,
                       std::string_view /*subject*/, std::string_view /*detail*/) {}
    virtual void state_changed(const RunView&, Instant, MachineId, std::string_view /*state*/) {}
    virtual void job_started(const RunView&, Instant, JobId, MachineId) {}
    virtual void job_ended(const RunView&, Instant, JobId) {}
    virtual void point_published(const RunView&, Instant, MachineId /*leg*/) {}
    /// The run stands still for a moment.
    virtual void look(const RunView&, Instant) {}
    /// It is over; `so_far` is what the oracles found.
    virtual void finish(const RunView&, Instant, const std::vector<Violation>& /*so_far*/) {}

  protected:
    void count_check() { ++checked_; }
    /// The sentence does not hold of `subject`.
    void fail(Instant now, MachineId machine, std::string_view subject, std::string_view expected,
              std::string_view found);

  private:
    OracleCard card_;
    std::uint64_t checked_ = 0;
    std::uint64_t violation_count_ = 0;
    std::vector<Violation> violations_;  ///< the first of them
};

/// An item that stays in a hot state for longer than its bound is stuck.
class HotState : public RunMonitor {
  public:
    using RunMonitor::RunMonitor;
    void look(const RunView& view, Instant now) override;

  protected:
    /// What is hot about the item, in words; nothing if it is cold.
    [[nodiscard]] virtual std::optional<std::string> heat(const RunView& view, MachineId item,
                                                          Instant now) = 0;
    /// On top of the item's bound.
    [[nodiscard]] virtual Duration grace(const RunView&, MachineId) const { return Duration(0); }

  private:
    struct Hot {
        std::optional<Instant> since;
        bool told = false;
    };
    std::vector<Hot> items_;
};

/// All monitors of a run.
class MonitorBoard {
  public:
    explicit MonitorBoard(RunView view) : view_(std::move(view)) {}

    void add(std::unique_ptr<RunMonitor> monitor) { monitors_.push_back(std::move(monitor)); }
    [[nodiscard]] bool empty() const { return monitors_.empty(); }
    [[nodiscard]] const std::vector<std::unique_ptr<RunMonitor>>& monitors() const {
        return monitors_;
    }
    /// Calls `tell(monitor, view)` for each.
    template <typename Tell>
    void tell(Tell&& tell) {
        for (const auto& monitor : monitors_) tell(*monitor, view_);
    }
    void finish(Instant now, const std::vector<Violation>& so_far) {
        tell([&](RunMonitor& monitor, const RunView& view) { monitor.finish(view, now, so_far); });
    }
    /// Puts one row for each monitor, and what they found, behind those of the oracles.
    void add_to(OracleReport& report) const;

  private:
    RunView view_;
    std::vector<std::unique_ptr<RunMonitor>> monitors_;
};

/// L1 to L5, L7 to L10 and E1, in this order (monitors_liveness.cpp).
[[nodiscard]] std::vector<std::unique_ptr<RunMonitor>> run_monitors();

}  // namespace landfall::lab
