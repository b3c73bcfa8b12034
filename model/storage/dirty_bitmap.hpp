// model/storage/dirty_bitmap.hpp — which parts of a disk differ from their copy: a bit per chunk.
//
// Idea: levels of 64-bit words; a bit of a level says whether a word of the level below is not
// zero. The next dirty chunk is found in O(log64 chunks) however empty the disk is, a range is set
// or cleared in time proportional to its words, and the count is kept as bits change.
//
// Laws: what was set is dirty until a clear covers its whole chunk. So set() rounds the range
// outward and clear() inward: a chunk that is only partly covered stays dirty. The last chunk of
// a disk may be shorter than the others; a range that ends with the disk covers it.
//
// Sources: replication-and-test-lab A1 (QEMU util/hbitmap.c; sizes from docs/interop/bitmaps.rst).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "model/base/block.hpp"

namespace landfall {

class DirtyBitmap {
  public:
    /// A clean one. Requires a `grain`, the sectors of a chunk, that is a power of two.
    DirtyBitmap(std::uint64_t sectors, std::uint64_t grain);
    /// One with the bits of `words`, as words() gave them. Requires as many words as this shape has
    /// and no bit beyond the last chunk.
    static DirtyBitmap from_words(std::uint64_t sectors, std::uint64_t grain,
                                  std::span<const std::uint64_t> words);

    [[nodiscard]] std::uint64_t sectors() const { return sectors_; }
    [[nodiscard]] std::uint64_t grain() const { return std::uint64_t{1} << shift_; }
    [[nodiscard]] std::uint64_t chunks() const { return chunks_; }

    /// Every chunk that `range` touches is dirty. Requires the range to lie on the disk.
    void set(SectorRange range);
    /// Every chunk that `range` covers as a whole is clean. Requires the range to lie on the disk.
    void clear(SectorRange range);
    void clear_all();
    /// Dirty from now on is what was so here or in `other`; their grains may differ. Requires
    /// disks of equal length.
    void merge(const DirtyBitmap& other);

    [[nodiscard]] bool is_set(std::uint64_t sector) const;
    [[nodiscard]] bool any() const { return count_ > 0; }
    /// Dirty chunks.
    [[nodiscard]] std::uint64_t count() const { return count_; }
    [[nodiscard]] std::uint64_t dirty_sectors() const;

    /// The first dirty chunk that ends after `from_sector`, clipped to the disk.
    [[nodiscard]] std::optional<SectorRange> next(std::uint64_t from_sector) const;
    /// The same chunk and the dirty ones that follow it without a gap, as many as fit into
    /// `most_sectors`, but at least the one.
    [[nodiscard]] std::optional<SectorRange> next_run(std::uint64_t from_sector,
                                                      std::uint64_t most_sectors) const;

    /// The bits, chunk 0 the lowest bit of the first word: the form for storage and wire.
    [[nodiscard]] std::span<const std::uint64_t> words() const { return levels_.front(); }
    /// Memory of all levels.
    [[nodiscard]] std::uint64_t memory_bytes() const;
    /// Bytes of the bits alone: ceil(ceil(sectors / grain) / 8).
    static std::uint64_t stored_bytes(std::uint64_t sectors, std::uint64_t grain);

    bool operator==(const DirtyBitmap&) const = default;

  private:
    void check(SectorRange range) const;
    /// Chunks first..last on the disk's sectors.
    [[nodiscard]] SectorRange sectors_of(std::uint64_t first, std::uint64_t last) const;
    void set_bits(std::uint64_t first, std::uint64_t last);
    void clear_bits(std::uint64_t first, std::uint64_t last);
    [[nodiscard]] std::optional<std::uint64_t> next_chunk(std::uint64_t from) const;
    /// The first clean chunk from `from` on, at most `limit`.
    [[nodiscard]] std::uint64_t next_clean(std::uint64_t from, std::uint64_t limit) const;
    /// Makes the upper levels and the count follow from the words of the lowest one.
    void rebuild();

    std::uint64_t sectors_;
    unsigned shift_;  ///< log2 of the grain
    std::uint64_t chunks_;
    std::uint64_t count_ = 0;
    std::vector<std::vector<std::uint64_t>> levels_;  ///< chunks first, the single word last
};

}  // namespace landfall
