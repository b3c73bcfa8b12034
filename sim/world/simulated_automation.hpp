// sim/world/simulated_automation.hpp — scripts and runbooks as the scenario tells that they go.
//
// Laws: a run takes its time and succeeds or fails as the scenario says, or as drawn from the seed;
// the draw depends on the action and on how often it was run before, on nothing else. A token is
// run once: asked for again it is answered when it ends, or at once when it has ended.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "model/environment/automation.hpp"
#include "model/environment/environment.hpp"
#include "sim/scenario/plan_facts.hpp"

namespace landfall::world {

/// Rings when asked to.
class Alarm {
  public:
    virtual ~Alarm() = default;
    [[nodiscard]] virtual Instant now() const = 0;
    /// Calls SimulatedAutomation::over(token) at `at`.
    virtual void ring(Instant at, std::uint64_t token) = 0;
};

class SimulatedAutomation : public Automation {
  public:
    /// `actions` by RecoveryActionId. `alarm` outlives this.
    SimulatedAutomation(Alarm& alarm, std::vector<scenario::ActionFacts> actions,
                        std::uint64_t seed);

    void run(const ActionRequest& request) override;
    /// Somebody does it in the time that the scenario says; nobody, if it says none.
    void tell_people(std::uint64_t token, RecoveryActionId action) override;
    /// What to tell the logic now that the alarm rang.
    [[nodiscard]] ActionEnded over(std::uint64_t token) const;

    /// Whether something is being run or done, and not over.
    [[nodiscard]] bool is_busy() const;
    /// How often an action was really run.
    [[nodiscard]] std::uint32_t runs(RecoveryActionId action) const { return runs_[action.value]; }

    /// An action that was really begun.
    struct Deed {
        std::uint64_t token = 0;
        RecoveryActionId action;
        Instant begun;
        std::optional<Instant> ends = {};  ///< none: of a manual action that nobody is known to do
        bool succeeds = true;
    };
    /// All of them, in order of time.
    [[nodiscard]] const std::vector<Deed>& deeds() const { return deeds_; }

  private:
    struct Run {
        Instant ends;
        bool succeeds;
    };

    [[nodiscard]] bool draw_success(RecoveryActionId action) const;
    void begin(std::uint64_t token, RecoveryActionId action);

    Alarm& alarm_;
    std::vector<scenario::ActionFacts> actions_;
    std::uint64_t seed_;
    std::vector<std::uint32_t> runs_;
    std::map<std::uint64_t, Run> by_token_;
    std::vector<Deed> deeds_;
    Instant latest_end_;
};

}  // namespace landfall::world
