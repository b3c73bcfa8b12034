// model/replication/checksum_resync.hpp — which chunks of two disks differ, found by exchanging
// checksums; and what that costs.
//
// Both sides are read in full and one checksum per chunk crosses the wire; then the chunks that
// differ do. It needs to know nothing of the past, so it is what remains when bitmaps are lost.
//
// Laws: every chunk is compared, the last and shorter one too; a chunk with equal checksums is
// taken as equal, so the checksum has 128 bits or more (here it is ideal: content itself is
// compared). On a disk in use the changes of the meantime are tracked from before the first read,
// and the comparison promises nothing about them.
//
// Sources: replication-and-test-lab A20, 5.5; fixed chunks as in Site Recovery and Hyper-V.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "model/base/block.hpp"
#include "model/base/units.hpp"
#include "model/storage/dirty_bitmap.hpp"

namespace landfall {

/// Reads out.size() sectors from `first` on.
using SectorReader = std::function<void(std::uint64_t first, std::span<Stamp> out)>;

struct ChecksumSettings {
    std::uint64_t chunk_sectors = 256;  ///< a power of two; 1 MiB of 4 KiB sectors [D]
    Bytes checksum = Bytes(16);
};

/// Two disks of one shape, compared chunk by chunk. Can be left and gone on with at will.
class ChecksumComparison {
  public:
    ChecksumComparison(const DiskGeometry& disk, const ChecksumSettings& settings);

    /// Compares the next chunks, at most `most`; returns what it read, on each side.
    Bytes compare(const SectorReader& source, const SectorReader& target, std::uint64_t most);

    [[nodiscard]] bool finished() const { return next_ == chunks_; }
    [[nodiscard]] std::uint64_t chunks() const { return chunks_; }
    [[nodiscard]] std::uint64_t compared() const { return next_; }
    /// What differed, among the chunks compared so far.
    [[nodiscard]] const DirtyBitmap& differing() const { return differing_; }
    [[nodiscard]] Bytes differing_bytes() const;
    /// Checksums that crossed the wire so far.
    [[nodiscard]] Bytes checksum_bytes() const;

  private:
    DiskGeometry disk_;
    ChecksumSettings settings_;
    DirtyBitmap differing_;
    std::uint64_t chunks_;
    std::uint64_t next_ = 0;
};

/// Checksums that cross the wire when both sides keep a binary tree of them and compare from the
/// root down: children are sent of nodes that differ only. About 2 k log2(N / k) for k of N chunks;
/// 1 for equal disks.
[[nodiscard]] std::uint64_t merkle_checksums(const DirtyBitmap& differing);

struct ComparisonPace {
    BytesPerSecond read_source;
    BytesPerSecond read_target;
    BytesPerSecond wire;
};

/// max(size / read_source, size / read_target) + checksums / wire + differing / wire (5.5).
[[nodiscard]] Duration comparison_time(Bytes size, Bytes checksums, Bytes differing,
                                       const ComparisonPace& pace);

}  // namespace landfall
