// model/replication/process_server_state.hpp — a process server at work: cache, throttle, health.
//
// Laws: the cache grants the source credit for what is free in it, so that bytes in the cache never
// exceed it (S26), and gives it back as they leave: uploaded, or dropped as stale. Below
// cache_throttle_free_percent every machine of the server is throttled until
// cache_resume_free_percent is free again; its health is the worst of its signals
// (SR/vmware-physical-azure-monitor-process-server.md).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "model/base/ids.hpp"
#include "model/estate/estate.hpp"
#include "model/replication/flow/copy_pace.hpp"
#include "model/replication/flow/credit_window.hpp"
#include "model/replication/flow/retry_schedule.hpp"
#include "model/replication/lane.hpp"
#include "model/replication/process_server_health.hpp"

namespace landfall {

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
    explicit ProcessServerState(Bytes capacity) : cache(capacity), credit(capacity) {}

    CreditReceiver cache;       ///< journal and copies that are not yet uploaded
    CreditSender credit;        ///< the sources' end: what they may still send into the cache
    DeltaQueue source;          ///< pending at source: captured, not yet received
    DeltaQueue cached_journal;  ///< pending at process server
    DeltaQueue cached_copies;
    Batch receiving;
    Batch uploading;
    bool throttled = false;
    bool disk_filled = false;              ///< by something else: nothing of the cache is free
    bool waiting_to_retry = false;         ///< after a failed upload
    std::optional<RetrySchedule> retries;  ///< of an engine that gives a failed connection up
    std::optional<CopyPace> pace;          ///< of copies; none: they have a fixed share
    bool copy_wakeup_set = false;
    Instant ceiling_wakeup = Instant::never();  ///< when the head of `source` may leave
    bool purge_due = false;  ///< the source queue holds deltas of streams that were abandoned
    std::vector<std::uint32_t> copies;  ///< running copy streams, in turn
    std::size_t next_copy = 0;
    BytesPerSecond receive_rate;  ///< measured on the last transfer; 0 before the first
    BytesPerSecond upload_rate;   ///< in LAN bytes per second
    LoadWindow load;
    Health health = Health::Normal;

    [[nodiscard]] Bytes cache_used() const { return cache.held(); }
    /// What of it are copies, those under way included.
    [[nodiscard]] Bytes cached_copy_bytes() const;
    /// What has left the cache: uploaded, or dropped because its life is over.
    void leaves(const Delta& delta) {
        cache.on_consumed(delta.bytes);
        if (pace && delta.kind == DeltaKind::Copy) pace->on_gone(delta.bytes);
    }
    /// What the sources may send now.
    [[nodiscard]] Bytes may_send() {
        credit.on_granted(cache.granted());
        return credit.may_send();
    }
    [[nodiscard]] std::int64_t cache_free_percent(Bytes capacity) const;
    /// Applies the throttle rule; true if it changed.
    bool update_throttle(const ServiceProfile& profile, Bytes capacity);
    /// Time to upload all that waits at the measured rate; zero when nothing waits.
    [[nodiscard]] Duration upload_backlog() const;
    [[nodiscard]] ServerLoad measured(const ServiceProfile& profile,
                                      const ProcessServer& server) const;
    /// Worst of cache, processor and upload backlog.
    [[nodiscard]] Health judge(const ServiceProfile& profile, const ProcessServer& server) const;
};

}  // namespace landfall
