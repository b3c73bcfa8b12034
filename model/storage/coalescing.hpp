// model/storage/coalescing.hpp — how many distinct bytes remain of many overlapping writes.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "model/base/units.hpp"

namespace landfall {

/// Distinct bytes after `written` bytes of uniform random writes on `working_set`:
/// U(W) = N (1 - e^(-W/N)), the dirty-bitmap curve. Without a working set nothing is rewritten and
/// only the disk bounds the result: min(W, capacity).
inline Bytes coalesced(Bytes written, std::optional<Bytes> working_set, Bytes capacity) {
    if (!working_set || working_set->count() == 0) return std::min(written, capacity);
    const double span = static_cast<double>(working_set->count());
    const double ratio = static_cast<double>(written.count()) / span;
    const auto distinct = static_cast<std::int64_t>(std::ceil(span * -std::expm1(-ratio)));
    return std::min({written, Bytes(distinct), capacity});
}

}  // namespace landfall
