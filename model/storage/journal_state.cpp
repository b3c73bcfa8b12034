// model/storage/journal_state.cpp — the superblock's content as bytes.
#include "model/storage/journal_state.hpp"

#include <algorithm>

#include "model/base/check.hpp"
#include "model/storage/little_endian.hpp"

namespace landfall {
namespace {

constexpr std::uint32_t kVersion = 1;
/// Far beyond what a journal can reach, and far enough from the end of 64 bits to add without care.
constexpr std::uint64_t kMost = 1ULL << 60;

}  // namespace

// version u32 | generation u32 | first segment u64 | first seq u64 | sealed u64 | consumers u32
// then of each consumer: length u32 | name | commit u64
std::vector<std::byte> encode(const JournalState& state) {
    std::vector<std::byte> out;
    LittleWriter writer(out);
    writer.put(kVersion).put(state.generation).put(state.first_segment).put(state.first_seq);
    writer.put(state.sealed).put(static_cast<std::uint32_t>(state.commits.size()));
    for (const auto& [name, seq] : state.commits) {
        writer.put(static_cast<std::uint32_t>(name.size()));
        writer.put_bytes(std::as_bytes(std::span(name))).put(seq);
    }
    return out;
}

std::optional<JournalState> decode_journal_state(std::span<const std::byte> bytes) {
    LittleReader reader(bytes);
    if (reader.take<std::uint32_t>() != kVersion) return std::nullopt;
    JournalState state;
    state.generation = reader.take<std::uint32_t>();
    state.first_segment = reader.take<std::uint64_t>();
    state.first_seq = reader.take<std::uint64_t>();
    state.sealed = reader.take<std::uint64_t>();
    const auto consumers = reader.take<std::uint32_t>();
    for (std::uint32_t k = 0; k < consumers && reader.good(); ++k) {
        const auto name = reader.take_bytes(reader.take<std::uint32_t>());
        const auto seq = reader.take<std::uint64_t>();
        std::string text(name.size(), '\0');
        std::ranges::transform(name, text.begin(),
                               [](std::byte b) { return static_cast<char>(b); });
        const bool rising = state.commits.empty() || state.commits.rbegin()->first < text;
        if (!reader.good() || !rising || seq > kMost) return std::nullopt;
        state.commits.emplace(std::move(text), seq);
    }
    if (!reader.good() || !reader.at_end()) return std::nullopt;
    if (std::max({state.first_segment, state.first_seq, state.sealed}) > kMost) return std::nullopt;
    if (state.first_seq == 0) return std::nullopt;
    return state;
}

}  // namespace landfall
