// sim/world/simulated_blocks.cpp — stamps, holds, and the past of a machine that goes home.
#include "sim/world/simulated_blocks.hpp"

#include <algorithm>

#include "sim/kernel/random_streams.hpp"

namespace landfall::world {

namespace {

/// Before the run: what a disk holds when it starts was written then.
constexpr Instant kBeforeRun = Instant(Duration(-1));
/// Writes of a machine's past are of this size.
constexpr Bytes kPastWrite = Bytes(65536);

}  // namespace

SimulatedBlocks::SimulatedBlocks(const Estate& estate, std::uint64_t seed)
    : estate_(estate), seed_(seed), guests_(estate.machines.size()) {}

SourceBlocks* SimulatedBlocks::give_work(
    std::vector<std::unique_ptr<workload::BlockWriteSource>> writes) {
    for (std::size_t index = 0; index < estate_.disks.size(); ++index) {
        if (estate_.machine(estate_.disks[index].machine).fidelity != Fidelity::Block) continue;
        add_disk(DiskId(index), std::move(writes[index]));
    }
    return any() ? this : nullptr;
}

void SimulatedBlocks::add_disk(DiskId id, std::unique_ptr<workload::BlockWriteSource> writes) {
    const landfall::Disk& facts = estate_.disk(id);
    const Machine& machine = estate_.machine(facts.machine);
    const std::int64_t sector = machine.sector_size.count();
    const DiskGeometry shape{static_cast<std::uint64_t>(facts.size.count() / sector),
                             machine.sector_size};
    Disk disk{.machine = facts.machine,
              .geometry = shape,
              .image = StampImage(shape.sectors),
              .writes = std::move(writes),
              .pending = {},
              .before = {},
              .on = {},
              .last_taken = kBeforeRun,
              .parting = {},
              .sums = {}};
    if (!machine.forward_of.is_none()) {  // it holds nothing until its other leg is failed over
        if (disk.writes) disk.pending = disk.writes->next();
        disks_.emplace(id, std::move(disk));
        return;
    }
    const auto used = static_cast<std::uint64_t>((facts.used.count() + sector - 1) / sector);
    if (used > 0) {
        const Stamp stamp = make_stamp(disk.life, disk.next_number++);
        disk.before.push_back({stamp, kBeforeRun, {0, std::min(used, shape.sectors)}});
    }
    if (machine.engine == ReplicationEngine::Failback) part(disk, id, machine.failed_over);
    if (disk.writes) disk.pending = disk.writes->next();
    disk.on.push_back({Instant()});
    disks_.emplace(id, std::move(disk));
}

/// The past of a machine that was failed over: both sides began equal, the one on-premises then
/// wrote what was never replicated, and the one in Azure has been writing since.
void SimulatedBlocks::part(Disk& disk, DiskId id, const FailedOver& parted) {
    Parting parting{0, StampImage(disk.geometry.sectors), {}, {}};
    for (const GuestWrite& write : disk.before) {
        parting.other_side.fill(write.range, write.stamp);
    }
    kernel::RandomStream random(
        seed_, estate_.machine(disk.machine).name + '/' + estate_.disk(id).name, "parting");
    const auto length = std::max<std::uint64_t>(
        1, static_cast<std::uint64_t>(kPastWrite.count() / disk.geometry.sector_size.count()));
    const std::uint64_t places = std::max<std::uint64_t>(1, disk.geometry.sectors / length);
    const auto count = [](Bytes bytes) { return bytes.count() / kPastWrite.count(); };
    const auto place = [&] {
        const std::uint64_t first = random.below(places) * length;
        return SectorRange{first, std::min(length, disk.geometry.sectors - first)};
    };
    std::uint64_t number = disk.next_number;
    for (std::int64_t k = 0; k < count(parted.unreplicated); ++k) {
        const SectorRange range = place();
        parting.other_side.fill(range, make_stamp(disk.life, number++));
        parting.written_there.push_back(range);
    }
    ++disk.life;
    disk.next_number = 1;
    for (std::int64_t k = 0; k < count(parted.written_in_azure); ++k) {
        const SectorRange range = place();
        disk.before.push_back({make_stamp(disk.life, disk.next_number++), kBeforeRun, range});
    }
    disk.parting = std::move(parting);
}

void SimulatedBlocks::take(Disk& disk, const GuestWrite& write, std::vector<GuestWrite>& taken) {
    disk.image.fill(write.range, write.stamp);
    const bool new_life = write.stamp >= make_stamp(1, 0);
    if (disk.parting && !disk.tracked_elsewhere && new_life) {
        disk.parting->written_here.push_back(write.range);
    }
    const std::int64_t bytes =
        write.kind == WriteKind::Discard
            ? 0
            : static_cast<std::int64_t>(write.range.count) * disk.geometry.sector_size.count();
    const std::int64_t before = disk.sums.empty() ? 0 : disk.sums.back().second;
    if (bytes > 0 && write.at > kBeforeRun) disk.sums.emplace_back(write.at, before + bytes);
    disk.last_taken = write.at;
    taken.push_back(write);
}

void SimulatedBlocks::take_writes(DiskId id, Instant until, std::vector<GuestWrite>& taken) {
    Disk& disk = disks_.at(id);
    for (const GuestWrite& write : disk.before) take(disk, write, taken);
    disk.before.clear();
    const Instant stops = disk.on.empty() ? Instant() : disk.on.back().until;
    if (std::min(until, stops) > disk.replaced_at) {
        take_guest_writes(disk, disk.replaced_at, taken);
        // An empty disk is one that was discarded whole.
        const Stamp stamp = make_stamp(disk.life, disk.next_number++);
        take(disk, {stamp, disk.replaced_at, {0, disk.replaced_sectors}, WriteKind::Discard},
             taken);
        disk.replaced_at = Instant::never();
    }
    take_guest_writes(disk, until, taken);
}

void SimulatedBlocks::take_guest_writes(Disk& disk, Instant until, std::vector<GuestWrite>& taken) {
    while (!disk.on.empty() && disk.on.front().from < until) {
        const TimeSpan on = disk.on.front();
        // What the workload would have written while the machine was off was never written.
        while (disk.pending && disk.pending->at < on.from) disk.pending = disk.writes->next();
        take_while_on(disk, std::min(until, on.until), taken);
        if (on.until > until) return;
        disk.on.pop_front();
    }
}

void SimulatedBlocks::take_while_on(Disk& disk, Instant until, std::vector<GuestWrite>& taken) {
    const Guest& guest = guests_[disk.machine.value];
    while (disk.pending && disk.pending->at < std::min(until, guest.held_from)) {
        const Instant at = std::max({disk.pending->at, guest.not_before, disk.last_taken});
        if (at >= until) return;
        const Stamp stamp = make_stamp(disk.life, disk.next_number++);
        take(disk, {stamp, at, disk.pending->range, disk.pending->kind}, taken);
        disk.pending = disk.writes->next();
    }
}

void SimulatedBlocks::set_writing(DiskId id, const TimeSpan& span) {
    std::deque<TimeSpan>& on = disks_.at(id).on;
    if (span.from <= disks_.at(id).another) return;
    if (!on.empty() && on.back().from == span.from)
        on.back().until = span.until;
    else if (span.from < span.until)
        on.push_back(span);
}

void SimulatedBlocks::read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const {
    disks_.at(disk).image.read(first, out);
}

const Parting* SimulatedBlocks::parting(DiskId id) {
    Disk& disk = disks_.at(id);
    if (!disk.other_side.is_none() && !disk.tracked_elsewhere) look_at_other_side(disk);
    disk.tracked_elsewhere = true;
    return disk.parting ? &*disk.parting : nullptr;
}

/// What the other side holds now, and where that differs from what both held.
void SimulatedBlocks::look_at_other_side(Disk& disk) {
    Parting& parting = *disk.parting;
    parting.other_side = disks_.at(disk.other_side).image;
    parting.written_there.clear();
    for (std::uint64_t sector = 0; sector < disk.geometry.sectors; ++sector) {
        if (parting.other_side.at(sector) == disk.at_cut->at(sector)) continue;
        auto& runs = parting.written_there;
        if (!runs.empty() && runs.back().end() == sector)
            ++runs.back().count;
        else
            runs.push_back({sector, 1});
    }
}

void SimulatedBlocks::branch(MachineId from, MachineId to, const BlockReader& content,
                             Instant /*cut*/) {
    const Machine& here = estate_.machine(from);
    const Machine& there = estate_.machine(to);
    LANDFALL_CHECK(here.disk_count == there.disk_count, "both legs of an item have the same disks");
    std::vector<Stamp> stamps;
    for (std::uint32_t k = 0; k < there.disk_count; ++k) {
        const DiskId source(here.first_disk.value + k);
        if (!content.holds(source)) continue;  // the machine has no such disk there, or its own
        Disk& disk = disks_.at(DiskId(there.first_disk.value + k));
        const Disk& former = disks_.at(source);
        disk.geometry = former.geometry;
        stamps.resize(disk.geometry.sectors);
        content.read(source, 0, stamps);
        disk.image = StampImage(disk.geometry.sectors);
        disk.image.write(0, stamps);
        disk.at_cut = disk.image;
        disk.life = static_cast<std::uint16_t>(std::max(disk.life, former.life) + 1);
        disk.next_number = 1;
        disk.before.clear();
        // Whoever runs there now is about to be replaced, and wrote to what was there before.
        if (!disk.on.empty()) disk.another = disk.on.back().from;
        disk.on.clear();
        disk.replaced_at = Instant::never();
        disk.other_side = source;
        disk.tracked_elsewhere = false;
        disk.parting = Parting{++disk.partings, StampImage(disk.geometry.sectors), {}, {}};
    }
}

void SimulatedBlocks::hold_writes(MachineId machine, Instant from) {
    guests_[machine.value].held_from = from;
}

void SimulatedBlocks::release_writes(MachineId machine, Instant at) {
    guests_[machine.value].held_from = Instant::never();
    guests_[machine.value].not_before = at;
}

void SimulatedBlocks::replace(DiskId disk, Instant at) {
    disks_.at(disk).replaced_at = at;
    disks_.at(disk).replaced_sectors = disks_.at(disk).geometry.sectors;
}

namespace {

/// The new sectors are empty.
void grow(StampImage& image, std::uint64_t sectors) {
    if (image.sectors() >= sectors) return;
    StampImage larger(sectors);
    image.for_each_touched(
        [&](std::uint64_t first, std::span<const Stamp> stamps) { larger.write(first, stamps); });
    image = std::move(larger);
}

}  // namespace

void SimulatedBlocks::resize(DiskId id) {
    Disk& disk = disks_.at(id);
    const auto sectors = static_cast<std::uint64_t>(estate_.disk(id).size.count() /
                                                    disk.geometry.sector_size.count());
    LANDFALL_CHECK(sectors >= disk.geometry.sectors, "a disk under replication only grows");
    grow(disk.image, sectors);
    // What both sides held when they parted is compared with what they hold when they meet again.
    if (disk.at_cut) grow(*disk.at_cut, sectors);
    if (disk.parting) grow(disk.parting->other_side, sectors);
    disk.geometry.sectors = sectors;
}

Bytes SimulatedBlocks::written(DiskId id, Instant from, Instant to) const {
    const auto& sums = disks_.at(id).sums;
    const auto before = [&](Instant at) -> std::int64_t {
        const auto next = std::lower_bound(
            sums.begin(), sums.end(), at,
            [](const auto& entry, Instant instant) { return entry.first < instant; });
        return next == sums.begin() ? 0 : std::prev(next)->second;
    };
    return Bytes(before(to) - before(from));
}

DiskGeometry SimulatedBlocks::geometry(DiskId disk) const {
    return disks_.at(disk).geometry;
}

}  // namespace landfall::world
