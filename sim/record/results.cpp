// sim/record/results.cpp — the tables of a finished run.
#include "sim/record/results.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace landfall::record {

namespace {

constexpr double kNotApplicable = std::numeric_limits<double>::quiet_NaN();

double span_s(const std::optional<Instant>& from, const std::optional<Instant>& to) {
    return from && to ? to_seconds(*to - *from) : kNotApplicable;
}

/// For machines that were protected from the start, migration began with the run.
Instant begun(const Milestones& dates) {
    return dates.enable_started.value_or(Instant());
}

class MachineColumns {
  public:
    explicit MachineColumns(const RunFacts& facts)
        : facts_(facts), billed_(billing_by_machine(facts.billing, facts.machines.size())) {
        for (std::size_t index = 0; index < facts.machines.size(); ++index) add(MachineId(index));
    }

    Table finish() {
        Table table{"machines", {}};
        table.columns.push_back({"machine", std::move(machine_), names(facts_.estate.machines)});
        table.columns.push_back(
            {"process_server", std::move(server_), names(facts_.estate.process_servers)});
        table.columns.push_back(state_.finish("state"));
        for (auto& [name, values] : numbers_) {
            table.columns.push_back({name, std::move(values), std::nullopt});
        }
        for (auto& [name, values] : counts_) {
            table.columns.push_back({name, std::move(values), std::nullopt});
        }
        return table;
    }

  private:
    template <typename Named>
    static std::vector<std::string> names(const std::vector<Named>& list) {
        std::vector<std::string> result;
        for (const Named& entry : list) result.push_back(entry.name);
        return result;
    }

    void add(MachineId id) {
        const Machine& machine = facts_.estate.machine(id);
        const Milestones& dates = facts_.logic.milestones(id);
        const RpoStatistics& rpo = facts_.recorder.rpo(id);
        const auto& engine = facts_.logic.engine();
        machine_.push_back(static_cast<std::int32_t>(id.value));
        server_.push_back(static_cast<std::int32_t>(machine.process_server.value));
        state_.add(name_of(facts_.logic.protection_state(id)));

        number("initial_replication_s", span_s(dates.enable_started, dates.protected_since));
        number("rpo_s_mean", rpo.mean());
        number("rpo_s_p50", rpo.quantile(0.50));
        number("rpo_s_p95", rpo.quantile(0.95));
        number("rpo_s_p99", rpo.quantile(0.99));
        number("rpo_s_max", rpo.maximum());
        number("rpo_s_end", facts_.recorder.rpo_at_end_s(id));
        number("downtime_s", span_s(dates.source_down, dates.replica_running));
        number("rto_s", span_s(dates.failover_started, dates.replica_running));
        number("migration_duration_s",
               dates.migrated ? to_seconds(*dates.migrated - begun(dates)) : kNotApplicable);
        number("protected_s", rpo.seconds());
        number("no_sample_s", no_sample_s(machine));
        number("cost_total", billed_[id.value].cost);
        number("licence_days", billed_[id.value].licence_days);

        const Bytes uploaded = engine.uploaded(id);
        const ProcessServer& server = facts_.estate.process_server(machine.process_server);
        count("data_loss_bytes", dates.data_loss ? dates.data_loss->count() : -1);
        count("written_bytes", engine.captured(id).count());
        count("wan_bytes",
              detail::scale(uploaded.count(), 1000, server.compression_permille, true));
        count("recovery_points", static_cast<std::int64_t>(engine.recovery_points(id).count()));
        count("recovery_points_published", facts_.recorder.points_published(id));
        count("resyncs", engine.resyncs(id));
    }

    /// Time without samples of the worst of the machine's disks.
    [[nodiscard]] double no_sample_s(const Machine& machine) const {
        Duration most;
        for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
            most = std::max(most, facts_.world.without_sample(DiskId(machine.first_disk.value + k),
                                                              Instant(), facts_.world.now()));
        }
        return to_seconds(most);
    }

    void number(std::string_view name, double value) { append(numbers_, name, value); }
    void count(std::string_view name, std::int64_t value) { append(counts_, name, value); }

    template <typename Value>
    static void append(std::vector<std::pair<std::string, std::vector<Value>>>& columns,
                       std::string_view name, Value value) {
        auto column = std::find_if(columns.begin(), columns.end(),
                                   [name](const auto& entry) { return entry.first == name; });
        if (column == columns.end()) {
            columns.emplace_back(name, std::vector<Value>());
            column = columns.end() - 1;
        }
        column->second.push_back(value);
    }

    const RunFacts& facts_;
    std::vector<BillingTotals> billed_;
    std::vector<std::int32_t> machine_;
    std::vector<std::int32_t> server_;
    NameColumn state_;
    std::vector<std::pair<std::string, std::vector<double>>> numbers_;
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> counts_;
};

}  // namespace

Table machines_table(const RunFacts& facts) {
    return MachineColumns(facts).finish();
}

Table recovery_points_table(const RunFacts& facts) {
    std::vector<std::int32_t> machine;
    std::vector<double> t_s;
    std::vector<double> published_s;
    std::vector<double> processed_s;
    NameColumn kind;
    std::vector<std::string> names;
    for (std::size_t index = 0; index < facts.estate.machines.size(); ++index) {
        names.push_back(facts.estate.machines[index].name);
        for (const RecoveryPoint& point :
             facts.logic.engine().recovery_points(MachineId(index)).all()) {
            machine.push_back(static_cast<std::int32_t>(index));
            t_s.push_back(to_seconds(point.time.since_start()));
            published_s.push_back(to_seconds(point.published_at.since_start()));
            processed_s.push_back(to_seconds(point.processed_at.since_start()));
            kind.add(point.kind == Marker::AppConsistent ? "app-consistent" : "crash-consistent");
        }
    }
    return {"recovery_points",
            {{"machine", std::move(machine), names},
             {"t_s", std::move(t_s), std::nullopt},
             {"published_s", std::move(published_s), std::nullopt},
             {"processed_s", std::move(processed_s), std::nullopt},
             kind.finish("kind")}};
}

void describe_jobs(const RunFacts& facts, Table& jobs) {
    std::vector<std::int64_t> parent;
    NameColumn plan;
    NameColumn description;
    NameColumn allowed_actions;
    for (std::size_t index = 0; index < facts.logic.jobs(); ++index) {
        const JobRecord& job = facts.logic.job(JobId(index));
        const JobId above = job.options.parent;
        parent.push_back(above.is_none() ? -1 : static_cast<std::int64_t>(above.value));
        if (job.is_of_plan())
            plan.add(facts.estate.plan(job.plan).name);
        else
            plan.codes.push_back(-1);
        description.add(job.state_description);
        std::string actions;
        for (const JobControl control : facts.logic.allowed_controls(JobId(index))) {
            actions += (actions.empty() ? "" : ", ") + std::string(name_of(control));
        }
        allowed_actions.add(actions);
    }
    jobs.columns.push_back({"parent_job", std::move(parent), std::nullopt});
    jobs.columns.push_back(plan.finish("plan"));
    jobs.columns.push_back(description.finish("description"));
    jobs.columns.push_back(allowed_actions.finish("allowed_actions"));
}

Table links_table(const RunFacts& facts) {
    NameColumn link;
    NameColumn direction;
    std::vector<std::int64_t> bytes;
    for (const world::LinkUse& use : facts.link_uses) {
        link.add(use.link);
        direction.add(use.forward ? "forward" : "backward");
        Bytes total;
        for (const ChannelId channel : use.channels) total += facts.world.carried(channel);
        bytes.push_back(total.count());
    }
    return {"links",
            {link.finish("link"),
             direction.finish("direction"),
             {"bytes", std::move(bytes), std::nullopt}}};
}

std::vector<double> numbers(const Table& table, std::string_view column) {
    std::vector<double> values;
    for (const Column& candidate : table.columns) {
        if (candidate.name != column) continue;
        if (const auto* doubles = std::get_if<std::vector<double>>(&candidate.values)) {
            return *doubles;
        }
        if (const auto* counts = std::get_if<std::vector<std::int64_t>>(&candidate.values)) {
            for (const std::int64_t count : *counts) {
                const bool absent = column == "data_loss_bytes" && count < 0;
                values.push_back(absent ? kNotApplicable : static_cast<double>(count));
            }
        }
    }
    return values;
}

}  // namespace landfall::record
