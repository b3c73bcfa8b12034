// model/storage/little_endian.hpp — numbers as bytes of fixed order, the same on every machine.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace landfall {

namespace detail {

/// Turns a number of this machine into one whose memory is little-endian, and back.
template <std::unsigned_integral T>
constexpr T little(T value) {
    if constexpr (std::endian::native == std::endian::little || sizeof(T) == 1) {
        return value;
    } else {
        T turned = 0;
        for (std::size_t k = 0; k < sizeof(T); ++k) {
            turned = static_cast<T>((turned << 8) | ((value >> (8 * k)) & 0xFF));
        }
        return turned;
    }
}

}  // namespace detail

/// Requires sizeof(T) bytes at `to`.
template <std::unsigned_integral T>
void store_little(std::byte* to, T value) {
    value = detail::little(value);
    std::memcpy(to, &value, sizeof value);
}

/// Requires sizeof(T) bytes at `from`.
template <std::unsigned_integral T>
[[nodiscard]] T load_little(const std::byte* from) {
    T value = 0;
    std::memcpy(&value, from, sizeof value);
    return detail::little(value);
}

/// Appends numbers and bytes.
class LittleWriter {
  public:
    explicit LittleWriter(std::vector<std::byte>& out) : out_(out) {}

    template <std::unsigned_integral T>
    LittleWriter& put(T value) {
        std::array<std::byte, sizeof(T)> bytes;
        store_little(bytes.data(), value);
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }
    LittleWriter& put_bytes(std::span<const std::byte> bytes) {
        out_.insert(out_.end(), bytes.begin(), bytes.end());
        return *this;
    }

  private:
    std::vector<std::byte>& out_;
};

/// Takes numbers and bytes off the front. Past the end it gives zeros and is no longer good().
class LittleReader {
  public:
    explicit LittleReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    template <std::unsigned_integral T>
    T take() {
        const auto bytes = take_bytes(sizeof(T));
        return bytes.size() == sizeof(T) ? load_little<T>(bytes.data()) : T{0};
    }
    std::span<const std::byte> take_bytes(std::uint64_t count) {
        if (count > rest_.size()) {
            good_ = false;
            return {};
        }
        const auto taken = rest_.first(count);
        rest_ = rest_.subspan(count);
        return taken;
    }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    std::span<const std::byte> rest_;
    bool good_ = true;
};

}  // namespace landfall
