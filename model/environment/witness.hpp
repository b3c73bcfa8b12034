// model/environment/witness.hpp — told what the data path does to blocks; the oracles listen here.
//
// A witness never answers and never changes the outcome. Block fidelity only. Calls come in the
// order in which things happen; guest writes of a disk in the order of their stamps.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/storage/block.hpp"

namespace landfall {

/// One life of a machine's stream of changes; raised by every promotion, forced write and full
/// resynchronization.
using Generation = std::uint32_t;

/// Reads a disk's content as of one recovery point, or as it stands.
class BlockReader {
  public:
    virtual ~BlockReader() = default;
    virtual void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const = 0;
};

/// A recovery point as it is published: what it claims, and how to read it.
struct PublishedPoint {
    MachineId machine;
    std::uint64_t id = 0;  ///< rising per machine, never reused
    Generation generation = 0;
    Instant cut;  ///< the label: holds every write before it and none from it on
    bool app_consistent = false;
    std::uint32_t group = 0xFFFFFFFF;  ///< consistency group that the cut is common to; none
};

class BlockWitness {
  public:
    virtual ~BlockWitness() = default;

    // --- the source
    /// The guest got its acknowledgement.
    virtual void guest_wrote(DiskId disk, const GuestWrite& write) = 0;
    /// The machine's data path changed; `publishes` is true in journal mode only.
    virtual void path_changed(MachineId machine, std::string_view path, bool publishes) = 0;

    // --- bytes on their way, as numbers: conservation (S33)
    virtual void bytes_sent(DiskId disk, Bytes bytes, bool again) = 0;
    virtual void bytes_acknowledged(DiskId disk, Bytes bytes) = 0;
    /// Of what was sent: known not to have arrived, and to be sent again.
    virtual void bytes_lost(DiskId disk, Bytes bytes) = 0;
    /// A queue's fill and its bound, whenever it grows.
    virtual void queue_filled(std::string_view queue, Bytes bytes, Bytes bound) = 0;

    // --- the replica
    /// A record or block was accepted by the replica in `generation`.
    virtual void accepted(DiskId disk, Generation generation, SectorRange range) = 0;
    /// What arrived was refused, and why ("generation", "sequence", "checksum").
    virtual void refused(DiskId disk, Generation generation, std::string_view why) = 0;
    /// `content` reads the point as it would be restored.
    virtual void point_published(const PublishedPoint& point, const BlockReader& content) = 0;
    virtual void point_dropped(MachineId machine, std::uint64_t id) = 0;
    virtual void point_pinned(MachineId machine, std::uint64_t id, bool pinned) = 0;
    /// RPO as shown to the user, now.
    virtual void rpo_reported(MachineId machine, Instant now, Duration rpo) = 0;
    /// A failover ended on this content; `planned` ones may lose nothing.
    virtual void failed_over(const PublishedPoint& point, bool planned,
                             const BlockReader& content) = 0;
};

}  // namespace landfall
