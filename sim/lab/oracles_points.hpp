// sim/lab/oracles_points.hpp — what a published recovery point is, and what becomes of it.
//
// Source of all: replication-and-test-lab, 2.1; each oracle's own statement stands on its card.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/lab/image_comparison.hpp"
#include "sim/lab/oracle.hpp"

namespace landfall::lab {

/// S1. Judges what is in a point; what is not in it is S5's.
class PrefixConsistentCut : public Oracle {
  public:
    explicit PrefixConsistentCut(LabContext& lab);
    void point_compared(const PublishedPoint& point, const ImageComparison& found) override;
    void point_reread(const PublishedPoint& point, const ImageComparison& found) override {
        point_compared(point, found);
    }
};

/// S2. The members of a group publish the same cuts, none leaves one out, and what their points
/// show agrees.
class OneCutPerGroup : public Oracle {
  public:
    explicit OneCutPerGroup(LabContext& lab);
    void point_compared(const PublishedPoint& point, const ImageComparison& found) override;
    void branched(MachineId machine, Instant cut) override;

  private:
    struct OpenCut {  ///< a cut that some members published and some did not yet
        Instant cut;
        std::vector<std::pair<MachineId, std::uint64_t>> points;
        std::optional<Instant> newest_held;
        Instant oldest_missing = Instant::never();
    };
    struct Group {
        std::size_t members = 0;
        Instant newest;  ///< of all cuts so far
        bool any = false;
        std::vector<OpenCut> open;  ///< rising
    };

    OpenCut* cut_of(Group& group, const PublishedPoint& point);
    void left_out(Group& group, const PublishedPoint& point);

    std::map<std::uint32_t, Group> groups_;
};

/// S3. Reads points again: some of them at checkpoints, some before they go, some at the end.
class PublishedIsFrozen : public Oracle {
  public:
    explicit PublishedIsFrozen(LabContext& lab);
    void point_dropped(MachineId machine, std::uint64_t id) override;
    void checkpoint(bool last) override;

  private:
    void read_again(const ListedPoint& listed);

    std::uint64_t checkpoints_ = 0;
    std::uint64_t drops_ = 0;
    std::uint64_t turn_ = 0;
};

/// S4.
class PointsInOrder : public Oracle {
  public:
    explicit PointsInOrder(LabContext& lab);
    void point_published(const PublishedPoint& point, const BlockReader& content) override;

  private:
    std::vector<std::optional<PublishedPoint>> last_;
};

/// S5.
class HonestLabel : public Oracle {
  public:
    explicit HonestLabel(LabContext& lab);
    void point_compared(const PublishedPoint& point, const ImageComparison& found) override;
    void point_reread(const PublishedPoint& point, const ImageComparison& found) override {
        point_compared(point, found);
    }
};

/// S12.
class PublishInJournalOnly : public Oracle {
  public:
    explicit PublishInJournalOnly(LabContext& lab);
    void path_changed(MachineId machine, std::string_view path, bool publishes) override;
    void point_published(const PublishedPoint& point, const BlockReader& content) override;

  private:
    struct Path {
        std::string name = "no path";
        bool publishes = false;
    };
    std::vector<Path> paths_;
};

/// S16. Looks at single sectors of every listed point, and at what logs drop.
class NeededIsKept : public Oracle {
  public:
    explicit NeededIsKept(LabContext& lab);
    void consumer_advanced(DiskId disk, std::uint32_t consumer, std::uint64_t through) override;
    void log_trimmed(DiskId disk, std::uint64_t through) override;
    void checkpoint(bool last) override;

  private:
    void look_at(const ListedPoint& listed);

    std::vector<std::map<std::uint32_t, std::uint64_t>> consumers_;  ///< by disk
    std::uint64_t draws_ = 0;
};

/// S18.
class OneGeometryPerPoint : public Oracle {
  public:
    explicit OneGeometryPerPoint(LabContext& lab);
    void point_geometry(const PublishedPoint& point, DiskId disk,
                        const DiskGeometry& geometry) override;
};

/// S19. Rests without BoardOptions::inside_policy.
class RetentionKept : public Oracle {
  public:
    explicit RetentionKept(LabContext& lab);
    void point_published(const PublishedPoint& point, const BlockReader& content) override;
    void point_dropped(MachineId machine, std::uint64_t id) override;
    void geometry_changed(DiskId disk, const DiskGeometry& now, Instant at) override;
    void checkpoint(bool last) override;

  private:
    void check_listing(MachineId machine);
    void check_overdue(MachineId machine);

    std::vector<std::map<std::uint64_t, Instant>> outside_since_;  ///< by machine, then by point
    std::vector<Instant> last_published_;
    /// By machine: when a disk of it was resized, which drops its points whatever the policy says.
    std::vector<std::optional<Instant>> resized_;
    /// Points that went inside their retention since the last checkpoint.
    struct Early {
        MachineId machine;
        PublishedPoint point;
        Instant at;
    };
    std::vector<Early> early_;
};

/// S35.
class PointsHoldWhatReplicates : public Oracle {
  public:
    explicit PointsHoldWhatReplicates(LabContext& lab);
    void disk_replicates(DiskId disk, bool does) override;
    void point_published(const PublishedPoint& point, const BlockReader& content) override;

  private:
    struct Disk {
        bool replicates = true;
        Instant since = Instant(Duration(-1));
    };
    std::vector<Disk> disks_;
};

/// S20.
class PinnedStays : public Oracle {
  public:
    explicit PinnedStays(LabContext& lab);
    void point_dropped(MachineId machine, std::uint64_t id) override;
};

/// S31. A damaged record must be refused before anything of it is accepted or published.
class DamageIsDetected : public Oracle {
  public:
    explicit DamageIsDetected(LabContext& lab);
    void record_damaged(DiskId disk, Generation generation, std::uint64_t sequence) override;
    void record_accepted(DiskId disk, Generation generation, std::uint64_t sequence) override;
    void refused(DiskId disk, Generation generation, std::string_view why) override;
    void replay_ended(DiskId disk, std::uint64_t damaged, std::uint64_t applied) override;
    void point_compared(const PublishedPoint& point, const ImageComparison& found) override;

  private:
    struct Damage {
        Generation generation = 0;
        std::uint64_t sequence = 0;
    };
    std::vector<std::vector<Damage>> unnoticed_;  ///< by disk
};

}  // namespace landfall::lab
