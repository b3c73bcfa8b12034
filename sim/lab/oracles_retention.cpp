// sim/lab/oracles_retention.cpp — the oracles of what becomes of points once they are published.
#include <algorithm>
#include <array>
#include <span>

#include "sim/kernel/random_streams.hpp"
#include "sim/lab/oracles_points.hpp"

namespace landfall::lab {

// ---- S3
// ------------------------------------------------------------------------------------------
PublishedIsFrozen::PublishedIsFrozen(LabContext& lab)
    : Oracle(lab, {"S3", "published is frozen",
                   "The content of a recovery point never changes while it is listed.",
                   "replication-and-test-lab 2.1 S3"}) {}

void PublishedIsFrozen::read_again(const ListedPoint& listed) {
    const PublishedPoint& point = listed.point;
    const BlockReader* const reader =
        lab_.probe == nullptr ? nullptr : lab_.probe->point(point.machine, point.id);
    if (reader == nullptr) return;  // S16 says so
    std::array<Stamp, 1024> piece{};
    std::uint64_t hash = 0;
    for (const DiskId disk : lab_.disks_of(point.machine)) {
        if (!reader->holds(disk)) continue;
        const std::uint64_t size = lab_.history.geometry(disk, point.cut).sectors;
        for (std::uint64_t first = 0; first < size; first += piece.size()) {
            const auto out =
                std::span(piece).first(std::min<std::uint64_t>(piece.size(), size - first));
            reader->read(disk, first, out);
            for (std::size_t k = 0; k < out.size(); ++k)
                hash += content_hash(disk, first + k, out[k]);
        }
        count_compared(size);
    }
    count_check();
    if (hash == listed.hash) return;
    fail(point.machine, [&] {
        return "rp=" + lab_.point_text(point.machine, point.id) + " published " +
               time_text(listed.published_at) + " with content " + std::to_string(listed.hash) +
               " now has content " + std::to_string(hash);
    });
}

void PublishedIsFrozen::point_dropped(MachineId machine, std::uint64_t id) {
    if (drops_++ % lab_.options.reread_drops_every != 0) return;
    if (const ListedPoint* const listed = lab_.points.find(machine, id)) read_again(*listed);
}

void PublishedIsFrozen::checkpoint(bool last) {
    constexpr std::size_t kAtTheEnd = 16;
    const bool now = checkpoints_++ % lab_.options.reread_every == 0;
    if (!now && !last) return;
    ++turn_;
    for (std::size_t m = 0; m < lab_.setup.machines.size(); ++m) {
        const auto& points = lab_.points.of(MachineId(m));
        if (points.empty()) continue;
        if (!last) {
            read_again(points[turn_ % points.size()]);
            continue;
        }
        const std::size_t step = (points.size() + kAtTheEnd - 1) / kAtTheEnd;
        for (std::size_t k = 0; k < points.size(); k += step) read_again(points[k]);
    }
}

// ---- S16
// -----------------------------------------------------------------------------------------
NeededIsKept::NeededIsKept(LabContext& lab)
    : Oracle(lab, {"S16", "needed is kept",
                   "Trimming and merging never remove what a listed recovery point or a registered "
                   "reader of a log still needs.",
                   "replication-and-test-lab 2.1 S16"}),
      consumers_(lab.setup.disks.size()) {}

void NeededIsKept::consumer_advanced(DiskId disk, std::uint32_t consumer, std::uint64_t through) {
    consumers_[disk.value][consumer] = through;
}

void NeededIsKept::log_trimmed(DiskId disk, std::uint64_t through) {
    count_check();
    for (const auto& [consumer, used] : consumers_[disk.value]) {
        if (through <= used) continue;
        fail(disk, [&, used = used, consumer = consumer] {
            return lab_.disk_text(disk) + ": log trimmed through record " +
                   std::to_string(through) + ", reader " + std::to_string(consumer) +
                   " has used it only through " + std::to_string(used);
        });
    }
}

void NeededIsKept::checkpoint(bool) {
    if (lab_.probe == nullptr) return;
    for (std::size_t m = 0; m < lab_.setup.machines.size(); ++m) {
        for (const ListedPoint& listed : lab_.points.of(MachineId(m))) look_at(listed);
    }
}

void NeededIsKept::look_at(const ListedPoint& listed) {
    const PublishedPoint& point = listed.point;
    const auto head = [&] { return "rp=" + lab_.point_text(point.machine, point.id); };
    const BlockReader* const reader = lab_.probe->point(point.machine, point.id);
    count_check();
    if (reader == nullptr) {
        fail(point.machine, [&] { return head() + " is listed and cannot be read"; });
        return;
    }
    if (!listed.right || listed.off_history) return;  // what it must hold is not known
    const std::vector<DiskId> disks = lab_.disks_of(point.machine);
    for (std::uint32_t spot = 0; spot < lab_.options.spots_per_point; ++spot) {
        const std::uint64_t draw = kernel::mix_bits(++draws_);
        const DiskId disk = disks[draw % disks.size()];
        if (!reader->holds(disk)) continue;
        const std::uint64_t writes = lab_.history.position(disk, point.cut);
        if (writes == 0) continue;
        const SectorRange range = lab_.history.range(disk, kernel::mix_bits(draw) % writes);
        if (range.empty()) continue;
        const std::uint64_t sector = range.first + (draw >> 32) % range.count;
        if (sector >= lab_.history.geometry(disk, point.cut).sectors) continue;
        Stamp found = 0;
        reader->read(disk, sector, std::span(&found, 1));
        count_compared(1);
        const Stamp expected = lab_.history.content_at(disk, sector, point.cut);
        if (found == expected) continue;
        fail(disk, [&] {
            return head() + " " + lab_.disk_text(disk) + " lba " + std::to_string(sector) +
                   " reads " + stamp_text(found) + ", published as " + stamp_text(expected);
        });
        return;
    }
}

// ---- S19
// -----------------------------------------------------------------------------------------
RetentionKept::RetentionKept(LabContext& lab)
    : Oracle(lab, {"S19", "retention kept",
                   "A recovery point inside the policy is listed; one outside is gone soon.",
                   "replication-and-test-lab 2.1 S19"}),
      outside_since_(lab.setup.machines.size()),
      last_published_(lab.setup.machines.size()),
      resized_(lab.setup.machines.size()) {}

void RetentionKept::geometry_changed(DiskId disk, const DiskGeometry& /*now*/, Instant at) {
    resized_[lab_.owner(disk).value] = at;
}

void RetentionKept::point_published(const PublishedPoint& point, const BlockReader&) {
    last_published_[point.machine.value] = lab_.now();
}

void RetentionKept::point_dropped(MachineId machine, std::uint64_t id) {
    outside_since_[machine.value].erase(id);
    const ListedPoint* const listed = lab_.points.find(machine, id);
    if (listed == nullptr || listed->released || !lab_.options.inside_policy) return;
    count_check();
    const Instant now = lab_.now();
    const bool by_policy = last_published_[machine.value] == now;
    if (lab_.options.policy_acts_at_publication && !by_policy) return;
    if (!lab_.options.inside_policy(listed->point, now)) return;
    early_.push_back({machine, listed->point, now});
}

// A resize drops points before it is told, at one instant: only then is it known why they went.
void RetentionKept::checkpoint(bool) {
    for (const Early& early : early_) {
        if (resized_[early.machine.value] == early.at) continue;
        fail(early.machine, [&] {
            return "rp=" + lab_.point_text(early.machine, early.point.id) + " cut " +
                   time_text(early.point.cut) + " dropped " + time_text(early.at) +
                   " inside its retention";
        });
    }
    early_.clear();
    for (std::size_t m = 0; m < lab_.setup.machines.size(); ++m) {
        if (lab_.probe != nullptr) check_listing(MachineId(m));
        if (lab_.options.inside_policy) check_overdue(MachineId(m));
    }
}

// What the data path lists is what was published and not dropped.
void RetentionKept::check_listing(MachineId machine) {
    const std::vector<std::uint64_t> listed = lab_.probe->listed_points(machine);
    if (listed.empty() && lab_.points.of(machine).empty()) return;
    count_check();
    for (const std::uint64_t id : listed) {
        if (lab_.points.find(machine, id) != nullptr) continue;
        fail(machine, [&] {
            return "rp=" + lab_.point_text(machine, id) +
                   " is listed and was never published, or is dropped";
        });
    }
    for (const ListedPoint& known : lab_.points.of(machine)) {
        if (std::find(listed.begin(), listed.end(), known.point.id) != listed.end()) continue;
        fail(machine, [&] {
            return "rp=" + lab_.point_text(machine, known.point.id) +
                   " was published, never dropped, and is not listed";
        });
    }
}

// Points go when a later one is published; so one is overdue only if that happened meanwhile.
void RetentionKept::check_overdue(MachineId machine) {
    const Instant now = lab_.now();
    auto& outside = outside_since_[machine.value];
    const ListedPoint* const newest = lab_.points.newest(machine);
    for (const ListedPoint& listed : lab_.points.of(machine)) {
        const std::uint64_t id = listed.point.id;
        const auto& past = lab_.options.past_policy;
        const bool may_stay = past ? !past(listed.point, newest->point.cut)
                                   : lab_.options.inside_policy(listed.point, now);
        if (listed.pinned || listed.released || &listed == newest || may_stay) {
            outside.erase(id);
            continue;
        }
        count_check();
        const Instant since = outside.emplace(id, now).first->second;
        if (last_published_[machine.value] <= since + lab_.options.retention_grace) continue;
        fail(machine, [&] {
            return "rp=" + lab_.point_text(machine, id) + " cut " + time_text(listed.point.cut) +
                   " is still listed, outside its retention since " + time_text(since);
        });
    }
}

// ---- S20
// -----------------------------------------------------------------------------------------
PinnedStays::PinnedStays(LabContext& lab)
    : Oracle(lab,
             {"S20", "pinned stays", "A recovery point that a test failover uses is never dropped.",
              "replication-and-test-lab A19, 2.1 S20"}) {}

void PinnedStays::point_dropped(MachineId machine, std::uint64_t id) {
    const ListedPoint* const listed = lab_.points.find(machine, id);
    if (listed == nullptr) return;
    count_check();
    if (!listed->pinned) return;
    fail(machine, [&] { return "rp=" + lab_.point_text(machine, id) + " dropped while pinned"; });
}

}  // namespace landfall::lab
