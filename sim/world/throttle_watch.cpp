// sim/world/throttle_watch.cpp — throttles by host.
#include "sim/world/throttle_watch.hpp"

#include <algorithm>
#include <cmath>

#include "model/replication/replication_pipeline.hpp"
#include "sim/world/network_assembly.hpp"

namespace landfall::world {

ThrottleWatch::ThrottleWatch(const scenario::Scenario& scenario,
                             const std::vector<scenario::ExpandedMachine>& machines) {
    BytesPerSecond fastest;
    for (const scenario::Link& link : scenario.links) fastest = std::max(fastest, link.bandwidth);
    for (const scenario::Site& site : scenario.sites) {
        for (const scenario::Host& host : site.hosts) {
            if (host.throttles.empty()) continue;
            Throttle throttle{throttle_name(site.name, host.name), host.nic, Bytes(0), {}};
            throttle.burst =
                largest_batch(scenario.profile, scenario.detail.capture_step,
                              fastest > BytesPerSecond(0) ? std::min(fastest, host.nic) : host.nic);
            for (std::size_t index = 0; index < machines.size(); ++index) {
                const scenario::MachineGroup& group = scenario.machines[machines[index].group];
                // A process server on a host is throttled by its own tools, not by these.
                const bool uploads = group.replication == scenario::Replication::HyperVToAzure ||
                                     group.replication == scenario::Replication::HyperVToSecondary;
                if (uploads && group.site == site.name && group.host == host.name) {
                    throttle.members.emplace_back(index);
                }
            }
            throttles_.push_back(std::move(throttle));
        }
    }
}

std::vector<std::vector<MachineId>> ThrottleWatch::members() const {
    std::vector<std::vector<MachineId>> all;
    for (const Throttle& throttle : throttles_) all.push_back(throttle.members);
    return all;
}

void ThrottleWatch::capacity_changed(std::string_view link, double rate,
                                     BlockWitness& witness) const {
    for (std::size_t k = 0; k < throttles_.size(); ++k) {
        if (throttles_[k].link != link) continue;
        const BytesPerSecond now(std::llround(rate));
        const bool holds = now < throttles_[k].nic;
        witness.throttle_set(static_cast<std::uint32_t>(k), holds ? now : BytesPerSecond(0),
                             throttles_[k].burst);
    }
}

}  // namespace landfall::world
