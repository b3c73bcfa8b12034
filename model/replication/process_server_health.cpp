// model/replication/process_server_health.cpp — each signal against its two thresholds.
#include "model/replication/process_server_health.hpp"

namespace landfall {

namespace {

template <typename Value>
Health above(Value value, Value warning, Value critical) {
    if (value > critical) return Health::Critical;
    return value > warning ? Health::Warning : Health::Normal;
}

template <typename Value>
Health below(Value value, Value warning, Value critical) {
    if (value < critical) return Health::Critical;
    return value < warning ? Health::Warning : Health::Normal;
}

}  // namespace

ServerSignals signals_of(const ServerLoad& load, const ServiceProfile& profile) {
    return {
        below(load.cache_free_percent, profile.cache_warning_free_percent,
              profile.cache_critical_free_percent),
        above(load.busy_percent, profile.cpu_warning_percent, profile.cpu_critical_percent),
        above(load.upload_backlog, profile.upload_backlog_warning, profile.upload_backlog_critical),
        above(load.memory_percent, profile.memory_warning_percent,
              profile.memory_critical_percent)};
}

}  // namespace landfall
