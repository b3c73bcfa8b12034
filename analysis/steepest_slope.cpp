// analysis/steepest_slope.cpp — a monotone chain and a binary search along it.
#include "analysis/steepest_slope.hpp"

#include <limits>

namespace landfall::analysis {

double SteepestSlope::slope(const Point& from, double x, double y) {
    if (y <= from.y) return 0;
    return x > from.x ? (y - from.y) / (x - from.x) : std::numeric_limits<double>::infinity();
}

void SteepestSlope::add(double x, double y) {
    if (!hull_.empty() && hull_.back().x == x) return;  // the earlier one lies lower
    while (hull_.size() >= 2) {
        const Point& last = hull_.back();
        const Point& before = hull_[hull_.size() - 2];
        // Keep the last one only where the chain turns up in it.
        if ((last.y - before.y) * (x - last.x) < (y - last.y) * (last.x - before.x)) break;
        hull_.pop_back();
    }
    hull_.push_back({x, y});
}

double SteepestSlope::to(double x, double y) const {
    if (hull_.empty()) return 0;
    std::size_t low = 0;
    std::size_t high = hull_.size() - 1;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        const Point& next = hull_[middle + 1];
        const double edge = slope(hull_[middle], next.x, next.y);
        if (edge < slope(hull_[middle], x, y)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return slope(hull_[low], x, y);
}

}  // namespace landfall::analysis
