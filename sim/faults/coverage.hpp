// sim/faults/coverage.hpp — which faults met machines in which phases.
//
// A cell (kind of fault, phase) is hit when a machine that the fault strikes is in the phase while
// the fault lasts, or at the instant of one that does not; each fault counts once for each machine
// and phase. Coverage watches, and never influences a run.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/faults/injector.hpp"
#include "sim/faults/phases.hpp"

namespace landfall::faults {

/// The phase of a job. A failover that takes its machine home is a failback, whatever its job is
/// called.
[[nodiscard]] PhaseId phase_of(const JobRecord& job);

class Coverage {
  public:
    Coverage(const scenario::Scenario& scenario, const Injector& injector, const Stage& stage);

    /// The fault is about to begin: what its machines are going through.
    void fault_comes(std::size_t fault);
    /// It has begun, and has an effect.
    void fault_begins(std::size_t fault);
    void fault_ends(std::size_t fault);
    /// Something about the item has changed; it is looked at only while a fault strikes it.
    void item_changed(MachineId item);
    /// A point of the leg was published, and perhaps older ones went.
    void point_published(MachineId leg);
    /// Looks at everything that is struck.
    void look();
    /// Whether a fault lasts, so that looking makes sense; and few machines are struck.
    [[nodiscard]] bool is_watching_closely() const { return struck_now_ > 0 && struck_now_ <= 64; }

    struct Cell {
        FaultKind kind;
        PhaseId phase;
        std::uint64_t hits;
    };
    /// In the order of the tables.
    [[nodiscard]] std::vector<Cell> cells() const;

  private:
    void forget(std::size_t fault);
    /// Faults that do not last meet what else happens at their instant, and nothing later.
    void let_go();
    void look_at(MachineId item);
    void hit(MachineId item, PhaseId phase);
    void count(std::size_t fault, MachineId item, PhaseId phase);
    [[nodiscard]] std::vector<PhaseId> phases_of(MachineId item) const;
    [[nodiscard]] MachineId item_of(MachineId leg) const;
    [[nodiscard]] std::vector<JobId> running_plans(MachineId item) const;
    void add_plan_phases(JobId job, std::vector<PhaseId>& found) const;

    const scenario::Scenario& scenario_;
    const Injector& injector_;
    Stage stage_;
    std::vector<std::vector<std::size_t>> faults_of_;  ///< by item: those that last
    std::vector<std::size_t> last_points_;             ///< by leg
    struct Published {
        std::optional<Instant> at;
        bool pruned = false;
    };
    std::vector<Published> published_;                   ///< by leg: the last time
    std::vector<std::vector<RecoveryPlanId>> plans_of_;  ///< by item
    std::size_t struck_now_ = 0;
    std::vector<std::size_t> of_this_instant_;  ///< faults that do not last
    Instant instant_;
    std::vector<std::pair<MachineId, PhaseId>> before_;  ///< the fault that comes
    std::set<std::pair<std::size_t, std::pair<MachineId, PhaseId>>> seen_;
    std::map<std::pair<FaultKind, PhaseId>, std::uint64_t> hits_;
};

/// {"fault": kind, "phase": name, "hits": n}, ...
[[nodiscard]] nlohmann::json coverage_json(const Coverage& coverage);

}  // namespace landfall::faults
