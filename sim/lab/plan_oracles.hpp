// sim/lab/plan_oracles.hpp — what must hold of a job of a recovery plan, once it is over: what was
// done, in which order, and how often.
//
// Idea: a plan is a promise of an order. What is judged is what the world saw: when machines really
// went down and booted, and which scripts, runbooks and people were really set to work; never what
// the job's own list of tasks says. A boot or a shutdown that cannot be told from another event (a
// power loss, somebody at the console) is not judged, nor is one of a machine that was begun anew.
// Sources: SR/site-recovery-create-recovery-plans.md, SR/recovery-plan-overview.md.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/estate/recovery_plan.hpp"
#include "model/recovery/job.hpp"
#include "sim/lab/oracle.hpp"

namespace landfall::lab {

/// From the moment in which it was asked for to the one in which it was done.
struct Span {
    Instant from;
    Instant until;
};

/// A machine of the plan, as far as the plan's job moved it.
struct PlanMachineSight {
    std::string name;
    std::size_t group = 0;                     ///< from 0
    std::vector<std::size_t> depends_on = {};  ///< places in PlanSight::machines
    bool begun_anew = false;                   ///< its job failed and was restarted
    std::uint16_t attempt = 0;                 ///< of the plan's job, in which its job was begun
    std::optional<Span> shutdown = {};         ///< of its source
    std::optional<Span> creation = {};         ///< only its end is known for certain
    std::optional<Span> boot = {};             ///< at the target
};

/// An action of the plan that belongs to this kind of failover.
struct PlanActionSight {
    std::string name;
    bool manual = false;
    std::optional<std::size_t> group = {};  ///< none: around what all groups share
    bool before = false;                    ///< of the group's boots; else after them
    std::size_t times = 0;                  ///< it was really begun
    std::optional<Instant> begun = {};
    std::optional<Instant> ended = {};  ///< as the world has it; none: nobody can say
    bool failed = false;                ///< the last time
};

struct PlanSight {
    std::string name;
    JobState state = JobState::Succeeded;
    FailoverType type = FailoverType::Unplanned;
    bool fails_over = true;  ///< a failover or test; else one operation on all its machines
    std::uint16_t restarts = 0;
    GroupsGate gate = GroupsGate::Start;
    std::vector<PlanMachineSight> machines;
    std::vector<PlanActionSight> actions;
};

struct PlanOracle {
    OracleCard card;
    /// What is wrong; empty: it holds.
    std::string (*fault)(const PlanSight&);
};

/// All of them, for documentation and tests.
std::span<const PlanOracle> plan_oracles();

}  // namespace landfall::lab
