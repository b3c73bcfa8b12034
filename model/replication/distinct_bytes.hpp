// model/replication/distinct_bytes.hpp — how much of what a guest wrote is left to send.
#pragma once

#include <algorithm>

#include "model/estate/estate.hpp"
#include "model/storage/coalescing.hpp"

namespace landfall {

/// Distinct bytes of `written` on a disk: by its measured curve, else by its working set.
inline Bytes distinct_bytes(Bytes written, const Disk& disk) {
    if (disk.fold.empty()) return coalesced(written, disk.working_set, disk.size);
    return std::min(folded(written, disk.fold), disk.size);
}

}  // namespace landfall
