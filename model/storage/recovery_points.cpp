// model/storage/recovery_points.cpp — thinning along the grid, tier by tier.
#include "model/storage/recovery_points.hpp"

#include <algorithm>

#include "model/base/mutant.hpp"

namespace landfall {

std::vector<RetentionTier> retention_tiers(const ServiceProfile& profile, Duration retention) {
    if (retention == Duration(0)) return {};
    for (const RetentionGrid& grid : profile.retention_grids) {
        if (retention > grid.retention_at_most) continue;
        std::vector<RetentionTier> tiers;
        for (RetentionTier tier : grid.tiers) {
            const bool reaches_retention = tier.until >= retention;
            tier.until = std::min(tier.until, retention);
            tiers.push_back(tier);
            if (reaches_retention) break;
        }
        return tiers;
    }
    LANDFALL_CHECK(false, "the profile has a retention grid for every retention it allows");
    return {};
}

void RecoveryPoints::Ring::push(const RecoveryPoint& point) {
    if (count_ == points_.size()) {
        std::vector<RecoveryPoint> larger(points_.empty() ? 4 : points_.size() * 2);
        for (std::size_t age = 0; age < count_; ++age) larger[age] = at(age);
        points_.swap(larger);
        first_ = 0;
    }
    points_[(first_ + count_) & (points_.size() - 1)] = point;
    ++count_;
}

void RecoveryPoints::Ring::replace_newest(const RecoveryPoint& point) {
    LANDFALL_CHECK(count_ > 0, "only a point that exists is replaced");
    points_[(first_ + count_ - 1) & (points_.size() - 1)] = point;
}

void RecoveryPoints::Ring::drop_oldest() {
    LANDFALL_CHECK(count_ > 0, "only a point that exists is dropped");
    first_ = (first_ + 1) & (points_.size() - 1);
    --count_;
}

RecoveryPoints::RecoveryPoints(std::vector<RetentionTier> tiers, Duration retention) {
    if (tiers.empty()) tiers.push_back({retention, Duration(1)});
    for (const RetentionTier& rule : tiers) {
        tiers_.emplace_back();
        tiers_.back().rule = rule;
    }
}

void RecoveryPoints::Tier::push(const RecoveryPoint& point) {
    points.push(point);
    newest_cell = point.time.since_start().count() / rule.every.count();
    if (points.size() == 1) oldest_expires = point.time + rule.until;
}

void RecoveryPoints::Tier::drop_oldest() {
    points.drop_oldest();
    oldest_expires = points.empty() ? Instant::never() : points.oldest().time + rule.until;
}

void RecoveryPoints::add(const RecoveryPoint& point) {
    LANDFALL_CHECK(newest_ < point.time, "recovery points rise in source time");
    newest_ = point.time;
    tiers_.front().push(point);
    thin(point.time);
}

void RecoveryPoints::clear() {
    newest_ = Instant(Duration(-1));
    for (Tier& tier : tiers_) {
        while (!tier.points.empty()) tier.drop_oldest();
        tier.newest_cell = -1;
    }
}

void RecoveryPoints::keep_only(const RecoveryPoint& point) {
    clear();
    newest_ = point.time;
    tiers_.front().push(point);
}

void RecoveryPoints::keep_those(const std::vector<Instant>& times) {
    const std::vector<Tier> before = tiers_;
    clear();
    for (std::size_t index = 0; index < tiers_.size(); ++index) {
        const Ring& points = before[index].points;
        for (std::size_t age = 0; age < points.size(); ++age) {
            const RecoveryPoint& point = points.at(age);
            if (std::find(times.begin(), times.end(), point.time) == times.end()) continue;
            tiers_[index].push(point);
            newest_ = std::max(newest_, point.time);
        }
    }
}

void RecoveryPoints::thin(Instant now) {
    for (std::size_t index = 0; index < tiers_.size(); ++index) {
        Tier& tier = tiers_[index];
        // The newest point is kept whatever its age: without it there is nothing to fail over to.
        const std::size_t keep_at_least = index == 0 ? 1 : 0;
        // The planted bug lets points go after half of their time.
        const Duration early =
            mutant(Mutant::PointsExpireEarly) ? Duration(tier.rule.until.count() / 2) : Duration(0);
        while (tier.oldest_expires - early <= now && tier.points.size() > keep_at_least) {
            const RecoveryPoint aged = tier.points.oldest();
            tier.drop_oldest();
            if (index + 1 == tiers_.size()) continue;
            // One point per cell of the coarser grid: the first of the cell that ages into it; but
            // an application-consistent one goes before the others [A].
            Tier& coarser = tiers_[index + 1];
            const std::int64_t cell = aged.time.since_start().count() / coarser.rule.every.count();
            if (cell != coarser.newest_cell) {
                coarser.push(aged);
            } else if (aged.kind == Marker::AppConsistent &&
                       coarser.points.newest().kind != Marker::AppConsistent) {
                coarser.points.replace_newest(aged);
                if (coarser.points.size() == 1) {
                    coarser.oldest_expires = aged.time + coarser.rule.until;
                }
            }
        }
    }
}

std::size_t RecoveryPoints::count() const {
    std::size_t total = 0;
    for (const Tier& tier : tiers_) total += tier.points.size();
    return total;
}

std::optional<RecoveryPoint> RecoveryPoints::latest() const {
    for (const Tier& tier : tiers_) {
        if (!tier.points.empty()) return tier.points.newest();
    }
    return std::nullopt;
}

std::optional<RecoveryPoint> RecoveryPoints::latest_processed(Instant now) const {
    for (const Tier& tier : tiers_) {
        for (std::size_t age = tier.points.size(); age-- > 0;) {
            if (tier.points.at(age).processed_at <= now) return tier.points.at(age);
        }
    }
    return std::nullopt;
}

std::vector<RecoveryPoint> RecoveryPoints::all() const {
    std::vector<RecoveryPoint> points;
    for (const Tier& tier : tiers_) {
        for (std::size_t age = tier.points.size(); age-- > 0;)
            points.push_back(tier.points.at(age));
    }
    return points;
}

}  // namespace landfall
