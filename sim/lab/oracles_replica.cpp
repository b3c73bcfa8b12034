// sim/lab/oracles_replica.cpp — the oracles of fencing, order, durability and the dirty bitmap.
#include "sim/lab/oracles_replica.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace landfall::lab {

// ---- S10
// -----------------------------------------------------------------------------------------
OldGenerationFenced::OldGenerationFenced(LabContext& lab)
    : Oracle(lab,
             {"S10", "old generation fenced",
              "Nothing of a lower generation is accepted anywhere after a higher one, nor after a "
              "failover ended the generation.",
              "replication-and-test-lab A30, A32, 2.1 S10"},
             Hears::Records),
      least_(lab.setup.machines.size()),
      highest_(lab.setup.machines.size()) {}

void OldGenerationFenced::check(DiskId disk, Generation generation) {
    count_check();
    Generation& least = least_[lab_.owner(disk).value];
    if (generation < least) {
        fail(disk, [&] {
            return lab_.disk_text(disk) + ": accepted data of generation " +
                   std::to_string(generation) + ", the machine's least is " + std::to_string(least);
        });
        return;
    }
    least = generation;
    highest_[lab_.owner(disk).value] = generation;
}

void OldGenerationFenced::accepted(DiskId disk, Generation generation, SectorRange) {
    check(disk, generation);
}

void OldGenerationFenced::record_accepted(DiskId disk, Generation generation, std::uint64_t) {
    check(disk, generation);
}

void OldGenerationFenced::failed_over(const PublishedPoint& point, bool, const BlockReader&) {
    Generation& least = least_[point.machine.value];
    const Generation ended = std::max(highest_[point.machine.value], point.generation);
    // Another point of the same failover ends nothing more.
    least = std::max(least, static_cast<Generation>(ended + 1));
}

// ---- S11
// -----------------------------------------------------------------------------------------
DirtySuperset::DirtySuperset(LabContext& lab)
    : Oracle(lab,
             {"S11", "dirty superset",
              "A sector that differs between source and replica is dirty, in flight, or sent and "
              "not acknowledged.",
              "replication-and-test-lab 2.1 S11"},
             Hears::WritesAndRecords),
      suspects_(lab.setup.disks.size()) {}

void DirtySuperset::guest_wrote(DiskId disk, const GuestWrite& write) {
    suspects_[disk.value].sectors.insert(write.range);
}

void DirtySuperset::accepted(DiskId disk, Generation, SectorRange range) {
    suspects_[disk.value].sectors.insert(range);
}

void DirtySuperset::replica_recovered(DiskId disk, const BlockReader&) {
    suspects_[disk.value].sectors.insert({0, lab_.history.sectors(disk)});
}

void DirtySuperset::disk_replicates(DiskId disk, bool does) {
    if (!does) suspects_[disk.value].sectors.insert({0, lab_.history.sectors(disk)});
}

void DirtySuperset::replica_damaged(MachineId machine, std::span<const std::uint64_t>) {
    for (const DiskId disk : lab_.disks_of(machine)) {
        suspects_[disk.value].sectors.insert({0, lab_.history.sectors(disk)});
    }
}

void DirtySuperset::branched(MachineId machine, Instant) {
    for (const DiskId disk : lab_.disks_of(machine))
        suspects_[disk.value].sectors.insert({0, lab_.history.sectors(disk)});
}

void DirtySuperset::checkpoint(bool) {
    if (lab_.probe == nullptr) return;
    const BlockReader* const source = lab_.probe->source();
    if (source == nullptr) return;
    for (std::size_t m = 0; m < lab_.setup.machines.size(); ++m) {
        const BlockReader* const replica = lab_.probe->newest_replica(MachineId(m));
        if (replica == nullptr) continue;
        for (const DiskId disk : lab_.disks_of(MachineId(m))) {
            if (replica->holds(disk)) look_at(disk, *source, *replica);
        }
    }
}

// A bounded number of sectors, the next ones the next time.
void DirtySuperset::look_at(DiskId disk, const BlockReader& source, const BlockReader& replica) {
    Suspects& suspects = suspects_[disk.value];
    if (suspects.sectors.empty()) return;
    count_check();
    equal_.clear();
    const std::uint64_t size = lab_.history.geometry(disk, Instant::never()).sectors;
    std::uint64_t budget = lab_.options.sectors_per_checkpoint;
    std::uint64_t stopped = 0;
    suspects.sectors.for_each_run([&](SectorRange run) {
        if (run.first < suspects.next || run.first >= size || stopped != 0) return;
        if (budget < run.count) {
            stopped = run.first;
            return;
        }
        run.count = std::min(run.count, size - run.first);
        budget -= run.count;
        compare(disk, run, source, replica);
    });
    suspects.next = stopped;
    for (const SectorRange& range : equal_) suspects.sectors.erase(range);
}

void DirtySuperset::compare(DiskId disk, SectorRange run, const BlockReader& source,
                            const BlockReader& replica) {
    here_.resize(run.count);
    there_.resize(run.count);
    source.read(disk, run.first, here_);
    replica.read(disk, run.first, there_);
    count_compared(run.count);
    for (std::uint64_t k = 0; k < run.count; ++k) {
        const std::uint64_t sector = run.first + k;
        if (here_[k] == there_[k]) {
            if (!equal_.empty() && equal_.back().end() == sector)
                ++equal_.back().count;
            else
                equal_.push_back({sector, 1});
        } else if (!lab_.probe->covered(disk, sector)) {
            fail(disk, [&] {
                return lab_.disk_text(disk) + " lba " + std::to_string(sector) + ": source has " +
                       stamp_text(here_[k]) + ", replica has " + stamp_text(there_[k]) +
                       ", and nothing will send it";
            });
        }
    }
}

// ---- S13
// -----------------------------------------------------------------------------------------
AcknowledgedIsDurable::AcknowledgedIsDurable(LabContext& lab)
    : Oracle(lab,
             {"S13", "acknowledged is durable",
              "What the source was told to be durable is there after the replica's crash.",
              "replication-and-test-lab 2.1 S13"},
             Hears::Records),
      floors_(lab.setup.disks.size()) {}

void AcknowledgedIsDurable::acknowledged(DiskId disk, Stamp through) {
    const std::uint64_t index = lab_.history.index_of(disk, through);
    if (index == kNoWrite) return;  // nothing yet, or of a life that was given up
    Floor& floor = floors_[disk.value];
    floor.acknowledged = std::max(floor.acknowledged, index + 1);
}

void AcknowledgedIsDurable::copy_read(DiskId disk, SectorRange range) {
    floors_[disk.value].reading.push_back({range, lab_.history.count(disk)});
}

void AcknowledgedIsDurable::copy_ended(DiskId disk, SectorRange range, bool durable) {
    Floor& floor = floors_[disk.value];
    std::erase_if(floor.reading, [&](const Copied& copied) {
        const bool inside = range.first <= copied.range.first && copied.range.end() <= range.end();
        if (inside && durable) floor.durable.push_back(copied);
        return inside;
    });
}

/// What its replica held before it was left out is promised to nobody.
void AcknowledgedIsDurable::disk_replicates(DiskId disk, bool does) {
    if (!does) floors_[disk.value] = {};
}

void AcknowledgedIsDurable::branched(MachineId machine, Instant) {
    for (const DiskId disk : lab_.disks_of(machine)) floors_[disk.value] = {};
}

/// What was found damaged is told, and promised no more.
void AcknowledgedIsDurable::replica_damaged(MachineId machine, std::span<const std::uint64_t>) {
    count_check();
    for (const DiskId disk : lab_.disks_of(machine)) floors_[disk.value] = {};
}

void AcknowledgedIsDurable::replica_recovered(DiskId disk, const BlockReader& content) {
    count_check();
    Floor& floor = floors_[disk.value];
    floor.reading.clear();
    const std::uint64_t size = lab_.history.geometry(disk, Instant::never()).sectors;
    ShadowImage acknowledged(disk);
    acknowledged.advance(lab_.history, floor.acknowledged, nullptr);
    StampImage least(size);
    acknowledged.image().for_each_touched([&](std::uint64_t first, std::span<const Stamp> stamps) {
        if (first < size)
            least.write(first, stamps.first(std::min<std::uint64_t>(stamps.size(), size - first)));
    });
    std::stable_sort(floor.durable.begin(), floor.durable.end(),
                     [](const Copied& a, const Copied& b) { return a.position < b.position; });
    ShadowImage copied(disk);
    for (const Copied& copy : floor.durable) {
        copied.advance(lab_.history, copy.position, nullptr);
        for (std::uint64_t s = copy.range.first; s < std::min(copy.range.end(), size); ++s) {
            const Stamp stamp = copied.image().at(s);
            if (stamp > least.at(s)) least.fill({s, 1}, stamp);
        }
    }
    std::array<Stamp, 1024> found{};
    for (std::uint64_t first = 0; first < size; first += found.size()) {
        const auto out =
            std::span(found).first(std::min<std::uint64_t>(found.size(), size - first));
        content.read(disk, first, out);
        count_compared(out.size());
        for (std::size_t k = 0; k < out.size(); ++k) {
            const Stamp promised = least.at(first + k);
            if (out[k] >= promised) continue;
            fail(disk, [&] {
                return lab_.disk_text(disk) + " lba " + std::to_string(first + k) + " holds " +
                       stamp_text(out[k]) + " after the crash, " + stamp_text(promised) +
                       " was acknowledged";
            });
            return;
        }
    }
}

// ---- S14
// -----------------------------------------------------------------------------------------
ReplayIsIdempotent::ReplayIsIdempotent(LabContext& lab)
    : Oracle(lab, {"S14", "replay is idempotent",
                   "Replaying a log, or a suffix of it, once more leaves the same content.",
                   "replication-and-test-lab 2.1 S14"}) {}

void ReplayIsIdempotent::replayed_again(DiskId disk, const BlockReader& once,
                                        const BlockReader& again) {
    count_check();
    std::array<Stamp, 512> a{};
    std::array<Stamp, 512> b{};
    const std::uint64_t size = lab_.history.geometry(disk, Instant::never()).sectors;
    for (std::uint64_t first = 0; first < size; first += a.size()) {
        const std::size_t count = std::min<std::uint64_t>(a.size(), size - first);
        once.read(disk, first, std::span(a).first(count));
        again.read(disk, first, std::span(b).first(count));
        count_compared(count);
        for (std::size_t k = 0; k < count; ++k) {
            if (a[k] == b[k]) continue;
            fail(disk, [&] {
                return lab_.disk_text(disk) + " lba " + std::to_string(first + k) + " holds " +
                       stamp_text(a[k]) + " after one replay and " + stamp_text(b[k]) +
                       " after another";
            });
            return;
        }
    }
}

// ---- S15
// -----------------------------------------------------------------------------------------
RecordsInSequence::RecordsInSequence(LabContext& lab)
    : Oracle(lab,
             {"S15", "records in sequence",
              "A replay stops at the first bad record, and no record is accepted out of sequence.",
              "replication-and-test-lab A11, 2.1 S15"},
             Hears::Records),
      streams_(lab.setup.disks.size()) {}

void RecordsInSequence::record_accepted(DiskId disk, Generation generation,
                                        std::uint64_t sequence) {
    count_check();
    Stream& stream = streams_[disk.value];
    const bool same = stream.running && stream.generation == generation;
    if (same && sequence != stream.last + 1) {
        fail(disk, [&] {
            return lab_.disk_text(disk) + ": record " + std::to_string(sequence) +
                   " accepted after record " + std::to_string(stream.last) + " of generation " +
                   std::to_string(generation);
        });
        // A repeated record is no step back: what follows is judged by the furthest one.
        if (sequence < stream.last) return;
    }
    stream = {true, generation, sequence};
}

void RecordsInSequence::replay_ended(DiskId disk, std::uint64_t damaged, std::uint64_t applied) {
    count_check();
    if (damaged == 0 || applied < damaged) return;
    fail(disk, [&] {
        return lab_.disk_text(disk) + ": replay applied records up to " + std::to_string(applied) +
               ", record " + std::to_string(damaged) + " is bad";
    });
}

void RecordsInSequence::path_changed(MachineId machine, std::string_view, bool publishes) {
    if (publishes) return;
    for (const DiskId disk : lab_.disks_of(machine)) streams_[disk.value].running = false;
}

void RecordsInSequence::replica_recovered(DiskId disk, const BlockReader&) {
    streams_[disk.value].running = false;
}

// ---- S17
// -----------------------------------------------------------------------------------------
ClearedOnlyAfterDurable::ClearedOnlyAfterDurable(LabContext& lab)
    : Oracle(lab,
             {"S17", "cleared only after durable",
              "A dirty bit stays clear only for data that was read after the clear and is durable "
              "on the replica.",
              "replication-and-test-lab A6, 2.1 S17"},
             Hears::Records),
      disks_(lab.setup.disks.size()) {}

void ClearedOnlyAfterDurable::dirty_marked(DiskId disk, SectorRange range) {
    disks_[disk.value].unread.erase(range);
    disks_[disk.value].flying.erase(range);
}

void ClearedOnlyAfterDurable::dirty_cleared(DiskId disk, SectorRange range) {
    Disk& state = disks_[disk.value];
    state.clears.push_back(range);
    state.unread.insert(range);
    state.flying.erase(range);
}

void ClearedOnlyAfterDurable::copy_read(DiskId disk, SectorRange range) {
    Disk& state = disks_[disk.value];
    for (std::uint64_t s = state.unread.first_in(range); s < range.end();
         s = state.unread.first_in({s + 1, range.end() - s - 1})) {
        state.unread.erase(s);
        state.flying.insert({s, 1});
    }
}

void ClearedOnlyAfterDurable::copy_ended(DiskId disk, SectorRange range, bool durable) {
    count_check();
    count_compared(range.count);
    Disk& state = disks_[disk.value];
    std::erase_if(state.clears, [&](const SectorRange& clear) {
        if (clear.first >= range.end() || range.first >= clear.end()) return false;
        const std::uint64_t unread = state.unread.first_in(clear);
        if (unread < clear.end()) {
            fail(disk, [&] {
                return lab_.disk_text(disk) + " lba " + std::to_string(unread) +
                       ": its bit was cleared with " + range_text(clear) +
                       " and it was not read after that";
            });
            state.unread.erase(clear);
        }
        return true;
    });
    const std::uint64_t lost = durable ? range.end() : state.flying.first_in(range);
    if (lost < range.end()) {
        fail(disk, [&] {
            return lab_.disk_text(disk) + " lba " + std::to_string(lost) + ": the copy of " +
                   range_text(range) + " failed and its bit was not set again";
        });
    }
    state.flying.erase(range);
}

// ---- S23
// -----------------------------------------------------------------------------------------
FlushIsDurable::FlushIsDurable(LabContext& lab)
    : Oracle(lab, {"S23", "flush is durable",
                   "A write that was acknowledged before an answered flush is on the source's disk "
                   "after a power loss.",
                   "replication-and-test-lab A14, 2.1 S23"}),
      flushed_(lab.setup.disks.size()) {}

void FlushIsDurable::guest_flushed(DiskId disk, Stamp through) {
    const std::uint64_t index = lab_.history.index_of(disk, through);
    if (index != kNoWrite) flushed_[disk.value] = std::max(flushed_[disk.value], index + 1);
}

void FlushIsDurable::branched(MachineId machine, Instant) {
    for (const DiskId disk : lab_.disks_of(machine))
        flushed_[disk.value] = std::min(flushed_[disk.value], lab_.history.count(disk));
}

void FlushIsDurable::source_recovered(DiskId disk, const BlockReader& content) {
    count_check();
    ShadowImage flushed(disk);
    flushed.advance(lab_.history, flushed_[disk.value], nullptr);
    bool silent = true;
    std::vector<Stamp> found;
    flushed.image().for_each_touched([&](std::uint64_t first, std::span<const Stamp> stamps) {
        found.resize(stamps.size());
        content.read(disk, first, found);
        count_compared(found.size());
        for (std::size_t k = 0; k < found.size() && silent; ++k) {
            if (found[k] >= stamps[k]) continue;
            silent = false;
            fail(disk, [&] {
                return lab_.disk_text(disk) + " lba " + std::to_string(first + k) + " holds " +
                       stamp_text(found[k]) + " after the power loss, a flush covered " +
                       stamp_text(stamps[k]);
            });
        }
    });
}

}  // namespace landfall::lab
