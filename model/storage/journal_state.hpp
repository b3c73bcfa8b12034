// model/storage/journal_state.hpp — what a journal's superblock says: where its chain begins and
// what its consumers no longer need.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/environment/witness.hpp"

namespace landfall {

struct JournalState {
    Generation generation = 0;
    std::uint64_t first_segment = 0;
    std::uint64_t first_seq = 1;  ///< of the first segment: all before it was trimmed
    std::uint64_t sealed = 0;     ///< segments from the first on that certainly have a footer
    std::map<std::string, std::uint64_t, std::less<>> commits;  ///< by consumer

    bool operator==(const JournalState&) const = default;
};

[[nodiscard]] std::vector<std::byte> encode(const JournalState& state);
/// None unless the bytes are what encode() writes.
[[nodiscard]] std::optional<JournalState> decode_journal_state(std::span<const std::byte> bytes);

}  // namespace landfall
