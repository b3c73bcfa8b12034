// bindings/support_tables.cpp — reads the tables out, cell by cell.
#include "bindings/support_tables.hpp"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "model/recovery/operations.hpp"
#include "model/recovery/support_matrix.hpp"
#include "sim/scenario/profile_data.hpp"

namespace landfall {

namespace {

using nlohmann::json;

json kinds_json() {
    json kinds = json::array();
    for (const ScenarioKind kind : all_scenario_kinds()) kinds.push_back(name_of(kind));
    return kinds;
}

}  // namespace

std::string support_matrix_json(const std::string& profile) {
    const auto data = scenario::find_profile(profile);
    if (!data) throw std::out_of_range(profile);
    json rows = json::array();
    for (const Feature feature : features()) {
        json cells = json::array();
        for (const ScenarioKind kind : all_scenario_kinds()) {
            const SupportCell cell = support(feature, kind, data->profile);
            cells.push_back({{"support", name_of(cell.support)},
                             {"uncertain", cell.uncertain},
                             {"note", cell.note},
                             {"source", cell.source}});
        }
        json operations = json::array();
        for (const Operation operation : operations_of(feature)) {
            operations.push_back(name_of(operation));
        }
        rows.push_back(
            {{"feature", name_of(feature)}, {"operations", operations}, {"cells", cells}});
    }
    json switches = json::array();
    for (const VersionSwitch& version : version_switches()) {
        switches.push_back({{"field", version.field}, {"meaning", version.meaning}});
    }
    return json{{"kinds", kinds_json()}, {"rows", rows}, {"switches", switches}}.dump();
}

std::string operation_rules_json() {
    json rules = json::array();
    for (const OperationRule& rule : operation_rules()) {
        json kinds = json::array();
        for (const ScenarioKind kind : all_scenario_kinds()) {
            if (rule.kinds.contains(kind)) kinds.push_back(name_of(kind));
        }
        rules.push_back({{"state", name_of(rule.state)},
                         {"active", rule.active ? name_of(*rule.active) : ""},
                         {"kinds", kinds},
                         {"operation", name_of(rule.operation)},
                         {"condition", name_of(rule.condition)},
                         {"listed", rule.listed},
                         {"source", rule.source}});
    }
    return rules.dump();
}

}  // namespace landfall
