// model/recovery/health.cpp — compares what holds now with what held, and writes the difference.
#include "model/recovery/health.hpp"

#include <algorithm>
#include <utility>

#include "model/base/mutant.hpp"

namespace landfall {

std::string_view name_of(HealthSubjectKind kind) {
    switch (kind) {
        case HealthSubjectKind::Vault: return "vault";
        case HealthSubjectKind::ProcessServer: return "process_server";
        case HealthSubjectKind::Item: return "item";
        case HealthSubjectKind::Registration: return "registration";
    }
    return "";
}

std::string_view name_of(AlertKind kind) {
    switch (kind) {
        case AlertKind::CriticalHealth: return "critical_health";
        case AlertKind::ConnectionLost: return "connection_lost";
        case AlertKind::FailoverFailed: return "failover_failed";
    }
    return "";
}

void HealthMonitor::update(HealthSubject subject, std::span<const HealthReason> reasons,
                           bool applies, Instant now) {
    State& state = states_[subject];
    // Failover and quota errors are told of an item that does not replicate, too.
    const Health health = !applies && reasons.empty() ? Health::None : health_of(reasons);
    std::vector<Held> held;
    bool changed = health != state.health || reasons.size() != state.reasons.size();
    for (const HealthReason reason : reasons) {
        const auto before =
            std::find_if(state.reasons.begin(), state.reasons.end(),
                         [reason](const Held& other) { return other.reason == reason; });
        const bool is_new = before == state.reasons.end();
        held.push_back({reason, is_new ? now : before->since});
        if (!is_new) continue;
        changed = true;
        if (reason == HealthReason::HeartbeatLost || reason == HealthReason::ServerDisconnected) {
            alerts_.push_back({now, AlertKind::ConnectionLost, subject, reason});
        }
    }
    if (mutant(Mutant::HealthNeverClears) && health < state.health) return;
    if (!changed) return;
    if (health == Health::Critical && state.health != Health::Critical) {
        alerts_.push_back({now, AlertKind::CriticalHealth, subject, held.front().reason});
    }
    state = {health, std::move(held)};
    write(subject, state, now);
}

void HealthMonitor::failover_failed(HealthSubject subject, Instant now) {
    alerts_.push_back({now, AlertKind::FailoverFailed, subject, HealthReason::FailoverFailed});
}

void HealthMonitor::update_vault(Instant now) {
    const HealthSubject vault;
    std::vector<Health> parts;
    for (const auto& [subject, state] : states_) {
        if (subject != vault) parts.push_back(state.health);
    }
    State& state = states_[vault];
    const Health health = vault_health(parts);
    if (health == state.health) return;
    state.health = health;
    write(vault, state, now);
}

Health HealthMonitor::health(HealthSubject subject) const {
    const auto known = states_.find(subject);
    return known == states_.end() ? Health::None : known->second.health;
}

void HealthMonitor::write(HealthSubject subject, const State& state, Instant now) {
    for (const Held& held : state.reasons) {
        steps_.push_back({now, subject, state.health, held.reason, held.since});
    }
    if (state.reasons.empty()) steps_.push_back({now, subject, state.health, std::nullopt, now});
}

void EventList::add(Entry entry) {
    LANDFALL_CHECK(entries_.empty() || entry.at >= entries_.back().at,
                   "events are told in order of time");
    recent(entry.at);
    entries_.push_back(std::move(entry));
}

const std::deque<EventList::Entry>& EventList::recent(Instant now) {
    while (!entries_.empty() && now - entries_.front().at > window_) entries_.pop_front();
    return entries_;
}

}  // namespace landfall
