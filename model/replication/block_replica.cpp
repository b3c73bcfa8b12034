// model/replication/block_replica.cpp — the replica's side: believe, stage, publish.
#include <algorithm>

#include "model/base/mutant.hpp"
#include "model/replication/block_content.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/journal_record.hpp"
#include "model/storage/wire_envelope.hpp"

namespace landfall {

namespace {

/// Reads one recovery point of a machine, or what has arrived beyond all points.
class ReplicaReader : public BlockReader {
  public:
    ReplicaReader(const ReplicaStore& store, DiskId first_disk, std::optional<std::uint64_t> point,
                  std::vector<DiskId> without = {})
        : store_(store), first_disk_(first_disk), point_(point), without_(std::move(without)) {}

    [[nodiscard]] bool holds(DiskId disk) const override {
        return std::find(without_.begin(), without_.end(), disk) == without_.end();
    }
    void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
        const std::uint32_t slot = disk.value - first_disk_.value;
        if (point_)
            store_.read(*point_, slot, first, out);
        else
            store_.read_newest(slot, first, out);
    }

  private:
    const ReplicaStore& store_;
    DiskId first_disk_;
    std::optional<std::uint64_t> point_;
    std::vector<DiskId> without_;
};

/// Reads the disks of source machines.
class DiskReader : public BlockReader {
  public:
    DiskReader(const SourceBlocks& source, std::vector<DiskId> without)
        : source_(source), without_(std::move(without)) {}
    [[nodiscard]] bool holds(DiskId disk) const override {
        return std::find(without_.begin(), without_.end(), disk) == without_.end();
    }
    void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
        source_.read(disk, first, out);
    }

  private:
    const SourceBlocks& source_;
    std::vector<DiskId> without_;
};

}  // namespace

void BlockContent::start_anew(DiskId id, Instant now) {
    BlockDisk& disk = at(id);
    // Its former life, if it had one, covers nothing of this one; points keep what they hold.
    stamps_.assign(disk.geometry.sectors, 0);
    read_replica(id, 0, stamps_);
    if (std::any_of(stamps_.begin(), stamps_.end(), [](Stamp stamp) { return stamp != 0; })) {
        stamps_.assign(disk.geometry.sectors, 0);
        machines_[disk.machine].store->copy_in(disk.slot, 0, stamps_);
        machines_[disk.machine].store->flush_staged();
    }
    stamps_.clear();
    stamps_.shrink_to_fit();
    disk.unpublished.clear_all();
    disk.dirty = BitmapPair(disk.geometry.sectors, disk.dirty.active().grain());
    disk.dirty_unknown = false;
    start_tracking(id, now);
}

void BlockContent::note_sent(PayloadId payload) {
    const auto found = payloads_.find(payload);
    LANDFALL_CHECK(found != payloads_.end(), "what leaves is still kept");
    BlockDisk& disk = at(found->second.disk);
    disk.sent_through = std::max(disk.sent_through, found->second.last_seq);
}

ResumeDecision BlockContent::resume(DiskId id) {
    BlockDisk& disk = at(id);
    const ReplicaStore& store = *machines_[disk.machine].store;
    const Hello hello{disk.filter.generation(), store.durable_seq(disk.slot)};
    std::uint64_t oldest_kept = disk.sealed_through + 1;
    for (const auto& [number, payload] : payloads_) {
        const bool current = payload.disk == id && payload.generation == disk.generation;
        if (current) oldest_kept = std::min(oldest_kept, payload.first_seq);
    }
    const ResumeDecision decision =
        judge_hello(hello, disk.generation, disk.sent_through, oldest_kept);
    // What the replica lost, or has too much of, is in no bitmap.
    if (decision != ResumeDecision::Continue) disk.dirty_unknown = true;
    return decision;
}

bool BlockContent::deliver(const Delta& delta) {
    const auto found = payloads_.find(delta.payload);
    LANDFALL_CHECK(found != payloads_.end(), "a payload arrives once");
    if (delta.generation == at(found->second.disk).generation) note_sent(delta.payload);
    Payload payload = std::move(found->second);
    payloads_.erase(found);
    BlockDisk& disk = at(payload.disk);
    BlockWitness* witness = environment_.blocks.witness;
    WireTap* tap = environment_.blocks.tap;
    bool believed = true;
    // Nothing happens to bytes without a tap: then a sample of them shows that the coding is right.
    const bool sampled = witness != nullptr && ++arrivals_ % kRoundTripEvery == 1;
    if (tap == nullptr && !sampled) {
        believed = apply(payload.disk, disk, payload.records);
    } else {
        const auto plain = travel(payload, sampled);
        if (!plain && witness != nullptr) {
            witness->refused(payload.disk, delta.generation, "checksum");
        }
        believed = plain && apply(payload.disk, disk, *plain);
    }
    if (!mutant(Mutant::AcknowledgeBeforeFlush)) machines_[disk.machine].store->flush_staged();
    // What was refused is in no bitmap, unless its stream was abandoned: only a compare will tell.
    if (!believed && delta.generation == disk.generation) disk.dirty_unknown = true;
    if (believed) changes_acknowledged(disk, payload.through);
    // While a copy still owes blocks, the stream's last write says nothing of those before it.
    const bool in_order = !disk.copy && !disk.dirty.active().any();
    if (believed && in_order && witness != nullptr) {
        witness->acknowledged(payload.disk, payload.through);
    }
    return believed;
}

/// The way from the source to the replica: what comes out of the envelope, if it can be opened.
std::optional<std::vector<std::byte>> BlockContent::travel(Payload& payload, bool told) {
    BlockWitness* witness = environment_.blocks.witness;
    WireTap* tap = environment_.blocks.tap;
    if (tap != nullptr) tap->in_cache(payload.disk, payload.records);
    const WireKey key{payload.disk.value + 1, payload.disk.value};
    std::vector<std::byte> wire = encode_envelope(payload.records, key);
    if (tap != nullptr) {
        const std::uint32_t before = crc32c(wire);
        tap->on_wire(payload.disk, wire);
        if (witness != nullptr && crc32c(wire) != before) {
            witness->record_damaged(payload.disk, payload.generation, payload.first_seq);
        }
    }
    OpenedEnvelope opened = decode_envelope(wire, key);
    if (opened.error != EnvelopeError::None) return std::nullopt;
    if (told) {
        const std::uint32_t plain = crc32c(payload.records);
        witness->payload_decoded(payload.disk, plain, crc32c(opened.plain), plain);
    }
    return std::move(opened.plain);
}

/// Stages the records that the replica can believe; false at the first that it cannot.
bool BlockContent::apply(DiskId id, BlockDisk& disk, std::span<const std::byte> records) {
    BlockWitness* witness = environment_.blocks.witness;
    ReplicaStore& store = *machines_[disk.machine].store;
    RecordReader reader(records);
    while (const auto record = reader.next()) {
        const RecordHeader& header = record->header();
        switch (disk.filter.accept(header.generation, header.seq)) {
            case Sequenced::Duplicate: continue;
            case Sequenced::Gap:
                if (witness != nullptr) witness->refused(id, header.generation, "sequence");
                return false;
            case Sequenced::WrongGeneration:
                if (witness != nullptr) witness->refused(id, header.generation, "generation");
                return false;
            case Sequenced::Apply: break;
        }
        stamps_.resize(header.range.count);
        for (std::uint64_t k = 0; k < header.range.count; ++k) stamps_[k] = record->sector(k);
        store.stage({disk.slot, header.seq, header.at, header.range, stamps_});
        disk.unpublished.set(header.range);
        if (witness != nullptr) {
            witness->record_accepted(id, header.generation, header.seq);
            witness->accepted(id, header.generation, header.range);
        }
    }
    if (reader.end() == ReadEnd::CleanEnd) return true;
    if (witness != nullptr) witness->refused(id, disk.filter.generation(), "checksum");
    return false;
}

// --- Recovery points

void BlockContent::publish(MachineId id, const RecoveryPoint& point, Generation generation,
                           const std::vector<DiskId>& without) {
    BlockMachine& machine = machines_.at(id);
    const std::uint64_t number = machine.next_point++;
    if (!without.empty()) machine.without[number] = without;
    const bool app_consistent = point.kind == Marker::AppConsistent;
    machine.store->publish(number, point.time, generation, app_consistent);
    const Machine& facts = estate_.machine(id);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        // A good moment: what the replica has need not be sent after a power loss.
        if (auto& kept = at(DiskId(facts.first_disk.value + k)).kept) kept->tracking.write_back();
    }
    if (machine.store->staged_bytes() == 0) {
        for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
            BlockDisk& disk = at(DiskId(facts.first_disk.value + k));
            // Blocks of a disk that is being added may still arrive behind changes of this point.
            if (!disk.copy) disk.unpublished.clear_all();
        }
    }
    BlockWitness* witness = environment_.blocks.witness;
    if (witness == nullptr) return;
    const PublishedPoint published{
        .machine = id,
        .id = number,
        .generation = generation,
        .cut = point.time,
        .app_consistent = app_consistent,
        .group = point.multi_vm ? facts.group.value : ConsistencyGroupId::kNone};
    const ReplicaReader content(*machine.store, facts.first_disk, number, without);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        if (content.holds(disk)) witness->point_geometry(published, disk, at(disk).geometry);
    }
    witness->point_published(published, content);
}

std::vector<DiskId> BlockContent::without(MachineId id, std::uint64_t point) const {
    const auto& known = machines_.at(id).without;
    const auto found = known.find(point);
    return found == known.end() ? std::vector<DiskId>() : found->second;
}

std::optional<std::uint64_t> BlockContent::point_at(MachineId id, Instant cut) const {
    for (const auto& point : machines_.at(id).store->points()) {
        if (point.cut == cut) return point.id;
    }
    return std::nullopt;
}

void BlockContent::retain(MachineId id, const std::vector<RecoveryPoint>& kept) {
    ReplicaStore& store = *machines_.at(id).store;
    if (mutant(Mutant::ExpiredPointsStay) && !kept.empty()) return;
    for (const auto& point : store.points()) {
        const bool keep = std::any_of(kept.begin(), kept.end(), [&](const RecoveryPoint& other) {
            return other.time == point.cut;
        });
        if (keep) continue;
        if (environment_.blocks.witness != nullptr) {
            environment_.blocks.witness->point_dropped(id, point.id);
        }
        store.drop(point.id);
        machines_.at(id).without.erase(point.id);
    }
}

void BlockContent::promote(MachineId id, const RecoveryPoint& point, bool planned,
                           const std::vector<DiskId>& without) {
    const Machine& facts = estate_.machine(id);
    // What the guest wrote up to its end, replicated or not: the measure of what is lost.
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        capture(DiskId(facts.first_disk.value + k), Capture::Off, environment_.clock.now());
    }
    const auto number = point_at(id, point.time);
    LANDFALL_CHECK(number, "a machine is failed over to a point that is kept");
    const ReplicaReader content(
        replica(id), facts.first_disk,
        mutant(Mutant::PromoteWhatArrived) ? std::optional<std::uint64_t>() : number, without);
    if (environment_.blocks.witness != nullptr) {
        environment_.blocks.witness->failed_over({.machine = id, .id = *number, .cut = point.time},
                                                 planned, content);
    }
    if (!estate_.counterpart(id).is_none()) go_on_elsewhere(id, point, content, without);
}

/// The machine that a failover makes holds what the point holds: the other leg's disks do.
void BlockContent::go_on_elsewhere(MachineId from, const RecoveryPoint& point,
                                   const BlockReader& content, const std::vector<DiskId>& without) {
    const MachineId to = estate_.counterpart(from);
    const Machine& there = estate_.machine(to);
    SourceBlocks& source = *environment_.blocks.source;
    for (std::uint32_t k = 0; k < there.disk_count; ++k) {
        capture(DiskId(there.first_disk.value + k), Capture::Off, environment_.clock.now());
    }
    const ReplicaReader arrived(replica(from), estate_.machine(from).first_disk, std::nullopt);
    const bool newest = mutant(Mutant::MachineMadeOfWhatArrived);
    source.branch(from, to, newest ? arrived : content, point.time);
    BlockWitness* witness = environment_.blocks.witness;
    if (witness == nullptr) return;
    witness->leg_branched(from, to, point.time);
    std::vector<DiskId> stayed;  // as they were
    for (const DiskId disk : without) stayed.push_back(estate_.counterpart(disk));
    const DiskReader made(source, stayed);
    witness->machine_made(to, point.time, made);
    if (there.forward_of.is_none()) witness->failed_back(to, point.time, made);
}

/// The source's disks write through [A]: what its guest got an answer for is there, flushed or not.
void BlockContent::tell_power_loss(DiskId id) const {
    BlockWitness* witness = environment_.blocks.witness;
    if (witness == nullptr || at(id).newest == 0) return;
    witness->guest_flushed(id, at(id).newest);
    witness->source_recovered(id, DiskReader(*environment_.blocks.source, {}));
}

bool BlockContent::restart_replica(MachineId id) {
    StableStore* store = environment_.blocks.replica_store;
    if (store == nullptr) return true;
    const Machine& facts = estate_.machine(id);
    std::vector<DiskGeometry> shapes;
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        shapes.push_back(at(DiskId(facts.first_disk.value + k)).geometry);
    }
    BlockMachine& machine = machines_.at(id);
    machine.store.reset();
    const auto recovered = [&] {
        return std::make_unique<ReplicaStore>(ReplicaStore::recover(*store, facts.name, shapes));
    };
    machine.store = recovered();
    // It may crash again before it did anything: the same log, replayed once more (S14).
    std::unique_ptr<ReplicaStore> again = recovered();
    if (environment_.blocks.witness != nullptr) {
        const ReplicaReader once(*machine.store, facts.first_disk, std::nullopt);
        const ReplicaReader twice(*again, facts.first_disk, std::nullopt);
        for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
            environment_.blocks.witness->replayed_again(DiskId(facts.first_disk.value + k), once,
                                                        twice);
        }
    }
    machine.store = std::move(again);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        BlockDisk& disk = at(DiskId(facts.first_disk.value + k));
        disk.filter.start(disk.filter.generation(), machine.store->durable_seq(k) + 1);
        // What was acknowledged and is lost is in no bitmap.
        if (machine.store->damaged()) disk.dirty_unknown = true;
    }
    const bool whole = !machine.store->damaged() || mutant(Mutant::DamageIsNotReported);
    if (environment_.blocks.witness == nullptr) return whole;
    if (!whole) {
        std::vector<std::uint64_t> kept;
        for (const auto& point : machine.store->points()) kept.push_back(point.id);
        environment_.blocks.witness->replica_damaged(id, kept);
        return whole;
    }
    const ReplicaReader content(*machine.store, facts.first_disk, std::nullopt);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        environment_.blocks.witness->replica_recovered(DiskId(facts.first_disk.value + k), content);
    }
    return whole;
}

void BlockContent::replica_copied(MachineId id) {
    ReplicaStore& store = *machines_.at(id).store;
    if (store.damaged()) store.repaired();
}

std::vector<Instant> BlockContent::cuts(MachineId id) const {
    std::vector<Instant> all;
    for (const auto& point : replica(id).points()) all.push_back(point.cut);
    return all;
}

const ReplicaStore& BlockContent::replica(MachineId machine) const {
    return *machines_.at(machine).store;
}

std::unique_ptr<BlockReader> BlockContent::reader(MachineId machine,
                                                  std::optional<std::uint64_t> point) const {
    const Machine& facts = estate_.machine(machine);
    std::vector<DiskId> lacking;
    if (point) lacking = without(machine, *point);
    for (std::uint32_t k = 0; !point && k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        if (at(disk).left_out) lacking.push_back(disk);
    }
    return std::make_unique<ReplicaReader>(replica(machine), facts.first_disk, point, lacking);
}

void BlockContent::read_replica(DiskId id, std::uint64_t first, std::span<Stamp> out) const {
    const BlockDisk& disk = at(id);
    replica(disk.machine).read_newest(disk.slot, first, out);
}

}  // namespace landfall
