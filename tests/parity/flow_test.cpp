// tests/parity/flow_test.cpp — churn ceilings of disks, and copies that give way to changes.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/memory/memory_kernel.hpp"
#include "tests/support/small_world.hpp"

namespace landfall::test {
namespace {

enum class KernelKind { Memory, SimGrid };

std::unique_ptr<SmallWorld> make(const SmallSetup& setup, KernelKind kind) {
    return std::make_unique<SmallWorld>(
        setup, [kind](kernel::NetworkPlan plan) -> std::unique_ptr<kernel::Kernel> {
            if (kind == KernelKind::Memory) {
                return std::make_unique<kernel::MemoryKernel>(std::move(plan));
            }
            return std::make_unique<kernel::SimGridKernel>(plan);
        });
}

std::size_t events_of(const std::vector<record::Table>& tables, const std::string& kind) {
    const auto events = std::find_if(tables.begin(), tables.end(),
                                     [](const auto& table) { return table.name == "events"; });
    const auto& column = events->columns[1];
    const auto& names = *column.categories;
    std::size_t count = 0;
    for (const std::int32_t code : std::get<std::vector<std::int32_t>>(column.values)) {
        count += names[static_cast<std::size_t>(code)] == kind ? 1 : 0;
    }
    return count;
}

class ChurnCeilings : public testing::TestWithParam<KernelKind> {
  protected:
    static constexpr std::int64_t kWritten = 3 * kMB;  // per second and disk
    static constexpr std::int64_t kCeiling = 2 * kMB;  // of the first disk

    static SmallSetup two_disks() {
        SmallSetup setup;
        setup.relay = false;
        setup.wan = BytesPerSecond(10 * kGB);
        setup.profile.azure_churn_burst = seconds(10);
        setup.machines = {{"vm",
                           {Bytes(20 * kGB), Bytes(20 * kGB)},
                           BytesPerSecond(kWritten),
                           {BytesPerSecond(kCeiling), BytesPerSecond(20 * kMB)}}};
        return setup;
    }
};

INSTANTIATE_TEST_SUITE_P(OnBothKernels, ChurnCeilings,
                         testing::Values(KernelKind::Memory, KernelKind::SimGrid),
                         [](const auto& kind) {
                             return kind.param == KernelKind::Memory ? "Memory" : "SimGrid";
                         });

/// A disk that writes w where c may leave: by the marker of time T it has written w T, of which its
/// bucket lets c (s + b) through at once and c a second from the first step on, s being the step
/// and b the burst. The point of T is there at s + (w T - c (s + b)) / c: the RPO grows by 1 - c/w
/// a second. The other disk is below its ceiling, and waits for the point none the less.
TEST_P(ChurnCeilings, ADiskAboveItsCeilingMakesTheRpoGrowByOneMinusCeilingOverChurn) {
    auto world = make(two_disks(), GetParam());
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    world->run_until(Instant(hours(1)));

    const auto tables = world->recorder().take_tables();
    const auto& at_s = SmallWorld::column(tables, "rpo", "t_s");
    const auto& after_s = SmallWorld::column(tables, "rpo", "rpo_s_after");
    std::size_t points = 0;
    for (std::size_t k = 0; k < at_s.size(); ++k) {
        const double cut = at_s[k] - after_s[k];
        if (std::isnan(cut) || cut < 1 || at_s[k] >= 3600) continue;
        ++points;
        const double burst = 2.0 * 11;  // MB
        EXPECT_NEAR(at_s[k], 1 + (3.0 * cut - burst) / 2.0, 0.1) << "point of " << cut << " s";
    }
    // Markers every 300 s, points every 450 s: those of 300 s to 2,400 s.
    EXPECT_EQ(points, 8U);
    EXPECT_EQ(events_of(tables, "churn_over_limit"), 1U);
    EXPECT_EQ(events_of(tables, "churn_within_limit"), 0U);
}

TEST_P(ChurnCeilings, DisksBelowTheirCeilingsAreNotHeldUp) {
    SmallSetup setup = two_disks();
    setup.machines.front().churn_per_disk = BytesPerSecond(kCeiling);
    auto world = make(setup, GetParam());
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    world->run_until(Instant(hours(1)));
    EXPECT_NEAR(world->recorder().rpo(MachineId(0)).maximum(), 300, 0.1);
    EXPECT_EQ(events_of(world->recorder().take_tables(), "churn_over_limit"), 0U);
}

/// 1 MB/s stays behind: a buffer of 1 GB is full after 1,000 s, and what the burst gave. The disk
/// rests while it is compared; then it is told to be within its limits, until it is not again.
TEST_P(ChurnCeilings, AboveACeilingForLongTheSourceBufferOverflowsAndAResyncFollows) {
    SmallSetup setup = two_disks();
    setup.profile.source_buffer = Bytes(kGB);
    setup.profile.automatic_resync_delay = minutes(1);
    auto world = make(setup, GetParam());
    std::int64_t resyncs = 0;
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    world->at(Instant(seconds(1015)),
              [&] { EXPECT_EQ(world->engine().data_path(MachineId(0)), DataPath::Journal); });
    world->at(Instant(seconds(1030)), [&] {
        EXPECT_EQ(world->engine().data_path(MachineId(0)), DataPath::ResyncRequired);
    });
    world->at(Instant(minutes(30)), [&] { resyncs = world->engine().resyncs(MachineId(0)); });
    world->run_until(Instant(minutes(30)) + seconds(1));
    EXPECT_EQ(resyncs, 1);
    EXPECT_EQ(world->engine().data_path(MachineId(0)), DataPath::Journal);
    const auto tables = world->recorder().take_tables();
    EXPECT_EQ(events_of(tables, "churn_over_limit"), 2U);
    EXPECT_EQ(events_of(tables, "churn_within_limit"), 1U);
}

struct Outcome {
    double copy_s = 0;
    double mean_rpo_s = 0;  ///< of the machine that was protected before
};

/// One machine writes all the time; another of 2 GB is copied over the same server from 600 s on.
Outcome copied_beside(std::int64_t churn, bool relay, std::optional<std::int64_t> least) {
    SmallSetup setup;
    setup.relay = relay;
    setup.wan = BytesPerSecond(10 * kMB);
    setup.profile.resync_rate_control = least.has_value();
    setup.profile.resync_interval = seconds(1);
    setup.profile.resync_plan_ahead = seconds(20);
    setup.profile.resync_delay_target = seconds(10);
    setup.profile.resync_start_rate = BytesPerSecond(kMB);
    setup.profile.resync_least_rate = BytesPerSecond(least.value_or(1));
    setup.machines = {{"busy", {Bytes(20 * kGB)}, BytesPerSecond(churn)},
                      {"cold", {Bytes(2 * kGB)}, BytesPerSecond(0)}};
    auto world = make(setup, KernelKind::Memory);
    world->at(Instant(), [&] { world->logic().adopt_protected(MachineId(0)); });
    world->at(Instant(minutes(10)),
              [&] { world->logic().start(Operation::EnableReplication, MachineId(1)); });
    world->run_until(Instant(hours(3)));
    Outcome outcome;
    const auto copied = world->logic().milestones(MachineId(1)).copy_completed;
    outcome.copy_s = copied ? to_seconds(copied->since_start()) - 600 : 1e9;
    outcome.mean_rpo_s = world->recorder().rpo(MachineId(0)).mean();
    return outcome;
}

/// Below, near and above what the line carries: the copy ends within its size over its least rate
/// (to a tenth: its steps are asked for once a second), and the busy machine's RPO is better on the
/// average than with half of the line given away.
TEST(ResyncRateControl, ACopyBesideSaturatingChangesEndsAndGivesWay) {
    for (const bool relay : {true, false}) {
        for (const std::int64_t churn : {7 * kMB, 9 * kMB, 12 * kMB}) {
            const Outcome fixed = copied_beside(churn, relay, std::nullopt);
            for (const std::int64_t least : {kMB / 2, kMB}) {
                const Outcome paced = copied_beside(churn, relay, least);
                EXPECT_LE(paced.copy_s, 1.1 * 2 * kGB / least + 60)
                    << "relay " << relay << ", churn " << churn << ", least " << least;
                EXPECT_LT(paced.mean_rpo_s, fixed.mean_rpo_s)
                    << "relay " << relay << ", churn " << churn << ", least " << least;
            }
        }
    }
}

/// Nothing else on the line: all of it is the copy's, after a start of some steps.
TEST(ResyncRateControl, ACopyOnItsOwnFillsTheLine) {
    const Outcome paced = copied_beside(0, true, kMB);
    EXPECT_NEAR(paced.copy_s, 200, 0.25 * 200);
}

}  // namespace
}  // namespace landfall::test
