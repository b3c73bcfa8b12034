// model/base/block.hpp — what a disk holds at block fidelity: sectors, stamps, guest writes.
//
// Every guest write has a stamp that is unique and rising on its disk; a sector's content is the
// stamp of the write that last covered it, so content tells who wrote it. A discard is a write like
// any other: the sector then holds the discard's stamp.
#pragma once

#include <compare>
#include <cstdint>

#include "model/base/units.hpp"

namespace landfall {

/// The content of one sector: 0 as delivered from the factory, else the number of the write, from
/// 1, dense and in the order of the disk's writes. Writes of a later life of the machine (after a
/// failover) carry the life in the upper bits; see make_stamp.
using Stamp = std::uint64_t;

inline constexpr unsigned kStampLifeShift = 48;

/// The stamp of the `number`-th write (from 1) to a disk in the `life`-th life of its machine.
constexpr Stamp make_stamp(std::uint16_t life, std::uint64_t number) {
    return (static_cast<Stamp>(life) << kStampLifeShift) | number;
}

/// A run of neighbouring sectors.
struct SectorRange {
    std::uint64_t first = 0;
    std::uint64_t count = 0;

    [[nodiscard]] constexpr std::uint64_t end() const { return first + count; }
    [[nodiscard]] constexpr bool empty() const { return count == 0; }
    constexpr auto operator<=>(const SectorRange&) const = default;
};

enum class WriteKind : std::uint8_t { Write, Discard };

/// One write of a guest to one disk.
struct GuestWrite {
    Stamp stamp = 0;
    Instant at;  ///< submitted and, writes of a disk being serial, acknowledged
    SectorRange range;
    WriteKind kind = WriteKind::Write;
};

/// The shape of a disk at block fidelity.
struct DiskGeometry {
    std::uint64_t sectors = 0;
    Bytes sector_size = Bytes(4096);

    constexpr bool operator==(const DiskGeometry&) const = default;
};

}  // namespace landfall
