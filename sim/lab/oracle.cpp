// sim/lab/oracle.cpp — what oracles share: the context, and the words of a violation.
#include "sim/lab/oracle.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace landfall::lab {

namespace {

std::vector<DiskGeometry> geometries(const BoardSetup& setup) {
    std::vector<DiskGeometry> all;
    for (const BoardDisk& disk : setup.disks) all.push_back(disk.geometry);
    return all;
}

}  // namespace

LabContext::LabContext(BoardSetup estate, BoardOptions choices, std::function<Instant()> clock)
    : setup(std::move(estate)),
      options(std::move(choices)),
      now(std::move(clock)),
      history(geometries(setup)),
      points(setup.machines.size()),
      machine_of(setup.disks.size()) {
    for (std::size_t m = 0; m < setup.machines.size(); ++m) {
        for (const DiskId disk : disks_of(MachineId(m))) {
            LANDFALL_CHECK(disk.value < setup.disks.size(), "a machine's disks exist");
            machine_of[disk.value] = MachineId(m);
        }
    }
}

std::vector<DiskId> LabContext::disks_of(MachineId id) const {
    const BoardMachine& owner = machine(id);
    std::vector<DiskId> disks;
    for (std::uint32_t k = 0; k < owner.disk_count; ++k)
        disks.emplace_back(static_cast<std::size_t>(owner.first_disk.value) + k);
    return disks;
}

Instant LabContext::first_write_from(MachineId id, Instant from) const {
    Instant first = Instant::never();
    for (const DiskId disk : disks_of(id)) {
        const std::uint64_t index = history.position(disk, from);
        if (index < history.count(disk)) first = std::min(first, history.at(disk, index));
    }
    return first;
}

std::optional<Instant> LabContext::last_write_before(MachineId id, Instant until) const {
    std::optional<Instant> last;
    for (const DiskId disk : disks_of(id)) {
        const std::uint64_t index = history.position(disk, until);
        if (index > 0) last = std::max(last.value_or(Instant()), history.at(disk, index - 1));
    }
    return last;
}

std::string LabContext::point_text(MachineId id, std::uint64_t point) const {
    return machine(id).name + '/' + std::to_string(point);
}

std::string LabContext::disk_text(DiskId disk) const {
    const MachineId id = owner(disk);
    const std::string& name = setup.disks[disk.value].name;
    return id.is_none() ? name : machine(id).name + '/' + name;
}

std::string time_text(Instant at) {
    if (at == Instant::never()) return "never";
    const std::int64_t total = at.since_start().count();
    const std::int64_t whole = total / kNanosecondsPerSecond;
    const std::int64_t rest = total % kNanosecondsPerSecond;
    std::array<char, 64> text{};
    const bool fine = rest % 1'000'000 != 0;
    std::snprintf(text.data(), text.size(), "%02lld:%02lld:%02lld.%0*lld",
                  static_cast<long long>(whole / 3600), static_cast<long long>(whole / 60 % 60),
                  static_cast<long long>(whole % 60), fine ? 9 : 3,
                  static_cast<long long>(fine ? rest : rest / 1'000'000));
    return text.data();
}

std::string duration_text(Duration duration) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.9g s", to_seconds(duration));
    return text.data();
}

std::string stamp_text(Stamp stamp) {
    if (stamp == 0) return "nothing";
    const Stamp life = stamp >> kStampLifeShift;
    std::string text = "w" + std::to_string(stamp & ((std::uint64_t{1} << kStampLifeShift) - 1));
    if (life != 0) text += " of life " + std::to_string(life);
    return text;
}

std::string range_text(SectorRange range) {
    if (range.count == 1) return "lba " + std::to_string(range.first);
    return "lba " + std::to_string(range.first) + ".." + std::to_string(range.end() - 1);
}

void Oracle::keep(MachineId machine, DiskId disk, const std::string& text) {
    std::string line = "FAIL ";
    line.append(card_.id).append(" ").append(card_.name).append("  ").append(text);
    lab_.violations.push_back({std::string(card_.id), lab_.now(), machine, disk, std::move(line)});
}

}  // namespace landfall::lab
