// sim/scenario/read_recovery_plans.cpp — recovery plans, their actions, and runbooks.
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

constexpr Duration kUsualTime = minutes(1);

/// A list of words, each of which sets its flag; absent: as it stands.
template <std::size_t N>
void read_flags(ObjectReader& object, std::string_view key, const ReadChoice<std::size_t>& words,
                std::array<bool, N>& flags) {
    const Json* value = object.find(key);
    if (value == nullptr) return;
    if (value->is_array() && value->empty()) {
        note(object.problems(), code::kEmptyList, object.at(key), "[]", "must have an entry");
        return;
    }
    const auto found =
        object.list(key, [&](const Json& element, const std::string& pointer, Problems& problems) {
            return words(element, pointer, problems);
        });
    flags = {};
    for (const auto& flag : found) {
        if (flag) flags[*flag] = true;
    }
}

/// Keys that go with some kinds of action only.
void check_action_keys(ObjectReader& object, PlanActionKind kind) {
    const auto only = [&](const char* key, bool fits, const char* fitting) {
        const Json* value = object.find(key);
        if (fits || value == nullptr) return;
        const bool untouched = (*value == true) || (value->is_number() && *value == 0) ||
                               *value == "" || *value == "recovery";
        if (untouched) return;  // the canonical form has every key
        note(object.problems(), code::kKeysClash, object.at(key), shown(*value),
             std::string("goes only with \"do\": ") + fitting);
    };
    const bool script = kind == PlanActionKind::Script;
    const bool runbook = kind == PlanActionKind::Runbook;
    const bool manual = kind == PlanActionKind::Manual;
    only("runbook", runbook, "\"runbook\"");
    only("path", script, "\"script\"");
    only("description", manual, "\"manual\"");
    only("takes", script || manual, "\"script\" or \"manual\"");
    only("succeeds", script, "\"script\"");
    only("failure_probability", script, "\"script\"");
    only("timeout", script || runbook, "\"script\" or \"runbook\"");
    only("location", script || runbook, "\"script\" or \"runbook\"");
}

PlanAction read_action(const Json& value, const std::string& pointer, const ServiceProfile& profile,
                       Problems& problems) {
    static const ReadChoice<PlanActionKind> kinds = {{{"script", PlanActionKind::Script},
                                                      {"runbook", PlanActionKind::Runbook},
                                                      {"manual", PlanActionKind::Manual}}};
    static const ReadChoice<FabricLocation> locations = {
        {{"primary", FabricLocation::Primary}, {"recovery", FabricLocation::Recovery}}};
    static const ReadChoice<std::size_t> types = {{{"test", 0}, {"planned", 1}, {"unplanned", 2}}};
    static const ReadChoice<std::size_t> directions = {
        {{"primary_to_recovery", 0}, {"recovery_to_primary", 1}}};
    ObjectReader object(value, pointer, problems);
    PlanAction action;
    const std::size_t faults = problems.size();
    action.kind = object.required("do", kinds);
    const bool known = problems.size() == faults;
    const bool script = action.kind == PlanActionKind::Script;
    const bool runbook = action.kind == PlanActionKind::Runbook;
    action.name = object.required("name", ReadName());
    action.runbook = object.optional("runbook", ReadName()).value_or("");
    action.path = object.optional("path", ReadName()).value_or("");
    action.description = object.with_default("description", ReadText(), std::string());
    action.takes = object.optional("takes", ReadDuration());
    if (script && !action.takes) action.takes = kUsualTime;
    action.succeeds = object.with_default("succeeds", ReadFlag(), true);
    action.failure_probability =
        object.with_default("failure_probability", ReadFactor{0.0, 1.0}, 0.0);
    action.timeout = object.with_default(
        "timeout", ReadDuration{Duration(1)},
        runbook ? profile.recovery_plan_runbook_timeout : profile.recovery_plan_script_timeout);
    action.location = object.with_default("location", locations, FabricLocation::Recovery);
    read_flags(object, "failover_types", types, action.types);
    read_flags(object, "directions", directions, action.directions);
    if (known) {
        check_action_keys(object, action.kind);
        if (runbook && object.find("runbook") == nullptr) object.note_missing("runbook");
        if (script && object.find("path") == nullptr) object.note_missing("path");
    }
    object.finish();
    return action;
}

PlanSteps read_lists(ObjectReader& object, const ServiceProfile& profile) {
    const auto read = [&](const Json& value, const std::string& pointer, Problems& problems) {
        return read_action(value, pointer, profile, problems);
    };
    return {object.list("before", read), object.list("after", read)};
}

PlanSteps read_steps(ObjectReader& plan, std::string_view key, const ServiceProfile& profile) {
    const Json none = Json::object();
    const Json* value = plan.find(key);
    ObjectReader object(value == nullptr ? none : *value, plan.at(key), plan.problems());
    PlanSteps steps = read_lists(object, profile);
    object.finish();
    return steps;
}

/// One that is missing selects nothing, not all.
std::vector<std::string> required_selection(ObjectReader& object, std::string_view key) {
    if (object.find(key) != nullptr) return read_selection(object, key);
    object.note_missing(key);
    return {""};
}

}  // namespace

Runbook read_runbook(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Runbook runbook;
    runbook.name = object.required("name", ReadName());
    runbook.takes = object.with_default("takes", ReadDuration(), kUsualTime);
    runbook.succeeds = object.with_default("succeeds", ReadFlag(), true);
    runbook.failure_probability =
        object.with_default("failure_probability", ReadFactor{0.0, 1.0}, 0.0);
    object.finish();
    return runbook;
}

RecoveryPlan read_recovery_plan(const Json& value, const std::string& pointer,
                                const ServiceProfile& profile, Problems& problems) {
    static const ReadChoice<GroupsGate> gates = {
        {{"start", GroupsGate::Start}, {"failover", GroupsGate::Failover}}};
    ObjectReader object(value, pointer, problems);
    RecoveryPlan plan;
    plan.name = object.required("name", ReadName());
    const Json* groups = object.find("groups");
    if (groups == nullptr) {
        object.note_missing("groups");
    } else if (groups->is_array() && groups->empty()) {
        note(problems, code::kEmptyList, object.at("groups"), "[]", "must have an entry");
    }
    plan.groups =
        object.list("groups", [&](const Json& entry, const std::string& at, Problems& found) {
            ObjectReader group(entry, at, found);
            PlanGroup read{required_selection(group, "machines"), read_lists(group, profile)};
            group.finish();
            return read;
        });
    plan.dependencies =
        object.list("dependencies", [](const Json& entry, const std::string& at, Problems& found) {
            ObjectReader dependency(entry, at, found);
            Dependency read{required_selection(dependency, "machines"),
                            required_selection(dependency, "on")};
            dependency.finish();
            return read;
        });
    plan.shutdown = read_steps(object, "shutdown", profile);
    plan.failover = read_steps(object, "failover", profile);
    plan.gate = object.with_default("groups_gate", gates, GroupsGate::Start);
    object.finish();
    return plan;
}

}  // namespace landfall::scenario
