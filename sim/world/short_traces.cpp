// sim/world/short_traces.cpp — each trace against the end of the run.
#include "sim/world/short_traces.hpp"

#include <algorithm>
#include <string>

#include "sim/world/world.hpp"

namespace landfall::world {

namespace {

std::string in_seconds(Instant at) {
    return std::to_string(at.since_start().count() / kNanosecondsPerSecond) + " s";
}

class Comparison {
  public:
    Comparison(const Estate& estate, const World& world, const workload::TraceStore& traces)
        : estate_(estate), world_(world), traces_(traces) {}

    void compare(MachineId id, const scenario::ExpandedMachine& machine,
                 const scenario::Churn& churn, const std::string& pointer) {
        const auto* trace = std::get_if<scenario::TraceChurn>(&churn);
        if (trace == nullptr || trace->repeat) return;
        const auto address = workload::trace_address(*trace, machine.name, machine.index);
        const auto column = traces_.find(address.file, trace->separator, address.column);
        const auto rows = column ? static_cast<std::int64_t>(column->values.size()) : 0;
        const Instant end(trace->step * rows);
        const Instant off = world_.writes_end(estate_.machine(id).first_disk);
        if (end >= std::min(off, world_.now())) return;
        scenario::Problem& problem = problems_.emplace_back();
        problem.code = scenario::code::kTraceShort;
        problem.pointer = pointer;
        problem.found = "\"" + std::to_string(rows) + " rows\"";
        problem.message = "ends after " + in_seconds(end) + ", before the run did (" +
                          in_seconds(world_.now()) +
                          "): give a duration, a longer trace, or \"repeat\": true";
    }
    std::vector<scenario::Problem> take() { return std::move(problems_); }

  private:
    const Estate& estate_;
    const World& world_;
    const workload::TraceStore& traces_;
    std::vector<scenario::Problem> problems_;
};

}  // namespace

std::vector<scenario::Problem> short_traces(const scenario::Scenario& scenario,
                                            const std::vector<scenario::ExpandedMachine>& machines,
                                            const Estate& estate, const World& world,
                                            const workload::TraceStore& traces) {
    Comparison comparison(estate, world, traces);
    for (std::size_t index = 0; index < machines.size(); ++index) {
        const scenario::ExpandedMachine& machine = machines[index];
        const scenario::MachineGroup& group = scenario.machines[machine.group];
        const std::string pointer = "/machines/" + std::to_string(machine.group);
        if (machine.index > 1) continue;  // one of a group speaks for all
        comparison.compare(MachineId(index), machine, group.churn, pointer + "/churn");
        for (std::size_t disk = 0; disk < group.disks.size(); ++disk) {
            if (!group.disks[disk].churn) continue;
            comparison.compare(MachineId(index), machine, *group.disks[disk].churn,
                               pointer + "/disks/" + std::to_string(disk) + "/churn");
        }
    }
    return comparison.take();
}

}  // namespace landfall::world
