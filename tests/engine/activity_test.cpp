// tests/engine/activity_test.cpp — the life of an activity that no actor owns.
#include <simgrid/s4u/Mailbox.hpp>

#include "tests/engine/simgrid_fact.hpp"

namespace landfall::engine_facts {
namespace {

class ActivityLife : public SimGridFact {};
using ActivityLifeDeathTest = ActivityLife;

constexpr double kLatency = 1e-3;

// Fact 4. set_rate() after sendto_init(a, b) aborts: a host-to-host transfer has no rate of its
// own.
TEST_F(ActivityLifeDeathTest, RateOfAHostToHostTransferAborts) {
    EXPECT_DEATH(
        {
            Simulation simulation(kPlainNetwork);
            simulation.connect(1e6, kLatency);
            s4u::Comm::sendto_init(simulation.a, simulation.b)->set_rate(1e5);
        },
        "");
}

// Fact 4, the quiet half: after sendto_init() without hosts the rate is accepted and ignored, so
// that 1e6 B pass at the link's 1e6 B/s and not at 1e5 B/s.
TEST_F(ActivityLife, RateOfALateBoundTransferIsIgnored) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, kLatency);
    const s4u::CommPtr comm = s4u::Comm::sendto_init();
    comm->set_rate(1e5);
    comm->set_payload_size(1'000'000);
    comm->set_source(simulation.a)->set_destination(simulation.b);  // starts it as well
    simulation.run();
    EXPECT_NEAR(simulation.end_s(comm), kLatency + 1e6 / 1e6, 1e-6);
}

// Fact 4, what does work: a transfer by mailbox, between two actors, keeps to its rate. Only with a
// window, though: gamma 0 drops this bound as well.
TEST_F(ActivityLife, RateOfAMailboxTransferHolds) {
    Simulation simulation(kPlainNetworkWithWindow);
    simulation.connect(1e6, kLatency);
    static int payload = 0;
    double received_s = 0;
    s4u::Actor::create("sender", simulation.a, [] {
        const s4u::CommPtr comm = s4u::Mailbox::by_name("box")->put_init(&payload, 1'000'000);
        comm->set_rate(1e5);
        comm->wait();
    });
    s4u::Actor::create("receiver", simulation.b, [&received_s] {
        s4u::Mailbox::by_name("box")->get<int>();
        received_s = s4u::Engine::get_clock();
    });
    simulation.run();
    EXPECT_NEAR(received_s, kLatency + 1e6 / 1e5, 1e-6);
}

// Fact 8. cancel() reports the end twice, as CANCELED and then as FAILED: a dispatcher must forget
// the activity at the first report.
TEST_F(ActivityLife, CancelIsReportedTwice) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, kLatency);
    const auto comm = simulation.send(10'000'000);
    Simulation::at(1.0, [&] { comm->cancel(); });
    simulation.run();
    const std::vector<End>& ends = simulation.ends_of(comm);
    ASSERT_EQ(ends.size(), 2U);
    EXPECT_EQ(ends[0].state, State::CANCELED);
    EXPECT_EQ(ends[1].state, State::FAILED);
    EXPECT_DOUBLE_EQ(ends[0].at_s, 1.0);
    EXPECT_DOUBLE_EQ(ends[1].at_s, 1.0);
}

// Fact 9. resume() never clears the flag of suspend(): the first pause, 1 s to 3 s, holds; the
// second, from 4 s on, is ignored. 10 s of work end at 12 s; not never.
TEST_F(ActivityLife, IsSuspendedOnlyOnce) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e5, kLatency);
    const auto comm = simulation.send(1'000'000);
    Simulation::at(1.0, [&] { comm->suspend(); });
    Simulation::at(3.0, [&] { comm->resume(); });
    Simulation::at(4.0, [&] { comm->suspend(); });
    simulation.run();
    EXPECT_NEAR(simulation.end_s(comm), kLatency + 1e6 / 1e5 + 2.0, 1e-6);
}

// Worse: a resume() of a running activity takes its end off the solver's list. What would have
// ended at 12 s is never reported, and run() returns as if all were well.
TEST_F(ActivityLife, AResumeTooManyLosesTheEnd) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e5, kLatency);
    const auto comm = simulation.send(1'000'000);
    Simulation::at(1.0, [&] { comm->suspend(); });
    Simulation::at(3.0, [&] { comm->resume(); });
    Simulation::at(6.0, [&] { comm->resume(); });
    Simulation::at(20.0, [] {});
    simulation.run();
    EXPECT_TRUE(simulation.ends_of(comm).empty());
    EXPECT_DOUBLE_EQ(s4u::Engine::get_clock(), 20.0);
}

// A transfer started inside the report of another one's end works: no actor is needed for a chain.
TEST_F(ActivityLife, TransfersChainFromTheirReports) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, kLatency);
    int left = 9;
    simulation.on_end = [&](const s4u::Activity&) {
        if (left-- > 0) simulation.send(1'000'000);
    };
    simulation.send(1'000'000);
    simulation.run();
    EXPECT_NEAR(s4u::Engine::get_clock(), 10 * (kLatency + 1.0), 1e-6);
}

// An exception thrown in a timer leaves run() as a C++ exception.
TEST_F(ActivityLife, AnExceptionOfATimerLeavesRun) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, kLatency);
    Simulation::at(1.0, [] { throw std::runtime_error("told you"); });
    EXPECT_THROW(simulation.run(), std::runtime_error);
}

}  // namespace
}  // namespace landfall::engine_facts
