// model/storage/replica_store.cpp — what arrives, how it becomes a point, how points are read.
#include "model/storage/replica_store.hpp"

#include <array>
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"
#include "model/storage/checksum.hpp"

namespace landfall {

void ReplicaStore::stage(const StagedWrite& write) {
    LANDFALL_CHECK(write.range.count == write.stamps.size(), "a change has a stamp per sector");
    if (write.range.empty()) return;
    LANDFALL_CHECK(write.range.first <= geometry_[write.disk].sectors &&
                       write.range.count <= geometry_[write.disk].sectors - write.range.first,
                   "a change lies on its disk");
    staged_.add(write);
    redo_.append(write);
}

void ReplicaStore::copy_in(std::uint32_t disk, std::uint64_t first, std::span<const Stamp> stamps) {
    if (stamps.empty()) return;
    newest_[disk].write(first, stamps);
    open_[disk].write(first, stamps);
    staged_.supersede(disk, {first, stamps.size()});
    redo_.append_copy(disk, first, stamps);
}

void ReplicaStore::flush_staged() {
    redo_.flush(objects_);
}

void ReplicaStore::discard_staged() {
    std::vector<Stamp> content;
    staged_.for_each([&](const StagedWrite& gone) {
        content.resize(gone.range.count);
        read_layers(layers_.size(), &open_[gone.disk], gone.disk, gone.range.first, content);
        newest_[gone.disk].write(gone.range.first, content);
    });
    staged_.clear();
    shown_ = {};
    RedoLog next = begin_redo(std::vector<std::uint64_t>(geometry_.size()));
    objects_.flush_names();
    next.names_were_flushed();
    commit(MoveRedo{next.place()});
    replace_redo(std::move(next));
}

RedoLog ReplicaStore::begin_redo(std::vector<std::uint64_t> arrived_seq) {
    RedoLog next(objects_, std::move(arrived_seq));
    if (!objects_.persists()) return next;
    // Copied blocks lie below all changes that still count.
    for (std::uint32_t disk = 0; disk < open_.size(); ++disk) {
        SealedLayer(open_[disk])
            .for_each_run([&](std::uint64_t first, std::span<const Stamp> stamps) {
                next.append_copy(disk, first, stamps);
            });
    }
    staged_.for_each([&](const StagedWrite& write) { next.append(write); });
    next.flush_content(objects_);
    return next;
}

void ReplicaStore::replace_redo(RedoLog next) {
    objects_.remove(redo_.place().object);
    redo_ = std::move(next);
}

ReplicaStore::StoredLayer ReplicaStore::write_layer(const PointLayer& layer) {
    StoredLayer stored;
    for (const SealedLayer& disk : layer) stored.sectors += disk.changed_sectors();
    if (!objects_.persists()) return stored;
    std::vector<std::byte> bytes;
    for (const SealedLayer& disk : layer) {
        const std::size_t begin = begin_frame(bytes);
        disk.encode(bytes);
        end_frame(bytes, begin);
    }
    stored.object = objects_.create(ObjectKind::Layer);
    stored.checksum = crc32c(bytes);
    objects_.append(stored.object, 0, bytes);
    return stored;
}

void ReplicaStore::flush_layer(const StoredLayer& layer) {
    objects_.flush(layer.object);
}

ReplicaStore::PointLayer ReplicaStore::seal(Instant cut) {
    // Over copied blocks changes are written where they lie; without any, sorting them is cheaper.
    staged_.take_before(cut, [&](const StagedWrite& write) {
        if (!open_[write.disk].empty()) {
            open_[write.disk].write(write.range.first, write.stamps);
            return;
        }
        for (std::size_t k = 0; k < write.stamps.size(); ++k)
            sealing_[write.disk].push_back({write.range.first + k, write.stamps[k]});
    });
    PointLayer layer;
    for (std::size_t disk = 0; disk < open_.size(); ++disk) {
        if (open_[disk].empty())
            layer.emplace_back(sealing_[disk], scratch_);
        else
            layer.emplace_back(open_[disk]);
        open_[disk].clear();
        sealing_[disk].clear();
    }
    shown_ = {};
    return layer;
}

void ReplicaStore::publish(std::uint64_t id, Instant cut, Generation generation,
                           bool app_consistent) {
    LANDFALL_CHECK(id > catalogue_.state().newest_id && cut > catalogue_.state().newest_cut,
                   "points are published with rising ids and rising cuts");
    PointLayer layer = seal(cut);
    for (std::size_t disk = 0; disk < layer.size(); ++disk) layer[disk].apply_to(newest_[disk]);
    const StoredLayer stored = write_layer(layer);
    if (!mutant(Mutant::PublishBeforeFlush)) flush_layer(stored);
    RedoLog next = begin_redo(redo_.arrived_seq());
    if (!mutant(Mutant::NoFlushOfPointName)) objects_.flush_names();
    next.names_were_flushed();
    ChainLink link;
    link.id = id;
    link.parent = links().empty() ? 0 : links().back().id;
    link.cut = cut;
    link.generation = generation;
    link.app_consistent = app_consistent;
    link.layer = stored.object;
    link.checksum = stored.checksum;
    link.sectors = stored.sectors;
    commit(PublishPoint{link, next.place()});

    layers_.push_back(std::move(layer));
    replace_redo(std::move(next));
    if (mutant(Mutant::PublishBeforeFlush)) flush_layer(stored);
    settle();
}

std::vector<ReplicaPoint> ReplicaStore::points() const {
    std::vector<ReplicaPoint> listed;
    for (const ChainLink& link : links()) {
        if (!link.listed) continue;
        const std::uint64_t parent = listed.empty() ? 0 : listed.back().id;
        listed.push_back(
            {link.id, parent, link.cut, link.generation, link.app_consistent, link.pins > 0});
    }
    return listed;
}

bool ReplicaStore::lists(std::uint64_t id) const {
    const std::size_t place = catalogue_.state().find(id);
    return place < links().size() && links()[place].listed;
}

std::size_t ReplicaStore::listed_place(std::uint64_t id) const {
    LANDFALL_CHECK(lists(id), "a point that is asked for is listed");
    return catalogue_.state().find(id);
}

void ReplicaStore::read_layers(std::size_t layers, const OpenLayer* open, std::uint32_t disk,
                               std::uint64_t first, std::span<Stamp> out) const {
    base_[disk].read(first, out);
    std::array<Stamp, kSectorsPerPage> page;
    for_each_page({first, out.size()},
                  [&](std::size_t number, unsigned from, unsigned to, std::uint64_t done) {
                      const SectorMask wanted = sectors_between(from, to);
                      SectorMask missing = wanted;
                      if (open) missing &= ~open->read(number, missing, page.data());
                      for (std::size_t k = layers; k > folded_ && missing != 0; --k)
                          missing &= ~layers_[k - 1][disk].read(number, missing, page.data());
                      for (unsigned k = from; k < to; ++k)
                          if (((wanted & ~missing) >> k) & 1) out[done + k - from] = page[k];
                  });
}

void ReplicaStore::read(std::uint64_t id, std::uint32_t disk, std::uint64_t first,
                        std::span<Stamp> out) const {
    read_layers(listed_place(id) + 1, nullptr, disk, first, out);
}

void ReplicaStore::read_newest(std::uint32_t disk, std::uint64_t first,
                               std::span<Stamp> out) const {
    staged_.for_each_since(shown_, [&](const StagedWrite& write) {
        newest_[write.disk].write(write.range.first, write.stamps);
    });
    newest_[disk].read(first, out);
}

}  // namespace landfall
