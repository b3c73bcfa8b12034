// model/replication/source_tracking.cpp — from a profile's figures to settings and bounds.
#include "model/replication/source_tracking.hpp"

#include <algorithm>

namespace landfall {

namespace {

constexpr std::int64_t kGrain = 4096;
constexpr std::int64_t kMostRepeated = 919;  // of an activity log's transaction

}  // namespace

std::uint64_t tracking_grain(const DiskGeometry& geometry) {
    return static_cast<std::uint64_t>(
        std::max<std::int64_t>(1, kGrain / geometry.sector_size.count()));
}

std::optional<TrackingSettings> tracking_settings(const ServiceProfile& profile,
                                                  const DiskGeometry& geometry) {
    TrackingSettings settings;
    switch (profile.source_tracking) {
        case SourceTracking::Volatile: return std::nullopt;
        case SourceTracking::ActivityLog: settings.policy = TrackingPolicy::ActivityLog; break;
        case SourceTracking::IntentBit: settings.policy = TrackingPolicy::IntentBit; break;
        case SourceTracking::CleanFlag: settings.policy = TrackingPolicy::CleanFlag; break;
    }
    settings.grain = tracking_grain(geometry);
    const std::uint64_t chunk =
        settings.grain * static_cast<std::uint64_t>(geometry.sector_size.count());
    const auto extent = static_cast<std::uint64_t>(profile.tracking_extent.count());
    settings.extent_sectors =
        settings.grain * std::max<std::uint64_t>(1, (extent + chunk - 1) / chunk);
    const std::int64_t slots = std::max<std::int64_t>(1, profile.tracking_extents);
    settings.log.slots = static_cast<std::uint32_t>(slots);
    settings.log.repeated = static_cast<std::uint16_t>(std::min(slots, kMostRepeated));
    return settings;
}

std::optional<Bytes> dirty_after_power_loss(const ServiceProfile& profile, const Disk& disk) {
    const DiskGeometry geometry{
        static_cast<std::uint64_t>((disk.size.count() + kGrain - 1) / kGrain), Bytes(kGrain)};
    const auto settings = tracking_settings(profile, geometry);
    if (!settings || settings->policy == TrackingPolicy::CleanFlag) return std::nullopt;
    // An extent becomes active by a write: no more of them than there are written places.
    return std::min(
        {crash_resync_bound(geometry, *settings), disk.working_set.value_or(disk.size), disk.size});
}

}  // namespace landfall
