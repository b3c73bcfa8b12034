// sim/world/copy_watch.cpp — what was acknowledged since, look by look.
#include "sim/world/copy_watch.hpp"

#include <utility>

namespace landfall::world {

void CopyWatch::begin_round() {
    const Duration every = estate_.profile.progress_refresh;
    const Instant now = clock_.now();
    is_due_ = now >= due_;
    if (is_due_) due_ = Instant(every * (now.since_start().count() / every.count() + 1));
}

void CopyWatch::look_at(MachineId leg) {
    const Machine& machine = estate_.machine(leg);
    const bool copying = engine_.data_path(leg) == DataPath::Copying;
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        const DiskId disk(machine.first_disk.value + k);
        DiskWatch& watch = disks_[disk.value];
        if (!copying) {
            if (watch.health != DiskReplicationProgressHealth::None) watch = DiskWatch();
            continue;
        }
        const CopyFacts facts = facts_of(disk, watch);
        watch.health = judge_copy(facts, estate_.profile);
        if (is_due_) write(disk, facts, watch);
    }
}

CopyFacts CopyWatch::facts_of(DiskId disk, DiskWatch& watch) const {
    CopyFacts facts;
    facts.waits = engine_.copy_waits(disk);
    const auto& copy = engine_.copy_of(disk);
    if (!copy) {
        watch.seen.clear();
        return facts;
    }
    const Instant now = clock_.now();
    if (watch.seen.empty() || watch.started != copy->started()) {
        watch.started = copy->started();
        watch.seen = {{copy->started(), Bytes(0)}};
    }
    // One look may be as old as the window, so that the window is whole.
    const Duration window = estate_.profile.health_window;
    while (watch.seen.size() > 1 && now - watch.seen[1].at >= window) {
        watch.seen.erase(watch.seen.begin());
    }
    facts.runs = true;
    facts.since_start = now - copy->started();
    facts.window = now - watch.seen.front().at;
    facts.recent = copy->acknowledged() - watch.seen.front().acknowledged;
    facts.remaining = copy->wire_bytes() - copy->acknowledged();
    if (watch.seen.back().at != now) watch.seen.push_back({now, copy->acknowledged()});
    return facts;
}

void CopyWatch::write(DiskId disk, const CopyFacts& facts, const DiskWatch& watch) {
    const auto& copy = engine_.copy_of(disk);
    rows_.t_s.push_back(to_seconds(clock_.now().since_start()));
    rows_.machine.push_back(static_cast<std::int32_t>(estate_.disk(disk).machine.value));
    rows_.disk.add(estate_.disk(disk).name);
    rows_.percent.push_back(engine_.copy_progress_percent(disk));
    rows_.transferred.push_back(copy ? copy->acknowledged().count() : 0);
    rows_.recent.push_back(facts.recent.count());
    rows_.health.add(name_of(watch.health));
}

bool CopyWatch::is_slow(MachineId leg) const {
    const Machine& machine = estate_.machine(leg);
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        if (disks_[machine.first_disk.value + k].health ==
            DiskReplicationProgressHealth::SlowProgress) {
            return true;
        }
    }
    return false;
}

record::Table CopyWatch::take_table() {
    std::vector<std::string> names;
    for (const Machine& machine : estate_.machines) names.push_back(machine.name);
    return {"copy_progress",
            {{"t_s", std::move(rows_.t_s), std::nullopt},
             {"machine", std::move(rows_.machine), std::move(names)},
             rows_.disk.finish("disk"),
             {"percent", std::move(rows_.percent), std::nullopt},
             {"transferred_bytes", std::move(rows_.transferred), std::nullopt},
             {"recent_bytes", std::move(rows_.recent), std::nullopt},
             rows_.health.finish("health")}};
}

}  // namespace landfall::world
