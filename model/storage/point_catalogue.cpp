// model/storage/point_catalogue.cpp — records of the catalogue: how they are written and applied.
#include "model/storage/point_catalogue.hpp"

#include <algorithm>
#include <utility>

#include "model/storage/little_endian.hpp"

namespace landfall {

namespace {

constexpr std::uint64_t kSmallCatalogue =
    1024;  ///< bytes of records that are never worth a snapshot

/// First byte of a record.
enum class Tag : std::uint8_t { Snapshot, Publish, Drop, Merge, Pin, Redo, Damaged };

void put(LittleWriter& out, ObjectNumber object) {
    out.put(static_cast<std::uint8_t>(object.kind));
    out.put(object.number);
}

void put(LittleWriter& out, Instant at) {
    out.put(static_cast<std::uint64_t>(at.since_start().count()));
}

void put(LittleWriter& out, const ChainLink& link) {
    out.put(link.id);
    out.put(link.parent);
    put(out, link.cut);
    out.put(link.generation);
    out.put<std::uint8_t>(link.app_consistent);
    out.put<std::uint8_t>(link.listed);
    out.put<std::uint8_t>(link.drop_when_unpinned);
    out.put(link.pins);
    put(out, link.layer);
    out.put(link.checksum);
    out.put(link.sectors);
}

void put(LittleWriter& out, const RedoPlace& redo) {
    put(out, redo.object);
    out.put(redo.bytes);
    out.put<std::uint64_t>(redo.arrived_seq.size());
    for (const std::uint64_t seq : redo.arrived_seq) out.put(seq);
}

ObjectNumber get_object(LittleReader& in) {
    const auto kind = static_cast<ObjectKind>(in.take<std::uint8_t>());
    return {kind, in.take<std::uint64_t>()};
}

Instant get_instant(LittleReader& in) {
    return Instant(Duration(static_cast<std::int64_t>(in.take<std::uint64_t>())));
}

ChainLink get_link(LittleReader& in) {
    ChainLink link;
    link.id = in.take<std::uint64_t>();
    link.parent = in.take<std::uint64_t>();
    link.cut = get_instant(in);
    link.generation = in.take<std::uint32_t>();
    link.app_consistent = in.take<std::uint8_t>() != 0;
    link.listed = in.take<std::uint8_t>() != 0;
    link.drop_when_unpinned = in.take<std::uint8_t>() != 0;
    link.pins = in.take<std::uint32_t>();
    link.layer = get_object(in);
    link.checksum = in.take<std::uint32_t>();
    link.sectors = in.take<std::uint64_t>();
    return link;
}

RedoPlace get_redo(LittleReader& in) {
    RedoPlace redo;
    redo.object = get_object(in);
    redo.bytes = in.take<std::uint64_t>();
    const std::uint64_t disks = in.take<std::uint64_t>();
    for (std::uint64_t k = 0; k < disks; ++k) redo.arrived_seq.push_back(in.take<std::uint64_t>());
    return redo;
}

/// Writes the tag and the content of a change.
struct Encode {
    LittleWriter& out;

    void tag(Tag tag) const { out.put(static_cast<std::uint8_t>(tag)); }
    void operator()(const PublishPoint& change) const {
        tag(Tag::Publish);
        put(out, change.link);
        put(out, change.redo);
    }
    void operator()(const DropPoint& change) const {
        tag(Tag::Drop);
        out.put(change.id);
    }
    void operator()(const MergeLinks& change) const {
        tag(Tag::Merge);
        out.put(change.from);
        out.put(change.to);
        put(out, change.layer);
        out.put(change.checksum);
        out.put(change.sectors);
    }
    void operator()(const PinPoint& change) const {
        tag(Tag::Pin);
        out.put(change.id);
        out.put(change.pins);
        out.put<std::uint8_t>(change.drop_when_unpinned);
    }
    void operator()(const MoveRedo& change) const {
        tag(Tag::Redo);
        put(out, change.redo);
    }
    void operator()(const SetDamaged& change) const {
        tag(Tag::Damaged);
        out.put<std::uint8_t>(change.damaged);
    }
};

CatalogueChange decode_change(LittleReader& in) {
    switch (static_cast<Tag>(in.take<std::uint8_t>())) {
        case Tag::Publish: {
            const ChainLink link = get_link(in);
            return PublishPoint{link, get_redo(in)};
        }
        case Tag::Drop: return DropPoint{in.take<std::uint64_t>()};
        case Tag::Merge: {
            MergeLinks change;
            change.from = in.take<std::uint64_t>();
            change.to = in.take<std::uint64_t>();
            change.layer = get_object(in);
            change.checksum = in.take<std::uint32_t>();
            change.sectors = in.take<std::uint64_t>();
            return change;
        }
        case Tag::Pin: {
            PinPoint change;
            change.id = in.take<std::uint64_t>();
            change.pins = in.take<std::uint32_t>();
            change.drop_when_unpinned = in.take<std::uint8_t>() != 0;
            return change;
        }
        case Tag::Redo: return MoveRedo{get_redo(in)};
        case Tag::Damaged: return SetDamaged{in.take<std::uint8_t>() != 0};
        case Tag::Snapshot: break;
    }
    LANDFALL_CHECK(false, "a record of the catalogue has a known tag");
    return DropPoint{};
}

void encode_snapshot(LittleWriter& out, const CatalogueState& state) {
    out.put(static_cast<std::uint8_t>(Tag::Snapshot));
    out.put(state.geometry);
    out.put(state.newest_id);
    put(out, state.newest_cut);
    out.put<std::uint8_t>(state.damaged);
    put(out, state.redo);
    out.put<std::uint64_t>(state.links.size());
    for (const ChainLink& link : state.links) put(out, link);
}

CatalogueState decode_snapshot(LittleReader& in) {
    LANDFALL_CHECK(static_cast<Tag>(in.take<std::uint8_t>()) == Tag::Snapshot,
                   "a catalogue begins with a snapshot of its state");
    CatalogueState state;
    state.geometry = in.take<std::uint32_t>();
    state.newest_id = in.take<std::uint64_t>();
    state.newest_cut = get_instant(in);
    state.damaged = in.take<std::uint8_t>() != 0;
    state.redo = get_redo(in);
    const std::uint64_t links = in.take<std::uint64_t>();
    for (std::uint64_t k = 0; k < links; ++k) state.links.push_back(get_link(in));
    return state;
}

/// Applies a change to a state.
struct Apply {
    CatalogueState& state;

    ChainLink& link(std::uint64_t id) const {
        const std::size_t place = state.find(id);
        LANDFALL_CHECK(place < state.links.size(), "a change names a point that there is");
        return state.links[place];
    }
    void operator()(const PublishPoint& change) const {
        LANDFALL_CHECK(change.link.id > state.newest_id && change.link.cut > state.newest_cut,
                       "points are published with rising ids and rising cuts");
        LANDFALL_CHECK(change.link.parent == (state.links.empty() ? 0 : state.links.back().id),
                       "a point is published on top of the newest one");
        state.newest_id = change.link.id;
        state.newest_cut = change.link.cut;
        state.links.push_back(change.link);
        state.redo = change.redo;
    }
    void operator()(const DropPoint& change) const { link(change.id).listed = false; }
    void operator()(const MergeLinks& change) const {
        ChainLink& last = link(change.to);
        last.layer = change.layer;
        last.checksum = change.checksum;
        last.sectors = change.sectors;
        const auto links = state.links.begin();
        const auto from = links + static_cast<std::ptrdiff_t>(state.find(change.from));
        const auto to = links + static_cast<std::ptrdiff_t>(state.find(change.to));
        LANDFALL_CHECK(from <= to, "older layers are merged into a newer one");
        state.links.erase(from, to);
    }
    void operator()(const PinPoint& change) const {
        ChainLink& pinned = link(change.id);
        pinned.pins = change.pins;
        pinned.drop_when_unpinned = change.drop_when_unpinned;
    }
    void operator()(const MoveRedo& change) const { state.redo = change.redo; }
    void operator()(const SetDamaged& change) const { state.damaged = change.damaged; }
};

}  // namespace

std::size_t CatalogueState::find(std::uint64_t id) const {
    const auto found = std::lower_bound(
        links.begin(), links.end(), id,
        [](const ChainLink& link, std::uint64_t target) { return link.id < target; });
    if (found == links.end() || found->id != id) return links.size();
    return static_cast<std::size_t>(found - links.begin());
}

void CatalogueState::apply(const CatalogueChange& change) {
    std::visit(Apply{*this}, change);
}

void PointCatalogue::rewrite(StoredObjects& objects, const RedoPlace& redo) {
    state_.redo = redo;
    begin_object(objects);
}

std::optional<CatalogueState> PointCatalogue::load(const StoredObjects& objects) {
    const std::vector<ObjectNumber> all = objects.list();
    for (auto object = all.rbegin(); object != all.rend(); ++object) {
        if (object->kind != ObjectKind::Catalogue) continue;
        const std::vector<std::byte> bytes = objects.read(*object);
        FrameReader frames(bytes);
        auto frame = frames.next();
        if (!frame) continue;
        LittleReader snapshot(*frame);
        CatalogueState state = decode_snapshot(snapshot);
        while ((frame = frames.next())) {
            LittleReader in(*frame);
            state.apply(decode_change(in));
            LANDFALL_CHECK(in.good() && in.at_end(), "a record of the catalogue is complete");
        }
        state.damaged = state.damaged || frames.rotten();
        return state;
    }
    return std::nullopt;
}

void PointCatalogue::begin_object(StoredObjects& objects) {
    if (!objects.persists()) return;
    const ObjectNumber old = object_;
    std::vector<std::byte> bytes;
    const std::size_t begin = begin_frame(bytes);
    LittleWriter out(bytes);
    encode_snapshot(out, state_);
    end_frame(bytes, begin);
    object_ = objects.create(ObjectKind::Catalogue);
    objects.append(object_, 0, bytes);
    objects.flush(object_);
    objects.flush_names();
    objects.remove(old);
    size_ = bytes.size();
    compact_at_ = std::max(kSmallCatalogue, 2 * size_);
}

void PointCatalogue::commit(StoredObjects& objects, const CatalogueChange& change) {
    if (objects.persists()) {
        if (size_ >= compact_at_) begin_object(objects);
        std::vector<std::byte> bytes;
        const std::size_t begin = begin_frame(bytes);
        LittleWriter out(bytes);
        std::visit(Encode{out}, change);
        end_frame(bytes, begin);
        objects.append(object_, size_, bytes);
        objects.flush(object_);
        size_ += bytes.size();
    }
    state_.apply(change);
}

}  // namespace landfall
