// model/replication/checksum_resync.cpp — chunk by chunk, and the cost of it.
#include "model/replication/checksum_resync.hpp"

#include <algorithm>
#include <vector>

#include "model/base/mutant.hpp"

namespace landfall {

namespace {

std::uint64_t chunks_of(std::uint64_t sectors, std::uint64_t chunk) {
    if (mutant(Mutant::SkipLastPartialChunk)) return sectors / chunk;
    return (sectors + chunk - 1) / chunk;
}

Bytes bytes_of(const DiskGeometry& disk, std::uint64_t sectors) {
    return disk.sector_size * static_cast<std::int64_t>(sectors);
}

}  // namespace

ChecksumComparison::ChecksumComparison(const DiskGeometry& disk, const ChecksumSettings& settings)
    : disk_(disk),
      settings_(settings),
      differing_(disk.sectors, settings.chunk_sectors),
      chunks_(chunks_of(disk.sectors, settings.chunk_sectors)) {}

Bytes ChecksumComparison::compare(const SectorReader& source, const SectorReader& target,
                                  std::uint64_t most) {
    std::vector<Stamp> mine(settings_.chunk_sectors);
    std::vector<Stamp> other(settings_.chunk_sectors);
    std::uint64_t sectors = 0;
    const std::uint64_t end = next_ + std::min(most, chunks_ - next_);
    for (; next_ < end; ++next_) {
        const std::uint64_t first = next_ * settings_.chunk_sectors;
        const std::uint64_t count = std::min(settings_.chunk_sectors, disk_.sectors - first);
        mine.resize(count);
        other.resize(count);
        source(first, mine);
        target(first, other);
        if (mine != other) differing_.set({first, count});
        sectors += count;
    }
    return bytes_of(disk_, sectors);
}

Bytes ChecksumComparison::differing_bytes() const {
    return bytes_of(disk_, differing_.dirty_sectors());
}

Bytes ChecksumComparison::checksum_bytes() const {
    return settings_.checksum * static_cast<std::int64_t>(next_);
}

std::uint64_t merkle_checksums(const DirtyBitmap& differing) {
    if (differing.chunks() == 0) return 0;
    std::vector<std::uint64_t> nodes;  // that differ, on one level, from the leaves up
    std::uint64_t from = 0;
    while (const auto chunk = differing.next(from)) {
        nodes.push_back(chunk->first / differing.grain());
        from = chunk->end();
        if (from >= differing.sectors()) break;
    }
    std::uint64_t sent = 1;  // the root
    for (std::uint64_t width = differing.chunks(); width > 1; width = (width + 1) / 2) {
        for (std::uint64_t& node : nodes) node /= 2;
        nodes.erase(std::unique(nodes.begin(), nodes.end()), nodes.end());
        // Each has two children on the level below; the last one there may be an only child.
        for (const std::uint64_t node : nodes) sent += 2 * node + 1 < width ? 2 : 1;
    }
    return sent;
}

Duration comparison_time(Bytes size, Bytes checksums, Bytes differing, const ComparisonPace& pace) {
    return std::max(transfer_time(size, pace.read_source), transfer_time(size, pace.read_target)) +
           transfer_time(checksums, pace.wire) + transfer_time(differing, pace.wire);
}

}  // namespace landfall
