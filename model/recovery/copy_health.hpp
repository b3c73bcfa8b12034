// model/recovery/copy_health.hpp — how the copy of a disk is doing, in the words of the API.
//
// SR/vmware-azure-enable-replication.md: a disk whose copy goes on more slowly than expected is a
// warning, one that does not go on is critical; others wait in a queue. What is expected no
// document says: [A] the pace at which the copy is done within the goal of the planner
// (initial_replication_goal).
#pragma once

#include <cstdint>
#include <string_view>

#include "model/base/units.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// REST: DiskReplicationProgressHealth.
enum class DiskReplicationProgressHealth : std::uint8_t {
    None,
    InProgress,
    SlowProgress,
    NoProgress,
    Queued,
};

constexpr std::string_view name_of(DiskReplicationProgressHealth health) {
    switch (health) {
        case DiskReplicationProgressHealth::None: return "None";
        case DiskReplicationProgressHealth::InProgress: return "InProgress";
        case DiskReplicationProgressHealth::SlowProgress: return "SlowProgress";
        case DiskReplicationProgressHealth::NoProgress: return "NoProgress";
        case DiskReplicationProgressHealth::Queued: return "Queued";
    }
    return "";
}

/// The copy of one disk at one moment.
struct CopyFacts {
    bool runs = false;
    bool waits = false;  ///< for its turn
    Duration since_start = {};
    Duration window = {};  ///< over which `recent` was counted; at most 15 min
    Bytes recent = {};     ///< acknowledged in the window
    Bytes remaining = {};
};

constexpr DiskReplicationProgressHealth judge_copy(const CopyFacts& facts,
                                                   const ServiceProfile& profile) {
    using enum DiskReplicationProgressHealth;
    if (!facts.runs) return facts.waits ? Queued : None;
    if (facts.window < profile.health_window) return InProgress;  // too early to tell
    if (facts.recent == Bytes(0)) return NoProgress;
    const Duration left = profile.initial_replication_goal - facts.since_start;
    if (left <= Duration(0)) return SlowProgress;
    const Bytes at_this_pace(
        detail::scale(facts.recent.count(), left.count(), facts.window.count(), false));
    return at_this_pace < facts.remaining ? SlowProgress : InProgress;
}

}  // namespace landfall
