// tests/benchmarks/reference_actor_per_delta.cpp — the plain SimGrid program to compare with.
//
// What one writes from SimGrid's tutorial: an actor per machine that sleeps 5 minutes and sends
// what was written meanwhile, one transfer per delta, over one WAN link that all machines share. It
// knows none of landfall's code: no disks, no process server, no recovery points.
//
//   reference_actor_per_delta MACHINES HOURS [aligned]
//   {"machines":100,"hours":24,"aligned":false,"deltas":28800,"wall_s":..,"ns_per_delta":..,
//    "peak_rss_kb":..}
//
// As it stands an actor sleeps 5 minutes after each transfer, so that the machines drift apart and
// few transfers meet. With `aligned` it sleeps to the next mark of 5 minutes, as the samples of a
// trace lie and as landfall takes its markers: then all machines send at once.
//
// The WAN is twice as fast as the mean churn, so that the program keeps up and every delta counts.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <simgrid/s4u.hpp>

namespace {

namespace s4u = simgrid::s4u;

constexpr double kIntervalS = 300;
constexpr std::uint64_t kMeanDeltaBytes = 10'000'000;
constexpr double kLatencyS = 0.02;

/// Sends one delta after each interval; sizes from half to one and a half times the mean.
class Machine {
  public:
    Machine(int number, std::int64_t deltas, bool aligned)
        : state_(static_cast<std::uint64_t>(number) + 1), deltas_(deltas), aligned_(aligned) {}

    void operator()() {
        auto* here = s4u::this_actor::get_host();
        auto* azure = s4u::Host::by_name("azure");
        for (std::int64_t i = 0; i < deltas_; ++i) {
            if (aligned_) {
                s4u::this_actor::sleep_until(static_cast<double>(i + 1) * kIntervalS);
            } else {
                s4u::this_actor::sleep_for(kIntervalS);
            }
            s4u::Comm::sendto(here, azure, kMeanDeltaBytes / 2 + next() % kMeanDeltaBytes);
        }
    }

  private:
    std::uint64_t next() {  // a plain 64-bit linear congruence, high bits
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return state_ >> 33U;
    }

    std::uint64_t state_;
    std::int64_t deltas_;
    bool aligned_;
};

/// A star of machines and Azure, each behind its own access link, joined by the WAN.
void build_platform(int machines) {
    const double wan_bandwidth = 2.0 * machines * static_cast<double>(kMeanDeltaBytes) / kIntervalS;
    auto* zone = s4u::create_star_zone("world");
    const auto* wan = zone->create_link("wan", wan_bandwidth)->set_latency(kLatencyS);
    const auto add = [zone](const std::string& name, const s4u::Link* through) {
        auto* host = zone->create_host(name, 1e9);
        const auto* access = zone->create_link(name + "-access", 1.25e9)->set_latency(1e-4);
        std::vector<s4u::LinkInRoute> route = {s4u::LinkInRoute(access)};
        if (through != nullptr) route.emplace_back(through);
        zone->add_route(host->get_netpoint(), nullptr, nullptr, nullptr, route, true);
    };
    add("azure", wan);
    for (int i = 0; i < machines; ++i) add("machine-" + std::to_string(i), nullptr);
    zone->seal();
}

}  // namespace

int main(int argc, char** argv) {
    const bool aligned = argc == 4 && std::string(argv[3]) == "aligned";
    if (argc != 3 && !aligned) {
        std::fprintf(stderr, "usage: %s MACHINES HOURS [aligned]\n", argv[0]);
        return 2;
    }
    const int machines = std::atoi(argv[1]);
    const double hours = std::atof(argv[2]);
    const auto deltas_each = static_cast<std::int64_t>(hours * 3600 / kIntervalS);
    if (machines <= 0 || deltas_each <= 0) {
        std::fprintf(stderr, "%s: MACHINES and HOURS must be positive\n", argv[0]);
        return 2;
    }
    std::string quiet = "--log=root.thresh:warning";
    std::vector<char*> engine_argv = {argv[0], quiet.data(), nullptr};
    int engine_argc = 2;
    const s4u::Engine engine(&engine_argc, engine_argv.data());

    const auto begin = std::chrono::steady_clock::now();
    build_platform(machines);
    for (int i = 0; i < machines; ++i) {
        const std::string name = "machine-" + std::to_string(i);
        s4u::Actor::create(name, s4u::Host::by_name(name), Machine(i, deltas_each, aligned));
    }
    engine.run();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;

    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const std::int64_t deltas = deltas_each * machines;
    std::printf(R"({"machines":%d,"hours":%g,"aligned":%s,"deltas":%lld,)", machines, hours,
                aligned ? "true" : "false", static_cast<long long>(deltas));
    std::printf(R"("wall_s":%.6f,"ns_per_delta":%.1f,"peak_rss_kb":%ld})"
                "\n",
                wall.count(), wall.count() * 1e9 / static_cast<double>(deltas), usage.ru_maxrss);
    return 0;
}
