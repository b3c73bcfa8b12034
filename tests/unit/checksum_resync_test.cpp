// tests/unit/checksum_resync_test.cpp — a comparison finds what differs, to the last sector, and
// costs what the formulas say.
#include "model/replication/checksum_resync.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "model/base/stamp_image.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

SectorReader reader(const StampImage& image) {
    return [&image](std::uint64_t first, std::span<Stamp> out) { image.read(first, out); };
}

struct Sides {
    StampImage source;
    StampImage target;
};

/// Equal disks, but for some sectors that one side or the other wrote.
Sides differing_disks(std::uint64_t sectors, std::uint64_t seed) {
    std::uint64_t draws = 0;
    const auto below = [&](std::uint64_t bound) {
        return kernel::member_seed(seed, ++draws) % bound;
    };
    StampImage common(sectors);
    for (int k = 0; k < 20; ++k) common.fill({below(sectors), 1}, make_stamp(0, k + 1));
    Sides sides{common, common};
    for (std::uint64_t k = below(12); k > 0; --k) {
        (k % 2 == 0 ? sides.source : sides.target).fill({below(sectors), 1}, make_stamp(1, k));
    }
    return sides;
}

TEST(ChecksumComparison, FindsExactlyTheChunksThatDiffer) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const std::uint64_t sectors = 1 + kernel::member_seed(seed, 1000) % 700;
        const std::uint64_t chunk = std::uint64_t{1} << (seed % 8);
        const Sides sides = differing_disks(sectors, seed);
        ChecksumComparison comparison({.sectors = sectors}, {.chunk_sectors = chunk});
        Bytes read;
        while (!comparison.finished()) {
            read += comparison.compare(reader(sides.source), reader(sides.target), 1 + seed % 5);
        }
        DirtyBitmap expected(sectors, chunk);
        for (std::uint64_t s = 0; s < sectors; ++s) {
            if (sides.source.at(s) != sides.target.at(s)) expected.set({s, 1});
        }
        ASSERT_EQ(comparison.differing(), expected) << "seed " << seed;
        const auto bytes = [](std::uint64_t count) {
            return Bytes(static_cast<std::int64_t>(count) * 4096);
        };
        EXPECT_EQ(read, bytes(sectors)) << "every sector is read once";
        EXPECT_EQ(comparison.differing_bytes(), bytes(expected.dirty_sectors()));
        const auto chunks = static_cast<std::int64_t>((sectors + chunk - 1) / chunk);
        EXPECT_EQ(comparison.checksum_bytes(), Bytes(16 * chunks));
    }
}

TEST(ChecksumComparison, ReachesTheLastSectorOfAnOddDisk) {
    StampImage source(1001);
    const StampImage target(1001);
    source.fill({1000, 1}, 7);
    ChecksumComparison comparison({.sectors = 1001}, {.chunk_sectors = 16});
    comparison.compare(reader(source), reader(target), 1000);
    EXPECT_TRUE(comparison.finished());
    EXPECT_EQ(comparison.differing().count(), 1U);
    EXPECT_EQ(comparison.differing().dirty_sectors(), 9U) << "1001 = 62 * 16 + 9";
}

/// The tree as A20 describes it: a node is sent if it is the root or its parent differs.
std::uint64_t sent_by_recursion(const std::vector<char>& leaves, std::uint64_t first,
                                std::uint64_t size) {
    if (first >= leaves.size()) return 0;
    const std::uint64_t end = std::min<std::uint64_t>(first + size, leaves.size());
    bool differs = false;
    for (std::uint64_t k = first; k < end; ++k) differs = differs || leaves[k] != 0;
    if (size == 1 || !differs) return 1;
    return 1 + sent_by_recursion(leaves, first, size / 2) +
           sent_by_recursion(leaves, first + size / 2, size / 2);
}

TEST(MerkleChecksums, AreThoseOfTheTreeFromTheRootDown) {
    for (std::uint64_t chunks = 1; chunks <= 11; ++chunks) {
        std::uint64_t width = 1;
        while (width < chunks) width *= 2;
        for (std::uint64_t mask = 0; mask < (std::uint64_t{1} << chunks); ++mask) {
            DirtyBitmap differing(chunks, 1);
            std::vector<char> leaves(chunks);
            for (std::uint64_t k = 0; k < chunks; ++k) {
                if ((mask >> k & 1) == 0) continue;
                differing.set({k, 1});
                leaves[k] = 1;
            }
            ASSERT_EQ(merkle_checksums(differing), sent_by_recursion(leaves, 0, width))
                << chunks << " chunks, mask " << mask;
        }
    }
}

TEST(MerkleChecksums, GrowWithTheDifferencesAndTheLogarithmOfTheRest) {
    const std::uint64_t chunks = 1 << 16;
    for (const std::uint64_t k : {1, 16, 256, 4096}) {
        DirtyBitmap differing(chunks, 1);
        for (std::uint64_t d = 0; d < k; ++d) differing.set({d * (chunks / k), 1});
        // k evenly spread: the tree over them is full, below it k paths of log2(N / k) steps, and
        // each node of either sends both its children.
        const auto steps = static_cast<std::uint64_t>(std::log2(chunks / k));
        EXPECT_EQ(merkle_checksums(differing), 2 * k - 1 + 2 * k * steps);
    }
    EXPECT_EQ(merkle_checksums(DirtyBitmap(chunks, 1)), 1U) << "the roots are equal";
}

TEST(ComparisonTime, IsReadingPlusChecksumsPlusDifferences) {
    // 100 GiB at 200 and 100 MiB/s: 1,024 s on the slower side. 102,400 checksums of 16 B and 1 GiB
    // of differences at 16 MiB/s: 0.09765625 s and 64 s.
    const ComparisonPace pace{.read_source = BytesPerSecond(200 << 20),
                              .read_target = BytesPerSecond(100 << 20),
                              .wire = BytesPerSecond(16 << 20)};
    const Duration time = comparison_time(gibibytes(100), Bytes(16 * 102'400), gibibytes(1), pace);
    EXPECT_EQ(time, seconds(1024) + nanoseconds(97'656'250) + seconds(64));
}

}  // namespace
}  // namespace landfall
