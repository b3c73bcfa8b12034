// model/storage/wire_envelope.cpp — leaves zeros out, applies the key, and puts a header before it.
#include "model/storage/wire_envelope.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "model/base/check.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/little_endian.hpp"

namespace landfall {
namespace {

constexpr std::uint32_t kMagic = 0x4C464556;  // "VEFL" as bytes
constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kZerosLeftOut = 1;
constexpr std::size_t kCrcAt = 20;

// The coding leaves zeros out: of each word of 8 plain bytes it has a byte of 8 flags, one for each
// byte that is not zero, and then those bytes. A word without any is followed by a byte that says
// how many more such words come, so that a long run of zeros costs next to nothing.
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::size_t kMostRun = 256;

constexpr std::size_t words_of(std::size_t bytes) {
    return (bytes + kWord - 1) / kWord;
}

/// Word number `word`; zeros stand for what is missing of the last one.
std::uint64_t word_at(std::span<const std::byte> plain, std::size_t word) {
    const auto rest = plain.subspan(word * kWord);
    if (rest.size() >= kWord) return load_little<std::uint64_t>(rest.data());
    std::array<std::byte, kWord> last{};
    std::ranges::copy(rest, last.begin());
    return load_little<std::uint64_t>(last.data());
}

/// Appends the coded bytes.
void leave_out_zeros(std::span<const std::byte> plain, std::vector<std::byte>& out) {
    const std::size_t words = words_of(plain.size());
    const std::size_t begin = out.size();
    // At most 9 bytes for a word; those that are zero are overwritten by the next ones.
    out.resize(begin + words * (kWord + 1));
    std::byte* to = out.data() + begin;
    for (std::size_t at = 0; at < words; ++at) {
        const std::uint64_t word = word_at(plain, at);
        std::byte* const flags = to++;
        if (word == 0) {
            std::size_t more = 0;
            while (more + 1 < kMostRun && at + 1 < words && word_at(plain, at + 1) == 0) {
                ++more;
                ++at;
            }
            *flags = std::byte{0};
            *to++ = static_cast<std::byte>(more);
            continue;
        }
        unsigned seen = 0;
        for (std::size_t k = 0; k < kWord; ++k) {
            const auto byte = static_cast<std::uint8_t>(word >> (8 * k));
            const unsigned is_there = byte != 0 ? 1 : 0;
            *to = std::byte{byte};
            to += is_there;
            seen |= is_there << k;
        }
        *flags = static_cast<std::byte>(seen);
    }
    out.resize(static_cast<std::size_t>(to - out.data()));
}

/// None unless exactly `length` bytes come out and nothing is left over.
std::optional<std::vector<std::byte>> put_in_zeros(std::span<const std::byte> coded,
                                                   std::size_t length) {
    const std::size_t words = words_of(length);
    if (coded.size() < 2 * (words / kMostRun))
        return std::nullopt;  // before memory is taken for it
    std::vector<std::byte> plain(words * kWord);
    std::size_t from = 0;
    for (std::size_t at = 0; at < words; ++at) {
        if (from == coded.size()) return std::nullopt;
        const auto flags = static_cast<unsigned>(coded[from++]);
        const std::size_t needed = flags == 0 ? 1 : static_cast<std::size_t>(std::popcount(flags));
        if (needed > coded.size() - from) return std::nullopt;
        if (flags == 0) {
            at += static_cast<std::size_t>(coded[from++]);
            if (at >= words) return std::nullopt;
            continue;
        }
        std::uint64_t word = 0;
        for (unsigned rest = flags; rest != 0; rest &= rest - 1) {
            const auto byte = static_cast<std::uint64_t>(coded[from++]);
            word |= byte << (8 * static_cast<unsigned>(std::countr_zero(rest)));
        }
        store_little(plain.data() + at * kWord, word);
    }
    if (from != coded.size()) return std::nullopt;
    plain.resize(length);
    return plain;
}

/// Word `index` of the keystream: SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) from `secret`.
std::uint64_t key_word(std::uint64_t secret, std::uint64_t index) {
    std::uint64_t bits = secret + (index + 1) * 0x9E3779B97F4A7C15ULL;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ULL;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL;
    return bits ^ (bits >> 31);
}

/// Its own inverse.
void apply_key(std::span<std::byte> bytes, const WireKey& key) {
    if (key.id == 0) return;
    std::uint64_t index = 0;
    for (; bytes.size() >= kWord; bytes = bytes.subspan(kWord)) {
        store_little(bytes.data(),
                     load_little<std::uint64_t>(bytes.data()) ^ key_word(key.secret, index++));
    }
    std::array<std::byte, kWord> last{};
    store_little(last.data(), key_word(key.secret, index));
    for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] ^= last[k];
}

/// Of the header up to its checksum, gone on over the coded bytes.
std::uint32_t envelope_crc(std::span<const std::byte> envelope) {
    return crc32c(envelope.subspan(kEnvelopeHeaderBytes), crc32c(envelope.first(kCrcAt)));
}

OpenedEnvelope refuse(EnvelopeError error) {
    return {error, {}, 0};
}

}  // namespace

std::string_view to_text(EnvelopeError error) {
    constexpr std::array<std::string_view, 7> kTexts{"none",         "truncated",  "bad magic",
                                                     "bad checksum", "bad fields", "unknown key",
                                                     "bad coding"};
    return kTexts.at(static_cast<std::size_t>(error));
}

std::vector<std::byte> encode_envelope(std::span<const std::byte> plain, const WireKey& key) {
    LANDFALL_CHECK(plain.size() <= kMostPlainBytes, "a batch fits in an envelope");
    std::vector<std::byte> out(kEnvelopeHeaderBytes);
    leave_out_zeros(plain, out);
    const auto coded = std::span(out).subspan(kEnvelopeHeaderBytes);
    apply_key(coded, key);
    store_little(out.data(), kMagic);
    store_little(out.data() + 4, kVersion);
    store_little(out.data() + 6, kZerosLeftOut);
    store_little(out.data() + 8, key.id);
    store_little(out.data() + 12, static_cast<std::uint32_t>(plain.size()));
    store_little(out.data() + 16, static_cast<std::uint32_t>(coded.size()));
    store_little(out.data() + kCrcAt, envelope_crc(out));
    return out;
}

OpenedEnvelope decode_envelope(std::span<const std::byte> bytes, const WireKey& key) {
    if (bytes.size() < kEnvelopeHeaderBytes) return refuse(EnvelopeError::Truncated);
    LittleReader header(bytes);
    if (header.take<std::uint32_t>() != kMagic) return refuse(EnvelopeError::BadMagic);
    const auto version = header.take<std::uint16_t>();
    const auto coding = header.take<std::uint16_t>();
    const auto key_id = header.take<std::uint32_t>();
    const auto plain_bytes = header.take<std::uint32_t>();
    const auto coded_bytes = header.take<std::uint32_t>();
    const auto crc = header.take<std::uint32_t>();
    if (coded_bytes > bytes.size() - kEnvelopeHeaderBytes) return refuse(EnvelopeError::Truncated);
    const auto envelope = bytes.first(kEnvelopeHeaderBytes + coded_bytes);
    if (envelope_crc(envelope) != crc) return refuse(EnvelopeError::BadChecksum);
    if (version != kVersion || coding != kZerosLeftOut || plain_bytes > kMostPlainBytes)
        return refuse(EnvelopeError::BadFields);
    if (key_id != key.id) return refuse(EnvelopeError::UnknownKey);
    const auto coded = envelope.subspan(kEnvelopeHeaderBytes);
    std::vector<std::byte> readable(coded.begin(), coded.end());
    apply_key(readable, key);
    auto plain = put_in_zeros(readable, plain_bytes);
    if (!plain) return refuse(EnvelopeError::BadCoding);
    return {EnvelopeError::None, std::move(*plain), envelope.size()};
}

}  // namespace landfall
