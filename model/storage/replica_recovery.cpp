// model/storage/replica_recovery.cpp — how a replica begins, and how it comes back after a crash.
#include <algorithm>
#include <utility>

#include "model/base/check.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/little_endian.hpp"
#include "model/storage/replica_store.hpp"

namespace landfall {

namespace {

std::uint32_t checksum_of(const std::vector<DiskGeometry>& disks) {
    std::vector<std::byte> bytes;
    LittleWriter writer(bytes);
    for (const DiskGeometry& disk : disks)
        writer.put(disk.sectors).put(static_cast<std::uint64_t>(disk.sector_size.count()));
    return crc32c(bytes);
}

CatalogueState empty_state(const std::vector<DiskGeometry>& disks) {
    CatalogueState state;
    state.geometry = checksum_of(disks);
    state.redo.arrived_seq.resize(disks.size());
    return state;
}

}  // namespace

ReplicaStore::ReplicaStore(StoredObjects objects, std::vector<DiskGeometry> disks,
                           CatalogueState state, std::vector<PointLayer> layers)
    : objects_(std::move(objects)),
      geometry_(std::move(disks)),
      staged_(geometry_),
      layers_(std::move(layers)),
      sealing_(geometry_.size()),
      redo_(objects_, state.redo.arrived_seq),
      catalogue_(std::move(state)) {
    for (const DiskGeometry& disk : geometry_) {
        base_.emplace_back(disk.sectors);
        newest_.emplace_back(disk.sectors);
        open_.emplace_back(disk.sectors);
    }
    for (const PointLayer& layer : layers_)
        for (std::size_t disk = 0; disk < layer.size(); ++disk) layer[disk].apply_to(newest_[disk]);
    fold();
}

ReplicaStore::ReplicaStore(const std::vector<DiskGeometry>& disks)
    : ReplicaStore(StoredObjects(nullptr, {}), disks, empty_state(disks), {}) {}

ReplicaStore::ReplicaStore(StableStore& store, std::string name,
                           const std::vector<DiskGeometry>& disks)
    : ReplicaStore(StoredObjects(&store, std::move(name)), disks, empty_state(disks), {}) {
    catalogue_.rewrite(objects_, redo_.place());
    remove_orphans();
}

ReplicaStore ReplicaStore::recover(StableStore& store, std::string name,
                                   std::vector<DiskGeometry> disks) {
    StoredObjects objects(&store, std::move(name));
    std::optional<CatalogueState> found = PointCatalogue::load(objects);
    CatalogueState state = found ? std::move(*found) : empty_state(disks);
    if (!found) {
        // The first catalogue is durable before anything else is written.
        const std::vector<ObjectNumber> all = objects.list();
        state.damaged = std::any_of(all.begin(), all.end(), [](ObjectNumber object) {
            return object.kind != ObjectKind::Catalogue;
        });
    }
    LANDFALL_CHECK(state.geometry == checksum_of(disks),
                   "a replica is recovered with the disks it was created with");
    std::vector<PointLayer> layers = load_layers(objects, disks, state);

    const RedoPlace old_redo = state.redo;
    ReplicaStore replica(std::move(objects), std::move(disks), std::move(state), std::move(layers));
    const bool redo_is_whole =
        RedoLog::replay(replica.objects_, old_redo, [&](const RedoLog::Record& record) {
            const StagedWrite& write = record.write;
            if (record.copy)
                replica.copy_in(write.disk, write.range.first, write.stamps);
            else
                replica.stage(write);
        });
    // A new log and a new catalogue, so that nothing is ever appended behind what was cut short.
    // Until the catalogue is durable the old ones count.
    replica.flush_staged();
    if (!redo_is_whole) replica.catalogue_.mark_damaged();
    replica.catalogue_.rewrite(replica.objects_, replica.redo_.place());
    replica.remove_orphans();
    replica.settle();
    return replica;
}

std::vector<ReplicaStore::PointLayer> ReplicaStore::load_layers(
    const StoredObjects& objects, const std::vector<DiskGeometry>& disks, CatalogueState& state) {
    std::vector<PointLayer> layers;
    for (const ChainLink& link : state.links) {
        const std::vector<std::byte> bytes = objects.read(link.layer);
        if (bytes.empty() || crc32c(bytes) != link.checksum) break;
        PointLayer& layer = layers.emplace_back();
        FrameReader frames(bytes);
        for (const DiskGeometry& disk : disks) {
            const auto frame = frames.next();
            LANDFALL_CHECK(frame, "a stored layer has a frame for each disk");
            LittleReader in(*frame);
            layer.push_back(SealedLayer::decode(in, disk.sectors));
        }
    }
    if (layers.size() < state.links.size()) {
        state.damaged = true;
        state.links.resize(layers.size());
        state.redo = empty_state(disks).redo;
    }
    return layers;
}

void ReplicaStore::remove_orphans() {
    for (const ObjectNumber object : objects_.list()) {
        const auto is_its_layer = [&](const ChainLink& link) { return link.layer == object; };
        if (object == catalogue_.object() || object == redo_.place().object ||
            std::any_of(links().begin(), links().end(), is_its_layer)) {
            continue;
        }
        objects_.remove(object);
    }
    objects_.flush_names();
}

void ReplicaStore::repaired() {
    commit(SetDamaged{false});
}

}  // namespace landfall
