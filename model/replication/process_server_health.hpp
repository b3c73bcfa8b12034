// model/replication/process_server_health.hpp — health as a word, and the signals of a process
// server.
//
// The one home of the thresholds: SR/vmware-physical-azure-monitor-process-server.md. A server's
// health is the worst of its signals.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "model/base/units.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// In rising order: the worst of several is the largest.
enum class Health : std::uint8_t { None /*not applicable*/, Normal, Warning, Critical };

constexpr std::string_view health_name(Health health) {
    switch (health) {
        case Health::None: return "None";
        case Health::Normal: return "Normal";
        case Health::Warning: return "Warning";
        case Health::Critical: return "Critical";
    }
    return "";
}

/// What is measured on a process server.
struct ServerLoad {
    std::int64_t cache_free_percent = 100;
    std::int64_t busy_percent = 0;    ///< over the health window
    Duration upload_backlog;          ///< time to upload what waits
    std::int64_t memory_percent = 0;  ///< in use over the health window
};

struct ServerSignals {
    Health cache = Health::Normal;
    Health processor = Health::Normal;
    Health upload = Health::Normal;
    Health memory = Health::Normal;

    [[nodiscard]] Health worst() const { return std::max({cache, processor, upload, memory}); }
};

ServerSignals signals_of(const ServerLoad& load, const ServiceProfile& profile);

}  // namespace landfall
