// sim/world/health_watch.cpp — facts from what the logic shows; tables from what changed.
#include "sim/world/health_watch.hpp"

#include <algorithm>
#include <utility>

#include "sim/record/recorder.hpp"
#include "sim/scenario/profile_data.hpp"

namespace landfall::world {

namespace {

bool means_replicating(std::string_view state) {
    return state == "Protected" || state == "InitialReplicationInProgress" ||
           state == "UnplannedFailoverFailed" || state == "PlannedFailoverFailed";
}

bool means_failed_failover(std::string_view state) {
    return state == "UnplannedFailoverFailed" || state == "PlannedFailoverFailed";
}

/// An error text may begin with its code: "28031: ...".
std::optional<HealthReason> reason_of(std::string_view cause) {
    return reason_with_code(cause.substr(0, cause.find(':')));
}

}  // namespace

std::vector<std::optional<BytesPerSecond>> churn_limits(
    const scenario::Scenario& scenario, const std::vector<scenario::ExpandedMachine>& machines) {
    std::vector<std::optional<BytesPerSecond>> limits;
    for (const scenario::ExpandedMachine& machine : machines) {
        const scenario::MachineGroup& group = scenario.machines[machine.group];
        std::optional<BytesPerSecond> limit = BytesPerSecond(0);
        const bool to_azure = group.replication != scenario::Replication::HyperVToSecondary &&
                              group.replication != scenario::Replication::ScoutToSecondary &&
                              group.replication != scenario::Replication::Failback;
        for (const scenario::Disk& disk : group.disks) {
            const TargetDiskTier* tier =
                scenario::find_tier(scenario.profile, disk.target_type, disk.size);
            if (!to_azure || tier == nullptr) {
                limit.reset();
                break;
            }
            *limit += tier->churn_limit;
        }
        limits.push_back(limit);
    }
    return limits;
}

HealthWatch::HealthWatch(const Estate& estate, const World& world, const SiteRecovery& logic,
                         std::vector<std::optional<BytesPerSecond>> churn_limits,
                         const faults::Troubles& troubles)
    : estate_(estate),
      world_(world),
      logic_(logic),
      troubles_(troubles),
      churn_limits_(std::move(churn_limits)),
      machines_(estate.machines.size()) {
    churn_limits_.resize(estate.machines.size());  // none is known of a reverse leg
}

// --- What it hears

void HealthWatch::point_published(MachineId machine, Instant time, bool app_consistent) {
    MachineWatch& watch = machines_[machine.value];
    watch.cycle = world_.now();
    if (app_consistent) watch.app_point = time;
}

void HealthWatch::state_changed(MachineId machine, std::string_view state) {
    MachineWatch& watch = machines_[machine.value];
    const Instant now = world_.now();
    const bool replicates = means_replicating(state);
    if (replicates && !watch.replicates) {
        watch.since = now;
        watch.moved = now;
        watch.uploaded = logic_.engine().uploaded(machine);
        watch.captured = logic_.engine().captured(machine);
    }
    watch.replicates = replicates;
    watch.initial_replication = state == "InitialReplicationInProgress";
    if (state == "Protected" && !watch.protected_since) watch.protected_since = now;
    watch.failover_failed = means_failed_failover(state);
    if (!watch.failover_failed) watch.cause.reset();
    if (watch.failover_failed) {
        monitor_.failover_failed({HealthSubjectKind::Item, machine.value}, now);
    }
}

void HealthWatch::job_started(JobId job, MachineId machine, std::string_view operation) {
    const bool cleans_up = operation == "Test failover cleanup";
    const bool fails_over = operation.find("ailover") != std::string_view::npos;
    if (fails_over) jobs_[job] = {machine, cleans_up, true};
}

void HealthWatch::job_ended(JobId job, std::string_view state, std::string_view cause) {
    const auto known = jobs_.find(job);
    if (known == jobs_.end()) return;
    const MachineId machine = known->second.machine;
    if (known->second.cleans_up && state == "Succeeded") test_failover_succeeded(machine);
    if (state == "Failed") machines_[machine.value].cause = reason_of(cause);
    jobs_.erase(known);
}

void HealthWatch::test_failover_succeeded(MachineId machine) {
    machines_[machine.value].tested = world_.now();
}

// --- One look

ItemFacts HealthWatch::facts_of(MachineId id) {
    MachineWatch& watch = machines_[id.value];
    const Machine& machine = estate_.machine(id);
    const Policy& policy = estate_.policy(machine.policy);
    const ReplicationPipeline& engine = logic_.engine();
    const Instant now = world_.now();
    const Duration interval = estate_.profile.health_interval;
    const auto since = [now](const std::optional<Instant>& then) {
        return then ? std::optional<Duration>(now - *then) : std::nullopt;
    };
    ItemFacts facts;
    facts.engine = machine.engine;
    facts.replicates = watch.replicates;
    facts.failover_failed = watch.failover_failed;
    facts.quota_exceeded = watch.cause == HealthReason::QuotaExceeded;
    facts.size_unavailable = watch.cause == HealthReason::SizeUnavailable;
    if (!watch.replicates) return facts;

    const Bytes captured = engine.captured(id);
    const Bytes uploaded = engine.uploaded(id);
    const bool behind = captured > watch.captured || watch.initial_replication ||
                        engine.data_path(id) == DataPath::Copying;
    if (uploaded > watch.uploaded || !behind) watch.moved = now;
    facts.churn = BytesPerSecond(detail::scale((captured - watch.captured).count(),
                                               kNanosecondsPerSecond, interval.count(), false));
    watch.captured = captured;
    watch.uploaded = uploaded;

    facts.initial_replication = watch.initial_replication;
    facts.observed = now - *watch.since;
    facts.since_point = engine.rpo(id);
    facts.since_app_point = since(watch.app_point);
    facts.app_point_every = policy.app_consistent_every;
    facts.rpo_threshold = policy.rpo_threshold;
    const Instant off = world_.writes_end(machine.first_disk);
    if (off <= now) facts.since_source_heard = now - off;
    if (const auto silent = troubles_.agents[id.value].since()) {
        facts.since_source_heard = now - *silent;
    }
    const std::size_t server = machine.process_server.value;
    const auto silent = troubles_.servers[server].since();
    facts.server_lost = silent && now - *silent > estate_.profile.health_heartbeat_lost;
    facts.port_blocked = troubles_.ports[server].lasts();
    facts.uploads_fail = troubles_.uploads[server].lasts();
    facts.master_target_lost = troubles_.master_targets[server].lasts();
    facts.without_upload = now - watch.moved;
    facts.resync_required = engine.data_path(id) == DataPath::ResyncRequired;
    facts.churn_limit = churn_limits_[id.value];
    facts.since_cycle = since(watch.cycle);
    facts.since_test = since(watch.tested);
    if (watch.protected_since) facts.protected_for = now - *watch.protected_since;
    return facts;
}

void HealthWatch::evaluate() {
    const Instant now = world_.now();
    for (std::size_t index = 0; index < estate_.process_servers.size(); ++index) {
        const ProcessServer& server = estate_.process_servers[index];
        if (server.receive_channel.is_none()) continue;  // the sources upload by themselves
        const auto& state = logic_.engine().process_server(ProcessServerId(index));
        const auto silent = troubles_.servers[index].since();
        const auto since_heard = silent ? std::optional(now - *silent) : std::nullopt;
        const auto reasons = judge_server(
            {state.measured(estate_.profile, server), since_heard, false}, estate_.profile);
        monitor_.update({HealthSubjectKind::ProcessServer, static_cast<std::uint32_t>(index)},
                        reasons, true, now);
    }
    for (std::size_t index = 0; index < machines_.size(); ++index) {
        const ItemFacts facts = facts_of(MachineId(index));
        if (!facts.replicates && !facts.failover_failed && !machines_[index].since) continue;
        monitor_.update({HealthSubjectKind::Item, static_cast<std::uint32_t>(index)},
                        judge_item(facts, estate_.profile), facts.replicates, now);
    }
    for (std::size_t index = 0; index < troubles_.certificates.size(); ++index) {
        const HealthSubject server{HealthSubjectKind::Registration,
                                   static_cast<std::uint32_t>(index)};
        const HealthReason expired[] = {HealthReason::CertificateExpired};
        const bool has = troubles_.certificates[index].lasts();
        if (!has && monitor_.health(server) == Health::None) continue;
        monitor_.update(
            server, has ? std::span<const HealthReason>(expired) : std::span<const HealthReason>(),
            true, now);
    }
    monitor_.update_vault(now);
}

// --- Tables

std::string_view HealthWatch::name_of_subject(HealthSubject subject, std::string_view vault) const {
    switch (subject.kind) {
        case HealthSubjectKind::ProcessServer: return estate_.process_servers[subject.index].name;
        case HealthSubjectKind::Item: return estate_.machines[subject.index].name;
        case HealthSubjectKind::Vault:
        case HealthSubjectKind::Registration: return vault;
    }
    return vault;
}

std::vector<record::Table> HealthWatch::take_tables(std::string_view vault) const {
    std::vector<double> t_s;
    record::NameColumn kind;
    record::NameColumn subject;
    record::NameColumn health;
    record::NameColumn code;
    record::NameColumn message;
    std::vector<double> since_s;
    for (const HealthStep& step : monitor_.steps()) {
        t_s.push_back(to_seconds(step.at.since_start()));
        kind.add(name_of(step.subject.kind));
        subject.add(name_of_subject(step.subject, vault));
        health.add(health_name(step.health));
        code.add(step.reason ? rule_of(*step.reason).code : "");
        message.add(step.reason ? rule_of(*step.reason).message : "");
        since_s.push_back(to_seconds(step.since.since_start()));
    }
    std::vector<double> alert_t_s;
    record::NameColumn alert;
    record::NameColumn alert_subject;
    record::NameColumn alert_message;
    for (const HealthAlert& mail : monitor_.alerts()) {
        alert_t_s.push_back(to_seconds(mail.at.since_start()));
        alert.add(name_of(mail.kind));
        alert_subject.add(name_of_subject(mail.subject, vault));
        alert_message.add(mail.reason ? rule_of(*mail.reason).message : "");
    }
    std::vector<record::Table> tables;
    tables.push_back({"health",
                      {{"t_s", std::move(t_s), std::nullopt},
                       kind.finish("kind"),
                       subject.finish("subject"),
                       health.finish("health"),
                       code.finish("code"),
                       message.finish("message"),
                       {"since_s", std::move(since_s), std::nullopt}}});
    tables.push_back({"alerts",
                      {{"t_s", std::move(alert_t_s), std::nullopt},
                       alert.finish("alert"),
                       alert_subject.finish("subject"),
                       alert_message.finish("message")}});
    return tables;
}

}  // namespace landfall::world
