// model/storage/extent_map.hpp — which value holds for which run of sectors: an ordered map of
// ranges that never overlap.
//
// Laws: runs do not overlap, none is empty, and two that touch have different values, so equal
// content gives equal maps. Writing over a run splits it. All operations cost O(log runs) and what
// they touch. (The epoch map of replication-and-test-lab A10.)
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "model/base/block.hpp"
#include "model/base/check.hpp"

namespace landfall {

template <class Value>
class ExtentMap {
    struct Rest {
        std::uint64_t end;
        Value value;
        bool operator==(const Rest&) const = default;
    };
    using Map = std::map<std::uint64_t, Rest>;

  public:
    struct Run {
        SectorRange range;
        const Value& value;
    };

    class Iterator {
      public:
        explicit Iterator(typename Map::const_iterator at) : at_(at) {}
        Run operator*() const {
            return {{at_->first, at_->second.end - at_->first}, at_->second.value};
        }
        Iterator& operator++() {
            ++at_;
            return *this;
        }
        bool operator==(const Iterator&) const = default;

      private:
        typename Map::const_iterator at_;
    };

    /// From now on `value` holds in `range`, whatever held there.
    void assign(SectorRange range, Value value) {
        if (range.empty()) return;
        erase(range);
        covered_ += range.count;
        std::uint64_t first = range.first;
        std::uint64_t end = range.end();
        auto after = runs_.lower_bound(first);
        if (after != runs_.end() && after->first == end && after->second.value == value) {
            end = after->second.end;
            after = runs_.erase(after);
        }
        if (after != runs_.begin()) {
            const auto before = std::prev(after);
            if (before->second.end == first && before->second.value == value) {
                before->second.end = end;
                return;
            }
        }
        runs_.emplace_hint(after, first, Rest{end, std::move(value)});
    }

    /// From now on nothing holds in `range`.
    void erase(SectorRange range) {
        if (range.empty()) return;
        check(range);
        auto at = split(range.first);
        while (at != runs_.end() && at->first < range.end()) {
            if (at->second.end > range.end()) at = std::prev(split(range.end()));
            covered_ -= at->second.end - at->first;
            at = runs_.erase(at);
        }
    }

    [[nodiscard]] std::optional<Value> at(std::uint64_t sector) const {
        const auto run = reaching(sector);
        if (run == runs_.end() || run->first > sector) return std::nullopt;
        return run->second.value;
    }

    /// Calls f(SectorRange, const Value&) for what lies in `range`, clipped to it, in order.
    template <class Visit>
    void visit(SectorRange range, Visit&& f) const {
        if (range.empty()) return;
        check(range);
        for (auto run = reaching(range.first); run != runs_.end() && run->first < range.end();
             ++run) {
            const std::uint64_t first = std::max(run->first, range.first);
            f(SectorRange{first, std::min(run->second.end, range.end()) - first},
              std::as_const(run->second.value));
        }
    }

    /// Number of sectors that have a value.
    [[nodiscard]] std::uint64_t covered() const { return covered_; }
    [[nodiscard]] std::size_t runs() const { return runs_.size(); }
    [[nodiscard]] bool empty() const { return runs_.empty(); }
    void clear() {
        runs_.clear();
        covered_ = 0;
    }

    /// Runs in the order of their sectors; any change ends an iteration.
    [[nodiscard]] Iterator begin() const { return Iterator(runs_.begin()); }
    [[nodiscard]] Iterator end() const { return Iterator(runs_.end()); }

    bool operator==(const ExtentMap&) const = default;

  private:
    static void check(SectorRange range) {
        LANDFALL_CHECK(range.count <= std::numeric_limits<std::uint64_t>::max() - range.first,
                       "a run of sectors ends below 2^64");
    }

    /// The first run that ends after `sector`.
    [[nodiscard]] typename Map::const_iterator reaching(std::uint64_t sector) const {
        auto run = runs_.upper_bound(sector);
        if (run != runs_.begin() && std::prev(run)->second.end > sector) --run;
        return run;
    }

    /// Makes a run begin at `sector` if one covers it; returns the first run from `sector` on.
    typename Map::iterator split(std::uint64_t sector) {
        const auto at = runs_.lower_bound(sector);
        if (at == runs_.begin()) return at;
        const auto before = std::prev(at);
        const std::uint64_t end = before->second.end;
        if (end <= sector) return at;
        before->second.end = sector;
        return runs_.emplace_hint(at, sector, Rest{end, before->second.value});
    }

    Map runs_;  ///< by first sector
    std::uint64_t covered_ = 0;
};

}  // namespace landfall
