// model/storage/verified_write.hpp — a write that is looked at again: stores may keep less than
// they were given, and say nothing (replication-and-test-lab F35).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/environment/stable_store.hpp"

namespace landfall {

/// Writes and reads back, twice at most. False: the store does not hold the bytes. To be called
/// before the flush, which makes durable what is there, be it right or wrong.
[[nodiscard]] bool write_verified(StableStore& store, std::string_view name, std::uint64_t offset,
                                  std::span<const std::byte> bytes);

}  // namespace landfall
