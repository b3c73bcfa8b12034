// model/storage/checksum.hpp — CRC-32C, as journals and wire formats use it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace landfall {

/// CRC-32C (Castagnoli, as in iSCSI, RFC 3720) of `bytes`, going on from `before`; 0 begins one.
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t before = 0);

}  // namespace landfall
