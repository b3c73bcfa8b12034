// sim/world/throttle_watch.hpp — tells the oracles which throttle holds when, and for whom (S25).
//
// A Hyper-V host throttles all that its machines send (SR/site-recovery-vmm-to-azure.md). Batches
// count when they leave, so a throttle lets through one batch more than its rate: the largest that
// the engine makes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/environment/witness.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::world {

class ThrottleWatch {
  public:
    ThrottleWatch(const scenario::Scenario& scenario,
                  const std::vector<scenario::ExpandedMachine>& machines);

    /// The machines of each throttle, as the oracles want them.
    [[nodiscard]] std::vector<std::vector<MachineId>> members() const;
    /// The link of that name carries so many bytes per second from now on.
    void capacity_changed(std::string_view link, double rate, BlockWitness& witness) const;

  private:
    struct Throttle {
        std::string link;
        BytesPerSecond nic;
        Bytes burst;
        std::vector<MachineId> members;
    };

    std::vector<Throttle> throttles_;
};

}  // namespace landfall::world
