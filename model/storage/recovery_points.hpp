// model/storage/recovery_points.hpp — the recovery points of one machine and their retention.
//
// Laws: points are added with rising source time; whenever one is added, those inside the policy's
// grid stay and those outside go; the newest point is never pruned, and while none is added nothing
// goes. Grid: SR/vmware-azure-common-questions.md (every
// 5 min for 2 h, then hourly or two-hourly, then four-hourly), from which follow 46 / 59 / 107 /
// 155 points for 1 / 3 / 7 / 15 days.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "model/base/units.hpp"
#include "model/profile/service_profile.hpp"
#include "model/storage/delta.hpp"

namespace landfall {

struct RecoveryPoint {
    Instant time;          ///< source time: every write before it is in the point
    Instant published_at;  ///< all of its data was in the cache storage account
    Instant processed_at;  ///< all of its data was in the replica disks
    Marker kind = Marker::CrashConsistent;
    bool multi_vm = false;  ///< the machine's consistency group shares the cut
    /// Which disks it holds, as a number that its pipeline knows; 0: all of the machine's.
    std::uint16_t disk_set = 0;
};

/// The grid for a policy: the first one that reaches its retention. Empty for retention 0.
/// Throws InvariantViolation when the profile has no grid that long.
std::vector<RetentionTier> retention_tiers(const ServiceProfile& profile, Duration retention);

class RecoveryPoints {
  public:
    /// `tiers` as from retention_tiers; with no tier only the newest point is kept.
    RecoveryPoints(std::vector<RetentionTier> tiers, Duration retention);

    /// Adds a point newer than all others and thins the rest to the grid as of its time.
    void add(const RecoveryPoint& point);
    void clear();
    /// Keeps `point` only: what commit does.
    void keep_only(const RecoveryPoint& point);
    /// Keeps the points at these times: all others were lost.
    void keep_those(const std::vector<Instant>& times);

    [[nodiscard]] std::size_t count() const;
    /// Newest point whose data is uploaded; nullopt if there is none.
    [[nodiscard]] std::optional<RecoveryPoint> latest() const;
    /// Newest point whose data is in the replica disks at `now`.
    [[nodiscard]] std::optional<RecoveryPoint> latest_processed(Instant now) const;
    /// All points, newest first.
    [[nodiscard]] std::vector<RecoveryPoint> all() const;

  private:
    /// A queue in one piece of memory: thousands of machines add a point every five minutes.
    class Ring {
      public:
        [[nodiscard]] bool empty() const { return count_ == 0; }
        [[nodiscard]] std::size_t size() const { return count_; }
        /// `age` 0 is the oldest.
        [[nodiscard]] const RecoveryPoint& at(std::size_t age) const {
            return points_[(first_ + age) & (points_.size() - 1)];
        }
        [[nodiscard]] const RecoveryPoint& oldest() const { return at(0); }
        [[nodiscard]] const RecoveryPoint& newest() const { return at(count_ - 1); }
        void push(const RecoveryPoint& point);
        void replace_newest(const RecoveryPoint& point);
        void drop_oldest();
        void clear() { count_ = 0; }

      private:
        std::vector<RecoveryPoint> points_;  ///< a power of two of places, or none
        std::size_t first_ = 0;
        std::size_t count_ = 0;
    };

    void thin(Instant now);

    struct Tier {
        RetentionTier rule;
        Ring points;  ///< rising time
        // Kept beside the ring so that a step that changes nothing in it need not touch it.
        Instant oldest_expires = Instant::never();
        std::int64_t newest_cell = -1;  ///< of the grid, that the newest point lies in

        void push(const RecoveryPoint& point);
        void drop_oldest();
    };
    std::vector<Tier> tiers_;
    Instant newest_{Duration(-1)};  ///< time of the newest point; before all time without one
};

}  // namespace landfall
