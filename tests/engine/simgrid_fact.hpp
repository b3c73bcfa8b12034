// tests/engine/simgrid_fact.hpp — a small platform to show one fact about SimGrid on.
//
// These tests pin what the installed library does, right or wrong, because sim/ is built around it:
// when one of them fails after an upgrade, its comment says which pattern of sim/ it carries. Every
// expected value is computed from the formula above it.
//
// Law: one engine per process. ctest starts each test in a process of its own; run as a whole, the
// program skips all tests but the first.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>

namespace landfall::engine_facts {

namespace s4u = simgrid::s4u;
using State = s4u::Activity::State;

/// Options that leave only latency + bytes / bandwidth: no factors, no window, no cross traffic.
inline const std::vector<std::string> kPlainNetwork = {
    "network/latency-factor:1", "network/bandwidth-factor:1", "network/TCP-gamma:0",
    "network/crosstraffic:0", "network/weight-S:0"};

/// The same with a window too large to bind. Not the same to the library: with a window, and only
/// then, a flow is bounded by the bandwidth that its route had at its start, and by its own rate.
inline const std::vector<std::string> kPlainNetworkWithWindow = {
    "network/latency-factor:1", "network/bandwidth-factor:1", "network/TCP-gamma:1e15",
    "network/crosstraffic:0", "network/weight-S:0"};

/// The library's own defaults: model LV08 with all its factors.
inline const std::vector<std::string> kDefaultNetwork = {};

/// One end of an activity as the completion signal reported it.
struct End {
    double at_s;
    State state;
};

/// Starts an engine with the given options; silent, and on the contexts that sanitizers accept if
/// LANDFALL_SIMGRID_CONTEXTS says so (AddressSanitizer needs `thread`).
class Simulation {
  public:
    explicit Simulation(const std::vector<std::string>& config) : engine_(make_engine(config)) {
        // The signal is static and never forgets: one callback for all engines of this process.
        if (!was_made) {
            s4u::Activity::on_completion_cb(
                [](const s4u::Activity& activity) { current->report(activity); });
        }
        current = this;
        was_made = true;
    }
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    /// Two hosts, `a` and `b`, over one shared link `wan`. Seals the platform.
    void connect(double bytes_per_s, double latency_s) {
        zone = s4u::create_full_zone("world");
        a = zone->create_host("a", 1e9);
        b = zone->create_host("b", 1e9);
        wan = zone->create_link("wan", bytes_per_s)->set_latency(latency_s);
        wan->set_sharing_policy(s4u::Link::SharingPolicy::SHARED);
        zone->add_route(a->get_netpoint(), b->get_netpoint(), nullptr, nullptr,
                        {s4u::LinkInRoute(wan)}, true);
        zone->seal();
    }

    /// Starts a transfer from the main loop, without an actor, and keeps it alive.
    s4u::CommPtr send(s4u::Host* from, s4u::Host* to, std::uint64_t bytes) {
        s4u::CommPtr comm = s4u::Comm::sendto_init(from, to);
        comm->set_payload_size(bytes);
        comm->vetoable_start();
        comms_.push_back(comm);
        return comm;
    }
    s4u::CommPtr send(std::uint64_t bytes) { return send(a, b, bytes); }

    /// Starts a disk read or write from the main loop.
    s4u::IoPtr write(s4u::Disk* disk, sg_size_t bytes) {
        s4u::IoPtr io = disk->io_init(bytes, s4u::Io::OpType::WRITE);
        io->vetoable_start();
        ios_.push_back(io);
        return io;
    }

    /// Calls `action` at simulated time `at_s`.
    static void at(double at_s, std::function<void()> action) {
        simgrid::kernel::timer::Timer::set(at_s, std::move(action));
    }

    void run() { engine_.run(); }

    [[nodiscard]] const std::vector<End>& ends_of(const s4u::ActivityPtr& activity) {
        return ends_[activity.get()];
    }
    /// When the activity ended; fails the test unless it ended exactly once.
    [[nodiscard]] double end_s(const s4u::ActivityPtr& activity) {
        const std::vector<End>& ends = ends_of(activity);
        EXPECT_EQ(ends.size(), 1U);
        return ends.empty() ? -1.0 : ends.front().at_s;
    }
    /// Activities in the order in which their ends were reported.
    [[nodiscard]] const std::vector<const s4u::Activity*>& order() const { return order_; }

    /// True once this process has held an engine.
    inline static bool was_made = false;
    /// The one that completions are reported to.
    inline static Simulation* current = nullptr;

    s4u::NetZone* zone = nullptr;
    s4u::Host* a = nullptr;
    s4u::Host* b = nullptr;
    s4u::Link* wan = nullptr;
    std::function<void(const s4u::Activity&)> on_end;

  private:
    void report(const s4u::Activity& activity) {
        ends_[&activity].push_back({s4u::Engine::get_clock(), activity.get_state()});
        order_.push_back(&activity);
        if (on_end) on_end(activity);
    }

    static s4u::Engine make_engine(const std::vector<std::string>& config) {
        std::vector<std::string> words = {"facts", "--log=root.thresh:critical", "--log=no_loc",
                                          "--cfg=debug/verbose-exit:no"};
        const char* contexts = std::getenv("LANDFALL_SIMGRID_CONTEXTS");
        words.push_back(std::string("--cfg=contexts/factory:") + (contexts ? contexts : "raw"));
        for (const std::string& option : config) words.push_back("--cfg=" + option);
        std::vector<char*> argv;
        for (std::string& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        int argc = static_cast<int>(words.size());
        return s4u::Engine(&argc, argv.data());
    }

    s4u::Engine engine_;
    std::map<const s4u::Activity*, std::vector<End>> ends_;
    std::vector<const s4u::Activity*> order_;
    std::vector<s4u::CommPtr> comms_;
    std::vector<s4u::IoPtr> ios_;
};

/// Base of the tests: refuses a second engine in this process instead of measuring nonsense.
class SimGridFact : public testing::Test {
  protected:
    void SetUp() override {
        GTEST_FLAG_SET(death_test_style, "threadsafe");
        if (Simulation::was_made) {
            GTEST_SKIP() << "one engine per process: run these tests with ctest";
        }
    }
};

}  // namespace landfall::engine_facts
