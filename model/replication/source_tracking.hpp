// model/replication/source_tracking.hpp — how a source keeps its record of changed blocks, by
// profile.
#pragma once

#include <cstdint>
#include <optional>

#include "model/estate/estate.hpp"
#include "model/profile/service_profile.hpp"
#include "model/storage/crash_safe_tracking.hpp"

namespace landfall {

/// Sectors that one bit of a dirty bitmap stands for: 4 KiB, the finest grain that the field uses
/// (replication-and-test-lab A1), so that little more is sent than was written.
[[nodiscard]] std::uint64_t tracking_grain(const DiskGeometry& geometry);

/// None if a power loss makes the source forget everything.
[[nodiscard]] std::optional<TrackingSettings> tracking_settings(const ServiceProfile& profile,
                                                                const DiskGeometry& geometry);

/// At volume fidelity: what a power loss adds to the changed blocks of a disk, at most; none if
/// only a compare will tell.
[[nodiscard]] std::optional<Bytes> dirty_after_power_loss(const ServiceProfile& profile,
                                                          const Disk& disk);

}  // namespace landfall
