// sim/record/summary.cpp — totals over the fleet and the verdict on every expectation.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/record/plan_tables.hpp"
#include "sim/record/results.hpp"

namespace landfall::record {

namespace {

using nlohmann::json;

/// JSON has no NaN: what does not apply is null.
json number_or_null(double value) {
    return std::isfinite(value) ? json(value) : json(nullptr);
}

double largest(const std::vector<double>& values) {
    double most = std::numeric_limits<double>::quiet_NaN();
    for (const double value : values) {
        if (std::isfinite(value)) most = std::isnan(most) ? value : std::max(most, value);
    }
    return most;
}

double sum(const std::vector<double>& values) {
    double total = 0;
    for (const double value : values) {
        if (std::isfinite(value)) total += value;
    }
    return total;
}

json totals(const RunFacts& facts, const Table& machines) {
    RpoStatistics fleet;
    std::optional<Instant> first_enable;
    std::optional<Instant> last_protected;
    std::optional<Instant> last_migrated;
    for (std::size_t index = 0; index < facts.machines.size(); ++index) {
        fleet.merge(facts.recorder.rpo(MachineId(index)));
        const Milestones& dates = facts.logic.milestones(MachineId(index));
        if (dates.enable_started) {
            first_enable =
                std::min(first_enable.value_or(*dates.enable_started), *dates.enable_started);
            if (dates.protected_since) {
                last_protected =
                    std::max(last_protected.value_or(Instant()), *dates.protected_since);
            }
        }
        if (dates.migrated) {
            last_migrated = std::max(last_migrated.value_or(Instant()), *dates.migrated);
        }
    }
    const auto since_enable = [&](const std::optional<Instant>& end) {
        return end ? to_seconds(*end - first_enable.value_or(Instant()))
                   : std::numeric_limits<double>::quiet_NaN();
    };
    return {{"rpo_s",
             {{"mean", number_or_null(fleet.mean())},
              {"p50", number_or_null(fleet.quantile(0.50))},
              {"p95", number_or_null(fleet.quantile(0.95))},
              {"p99", number_or_null(fleet.quantile(0.99))},
              {"max", number_or_null(fleet.maximum())}}},
            {"initial_replication_s", number_or_null(since_enable(last_protected))},
            {"migration_duration_s", number_or_null(since_enable(last_migrated))},
            {"downtime_s", number_or_null(largest(numbers(machines, "downtime_s")))},
            {"data_loss_bytes", sum(numbers(machines, "data_loss_bytes"))},
            {"wan_bytes", sum(numbers(machines, "wan_bytes"))},
            {"cost_total", billing_totals(facts.billing).cost},
            {"licence_days", billing_totals(facts.billing).licence_days}};
}

/// "rpo_s_p95" stands for totals["rpo_s"]["p95"].
double total_named(const json& all, const std::string& metric) {
    const json* value = nullptr;
    if (metric.rfind("rpo_s_", 0) == 0 && all["rpo_s"].contains(metric.substr(6))) {
        value = &all["rpo_s"][metric.substr(6)];
    } else if (all.contains(metric)) {
        value = &all[metric];
    }
    return value != nullptr && value->is_number() ? value->get<double>()
                                                  : std::numeric_limits<double>::quiet_NaN();
}

json rule_of(const scenario::Expectation& expectation) {
    if (expectation.at_most) return {{"at_most", *expectation.at_most}};
    if (expectation.at_least) return {{"at_least", *expectation.at_least}};
    if (expectation.equals_text) return {{"equals", *expectation.equals_text}};
    return {{"equals", expectation.equals.value_or(0)}};
}

/// A value that does not exist meets no rule.
bool holds(const scenario::Expectation& expectation, double value) {
    if (std::isnan(value)) return false;
    if (expectation.at_most) return value <= *expectation.at_most;
    if (expectation.at_least) return value >= *expectation.at_least;
    return expectation.equals && value == *expectation.equals;
}

}  // namespace

json judge(const RunFacts& facts, const Table& machines, const json& all_totals) {
    json verdicts = json::array();
    for (const scenario::Expectation& expectation : facts.scenario.expect) {
        json verdict = {
            {"metric", expectation.metric},
            {"machines", expectation.machines.empty() ? json("all") : json(expectation.machines)},
            {"of", expectation.total ? "total" : "each"},
            {"rule", rule_of(expectation)}};
        if (expectation.total) {
            const double found = total_named(all_totals, expectation.metric);
            verdict["found"] = number_or_null(found);
            verdict["passed"] = holds(expectation, found);
            verdicts.push_back(std::move(verdict));
            continue;
        }
        const auto values = numbers(machines, expectation.metric);
        json failing = json::array();
        double worst = std::numeric_limits<double>::quiet_NaN();
        for (const MachineId id : scenario::select(facts.machines, expectation.machines)) {
            const std::string& name = facts.machines[id.value].name;
            if (expectation.equals_text) {
                const auto state = name_of(facts.logic.protection_state(id));
                if (state != *expectation.equals_text) failing.push_back(name);
                continue;
            }
            const double value = values[id.value];
            if (!holds(expectation, value)) failing.push_back(name);
            if (std::isnan(value)) continue;
            const bool low_is_bad = expectation.at_least.has_value();
            if (std::isnan(worst) || (low_is_bad ? value < worst : value > worst)) worst = value;
        }
        if (expectation.equals_text) {
            verdict["found"] = failing.empty() ? json(*expectation.equals_text) : json(nullptr);
        } else {
            verdict["found"] = number_or_null(worst);
        }
        verdict["passed"] = failing.empty();
        verdict["failing_machines"] = std::move(failing);
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

json summarize(const RunFacts& facts, const Table& machines) {
    const json all_totals = totals(facts, machines);
    json profile_fields = json::object();
    ServiceProfile::visit_scalars(
        facts.scenario.profile,
        [&](std::string_view name, const auto& field, std::string_view unit) {
            using Field = std::decay_t<decltype(field)>;
            if constexpr (std::is_same_v<Field, Duration>) {
                profile_fields[std::string(name)] = to_seconds(field);
            } else if constexpr (std::is_same_v<Field, SourceTracking>) {
                profile_fields[std::string(name)] = name_of(field);
            } else if constexpr (std::is_arithmetic_v<Field>) {
                profile_fields[std::string(name)] = field;
            } else {
                profile_fields[std::string(name)] = field.count();
            }
            static_cast<void>(unit);
        });
    return {{"scenario", facts.scenario.name},
            {"seed", facts.seed},
            {"version", LANDFALL_VERSION},
            {"profile", facts.scenario.profile.name},
            {"simulated_s", to_seconds(facts.world.now().since_start())},
            {"machines_count", facts.machines.size()},
            {"deltas", facts.logic.engine().deltas()},
            {"events", facts.world.events()},
            {"totals", all_totals},
            {"billing", billing_summary(facts.billing)},
            {"recovery_plans", plan_summary(facts)},
            {"expect", judge(facts, machines, all_totals)},
            {"engine", kernel::SimGridKernel::options()},
            {"effective",
             {{"capture_step_s", to_seconds(facts.scenario.detail.capture_step)},
              {"capture_phases", facts.scenario.detail.capture_phases},
              {"sample_every_s", to_seconds(facts.scenario.detail.sample_every)},
              {"bandwidth_factor", facts.scenario.network.bandwidth_factor},
              {"profile", std::move(profile_fields)}}}};
}

}  // namespace landfall::record
