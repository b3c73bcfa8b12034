// analysis/require.hpp — arguments out of range are told by the rule that they break.
#pragma once

#include <cmath>
#include <stdexcept>

#include <Eigen/Core>

namespace landfall::analysis {

/// Throws std::invalid_argument with the rule when it does not hold.
inline void require(bool condition, const char* rule) {
    if (!condition) throw std::invalid_argument(rule);
}

inline bool is_positive(double value) {
    return value > 0 && std::isfinite(value);
}

inline bool is_not_negative(double value) {
    return value >= 0 && std::isfinite(value);
}

/// Whether all are finite and none is negative.
template <typename Derived>
bool are_amounts(const Eigen::DenseBase<Derived>& values) {
    return values.size() == 0 ||
           (values.derived().array().isFinite().all() && values.derived().array().minCoeff() >= 0);
}

}  // namespace landfall::analysis
