// model/storage/replica_retention.cpp — pins, drops, and the merges by which dropped points go.
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"
#include "model/storage/replica_store.hpp"

namespace landfall {

namespace {

constexpr std::size_t kMostFolded = 64;  ///< objects that the oldest point may be spread over

}  // namespace

bool ReplicaStore::drop(std::uint64_t id) {
    const ChainLink& link = links()[listed_place(id)];
    if (link.pins > 0 && !mutant(Mutant::PrunePinnedPoint)) {
        commit(PinPoint{id, link.pins, true});
        return false;
    }
    commit(DropPoint{id});
    settle();
    return true;
}

void ReplicaStore::pin(std::uint64_t id) {
    const ChainLink& link = links()[listed_place(id)];
    commit(PinPoint{id, link.pins + 1, link.drop_when_unpinned});
}

bool ReplicaStore::unpin(std::uint64_t id) {
    const ChainLink& link = links()[listed_place(id)];
    LANDFALL_CHECK(link.pins > 0, "a pin that is taken back was set");
    commit(PinPoint{id, link.pins - 1, link.drop_when_unpinned});
    settle();
    return !lists(id);
}

void ReplicaStore::settle() {
    drop_unpinned();
    fold();
    merge_dropped();
    shorten_base();
}

void ReplicaStore::drop_unpinned() {
    for (std::size_t k = 0; k < links().size(); ++k) {
        const ChainLink& link = links()[k];
        if (link.listed && link.drop_when_unpinned && link.pins == 0) commit(DropPoint{link.id});
    }
}

// The base takes in the oldest listed point and all that lies below it. If none is listed nobody
// needs an older base, and it takes in everything.
void ReplicaStore::fold() {
    std::size_t end = 0;
    while (end < links().size() && !links()[end].listed) ++end;
    if (end < links().size()) ++end;
    for (; folded_ < end; ++folded_) {
        PointLayer& layer = layers_[folded_];
        const std::size_t disks = mutant(Mutant::FoldSkipsOtherDisks) ? 1 : layer.size();
        for (std::size_t disk = 0; disk < disks; ++disk) layer[disk].apply_to(base_[disk]);
        layer = PointLayer();
    }
}

// The newest link waits for the next point to be published: there is no younger layer yet.
void ReplicaStore::merge_dropped() {
    for (std::size_t k = folded_; k + 1 < links().size();) {
        if (links()[k].listed) {
            ++k;
            continue;
        }
        PointLayer merged;
        const std::size_t older = mutant(Mutant::MergeKeepsOlder) ? k + 1 : k;
        const std::size_t younger = mutant(Mutant::MergeKeepsOlder) ? k : k + 1;
        for (std::size_t disk = 0; disk < geometry_.size(); ++disk)
            merged.emplace_back(layers_[older][disk], layers_[younger][disk]);
        merge_links(k, k + 1, merged);
        layers_[k] = std::move(merged);
    }
}

// In the store the oldest point may be spread over several objects. They become one when what was
// added is as much as there was, so that a sector is rewritten a bounded number of times.
void ReplicaStore::shorten_base() {
    if (folded_ < 2) return;
    std::uint64_t added = 0;
    for (std::size_t k = 1; k < folded_; ++k) added += links()[k].sectors;
    if (objects_.persists() && added < links()[0].sectors && folded_ <= kMostFolded) return;
    PointLayer content;
    if (objects_.persists())
        for (const StampImage& image : base_) content.emplace_back(image);
    merge_links(0, folded_ - 1, content);
    layers_.front() = PointLayer();
    folded_ = 1;
}

void ReplicaStore::merge_links(std::size_t from, std::size_t to, const PointLayer& content) {
    std::vector<ObjectNumber> old;
    for (std::size_t k = from; k <= to; ++k) old.push_back(links()[k].layer);
    const StoredLayer stored = write_layer(content);
    flush_layer(stored);
    if (!mutant(Mutant::NoFlushOfPointName)) objects_.flush_names();
    commit(MergeLinks{links()[from].id, links()[to].id, stored.object, stored.checksum,
                      stored.sectors});
    for (const ObjectNumber object : old) objects_.remove(object);
    const auto begin = layers_.begin() + static_cast<std::ptrdiff_t>(from);
    layers_.erase(begin, begin + static_cast<std::ptrdiff_t>(to - from));
}

}  // namespace landfall
