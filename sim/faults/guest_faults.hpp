// sim/faults/guest_faults.hpp — guests that write more than their workload says: bursts and hot
// spots.
//
// A burst is a source of writes of its own, merged with the workload's: known before the run, like
// these. Its places are drawn from a stream of its own, named after the disk and the fault.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sim/scenario/scenario.hpp"
#include "sim/workload/block_writes.hpp"
#include "sim/workload/churn.hpp"

namespace landfall::faults {

/// `usual` (may be null) and what faults add to the disk; null if there is neither. `disks` is how
/// many disks the machine has: a rate for all of them is shared evenly.
std::unique_ptr<workload::ChurnSource> with_bursts(std::unique_ptr<workload::ChurnSource> usual,
                                                   const scenario::Scenario& scenario,
                                                   std::string_view machine, std::string_view disk,
                                                   std::size_t disks);
std::unique_ptr<workload::BlockWriteSource> with_bursts(
    std::unique_ptr<workload::BlockWriteSource> usual, const scenario::Scenario& scenario,
    std::string_view machine, std::string_view disk, std::size_t disks, const DiskGeometry& shape,
    std::uint64_t seed);

}  // namespace landfall::faults
