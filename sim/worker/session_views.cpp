// sim/worker/session_views.cpp — what is shown of a run while its time stands.
#include "sim/worker/session_views.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "sim/scenario/expand.hpp"

namespace landfall::worker {

namespace {

using nlohmann::json;

/// NaN means "not applicable", and JSON has no word for it but null.
json number(double value) {
    return std::isnan(value) ? json() : json(value);
}

json seconds(Instant at) {
    return to_seconds(at.since_start());
}

json task_json(const TaskRecord& task) {
    const bool begun = task.state != TaskState::Pending;
    const bool over = begun && task.state != TaskState::Started;
    return {{"task", task.row->name},
            {"state", name_of(task.state)},
            {"start_s", begun ? seconds(task.started) : json()},
            {"end_s", over ? seconds(task.ended) : json()}};
}

/// Of a plan: its stages, each followed by what stands below it.
json task_json(const PlanTask& task) {
    const auto time = [](const std::optional<Instant>& at) { return at ? seconds(*at) : json(); };
    return {{"task", task.name},
            {"state", name_of(task.state)},
            {"start_s", time(task.started)},
            {"end_s", time(task.ended)}};
}

/// The machine's disks as a vault lists them (common.md 4.3: DiskState).
json disks_json(const SiteRecovery& logic, MachineId machine) {
    json disks = json::array();
    const Machine& facts = logic.estate().machine(machine);
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        const bool joins = logic.engine().is_joining(disk);
        const bool replicates = logic.engine().replicates(disk);
        disks.push_back({{"disk", logic.estate().disk(disk).name},
                         {"state", joins        ? "InitialReplicationPending"
                                   : replicates ? "Protected"
                                                : "NotProtected"}});
    }
    return disks;
}

}  // namespace

json item_json(world::Cockpit& cockpit, MachineId machine) {
    const SiteRecovery& logic = cockpit.logic();
    const ProtectedItemView item = logic.item(machine);
    json allowed = json::array();
    for (const Operation operation : item.allowed_operations) allowed.push_back(name_of(operation));
    const double rpo_s = cockpit.records().rpo_now_s(machine);
    return {{"machine", cockpit.machines()[machine.value].name},
            {"protection_state", item.protection_state},
            {"description", item.description},
            {"active_location", name_of(item.active_location)},
            {"test_failover_state", name_of(item.test_failover_state)},
            {"test_failover_description", description_of(item.test_failover_state)},
            {"allowed_operations", std::move(allowed)},
            {"rpo_s", number(rpo_s)},
            {"paused", logic.view_of(machine).paused},
            {"disks", disks_json(logic, machine)},
            {"current_job", item.current_job.is_none() ? json() : json(item.current_job.value)}};
}

json items_json(world::Cockpit& cockpit) {
    json items = json::array();
    for (std::size_t index = 0; index < cockpit.machines().size(); ++index) {
        items.push_back(item_json(cockpit, MachineId(index)));
    }
    return items;
}

json points_json(world::Cockpit& cockpit, MachineId machine) {
    json points = json::array();
    const MachineId leg = cockpit.logic().active_leg(machine);
    if (leg.is_none()) return points;
    const ReplicationPipeline& engine = cockpit.logic().engine();
    const std::size_t disks = cockpit.logic().estate().machine(leg).disk_count;
    for (const RecoveryPoint& point : engine.recovery_points(leg).all()) {
        points.push_back(
            {{"t_s", seconds(point.time)},
             {"published_s", seconds(point.published_at)},
             {"processed_s", seconds(point.processed_at)},
             {"kind", point.kind == Marker::AppConsistent ? "app-consistent" : "crash-consistent"},
             // azure-to-azure-common-questions.md: "1 of 2 disks"
             {"disks", disks - engine.left_out(leg, point).size()},
             {"of_disks", disks}});
    }
    return points;
}

json plans_json(world::Cockpit& cockpit) {
    json plans = json::array();
    const auto& facts = cockpit.scenario().recovery_plans;
    for (std::size_t index = 0; index < facts.size(); ++index) {
        const RecoveryPlanView plan = cockpit.logic().plans().view(RecoveryPlanId(index));
        json allowed = json::array();
        for (const Operation each : plan.allowed_operations) allowed.push_back(name_of(each));
        json groups = json::array();
        for (const auto& group : facts[index].groups) {
            json names = json::array();
            for (const MachineId machine : scenario::select(cockpit.machines(), group.machines)) {
                names.push_back(cockpit.machines()[machine.value].name);
            }
            groups.push_back(std::move(names));
        }
        const auto number = [](JobId job) { return job.is_none() ? json() : json(job.value); };
        plans.push_back({{"plan", facts[index].name},
                         {"state", plan.state},
                         {"allowed_operations", std::move(allowed)},
                         {"groups", std::move(groups)},
                         {"current_job", number(plan.current_job)},
                         {"last_job", number(plan.last_job)}});
    }
    return plans;
}

json vault_json(world::Cockpit& cockpit) {
    const VaultSetup& setup = cockpit.vault().setup();
    const auto place = [](SetupId id) { return id.is_none() ? json() : json(id.value); };
    json objects = json::array();
    for (std::size_t index = 0; index < setup.objects(); ++index) {
        const SetupId id(index);
        if (!setup.is_alive(id)) continue;
        const SetupObject& object = setup.object(id);
        json uses = json::array();
        for (const SetupId used : object.uses) uses.push_back(used.value);
        objects.push_back({{"object", index},
                           {"kind", name_of(object.kind)},
                           {"name", object.name},
                           {"parent", place(object.parent)},
                           {"since_s", seconds(object.since)},
                           {"uses", std::move(uses)}});
    }
    json order = json::array();
    for (const SetupId id : setup.deletion_order()) order.push_back(id.value);
    return {{"objects", std::move(objects)},
            {"deletion_order", std::move(order)},
            {"deleted", setup.is_deleted()}};
}

json jobs_json(world::Cockpit& cockpit, std::size_t first) {
    json jobs = json::array();
    for (std::size_t job = first; job < cockpit.logic().jobs(); ++job) {
        jobs.push_back(job_json(cockpit, JobId(job)));
    }
    return jobs;
}

json job_json(world::Cockpit& cockpit, JobId id) {
    const JobRecord& job = cockpit.logic().job(id);
    json allowed = json::array();
    for (const JobControl control : cockpit.logic().allowed_controls(id)) {
        allowed.push_back(name_of(control));
    }
    json tasks = json::array();
    for (const TaskRecord& task : job.tasks) tasks.push_back(task_json(task));
    if (job.is_of_plan()) {
        for (const PlanTask& task : cockpit.logic().plans().record(id).run.tasks) {
            tasks.push_back(task_json(task));
        }
    }
    const JobId parent = job.options.parent;
    return {
        {"job", id.value},
        {"parent_job", parent.is_none() ? json() : json(parent.value)},
        {"machine", job.is_of_plan() ? std::string() : cockpit.machines()[job.machine.value].name},
        {"plan",
         job.is_of_plan() ? cockpit.scenario().recovery_plans[job.plan.value].name : std::string()},
        {"operation", name_of(job.kind)},
        {"state", name_of(job.state)},
        {"description", job.state_description},
        {"allowed_actions", std::move(allowed)},
        {"start_s", seconds(job.started)},
        {"end_s", job.is_over() ? seconds(job.ended) : json()},
        {"cause", job.cause},
        {"tasks", std::move(tasks)}};
}

json events_json(world::Cockpit& cockpit, std::size_t first) {
    json events = json::array();
    const record::Recorder& records = cockpit.records();
    for (std::size_t row = first; row < records.event_count(); ++row) {
        const record::EventRow event = records.event_row(row);
        events.push_back({{"t_s", event.t_s},
                          {"kind", event.kind},
                          {"subject", event.subject},
                          {"detail", event.detail}});
    }
    return events;
}

}  // namespace landfall::worker
