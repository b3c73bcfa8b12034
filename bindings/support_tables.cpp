// bindings/support_tables.cpp — reads the tables out, cell by cell.
#include "bindings/support_tables.hpp"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "model/recovery/operations.hpp"
#include "model/recovery/support_matrix.hpp"
#include "sim/faults/fault_kinds.hpp"
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

std::string fault_kinds_json() {
    json rows = json::array();
    for (const faults::FaultKindRow& row : faults::fault_kinds()) {
        json needed = json::array();
        json optional = json::array();
        for (std::size_t k = 0; k < faults::kFaultKeys; ++k) {
            const auto key = static_cast<faults::FaultKey>(k);
            if (row.needed.contains(key)) needed.push_back(name_of(key));
            if (row.optional.contains(key)) optional.push_back(name_of(key));
        }
        json classes = json::array();
        for (std::size_t k = 0; k < static_cast<std::size_t>(faults::PhaseClass::Count); ++k) {
            const auto each = static_cast<faults::PhaseClass>(k);
            if (row.means.phases.contains(each)) classes.push_back(name_of(each));
        }
        rows.push_back({{"kind", row.name},
                        {"family", name_of(row.family)},
                        {"target", key_of(row.target)},
                        {"lasts", name_of(row.time)},
                        {"needs", needed},
                        {"may_have", optional},
                        {"envelope", name_of(row.envelope)},
                        {"phases", classes},
                        {"elsewhere", row.means.elsewhere},
                        {"block_only", row.block_only},
                        {"number", row.number},
                        {"meaning", row.meaning},
                        {"code", row.code},
                        {"symptom", row.symptom},
                        {"recovery", row.recovery},
                        {"source", row.source}});
    }
    return rows.dump();
}

std::string fault_phases_json() {
    json rows = json::array();
    for (const faults::Phase& phase : faults::phases()) {
        rows.push_back({{"phase", phase.name}, {"class", name_of(phase.phase_class)}});
    }
    return rows.dump();
}

}  // namespace landfall
