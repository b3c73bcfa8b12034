// sim/world/health_watch.cpp — facts from what the logic shows; tables from what changed.
#include "sim/world/health_watch.hpp"

#include <algorithm>
#include <utility>

#include "model/recovery/support_matrix.hpp"
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

bool has_high_churn(const scenario::Scenario& scenario, const std::string& account) {
    for (const scenario::Region& region : scenario.regions) {
        for (const scenario::StorageAccount& each : region.storage_accounts) {
            if (each.name == account) return each.high_churn;
        }
    }
    return false;
}

/// An error text may begin with its code: "28031: ...".
std::optional<HealthReason> reason_of(std::string_view cause) {
    return reason_with_code(cause.substr(0, cause.find(':')));
}

}  // namespace

ChurnLimits churn_limits(const scenario::Scenario& scenario,
                         const std::vector<scenario::ExpandedMachine>& machines) {
    using scenario::Replication;
    ChurnLimits limits;
    const ServiceProfile& profile = scenario.profile;
    for (const scenario::ExpandedMachine& machine : machines) {
        const scenario::MachineGroup& group = scenario.machines[machine.group];
        const bool agent = group.replication == Replication::InMageToAzure;
        const bool azure = group.replication == Replication::AzureToAzure;
        const bool high = azure && has_high_churn(scenario, *group.storage_account);
        const bool to_azure = agent || azure || group.replication == Replication::HyperVToAzure;
        for (const scenario::Disk& disk : group.disks) {
            limits.disks.emplace_back();
            const TargetDiskTier* tier = scenario::find_tier(profile, disk.target_type, disk.size);
            if (!to_azure || tier == nullptr) continue;
            const ChurnStep churn = tier->churn_of(disk.write_size);
            limits.disks.back() = high ? churn.high_churn_limit : churn.limit;
        }
        limits.machines.emplace_back();
        BytesPerSecond most(0);  // which is no limit
        if (agent) most = profile.machine_churn_max;
        if (azure)
            most = high ? profile.azure_machine_high_churn_max : profile.azure_machine_churn_max;
        if (most > BytesPerSecond(0)) limits.machines.back() = most;
    }
    return limits;
}

HealthWatch::HealthWatch(const scenario::Scenario& scenario, const Estate& estate,
                         const World& world, const SiteRecovery& logic, ChurnLimits limits,
                         const faults::Troubles& troubles)
    : estate_(estate),
      world_(world),
      logic_(logic),
      troubles_(troubles),
      limits_(std::move(limits)),
      contact_(scenario),
      copies_(estate, world, logic.engine()),
      captured_(estate.disks.size()),
      machines_(estate.machines.size()),
      servers_(estate, logic) {
    limits_.disks.resize(estate.disks.size());  // none are known of a reverse leg
    limits_.machines.resize(estate.machines.size());
}

// --- What it hears

void HealthWatch::point_published(MachineId leg, Instant time, bool app_consistent) {
    MachineWatch& watch = machines_[estate_.item_of(leg).value];
    const Instant now = world_.now();
    watch.cycle = now;
    watch.cycles.push_back(now);
    const Duration kept = estate_.profile.hyper_v_no_cycle * 2;
    while (now - watch.cycles.front() > kept) watch.cycles.pop_front();
    if (app_consistent) watch.app_point = time;
}

void HealthWatch::state_changed(MachineId machine, std::string_view state) {
    MachineWatch& watch = machines_[machine.value];
    const Instant now = world_.now();
    const bool replicates = means_replicating(state);
    if (replicates && !watch.replicates) {
        watch.since = now;
        watch.moved = now;
        watch.uploaded = logic_.engine().uploaded(leg_of(machine));
        const Machine& facts = estate_.machine(leg_of(machine));
        for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
            const DiskId disk(facts.first_disk.value + k);
            captured_[disk.value] = logic_.engine().captured(disk);
        }
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
    // A plan's job is that of its machines, each of which has its own.
    if (fails_over && !machine.is_none()) jobs_[job] = {machine, cleans_up, true};
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

/// The leg that replicates the item now; the item itself where nothing takes it home.
MachineId HealthWatch::leg_of(MachineId item) const {
    const MachineId leg = logic_.active_leg(item);
    return leg.is_none() ? item : leg;
}

ItemFacts HealthWatch::facts_of(MachineId item) {
    MachineWatch& watch = machines_[item.value];
    const MachineId id = leg_of(item);
    const Machine& machine = estate_.machine(id);
    const Policy& policy = estate_.policy(machine.policy);
    const ReplicationPipeline& engine = logic_.engine();
    const Instant now = world_.now();
    const auto since = [now](const std::optional<Instant>& then) {
        return then ? std::optional<Duration>(now - *then) : std::nullopt;
    };
    ItemFacts facts;
    facts.engine = machine.engine;
    facts.replicates = watch.replicates;
    facts.failover_failed = watch.failover_failed;
    // A test failover that failed says so by its job: the item replicates as before.
    const auto is_cause = [&](HealthReason reason) {
        return watch.failover_failed && watch.cause == reason;
    };
    facts.quota_exceeded = is_cause(HealthReason::QuotaExceeded);
    facts.size_unavailable = is_cause(HealthReason::SizeUnavailable);
    if (!watch.replicates) return facts;

    const Bytes uploaded = engine.uploaded(id);
    const bool writes = compare_churn(id, facts);
    const bool behind =
        writes || watch.initial_replication || engine.data_path(id) == DataPath::Copying;
    facts.paused = engine.is_paused(id);
    // A host that was told to wait is not expected to send.
    if (uploaded > watch.uploaded || !behind || facts.paused) watch.moved = now;
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
    const std::size_t server = engine.server_of(id).value;
    const auto silence = silence_of(server, now);
    facts.server_lost = silence && *silence > estate_.profile.health_heartbeat_lost;
    facts.port_blocked = troubles_.ports[server].lasts();
    facts.uploads_fail = troubles_.uploads[server].lasts();
    facts.master_target_lost = troubles_.master_targets[server].lasts();
    facts.without_upload = now - watch.moved;
    facts.resync_required = engine.data_path(id) == DataPath::ResyncRequired;
    facts.copy_slow = copies_.is_slow(id);
    count_cycles(watch, policy, facts);
    facts.disk_not_protected = lacks_a_disk(id);
    facts.since_cycle = since(watch.cycle);
    facts.since_test = since(watch.tested);
    if (watch.protected_since) facts.protected_for = now - *watch.protected_since;
    return facts;
}

/// azure-to-azure-enable-replication-added-disk.md: a disk is available for protection, until its
/// initial replication has ended. Told where a disk can be added later, and only there.
bool HealthWatch::lacks_a_disk(MachineId id) const {
    const Machine& machine = estate_.machine(id);
    const SupportCell cell = support(Feature::AddDisks, machine.kind, estate_.profile);
    if (cell.support != Support::Supported) return false;
    const ReplicationPipeline& engine = logic_.engine();
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        const DiskId disk(machine.first_disk.value + k);
        if (!engine.replicates(disk) || engine.is_joining(disk)) return true;
    }
    return false;
}

/// Fills in whichever of the machine and its disks is furthest above its limit. Answers whether the
/// machine has written since the last look.
bool HealthWatch::compare_churn(MachineId id, ItemFacts& facts) {
    const Machine& machine = estate_.machine(id);
    const Duration interval = estate_.profile.health_interval;
    Bytes total;
    Bytes most_above(-1);
    const auto compare = [&](Bytes written, const std::optional<BytesPerSecond>& limit) {
        if (!limit) return;
        const Bytes above = written - moved_bytes(*limit, interval);
        if (above <= most_above && facts.churn_limit) return;
        most_above = above;
        facts.churn = BytesPerSecond(
            detail::scale(written.count(), kNanosecondsPerSecond, interval.count(), false));
        facts.churn_limit = limit;
    };
    for (std::uint32_t k = 0; k < machine.disk_count; ++k) {
        const DiskId disk(machine.first_disk.value + k);
        const Bytes captured = logic_.engine().captured(disk);
        const Bytes written = captured - captured_[disk.value];
        captured_[disk.value] = captured;
        total += written;
        compare(written, limits_.disks[disk.value]);
    }
    compare(total, limits_.machines[id.value]);
    return total > Bytes(0);
}

/// [A] Of the last hour, as a missing cycle is told after an hour. The first of them may have ended
/// half an interval early.
void HealthWatch::count_cycles(const MachineWatch& watch, const Policy& policy,
                               ItemFacts& facts) const {
    const Duration window = estate_.profile.hyper_v_no_cycle;
    const Instant now = world_.now();
    if (!watch.protected_since || now - *watch.protected_since < window * 2) return;
    const Instant from = now - window - Duration(policy.replication_interval.count() / 2);
    facts.cycles = window.count() / policy.replication_interval.count();
    const auto ended = std::count_if(watch.cycles.begin(), watch.cycles.end(),
                                     [from](Instant cycle) { return cycle > from; });
    facts.cycles_missed = std::max<std::int64_t>(0, facts.cycles - ended);
}

/// No link leads to it, or it is down itself: the longer of both.
std::optional<Duration> HealthWatch::silence_of(std::size_t server, Instant now) const {
    const auto silent = troubles_.servers[server].since();
    return std::max(contact_.silence_of(server, now),
                    silent ? std::optional(now - *silent) : std::nullopt);
}

void HealthWatch::evaluate_servers(Instant now) {
    for (std::size_t index = 0; index < estate_.process_servers.size(); ++index) {
        const ProcessServer& server = estate_.process_servers[index];
        if (server.receive_channel.is_none()) continue;  // the sources upload by themselves
        if (!servers_.contains(ProcessServerId(index))) continue;
        const auto& state = logic_.engine().process_server(ProcessServerId(index));
        const auto reasons =
            judge_server({state.measured(estate_.profile, server), silence_of(index, now), false},
                         estate_.profile);
        monitor_.update({HealthSubjectKind::ProcessServer, static_cast<std::uint32_t>(index)},
                        reasons, true, now);
    }
    for (std::size_t index = 0; index < contact_.registered(); ++index) {
        if (!contact_.is_registered(index, now)) continue;
        RegistrationFacts facts = contact_.facts_of(index, now);
        // Configuration servers come first.
        const auto& expired = troubles_.certificates;
        if (index < expired.size() && expired[index].lasts()) {
            facts.certificate_age =
                std::max(facts.certificate_age, estate_.profile.certificate_lifetime);
        }
        monitor_.update({HealthSubjectKind::Registration, static_cast<std::uint32_t>(index)},
                        judge_registration(facts, estate_.profile), true, now);
    }
}

void HealthWatch::evaluate() {
    const Instant now = world_.now();
    evaluate_servers(now);
    copies_.begin_round();
    for (std::size_t index = 0; index < machines_.size(); ++index) {
        copies_.look_at(MachineId(index));
        const ItemFacts facts = facts_of(MachineId(index));
        if (!facts.replicates && !facts.failover_failed && !machines_[index].since) continue;
        monitor_.update({HealthSubjectKind::Item, static_cast<std::uint32_t>(index)},
                        judge_item(facts, estate_.profile), facts.replicates, now);
    }
    monitor_.update_vault(now);
}

// --- Tables

std::string_view HealthWatch::name_of_subject(HealthSubject subject, std::string_view vault) const {
    switch (subject.kind) {
        case HealthSubjectKind::ProcessServer: return estate_.process_servers[subject.index].name;
        case HealthSubjectKind::Item: return estate_.machines[subject.index].name;
        case HealthSubjectKind::Registration: return contact_.name_of(subject.index);
        case HealthSubjectKind::Vault: return vault;
    }
    return vault;
}

std::vector<record::Table> HealthWatch::take_tables(std::string_view vault) {
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
    tables.push_back(copies_.take_table());
    return tables;
}

}  // namespace landfall::world
