// sim/world/simulation.hpp — one run: a checked scenario and a kernel in, tables and a summary out.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/kernel/kernel.hpp"
#include "sim/lab/run_monitor.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/scenario/problem.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/assembly.hpp"
#include "sim/world/steering.hpp"

namespace landfall::world {

/// What a run leaves behind. Exactly one of summary, problems and waiting tells how it went.
struct Outcome {
    nlohmann::json summary;
    std::vector<record::Table> tables;
    std::vector<scenario::Problem> problems;  ///< an operation that its state does not allow
    std::vector<std::string> waiting;         ///< a run that can never end: what it waits for
};

/// Called now and then with the share of the run that is done (0..1) and the simulated time.
using ProgressReport = std::function<void(double share, Instant now)>;

/// Makes the kernel for a network.
using KernelFactory = std::function<std::unique_ptr<kernel::Kernel>(const kernel::NetworkPlan&)>;

/// Makes the monitors of a user, which judge the run beside those of our own.
using MonitorFactory = std::function<std::vector<std::unique_ptr<lab::RunMonitor>>()>;

/// Simulates `scenario`. Requires that it was checked and that `traces` were read. With a pilot the
/// run is stepped (sim/world/steering.hpp).
Outcome simulate(const scenario::Scenario& scenario, std::uint64_t seed,
                 const workload::TraceStore& traces, const KernelFactory& make_kernel,
                 const ProgressReport& report, Pilot* pilot = nullptr,
                 const MonitorFactory& monitors = {});

}  // namespace landfall::world
