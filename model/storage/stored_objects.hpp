// model/storage/stored_objects.hpp — how the replica keeps what it must find again: numbered
// objects, and frames around what is appended to one.
//
// Laws: what is read back is checked before it is believed (CRC-32C over length and content); an
// object's number is never used twice while anything of it may be left; a write that the store cut
// short is noticed (F35).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/environment/stable_store.hpp"

namespace landfall {

/// Begins a frame at the end of `out`; end_frame(out, what this returned) closes it around all that
/// was appended since.
std::size_t begin_frame(std::vector<std::byte>& out);
void end_frame(std::vector<std::byte>& out, std::size_t begin);

/// Walks frames up to the first that is not whole.
class FrameReader {
  public:
    explicit FrameReader(std::span<const std::byte> bytes) : rest_(bytes) {}

    /// The content of the next frame; none at the end, or at one that is torn or rotten.
    [[nodiscard]] std::optional<std::span<const std::byte>> next();
    /// Says, after next() gave none, whether this end cannot come from a write that was cut short:
    /// as many bytes as a frame needs are there, and wrong.
    [[nodiscard]] bool rotten() const { return rotten_; }

  private:
    std::span<const std::byte> rest_;
    bool rotten_ = false;
};

enum class ObjectKind : std::uint8_t { Catalogue, Layer, Redo };

struct ObjectNumber {
    ObjectKind kind = ObjectKind::Layer;
    std::uint64_t number = 0;  ///< from 1; 0: no object

    constexpr bool operator==(const ObjectNumber&) const = default;
};

/// The objects of one owner. Without a store every call does nothing: for large simulations in
/// which the replica cannot crash.
class StoredObjects {
  public:
    StoredObjects(StableStore* store, std::string owner);

    [[nodiscard]] bool persists() const { return store_ != nullptr; }
    /// A new object; its number is above that of all objects of this owner.
    [[nodiscard]] ObjectNumber create(ObjectKind kind) { return {kind, ++last_number_}; }

    /// Requires `offset` to be the object's size.
    void append(ObjectNumber object, std::uint64_t offset, std::span<const std::byte> bytes);
    [[nodiscard]] std::vector<std::byte> read(ObjectNumber object) const;
    void flush(ObjectNumber object);
    void flush_names();
    void remove(ObjectNumber object);
    /// Every object of this owner, by rising number.
    [[nodiscard]] std::vector<ObjectNumber> list() const;

  private:
    [[nodiscard]] std::string name(ObjectNumber object) const;

    StableStore* store_;
    std::string owner_;
    std::uint64_t last_number_ = 0;
};

}  // namespace landfall
