// model/storage/coalescing.hpp — how many distinct bytes remain of many overlapping writes.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "model/base/fold_curve.hpp"
#include "model/base/units.hpp"

namespace landfall {

/// Distinct bytes of `written` by a measured curve, linear between its points.
inline Bytes folded(Bytes written, const FoldCurve& curve) {
    FoldPoint before;
    for (const FoldPoint& point : curve) {
        if (written <= point.written) {
            const Bytes span = point.written - before.written;
            if (span == Bytes(0)) return point.distinct;
            return before.distinct + Bytes(detail::scale((written - before.written).count(),
                                                         (point.distinct - before.distinct).count(),
                                                         span.count(), true));
        }
        before = point;
    }
    return before.distinct;
}

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
