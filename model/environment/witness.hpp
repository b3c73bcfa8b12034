// model/environment/witness.hpp — told what the data path does to blocks; the oracles listen here.
//
// A witness never answers and never changes the outcome. Block fidelity only. Calls come in the
// order in which things happen; guest writes of a disk in the order of their stamps.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/base/block.hpp"
#include "model/base/ids.hpp"
#include "model/base/units.hpp"

namespace landfall {

/// One life of a machine's stream of changes; raised by every promotion, forced write and full
/// resynchronization.
using Generation = std::uint32_t;

/// Reads a disk's content as of one recovery point, or as it stands.
class BlockReader {
  public:
    virtual ~BlockReader() = default;
    /// False of a disk that is no part of it: what would be read there means nothing.
    [[nodiscard]] virtual bool holds(DiskId /*disk*/) const { return true; }
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
    /// A flush was answered: it covers the writes answered before it came, up to `through`.
    virtual void guest_flushed(DiskId /*disk*/, Stamp /*through*/) {}
    /// The source's disk reads so after its power returned.
    virtual void source_recovered(DiskId /*disk*/, const BlockReader& /*content*/) {}
    /// Whether points with a cut after this instant hold the disk. Until it is said, all do.
    virtual void disk_replicates(DiskId /*disk*/, bool /*does*/) {}
    /// What the guest submits from now on waits, at most so long, for a marker of its group.
    virtual void writes_held(MachineId /*machine*/, Duration /*at_most*/) {}
    virtual void writes_released(MachineId /*machine*/) {}
    /// Writes from `at` on belong to the new shape.
    virtual void geometry_changed(DiskId /*disk*/, const DiskGeometry& /*now*/, Instant /*at*/) {}

    // --- copies by the dirty bitmap (S17), each in the moment in which it happens
    /// Bits were set: by a guest's write, by a copy that failed, by a restart.
    virtual void dirty_marked(DiskId /*disk*/, SectorRange /*range*/) {}
    /// Bits were cleared in order to copy what they stand for; exactly the sectors of the bits.
    virtual void dirty_cleared(DiskId /*disk*/, SectorRange /*range*/) {}
    /// The source was read for a copy.
    virtual void copy_read(DiskId /*disk*/, SectorRange /*range*/) {}
    /// The copy is durable on the replica, or failed and its bits were set again.
    virtual void copy_ended(DiskId /*disk*/, SectorRange /*range*/, bool /*durable*/) {}

    // --- bytes on their way, as numbers: conservation (S33)
    virtual void bytes_sent(DiskId disk, Bytes bytes, bool again) = 0;
    virtual void bytes_acknowledged(DiskId disk, Bytes bytes) = 0;
    /// Of what was sent: known not to have arrived, and to be sent again.
    virtual void bytes_lost(DiskId disk, Bytes bytes) = 0;
    /// A queue's fill and its bound, whenever it grows.
    virtual void queue_filled(std::string_view queue, Bytes bytes, Bytes bound) = 0;
    /// From now on what throttle number `throttle` covers sends at `rate`; 0 lifts it.
    virtual void throttle_set(std::uint32_t /*throttle*/, BytesPerSecond /*rate*/,
                              Bytes /*burst*/) {}
    virtual void progress_reported(MachineId /*machine*/, Bytes /*done*/, Bytes /*total*/) {}
    /// A payload came out of decryption and decompression: checksums of the plain bytes before
    /// coding, of those after decoding, and the one that travelled with them.
    virtual void payload_decoded(DiskId /*disk*/, std::uint32_t /*plain*/,
                                 std::uint32_t /*decoded*/, std::uint32_t /*carried*/) {}

    // --- the replica
    /// A record or block was accepted by the replica in `generation`.
    virtual void accepted(DiskId disk, Generation generation, SectorRange range) = 0;
    /// What arrived was refused, and why ("generation", "sequence", "checksum").
    virtual void refused(DiskId disk, Generation generation, std::string_view why) = 0;
    /// A journal record with this number was accepted; numbers are dense per disk and generation.
    virtual void record_accepted(DiskId /*disk*/, Generation /*generation*/,
                                 std::uint64_t /*sequence*/) {}
    /// A fault damaged this record, on the wire or at rest; said right before it is read.
    virtual void record_damaged(DiskId /*disk*/, Generation /*generation*/,
                                std::uint64_t /*sequence*/) {}
    /// A replay of the replica's log ended: it applied records up to `applied`; `damaged` is the
    /// first bad one in the log, 0 if there is none.
    virtual void replay_ended(DiskId /*disk*/, std::uint64_t /*damaged*/,
                              std::uint64_t /*applied*/) {}
    /// Content after one replay of a log, and after replaying it (or a suffix of it) once more.
    virtual void replayed_again(DiskId /*disk*/, const BlockReader& /*once*/,
                                const BlockReader& /*again*/) {}
    /// The source was told that its writes up to `through` are durable on the replica.
    virtual void acknowledged(DiskId /*disk*/, Stamp /*through*/) {}
    /// The replica came back after a crash; `content` reads all it kept, staged or applied.
    virtual void replica_recovered(DiskId /*disk*/, const BlockReader& /*content*/) {}
    /// Instead of replica_recovered: it came back and found that something is rotten. Of its points
    /// it offers only `kept`; what else it acknowledged may be gone.
    virtual void replica_damaged(MachineId /*machine*/, std::span<const std::uint64_t> /*kept*/) {}
    /// A reader of the disk's log has durably used it up to record `through`; 0 when it begins.
    virtual void consumer_advanced(DiskId /*disk*/, std::uint32_t /*consumer*/,
                                   std::uint64_t /*through*/) {}
    /// Records of the disk's log up to `through` are gone.
    virtual void log_trimmed(DiskId /*disk*/, std::uint64_t /*through*/) {}
    /// Before point_published: the shape in which the point keeps a disk.
    virtual void point_geometry(const PublishedPoint& /*point*/, DiskId /*disk*/,
                                const DiskGeometry& /*geometry*/) {}
    /// `content` reads the point as it would be restored.
    virtual void point_published(const PublishedPoint& point, const BlockReader& content) = 0;
    /// Said while the point can still be read.
    virtual void point_dropped(MachineId machine, std::uint64_t id) = 0;
    virtual void point_pinned(MachineId machine, std::uint64_t id, bool pinned) = 0;
    /// RPO as shown to the user, now.
    virtual void rpo_reported(MachineId machine, Instant now, Duration rpo) = 0;
    /// A failover ended on this content; `planned` ones may lose nothing.
    virtual void failed_over(const PublishedPoint& point, bool planned,
                             const BlockReader& content) = 0;
    /// After a failover of leg `from`: the disks of leg `to` go on from its history up to `cut`.
    virtual void leg_branched(MachineId /*from*/, MachineId /*to*/, Instant /*cut*/) {}
    /// After leg_branched: the machine that the failover makes, of leg `leg`, holds `content`.
    virtual void machine_made(MachineId /*leg*/, Instant /*cut*/, const BlockReader& /*content*/) {}
    /// A failback ended: the machine goes on at its first site with this content, which claims to
    /// be the target's as of `cut`.
    virtual void failed_back(MachineId /*machine*/, Instant /*cut*/,
                             const BlockReader& /*content*/) {}
};

}  // namespace landfall
