// tests/unit/oracle_stage.hpp — a stage on which tests play a data path, right or wrong, by hand.
//
// Two machines: web (disks 0 and 1) and db (disk 2), both of group 0, 64 sectors a disk; a clock;
// the source's disks; points that keep copies of what they were given.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sim/lab/oracle_report.hpp"

namespace landfall::lab {

using Content = std::map<std::uint32_t, std::vector<Stamp>>;  ///< by disk

class ContentReader : public BlockReader {
  public:
    explicit ContentReader(Content content) : content_(std::move(content)) {}
    [[nodiscard]] bool holds(DiskId disk) const override { return content_.contains(disk.value); }
    void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
        const auto& sectors = content_.at(disk.value);
        for (std::size_t k = 0; k < out.size(); ++k) out[k] = sectors.at(first + k);
    }
    Content content_;
};

inline const MachineId kWeb{0};
inline const MachineId kDb{1};

inline BoardSetup stage_setup() {
    BoardSetup setup;
    setup.machines = {{"web", DiskId(0), 2, 0}, {"db", DiskId(2), 1, 0}};
    for (const char* name : {"d0", "d1", "d0"}) setup.disks.push_back({name, {.sectors = 64}});
    setup.throttles = {{kWeb}};
    return setup;
}

class Stage : public StateProbe {
  public:
    explicit Stage(BoardOptions options = options_of_tests())
        : board(
              stage_setup(), [this] { return clock; }, std::move(options)) {
        for (std::uint32_t d = 0; d < 3; ++d) source_disks.content_[d].resize(64);
        replica_disks = source_disks;
        board.connect(this);
        for (const MachineId machine : {kWeb, kDb}) board.path_changed(machine, "journal", true);
    }

    static BoardOptions options_of_tests() {
        BoardOptions options;
        options.reread_every = 1;
        options.reread_drops_every = 1;
        options.inside_policy = [](const PublishedPoint& point, Instant now) {
            return now - point.cut <= seconds(100);
        };
        options.retention_grace = seconds(20);
        return options;
    }

    void wait(std::int64_t seconds_count) { clock = clock + seconds(seconds_count); }

    /// The guest writes, now.
    Stamp write(std::uint32_t disk, std::uint64_t first, std::uint64_t count = 1) {
        const Stamp stamp = make_stamp(life, ++numbers_[{disk, life}]);
        for (std::uint64_t k = 0; k < count; ++k) source_disks.content_[disk][first + k] = stamp;
        board.guest_wrote(DiskId(disk), {.stamp = stamp, .at = clock, .range = {first, count}});
        return stamp;
    }

    /// What the disks hold now.
    [[nodiscard]] Content content() const { return source_disks.content_; }
    [[nodiscard]] ContentReader reader() const { return source_disks; }

    [[nodiscard]] PublishedPoint claim(MachineId machine, std::uint64_t id) const {
        return {.machine = machine, .id = id, .generation = generation, .cut = clock};
    }
    void publish(const PublishedPoint& point, const Content& content) {
        board.point_published(point, ContentReader(content));
        points.insert_or_assign({point.machine.value, point.id}, ContentReader(content));
        listed[point.machine.value].insert(point.id);
    }
    /// A right point of all that was written until now.
    PublishedPoint publish(MachineId machine, std::uint64_t id) {
        const PublishedPoint made = claim(machine, id);
        publish(made, content());
        return made;
    }
    void drop(MachineId machine, std::uint64_t id) {
        board.point_dropped(machine, id);
        points.erase({machine.value, id});
        listed[machine.value].erase(id);
    }
    void replicate() { replica_disks = source_disks; }

    [[nodiscard]] std::uint64_t violations(std::string_view id) const {
        for (const auto& oracle : board.oracles()) {
            if (oracle->id() == id) return oracle->violations();
        }
        ADD_FAILURE() << "no oracle " << id;
        return 0;
    }
    [[nodiscard]] std::uint64_t checked(std::string_view id) const {
        for (const auto& oracle : board.oracles()) {
            if (oracle->id() == id) return oracle->checked();
        }
        return 0;
    }

    // StateProbe
    [[nodiscard]] bool covered(DiskId disk, std::uint64_t sector) const override {
        return dirty.contains({disk.value, sector});
    }
    [[nodiscard]] const BlockReader* source() const override { return &source_disks; }
    [[nodiscard]] const BlockReader* newest_replica(MachineId) const override {
        return replica_readable ? &replica_disks : nullptr;
    }
    [[nodiscard]] std::vector<std::uint64_t> listed_points(MachineId machine) const override {
        const auto found = listed.find(machine.value);
        if (found == listed.end()) return {};
        return {found->second.begin(), found->second.end()};
    }
    [[nodiscard]] const BlockReader* point(MachineId machine, std::uint64_t id) const override {
        const auto found = points.find({machine.value, id});
        return found == points.end() ? nullptr : &found->second;
    }
    [[nodiscard]] std::optional<Bytes> in_flight(DiskId disk) const override {
        const auto found = flying.find(disk.value);
        return found == flying.end() ? std::optional<Bytes>() : found->second;
    }

    Instant clock = Instant(seconds(1));
    std::uint16_t life = 0;
    Generation generation = 1;
    std::set<std::pair<std::uint32_t, std::uint64_t>> dirty;
    std::map<std::pair<std::uint32_t, std::uint64_t>, ContentReader> points;
    std::map<std::uint32_t, std::set<std::uint64_t>> listed;
    std::map<std::uint32_t, Bytes> flying;  ///< of disks that are asked about
    bool replica_readable = false;          ///< S11 rests meanwhile
    ContentReader source_disks{{}};
    ContentReader replica_disks{{}};
    OracleBoard board;

  private:
    std::map<std::pair<std::uint32_t, std::uint16_t>, std::uint64_t> numbers_;
};

/// What an oracle must be silent about, and what it must notice.
struct Case {
    std::string oracle;
    std::string title;
    std::function<void(Stage&)> right;
    std::function<void(Stage&)> wrong;
};

/// The machine web writes to both disks and publishes point 1 a second later.
PublishedPoint one_point(Stage& stage);

std::vector<Case> point_cases();
std::vector<Case> loss_cases();
std::vector<Case> data_path_cases();

}  // namespace landfall::lab
