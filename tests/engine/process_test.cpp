// tests/engine/process_test.cpp — one engine per process, what deadlock looks like, equal runs.
#include <array>
#include <csignal>
#include <cstring>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include <simgrid/s4u/Mailbox.hpp>

#include "tests/engine/simgrid_fact.hpp"

namespace landfall::engine_facts {
namespace {

class Process : public SimGridFact {};

// A second engine keeps the clock of the first: silent contamination, so landfall refuses one.
TEST_F(Process, ASecondEngineKeepsTheClockOfTheFirst) {
    const auto one_second_of_work = [] {
        Simulation simulation(kPlainNetwork);
        simulation.connect(1e6, 0.5);
        simulation.send(500'000);
        simulation.run();
        return s4u::Engine::get_clock();
    };
    EXPECT_NEAR(one_second_of_work(), 1.0, 1e-6);
    EXPECT_GT(one_second_of_work(), 1.0);
}

// On a deadlock run() returns as if all were well; only on_deadlock_cb tells.
TEST_F(Process, RunReturnsOnDeadlock) {
    Simulation simulation(kPlainNetwork);
    simulation.connect(1e6, 1e-3);
    int deadlocks = 0;
    s4u::Engine::on_deadlock_cb([&deadlocks] { ++deadlocks; });
    s4u::Actor::create("waits", simulation.a, [] { s4u::Mailbox::by_name("never")->get<int>(); });
    simulation.run();
    EXPECT_EQ(deadlocks, 1);
}

// Fact 14. Creating an engine replaces the process's handlers of Ctrl-C and of a bad access.
TEST_F(Process, AnEngineTakesTheSignalHandlers) {
    const auto handler_of = [](int signal) {
        struct sigaction action {};
        sigaction(signal, nullptr, &action);
        return action.sa_handler;
    };
    std::signal(SIGINT, SIG_IGN);
    ASSERT_EQ(handler_of(SIGINT), SIG_IGN);
    const Simulation simulation(kPlainNetwork);
    EXPECT_NE(handler_of(SIGINT), SIG_IGN);
    EXPECT_NE(handler_of(SIGINT), SIG_DFL);
}

/// Runs 300 overlapping transfers in a child process; the bits of every end date, in report order.
std::string dates_of_a_run_in_a_child() {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return "no pipe";
    const pid_t child = fork();
    if (child == 0) {
        Simulation simulation(kDefaultNetwork);
        simulation.connect(1e8, 0.013);
        for (int i = 0; i < 300; ++i) {
            const auto bytes = static_cast<std::uint64_t>(1'000'003) * (i % 7 + 1) + i;
            Simulation::at(0.37 * i, [&simulation, bytes] { simulation.send(bytes); });
        }
        std::string dates;
        simulation.on_end = [&](const s4u::Activity&) {
            const double now = s4u::Engine::get_clock();
            std::array<char, sizeof now> bits{};
            std::memcpy(bits.data(), &now, sizeof now);
            dates.append(bits.data(), bits.size());
        };
        simulation.run();
        const bool written =
            write(ends[1], dates.data(), dates.size()) == static_cast<ssize_t>(dates.size());
        _exit(written ? 0 : 1);
    }
    close(ends[1]);
    std::string dates;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
        dates.append(buffer.data(), static_cast<std::size_t>(got));
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? dates : "child failed";
}

// The same program gives the same dates to the last bit, in every process.
TEST_F(Process, TwoRunsInTwoProcessesAreBitEqual) {
    const std::string first = dates_of_a_run_in_a_child();
    const std::string second = dates_of_a_run_in_a_child();
    EXPECT_EQ(first.size(), 300 * sizeof(double));
    EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace landfall::engine_facts
