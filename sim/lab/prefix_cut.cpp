// sim/lab/prefix_cut.cpp — the cut tests over whole images.
#include "sim/lab/prefix_cut.hpp"

#include <algorithm>

namespace landfall::lab {

DiskCut disk_cut(const WriteHistory& history, DiskId disk, const BlockReader& content) {
    constexpr std::uint64_t kPiece = 4096;
    DiskCut cut;
    cut.disk = disk;
    const std::uint64_t sectors = history.geometry(disk, Instant::never()).sectors;
    std::vector<Stamp> found;
    for (std::uint64_t first = 0; first < sectors; first += kPiece) {
        found.assign(std::min(kPiece, sectors - first), 0);
        content.read(disk, first, found);
        for (std::uint64_t k = 0; k < found.size(); ++k) {
            const std::uint64_t sector = first + k;
            std::uint64_t held = 0;  // position after the write found
            if (found[k] != 0) {
                const std::uint64_t index = history.index_of(disk, found[k]);
                if (index == kNoWrite) {
                    if (cut.foreign++ == 0) cut.foreign_sector = sector;
                    continue;
                }
                held = index + 1;
                cut.positions.at_least(held, sector);
            }
            const std::uint64_t next = history.next_write(disk, sector, held);
            if (next != kNoWrite) cut.positions.at_most(next, sector);
        }
    }
    if (cut.positions.has_high()) cut.lost = history.count(disk) - cut.positions.high();
    return cut;
}

CommonCut common_cut(const WriteHistory& history, std::span<const DiskId> disks,
                     const BlockReader& content) {
    CommonCut common;
    for (const DiskId disk : disks) {
        const DiskCut cut = disk_cut(history, disk, content);
        common.consistent = common.consistent && cut.consistent();
        if (cut.positions.has_low())
            common.newest_held =
                std::max(common.newest_held, history.at(disk, cut.positions.low() - 1));
        if (cut.positions.has_high())
            common.oldest_missing =
                std::min(common.oldest_missing, history.at(disk, cut.positions.high()));
        common.lost += cut.lost;
        common.disks.push_back(cut);
    }
    common.consistent = common.consistent && common.newest_held <= common.oldest_missing;
    return common;
}

}  // namespace landfall::lab
