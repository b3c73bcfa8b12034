// model/storage/wire_envelope.cpp — runs of zeros, the keystream, and the header around them.
#include "model/storage/wire_envelope.hpp"

#include <algorithm>
#include <utility>

#include "model/base/check.hpp"
#include "model/storage/checksum.hpp"
#include "model/storage/little_endian.hpp"

namespace landfall {
namespace {

constexpr std::uint32_t kMagic = 0x4C464556;  // "VEFL" as bytes
constexpr std::uint16_t kVersion = 1;
constexpr std::uint16_t kZeroRuns = 1;
constexpr std::size_t kCrcAt = 20;

// The coding: a byte c below 128 says that c + 1 bytes follow as they are, one from 128 on stands
// for c - 127 zeros. A zero alone among others costs less as it is.
constexpr std::size_t kMostRun = 128;
constexpr std::size_t kLeastZeros = 3;
constexpr std::uint8_t kZeroFlag = 128;

/// Zeros at `at`, counted up to kMostRun.
std::size_t zeros_at(std::span<const std::byte> plain, std::size_t at) {
    const std::size_t end = std::min(plain.size(), at + kMostRun);
    std::size_t k = at;
    while (k < end && plain[k] == std::byte{0}) ++k;
    return k - at;
}

void put_literals(std::vector<std::byte>& out, std::span<const std::byte> literals) {
    while (!literals.empty()) {
        const auto run = literals.first(std::min(literals.size(), kMostRun));
        out.push_back(static_cast<std::byte>(run.size() - 1));
        out.insert(out.end(), run.begin(), run.end());
        literals = literals.subspan(run.size());
    }
}

void shorten_zeros(std::span<const std::byte> plain, std::vector<std::byte>& out) {
    std::size_t literal = 0;  // where the bytes that are not yet put begin
    std::size_t at = 0;
    while (at < plain.size()) {
        if (plain[at] != std::byte{0}) {
            ++at;
            continue;
        }
        const std::size_t zeros = zeros_at(plain, at);
        if (zeros >= kLeastZeros) {
            put_literals(out, plain.subspan(literal, at - literal));
            out.push_back(static_cast<std::byte>(kZeroFlag + zeros - 1));
            literal = at + zeros;
        }
        at += zeros;
    }
    put_literals(out, plain.subspan(literal));
}

/// None unless exactly `length` bytes come out.
std::optional<std::vector<std::byte>> restore_zeros(std::span<const std::byte> coded,
                                                    std::size_t length) {
    std::vector<std::byte> plain;
    plain.reserve(std::min(length, coded.size() * kMostRun));
    while (!coded.empty()) {
        const auto control = static_cast<std::uint8_t>(coded.front());
        coded = coded.subspan(1);
        const std::size_t run = control % kZeroFlag + 1U;
        if (run > length - plain.size()) return std::nullopt;
        if (control >= kZeroFlag) {
            plain.insert(plain.end(), run, std::byte{0});
            continue;
        }
        if (run > coded.size()) return std::nullopt;
        plain.insert(plain.end(), coded.begin(), coded.begin() + static_cast<std::ptrdiff_t>(run));
        coded = coded.subspan(run);
    }
    if (plain.size() != length) return std::nullopt;
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
    constexpr std::size_t kWord = sizeof(std::uint64_t);
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
    out.reserve(kEnvelopeHeaderBytes + plain.size() / 2);
    shorten_zeros(plain, out);
    const auto coded = std::span(out).subspan(kEnvelopeHeaderBytes);
    apply_key(coded, key);
    store_little(out.data(), kMagic);
    store_little(out.data() + 4, kVersion);
    store_little(out.data() + 6, kZeroRuns);
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
    if (version != kVersion || coding != kZeroRuns || plain_bytes > kMostPlainBytes)
        return refuse(EnvelopeError::BadFields);
    if (key_id != key.id) return refuse(EnvelopeError::UnknownKey);
    const auto coded = envelope.subspan(kEnvelopeHeaderBytes);
    std::vector<std::byte> readable(coded.begin(), coded.end());
    apply_key(readable, key);
    auto plain = restore_zeros(readable, plain_bytes);
    if (!plain) return refuse(EnvelopeError::BadCoding);
    return {EnvelopeError::None, std::move(*plain), envelope.size()};
}

}  // namespace landfall
