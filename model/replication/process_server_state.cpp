// model/replication/process_server_state.cpp — throttle rule and health thresholds.
#include "model/replication/process_server_state.hpp"

#include <algorithm>

namespace landfall {

void LoadWindow::close(std::size_t intervals) {
    closed_.push_back(current_);
    current_ = Bytes(0);
    if (closed_.size() > intervals) closed_.erase(closed_.begin());
}

std::int64_t LoadWindow::percent(BytesPerSecond rate, Duration interval) const {
    if (closed_.empty()) return 0;
    Bytes total;
    for (const Bytes processed : closed_) total += processed;
    const Bytes possible = moved_bytes(rate, interval * static_cast<std::int64_t>(closed_.size()));
    return possible.count() == 0
               ? 0
               : std::min<std::int64_t>(100,
                                        detail::scale(total.count(), 100, possible.count(), false));
}

Bytes ProcessServerState::cached_copy_bytes() const {
    Bytes total = cached_copies.bytes();
    for (std::size_t k = uploading.arrived; k < uploading.deltas.size(); ++k) {
        if (uploading.deltas[k].kind == DeltaKind::Copy) total += uploading.deltas[k].bytes;
    }
    return total;
}

std::int64_t ProcessServerState::cache_free_percent(Bytes capacity) const {
    if (disk_filled) return 0;
    const Bytes free = std::max(capacity - cache_used(), Bytes(0));
    return detail::scale(free.count(), 100, capacity.count(), false);
}

bool ProcessServerState::update_throttle(const ServiceProfile& profile, Bytes capacity) {
    const std::int64_t free = cache_free_percent(capacity);
    const bool before = throttled;
    if (free < profile.cache_throttle_free_percent) throttled = true;
    if (free >= profile.cache_resume_free_percent) throttled = false;
    return throttled != before;
}

Duration ProcessServerState::upload_backlog() const {
    const Bytes waiting = cache_used();
    if (waiting.count() == 0) return Duration(0);
    if (upload_rate.count() == 0) return days(365);
    return transfer_time(waiting, upload_rate);
}

ServerLoad ProcessServerState::measured(const ServiceProfile& profile,
                                        const ProcessServer& server) const {
    return {cache_free_percent(server.cache),
            load.percent(server.processing_rate, profile.health_interval),
            upload_rate.count() == 0 ? Duration(0) : upload_backlog()};
}

Health ProcessServerState::judge(const ServiceProfile& profile, const ProcessServer& server) const {
    return signals_of(measured(profile, server), profile).worst();
}

}  // namespace landfall
