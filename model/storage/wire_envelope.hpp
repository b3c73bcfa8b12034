// model/storage/wire_envelope.hpp — what a process server makes of a batch of records for the way:
// smaller, unreadable on the wire, checked on arrival.
//
// Honestly: the coding only leaves zero bytes out, and the cipher is a keystream of
// SplitMix64 that stands for encryption and protects nothing. Sizes and failures are real: bytes
// that were changed on the way are refused, and a wrong key gives no plain bytes worth believing.
//
// Laws (S24): decode(encode(x)) = x for all x. The checksum here is over the coded bytes and says
// that they arrived, nothing else: bytes damaged before they were coded come out damaged. The
// checksum of the plain bytes is the records' own, and a receiver checks it after decoding.
//   24 bytes, little-endian: magic u32 | version u16 | coding u16 | key id u32 | plain bytes u32
//                            coded bytes u32 | crc32c of all before it and the coded bytes u32
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace landfall {

/// Key 0 leaves the bytes readable.
struct WireKey {
    std::uint32_t id = 0;
    std::uint64_t secret = 0;
};

inline constexpr std::size_t kEnvelopeHeaderBytes = 24;
/// A decoder takes no more plain bytes than this: a length that came over the wire is not believed.
inline constexpr std::uint32_t kMostPlainBytes = 64U << 20;

/// Requires at most kMostPlainBytes.
[[nodiscard]] std::vector<std::byte> encode_envelope(std::span<const std::byte> plain,
                                                     const WireKey& key);

enum class EnvelopeError : std::uint8_t {
    None,
    Truncated,
    BadMagic,
    BadChecksum,
    BadFields,   ///< the checksum is right and the lengths or the coding are not
    UnknownKey,  ///< coded with another key
    BadCoding,   ///< does not decode to the plain length
};

[[nodiscard]] std::string_view to_text(EnvelopeError error);

struct OpenedEnvelope {
    EnvelopeError error = EnvelopeError::None;
    std::vector<std::byte> plain;  ///< empty with an error
    std::size_t bytes = 0;  ///< of the whole envelope at the front of the input; 0 with an error
};

/// Opens the envelope at the front of `bytes`.
[[nodiscard]] OpenedEnvelope decode_envelope(std::span<const std::byte> bytes, const WireKey& key);

}  // namespace landfall
