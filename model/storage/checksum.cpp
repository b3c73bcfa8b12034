// model/storage/checksum.cpp — ISA-L picks the fastest instructions of the processor at run time.
#include "model/storage/checksum.hpp"

#include <algorithm>
#include <isa-l/crc.h>
#include <limits>

namespace landfall {

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before) {
    constexpr std::size_t kMost = std::numeric_limits<int>::max();
    std::uint32_t crc = ~before;
    while (!bytes.empty()) {
        const auto piece = bytes.first(std::min(bytes.size(), kMost));
        // The library reads only, though its signature does not say so.
        auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(piece.data()));
        crc = crc32_iscsi(data, static_cast<int>(piece.size()), crc);
        bytes = bytes.subspan(piece.size());
    }
    return ~crc;
}

}  // namespace landfall
