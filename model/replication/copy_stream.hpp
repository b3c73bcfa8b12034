// model/replication/copy_stream.hpp — one disk's initial copy, checksum compare or catch-up.
//
// All of them move a known number of bytes whose order does not matter, no faster than the source
// can read (or compare) them. While a copy runs, the guest's writes are recorded as changed blocks
// and shipped after it (SR/vmware-azure-enable-replication.md).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"

namespace landfall {

enum class CopyKind : std::uint8_t {
    InitialCopy,    ///< used bytes of the disk
    Offline,        ///< the same, but by other means than the network
    Compare,        ///< checksums of the whole disk plus the blocks that differ
    ReverseDelta,   ///< blocks that either side of a failed-over machine wrote since they parted
    ChangedBlocks,  ///< blocks that the source's bitmap says have changed since order was lost
    CatchUp,        ///< blocks that changed during one of the others
};

constexpr std::string_view name_of(CopyKind kind) {
    switch (kind) {
        case CopyKind::InitialCopy: return "initial copy";
        case CopyKind::Offline: return "offline copy";
        case CopyKind::Compare: return "compare";
        case CopyKind::ReverseDelta: return "reverse delta";
        case CopyKind::ChangedBlocks: return "changed blocks";
        case CopyKind::CatchUp: return "catch-up";
    }
    return "";
}

class CopyStream {
  public:
    static constexpr Bytes kLeastPiece = mebibytes(1);

    /// `wire_bytes` leave the source evenly over `reading_time`. A copy of nothing still sends one
    /// byte, so that its end is an acknowledgement like any other.
    CopyStream(DiskId disk, CopyKind kind, Bytes wire_bytes, Duration reading_time, Instant start)
        : disk_(disk),
          kind_(kind),
          wire_bytes_(std::max(wire_bytes, Bytes(1))),
          reading_time_(reading_time),
          start_(start) {}

    /// Bytes that are read and not yet handed to the lane. Less than kLeastPiece waits for more, or
    /// a slow compare would leave in countless crumbs; the last piece may be of any size.
    [[nodiscard]] Bytes available(Instant now) const {
        const Duration elapsed = now - start_;
        if (elapsed >= reading_time_) return wire_bytes_ - taken_;
        const Bytes read = Bytes(
            detail::scale(wire_bytes_.count(), elapsed.count(), reading_time_.count(), false));
        return read - taken_ >= kLeastPiece ? read - taken_ : Bytes(0);
    }

    void take(Bytes bytes) {
        taken_ += bytes;
        LANDFALL_CHECK(taken_ <= wire_bytes_, "a copy never sends more than it has");
    }
    void acknowledge(Bytes bytes) {
        acknowledged_ += bytes;
        LANDFALL_CHECK(acknowledged_ <= taken_, "only what was sent is acknowledged");
    }

    [[nodiscard]] bool done() const { return acknowledged_ == wire_bytes_; }
    [[nodiscard]] Bytes wire_bytes() const { return wire_bytes_; }
    [[nodiscard]] Bytes taken() const { return taken_; }
    [[nodiscard]] Bytes acknowledged() const { return acknowledged_; }
    [[nodiscard]] Instant started() const { return start_; }
    [[nodiscard]] DiskId disk() const { return disk_; }
    [[nodiscard]] CopyKind kind() const { return kind_; }

  private:
    DiskId disk_;
    CopyKind kind_;
    Bytes wire_bytes_;
    Duration reading_time_;
    Instant start_;
    Bytes taken_;
    Bytes acknowledged_;
};

}  // namespace landfall
