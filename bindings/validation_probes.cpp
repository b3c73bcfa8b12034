// bindings/validation_probes.cpp — facts in, what the rules make of them out.
#include "bindings/validation_probes.hpp"

#include <string>
#include <variant>
#include <vector>

#include <pybind11/stl.h>

#include "model/estate/vault.hpp"
#include "model/recovery/health_rules.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/load.hpp"
#include "sim/scenario/plan_facts.hpp"
#include "sim/scenario/profile_data.hpp"

namespace py = pybind11;

namespace {

using namespace landfall;

ServiceProfile profile_named(const std::string& name) {
    const auto data = scenario::find_profile(name);
    if (!data) throw py::key_error(name);
    return data->profile;
}

std::vector<std::string> judge_process_server(const std::string& profile,
                                              std::int64_t cache_free_percent,
                                              std::int64_t busy_percent,
                                              std::int64_t memory_percent, double backlog_s,
                                              double silent_s) {
    const auto span = [](double value) { return Duration(static_cast<std::int64_t>(value * 1e9)); };
    const ServerFacts facts{
        {cache_free_percent, busy_percent, span(backlog_s), memory_percent}, span(silent_s), false};
    std::vector<std::string> found;
    for (const HealthReason reason : judge_server(facts, profile_named(profile))) {
        const HealthRule& rule = rule_of(reason);
        found.push_back(std::string(health_name(rule.level)) + ": " + std::string(rule.message));
    }
    return found;
}

double discovered_at(const std::string& profile, double appeared_s) {
    VaultSetup setup(profile_named(profile));
    const Instant before(Duration(-days(1).count()));
    const SetupAnswer server =
        setup.register_configuration_server("server", {{before}, before, Duration(0)});
    const Instant appeared(Duration(static_cast<std::int64_t>(appeared_s * 1e9)));
    const Instant seen = setup.seen_at(std::get<SetupId>(server), appeared, false);
    return to_seconds(seen.since_start());
}

std::vector<double> plan_action_timeouts(const std::string& canonical_json) {
    const scenario::LoadResult loaded = scenario::load(canonical_json);
    if (!loaded.scenario) throw py::value_error("not a scenario in canonical form");
    const auto facts = scenario::plan_facts(*loaded.scenario, scenario::expand(*loaded.scenario));
    std::vector<double> timeouts;
    for (const RecoveryPlan& plan : facts.plans) {
        for (const PlanGroup& group : plan.groups) {
            for (const auto* actions : {&group.steps.before, &group.steps.after}) {
                for (const PlanAction& action : *actions) {
                    timeouts.push_back(to_seconds(action.timeout));
                }
            }
        }
    }
    return timeouts;
}

}  // namespace

void define_validation_probes(py::module_& module) {
    module.def("judge_process_server", &judge_process_server, py::arg("profile"), py::kw_only(),
               py::arg("cache_free_percent") = 100, py::arg("busy_percent") = 0,
               py::arg("memory_percent") = 0, py::arg("backlog_s") = 0.0, py::arg("silent_s") = 0.0,
               "What is wrong with such a process server, worst first.");
    module.def("discovered_at", &discovered_at, py::arg("profile"), py::arg("appeared_s"),
               "When a configuration server shows a machine that appeared at an instant, in "
               "seconds.");
    module.def("plan_action_timeouts", &plan_action_timeouts, py::arg("canonical_json"),
               "Seconds that the actions of the groups of recovery plans may take, as plans run "
               "them.");
}
