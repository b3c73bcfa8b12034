// tests/unit/oracle_random_test.cpp — random right data paths leave every oracle silent, random
// bugs do not.
//
// The model: guests write; each write is a record of its disk's stream and arrives in order, some
// time later; a point is published when all records before its cut have arrived. Now and then order
// is lost and blocks are copied instead, the replica crashes, a point is pinned, a machine fails
// over. One fault at a time can be planted.
#include <deque>
#include <vector>

#include <gtest/gtest.h>

#include "sim/kernel/random_streams.hpp"
#include "tests/unit/oracle_stage.hpp"

namespace landfall::lab {
namespace {

enum class Fault : std::uint8_t {
    None,
    LoseARecord,
    SwapRecords,
    LabelTooLate,
    LeakAFutureWrite,
    ForgetADirtyBit,
    AcceptOldGeneration,
    ShowTooSmallRpo,
    ChangeAPoint,
    CountAgainTwice,
    Count,
};

class Model {
  public:
    Model(std::uint64_t seed, Fault fault, const BoardOptions& options = Stage::options_of_tests())
        : stage(options), random_(seed), fault_(fault) {
        stage.replica_readable = true;
    }

    void run(int steps) {
        for (int step = 0; step < steps; ++step) {
            stage.clock =
                stage.clock + Duration(static_cast<std::int64_t>(random_.below(500'000'000)));
            switch (random_.below(12)) {
                case 0: publish_when_arrived(kWeb); break;
                case 1: publish_when_arrived(kDb); break;
                case 2:
                case 3:
                case 4: deliver(); break;
                case 5: report(); break;
                case 6: copy_a_block(); break;
                case 7: retire(); break;
                case 8:
                    if (random_.below(20) == 0) fail_over();
                    break;
                default: write();
            }
            if (random_.below(10) == 0) checkpoint();
        }
        checkpoint();
        stage.board.finish();
    }

    Stage stage;

  private:
    struct Record {
        std::uint32_t disk;
        std::uint64_t sequence;
        SectorRange range;
        Stamp stamp;
        Instant at;
    };

    // Once per run, somewhere in its middle.
    bool strikes(Fault fault) {
        if (fault != fault_ || struck_ || random_.below(4) != 0) return false;
        struck_ = true;
        return true;
    }

    static MachineId owner(std::uint32_t disk) { return disk < 2 ? kWeb : kDb; }

    void write() {
        const auto disk = static_cast<std::uint32_t>(random_.below(3));
        const std::uint64_t first = random_.below(64);
        const std::uint64_t count = 1 + random_.below(std::min<std::uint64_t>(64 - first, 6));
        const Stamp stamp = stage.write(disk, first, count);
        wire_[owner(disk).value].push_back(
            {disk, ++sequence_[disk], {first, count}, stamp, stage.clock});
        stage.board.bytes_sent(DiskId(disk), bytes_of(count), false);
        stage.flying[disk] += bytes_of(count);
        for (std::uint64_t k = 0; k < count; ++k) ++pending_[{disk, first + k}];
    }

    static Bytes bytes_of(std::uint64_t sectors) {
        return Bytes(static_cast<std::int64_t>(sectors) * 4096);
    }

    void deliver() {
        const std::uint32_t machine = random_.below(2) == 0 ? 0 : 1;
        auto& wire = wire_[machine];
        for (std::uint64_t k = random_.below(6); k > 0 && !wire.empty(); --k) {
            if (wire.size() > 1 && wire[0].disk == wire[1].disk && strikes(Fault::SwapRecords))
                std::swap(wire[0], wire[1]);
            const Record record = wire.front();
            wire.pop_front();
            if (!strikes(Fault::LoseARecord)) apply(record);
            for (std::uint64_t s = record.range.first; s < record.range.end(); ++s)
                if (--pending_[{record.disk, s}] == 0) pending_.erase({record.disk, s});
        }
    }

    void apply(const Record& record) {
        const DiskId disk(record.disk);
        auto& sectors = stage.replica_disks.content_[record.disk];
        for (std::uint64_t s = record.range.first; s < record.range.end(); ++s)
            sectors[s] = record.stamp;
        stage.board.record_accepted(disk, stage.generation, record.sequence);
        const Generation generation = strikes(Fault::AcceptOldGeneration) ? 0 : stage.generation;
        stage.board.accepted(disk, generation, record.range);
        if (random_.below(3) == 0) {  // the acknowledgement is lost, so it is sent again
            const Bytes bytes = bytes_of(record.range.count);
            stage.board.bytes_lost(disk, bytes);
            stage.board.bytes_sent(disk, bytes, true);
            if (strikes(Fault::CountAgainTwice)) stage.board.bytes_sent(disk, bytes, true);
        }
        stage.board.bytes_acknowledged(disk, bytes_of(record.range.count));
        stage.flying[record.disk] -= bytes_of(record.range.count);
        stage.board.acknowledged(disk, record.stamp);
        if (random_.below(30) == 0) {
            stage.board.replica_recovered(disk, stage.replica_disks);
            stage.board.replayed_again(disk, stage.replica_disks, stage.replica_disks);
        }
    }

    void publish_when_arrived(MachineId machine) {
        auto& wire = wire_[machine.value];
        const Instant cut = wire.empty() ? stage.clock : wire.front().at;
        PublishedPoint point = stage.claim(machine, next_id_[machine.value] + 1);
        point.cut = cut;
        if (cut <= last_cut_[machine.value]) return;
        const bool late = !wire.empty() && wire.front().at < stage.clock;
        if (late && strikes(Fault::LabelTooLate)) point.cut = stage.clock;
        Content content = stage.replica_disks.content_;
        if (!wire.empty() && strikes(Fault::LeakAFutureWrite))
            content[wire.front().disk][wire.front().range.first] = wire.front().stamp;
        last_cut_[machine.value] = point.cut;
        ++next_id_[machine.value];
        stage.publish(point, content);
        if (random_.below(8) == 0) stage.board.point_pinned(machine, point.id, true);
    }

    void report() {
        for (const MachineId machine : {kWeb, kDb}) {
            const bool lies =
                !wire_[machine.value].empty() && last_cut_[machine.value] > Instant() &&
                stage.clock > wire_[machine.value].front().at && strikes(Fault::ShowTooSmallRpo);
            const Duration rpo = stage.clock - last_cut_[machine.value];
            stage.board.rpo_reported(machine, stage.clock, lies ? Duration(0) : rpo);
        }
    }

    // Copies fail here, so that contents are the journal's alone: only the handshake counts.
    void copy_a_block() {
        const DiskId disk(random_.below(3));
        const SectorRange block{random_.below(8) * 8, 8};
        stage.board.dirty_cleared(disk, block);
        stage.board.copy_read(disk, block);
        if (!strikes(Fault::ForgetADirtyBit)) stage.board.dirty_marked(disk, block);
        stage.board.copy_ended(disk, block, false);
    }

    void retire() {
        for (const MachineId machine : {kWeb, kDb}) {
            if (!stage.points.empty() && strikes(Fault::ChangeAPoint)) {
                auto& content = stage.points.begin()->second.content_;
                content[stage.points.begin()->first.first == 0 ? 0 : 2][1] += 1;
            }
            for (const std::uint64_t id : stage.listed_points(machine)) {
                if (id == next_id_[machine.value]) continue;  // the newest stays
                const ListedPoint* const listed = stage.board.points().find(machine, id);
                if (listed->pinned && random_.below(4) == 0)
                    stage.board.point_pinned(machine, id, false);
                if (!listed->pinned && stage.clock - listed->point.cut > seconds(100))
                    stage.drop(machine, id);
            }
        }
    }

    void checkpoint() {
        stage.dirty.clear();
        for (const auto& [place, count] : pending_) stage.dirty.insert(place);
        stage.board.checkpoint();
    }

    // The machine web goes on from what the replica published last; its wire is cut.
    void fail_over() {
        const auto ids = stage.listed_points(kWeb);
        if (ids.empty()) return;
        const ListedPoint chosen = *stage.board.points().find(kWeb, ids.back());
        const ContentReader content = stage.points.at({0, ids.back()});
        stage.board.failed_over(chosen.point, false, content);
        while (!wire_[0].empty()) {
            const Record record = wire_[0].front();
            wire_[0].pop_front();
            stage.board.bytes_lost(DiskId(record.disk), bytes_of(record.range.count));
            stage.flying[record.disk] -= bytes_of(record.range.count);
            for (std::uint64_t s = record.range.first; s < record.range.end(); ++s)
                if (--pending_[{record.disk, s}] == 0) pending_.erase({record.disk, s});
        }
        ++stage.life;
        ++stage.generation;
        for (const std::uint32_t disk : {0U, 1U}) {
            stage.source_disks.content_[disk] = content.content_.at(disk);
            stage.replica_disks.content_[disk] = content.content_.at(disk);
        }
        // Reverse replication begins at once.
        stage.write(0, 0);
        stage.replica_disks.content_[0][0] = stage.source_disks.content_[0][0];
    }

    kernel::RandomStream random_;
    Fault fault_;
    bool struck_ = false;
    std::map<std::uint32_t, std::deque<Record>> wire_;
    std::map<std::uint32_t, std::uint64_t> sequence_;
    std::map<std::pair<std::uint32_t, std::uint64_t>, int> pending_;
    std::map<std::uint32_t, std::uint64_t> next_id_;
    std::map<std::uint32_t, Instant> last_cut_;
};

TEST(OracleBoard, IsSilentOnRandomRightDataPaths) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        Model model(seed, Fault::None);
        model.run(600);
        ASSERT_EQ(model.stage.board.violation_count(), 0U)
            << "seed " << seed << '\n'
            << report_text(report_of(model.stage.board));
        EXPECT_GT(model.stage.board.points_checked(), 0U);
    }
}

TEST(OracleBoard, NoticesPlantedFaultsOfRandomDataPaths) {
    const auto count = static_cast<int>(Fault::Count);
    for (int fault = 1; fault < count; ++fault) {
        int noticed = 0;
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            Model model(seed, static_cast<Fault>(fault));
            model.run(600);
            if (model.stage.board.violation_count() > 0) ++noticed;
        }
        EXPECT_GE(noticed, 18) << "fault " << fault;
    }
}

TEST(OracleBoard, ComparingChangesFindsWhatComparingAllFinds) {
    for (const Fault fault : {Fault::None, Fault::LoseARecord, Fault::SwapRecords}) {
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            std::vector<bool> found;
            for (const std::uint32_t every : {1U, 1'000'000U}) {
                BoardOptions options = Stage::options_of_tests();
                options.full_compare_every = every;
                Model model(seed, fault, options);
                model.run(300);
                found.push_back(model.stage.violations("S1") + model.stage.violations("S5") > 0);
            }
            EXPECT_EQ(found[0], found[1]) << seed;
        }
    }
}

}  // namespace
}  // namespace landfall::lab
