// model/replication/block_tracking.cpp — what a source remembers of changed blocks when its power
// comes back.
#include <array>
#include <string>
#include <utility>

#include "model/base/mutant.hpp"
#include "model/replication/block_content.hpp"
#include "model/replication/source_tracking.hpp"

namespace landfall {

std::string BlockContent::tracking_name(DiskId disk) const {
    return estate_.machine(estate_.disk(disk).machine).name + '/' + estate_.disk(disk).name;
}

/// Begins to keep, where that is wanted, that the replica lacks `dirty`.
void BlockContent::keep_tracking(DiskId id, BlockDisk& disk, const DirtyBitmap& dirty) {
    disk.kept.reset();
    StableStore* store = environment_.blocks.source_store;
    const auto settings = tracking_settings(estate_.profile, disk.geometry);
    if (store == nullptr || !settings) return;
    disk.kept.emplace(CrashSafeTracking(*store, tracking_name(id), disk.geometry, *settings, dirty),
                      disk.geometry.sectors, settings->grain);
}

void BlockContent::before_write(BlockDisk& disk, SectorRange range, Capture mode) {
    KeptTracking& kept = *disk.kept;
    // Without room for it in storage the bit is lost with the power, and so is all knowledge.
    if (!kept.tracking.before_write(range)) kept.whole = false;
    if (mode == Capture::Ordered) kept.later.set(range);
}

void BlockContent::copy_acknowledged(BlockDisk& disk, SectorRange range) {
    if (!disk.kept) return;
    const std::array newer = {&disk.dirty.active(), &std::as_const(disk.kept->earlier),
                              &std::as_const(disk.kept->later)};
    disk.kept->tracking.acknowledged(range, newer);
}

/// Ordered changes are acknowledged by the newest of them: those of an earlier time are, once the
/// newest of that time is. While a copy runs, its end will tell the same.
void BlockContent::changes_acknowledged(BlockDisk& disk, Stamp through) {
    if (!disk.kept || disk.copy) return;
    KeptTracking& kept = *disk.kept;
    while (through >= kept.earlier_through && (kept.earlier.any() || kept.later.any())) {
        const std::array newer = {&disk.dirty.active(), &std::as_const(kept.later)};
        for (auto run = kept.earlier.next_run(0, disk.geometry.sectors); run;
             run = kept.earlier.next_run(run->end(), disk.geometry.sectors)) {
            kept.tracking.acknowledged(*run, newer);
        }
        if (mutant(Mutant::AcknowledgeClearsLater)) {
            for (auto run = kept.later.next_run(0, disk.geometry.sectors); run;
                 run = kept.later.next_run(run->end(), disk.geometry.sectors)) {
                kept.tracking.acknowledged(*run, std::array{&std::as_const(kept.earlier)});
            }
        }
        kept.earlier.clear_all();
        std::swap(kept.earlier, kept.later);
        kept.earlier_through = disk.open_through;
    }
}

void BlockContent::lose_power(DiskId id) {
    BlockDisk& disk = at(id);
    LANDFALL_CHECK(!disk.copy, "what a copy works on is not forgotten under it");
    disk.dirty = BitmapPair(disk.geometry.sectors, disk.dirty.active().grain());
    disk.memory_lost = true;
}

bool BlockContent::recover_tracking(DiskId id) {
    BlockDisk& disk = at(id);
    tell_power_loss(id);
    disk.memory_lost = false;
    if (!disk.kept) {
        if (mutant(Mutant::PowerLossTrustsMemory)) return true;
        disk.dirty_unknown = true;
        return false;
    }
    RecoveredTracking found =
        CrashSafeTracking::recover(*environment_.blocks.source_store, tracking_name(id),
                                   disk.geometry, disk.dirty.active().grain());
    const bool known = disk.kept->whole && !found.full_compare_needed;
    if (!known) found.dirty.set({0, disk.geometry.sectors});
    keep_tracking(id, disk, found.dirty);
    if (!known) {
        disk.dirty_unknown = true;
        return false;
    }
    for (auto run = found.dirty.next_run(0, disk.geometry.sectors); run;
         run = found.dirty.next_run(run->end(), disk.geometry.sectors)) {
        mark(id, disk, *run);
    }
    return true;
}

}  // namespace landfall
