// sim/faults/link_faults.cpp — windows of factors and stalls, from the list of faults.
#include "sim/faults/link_faults.hpp"

#include <algorithm>

namespace landfall::faults {

namespace {

using scenario::Fault;
using scenario::Scenario;

template <typename Add>
void for_each(const Scenario& scenario, std::string_view target, FaultTarget kind, Add&& add) {
    for (const Fault& fault : scenario.faults) {
        if (row_of(fault.kind).target == kind && fault.target == target) add(fault);
    }
}

world::LinkDisturbance window(const Fault& fault) {
    world::LinkDisturbance disturbance;
    disturbance.from = fault.at;
    disturbance.until = fault.ends();
    return disturbance;
}

void add_flaps(const Fault& fault, Disturbances& found) {
    for (Instant at = fault.at; at < fault.ends(); at = at + fault.period) {
        world::LinkDisturbance disturbance = window(fault);
        disturbance.from = at;
        disturbance.until = std::min(at + fault.down, fault.ends());
        disturbance.is_down = true;
        found.push_back(disturbance);
    }
}

}  // namespace

Disturbances of_link(const Scenario& scenario, std::string_view link, bool forward) {
    Disturbances found;
    for_each(scenario, link, FaultTarget::Link, [&](const Fault& fault) {
        world::LinkDisturbance disturbance = window(fault);
        switch (fault.kind) {
            case FaultKind::LinkOutage: disturbance.is_down = true; break;
            case FaultKind::OneWayOutage:
                if (fault.forward != forward) return;
                disturbance.is_down = true;
                break;
            case FaultKind::BandwidthDrop: disturbance.factor = fault.factor; break;
            case FaultKind::LatencySpike: disturbance.latency = fault.latency; break;
            case FaultKind::Clog: disturbance.stalls = true; break;
            case FaultKind::CircuitFlap: add_flaps(fault, found); return;
            default: return;
        }
        found.push_back(disturbance);
    });
    return found;
}

Disturbances of_window(const Scenario& scenario, std::string_view link, double latency_s) {
    Disturbances found;
    for_each(scenario, link, FaultTarget::Link, [&](const Fault& fault) {
        if (fault.kind != FaultKind::LatencySpike) return;
        found.push_back(window(fault));
        found.back().factor = latency_s / (latency_s + to_seconds(fault.latency));
    });
    return found;
}

Disturbances of_account(const Scenario& scenario, std::string_view account) {
    Disturbances found;
    for_each(scenario, account, FaultTarget::StorageAccount, [&](const Fault& fault) {
        if (fault.kind != FaultKind::StorageAccountThrottled) return;
        found.push_back(window(fault));
        found.back().factor = fault.factor;
    });
    return found;
}

Disturbances of_processing(const Scenario& scenario, std::string_view server) {
    Disturbances found;
    for_each(scenario, server, FaultTarget::ProcessServer, [&](const Fault& fault) {
        if (fault.kind != FaultKind::SlowProcessServer) return;
        found.push_back(window(fault));
        found.back().factor = fault.factor;
    });
    return found;
}

Disturbances of_server(const Scenario& scenario, std::string_view server) {
    Disturbances found;
    for_each(scenario, server, FaultTarget::ProcessServer, [&](const Fault& fault) {
        if (fault.kind != FaultKind::ProcessServerStall) return;
        found.push_back(window(fault));
        found.back().stalls = true;
    });
    return found;
}

}  // namespace landfall::faults
