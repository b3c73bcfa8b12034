// tests/engine/disk_test.cpp — disks: what they do not know about their host, and how they round.
#include <cmath>
#include <functional>

#include "tests/engine/simgrid_fact.hpp"

namespace landfall::engine_facts {
namespace {

class DiskFact : public SimGridFact {};

constexpr double kRate = 1e6;  // bytes per second

// Fact 7. A write goes on, and finishes on time, on a host that was turned off under it.
TEST_F(DiskFact, WritesOnAfterItsHostWentOff) {
    Simulation simulation(kPlainNetwork);
    auto* zone = s4u::create_full_zone("world");
    auto* host = zone->create_host("a", 1e9);
    auto* disk = host->create_disk("disk", kRate, kRate);
    zone->seal();
    const auto io = simulation.write(disk, 4'000'000);
    Simulation::at(1.0, [host] { host->turn_off(); });
    simulation.run();
    EXPECT_NEAR(simulation.end_s(io), 4e6 / kRate, 1e-6);
    EXPECT_EQ(simulation.ends_of(io)[0].state, State::FINISHED);
}

// Fact 13. At every step of the simulation progress is rounded to whole bytes. With an event every
// 1.4 us a write at 1 MB/s advances by rint(1.4) = 1 byte a step: 1.4 times as long as it should.
TEST_F(DiskFact, RoundsProgressToWholeBytesAtEveryStep) {
    Simulation simulation(kPlainNetwork);
    auto* zone = s4u::create_full_zone("world");
    auto* disk = zone->create_host("a", 1e9)->create_disk("disk", kRate, kRate);
    zone->seal();
    constexpr double kStep = 1.4e-6;
    constexpr double kBytes = 10'000;
    const auto io = simulation.write(disk, static_cast<sg_size_t>(kBytes));
    bool running = true;
    simulation.on_end = [&](const s4u::Activity&) { running = false; };
    std::function<void()> tick = [&] {
        if (running) Simulation::at(s4u::Engine::get_clock() + kStep, tick);
    };
    tick();
    simulation.run();
    const double rounded_bytes_per_step = std::rint(kStep * kRate);
    EXPECT_NEAR(simulation.end_s(io), kBytes / rounded_bytes_per_step * kStep, 0.02 * 0.014);
}

}  // namespace
}  // namespace landfall::engine_facts
