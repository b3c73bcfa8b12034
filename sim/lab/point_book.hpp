// sim/lab/point_book.hpp — the recovery points that stand published, as the oracles know them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/environment/witness.hpp"

namespace landfall::lab {

/// A point that was published and not dropped.
struct ListedPoint {
    PublishedPoint point;
    Instant published_at;
    /// No write before this instant is missing in it: the cut, unless the point is found wanting.
    Instant complete_until;
    std::uint64_t hash = 0;  ///< of the content that was found in it; see content_hash
    bool right = true;       ///< its content was what the cut claims
    bool pinned = false;
    bool released = false;     ///< older than a failover of the machine: policy no longer keeps it
    bool off_history = false;  ///< its cut lies in a tail that was given up
};

class PointBook {
  public:
    explicit PointBook(std::size_t machines) : lists_(machines) {}

    /// Rising ids, unless the data path errs (S4 says so).
    [[nodiscard]] const std::vector<ListedPoint>& of(MachineId machine) const {
        return lists_[machine.value];
    }
    [[nodiscard]] std::vector<ListedPoint>& of(MachineId machine) { return lists_[machine.value]; }

    [[nodiscard]] const ListedPoint* find(MachineId machine, std::uint64_t id) const {
        return search(of(machine), id);
    }
    [[nodiscard]] ListedPoint* find(MachineId machine, std::uint64_t id) {
        return search(of(machine), id);
    }
    /// The point with the latest cut; null without one.
    [[nodiscard]] const ListedPoint* newest(MachineId machine) const {
        const auto& points = of(machine);
        const auto found = std::max_element(
            points.begin(), points.end(),
            [](const ListedPoint& a, const ListedPoint& b) { return a.point.cut < b.point.cut; });
        return found == points.end() ? nullptr : &*found;
    }

    void add(const ListedPoint& point) { of(point.point.machine).push_back(point); }
    void drop(MachineId machine, std::uint64_t id) {
        std::erase_if(of(machine), [id](const ListedPoint& p) { return p.point.id == id; });
    }

  private:
    template <typename Points>
    static auto search(Points& points, std::uint64_t id) -> decltype(points.data()) {
        const auto found = std::find_if(points.begin(), points.end(),
                                        [id](const ListedPoint& p) { return p.point.id == id; });
        return found == points.end() ? nullptr : &*found;
    }

    std::vector<std::vector<ListedPoint>> lists_;
};

}  // namespace landfall::lab
