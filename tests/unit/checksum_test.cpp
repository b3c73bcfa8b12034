// tests/unit/checksum_test.cpp — CRC-32C against the vectors of RFC 3720, appendix B.4.
#include "model/storage/checksum.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace landfall {
namespace {

TEST(Checksum, EqualsTheVectorsOfRfc3720) {
    std::vector<std::byte> zeros(32, std::byte{0});
    EXPECT_EQ(crc32c(zeros), 0x8A9136AAU);
    std::vector<std::byte> ones(32, std::byte{0xFF});
    EXPECT_EQ(crc32c(ones), 0x62A8AB43U);
    std::vector<std::byte> rising;
    for (int k = 0; k < 32; ++k) rising.push_back(static_cast<std::byte>(k));
    EXPECT_EQ(crc32c(rising), 0x46DD794EU);
    const std::span<const std::byte> all(rising);
    EXPECT_EQ(crc32c(all.subspan(10), crc32c(all.first(10))), 0x46DD794EU);
    EXPECT_EQ(crc32c({}), 0U);
}

}  // namespace
}  // namespace landfall
