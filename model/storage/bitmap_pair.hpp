// model/storage/bitmap_pair.hpp — the changes of a cycle that is being copied, and those since.
//
// Idea: a cycle begins by freezing what changed so far, in the same instant as the snapshot that
// it copies; what is written during the cycle belongs to the next one. Law: a mark is in one of
// the two bitmaps until a cycle that had frozen it was dropped as a success; a cycle that fails
// gives its marks back. Source: replication-and-test-lab A2 (QEMU docs/interop/bitmaps.rst).
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "model/base/check.hpp"
#include "model/storage/dirty_bitmap.hpp"

namespace landfall {

class BitmapPair {
  public:
    BitmapPair(std::uint64_t sectors, std::uint64_t grain) : active_(sectors, grain) {}

    void mark(SectorRange range) { active_.set(range); }
    [[nodiscard]] const DirtyBitmap& active() const { return active_; }

    /// Begins a cycle. Requires that none is under way.
    void freeze() {
        LANDFALL_CHECK(!frozen_, "one cycle of a disk is under way at a time");
        DirtyBitmap empty(active_.sectors(), active_.grain());
        frozen_ = std::exchange(active_, std::move(empty));
    }

    [[nodiscard]] bool has_frozen() const { return frozen_.has_value(); }
    /// What the cycle under way has still to copy; a copy clears it as it goes, and whoever gives
    /// up sets what was in flight again before restore_frozen. Requires a cycle under way.
    [[nodiscard]] DirtyBitmap& frozen() {
        check_cycle();
        return *frozen_;
    }
    [[nodiscard]] const DirtyBitmap& frozen() const {
        check_cycle();
        return *frozen_;
    }

    /// The cycle under way succeeded.
    void drop_frozen() {
        check_cycle();
        frozen_.reset();
    }
    /// The cycle under way failed: what it did not copy belongs to the next one.
    void restore_frozen() {
        check_cycle();
        active_.merge(*frozen_);
        frozen_.reset();
    }

  private:
    void check_cycle() const { LANDFALL_CHECK(frozen_, "a cycle is under way"); }

    DirtyBitmap active_;
    std::optional<DirtyBitmap> frozen_;
};

}  // namespace landfall
