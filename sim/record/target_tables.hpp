// sim/record/target_tables.hpp — what was in use of Azure's quotas, and when.
#pragma once

#include <vector>

#include "model/estate/estate.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/world/target_room.hpp"

namespace landfall::record {

/// One row for each quantity of a region that changed: t_s, region, quantity, used, quota (-1: not
/// bounded).
Table target_use_table(const std::vector<world::TargetUseStep>& steps, const Estate& estate);

}  // namespace landfall::record
