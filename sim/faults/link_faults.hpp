// sim/faults/link_faults.hpp — what the faults of a scenario do to the capacity of links.
//
// All of it is known before the run: faults are data. Connections that break at once, and machines
// that lose their power, are the injector's (sim/faults/injector.hpp).
#pragma once

#include <string_view>
#include <vector>

#include "sim/scenario/scenario.hpp"
#include "sim/world/link_capacity.hpp"

namespace landfall::faults {

using Disturbances = std::vector<world::LinkDisturbance>;

/// Of one direction of a WAN link.
[[nodiscard]] Disturbances of_link(const scenario::Scenario& scenario, std::string_view link,
                                   bool forward);
/// Of the windows of a stream over links of `latency_s` in all, among them `link`: they let less
/// through when the latency rises.
[[nodiscard]] Disturbances of_window(const scenario::Scenario& scenario, std::string_view link,
                                     double latency_s);
/// Of what a storage account takes in.
[[nodiscard]] Disturbances of_account(const scenario::Scenario& scenario, std::string_view account);
/// Of what a process server compresses and encrypts.
[[nodiscard]] Disturbances of_processing(const scenario::Scenario& scenario,
                                         std::string_view server);
/// Of everything that a process server receives and sends.
[[nodiscard]] Disturbances of_server(const scenario::Scenario& scenario, std::string_view server);

}  // namespace landfall::faults
