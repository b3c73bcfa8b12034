// tests/support/naive_replica.hpp — a replica without layers, logs or files, to hold the real one
// against, and random histories to lead both through.
//
// Each point is a full image. Of each sector all that arrived is kept, one behind the other.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "model/storage/replica_store.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall::testing {

/// What arrives: an ordered change, or a copied block.
struct Arrival {
    bool copy = false;
    std::uint32_t disk = 0;
    std::uint64_t seq = 0;
    Instant at;
    std::uint64_t first = 0;
    std::vector<Stamp> stamps;
};

class NaiveReplica {
  public:
    using Image = std::vector<Stamp>;

    struct Point {
        ReplicaPoint label;
        std::uint32_t pins = 0;
        bool drop_later = false;
        std::vector<Image> images;
    };

    explicit NaiveReplica(const std::vector<DiskGeometry>& disks) : seqs_(disks.size()) {
        for (const DiskGeometry& disk : disks) {
            published_.emplace_back(disk.sectors);
            waiting_.emplace_back(disk.sectors);
        }
    }

    [[nodiscard]] const std::vector<Point>& points() const { return points_; }
    [[nodiscard]] const std::vector<std::uint64_t>& seqs() const { return seqs_; }

    void arrive(const Arrival& arrival) {
        for (std::size_t k = 0; k < arrival.stamps.size(); ++k) {
            waiting_[arrival.disk][arrival.first + k].push_back(
                {arrival.copy, arrival.at, arrival.stamps[k]});
        }
        if (!arrival.copy) seqs_[arrival.disk] = arrival.seq;
    }

    void publish(std::uint64_t id, Instant cut, Generation generation, bool app_consistent) {
        for (std::size_t disk = 0; disk < published_.size(); ++disk) {
            for (std::size_t sector = 0; sector < published_[disk].size(); ++sector) {
                std::vector<Change> rest;
                for (const Change& change : waiting_[disk][sector]) {
                    if (change.copy) rest.clear();
                    if (change.copy || change.at < cut)
                        published_[disk][sector] = change.stamp;
                    else
                        rest.push_back(change);
                }
                waiting_[disk][sector] = rest;
            }
        }
        points_.push_back({{id, 0, cut, generation, app_consistent, false}, 0, false, published_});
        relabel();
    }

    void drop(std::size_t place) {
        if (points_[place].pins > 0)
            points_[place].drop_later = true;
        else
            points_.erase(points_.begin() + static_cast<std::ptrdiff_t>(place));
        relabel();
    }
    void pin(std::size_t place) {
        ++points_[place].pins;
        relabel();
    }
    void unpin(std::size_t place) {
        if (--points_[place].pins == 0 && points_[place].drop_later) drop(place);
        relabel();
    }

    void discard() {
        for (auto& disk : waiting_) {
            for (auto& sector : disk)
                std::erase_if(sector, [](const Change& change) { return !change.copy; });
        }
        seqs_.assign(seqs_.size(), 0);
    }

    [[nodiscard]] Image newest(std::uint32_t disk) const {
        Image image = published_[disk];
        for (std::size_t sector = 0; sector < image.size(); ++sector) {
            if (!waiting_[disk][sector].empty())
                image[sector] = waiting_[disk][sector].back().stamp;
        }
        return image;
    }

    /// Empty if `store` shows the same as this; else the first difference.
    [[nodiscard]] std::string difference(const ReplicaStore& store) const {
        const std::vector<ReplicaPoint> listed = store.points();
        if (listed.size() != points_.size())
            return std::to_string(listed.size()) + " points instead of " +
                   std::to_string(points_.size());
        for (std::size_t k = 0; k < listed.size(); ++k) {
            if (listed[k] != points_[k].label) return "label of point " + id_text(listed[k].id);
            for (std::uint32_t disk = 0; disk < published_.size(); ++disk) {
                Image image(published_[disk].size());
                store.read(listed[k].id, disk, 0, image);
                if (image != points_[k].images[disk]) return "point " + id_text(listed[k].id);
            }
        }
        for (std::uint32_t disk = 0; disk < published_.size(); ++disk) {
            Image image(published_[disk].size());
            store.read_newest(disk, 0, image);
            if (image != newest(disk)) return "newest content of disk " + std::to_string(disk);
            if (store.arrived_seq(disk) != seqs_[disk])
                return "sequence number of disk " + std::to_string(disk);
        }
        return {};
    }

  private:
    struct Change {
        bool copy = false;
        Instant at;
        Stamp stamp = 0;
    };

    static std::string id_text(std::uint64_t id) { return std::to_string(id); }

    void relabel() {
        for (std::size_t k = 0; k < points_.size(); ++k) {
            points_[k].label.parent = k == 0 ? 0 : points_[k - 1].label.id;
            points_[k].label.pinned = points_[k].pins > 0;
        }
    }

    std::vector<Image> published_;                           ///< by disk
    std::vector<std::vector<std::vector<Change>>> waiting_;  ///< by disk and sector
    std::vector<Point> points_;                              ///< oldest first
    std::vector<std::uint64_t> seqs_;                        ///< by disk
};

/// A random history, given to a real replica and to naive ones: what was acknowledged so far, and
/// what arrived. When the power goes during a step, outcomes() tells what may be found afterwards.
class ReplicaHistory {
  public:
    ReplicaHistory(const std::vector<DiskGeometry>& disks, std::uint64_t seed)
        : random_(seed, "test", "replica"),
          disks_(disks),
          acknowledged_(disks),
          arrived_(disks),
          next_seq_(disks.size(), 1) {}

    [[nodiscard]] const NaiveReplica& arrived() const { return arrived_; }
    /// What a crash during the step that was begun last may leave; the same for a crash after it.
    [[nodiscard]] const std::vector<NaiveReplica>& outcomes() const { return outcomes_; }
    [[nodiscard]] bool has_unflushed() const { return !unflushed_.empty(); }
    [[nodiscard]] const std::string& step_name() const { return step_name_; }

    /// One step. Throws what the store throws; then only outcomes() is of use.
    void step(ReplicaStore& store) {
        const std::uint64_t what = random_.below(100);
        const std::size_t points = arrived_.points().size();
        if (what < 45)
            stage(store);
        else if (what < 53)
            copy(store);
        else if (what < 65)
            flush(store);
        else if (what < 80 || points == 0)
            publish(store);
        else if (what < 90 || (what < 96 && points > 6))
            change_point(
                "drop", store, [](NaiveReplica& naive, std::size_t k) { naive.drop(k); },
                [&](std::uint64_t id) { store.drop(id); });
        else if (what < 94)
            change_point(
                "pin", store, [](NaiveReplica& naive, std::size_t k) { naive.pin(k); },
                [&](std::uint64_t id) { store.pin(id); });
        else if (what < 98)
            unpin(store);
        else
            discard(store);
    }

  private:
    std::uint32_t some_disk() { return static_cast<std::uint32_t>(random_.below(disks_.size())); }

    Arrival arrival(bool copy) {
        Arrival made;
        made.copy = copy;
        made.disk = some_disk();
        const std::uint64_t sectors = disks_[made.disk].sectors;
        // Short ones mostly, now and then one over several pages.
        const std::uint64_t most = random_.below(4) == 0 ? 150 : 6;
        made.first = random_.below(sectors);
        const std::uint64_t count = std::min(sectors - made.first, 1 + random_.below(most));
        for (std::uint64_t k = 0; k < count; ++k)
            made.stamps.push_back(copy && random_.below(8) == 0 ? 0 : next_stamp_++);
        if (!copy) made.seq = next_seq_[made.disk]++;
        made.at = Instant(Duration(static_cast<std::int64_t>(clock_)));
        clock_ += random_.below(3);
        return made;
    }

    void begin(std::string name, std::vector<NaiveReplica> outcomes) {
        step_name_ = std::move(name);
        outcomes_ = std::move(outcomes);
    }
    /// The step is done: from now on `outcomes` may be found.
    void all_is_durable() {
        acknowledged_ = arrived_;
        unflushed_.clear();
        outcomes_ = {acknowledged_};
    }

    void arrive(ReplicaStore& store, const Arrival& made) {
        if (made.copy)
            store.copy_in(made.disk, made.first, made.stamps);
        else
            store.stage(
                {made.disk, made.seq, made.at, {made.first, made.stamps.size()}, made.stamps});
        arrived_.arrive(made);
        unflushed_.push_back(made);
    }
    void stage(ReplicaStore& store) {
        begin("stage", {acknowledged_});
        arrive(store, arrival(false));
    }
    void copy(ReplicaStore& store) {
        begin("copy", {acknowledged_});
        arrive(store, arrival(true));
    }

    void flush(ReplicaStore& store) {
        std::vector<NaiveReplica> fronts = {acknowledged_};
        for (const Arrival& made : unflushed_) {
            fronts.push_back(fronts.back());
            fronts.back().arrive(made);
        }
        begin("flush", std::move(fronts));
        store.flush_staged();
        all_is_durable();
    }

    void publish(ReplicaStore& store) {
        // The newest changes are mostly after the cut.
        cut_ = std::max(cut_ + 1, clock_ - std::min(clock_, random_.below(6)));
        clock_ = std::max(clock_, cut_);
        const Instant cut(Duration(static_cast<std::int64_t>(cut_)));
        const bool app_consistent = random_.below(2) == 0;
        next_id_ += 1 + random_.below(3);
        arrived_.publish(next_id_, cut, generation_, app_consistent);
        begin("publish", {acknowledged_, arrived_});
        store.publish(next_id_, cut, generation_, app_consistent);
        all_is_durable();
    }

    template <typename Naive, typename Real>
    void change_point(std::string name, ReplicaStore&, Naive naive, Real real) {
        const std::size_t place = random_.below(arrived_.points().size());
        change_point_at(std::move(name), place, naive, real);
    }
    template <typename Naive, typename Real>
    void change_point_at(std::string name, std::size_t place, Naive naive, Real real) {
        const std::uint64_t id = arrived_.points()[place].label.id;
        NaiveReplica after = acknowledged_;
        naive(after, place);
        naive(arrived_, place);
        begin(std::move(name), {acknowledged_, after});
        real(id);
        acknowledged_ = after;
        outcomes_ = {acknowledged_};
    }

    void unpin(ReplicaStore& store) {
        for (std::size_t k = 0; k < arrived_.points().size(); ++k) {
            if (arrived_.points()[k].pins == 0) continue;
            change_point_at(
                "unpin", k, [](NaiveReplica& naive, std::size_t at) { naive.unpin(at); },
                [&](std::uint64_t id) { store.unpin(id); });
            return;
        }
        stage(store);
    }

    void discard(ReplicaStore& store) {
        arrived_.discard();
        ++generation_;
        next_seq_.assign(next_seq_.size(), 1);
        begin("discard", {acknowledged_, arrived_});
        store.discard_staged();
        all_is_durable();
    }

    kernel::RandomStream random_;
    std::vector<DiskGeometry> disks_;
    NaiveReplica acknowledged_;
    NaiveReplica arrived_;
    std::vector<Arrival> unflushed_;
    std::vector<NaiveReplica> outcomes_;
    std::string step_name_ = "nothing";
    std::vector<std::uint64_t> next_seq_;
    Stamp next_stamp_ = 1;
    std::uint64_t next_id_ = 0;
    std::uint64_t clock_ = 0;
    std::uint64_t cut_ = 0;
    Generation generation_ = 1;
};

}  // namespace landfall::testing
