// sim/scenario/load.cpp — the document as a whole: parse, merge, read, check, tell where.
#include "sim/scenario/load.hpp"

#include <algorithm>
#include <set>
#include <tuple>

#include "sim/scenario/check.hpp"
#include "sim/scenario/readers.hpp"
#include "sim/scenario/replication_rules.hpp"
#include "sim/scenario/schema_check.hpp"
#include "sim/scenario/templates.hpp"

namespace landfall::scenario {

namespace {

/// Deepest nesting of lists and objects that is read; the format itself needs 8. Bounds recursion.
constexpr int kDepthMax = 64;

bool too_deep(std::string_view text) {
    int depth = 0;
    bool in_text = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char letter = text[i];
        if (in_text) {
            if (letter == '\\') ++i;
            if (letter == '"') in_text = false;
        } else if (letter == '"') {
            in_text = true;
        } else if (letter == '{' || letter == '[') {
            if (++depth > kDepthMax) return true;
        } else if (letter == '}' || letter == ']') {
            --depth;
        }
    }
    return false;
}

std::optional<Json> parse(std::string_view text, Problems& problems) {
    if (too_deep(text)) {
        note(problems, code::kNotJson, "", "",
             "lists and objects are nested more than " + std::to_string(kDepthMax) + " deep");
        return std::nullopt;
    }
    try {
        Json document = Json::parse(text);
        if (document.is_object()) return document;
        note(problems, code::kWrongType, "", shown(document), "a scenario is a JSON object");
    } catch (const Json::exception& error) {
        note(problems, code::kNotJson, "", "", std::string("is not JSON: ") + error.what());
    }
    return std::nullopt;
}

Network read_network(ObjectReader& root) {
    const Json none = Json::object();
    const Json* value = root.find("network");
    ObjectReader object(value == nullptr ? none : *value, root.at("network"), root.problems());
    Network network;
    network.bandwidth_factor =
        object.with_default("bandwidth_factor", ReadFactor{0.0, 1.0, true}, 0.965);
    object.finish();
    return network;
}

Detail read_detail(ObjectReader& root) {
    const Json none = Json::object();
    const Json* value = root.find("detail");
    ObjectReader object(value == nullptr ? none : *value, root.at("detail"), root.problems());
    const ReadDuration step{nanoseconds(1'000'000), days(1)};
    Detail detail;
    detail.capture_step = object.with_default("capture_step", step, minutes(1));
    detail.capture_phases =
        object.with_default("capture_phases", ReadCount{1, 1000}, std::int64_t{5});
    detail.rpo_steps = object.with_default("rpo_steps", ReadFlag(), true);
    detail.sample_every = object.with_default("sample_every", step, minutes(5));
    object.finish();
    return detail;
}

void read_machines(ObjectReader& root, InitialState initial_state, Scenario& scenario) {
    const Json* templates = root.find("templates");
    if (templates != nullptr && !templates->is_object()) {
        note(root.problems(), code::kWrongType, root.at("templates"), shown(*templates),
             "must be an object");
    }
    scenario.machines = root.list(
        "machines", [&](const Json& entry, const std::string& pointer, Problems& problems) {
            const Json merged = merged_machine(entry, templates, pointer, problems);
            return read_machine(merged, pointer, initial_state, problems);
        });
}

/// Whether the timeline takes a machine home, or tries to. Between two VMM sites replication turns
/// round by itself after a planned failover (hyper-v-vmm-failover-failback.md).
bool goes_back(const Scenario& scenario) {
    const bool turns_round =
        std::any_of(scenario.machines.begin(), scenario.machines.end(),
                    [](const auto& group) { return kind_of(group) == ScenarioKind::VmmToVmm; });
    return std::any_of(scenario.timeline.begin(), scenario.timeline.end(), [&](const auto& entry) {
        return entry.operation == Operation::Reprotect || entry.operation == Operation::Failback ||
               (entry.operation == Operation::PlannedFailover && turns_round);
    });
}

bool lies_within(const std::string& inner, const std::string& outer) {
    return inner.size() >= outer.size() && inner.compare(0, outer.size(), outer) == 0 &&
           (inner.size() == outer.size() || inner[outer.size()] == '/');
}

bool is_asked_for(const Fault& fault) {
    return fault.kind == faults::FaultKind::Operator && !fault.operation.empty();
}

/// What an operator asks for is a step of the timeline behind those of the user.
TimelineEntry step_of(const Json& value, const Fault& fault, const std::string& pointer,
                      Problems& problems) {
    const Json step = {{"at", value.value("at", Json(0))},
                       {"do", fault.operation},
                       {"machines", Json::array({fault.target})},
                       {"refused", "either"}};
    return read_timeline_entry(step, pointer, problems);
}

/// What is wrong with a step behind those of the user is told of the fault it was made of.
void point_at_faults(const Scenario& scenario, Problems& problems) {
    std::vector<std::size_t> makers;
    for (std::size_t k = 0; k < scenario.faults.size(); ++k) {
        if (is_asked_for(scenario.faults[k])) makers.push_back(k);
    }
    const std::size_t own = scenario.timeline.size() - makers.size();
    for (std::size_t k = 0; k < makers.size(); ++k) {
        const std::string step = pointer_to("/timeline", own + k);
        const std::string fault = pointer_to("/faults", makers[k]);
        std::erase_if(problems, [&](const Problem& problem) {  // check_faults says it, too
            return lies_within(problem.pointer, step + "/machines");
        });
        for (Problem& problem : problems) {
            if (lies_within(problem.pointer, step)) problem.pointer = fault + "/do";
        }
    }
}

Scenario read_scenario(const Json& document, Problems& problems) {
    static const ReadChoice<InitialState> states = {
        {{"unprotected", InitialState::Unprotected}, {"protected", InitialState::Protected}}};
    ObjectReader root(document, "", problems);
    Scenario scenario;
    root.find("$schema");
    root.required("version", ReadCount{1, 1});
    scenario.name = root.required("name", ReadName());
    scenario.description = root.with_default("description", ReadText(), std::string());
    scenario.profile = read_profile(root.find("profile"), root.at("profile"), problems);
    scenario.billing =
        read_billing(root.find("prices"), root.at("prices"), scenario.profile, problems);
    scenario.duration = root.optional("duration", ReadDuration{Duration(1), days(3650)});
    const InitialState initial_state =
        root.with_default("initial_state", states, InitialState::Unprotected);
    scenario.network = read_network(root);
    scenario.detail = read_detail(root);
    scenario.sites = root.list("sites", read_site);
    scenario.regions = root.list("regions", read_region);
    scenario.routers =
        root.list("routers", [](const Json& value, const std::string& pointer, Problems& found) {
            return ReadName()(value, pointer, found).value_or("");
        });
    scenario.links = root.list("links", read_link);
    const Json* vault = root.find("vault");
    if (vault == nullptr) {
        root.note_missing("vault");
    } else {
        scenario.vault = read_vault(*vault, root.at("vault"), problems);
    }
    scenario.configuration_servers = root.list("configuration_servers", read_configuration_server);
    scenario.vmm_servers = root.list("vmm_servers", read_vmm_server);
    scenario.network_mappings = root.list("network_mappings", read_network_mapping);
    scenario.process_servers = root.list("process_servers", read_process_server);
    scenario.master_targets = root.list("master_targets", read_master_target);
    scenario.policies = root.list("policies", read_policy);
    scenario.consistency_groups = root.list(
        "consistency_groups", [&](const Json& value, const std::string& pointer, Problems& found) {
            return read_consistency_group(value, pointer, scenario.profile, found);
        });
    scenario.oracles = root.with_default("oracles", ReadFlag(), true);
    read_machines(root, initial_state, scenario);
    scenario.runbooks = root.list("runbooks", read_runbook);
    scenario.recovery_plans = root.list(
        "recovery_plans", [&](const Json& value, const std::string& pointer, Problems& found) {
            return read_recovery_plan(value, pointer, scenario.profile, found);
        });
    scenario.timeline = root.list("timeline", read_timeline_entry);
    scenario.faults =
        root.list("faults", [&](const Json& value, const std::string& pointer, Problems& found) {
            Fault fault = read_fault(value, pointer, found);
            if (is_asked_for(fault)) {
                scenario.timeline.push_back(step_of(value, fault, pointer, found));
            }
            return fault;
        });
    scenario.liveness_after = root.optional("liveness_after", ReadDuration());
    scenario.expect = root.list("expect", read_expectation);
    scenario.ways_back = goes_back(scenario);
    root.finish();
    return scenario;
}

/// Pointers as in the user's file (a template's fault stands in the template), each problem once.
void settle(const Json& document, Problems& problems) {
    std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
    Problems kept;
    for (Problem& problem : problems) {
        problem.pointer = place_in_file(document, problem.pointer);
        const bool is_new =
            seen.emplace(problem.code, problem.pointer, problem.found, problem.message).second;
        if (is_new) kept.push_back(std::move(problem));
    }
    problems = std::move(kept);
}

/// Whether a fault of `first` may hide a thing of `list` from those who refer to it by name.
bool hides_names(const Problems& first, const std::string& list) {
    return std::any_of(first.begin(), first.end(), [&](const Problem& problem) {
        if (!lies_within(problem.pointer, list)) return false;
        const std::string rest = problem.pointer.substr(list.size());
        const bool list_or_entry = std::count(rest.begin(), rest.end(), '/') <= 1;
        return list_or_entry || rest.ends_with("/name") || rest.ends_with("/hosts") ||
               rest.ends_with("/storage_accounts") || rest.ends_with("/clouds") ||
               rest.ends_with("/count");
    });
}

/// A problem of the second stage says nothing new when the first found fault at or above its place,
/// below its list, or in a list that its names refer to.
bool repeats(const Problem& second, const Problems& first) {
    const bool same_place = std::any_of(first.begin(), first.end(), [&](const Problem& earlier) {
        const bool emptied =
            second.code == code::kEmptyList && lies_within(earlier.pointer, second.pointer);
        return emptied || lies_within(second.pointer, earlier.pointer);
    });
    if (same_place) return true;
    const bool of_names = second.code == code::kUnknownName || second.code == code::kOtherSite ||
                          second.code == code::kUnreachable;
    if (of_names) {
        for (const char* list :
             {"/sites", "/regions", "/routers", "/vmm_servers", "/process_servers",
              "/master_targets", "/policies", "/consistency_groups", "/runbooks"}) {
            if (hides_names(first, list)) return true;
        }
        return second.code == code::kUnreachable &&
               std::any_of(first.begin(), first.end(), [](const Problem& problem) {
                   return lies_within(problem.pointer, "/links");
               });
    }
    const bool of_machines = second.code == code::kMatchesNothing;
    if (of_machines) return hides_names(first, "/machines");
    const bool no_end = second.code == code::kNoEnd;
    return no_end && hides_names(first, "/timeline");
}

}  // namespace

LoadResult load(std::string_view canonical_json) {
    LoadResult result;
    const std::optional<Json> document = parse(canonical_json, result.problems);
    if (!document) return result;
    Scenario scenario = read_scenario(*document, result.problems);
    settle(*document, result.problems);
    if (result.problems.empty()) result.scenario = std::move(scenario);
    return result;
}

LoadResult load_document(const Json& document, workload::TraceStore& traces) {
    LoadResult result;
    Scenario scenario = read_scenario(document, result.problems);
    const Problems first = result.problems;
    Problems second = check(scenario, traces);
    point_at_faults(scenario, second);
    for (Problem& problem : second) {
        if (!repeats(problem, first)) result.problems.push_back(std::move(problem));
    }
    settle(document, result.problems);
    if (result.problems.empty()) result.scenario = std::move(scenario);
    return result;
}

LoadResult load_checked(std::string_view canonical_json, workload::TraceStore& traces) {
    LoadResult result;
    const std::optional<Json> document = parse(canonical_json, result.problems);
    if (!document) return result;
    result = load_document(*document, traces);
    if (!result.scenario) return result;
    if (std::optional<Problem> problem = schema_problem(*document)) {
        result.problems.push_back(std::move(*problem));
        result.scenario.reset();
    }
    return result;
}

}  // namespace landfall::scenario
