// model/environment/stable_store.hpp — named objects that outlive a crash, as far as they were
// flushed.
//
// What a write leaves is visible to reads at once and durable only after a flush of the same
// object; a name that was created or removed is durable only after flush_names. At a crash each
// write that was not flushed may be there, be missing, or be torn, each independently of the others
// (replication-and-test-lab F31, F38, F39).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace landfall {

class StableStore {
  public:
    virtual ~StableStore() = default;

    /// Writes `bytes` at `offset`; creates the object if there is none, grows it as needed.
    virtual void write(std::string_view name, std::uint64_t offset,
                       std::span<const std::byte> bytes) = 0;
    /// Reads up to `length` bytes; fewer at the end, none of an object that does not exist.
    [[nodiscard]] virtual std::vector<std::byte> read(std::string_view name, std::uint64_t offset,
                                                      std::uint64_t length) const = 0;
    [[nodiscard]] virtual std::uint64_t size(std::string_view name) const = 0;
    [[nodiscard]] virtual bool exists(std::string_view name) const = 0;
    /// Removes the object if it exists; durable after flush_names.
    virtual void remove(std::string_view name) = 0;
    /// Names that begin with `prefix`, sorted.
    [[nodiscard]] virtual std::vector<std::string> list(std::string_view prefix) const = 0;

    /// Makes the content of `name` durable.
    virtual void flush(std::string_view name) = 0;
    /// Makes creations and removals durable.
    virtual void flush_names() = 0;
};

}  // namespace landfall
