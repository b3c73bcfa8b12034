// model/replication/block_content.hpp — what the pipeline's bytes stand for at block fidelity.
//
// The pipeline moves numbers; this keeps, for each disk at block fidelity, the blocks behind them:
// changed blocks in a bitmap, ordered changes as framed records, copies as runs that were read, and
// on the replica's side a redo log with recovery points as layers. Laws:
//   - a bit is cleared before its block is read, and set again if the copy fails (S17);
//   - what the replica lacks is dirty, in flight, or in records not yet acknowledged (S11);
//   - the replica believes nothing that it was not able to check: checksum, generation, sequence;
//   - it acknowledges only what is durable (S13).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "model/replication/background_copy.hpp"
#include "model/replication/copy_stream.hpp"
#include "model/replication/engine_design.hpp"
#include "model/replication/flow/resume_session.hpp"
#include "model/storage/bitmap_pair.hpp"
#include "model/storage/crash_safe_tracking.hpp"
#include "model/storage/delta.hpp"
#include "model/storage/extent_map.hpp"
#include "model/storage/recovery_points.hpp"
#include "model/storage/replica_store.hpp"
#include "model/storage/sequence_filter.hpp"

namespace landfall {

/// How a disk's writes are kept at the source.
enum class Capture : std::uint8_t { Off, ChangedBlocks, Ordered };

class BlockContent {
  public:
    /// Requires environment.blocks.source.
    BlockContent(const Estate& estate, const std::vector<EngineDesign>& designs,
                 const Environment& environment);

    // --- The source. Each takes a disk at block fidelity.
    /// All that the disk holds is to be copied; changed blocks are recorded from `now` on.
    void start_tracking(DiskId disk, Instant now);
    /// The same, of a disk whose replica holds what its former self holds.
    void start_parted(DiskId disk, FailbackMethod method, Instant now);
    /// The replica holds what the source holds.
    void start_equal(DiskId disk, Instant now);
    /// What was known of changed blocks is lost: only a compare will tell.
    void forget_tracking(DiskId disk);
    /// The source's power is lost, and what it knew of changed blocks with it...
    void lose_power(DiskId disk);
    /// ...but for what storage kept: false if only a compare will tell.
    bool recover_tracking(DiskId disk);
    /// The disk has the size now that the estate says; all points of its machine go.
    void reshape(DiskId disk);
    /// Takes in what the guest wrote before `until`; returns its bytes, rewrites counted.
    Bytes capture(DiskId disk, Capture mode, Instant until);
    /// What was captured in order since the last call becomes one payload; none if nothing was.
    PayloadId seal(DiskId disk);
    /// Closes the open log: returns the bytes to send of it. seal() follows.
    Bytes close_log(DiskId disk);
    /// Bytes that closing the log would send.
    [[nodiscard]] Bytes log_bytes(DiskId disk) const;

    // --- Disks that come and go
    /// The disk is no part of its machine's replication, or is again.
    void set_left_out(DiskId disk, bool is) { at(disk).left_out = is; }
    /// Likewise start_tracking(), for a disk that may have been part of it before: what its replica
    /// holds of that time goes. Requires that nothing of the disk is on its way.
    void start_anew(DiskId disk, Instant now);

    // --- Copies, one at a time per disk
    /// Returns the bytes of blocks to send; they follow `checksums` bytes that hold no block.
    Bytes begin_copy(DiskId disk, CopyKind kind, Bytes checksums = Bytes(0));
    /// The first `taken` bytes of the copy have left: their blocks are read now.
    void read_copy(DiskId disk, Bytes taken);
    /// The first `acknowledged` bytes have arrived.
    void deliver_copy(DiskId disk, Bytes acknowledged);
    void end_copy(DiskId disk);

    // --- Ordered changes
    /// A delta with a payload has arrived. False if the replica could not believe it.
    bool deliver(const Delta& delta);
    /// A delta will never arrive.
    void drop(PayloadId payload) { payloads_.erase(payload); }
    /// The life of the machine's stream ends: what is not published of it counts as changed; `next`
    /// begins.
    void abandon(MachineId machine, Generation next);

    // --- Recovery points
    /// `without`: disks that the point does not hold.
    void publish(MachineId machine, const RecoveryPoint& point, Generation generation,
                 const std::vector<DiskId>& without);
    /// Drops every point that is not among `kept`.
    void retain(MachineId machine, const std::vector<RecoveryPoint>& kept);
    void promote(MachineId machine, const RecoveryPoint& point, bool planned,
                 const std::vector<DiskId>& without);
    /// False if its content can no longer be vouched for: points may be gone, and only a compare
    /// will tell what the disks lack.
    [[nodiscard]] bool restart_replica(MachineId machine);
    /// Every disk was copied since the restart: the content can be vouched for again.
    void replica_copied(MachineId machine);
    /// The cuts of the points that the replica lists.
    [[nodiscard]] std::vector<Instant> cuts(MachineId machine) const;
    /// A payload has left; whether it arrived is not known.
    void note_sent(PayloadId payload);
    /// The connection is made anew: the replica says how far it is, the source how to go on.
    [[nodiscard]] ResumeDecision resume(DiskId disk);

    // --- What can be observed
    [[nodiscard]] bool holds(MachineId machine) const { return machines_.contains(machine); }
    [[nodiscard]] const ReplicaStore& replica(MachineId machine) const;
    /// Reads a listed point, or, without one, what has arrived beyond all points.
    [[nodiscard]] std::unique_ptr<BlockReader> reader(MachineId machine,
                                                      std::optional<std::uint64_t> point) const;
    /// What the replica may lack of the source: dirty, being copied, or not yet acknowledged.
    [[nodiscard]] DirtyBitmap outstanding(DiskId disk) const;
    [[nodiscard]] DiskGeometry geometry(DiskId disk) const { return at(disk).geometry; }
    /// Reads what arrived at the replica, published or not.
    void read_replica(DiskId disk, std::uint64_t first, std::span<Stamp> out) const;
    /// Distinct bytes of the bytes written to a disk since its start, at every doubling of them:
    /// what volume fidelity needs to know of it.
    [[nodiscard]] const FoldCurve& fold(DiskId disk) const { return at(disk).fold; }
    /// Writes of guests that were taken in.
    [[nodiscard]] std::uint64_t writes() const { return writes_taken_; }

  private:
    static constexpr std::uint64_t kRoundTripEvery = 16;

    struct Payload {
        DiskId disk;
        std::vector<std::byte> records;
        Stamp through = 0;  ///< the newest write in it
        Generation generation = 0;
        std::uint64_t first_seq = 0;  ///< of its records
        std::uint64_t last_seq = 0;
    };
    struct LogEntry {
        Stamp stamp = 0;
        bool discard = false;
        bool operator==(const LogEntry&) const = default;
    };
    struct CopyRun {
        SectorRange range;
        std::vector<Stamp> stamps;
        Bytes end;  ///< of the copy's bytes, where this run's end
    };
    struct Copy {
        CopyKind kind;
        Bytes offset;  ///< of the copy's bytes that were read, checksums included
        std::optional<BackgroundCopy> loop;
        std::deque<CopyRun> runs;  ///< read and not acknowledged
    };
    /// A record of changed blocks that a power loss does not take.
    struct KeptTracking {
        CrashSafeTracking tracking;
        bool whole = true;  ///< storage took everything
        /// Ordered changes that are not known to be acknowledged: those captured up to a write, and
        /// those after it.
        DirtyBitmap earlier;
        Stamp earlier_through = 0;
        DirtyBitmap later;

        KeptTracking(CrashSafeTracking record, std::uint64_t sectors, std::uint64_t grain)
            : tracking(std::move(record)), earlier(sectors, grain), later(sectors, grain) {}
    };
    struct BlockDisk {
        MachineId machine;
        std::uint32_t slot = 0;  ///< among the machine's disks
        DiskGeometry geometry;
        BitmapPair dirty;
        bool dirty_unknown = false;  ///< lost: everything may differ
        bool left_out = false;       ///< no part of its machine's replication
        bool memory_lost = false;    ///< with the power: likewise, until storage tells
        std::optional<KeptTracking> kept;
        /// Number of the parting whose other side the replica was given.
        std::optional<std::uint32_t> former_self;
        // Ordered changes
        std::vector<std::byte> open;  ///< records since the last payload
        Stamp open_through = 0;
        Generation generation = 0;  ///< of the stream that is being recorded
        std::uint64_t next_seq = 1;
        std::uint64_t sealed_through = 0;  ///< records of this generation that are in a payload...
        std::uint64_t sent_through = 0;    ///< ...and in one that has left
        ExtentMap<LogEntry> log;           ///< of a double log that sends a block once
        Bytes log_written;
        Instant last_write;
        Stamp newest = 0;  ///< write that was taken in
        std::optional<Copy> copy;
        // The fold curve
        DirtyBitmap seen;  ///< sectors ever written
        Bytes seen_written;
        Bytes next_fold_point = mebibytes(1);
        FoldCurve fold;
        // The replica
        SequenceFilter filter{0, 1};
        DirtyBitmap unpublished;  ///< sectors of ordered changes since the last point, or in a copy

        BlockDisk(MachineId owner, std::uint32_t place, DiskGeometry shape, std::uint64_t grain)
            : machine(owner),
              slot(place),
              geometry(shape),
              dirty(shape.sectors, grain),
              seen(shape.sectors, 1),
              unpublished(shape.sectors, 1) {}
    };
    struct BlockMachine {
        std::unique_ptr<ReplicaStore> store;
        std::uint64_t next_point = 1;
        std::map<std::uint64_t, std::vector<DiskId>> without;  ///< of points that lack disks
    };

    BlockDisk& at(DiskId disk);
    [[nodiscard]] const EngineDesign& design_of(const BlockDisk& disk) const {
        return designs_[static_cast<std::size_t>(estate_.machine(disk.machine).engine)];
    }
    [[nodiscard]] const BlockDisk& at(DiskId disk) const;
    void take_ordered(DiskId id, BlockDisk& disk, const GuestWrite& write);
    void measure_fold(BlockDisk& disk, SectorRange range, Bytes bytes);
    void mark(DiskId id, BlockDisk& disk, SectorRange range);
    [[nodiscard]] std::string tracking_name(DiskId disk) const;
    void keep_tracking(DiskId id, BlockDisk& disk, const DirtyBitmap& dirty);
    static void before_write(BlockDisk& disk, SectorRange range, Capture mode);
    static void copy_acknowledged(BlockDisk& disk, SectorRange range);
    static void changes_acknowledged(BlockDisk& disk, Stamp through);
    void mark_records(DiskId id, BlockDisk& disk, std::span<const std::byte> records);
    void choose_differing(DiskId id, BlockDisk& disk);
    bool mark_reverse_delta(BlockDisk& disk, const Parting& parting, FailbackMethod method);
    void mark_all_content(DiskId id, BlockDisk& disk);
    void go_on_elsewhere(MachineId from, const RecoveryPoint& point, const BlockReader& content,
                         const std::vector<DiskId>& without);
    [[nodiscard]] std::vector<DiskId> without(MachineId machine, std::uint64_t point) const;
    void read_run(DiskId id, BlockDisk& disk, SectorRange range);
    void end_stream(DiskId id, BlockDisk& disk, Generation next);
    void copy_behind_changes(BlockDisk& disk, const CopyRun& run);
    void end_run(DiskId id, SectorRange range, bool durable);
    [[nodiscard]] std::unique_ptr<ReplicaStore> new_replica(
        const std::string& name, const std::vector<DiskGeometry>& shapes) const;
    void copy_image(BlockDisk& disk, const StampImage& image);
    std::optional<std::vector<std::byte>> travel(Payload& payload, bool told);
    bool apply(DiskId id, BlockDisk& disk, std::span<const std::byte> records);
    void tell_power_loss(DiskId id) const;
    [[nodiscard]] Bytes size_of(const BlockDisk& disk, std::uint64_t sectors) const {
        return disk.geometry.sector_size * static_cast<std::int64_t>(sectors);
    }
    [[nodiscard]] std::optional<std::uint64_t> point_at(MachineId machine, Instant cut) const;

    const Estate& estate_;
    const std::vector<EngineDesign>& designs_;
    Environment environment_;
    std::map<DiskId, BlockDisk> disks_;
    std::map<MachineId, BlockMachine> machines_;
    std::map<PayloadId, Payload> payloads_;
    std::uint32_t next_payload_ = 0;
    std::uint64_t writes_taken_ = 0;
    std::uint64_t arrivals_ = 0;      ///< payloads, where a witness listens
    std::vector<GuestWrite> writes_;  ///< between two calls empty; keeps its memory
    std::vector<Stamp> stamps_;       ///< likewise
};

}  // namespace landfall
