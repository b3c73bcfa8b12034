// tests/engine/order_test.cpp — the order of events that fall on one date.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/engine/simgrid_fact.hpp"

namespace landfall::engine_facts {
namespace {

class Order : public SimGridFact {};

// Fact 10. Timers of one date do not fire in the order in which they were set: landfall keeps its
// own calendar of (date, sequence) with one timer of SimGrid per distinct date.
TEST_F(Order, TimersOfOneDateAreNotFirstInFirstOut) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, 1e-3);
    std::vector<int> fired;
    for (int i = 0; i < 200; ++i) Simulation::at(5.0, [&fired, i] { fired.push_back(i); });
    simulation.run();
    ASSERT_EQ(fired.size(), 200U);
    EXPECT_FALSE(std::is_sorted(fired.begin(), fired.end()));
    std::sort(fired.begin(), fired.end());
    EXPECT_EQ(fired.front(), 0);
    EXPECT_EQ(fired.back(), 199);
}

// Fact 10, transfers: twelve equal ones end on one date and are reported last in, first out.
TEST_F(Order, TransfersOfOneDateAreReportedInReverse) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, 1e-3);
    std::vector<const s4u::Activity*> started;
    for (int i = 0; i < 12; ++i) started.push_back(simulation.send(1'000'000).get());
    simulation.run();
    std::reverse(started.begin(), started.end());
    EXPECT_EQ(simulation.order(), started);
}

// Within one date all due timers fire before any end is reported.
TEST_F(Order, TimersComeBeforeCompletions) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, 1.0);
    std::string seen;
    simulation.on_end = [&](const s4u::Activity&) { seen += "end "; };
    simulation.send(1'000'000);  // 1 s of latency and 1 s of bytes: ends at 2 s exactly
    Simulation::at(2.0, [&] { seen += "timer "; });
    simulation.run();
    EXPECT_EQ(seen, "timer end ");
}

// A timer set for the past fires at once, without moving the clock back.
TEST_F(Order, ATimerOfThePastFiresAtOnce) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, 1e-3);
    double fired_s = -1;
    Simulation::at(
        5.0, [&] { Simulation::at(3.0, [&fired_s] { fired_s = s4u::Engine::get_clock(); }); });
    simulation.run();
    EXPECT_DOUBLE_EQ(fired_s, 5.0);
}

}  // namespace
}  // namespace landfall::engine_facts
