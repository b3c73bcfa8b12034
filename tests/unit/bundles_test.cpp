// tests/unit/bundles_test.cpp — what moves together, and in which order.
#include "analysis/bundles.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>

#include <gmock/gmock.h>

namespace landfall::analysis {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Bundles, MachinesWithoutTiesMoveAlone) {
    const Bundles found = bundle(3, {}, {});
    EXPECT_THAT(found.of_machine, ElementsAre(0, 1, 2));
    EXPECT_THAT(found.level, ElementsAre(0, 0, 0));
    EXPECT_THAT(found.needs, IsEmpty());
}

TEST(Bundles, AffinityTiesBothWays) {
    const Bundles found = bundle(4, {{3, 0}}, {{1, 3}, {2, 0}, {2, 3}});
    EXPECT_THAT(found.of_machine, ElementsAre(0, 1, 2, 0));
    EXPECT_THAT(found.level, ElementsAre(0, 1, 1));
    EXPECT_THAT(found.needs, ElementsAre(Pair(1, 0), Pair(2, 0)));
}

TEST(Bundles, DependenciesRoundACircleMoveTogether) {
    // 0 -> 1 -> 2 -> 0, and 3 needs one of them.
    const Bundles found = bundle(4, {}, {{0, 1}, {1, 2}, {2, 0}, {3, 1}});
    EXPECT_THAT(found.of_machine, ElementsAre(0, 0, 0, 1));
    EXPECT_THAT(found.level, ElementsAre(0, 1));
}

TEST(Bundles, ALevelIsTheLongestWayDown) {
    // 0 needs 1 and 3; 1 needs 2; 2 needs 3.
    const Bundles found = bundle(4, {}, {{0, 1}, {0, 3}, {1, 2}, {2, 3}});
    EXPECT_THAT(found.level, ElementsAre(3, 2, 1, 0));
}

TEST(Bundles, AnIndexThatIsNoMachineIsRefused) {
    EXPECT_THROW(bundle(2, {{0, 2}}, {}), std::out_of_range);
    EXPECT_THROW(bundle(2, {}, {{-1, 0}}), std::out_of_range);
    EXPECT_THROW(bundle(-1, {}, {}), std::out_of_range);
}

Ties some_ties(std::mt19937_64& random, std::int64_t machines) {
    Ties ties;
    for (auto left = random() % 20; left > 0; --left) {
        const auto index = [&] { return static_cast<std::int64_t>(random()) & 0xff; };
        ties.emplace_back(index() % machines, index() % machines);
    }
    return ties;
}

class AnyTies : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(AnyTies, LevelsRiseAlongEveryDependency) {
    std::mt19937_64 random(GetParam());
    const auto machines = static_cast<std::int64_t>(1 + random() % 12);
    const Ties together = some_ties(random, machines);
    const Ties needs = some_ties(random, machines);
    const Bundles found = bundle(machines, together, needs);
    const auto of = [&](std::int64_t machine) {
        return found.of_machine[static_cast<std::size_t>(machine)];
    };
    for (const auto& [a, b] : together) EXPECT_EQ(of(a), of(b));
    for (const auto& [a, b] : needs) {
        if (of(a) == of(b)) continue;
        EXPECT_TRUE(
            std::binary_search(found.needs.begin(), found.needs.end(), std::pair(of(a), of(b))));
    }
    for (const auto& [a, b] : found.needs) {
        EXPECT_GT(found.level[static_cast<std::size_t>(a)],
                  found.level[static_cast<std::size_t>(b)]);
    }
}

INSTANTIATE_TEST_SUITE_P(Bundles, AnyTies, ::testing::Range<std::uint64_t>(1, 101));

}  // namespace
}  // namespace landfall::analysis
