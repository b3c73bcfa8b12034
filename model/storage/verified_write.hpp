// model/storage/verified_write.hpp — a write that is looked at again: stores may keep less than
// they were given, and say nothing (replication-and-test-lab F35).
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "model/base/mutant.hpp"
#include "model/environment/stable_store.hpp"

namespace landfall {

/// Writes and reads back, twice at most. False: the store does not hold the bytes. To be called
/// before the flush, which makes durable what is there, be it right or wrong.
[[nodiscard]] inline bool write_verified(StableStore& store, std::string_view name,
                                         std::uint64_t offset, std::span<const std::byte> bytes) {
    for (int attempt = 0; attempt < 2; ++attempt) {
        store.write(name, offset, bytes);
        if (mutant(Mutant::IgnoreShortWrite)) return true;
        if (std::ranges::equal(store.read(name, offset, bytes.size()), bytes)) return true;
    }
    return false;
}

}  // namespace landfall
