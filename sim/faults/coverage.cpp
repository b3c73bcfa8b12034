// sim/faults/coverage.cpp — phases read off the logic, cells counted.
#include "sim/faults/coverage.hpp"

#include <algorithm>
#include <utility>

namespace landfall::faults {

namespace {

/// Publishing and pruning take no time here; a fault meets them when it comes no later after them.
constexpr Duration kMoment = nanoseconds(1'000'000);

/// By the phase of a task of a failover: that of the same task on the way home.
std::vector<PhaseId> phases_home() {
    const auto all = phases();
    std::vector<PhaseId> home(all.size());
    for (const JobKind kind : {JobKind::PlannedFailover, JobKind::Failover}) {
        for (const TaskRow& row : tasks_of(kind)) {
            const std::string name = std::string(name_of(kind)) + " home: " + std::string(row.name);
            const auto found = std::find_if(all.begin(), all.end(),
                                            [&](const Phase& phase) { return phase.name == name; });
            LANDFALL_CHECK(found != all.end(), "each task of a failover has a phase home");
            home[phase_of(row)] = static_cast<PhaseId>(found - all.begin());
        }
    }
    return home;
}

}  // namespace

PhaseId phase_of(const JobRecord& job) {
    static const std::vector<PhaseId> home = phases_home();
    const bool goes_home = job.active_before == ActiveLocation::Recovery &&
                           (job.kind == JobKind::PlannedFailover || job.kind == JobKind::Failover);
    const PhaseId phase = phase_of(job.row());
    return goes_home ? home[phase] : phase;
}

Coverage::Coverage(const scenario::Scenario& scenario, const Injector& injector, const Stage& stage)
    : scenario_(scenario),
      injector_(injector),
      stage_(stage),
      faults_of_(stage.estate.machines.size()),
      last_points_(stage.estate.machines.size()),
      published_(stage.estate.machines.size()),
      plans_of_(stage.estate.machines.size()) {
    for (std::size_t plan = 0; plan < stage.estate.plans.size(); ++plan) {
        for (const PlanGroup& group : stage.estate.plans[plan].groups) {
            for (const PlanItem& item : group.items) {
                plans_of_[item.machine.value].emplace_back(plan);
            }
        }
    }
}

MachineId Coverage::item_of(MachineId leg) const {
    const MachineId forward = stage_.estate.machine(leg).forward_of;
    return forward.is_none() ? leg : forward;
}

void Coverage::fault_comes(std::size_t fault) {
    let_go();
    before_.clear();
    for (const MachineId item : injector_.struck(fault).items) {
        for (const PhaseId phase : phases_of(item)) before_.emplace_back(item, phase);
    }
}

void Coverage::fault_begins(std::size_t fault) {
    for (const MachineId item : injector_.struck(fault).items) {
        faults_of_[item.value].push_back(fault);
        ++struck_now_;
    }
    for (const auto& [item, phase] : before_) count(fault, item, phase);
    look();
}

void Coverage::fault_ends(std::size_t fault) {
    let_go();
    for (const MachineId item : injector_.struck(fault).items) look_at(item);
    if (scenario_.faults[fault].lasts) return forget(fault);
    instant_ = stage_.world.now();
    of_this_instant_.push_back(fault);
}

void Coverage::forget(std::size_t fault) {
    for (const MachineId item : injector_.struck(fault).items) {
        struck_now_ -= std::erase(faults_of_[item.value], fault);
    }
}

void Coverage::let_go() {
    if (of_this_instant_.empty() || stage_.world.now() == instant_) return;
    for (const std::size_t fault : std::exchange(of_this_instant_, {})) forget(fault);
}

void Coverage::item_changed(MachineId item) {
    let_go();
    if (item.is_none()) return;  // a job of a recovery plan: what it is at is looked at by event
    if (!faults_of_[item.value].empty()) look_at(item);
}

void Coverage::point_published(MachineId leg) {
    let_go();
    const std::size_t now = stage_.logic.engine().recovery_points(leg).count();
    const std::size_t before = std::exchange(last_points_[leg.value], now);
    published_[leg.value] = {stage_.world.now(), now <= before};
    const MachineId item = item_of(leg);
    if (faults_of_[item.value].empty()) return;
    hit(item, phase_of(PathPhase::Publish));
    if (now <= before) hit(item, phase_of(PathPhase::Prune));
}

void Coverage::look() {
    let_go();
    for (std::size_t item = 0; item < faults_of_.size(); ++item) {
        if (!faults_of_[item].empty()) look_at(MachineId(item));
    }
}

void Coverage::look_at(MachineId item) {
    for (const PhaseId phase : phases_of(item)) hit(item, phase);
}

void Coverage::hit(MachineId item, PhaseId phase) {
    for (const std::size_t fault : faults_of_[item.value]) count(fault, item, phase);
}

void Coverage::count(std::size_t fault, MachineId item, PhaseId phase) {
    if (!seen_.insert({fault, {item, phase}}).second) return;
    ++hits_[{scenario_.faults[fault].kind, phase}];
}

std::vector<PhaseId> Coverage::phases_of(MachineId item) const {
    const SiteRecovery& logic = stage_.logic;
    const ReplicationPipeline& engine = logic.engine();
    const ItemView view = logic.view_of(item);
    std::vector<PhaseId> found;
    const auto add = [&](PathPhase phase, bool is_on) {
        if (is_on) found.push_back(phase_of(phase));
    };
    const MachineId leg = logic.active_leg(item);
    const DataPath path = logic.data_path(item);
    if (path == DataPath::Stopped) {
        add(PathPhase::Idle, true);
    } else {
        const MarkerProgress marker = engine.marker_progress(leg);
        const bool seeded = engine.resyncs(leg) > 0;
        add(PathPhase::InitialCopy, path == DataPath::Copying && !seeded);
        add(PathPhase::Journal, path == DataPath::Journal);
        add(PathPhase::MarkerPrepare, marker == MarkerProgress::Placed);
        add(PathPhase::MarkerCommit, marker == MarkerProgress::Decided);
        add(PathPhase::Apply, engine.applies_logs(leg));
        const Published& published = published_[leg.value];
        const bool just = published.at && stage_.world.now() - *published.at <= kMoment;
        add(PathPhase::Publish, just);
        add(PathPhase::Prune, just && published.pruned);
        const ProcessServerId server = stage_.estate.machine(leg).process_server;
        const ChannelId upload = stage_.estate.process_server(server).upload_channel;
        add(PathPhase::Disconnected, engine.waits_to_retry(leg) || stage_.world.is_cut(upload));
        add(PathPhase::ResyncRequired, path == DataPath::ResyncRequired);
        add(PathPhase::Resync, path == DataPath::Copying && seeded);
    }
    add(PathPhase::TestMachine, view.test == TestFailoverState::WaitingForCompletion);
    const JobId job = logic.item(item).current_job;
    if (!job.is_none()) found.push_back(phase_of(logic.job(job)));
    for (const JobId plan : running_plans(item)) add_plan_phases(plan, found);
    return found;
}

/// Jobs in progress of plans that the item belongs to.
std::vector<JobId> Coverage::running_plans(MachineId item) const {
    std::vector<JobId> running;
    for (const RecoveryPlanId plan : plans_of_[item.value]) {
        const JobId job = stage_.logic.plans().last_job(plan);
        if (!job.is_none() && !stage_.logic.job(job).is_over()) running.push_back(job);
    }
    return running;
}

void Coverage::add_plan_phases(JobId job, std::vector<PhaseId>& found) const {
    const RecoveryPlanRecord& run = stage_.logic.plans().record(job).run;
    for (PlanTaskIndex index = 0; index < run.tasks.size(); ++index) {
        if (run.tasks[index].state != PlanTaskState::Started) continue;
        const bool waits = run.state == PlanRunState::Suspended;
        const auto phase = plan_phase_of(run.tasks, index, waits);
        if (!phase) continue;
        const PhaseId id = phase_of(*phase);
        if (std::find(found.begin(), found.end(), id) == found.end()) found.push_back(id);
    }
}

std::vector<Coverage::Cell> Coverage::cells() const {
    std::vector<Cell> all;
    for (const auto& [cell, hits] : hits_) all.push_back({cell.first, cell.second, hits});
    return all;
}

nlohmann::json coverage_json(const Coverage& coverage) {
    nlohmann::json cells = nlohmann::json::array();
    for (const Coverage::Cell& cell : coverage.cells()) {
        cells.push_back({{"fault", row_of(cell.kind).name},
                         {"phase", phases()[cell.phase].name},
                         {"hits", cell.hits}});
    }
    return cells;
}

}  // namespace landfall::faults
