// sim/scenario/read_timeline.cpp — what happens during a run, and what must hold at its end.
#include <algorithm>

#include "sim/scenario/metrics.hpp"
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

/// Which operations a key goes with. A needed key must be there for them, any other may.
struct KeyRule {
    std::string_view key;
    bool needed;
    std::vector<std::string_view> operations;
};

const std::vector<KeyRule>& key_rules() {
    static const std::vector<KeyRule> rules = {
        {"disk", true, {"resize_disk", "replace_disk", "add_disk", "remove_disk"}},
        {"size", true, {"resize_disk"}},
        {"process_server", true, {"switch_process_server"}},
        {"lasts", true, {"orchestrator_outage"}},
        {"shutdown", false, {"failover"}},
        {"recovery_point",
         false,
         {"test_failover", "planned_failover", "failover", "change_recovery_point", "failback"}},
        {"data_sync", false, {"failback", "planned_failover"}},
        {"location", false, {"failback", "reprotect", "planned_failover"}},
        {"test_network", false, {"test_failover"}},
        {"comments", false, {"cleanup_test_failover", "resume_job", "complete_failback"}},
    };
    return rules;
}

/// Defaults are no options: a canonical scenario has every key.
bool is_default(std::string_view key, const Json& value) {
    if (key == "shutdown") return value == true;
    if (key == "recovery_point") return value == "latest";
    if (key == "data_sync") return value == "minimise_downtime";
    return key == "location" && value == "original";
}

/// The words as alternatives.
std::string either(const std::vector<std::string_view>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 < words.size() ? ", " : " or ";
        text += "\"" + std::string(words[i]) + "\"";
    }
    return text;
}

/// Every option goes with the operation, and none that it needs is missing.
void check_options(ObjectReader& object, std::string_view operation) {
    for (const KeyRule& rule : key_rules()) {
        const Json* value = object.find(rule.key);
        const bool fits = std::find(rule.operations.begin(), rule.operations.end(), operation) !=
                          rule.operations.end();
        if (fits && rule.needed && value == nullptr) object.note_missing(rule.key);
        if (fits || value == nullptr || is_default(rule.key, *value)) continue;
        note(object.problems(), code::kKeysClash, object.at(rule.key), shown(*value),
             "goes only with \"do\": " + either(rule.operations));
    }
}

/// A word, or {"at": s}.
void read_recovery_point(ObjectReader& object, TimelineEntry& entry) {
    static const ReadChoice<PointChoice> words = {
        {{"latest", PointChoice::Latest},
         {"latest_processed", PointChoice::LatestProcessed},
         {"latest_app_consistent", PointChoice::LatestAppConsistent}}};
    const Json* value = object.find("recovery_point");
    if (value == nullptr) return;
    if (!value->is_object()) {
        entry.recovery_point = object.with_default("recovery_point", words, PointChoice::Latest);
        return;
    }
    ObjectReader point(*value, object.at("recovery_point"), object.problems());
    entry.recovery_point = PointChoice::Custom;
    entry.recovery_point_time = Instant(point.required("at", ReadDuration()));
    point.finish();
}

/// true, false, or "either".
std::optional<Refused> read_refused(const Json& value, const std::string& pointer,
                                    Problems& problems) {
    static const ReadChoice<Refused> words = {{{"either", Refused::Either}}};
    if (value.is_string()) return words(value, pointer, problems);
    const auto flag = ReadFlag()(value, pointer, problems);
    if (!flag) return std::nullopt;
    return *flag ? Refused::Yes : Refused::No;
}

void read_options(ObjectReader& object, TimelineEntry& entry) {
    static const ReadChoice<bool> syncs = {{{"minimise_downtime", false}, {"full_download", true}}};
    static const ReadChoice<bool> locations = {{{"original", false}, {"alternate", true}}};
    entry.shut_down_source = object.with_default("shutdown", ReadFlag(), true);
    read_recovery_point(object, entry);
    entry.full_download = object.with_default("data_sync", syncs, false);
    entry.alternate_location = object.with_default("location", locations, false);
    entry.test_network = object.optional("test_network", ReadName());
    entry.disk = object.optional("disk", ReadName());
    entry.size = object.optional("size", ReadSize{1});
    entry.process_server = object.optional("process_server", ReadName());
    entry.comments = object.optional("comments", ReadText());
    entry.lasts = object.optional("lasts", ReadDuration());
    entry.refused = object.with_default("refused", read_refused, Refused::No);
    if (entry.refused != Refused::No && entry.operation >= Operation::PowerOff) {
        note(object.problems(), code::kKeysClash, object.at("refused"),
             shown(*object.find("refused")), "an event of the world cannot be refused");
    }
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

std::vector<std::string> read_selection(ObjectReader& object, std::string_view key) {
    const Json* value = object.find(key);
    if (value == nullptr) return {};
    const std::string pointer = object.at(key);
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
    return object.list(key, [](const Json& element, const std::string& at, Problems& found) {
        return ReadName()(element, at, found).value_or("");
    });
}

std::optional<StateCondition> read_condition(const Json& value, const std::string& pointer,
                                             Problems& problems) {
    static const ReadChoice<MachineState> states = {
        {{"protected", MachineState::Protected},
         {"test_failed_over", MachineState::TestFailedOver},
         {"test_cleaned_up", MachineState::TestCleanedUp},
         {"failed_over", MachineState::FailedOver},
         {"committed", MachineState::Committed},
         {"reprotected", MachineState::Reprotected},
         {"failed_back", MachineState::FailedBack},
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
         {"disable_replication", Operation::DisableReplication},
         {"remove_replication", Operation::RemoveReplication},
         {"test_failover", Operation::TestFailover},
         {"cleanup_test_failover", Operation::CleanupTestFailover},
         {"planned_failover", Operation::PlannedFailover},
         {"failover", Operation::Failover},
         {"change_recovery_point", Operation::ChangeRecoveryPoint},
         {"commit", Operation::Commit},
         {"cancel_failover", Operation::CancelFailover},
         {"reprotect", Operation::Reprotect},
         {"failback", Operation::Failback},
         {"complete_failback", Operation::CompleteFailback},
         {"resynchronize", Operation::Resynchronize},
         {"complete_migration", Operation::CompleteMigration},
         {"add_disk", Operation::AddDisk},
         {"remove_disk", Operation::RemoveDisk},
         {"switch_process_server", Operation::SwitchProcessServer},
         {"pause_replication", Operation::PauseReplication},
         {"resume_replication", Operation::ResumeReplication},
         {"restart_job", Operation::RestartJob},
         {"resume_job", Operation::ResumeJob},
         {"cancel_job", Operation::CancelJob},
         {"power_off", Operation::PowerOff},
         {"resize_disk", Operation::ResizeDisk},
         {"replace_disk", Operation::ReplaceDisk},
         {"restart_target", Operation::RestartTarget},
         {"orchestrator_outage", Operation::OrchestratorOutage}}};
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
    read_options(object, entry);
    // What is no object at all was reported already, and has no operation.
    const Json* operation = object.find("do");
    if (known && operation != nullptr) check_options(object, operation->get<std::string>());
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
