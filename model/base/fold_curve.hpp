// model/base/fold_curve.hpp — a measured curve: of so many bytes written, so many are distinct.
#pragma once

#include <vector>

#include "model/base/units.hpp"

namespace landfall {

struct FoldPoint {
    Bytes written;
    Bytes distinct;
};

/// Rising in both; before the first point it runs from the origin, beyond the last one it is flat.
using FoldCurve = std::vector<FoldPoint>;

}  // namespace landfall
