// sim/worker/session_views.cpp — what is shown of a run while its time stands.
#include "sim/worker/session_views.hpp"

#include <cmath>
#include <string>
#include <vector>

namespace landfall::worker {

namespace {

using nlohmann::json;

/// NaN means "not applicable", and JSON has no word for it but null.
json number(double value) {
    return std::isnan(value) ? json() : json(value);
}

json job_without_tasks(world::Cockpit& cockpit, JobId job) {
    const record::JobRow row = cockpit.records().job_row(job);
    return {{"job", job.value},           {"machine", cockpit.machines()[row.machine.value].name},
            {"operation", row.operation}, {"state", row.state},
            {"start_s", row.start_s},     {"end_s", number(row.end_s)},
            {"cause", row.cause},         {"tasks", json::array()}};
}

json task_json(const record::TaskRow& row) {
    return {{"task", row.name},
            {"state", row.state},
            {"start_s", number(row.start_s)},
            {"end_s", number(row.end_s)}};
}

}  // namespace

json item_json(world::Cockpit& cockpit, MachineId machine) {
    const SiteRecovery& logic = cockpit.logic();
    const ProtectionState state = logic.protection_state(machine);
    json allowed = json::array();
    for (const Operation operation : allowed_operations(logic.view_of(machine))) {
        allowed.push_back(name_of(operation));
    }
    const double rpo_s = cockpit.records().rpo_now_s(machine);
    return {{"machine", cockpit.machines()[machine.value].name},
            {"protection_state", name_of(state)},
            {"allowed_operations", std::move(allowed)},
            {"rpo_s", number(rpo_s)},
            {"recovery_points", logic.engine().recovery_points(machine).count()}};
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
    for (const RecoveryPoint& point : cockpit.logic().engine().recovery_points(machine).all()) {
        points.push_back({{"t_s", to_seconds(point.time.since_start())},
                          {"published_s", to_seconds(point.published_at.since_start())},
                          {"processed_s", to_seconds(point.processed_at.since_start())},
                          {"kind", point.kind == Marker::AppConsistent ? "app-consistent"
                                                                       : "crash-consistent"}});
    }
    return points;
}

json jobs_json(world::Cockpit& cockpit, std::size_t first) {
    json jobs = json::array();
    const record::Recorder& records = cockpit.records();
    for (std::size_t job = first; job < records.job_count(); ++job) {
        jobs.push_back(job_without_tasks(cockpit, JobId(job)));
    }
    for (std::size_t row = 0; row < records.task_count(); ++row) {
        const record::TaskRow task = records.task_row(row);
        if (task.job.value < first) continue;
        jobs[task.job.value - first]["tasks"].push_back(task_json(task));
    }
    return jobs;
}

json job_json(world::Cockpit& cockpit, JobId job) {
    json shown = job_without_tasks(cockpit, job);
    const record::Recorder& records = cockpit.records();
    for (std::size_t row = 0; row < records.task_count(); ++row) {
        const record::TaskRow task = records.task_row(row);
        if (task.job == job) shown["tasks"].push_back(task_json(task));
    }
    return shown;
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
