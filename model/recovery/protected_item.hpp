// model/recovery/protected_item.hpp — a replicated machine as the vault knows it.
//
// A machine replicates in one direction at a time. Each direction is a leg of its own (estate.hpp:
// Machine::reverse): the leg whose source is the active side carries the changes, the other one
// rests. A failover promotes a recovery point of the leg; a reprotection starts the other leg.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/recovery/operations.hpp"
#include "model/storage/recovery_points.hpp"

namespace landfall {

/// The dates of one item's migration; absent ones have not happened.
struct Milestones {
    std::optional<Instant> enable_started;
    std::optional<Instant> copy_completed;
    std::optional<Instant> protected_since;
    std::optional<Instant> failover_started;
    std::optional<Instant> source_down;   ///< users lost the source
    std::optional<Instant> writes_until;  ///< the last write that could be lost
    std::optional<Instant> replica_running;
    std::optional<Instant> migrated;
    std::optional<Instant> replication_ended;
    std::optional<RecoveryPoint> failed_over_to;
    std::optional<Bytes> data_loss;  ///< written after the point that was failed over to
    std::optional<Instant> tested;   ///< the last test failover that was cleaned up
    // The way back
    std::optional<Instant> reprotected;  ///< protected in the other direction
    std::optional<Instant> failback_started;
    std::optional<Instant> recovery_down;    ///< users lost the machine in Azure
    std::optional<Instant> primary_running;  ///< users have the machine at home again
    std::optional<RecoveryPoint> failed_back_to;
    std::optional<Bytes> failback_data_loss;
};

/// What a vault shows of an item (common.md 4.4).
struct ProtectedItemView {
    std::string_view protection_state;
    std::string_view description;
    ActiveLocation active_location = ActiveLocation::Primary;
    TestFailoverState test_failover_state = TestFailoverState::None;
    std::vector<Operation> allowed_operations;
    JobId current_job;  ///< none when idle
};

}  // namespace landfall
