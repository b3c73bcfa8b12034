// model/replication/block_copies.cpp — copies of a disk: what they send, read, and deliver.
#include <algorithm>
#include <bit>

#include "model/base/mutant.hpp"
#include "model/replication/block_content.hpp"
#include "model/replication/checksum_resync.hpp"

namespace landfall {

Bytes BlockContent::begin_copy(DiskId id, CopyKind kind, Bytes checksums) {
    BlockDisk& disk = at(id);
    LANDFALL_CHECK(!disk.copy, "one copy of a disk at a time");
    const bool unknown = disk.dirty_unknown || disk.memory_lost;
    LANDFALL_CHECK(!unknown || (kind != CopyKind::ChangedBlocks && kind != CopyKind::CatchUp),
                   "a bitmap that is not whole is not relied on");
    disk.dirty.freeze();
    if (kind == CopyKind::CatchUp && mutant(Mutant::CatchUpCopiesNothing))
        disk.dirty.frozen().clear_all();
    // A copy that has lost its bitmap finds out what differs as well.
    if ((kind == CopyKind::Compare || unknown) && !mutant(Mutant::CompareTrustsBitmap))
        choose_differing(id, disk);
    disk.dirty_unknown = false;
    disk.memory_lost = false;
    const auto sector = static_cast<std::uint64_t>(disk.geometry.sector_size.count());
    const auto chunk = static_cast<std::uint64_t>(estate_.profile.block_copy_chunk.count());
    // How much is on its way is the pipeline's to bound.
    const CopyLimits limits{1U << 20U, std::max<std::uint64_t>(chunk / sector, 1)};
    Copy& copy = disk.copy.emplace();
    copy.kind = kind;
    copy.offset = checksums;
    copy.loop.emplace(disk.dirty.frozen(), limits);
    const Bytes blocks = size_of(disk, disk.dirty.frozen().dirty_sectors());
    const bool snapshot =
        kind == CopyKind::Offline ||
        (kind == CopyKind::InitialCopy && design_of(disk).first_copy == FirstCopy::Snapshot);
    if (snapshot) {
        // The blocks as they are now, however late they travel.
        while (const auto run = copy.loop->next()) read_run(id, disk, *run);
        if (kind == CopyKind::Offline) {
            for (CopyRun& run : copy.runs) run.end = Bytes(0);
        }
    }
    return blocks;
}

void BlockContent::read_run(DiskId id, BlockDisk& disk, SectorRange range) {
    Copy& copy = *disk.copy;
    CopyRun run{range, std::vector<Stamp>(range.count), Bytes(0)};
    environment_.blocks.source->read(id, range.first, run.stamps);
    copy.offset += size_of(disk, range.count);
    run.end = copy.offset;
    copy.runs.push_back(std::move(run));
    if (environment_.blocks.witness != nullptr) {
        environment_.blocks.witness->dirty_cleared(id, range);
        environment_.blocks.witness->copy_read(id, range);
    }
}

void BlockContent::read_copy(DiskId id, Bytes taken) {
    BlockDisk& disk = at(id);
    LANDFALL_CHECK(disk.copy, "only a copy under way is read");
    while (disk.copy->offset < taken) {
        const auto range = disk.copy->loop->next();
        if (!range) return;
        read_run(id, disk, *range);
    }
}

void BlockContent::end_run(DiskId id, SectorRange range, bool durable) {
    if (environment_.blocks.witness != nullptr) {
        environment_.blocks.witness->copy_ended(id, range, durable);
    }
}

void BlockContent::deliver_copy(DiskId id, Bytes acknowledged) {
    BlockDisk& disk = at(id);
    LANDFALL_CHECK(disk.copy, "only a copy under way arrives");
    Copy& copy = *disk.copy;
    std::size_t arrived = 0;
    for (; arrived < copy.runs.size() && copy.runs[arrived].end <= acknowledged; ++arrived) {
        const CopyRun& run = copy.runs[arrived];
        copy_behind_changes(disk, run);
        if (environment_.blocks.witness != nullptr) {
            environment_.blocks.witness->accepted(id, disk.generation, run.range);
        }
    }
    if (arrived == 0) return;
    if (!mutant(Mutant::CopyAcknowledgedBeforeFlush)) {
        machines_[disk.machine].store->flush_staged();
    }
    for (; arrived > 0; --arrived) {
        copy.loop->completed(copy.runs.front().range);
        copy_acknowledged(disk, copy.runs.front().range);
        end_run(id, copy.runs.front().range, true);
        copy.runs.pop_front();
    }
}

/// Ordered changes overtake the blocks of a copy: where one has arrived already, the block may be
/// the older of the two, and the stream brings whatever is newer.
void BlockContent::copy_behind_changes(BlockDisk& disk, const CopyRun& run) {
    ReplicaStore& store = *machines_[disk.machine].store;
    const std::span<const Stamp> stamps(run.stamps);
    std::uint64_t from = run.range.first;
    while (from < run.range.end()) {
        auto changed = disk.unpublished.next_run(from, run.range.end() - from);
        if (mutant(Mutant::CopyOverwritesNewer)) changed.reset();
        const std::uint64_t to =
            changed ? std::min(changed->first, run.range.end()) : run.range.end();
        if (to > from) {
            store.copy_in(disk.slot, from, stamps.subspan(from - run.range.first, to - from));
        }
        from = changed ? std::max(changed->end(), to) : to;
    }
}

void BlockContent::end_copy(DiskId id) {
    BlockDisk& disk = at(id);
    LANDFALL_CHECK(disk.copy && disk.copy->loop->ready(), "a copy ends when all has arrived");
    disk.copy.reset();
    disk.dirty.drop_frozen();
    // The replica lacks what has been written since, and nothing else.
    copy_acknowledged(disk, {0, disk.geometry.sectors});
}

/// Checksums of fixed chunks on both sides tell which ones differ (replication-and-test-lab A20).
void BlockContent::choose_differing(DiskId id, BlockDisk& disk) {
    const auto chunk =
        std::max<std::uint64_t>(static_cast<std::uint64_t>(estate_.profile.resync_chunk.count() /
                                                           disk.geometry.sector_size.count()),
                                1);
    ChecksumComparison comparison(disk.geometry,
                                  {std::bit_floor(chunk), estate_.profile.resync_checksum});
    const auto source = [&](std::uint64_t first, std::span<Stamp> out) {
        environment_.blocks.source->read(id, first, out);
    };
    const auto target = [&](std::uint64_t first, std::span<Stamp> out) {
        read_replica(id, first, out);
    };
    while (!comparison.finished()) comparison.compare(source, target, comparison.chunks());
    disk.dirty.frozen().clear_all();
    disk.dirty.frozen().merge(comparison.differing());
}

}  // namespace landfall
