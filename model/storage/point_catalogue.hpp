// model/storage/point_catalogue.hpp — which recovery points there are and in which objects they
// lie: a state machine whose every change is durable before it counts.
//
// The chain holds links by rising id: each one point, or what remains of a dropped point until its
// layer is merged into the next. A change is one record, appended and flushed, then applied: after
// a crash the state is that before or after it. When the records outgrow the state a new catalogue
// object begins with a snapshot; the old one goes once the new one is durable, so that at any
// moment one of the two is whole, and the one with the higher number counts.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "model/base/block.hpp"
#include "model/base/units.hpp"
#include "model/environment/witness.hpp"
#include "model/storage/stored_objects.hpp"

namespace landfall {

struct ChainLink {
    std::uint64_t id = 0;      ///< of the point, rising
    std::uint64_t parent = 0;  ///< the point that was the newest when this one came; 0: none
    Instant cut;
    Generation generation = 0;
    bool app_consistent = false;
    bool listed = true;  ///< else dropped, and its layer still needed by newer points
    bool drop_when_unpinned = false;
    std::uint32_t pins = 0;
    ObjectNumber layer;          ///< holds what changed since the link before
    std::uint32_t checksum = 0;  ///< of that object
    std::uint64_t sectors = 0;   ///< in that object

    bool operator==(const ChainLink&) const = default;
};

/// Where the changes lie that are in no point yet.
struct RedoPlace {
    ObjectNumber object;
    std::uint64_t bytes = 0;                 ///< were durable when the place was committed
    std::vector<std::uint64_t> arrived_seq;  ///< by disk, likewise

    bool operator==(const RedoPlace&) const = default;
};

// --- the changes

struct PublishPoint {
    ChainLink link;
    RedoPlace redo;
};
/// No longer listed; its layer is still there.
struct DropPoint {
    std::uint64_t id = 0;
};
/// All links from `from` through `to` become one: `to`, with this object.
struct MergeLinks {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    ObjectNumber layer;
    std::uint32_t checksum = 0;
    std::uint64_t sectors = 0;
};
struct PinPoint {
    std::uint64_t id = 0;
    std::uint32_t pins = 0;
    bool drop_when_unpinned = false;
};
struct MoveRedo {
    RedoPlace redo;
};
struct SetDamaged {
    bool damaged = false;
};

using CatalogueChange =
    std::variant<PublishPoint, DropPoint, MergeLinks, PinPoint, MoveRedo, SetDamaged>;

struct CatalogueState {
    std::uint32_t geometry = 0;   ///< checksum over the shape of the disks
    std::uint64_t newest_id = 0;  ///< ever published
    Instant newest_cut{Duration(-1)};
    bool damaged = false;  ///< something acknowledged was lost
    RedoPlace redo;
    std::vector<ChainLink> links;  ///< rising id

    /// The place of the link with this id; links.size() if there is none.
    [[nodiscard]] std::size_t find(std::uint64_t id) const;
    void apply(const CatalogueChange& change);

    bool operator==(const CatalogueState&) const = default;
};

class PointCatalogue {
  public:
    /// Requires rewrite() before the first commit().
    explicit PointCatalogue(CatalogueState state) : state_(std::move(state)) {}

    /// What the store remembers; nullopt without any whole catalogue. `state.damaged` is set when
    /// records are lost to anything but a write that was cut short.
    static std::optional<CatalogueState> load(const StoredObjects& objects);

    [[nodiscard]] const CatalogueState& state() const { return state_; }
    [[nodiscard]] ObjectNumber object() const { return object_; }

    /// Begins a new object with the state as it is, the redo log lying at `redo`; durable on
    /// return. Older catalogues may still lie there, and no longer count.
    void rewrite(StoredObjects& objects, const RedoPlace& redo);
    /// Something acknowledged is lost; durable with the next rewrite().
    void mark_damaged() { state_.damaged = true; }
    /// Durable, and applied, on return.
    void commit(StoredObjects& objects, const CatalogueChange& change);

  private:
    void begin_object(StoredObjects& objects);

    CatalogueState state_;
    ObjectNumber object_;
    std::uint64_t size_ = 0;
    std::uint64_t compact_at_ = 0;
};

}  // namespace landfall
