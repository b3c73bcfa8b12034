// model/storage/crash_safe_tracking.hpp — a dirty bitmap that a crash of its machine does not make
// forget anything.
//
// Law (S11): after a crash at any moment, whatever became of writes that were not flushed, what
// recover() calls dirty holds every chunk that a guest write touched since the replica last
// acknowledged it. Three ways to keep it, each at its own price:
//
//   policy        before a guest's write                           dirty besides after a crash
//   ActivityLog   nothing while its extents are active; else the   the active extents: at most
//                 evicted extents' bits, then a transaction        extents x extent size
//   IntentBit     nothing while its bits are stored; else the bits  nothing
//   CleanFlag     nothing                                          the whole disk, to be compared
//
// Bits that the replica acknowledged are cleared in memory at once and in storage when their page
// is written for another reason, by write_back() or by clean_close(). Pages of bits need no
// checksum: each bit of a torn page is the old one or the new one, and both are safe.
//
// Each start gives the files a new life's names and makes them count by one store of a superblock,
// so that a crash during a start finds the life before. The stored shape is the superblock's: grain
// and policy may change from one life to the next.
//
// Sources: replication-and-test-lab A4 (DRBD drbd_actlog.c and drbd_limits.h, QEMU bitmaps).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/block.hpp"
#include "model/environment/stable_store.hpp"
#include "model/storage/activity_log.hpp"
#include "model/storage/dirty_bitmap.hpp"

namespace landfall {

enum class TrackingPolicy : std::uint8_t { ActivityLog, IntentBit, CleanFlag };

struct TrackingSettings {
    TrackingPolicy policy = TrackingPolicy::ActivityLog;
    std::uint64_t grain = 16;             ///< sectors a bit: 64 KiB of 4 KiB sectors
    std::uint64_t extent_sectors = 1024;  ///< 4 MiB; a multiple of the grain
    ActivityLogShape log;

    bool operator==(const TrackingSettings&) const = default;
};

/// Persistence operations on the store.
struct PersistenceCost {
    std::uint64_t writes = 0;
    std::uint64_t flushes = 0;

    bool operator==(const PersistenceCost&) const = default;
};

struct RecoveredTracking {
    DirtyBitmap dirty;
    /// Nothing is known: all is dirty, and comparing beats sending.
    bool full_compare_needed = false;
};

class CrashSafeTracking {
  public:
    /// Begins a life under `name` in which `dirty` is what the replica lacks: what recover() gave,
    /// or as much more as the caller knows. `store` outlives it.
    CrashSafeTracking(StableStore& store, std::string name, DiskGeometry geometry,
                      TrackingSettings settings, const DirtyBitmap& dirty);

    /// To be called before a guest's write is done. False: the store did not take what has to be
    /// there first, and the write must not be acknowledged. Requires that it is not closed.
    [[nodiscard]] bool before_write(SectorRange range);
    /// The replica holds `range` durably as it was read. `newer` says what was written since that
    /// reading: the bitmap that the copy works on.
    void acknowledged(SectorRange range, const DirtyBitmap& newer);
    /// The same, where several bitmaps together say what is newer.
    void acknowledged(SectorRange range, std::span<const DirtyBitmap* const> newer);
    /// Stores the bits that were cleared since they were stored: less to do after a crash. False:
    /// the store did not take them all.
    bool write_back();
    /// Stores everything and says so: nothing needs more than its bits at the next start. False:
    /// the store did not take it, and the next start is as after a crash.
    bool clean_close();

    /// What the last life under `name` left, in chunks of `grain`. Nothing that can be believed, or
    /// a disk of another shape, makes everything dirty.
    static RecoveredTracking recover(StableStore& store, std::string_view name,
                                     DiskGeometry geometry, std::uint64_t grain);

    [[nodiscard]] const DirtyBitmap& dirty() const { return dirty_; }
    /// Since it began, without the start itself.
    [[nodiscard]] PersistenceCost cost() const { return cost_; }

  private:
    bool begin();
    void remove_lives_but(std::uint64_t life);
    /// Writes and flushes the pages that hold a bit of `ranges` that is dirty and not stored.
    bool persist(const std::vector<SectorRange>& ranges);
    bool store_page(std::uint64_t page);
    bool flush_pages(const std::vector<std::uint64_t>& pages);
    bool enter_extents(SectorRange range);
    bool make_active(std::span<const std::uint32_t> entering);
    [[nodiscard]] SectorRange extent_range(std::uint64_t extent) const;

    StableStore* store_;
    std::string name_;
    DiskGeometry geometry_;
    TrackingSettings settings_;
    DirtyBitmap dirty_;
    /// Bits that are surely stored: a page that is being rewritten has those of both its contents.
    std::vector<std::uint64_t> stored_;
    ActivityLog log_;
    std::uint64_t life_ = 0;
    PersistenceCost cost_;
    bool begun_ = false;
    bool closed_ = false;
};

/// What may be dirty after a crash though the replica has it, at most: the price of a policy.
[[nodiscard]] Bytes crash_resync_bound(const DiskGeometry& geometry,
                                       const TrackingSettings& settings);

}  // namespace landfall
