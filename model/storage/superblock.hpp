// model/storage/superblock.hpp — a few bytes that are replaced as a whole or not at all.
//
// Two copies are written in turn, each with a rising number and a checksum; the valid copy with the
// highest number counts (replication-and-test-lab A11, F40). Law: after a crash during store() the
// content is the old one or the new one; one damaged copy costs at most the last store(), and
// nothing that store_both() wrote.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment/stable_store.hpp"

namespace landfall {

class Superblock {
  public:
    /// Reads what is stored under `name` (its copies are the objects name + ".0" and ".1").
    Superblock(StableStore& store, std::string_view name);

    /// The content; none if neither copy is valid.
    [[nodiscard]] const std::optional<std::vector<std::byte>>& content() const { return content_; }
    /// Of the content: rises by one with every store; 0 without content.
    [[nodiscard]] std::uint64_t number() const { return number_; }

    /// Writes the other copy and flushes it. False if the store did not take the bytes, also when
    /// tried again: then the content is the old one. The names are durable after
    /// StableStore::flush_names.
    [[nodiscard]] bool store(std::span<const std::byte> content);
    /// Also survives the loss of either copy: for what must never be taken back.
    [[nodiscard]] bool store_both(std::span<const std::byte> content) {
        return store(content) && store(content);
    }
    /// Removes both copies; durable after StableStore::flush_names.
    void remove();

  private:
    StableStore* store_;
    std::string name_;
    std::optional<std::vector<std::byte>> content_;
    std::uint64_t number_ = 0;
    unsigned current_ = 1;  ///< the copy that holds the content; the first one written is 0
};

}  // namespace landfall
