// model/storage/replica_store.hpp — the replica of one machine at block fidelity: what arrived, and
// the recovery points that can be read back.
//
//   stage, copy_in -> redo log -> publish: a sealed layer -> chain of points -> drop: merged
//
// A point is a layer over the point before it; the base image is the content of the oldest point,
// with all layers up to it folded in; one more image per disk holds what arrived, so that neither
// the oldest nor the newest content is looked for in layers.
//
// Laws (replication-and-test-lab A12, A19; S1, S3, S4, S13, S16, S19, S20):
// - a change is acknowledged once flush_staged() or publish() returned, and then survives any
// crash;
// - a point is listed once its data, its name and its record are durable, in this order; after a
//   crash it is there as a whole or not at all;
// - a listed point reads the same for ever, whatever is dropped beside it; a dropped point's layer
//   goes into the next newer one, and a crash at any step of that leaves all other points alone;
// - a pinned point is never dropped: the wish is remembered and carried out when the last pin goes;
// - recover() may itself crash anywhere; what it finds does not change by being looked for.
//
// When the store throws (the power went), the object is of no further use: recover() another one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/stamp_image.hpp"
#include "model/base/units.hpp"
#include "model/environment/stable_store.hpp"
#include "model/environment/witness.hpp"
#include "model/storage/point_catalogue.hpp"
#include "model/storage/point_layer.hpp"
#include "model/storage/redo_log.hpp"
#include "model/storage/staged_changes.hpp"
#include "model/storage/stored_objects.hpp"

namespace landfall {

struct ReplicaPoint {
    std::uint64_t id = 0;
    std::uint64_t parent = 0;  ///< the next older listed point; 0: none
    Instant cut;               ///< holds every change before it
    Generation generation = 0;
    bool app_consistent = false;
    bool pinned = false;

    bool operator==(const ReplicaPoint&) const = default;
};

class ReplicaStore {
  public:
    /// A replica in memory only: for simulations in which its machine cannot crash.
    explicit ReplicaStore(const std::vector<DiskGeometry>& disks);
    /// A new replica under `name`; whatever else was stored under that name is removed.
    ReplicaStore(StableStore& store, std::string name, const std::vector<DiskGeometry>& disks);
    /// What the store remembers after a crash; an empty replica if there never was one. Requires
    /// the disks it was created with.
    static ReplicaStore recover(StableStore& store, std::string name,
                                std::vector<DiskGeometry> disks);

    // --- what arrives

    /// An ordered change. Changes of a disk come in the order of its stream.
    void stage(const StagedWrite& write);
    /// Blocks of a copy, read at the source after everything that arrived before them.
    void copy_in(std::uint32_t disk, std::uint64_t first, std::span<const Stamp> stamps);
    /// Makes everything that arrived durable: from here on it may be acknowledged.
    void flush_staged();
    /// The stream was abandoned: changes that are in no point go, copied blocks stay. Sequence
    /// numbers may begin anew.
    void discard_staged();

    // --- points

    /// Makes a point of all copied blocks and all changes before `cut`; durable and listed on
    /// return, and so are the changes from the cut on. Requires id and cut above all earlier ones.
    void publish(std::uint64_t id, Instant cut, Generation generation, bool app_consistent);
    /// Retention: the point goes, at once or, when pinned, later. Returns whether it is gone.
    bool drop(std::uint64_t id);
    void pin(std::uint64_t id);
    /// Takes one pin back. Returns whether the point went with it.
    bool unpin(std::uint64_t id);

    // --- reading

    /// Listed points, oldest first.
    [[nodiscard]] std::vector<ReplicaPoint> points() const;
    [[nodiscard]] bool lists(std::uint64_t id) const;
    /// Content as of a listed point.
    void read(std::uint64_t id, std::uint32_t disk, std::uint64_t first,
              std::span<Stamp> out) const;
    /// Content with all that arrived.
    void read_newest(std::uint32_t disk, std::uint64_t first, std::span<Stamp> out) const;
    /// Calls visit(disk, first, stamps) for what a listed point changed against the next older
    /// listed one; for the oldest, for all parts of the disks that were ever written.
    template <typename Visit>
    void for_each_changed(std::uint64_t id, Visit&& visit) const {
        const std::size_t place = listed_place(id);
        for (std::uint32_t disk = 0; disk < geometry_.size(); ++disk) {
            const auto visit_run = [&](std::uint64_t first, std::span<const Stamp> stamps) {
                visit(disk, first, stamps);
            };
            if (place < folded_)
                base_[disk].for_each_touched(visit_run);
            else
                layers_[place][disk].for_each_run(visit_run);
        }
    }

    // --- counts

    [[nodiscard]] const std::vector<DiskGeometry>& geometry() const { return geometry_; }
    /// Of ordered changes that are in no point.
    [[nodiscard]] std::uint64_t staged_bytes() const { return staged_.bytes(); }
    /// The highest sequence number staged for a disk since the stream began; 0: none.
    [[nodiscard]] std::uint64_t arrived_seq(std::uint32_t disk) const {
        return redo_.arrived_seq()[disk];
    }
    /// Likewise, of what would survive a crash: what may be acknowledged.
    [[nodiscard]] std::uint64_t durable_seq(std::uint32_t disk) const {
        return redo_.place().arrived_seq[disk];
    }
    /// Something that had been acknowledged was found rotten and is lost, the newest content
    /// therefore wrong: the source has to copy anew. Listed points are whole.
    [[nodiscard]] bool damaged() const { return catalogue_.state().damaged; }
    /// The source copied anew.
    void repaired();

  private:
    using PointLayer = std::vector<SealedLayer>;  ///< by disk

    ReplicaStore(StoredObjects objects, std::vector<DiskGeometry> disks, CatalogueState state,
                 std::vector<PointLayer> layers);

    /// The layers of all links; of a chain that is broken, the part below the break.
    [[nodiscard]] static std::vector<PointLayer> load_layers(const StoredObjects& objects,
                                                             const std::vector<DiskGeometry>& disks,
                                                             CatalogueState& state);

    [[nodiscard]] const std::vector<ChainLink>& links() const { return catalogue_.state().links; }
    [[nodiscard]] std::size_t listed_place(std::uint64_t id) const;
    void read_layers(std::size_t layers, const OpenLayer* open, std::uint32_t disk,
                     std::uint64_t first, std::span<Stamp> out) const;

    struct StoredLayer {
        ObjectNumber object;
        std::uint32_t checksum = 0;
        std::uint64_t sectors = 0;
    };
    /// Takes all copied blocks and all changes before `cut`.
    [[nodiscard]] PointLayer seal(Instant cut);
    /// Written, not yet flushed.
    StoredLayer write_layer(const PointLayer& layer);
    void flush_layer(const StoredLayer& layer);
    /// The log that holds all that is in no point; its content durable, its name not yet.
    RedoLog begin_redo(std::vector<std::uint64_t> arrived_seq);
    void replace_redo(RedoLog next);
    void commit(const CatalogueChange& change) { catalogue_.commit(objects_, change); }

    // What a drop leaves to do; each step is durable by itself and finds by itself what to do.
    void settle();
    void drop_unpinned();
    void fold();
    void merge_dropped();
    void shorten_base();
    /// Makes one link of those at the places from..to, which together hold `content`.
    void merge_links(std::size_t from, std::size_t to, const PointLayer& content);
    void remove_orphans();

    StoredObjects objects_;
    std::vector<DiskGeometry> geometry_;
    std::vector<StampImage> base_;  ///< by disk: with the first `folded_` layers
    // Changes come in any order of sectors; written into an image one by one they cost a cache miss
    // each. So the newest image takes them in when it is asked for, and else at the next point.
    mutable std::vector<StampImage> newest_;  ///< by disk: all that arrived, of changes the first
    mutable StagedChanges::Cursor shown_;     ///< up to here
    std::vector<OpenLayer> open_;             ///< by disk: copied since the newest point
    StagedChanges staged_;
    std::vector<PointLayer> layers_;  ///< by link; of folded links nothing
    std::size_t folded_ = 0;
    std::vector<std::vector<SectorChange>> sealing_;  ///< by disk: memory for seal()
    std::vector<SectorChange> scratch_;               ///< likewise
    RedoLog redo_;
    PointCatalogue catalogue_;
};

}  // namespace landfall
