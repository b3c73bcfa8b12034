// sim/scenario/read_timeline.cpp — what happens during a run, and what must hold at its end.
#include <algorithm>

#include "sim/scenario/metrics.hpp"
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

void check_failover_options(ObjectReader& object, const TimelineEntry& entry) {
    if (entry.operation == Operation::Failover) return;
    if (!entry.shut_down_source) {
        note(object.problems(), code::kKeysClash, object.at("shutdown"), "false",
             "goes only with \"do\": \"failover\"");
    }
    if (entry.latest_processed) {
        note(object.problems(), code::kKeysClash, object.at("recovery_point"),
             "\"latest_processed\"", "goes only with \"do\": \"failover\"");
    }
}

/// A disk for events of a disk, a new size for a resize.
void check_disk_options(ObjectReader& object, const TimelineEntry& entry) {
    const bool resize = entry.operation == Operation::ResizeDisk;
    const bool of_disk = resize || entry.operation == Operation::ReplaceDisk;
    const auto check = [&](const char* key, bool needed, const char* fitting) {
        const Json* value = object.find(key);
        if (needed && value == nullptr) object.note_missing(key);
        if (needed || value == nullptr) return;
        note(object.problems(), code::kKeysClash, object.at(key), shown(*value),
             std::string("goes only with \"do\": ") + fitting);
    };
    check("disk", of_disk, "\"resize_disk\" or \"replace_disk\"");
    check("size", resize, "\"resize_disk\"");
}

/// A limit of an expectation: a number, not negative.
std::optional<double> read_limit(ObjectReader& object, std::string_view key, bool text_metric) {
    const Json* value = object.find(key);
    if (value == nullptr) return std::nullopt;
    if (text_metric) {
        note(object.problems(), code::kKeysClash, object.at(key), shown(*value),
             "the metric \"state\" goes with \"equals\" and the name of a state");
        return std::nullopt;
    }
    if (value->is_string()) {
        note(object.problems(), code::kWrongUnit, object.at(key), shown(*value),
             "must be a number (seconds, bytes or a count) in the canonical form");
        return std::nullopt;
    }
    return ReadFactor{0.0, 1e18}(*value, object.at(key), object.problems());
}

void read_rules(const Json& value, ObjectReader& object, Expectation& expectation) {
    const bool is_text = expectation.metric == kTextMetric;
    int rules = 0;
    for (const char* key : {"at_most", "at_least", "equals"}) {
        if (object.find(key) != nullptr) ++rules;
    }
    if (rules != 1) {
        note(object.problems(), code::kKeysClash, object.pointer(), shown(value),
             "must have exactly one of \"at_most\", \"at_least\" and \"equals\"");
    }
    expectation.at_most = read_limit(object, "at_most", is_text);
    expectation.at_least = read_limit(object, "at_least", is_text);
    if (is_text) {
        expectation.equals_text = object.optional("equals", ReadName());
    } else {
        expectation.equals = read_limit(object, "equals", false);
    }
}

}  // namespace

std::vector<std::string> read_selection(ObjectReader& object) {
    const Json* value = object.find("machines");
    if (value == nullptr) return {};
    const std::string pointer = object.at("machines");
    if (value->is_string()) {
        const auto word = value->get<std::string>();
        return word == "all" ? std::vector<std::string>() : std::vector<std::string>{word};
    }
    if (value->is_array() && value->empty()) {
        note(object.problems(), code::kEmptyList, pointer, "[]",
             "must name machines; \"all\" stands for every machine");
        return {};
    }
    if (!value->is_array()) {
        note(object.problems(), code::kWrongType, pointer, shown(*value),
             "must be \"all\", a name or pattern, or a list of these");
        return {};
    }
    return object.list("machines", [](const Json& element, const std::string& at, Problems& found) {
        return ReadName()(element, at, found).value_or("");
    });
}

std::optional<StateCondition> read_condition(const Json& value, const std::string& pointer,
                                             Problems& problems) {
    static const ReadChoice<MachineState> states = {{{"protected", MachineState::Protected},
                                                     {"failed_over", MachineState::FailedOver},
                                                     {"committed", MachineState::Committed},
                                                     {"migrated", MachineState::Migrated}}};
    static const ReadChoice<bool> whose = {{{"each", false}, {"all", true}}};
    ObjectReader object(value, pointer, problems);
    StateCondition condition;
    condition.state = object.required("state", states);
    condition.all = object.with_default("of", whose, false);
    object.finish();
    return condition;
}

TimelineEntry read_timeline_entry(const Json& value, const std::string& pointer,
                                  Problems& problems) {
    static const ReadChoice<Operation> operations = {
        {{"enable_replication", Operation::EnableReplication},
         {"failover", Operation::Failover},
         {"commit", Operation::Commit},
         {"complete_migration", Operation::CompleteMigration},
         {"disable_replication", Operation::DisableReplication},
         {"resynchronize", Operation::Resynchronize},
         {"power_off", Operation::PowerOff},
         {"resize_disk", Operation::ResizeDisk},
         {"replace_disk", Operation::ReplaceDisk},
         {"restart_target", Operation::RestartTarget}}};
    static const ReadChoice<bool> points = {{{"latest", false}, {"latest_processed", true}}};
    ObjectReader object(value, pointer, problems);
    TimelineEntry entry;
    const bool has_time = object.find("at") != nullptr;
    const bool has_condition = object.find("when") != nullptr;
    if (object.is_object() && has_time == has_condition) {
        note(problems, code::kKeysClash, pointer, shown(value),
             "must have either \"at\" or \"when\"");
    }
    const std::optional<Duration> at = object.optional("at", ReadDuration());
    if (at) entry.at = Instant(*at);
    entry.when = object.optional("when", read_condition);
    entry.delay = object.with_default("delay", ReadDuration(), Duration(0));
    if (has_time && !has_condition && entry.delay > Duration(0)) {
        note(problems, code::kKeysClash, object.at("delay"), shown(*object.find("delay")),
             "goes with \"when\"; add it to \"at\" here");
    }
    const std::size_t faults = problems.size();
    entry.operation = object.required("do", operations);
    const bool known = problems.size() == faults;
    entry.machines = read_selection(object);
    entry.shut_down_source = object.with_default("shutdown", ReadFlag(), true);
    entry.latest_processed = object.with_default("recovery_point", points, false);
    check_failover_options(object, entry);
    entry.disk = object.optional("disk", ReadName());
    entry.size = object.optional("size", ReadSize{1});
    if (known) check_disk_options(object, entry);
    object.finish();
    return entry;
}

Expectation read_expectation(const Json& value, const std::string& pointer, Problems& problems) {
    static const ReadChoice<bool> whose = {{{"each", false}, {"total", true}}};
    ObjectReader object(value, pointer, problems);
    Expectation expectation;
    expectation.metric = object.required("metric", ReadName());
    expectation.machines = read_selection(object);
    expectation.total = object.with_default("of", whose, false);
    if (!expectation.metric.empty()) {
        const std::vector<std::string> allowed = metric_names(expectation.total);
        if (std::find(allowed.begin(), allowed.end(), expectation.metric) == allowed.end()) {
            note_unknown(
                problems, code::kUnknownChoice, object.at("metric"), expectation.metric,
                expectation.total ? "is not a total of the fleet" : "is not a metric of a machine",
                allowed);
        }
    }
    read_rules(value, object, expectation);
    object.finish();
    return expectation;
}

}  // namespace landfall::scenario
