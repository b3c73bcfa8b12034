// tests/unit/throttle_watch_test.cpp — what the oracles are told of throttles, and of a damaged
// wire.
#include "sim/world/throttle_watch.hpp"

#include <bit>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/storage/wire_envelope.hpp"
#include "sim/lab/oracle_board.hpp"
#include "sim/world/wire_damage.hpp"
#include "tests/support/engine_sample.hpp"

namespace landfall::testing {
namespace {

using ::testing::IsEmpty;

struct Told {
    std::uint32_t throttle;
    BytesPerSecond rate;
    Bytes burst;
};

/// Writes down what it is told of throttles.
class Listener : public lab::OracleBoard {
  public:
    Listener() : OracleBoard({}, [] { return Instant(); }) {}
    void throttle_set(std::uint32_t throttle, BytesPerSecond rate, Bytes burst) override {
        told.push_back({throttle, rate, burst});
    }
    std::vector<Told> told;
};

// engines.json: host hv-1 of site hq has a throttle; machine "hv" uploads from it.
TEST(ThrottleWatch, KnowsTheMachinesThatAHostUploadsFor) {
    const scenario::Scenario scenario = loaded(engines());
    const auto machines = scenario::expand(scenario);
    const world::ThrottleWatch watch(scenario, machines);
    std::vector<std::vector<std::string>> names;
    for (const auto& members : watch.members()) {
        names.emplace_back();
        for (const MachineId machine : members) {
            names.back().push_back(machines[machine.value].name);
        }
    }
    ASSERT_FALSE(names.empty());
    EXPECT_THAT(names[0], ::testing::Contains("hv"));
    EXPECT_THAT(names[0], ::testing::Not(::testing::Contains("web-1")))
        << "a process server has its own throttle";
}

TEST(ThrottleWatch, TellsARateWhileItHoldsAndNothingElse) {
    const scenario::Scenario scenario = loaded(engines());
    const world::ThrottleWatch watch(scenario, scenario::expand(scenario));
    const scenario::Host& host = scenario.sites[0].hosts[0];
    const std::string link = scenario.sites[0].name + "/" + host.name + " throttle";
    Listener listener;
    watch.capacity_changed("wan up", 1e6, listener);
    EXPECT_THAT(listener.told, IsEmpty());
    watch.capacity_changed(link, 125e3, listener);
    watch.capacity_changed(link, static_cast<double>(host.nic.count()), listener);
    ASSERT_EQ(listener.told.size(), 2U);
    EXPECT_EQ(listener.told[0].rate, BytesPerSecond(125'000));
    EXPECT_EQ(listener.told[1].rate, BytesPerSecond(0)) << "lifted";
    EXPECT_GE(listener.told[0].burst, mebibytes(16)) << "the least that a batch may be";
}

TEST(WireDamage, FlipsOneBitOfWhatIsSentNextAndOnlyOnce) {
    world::WireDamage damage(7);
    const WireKey key{1, 2};
    const std::vector<std::byte> plain(100, std::byte{5});
    const std::vector<std::byte> sound = encode_envelope(plain, key);
    std::vector<std::byte> wire = sound;
    damage.on_wire(DiskId(0), wire);
    EXPECT_EQ(wire, sound) << "nobody wanted it";
    damage.damage_next(DiskId(0));
    damage.on_wire(DiskId(1), wire);
    EXPECT_EQ(wire, sound) << "another disk";
    damage.on_wire(DiskId(0), wire);
    std::size_t different = 0;
    for (std::size_t k = 0; k < wire.size(); ++k) {
        different +=
            static_cast<std::size_t>(std::popcount(std::to_integer<unsigned>(wire[k] ^ sound[k])));
    }
    EXPECT_EQ(different, 1U);
    EXPECT_NE(decode_envelope(wire, key).error, EnvelopeError::None);
    wire = sound;
    damage.on_wire(DiskId(0), wire);
    EXPECT_EQ(wire, sound);
}

}  // namespace
}  // namespace landfall::testing
