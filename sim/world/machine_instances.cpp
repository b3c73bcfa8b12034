// sim/world/machine_instances.cpp — requests, their times, and what they change.
#include "sim/world/machine_instances.hpp"

#include <algorithm>
#include <optional>

#include "model/recovery/job.hpp"

namespace landfall::world {

namespace {

constexpr std::string_view kNothingThere = "the machine does not exist";

/// How long an action takes; creation in Azure has a quota besides (creation_ends). The first row
/// that fits counts.
struct ActionTime {
    MachineAction action;
    bool at_target;
    Duration ServiceProfile::*time;
    std::optional<ReplicationEngine> only_of = std::nullopt;
};
constexpr ActionTime kActionTimes[] = {
    {MachineAction::Create, true, &ServiceProfile::hyper_v_start_failover_time,
     ReplicationEngine::HyperVToAzure},
    {MachineAction::Create, false, &ServiceProfile::create_primary_time},
    {MachineAction::Create, true, &ServiceProfile::start_failover_time},
    {MachineAction::Start, false, &ServiceProfile::start_primary_time},
    {MachineAction::Start, true, &ServiceProfile::start_machine_time},
    {MachineAction::ShutDown, false, &ServiceProfile::shut_down_time},
    {MachineAction::ShutDown, true, &ServiceProfile::shut_down_time},
    {MachineAction::Delete, false, &ServiceProfile::delete_machine_time},
    {MachineAction::Delete, true, &ServiceProfile::delete_machine_time},
};

Duration time_of(const MachineRequest& request, const Estate& estate) {
    const bool at_target = request.instance != MachineInstance::Primary;
    const ReplicationEngine engine = estate.machine(request.machine).engine;
    for (const ActionTime& row : kActionTimes) {
        if (row.action != request.action || row.at_target != at_target) continue;
        if (row.only_of.value_or(engine) == engine) return estate.profile.*row.time;
    }
    LANDFALL_CHECK(false, "every action has a time");
    return Duration(0);
}

void end_last(std::vector<TimeSpan>& spans, Instant now) {
    if (!spans.empty() && spans.back().lasts()) spans.back().until = now;
}

}  // namespace

MachineInstances::MachineInstances(const Estate& estate)
    : estate_(estate),
      items_(estate.machines.size()),
      room_(estate),
      free_from_(estate.machines.size()) {
    for (std::size_t index = 0; index < items_.size(); ++index) {
        if (!estate.machines[index].forward_of.is_none()) continue;  // its item has the machines
        InstanceHistory& source = items_[index][static_cast<std::size_t>(MachineInstance::Primary)];
        source.existed.push_back({Instant()});
        source.ran.push_back({Instant()});
        source.allocated.push_back({Instant()});
    }
}

MachineInstances::Begun MachineInstances::begin(const MachineRequest& request, Instant now) {
    LANDFALL_CHECK(estate_.machine(request.machine).forward_of.is_none(),
                   "machines are asked for by their item, not by its reverse leg");
    const auto number = static_cast<std::uint32_t>(calls_.size());
    const auto known = tokens_.find(request.token);
    if (known != tokens_.end() && !(known->second.ended && !known->second.cause.empty())) {
        calls_.push_back({request});
        return {number, std::max(known->second.ends, now)};
    }
    std::string_view failure = planted_for(request);
    Duration slower(0);
    Duration later(0);
    for_each_trouble(request, [&](const RequestTrouble& trouble) {
        if (failure.empty()) failure = trouble.cause;
        slower = slower + trouble.slower;
        later = later + trouble.answered_later;
    });
    // Without a check of prerequisites before, as when a failed task is begun again.
    if (request.action == MachineAction::Create && failure.empty()) {
        failure = no_room(room_.hold(request, now));
    }
    calls_.push_back({request, true, failure, later});
    Instant ends = ending(request, now);
    if (slower > Duration(0)) {
        ends = ends + slower;
        free_from(request) = std::max(free_from(request), ends);
    }
    tokens_[request.token] = {ends};
    return {number, ends};
}

template <typename Visit>
void MachineInstances::for_each_trouble(const MachineRequest& request, Visit&& visit) const {
    const auto has = [](const auto& list, const auto& what) {
        return std::find(list.begin(), list.end(), what) != list.end();
    };
    for (const RequestTrouble& trouble : troubles_) {
        const bool at_source = request.instance == MachineInstance::Primary;
        if (trouble.at_target_only && at_source) continue;
        if (has(trouble.machines, request.machine) && has(trouble.actions, request.action)) {
            visit(trouble);
        }
    }
}

bool MachineInstances::cut_power(MachineId item, MachineInstance instance, Instant now) {
    InstanceHistory& machine = items_[item.value][static_cast<std::size_t>(instance)];
    if (!machine.running()) return false;
    end_last(machine.ran, now);
    without_power_.emplace_back(item, instance);
    return true;
}

bool MachineInstances::restore_power(MachineId item, MachineInstance instance, Instant now) {
    if (std::erase(without_power_, std::pair(item, instance)) == 0) return false;
    items_[item.value][static_cast<std::size_t>(instance)].ran.push_back({now});
    return true;
}

/// It begins when what is under way on the machine has ended.
Instant MachineInstances::ending(const MachineRequest& request, Instant now) {
    Instant& free = free_from(request);
    if (free <= now && is_done(request)) return now;
    const Instant from = std::max(free, now);
    const bool at_target = request.instance != MachineInstance::Primary;
    free = at_target && request.action == MachineAction::Create ? creation_ends(request, from)
                                                                : from + time_of(request, estate_);
    return free;
}

/// Why there is no room, as a cause that lives as long as the world; empty: there is.
std::string_view MachineInstances::no_room(const std::vector<std::string>& reasons) {
    if (reasons.empty()) return {};
    std::string all;
    for (const std::string& reason : reasons) all += (all.empty() ? "" : "; ") + reason;
    return causes_.emplace_back(std::move(all));
}

/// SR/vmware-physical-large-deployment.md: so many failovers an hour, fewer when hydrated.
Instant MachineInstances::creation_ends(const MachineRequest& request, Instant now) {
    const ServiceProfile& profile = estate_.profile;
    const std::int64_t per_hour =
        request.hydrate ? profile.failovers_per_hour_hydrated : profile.failovers_per_hour;
    const Instant start = std::max(now, next_creation_);
    next_creation_ = start + Duration(hours(1).count() / per_hour);
    return start + time_of(request, estate_) +
           (request.hydrate ? profile.hydration_time : Duration(0));
}

bool MachineInstances::is_done(const MachineRequest& request) const {
    const InstanceHistory& machine = of(request.machine, request.instance);
    switch (request.action) {
        case MachineAction::Create: return false;
        case MachineAction::Start: return machine.running();
        case MachineAction::ShutDown: return machine.exists() && !machine.running();
        case MachineAction::Delete: return !machine.exists();
    }
    return false;
}

std::string_view MachineInstances::planted_for(const MachineRequest& request) {
    for (PlantedFailure& failure : planted_) {
        if (failure.times == 0 || failure.machine != request.machine ||
            failure.instance != request.instance || failure.action != request.action) {
            continue;
        }
        --failure.times;
        return failure.cause;
    }
    return {};
}

MachineActionEnded MachineInstances::end(std::uint32_t number, Instant now) {
    const Call call = calls_[number];
    Token& token = tokens_.at(call.request.token);
    if (call.carries_out) {
        token.cause = call.failure.empty() ? carry_out(call.request, now) : call.failure;
        token.ended = true;
    }
    return {.machine = call.request.machine,
            .instance = call.request.instance,
            .action = call.request.action,
            .token = call.request.token,
            .succeeded = token.cause.empty(),
            .cause = token.cause};
}

/// Returns why it could not be done; empty if it was.
std::string_view MachineInstances::carry_out(const MachineRequest& request, Instant now) {
    InstanceHistory& machine =
        items_[request.machine.value][static_cast<std::size_t>(request.instance)];
    std::erase(without_power_, std::pair(request.machine, request.instance));
    switch (request.action) {
        case MachineAction::Create:
            if (const auto why = no_room(room_.created(request, now)); !why.empty()) return why;
            end_last(machine.ran, now);
            end_last(machine.allocated, now);
            end_last(machine.existed, now);
            machine.existed.push_back({now});
            return {};
        case MachineAction::Start:
            if (!machine.exists()) return kNothingThere;
            if (machine.running()) return {};
            machine.ran.push_back({now});
            if (!machine.is_allocated()) machine.allocated.push_back({now});
            machine.by_hand = job_of_token(request.token).is_none();
            return {};
        case MachineAction::ShutDown:
            if (!machine.exists()) return kNothingThere;
            end_last(machine.ran, now);
            end_last(machine.allocated, now);
            return {};
        case MachineAction::Delete:
            end_last(machine.ran, now);
            end_last(machine.allocated, now);
            end_last(machine.existed, now);
            room_.deleted(request.machine, request.instance, now);
            return {};
    }
    return {};
}

}  // namespace landfall::world
