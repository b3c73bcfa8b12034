// sim/faults/world_events.hpp — what happens to machines, disks, stores and servers without anybody
// asking for it: one function for each thing that can happen.
//
// The timeline's events and the faults of a scenario both act through these, so that the same thing
// at the same instant is the same run. What may have several reasons at a time (an agent that does
// not run, a service that is away) is counted: it ends with the last of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/faults/troubles.hpp"
#include "sim/memory/crashable_store.hpp"
#include "sim/world/simulated_blocks.hpp"
#include "sim/world/wire_damage.hpp"
#include "sim/world/world.hpp"

namespace landfall::faults {

/// Draws a whole number below its argument.
using Draw = std::function<std::uint64_t(std::uint64_t)>;

/// What the events act on. The stores are those of all machines, source and replica side.
struct Stage {
    world::World& world;
    SiteRecovery& logic;
    Estate& estate;  ///< a disk that is resized changes it
    world::SimulatedBlocks& blocks;
    CrashableStore& source_store;
    CrashableStore& replica_store;
    world::WireDamage& wire;
};

class WorldEvents {
  public:
    /// `configuration_servers`: how many there are.
    WorldEvents(Stage stage, std::size_t configuration_servers);

    // --- Machines. The one that runs now: the source, or what a failover made of it.
    /// It loses its power and has it back at once.
    void power_blinks(MachineId item, const Draw& draw);
    /// Until power_returns, which is to be called if this is true; false if no machine of it runs.
    bool power_fails(MachineId item, const Draw& draw);
    void power_returns(MachineId item);
    /// Shut down cleanly, by its guest, until guest_starts; likewise.
    bool guest_stops(MachineId item);
    void guest_starts(MachineId item);
    void agent_stops(MachineId leg);
    void agent_starts(MachineId leg);

    // --- Disks and stores
    void disk_replaced(DiskId disk);
    void disk_resized(DiskId disk, Bytes size);
    /// What the replica did not flush is kept, dropped or torn, as the draw says.
    void replica_crashes(MachineId leg, const Draw& draw);
    /// The bit at `position` (0..1) of all that the replica stores flips, then it is read anew;
    /// false if it stores nothing.
    bool replica_rots(MachineId leg, double position);
    /// The next changes of its disks arrive damaged; a leg of nothing has none.
    void transfer_damaged(MachineId leg);

    // --- The service
    void orchestrator_leaves();
    void orchestrator_returns();

    [[nodiscard]] Troubles& troubles() { return troubles_; }
    [[nodiscard]] const Troubles& troubles() const { return troubles_; }
    [[nodiscard]] MachineId running_leg(MachineId item) const;
    [[nodiscard]] const Stage& stage() const { return stage_; }

  private:
    struct Off {
        MachineId item;
        MachineInstance instance;
        MachineId leg;
        bool crashed = false;
    };

    enum class SwitchedOff : std::uint8_t { No, Now, Before };
    SwitchedOff switch_off(MachineId item, bool crashes);
    void switch_on(MachineId item);

    Stage stage_;
    Troubles troubles_;
    std::vector<int> agent_stops_;     ///< by leg: reasons
    std::vector<std::uint32_t> offs_;  ///< by item: reasons
    std::vector<Off> off_;
    int outages_ = 0;
};

}  // namespace landfall::faults
