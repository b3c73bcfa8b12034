// model/replication/flow/retry_schedule.hpp — which errors of replication are tried again, and
// when.
//
// Laws: a non-recoverable error is never retried, the machine turns Critical and waits for its
// user; a recoverable one is retried after delays that grow and then stay the same, without end; a
// success starts the delays over. Source: hyper-v-azure-architecture.md, "Replication issues":
// delays of 1, 2, 4, 8, 10 minutes from the start of the attempt, then every 30 minutes. The
// figures belong to the service profile and are arguments here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/base/units.hpp"

namespace landfall {

enum class ErrorClass : std::uint8_t { Recoverable, NonRecoverable };

enum class ReplicationError : std::uint8_t {
    Network,
    LowDiskSpace,
    LowMemory,
    BrokenDiskChain,
    InvalidReplicaState,
    Authentication,
    Authorization,
    MachineNotFound,
};

struct ReplicationErrorRow {
    ReplicationError error;
    ErrorClass error_class;
    std::string_view text;
};

/// The documented examples (hyper-v-azure-architecture.md), by place of the enumerator.
inline constexpr std::array<ReplicationErrorRow, 8> kReplicationErrors{{
    {ReplicationError::Network, ErrorClass::Recoverable, "network error"},
    {ReplicationError::LowDiskSpace, ErrorClass::Recoverable, "low disk space"},
    {ReplicationError::LowMemory, ErrorClass::Recoverable, "low memory"},
    {ReplicationError::BrokenDiskChain, ErrorClass::NonRecoverable, "broken VHD chain"},
    {ReplicationError::InvalidReplicaState, ErrorClass::NonRecoverable, "invalid replica state"},
    {ReplicationError::Authentication, ErrorClass::NonRecoverable, "authentication error"},
    {ReplicationError::Authorization, ErrorClass::NonRecoverable, "authorization error"},
    {ReplicationError::MachineNotFound, ErrorClass::NonRecoverable, "virtual machine not found"},
}};

constexpr const ReplicationErrorRow& replication_error_row(ReplicationError error) {
    return kReplicationErrors.at(static_cast<std::size_t>(error));
}

/// The delays: the first ones, then one that repeats. Constant; shared by all machines.
struct RetryDelays {
    std::vector<Duration> first;  ///< documented: 1, 2, 4, 8, 10 min
    Duration then;                ///< documented: 30 min
};

/// One machine's attempts.
class RetrySchedule {
  public:
    /// Requires every delay > 0.
    explicit RetrySchedule(RetryDelays delays);

    /// An attempt that began at `started` failed at `now`. Answers when the next one is due, never
    /// before `now`; none if only the user can help.
    [[nodiscard]] std::optional<Instant> on_failure(ReplicationError error, Instant started,
                                                    Instant now);
    /// The errors are over, or the user asked to resume: the delays start over.
    void on_success() {
        failures_ = 0;
        needs_user_ = false;
    }

    /// Failures in a row.
    [[nodiscard]] std::uint64_t failures() const { return failures_; }
    /// Critical: no retry is due.
    [[nodiscard]] bool needs_user() const { return needs_user_; }

  private:
    RetryDelays delays_;
    std::uint64_t failures_ = 0;
    bool needs_user_ = false;
};

}  // namespace landfall
