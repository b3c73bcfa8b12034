// analysis/steepest_slope.hpp — the steepest line from points seen so far up to a new one.
//
// A first-in-first-out queue that started empty has sent, by t, at least a bytes that arrived by
// then if and only if its capacity since each earlier instant s covers what arrived since:
//
//     A(s) + C(t) - C(s) >= a   for every s,      C(t) = rate * S(t)
//
// (network calculus: Le Boudec and Thiran, LNCS 2050, theorem 1.4.1). So the least rate is the
// steepest slope from a point (S(s), A(s)) to (S(t), a). Only points of the lower convex hull
// matter, and along it the slope rises to one peak: O(log n) a question, and no tolerance.
#pragma once

#include <vector>

namespace landfall::analysis {

class SteepestSlope {
  public:
    /// The next point; `x` and `y` never fall.
    void add(double x, double y);

    /// The steepest slope from a point with a smaller y to (x, y), neither of which is less than
    /// any added: 0 if there is none, infinite if such a point has the same x.
    [[nodiscard]] double to(double x, double y) const;

    void clear() { hull_.clear(); }

  private:
    struct Point {
        double x, y;
    };
    static double slope(const Point& from, double x, double y);

    std::vector<Point> hull_;
};

}  // namespace landfall::analysis
