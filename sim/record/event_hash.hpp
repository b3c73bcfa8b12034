// sim/record/event_hash.hpp — one number for all that an observer was told, in order.
//
// Two runs with the same hash told the same story, event by event and instant by instant; where
// they part, nothing brings them together again. FNV-1a over the fields, then scrambled per event.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/base/units.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall::record {

class EventHash {
  public:
    template <typename... Fields>
    void add(Instant now, std::string_view kind, const Fields&... fields) {
        take(now.since_start().count());
        take(kind);
        (take(fields), ...);
        state_ = kernel::mix_bits(state_);
        ++events_;
    }
    [[nodiscard]] std::uint64_t value() const { return state_; }
    [[nodiscard]] std::uint64_t events() const { return events_; }
    /// Sixteen digits.
    [[nodiscard]] std::string text() const {
        constexpr std::string_view kDigits = "0123456789abcdef";
        std::string digits;
        for (int shift = 60; shift >= 0; shift -= 4) {
            digits += kDigits[(state_ >> static_cast<unsigned>(shift)) & 0xFU];
        }
        return digits;
    }

  private:
    void take(std::string_view text) {
        for (const char letter : text) take_byte(static_cast<unsigned char>(letter));
        take_byte(0);
    }
    void take(std::int64_t number) {
        for (unsigned shift = 0; shift < 64; shift += 8) {
            take_byte(static_cast<unsigned char>((static_cast<std::uint64_t>(number) >> shift)));
        }
    }
    void take_byte(unsigned char byte) {
        state_ ^= byte;
        state_ *= 0x100000001B3ULL;
    }

    std::uint64_t state_ = 0xCBF29CE484222325ULL;
    std::uint64_t events_ = 0;
};

}  // namespace landfall::record
