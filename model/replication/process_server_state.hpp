// model/replication/process_server_state.hpp — a process server at work: cache, throttle, health.
//
// Laws: bytes in the cache never exceed it; below cache_throttle_free_percent every machine of the
// server is throttled until cache_resume_free_percent is free again; its health is the worst of its
// signals (SR/vmware-physical-azure-monitor-process-server.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "model/estate/estate.hpp"
#include "model/replication/flow/retry_schedule.hpp"
#include "model/replication/lane.hpp"

namespace landfall {

enum class Health : std::uint8_t { Normal, Warning, Critical };

constexpr std::string_view health_name(Health health) {
    switch (health) {
        case Health::Normal: return "Normal";
        case Health::Warning: return "Warning";
        case Health::Critical: return "Critical";
    }
    return "";
}

/// Time-weighted processor load over the last health window.
class LoadWindow {
  public:
    void add(Bytes processed) { current_ += processed; }
    /// Closes an interval; keeps the last `intervals` of them.
    void close(std::size_t intervals);
    /// Busy percent over the kept intervals, 0..100.
    [[nodiscard]] std::int64_t percent(BytesPerSecond rate, Duration interval) const;

  private:
    Bytes current_;
    std::vector<Bytes> closed_;
};

struct ProcessServerState {
    DeltaQueue source;          ///< pending at source: captured, not yet received
    DeltaQueue cached_journal;  ///< pending at process server
    DeltaQueue cached_copies;
    Batch receiving;
    Batch uploading;
    bool throttled = false;
    bool waiting_to_retry = false;         ///< after a failed upload
    std::optional<RetrySchedule> retries;  ///< of an engine that gives a failed connection up
    bool copy_wakeup_set = false;
    bool purge_due = false;  ///< the source queue holds deltas of streams that were abandoned
    std::vector<std::uint32_t> copies;  ///< running copy streams, in turn
    std::size_t next_copy = 0;
    BytesPerSecond receive_rate;  ///< measured on the last transfer; 0 before the first
    BytesPerSecond upload_rate;   ///< in LAN bytes per second
    LoadWindow load;
    Health health = Health::Normal;

    [[nodiscard]] Bytes cache_used() const {
        return cached_journal.bytes() + cached_copies.bytes() + uploading.bytes -
               uploading.arrived_bytes;
    }
    /// What of it are copies, those under way included.
    [[nodiscard]] Bytes cached_copy_bytes() const;
    /// Room for another batch, besides the one that is arriving.
    [[nodiscard]] Bytes cache_room(Bytes capacity) const;
    [[nodiscard]] std::int64_t cache_free_percent(Bytes capacity) const;
    /// Applies the throttle rule; true if it changed.
    bool update_throttle(const ServiceProfile& profile, Bytes capacity);
    /// Time to upload all that waits at the measured rate; zero when nothing waits.
    [[nodiscard]] Duration upload_backlog() const;
    /// Worst of cache, processor and upload backlog.
    [[nodiscard]] Health judge(const ServiceProfile& profile, const ProcessServer& server) const;
};

}  // namespace landfall
