// sim/world/target_room.hpp — who has which part of what Azure has to give.
//
// Azure keeps these books (model/estate/target.hpp says what fits), so they do not care who lives
// or dies on the side of Site Recovery. A machine takes room from the check of its prerequisites
// on, where it is held for it [A: documents have the check, and two failovers that pass it at one
// moment are not to meet again at the last core], and has it until it is deleted.
// Laws: held and created is counted once; what is neither held nor exists has nothing; every change
// is written down, so that a result can show what was in use when.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"

namespace landfall::world {

/// What a region's machines take from `at` on.
struct TargetUseStep {
    Instant at;
    std::uint32_t region = 0;
    TargetUse use;
};

class TargetRoom {
  public:
    /// `estate` must outlive it.
    explicit TargetRoom(const Estate& estate);

    /// Compute::hold_room, for a request to create a machine.
    std::vector<std::string> hold(const MachineRequest& request, Instant now);
    void give_back(MachineId machine, MachineInstance instance, Instant now);
    /// The machine is there, or every reason why it does not fit.
    std::vector<std::string> created(const MachineRequest& request, Instant now);
    void deleted(MachineId machine, MachineInstance instance, Instant now);

    /// Whether it takes room, and whether it does so without being there.
    [[nodiscard]] bool has_room(MachineId machine, MachineInstance instance) const;
    [[nodiscard]] bool is_held(MachineId machine, MachineInstance instance) const;
    [[nodiscard]] const Placement* placement(MachineId machine, MachineInstance instance) const;
    /// Whether a machine of that item takes any: it fails over to Azure, and its size is known.
    [[nodiscard]] bool counts(MachineId machine) const;
    [[nodiscard]] const TargetUse& use(std::uint32_t region) const { return capacity_.use(region); }
    [[nodiscard]] const std::vector<TargetUseStep>& steps() const { return steps_; }

  private:
    struct Claim {
        bool held = false;
        bool exists = false;
    };
    using Key = std::pair<MachineId, MachineInstance>;

    [[nodiscard]] bool is_at_target(const MachineRequest& request) const;
    void let_go(MachineId machine, MachineInstance instance);
    void note(MachineId machine, Instant now);

    const Estate& estate_;
    TargetCapacity capacity_;
    std::map<Key, Claim> claims_;
    std::vector<TargetUseStep> steps_;
    std::vector<TargetUse> known_;  ///< by region, the last step
};

}  // namespace landfall::world
