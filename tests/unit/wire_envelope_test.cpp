// tests/unit/wire_envelope_test.cpp — what goes into an envelope comes out of it, or nothing does.
#include "model/storage/wire_envelope.hpp"

#include <algorithm>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/support/journal_records.hpp"

namespace landfall {
namespace {

using Content = std::vector<std::byte>;

constexpr WireKey kOpen{};
constexpr WireKey kKey{.id = 7, .secret = 0x1234567890ABCDEF};

/// Bytes with runs of zeros of all lengths.
Content random_content(kernel::RandomStream& random, std::size_t length) {
    Content content;
    while (content.size() < length) {
        const bool zeros = random.below(2) == 0;
        const std::uint64_t run = 1 + random.below(random.below(4) == 0 ? 300 : 6);
        for (std::uint64_t k = 0; k < run; ++k)
            content.push_back(zeros ? std::byte{0} : static_cast<std::byte>(random.below(256)));
    }
    content.resize(length);
    return content;
}

Content records(std::uint64_t count) {
    kernel::RandomStream random(3, "test", "envelope");
    Content out;
    for (std::uint64_t k = 1; k <= count; ++k) {
        const auto record = test::random_record(random, 1, k);
        append_record(out, record.header, record.stamps);
    }
    return out;
}

std::size_t readable_records(const Content& plain) {
    RecordReader reader(plain);
    std::size_t count = 0;
    while (reader.next()) ++count;
    return count;
}

TEST(WireEnvelope, GivesBackWhatWasPutIn) {
    kernel::RandomStream random(1, "test", "envelope");
    for (std::size_t length = 0; length < 700; ++length) {
        const Content plain = random_content(random, length);
        for (const WireKey& key : {kOpen, kKey}) {
            Content wire = encode_envelope(plain, key);
            const std::size_t bytes = wire.size();
            // At worst a byte is added for every 8, and a part of a word for its zeros.
            ASSERT_LE(bytes, kEnvelopeHeaderBytes + (length + 7) / 8 * 9);
            wire.resize(bytes + random.below(20));  // the next one follows
            const OpenedEnvelope opened = decode_envelope(wire, key);
            ASSERT_EQ(opened.error, EnvelopeError::None) << to_text(opened.error);
            ASSERT_EQ(opened.plain, plain);
            ASSERT_EQ(opened.bytes, bytes);
        }
    }
}

TEST(WireEnvelope, MakesRecordsSmaller) {
    const Content plain = records(100);
    EXPECT_LT(encode_envelope(plain, kKey).size(), plain.size() * 4 / 5);
    // A run of 256 words of zeros is two bytes.
    EXPECT_EQ(encode_envelope(Content(8 * 256 * 1000), kKey).size(), kEnvelopeHeaderBytes + 2000);
}

TEST(WireEnvelope, RefusesEveryFrontOfItself) {
    const Content wire = encode_envelope(records(5), kKey);
    for (std::size_t length = 0; length < wire.size(); ++length) {
        const Content part(wire.begin(), wire.begin() + static_cast<std::ptrdiff_t>(length));
        const OpenedEnvelope opened = decode_envelope(part, kKey);
        ASSERT_EQ(opened.error, EnvelopeError::Truncated) << length;
        ASSERT_TRUE(opened.plain.empty());
    }
}

TEST(WireEnvelope, RefusesAnyBitFlippedOnTheWay) {
    Content wire = encode_envelope(records(5), kKey);
    for (std::size_t bit = 0; bit < 8 * wire.size(); ++bit) {
        wire[bit / 8] ^= std::byte{1} << (bit % 8);
        const OpenedEnvelope opened = decode_envelope(wire, kKey);
        ASSERT_NE(opened.error, EnvelopeError::None) << bit;
        ASSERT_TRUE(opened.plain.empty());
        wire[bit / 8] ^= std::byte{1} << (bit % 8);
    }
}

TEST(WireEnvelope, LeavesDamageFromBeforeTheCodingToTheRecordsChecksums) {
    // A process server with a bad memory: the envelope is sound, and what it holds is not.
    const Content good = records(4);
    Content plain = good;
    for (std::size_t bit = 0; bit < 8 * plain.size(); ++bit) {
        plain[bit / 8] ^= std::byte{1} << (bit % 8);
        const OpenedEnvelope opened = decode_envelope(encode_envelope(plain, kKey), kKey);
        ASSERT_EQ(opened.error, EnvelopeError::None);
        ASSERT_LT(readable_records(opened.plain), 4U) << bit;
        plain[bit / 8] ^= std::byte{1} << (bit % 8);
    }
    EXPECT_EQ(readable_records(good), 4U);
}

TEST(WireEnvelope, GivesNothingReadableWithAnotherKey) {
    const Content plain = records(20);
    const Content wire = encode_envelope(plain, kKey);
    EXPECT_EQ(decode_envelope(wire, kOpen).error, EnvelopeError::UnknownKey);
    const OpenedEnvelope opened = decode_envelope(wire, {.id = kKey.id, .secret = 1});
    EXPECT_NE(opened.plain, plain);
    EXPECT_EQ(readable_records(opened.plain), 0U);
    // Nothing of the plain bytes is to be seen on the wire.
    const std::string_view magic = "RJFL";
    const auto shown = std::search(wire.begin(), wire.end(), magic.begin(), magic.end(),
                                   [](std::byte a, char b) { return a == std::byte(b); });
    EXPECT_EQ(shown, wire.end());
}

TEST(WireEnvelope, DoesNotBelieveALengthThatIsTooLarge) {
    EXPECT_THROW((void)encode_envelope(Content(kMostPlainBytes + 1ULL), kOpen), InvariantViolation);
    EXPECT_EQ(decode_envelope(encode_envelope(Content(1 << 20), kOpen), kOpen).plain.size(),
              1U << 20);
}

}  // namespace
}  // namespace landfall
