// sim/record/recorder.cpp — one row per report.
#include "sim/record/recorder.hpp"

#include <limits>
#include <utility>

namespace landfall::record {

namespace {

constexpr double kNotYet = std::numeric_limits<double>::quiet_NaN();

/// Replication is alive in these states, so the RPO means something.
bool is_replicating(std::string_view state) {
    return state == "Protected" || state == "UnplannedFailoverFailed";
}

}  // namespace

std::int32_t Dictionary::code(std::string_view name) {
    const auto known = codes_.find(name);
    if (known != codes_.end()) return known->second;
    const auto fresh = static_cast<std::int32_t>(names_.size());
    names_.emplace_back(name);
    codes_.emplace(names_.back(), fresh);
    return fresh;
}

Column NameColumn::finish(std::string name) {
    return {std::move(name), std::move(codes), dictionary.names()};
}

Recorder::Recorder(const Estate& estate, const Clock& clock, bool rpo_steps)
    : estate_(estate), clock_(clock), rpo_steps_(rpo_steps), machines_(estate.machines.size()) {}

// --- RPO

void Recorder::end_ramp(MachineRecord& record) {
    const Duration reached = clock_.now() - record.last_point;
    record.rpo.add_ramp(record.ramp_from, reached);
    record.ramp_from = reached;
}

void Recorder::add_step(MachineId machine, double before_s, double after_s) {
    if (!rpo_steps_) return;
    steps_.t_s.push_back(now_s());
    steps_.machine.push_back(static_cast<std::int32_t>(machine.value));
    steps_.before_s.push_back(before_s);
    steps_.after_s.push_back(after_s);
}

void Recorder::recovery_point_published(MachineId leg, Instant time, Instant /*processed_at*/,
                                        bool /*app_consistent*/) {
    const MachineId machine = estate_.item_of(leg);
    MachineRecord& record = machines_[machine.value];
    ++record.points;
    const Instant now = clock_.now();
    if (record.counting) {
        end_ramp(record);
        add_step(machine, to_seconds(record.ramp_from), to_seconds(now - time));
    }
    record.has_point = true;
    record.last_point = time;
    record.ramp_from = now - time;
}

void Recorder::state_changed(MachineId machine, std::string_view state) {
    MachineRecord& record = machines_[machine.value];
    const Instant now = clock_.now();
    if (is_replicating(state) && !record.counting) {
        if (!record.has_point) record.last_point = now;
        record.has_point = true;
        record.counting = true;
        record.ramp_from = now - record.last_point;
        add_step(machine, kNotYet, to_seconds(record.ramp_from));
    } else if (!is_replicating(state) && record.counting) {
        end_ramp(record);
        record.counting = false;
        record.rpo_at_end_s = to_seconds(record.ramp_from);
        add_step(machine, record.rpo_at_end_s, kNotYet);
    }
    noted("state", estate_.machine(machine).name, state);
    if (billing_ != nullptr) billing_->state_changed(machine, state);
}

double Recorder::rpo_now_s(MachineId machine) const {
    const MachineRecord& record = machines_[machine.value];
    return record.counting ? to_seconds(clock_.now() - record.last_point) : kNotYet;
}

void Recorder::close() {
    for (std::size_t index = 0; index < machines_.size(); ++index) {
        MachineRecord& record = machines_[index];
        if (!record.counting) continue;
        end_ramp(record);
        record.rpo_at_end_s = to_seconds(record.ramp_from);
        add_step(MachineId(index), record.rpo_at_end_s, kNotYet);
        record.counting = false;
    }
}

// --- Jobs, tasks, events

void Recorder::disk_copied(DiskId disk, std::string_view kind, Instant started, Bytes bytes) {
    const Disk& facts = estate_.disk(disk);
    copies_.machine.push_back(static_cast<std::int32_t>(facts.machine.value));
    copies_.disk.add(facts.name);
    copies_.kind.add(kind);
    copies_.start_s.push_back(to_seconds(started.since_start()));
    copies_.end_s.push_back(now_s());
    copies_.bytes.push_back(bytes.count());
}

void Recorder::noted(std::string_view kind, std::string_view subject, std::string_view detail) {
    ++news_;
    events_.t_s.push_back(now_s());
    events_.kind.add(kind);
    events_.subject.add(subject);
    events_.detail.add(detail);
}

void Recorder::job_started(JobId job, MachineId machine, std::string_view operation) {
    LANDFALL_CHECK(job.value == jobs_.id.size(), "jobs are numbered in the order they start");
    ++news_;
    jobs_.id.push_back(job.value);
    jobs_.machine.push_back(static_cast<std::int32_t>(machine.value));
    jobs_.operation.add(operation);
    jobs_.state.add("InProgress");
    jobs_.start_s.push_back(now_s());
    jobs_.end_s.push_back(kNotYet);
    jobs_.cause.add("");
}

void Recorder::task_ended(JobId job, std::string_view task, std::string_view state,
                          Instant started) {
    tasks_.job.push_back(job.value);
    tasks_.task.add(task);
    tasks_.state.add(state);
    tasks_.start_s.push_back(to_seconds(started.since_start()));
    tasks_.end_s.push_back(now_s());
}

void Recorder::job_ended(JobId job, std::string_view state, std::string_view cause) {
    ++news_;
    jobs_.state.codes[job.value] = jobs_.state.dictionary.code(state);
    jobs_.cause.codes[job.value] = jobs_.cause.dictionary.code(cause);
    jobs_.end_s[job.value] = now_s();
}

EventRow Recorder::event_row(std::size_t row) const {
    return {events_.kind.at(row), events_.subject.at(row), events_.detail.at(row),
            events_.t_s[row]};
}

std::vector<Table> Recorder::take_tables() {
    std::vector<std::string> names;
    for (const Machine& machine : estate_.machines) names.push_back(machine.name);
    std::vector<Table> tables;
    tables.push_back({"rpo",
                      {{"t_s", std::move(steps_.t_s), std::nullopt},
                       {"machine", std::move(steps_.machine), names},
                       {"rpo_s_before", std::move(steps_.before_s), std::nullopt},
                       {"rpo_s_after", std::move(steps_.after_s), std::nullopt}}});
    tables.push_back({"jobs",
                      {{"job_id", std::move(jobs_.id), std::nullopt},
                       {"machine", std::move(jobs_.machine), names},
                       jobs_.operation.finish("operation"),
                       jobs_.state.finish("state"),
                       {"start_s", std::move(jobs_.start_s), std::nullopt},
                       {"end_s", std::move(jobs_.end_s), std::nullopt},
                       jobs_.cause.finish("cause")}});
    tables.push_back({"tasks",
                      {{"job_id", std::move(tasks_.job), std::nullopt},
                       tasks_.task.finish("task"),
                       tasks_.state.finish("state"),
                       {"start_s", std::move(tasks_.start_s), std::nullopt},
                       {"end_s", std::move(tasks_.end_s), std::nullopt}}});
    tables.push_back({"copies",
                      {{"machine", std::move(copies_.machine), names},
                       copies_.disk.finish("disk"),
                       copies_.kind.finish("kind"),
                       {"start_s", std::move(copies_.start_s), std::nullopt},
                       {"end_s", std::move(copies_.end_s), std::nullopt},
                       {"bytes", std::move(copies_.bytes), std::nullopt}}});
    tables.push_back({"events",
                      {{"t_s", std::move(events_.t_s), std::nullopt},
                       events_.kind.finish("kind"),
                       events_.subject.finish("subject"),
                       events_.detail.finish("detail")}});
    return tables;
}

}  // namespace landfall::record
