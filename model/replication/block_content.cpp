// model/replication/block_content.cpp — the source's side: writes, changed blocks, logs.
#include "model/replication/block_content.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "model/base/mutant.hpp"
#include "model/replication/reverse_delta.hpp"
#include "model/replication/source_tracking.hpp"
#include "model/storage/journal_record.hpp"

namespace landfall {

BlockContent::BlockContent(const Estate& estate, const std::vector<EngineDesign>& designs,
                           const Environment& environment)
    : estate_(estate), designs_(designs), environment_(environment) {
    LANDFALL_CHECK(environment.blocks.source != nullptr, "blocks come from source disks");
    for (std::size_t index = 0; index < estate.machines.size(); ++index) {
        const Machine& machine = estate.machines[index];
        if (machine.fidelity != Fidelity::Block) continue;
        std::vector<DiskGeometry> shapes;
        for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
            const DiskId id(machine.first_disk.value + k);
            const auto sectors = static_cast<std::uint64_t>(estate.disk(id).size.count() /
                                                            machine.sector_size.count());
            const DiskGeometry& shape = shapes.emplace_back(sectors, machine.sector_size);
            BlockDisk disk(MachineId(index), k, shape, tracking_grain(shape));
            disk.left_out = !estate.disk(id).replicated;
            disks_.emplace(id, std::move(disk));
        }
        machines_[MachineId(index)].store = new_replica(machine.name, shapes);
    }
}

BlockContent::BlockDisk& BlockContent::at(DiskId disk) {
    const auto found = disks_.find(disk);
    LANDFALL_CHECK(found != disks_.end(), "the disk is at block fidelity");
    return found->second;
}

const BlockContent::BlockDisk& BlockContent::at(DiskId disk) const {
    return const_cast<BlockContent*>(this)->at(disk);
}

// --- The guest's writes

void BlockContent::start_tracking(DiskId id, Instant now) {
    BlockDisk& disk = at(id);
    capture(id, Capture::Off, now);
    mark_all_content(id, disk);
}

void BlockContent::start_parted(DiskId id, FailbackMethod method, Instant now) {
    BlockDisk& disk = at(id);
    const DiskId other = estate_.counterpart(id);
    if (!other.is_none()) capture(other, Capture::Off, now);
    capture(id, Capture::Off, now);
    const Parting* parting = environment_.blocks.source->parting(id);
    LANDFALL_CHECK(parting != nullptr, "a machine that replicates from a parting has parted");
    if (disk.former_self == parting->number) {
        disk.kept.reset();
        disk.dirty_unknown = true;  // it has replicated from there before: only a compare tells
        return;
    }
    disk.former_self = parting->number;
    // Another location holds nothing of the machine.
    const bool empty = method == FailbackMethod::FullDownload;
    if (parting->number > 0) {  // whatever the replica holds is of an older past
        stamps_.assign(disk.geometry.sectors, 0);
        if (!empty) parting->other_side.read(0, stamps_);
        machines_[disk.machine].store->copy_in(disk.slot, 0, stamps_);
        machines_[disk.machine].store->flush_staged();
        stamps_.clear();
        stamps_.shrink_to_fit();
    } else if (!empty) {
        copy_image(disk, parting->other_side);
    }
    disk.dirty = BitmapPair(disk.geometry.sectors, disk.dirty.active().grain());
    disk.dirty_unknown = false;
    if (mark_reverse_delta(disk, *parting, method))
        keep_tracking(id, disk, disk.dirty.active());
    else
        mark_all_content(id, disk);
}

/// All that the disk holds is to be copied.
void BlockContent::mark_all_content(DiskId id, BlockDisk& disk) {
    stamps_.assign(disk.geometry.sectors, 0);
    environment_.blocks.source->read(id, 0, stamps_);
    for (std::uint64_t sector = 0; sector < disk.geometry.sectors; ++sector) {
        if (stamps_[sector] != 0) disk.dirty.mark({sector, 1});
    }
    stamps_.clear();
    stamps_.shrink_to_fit();
    keep_tracking(id, disk, disk.dirty.active());
}

/// A machine goes home: what either side wrote is dirty. False if bitmaps are not how it goes.
bool BlockContent::mark_reverse_delta(BlockDisk& disk, const Parting& parting,
                                      FailbackMethod method) {
    const std::uint64_t sectors = disk.geometry.sectors;
    DirtyBitmap here(sectors, 1);
    DirtyBitmap there(sectors, 1);
    for (const SectorRange& range : parting.written_here) here.set(range);
    for (const SectorRange& range : parting.written_there) there.set(range);
    ReverseSituation situation;
    situation.sectors = sectors;
    situation.grain = disk.dirty.active().grain();
    situation.original_location = method != FailbackMethod::FullDownload;
    situation.tail_given_up = true;  // by the commit of the failover
    situation.target.bitmap = &here;
    if (method != FailbackMethod::Checksum) situation.source.bitmap = &there;
    const ReversePlan plan = plan_reverse(situation);
    if (plan.method != ReverseMethod::CopyBlocks) return false;
    for (auto run = plan.blocks.next_run(0, sectors); run;
         run = plan.blocks.next_run(run->end(), sectors)) {
        disk.dirty.mark(*run);
    }
    return true;
}

void BlockContent::start_equal(DiskId id, Instant now) {
    BlockDisk& disk = at(id);
    capture(id, Capture::Off, now);
    stamps_.assign(disk.geometry.sectors, 0);
    environment_.blocks.source->read(id, 0, stamps_);
    StampImage image(disk.geometry.sectors);
    image.write(0, stamps_);
    stamps_.clear();
    stamps_.shrink_to_fit();
    copy_image(disk, image);
    keep_tracking(id, disk, disk.dirty.active());
}

void BlockContent::copy_image(BlockDisk& disk, const StampImage& image) {
    ReplicaStore& store = *machines_[disk.machine].store;
    image.for_each_touched([&](std::uint64_t first, std::span<const Stamp> stamps) {
        store.copy_in(disk.slot, first, stamps);
    });
    store.flush_staged();
}

void BlockContent::forget_tracking(DiskId id) {
    BlockDisk& disk = at(id);
    LANDFALL_CHECK(!disk.copy, "what a copy works on is not forgotten under it");
    disk.dirty = BitmapPair(disk.geometry.sectors, disk.dirty.active().grain());
    disk.dirty_unknown = true;
}

void BlockContent::reshape(DiskId id) {
    BlockDisk& disk = at(id);
    const MachineId machine = disk.machine;
    const Machine& facts = estate_.machine(machine);
    retain(machine, {});
    const std::unique_ptr<ReplicaStore> old = std::move(machines_[machine].store);
    const auto old_sectors = disk.geometry.sectors;
    disk.geometry.sectors = static_cast<std::uint64_t>(estate_.disk(id).size.count() /
                                                       disk.geometry.sector_size.count());
    disk.dirty = BitmapPair(disk.geometry.sectors, disk.dirty.active().grain());
    disk.unpublished = DirtyBitmap(disk.geometry.sectors, 1);
    disk.next_fold_point = Bytes(std::numeric_limits<std::int64_t>::max());  // of another shape
    disk.seen = DirtyBitmap(disk.geometry.sectors, 1);
    disk.dirty_unknown = true;
    DirtyBitmap everything(disk.geometry.sectors, disk.dirty.active().grain());
    everything.set({0, disk.geometry.sectors});
    keep_tracking(id, disk, everything);
    std::vector<DiskGeometry> shapes;
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        shapes.push_back(at(DiskId(facts.first_disk.value + k)).geometry);
    }
    machines_[machine].store = new_replica(facts.name, shapes);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const std::uint64_t kept =
            k == disk.slot ? std::min(old_sectors, shapes[k].sectors) : shapes[k].sectors;
        stamps_.assign(kept, 0);
        old->read_newest(k, 0, stamps_);
        machines_[machine].store->copy_in(k, 0, stamps_);
    }
    machines_[machine].store->flush_staged();
    if (environment_.blocks.witness != nullptr) {
        environment_.blocks.witness->geometry_changed(id, disk.geometry, environment_.clock.now());
    }
}

std::unique_ptr<ReplicaStore> BlockContent::new_replica(
    const std::string& name, const std::vector<DiskGeometry>& shapes) const {
    StableStore* store = environment_.blocks.replica_store;
    if (store == nullptr) return std::make_unique<ReplicaStore>(shapes);
    return std::make_unique<ReplicaStore>(*store, name, shapes);
}

Bytes BlockContent::capture(DiskId id, Capture mode, Instant until) {
    BlockDisk& disk = at(id);
    writes_.clear();
    environment_.blocks.source->take_writes(id, until, writes_);
    writes_taken_ += writes_.size();
    Bytes total;
    BlockWitness* witness = environment_.blocks.witness;
    if (!writes_.empty()) disk.newest = writes_.back().stamp;
    for (const GuestWrite& write : writes_) {
        if (witness != nullptr) witness->guest_wrote(id, write);
        // A discard travels as a header; it counts as one sector.
        const bool discard = write.kind == WriteKind::Discard;
        const Bytes bytes = size_of(disk, discard ? 1 : write.range.count);
        total += bytes;
        if (write.at >= Instant() && !discard) measure_fold(disk, write.range, bytes);
        if (mode != Capture::Off && disk.kept) before_write(disk, write.range, mode);
        if (mode == Capture::ChangedBlocks) {
            mark(id, disk, write.range);
        } else if (mode == Capture::Ordered) {
            take_ordered(id, disk, write);
            disk.log_written += bytes;
        }
    }
    return total;
}

void BlockContent::measure_fold(BlockDisk& disk, SectorRange range, Bytes bytes) {
    disk.seen.set(range);
    disk.seen_written += bytes;
    if (disk.seen_written < disk.next_fold_point) return;
    disk.fold.push_back({disk.seen_written, size_of(disk, disk.seen.count())});
    disk.next_fold_point = disk.next_fold_point * 2;
}

void BlockContent::take_ordered(DiskId id, BlockDisk& disk, const GuestWrite& write) {
    const EngineDesign& design = design_of(disk);
    disk.open_through = write.stamp;
    disk.last_write = write.at;
    if (mutant(Mutant::DiscardsAreNotSent) && write.kind == WriteKind::Discard) return;
    if (design.capture == CaptureForm::DoubleLog && design.coalesces_log) {
        disk.log.assign(write.range, {write.stamp, write.kind == WriteKind::Discard});
        return;
    }
    append_guest_write(disk.open, write, id, disk.generation, disk.next_seq++);
}

PayloadId BlockContent::seal(DiskId id) {
    BlockDisk& disk = at(id);
    if (disk.open.empty()) return PayloadId();
    const PayloadId payload(next_payload_++);
    payloads_.emplace(payload, Payload{id, std::move(disk.open), disk.open_through, disk.generation,
                                       disk.sealed_through + 1, disk.next_seq - 1});
    disk.sealed_through = disk.next_seq - 1;
    disk.open.clear();
    return payload;
}

Bytes BlockContent::log_bytes(DiskId id) const {
    const BlockDisk& disk = at(id);
    if (!design_of(disk).coalesces_log) return disk.log_written;
    Bytes total;
    for (const auto run : disk.log) {
        total += size_of(disk, run.value.discard ? 1 : run.range.count);
    }
    return total;
}

Bytes BlockContent::close_log(DiskId id) {
    BlockDisk& disk = at(id);
    const Bytes total = log_bytes(id);
    disk.log_written = Bytes(0);
    [[maybe_unused]] bool first = true;
    for (const auto run : disk.log) {
        const bool discard = run.value.discard;
        if (mutant(Mutant::LogSwapLosesFirstBlock) && std::exchange(first, false)) continue;
        stamps_.assign(discard ? 1 : run.range.count, run.value.stamp);
        append_record(disk.open,
                      {.kind = discard ? RecordKind::Discard : RecordKind::Write,
                       .generation = disk.generation,
                       .disk = id,
                       .seq = disk.next_seq++,
                       .range = run.range,
                       .at = disk.last_write},
                      stamps_);
    }
    disk.log.clear();
    return total;
}

void BlockContent::mark(DiskId id, BlockDisk& disk, SectorRange range) {
    disk.dirty.mark(range);
    if (environment_.blocks.witness != nullptr) {
        environment_.blocks.witness->dirty_marked(id, range);
    }
}

void BlockContent::mark_records(DiskId id, BlockDisk& disk, std::span<const std::byte> records) {
    RecordReader reader(records);
    while (const auto record = reader.next()) mark(id, disk, record->header().range);
}

void BlockContent::abandon(MachineId machine, Generation next) {
    const Machine& facts = estate_.machine(machine);
    ReplicaStore& store = *machines_[machine].store;
    struct Kept {
        std::uint32_t slot;
        SectorRange range;
        std::vector<Stamp> stamps;
    };
    std::vector<Kept> kept;
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId id(facts.first_disk.value + k);
        BlockDisk& disk = at(id);
        end_stream(id, disk, next);
        // What was acknowledged stays (S13), though its place in the order of writes is lost.
        for (auto run = disk.unpublished.next_run(0, disk.geometry.sectors); run;
             run = disk.unpublished.next_run(run->end(), disk.geometry.sectors)) {
            mark(id, disk, *run);
            if (mutant(Mutant::AbandonDropsAcknowledged)) continue;
            kept.push_back({k, *run, std::vector<Stamp>(run->count)});
            store.read_newest(k, run->first, kept.back().stamps);
        }
        disk.unpublished.clear_all();
    }
    store.discard_staged();
    for (const Kept& run : kept) store.copy_in(run.slot, run.range.first, run.stamps);
    store.flush_staged();
}

/// The source's side of it: what has not arrived counts as changed.
void BlockContent::end_stream(DiskId id, BlockDisk& disk, Generation next) {
    if (disk.copy) {
        for (const CopyRun& run : disk.copy->runs) {
            mark(id, disk, run.range);
            end_run(id, run.range, false);
        }
        disk.copy->loop->fail_all();
        disk.dirty.restore_frozen();
        disk.copy.reset();
    }
    mark_records(id, disk, disk.open);
    for (const auto& [payload, content] : payloads_) {
        if (mutant(Mutant::AbandonForgetsPayloads)) break;
        if (content.disk == id) mark_records(id, disk, content.records);
    }
    if (!mutant(Mutant::AbandonForgetsLog)) {
        for (const auto run : disk.log) mark(id, disk, run.range);
    }
    disk.open.clear();
    disk.log.clear();
    disk.log_written = Bytes(0);
    disk.generation = next;
    disk.next_seq = 1;
    disk.sealed_through = 0;
    disk.sent_through = 0;
    disk.filter.start(next, 1);
    if (!disk.kept) return;
    // All that had not arrived is in the bitmap now.
    disk.kept->earlier.clear_all();
    disk.kept->later.clear_all();
}

// --- Observation

DirtyBitmap BlockContent::outstanding(DiskId id) const {
    const BlockDisk& disk = at(id);
    DirtyBitmap all = disk.dirty.active();
    if (disk.dirty_unknown || disk.memory_lost) all.set({0, disk.geometry.sectors});
    if (disk.copy) all.merge(disk.copy->loop->outstanding());
    const auto add_records = [&all](std::span<const std::byte> records) {
        RecordReader reader(records);
        while (const auto record = reader.next()) all.set(record->header().range);
    };
    add_records(disk.open);
    for (const auto& [payload, content] : payloads_) {
        if (content.disk == id) add_records(content.records);
    }
    for (const auto run : disk.log) all.set(run.range);
    return all;
}

}  // namespace landfall
