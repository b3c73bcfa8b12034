// sim/lab/control_board.hpp — the oracles of the control plane: what must hold of items, machines,
// quota, meters and jobs, whatever anybody did to them.
//
// Idea: each invariant is one row, a sentence about what can be seen of one item from outside: what
// the vault says of it, which of its machines exist and run, what they hold of Azure's quota, and
// which meters run. A look asks all of them of one item. They need no content, so they watch at
// either fidelity, and cost nothing but the look.
//
// Documented overlaps that are no violation: a failover that did not shut its source down (it was
// not asked to, or the source is physical) leaves both machines running until the next
// reprotection (SR/site-recovery-failover.md); so does a user who switches one on; a machine in
// Azure whose item was disabled or migrated is its user's, and so is what it takes.
//
// Law: a board only looks. A run with one and a run without are the same run.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/recovery/job.hpp"
#include "sim/lab/oracle_report.hpp"
#include "sim/lab/plan_oracles.hpp"

namespace landfall::lab {

/// What can be seen of one machine of an item.
struct MachineSight {
    bool exists = false;
    bool runs = false;
    bool has_room = false;                    ///< takes of a quota
    bool room_is_held = false;                ///< without being there, for a job that will make it
    bool is_metered = false;                  ///< a meter runs for it
    bool by_hand = false;                     ///< somebody switched it on at its console
    bool made_twice = false;                  ///< by one job, which had not deleted the first one
    std::string network = {};                 ///< that its interfaces are in; empty: none
    std::vector<std::string> addresses = {};  ///< "West/vnet/10.0.0.4": what nobody else has
};

/// What can be seen of an item's last job that is over.
struct JobSight {
    JobKind kind = JobKind::EnableProtection;
    JobState state = JobState::Succeeded;
    ProtectionState state_before = ProtectionState::UnprotectedStatesBegin;
    bool was_away = false;              ///< active at the recovery location when it began
    bool shut_source_down = false;      ///< it came to the task that does
    std::string network = {};           ///< that a drill was asked for
    std::optional<Instant> point = {};  ///< that it chose
    std::optional<Instant> best_point =
        {};                       ///< of those that it could choose, by what was asked for
    bool drill_was_open = false;  ///< a test machine existed when it began
};

/// What can be seen of an item.
struct ItemSight {
    std::string name = {};
    ScenarioKind kind = ScenarioKind::VMwareToAzure;
    ProtectionState protection = ProtectionState::UnprotectedStatesBegin;
    std::string_view state;  ///< the same in Site Recovery's words
    bool in_vault = false;   ///< enabled, and neither disabled nor migrated since
    bool is_away = false;    ///< active at the recovery location
    bool drill_open = false;
    bool is_billed = false;           ///< any meter of it runs
    bool takes_room = false;          ///< its machines at the target are of a size that counts
    std::string_view job = {};        ///< in progress; empty: none
    std::string_view waits_for = {};  ///< of that job
    bool is_making = false;           ///< that job makes, changes or removes machines
    bool source_was_left_on = false;  ///< by the last failover, or somebody switched it on since
    bool owns_replica = false;        ///< its machine in Azure is not its user's
    bool discards_replica = false;    ///< and is being deleted
    bool may_keep_replica = false;    ///< at home, a failover that failed or is not committed
    bool forward_replicates = false;
    bool backward_replicates = false;
    bool is_paused = false;
    std::string over_quota = {};     ///< what its region has more in use of than it may
    std::size_t arrival_points = 0;  ///< listed of the leg that brought it where it is
    std::size_t points = 0;          ///< listed of both legs
    /// The side that was active before the last job stopped since that began, and not for want of
    /// power.
    bool source_stopped = false;
    std::optional<Bytes> planned_loss;  ///< of its last planned failover
    std::optional<JobSight> last_job;   ///< while none is in progress
    std::array<MachineSight, kMachineInstances> machines = {};

    [[nodiscard]] const MachineSight& machine(MachineInstance which) const {
        return machines[static_cast<std::size_t>(which)];
    }
};

/// Whoever can look at a run's items. Reverse legs are no items.
class ControlProbe {
  public:
    virtual ~ControlProbe() = default;
    [[nodiscard]] virtual std::size_t items() const = 0;
    [[nodiscard]] virtual ItemSight item(MachineId machine) const = 0;
    /// Jobs of recovery plans, in the order in which they were started.
    [[nodiscard]] virtual std::vector<JobId> plan_jobs() const { return {}; }
    [[nodiscard]] virtual PlanSight plan(JobId /*job*/) const { return {}; }
};

struct ControlOracle {
    OracleCard card;
    /// What is wrong; empty: it holds. Nothing in progress may be a reason.
    std::string (*fault)(const ItemSight&);
};

/// All of them, for documentation and tests: what a look at one item judges (S22 compares it with
/// the others besides).
std::span<const ControlOracle> control_oracles();

class ControlBoard {
  public:
    ControlBoard(const ControlProbe& probe, std::function<Instant()> now,
                 std::size_t violations_kept = 100);

    /// Asks every oracle about one item, between two events; none: about the plans.
    void look(MachineId item);
    /// Judges the jobs of recovery plans that are over and were not judged before.
    void look_at_plans();
    void look_at_all();

    [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
    [[nodiscard]] std::uint64_t violation_count() const;
    /// Adds its rows and violations to those of a report.
    void add_to(OracleReport& report) const;

  private:
    struct Count {
        std::uint64_t checked = 0;
        std::uint64_t violations = 0;
    };

    [[nodiscard]] std::string shared(MachineId item, const ItemSight& seen);
    void fail(const OracleCard& card, Count& count, MachineId item, const std::string& fault);

    const ControlProbe& probe_;
    std::function<Instant()> now_;
    std::size_t kept_;
    std::vector<Count> counts_;       ///< by oracle of items, then S22
    std::vector<Count> plan_counts_;  ///< by oracle of plans
    std::vector<Violation> violations_;
    std::vector<std::vector<bool>> failing_;    ///< by item: what was said already, while it lasts
    std::map<std::string, MachineId> holders_;  ///< of addresses, as last seen
    std::vector<std::vector<std::string>> held_;  ///< by item, the same
    std::map<JobId, std::uint16_t> judged_;       ///< attempts of plans' jobs
};

}  // namespace landfall::lab
