// sim/memory/crashable_store.hpp — a stable store in memory that loses power when told to.
//
// Keeps of every object what is durable and which writes are not yet, in their order, and the same
// of names. A crash decides for each of them by a draw, independently (replication-and-test-lab
// F31, F38, F39): the worst that the contract of StableStore allows. Copies are independent stores,
// so a test can let one history crash in many ways.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment/stable_store.hpp"

namespace landfall {

/// Thrown at the chosen operation, and by every later one until crash().
struct PowerLost {};

class CrashableStore final : public StableStore {
  public:
    void write(std::string_view name, std::uint64_t offset,
               std::span<const std::byte> bytes) override;
    [[nodiscard]] std::vector<std::byte> read(std::string_view name, std::uint64_t offset,
                                              std::uint64_t length) const override;
    [[nodiscard]] std::uint64_t size(std::string_view name) const override;
    [[nodiscard]] bool exists(std::string_view name) const override;
    void remove(std::string_view name) override;
    [[nodiscard]] std::vector<std::string> list(std::string_view prefix) const override;
    void flush(std::string_view name) override;
    void flush_names() override;

    /// Persistence operations so far: write, remove, flush, flush_names.
    [[nodiscard]] std::uint64_t operations() const { return operations_; }
    /// Throws PowerLost instead of doing operation number `operation`, from 0.
    void crash_at(std::uint64_t operation) { crash_at_ = operation; }
    /// Power loss, and power again: every unflushed write is kept, dropped or torn (a prefix of it
    /// stays), every unflushed change of a name kept or dropped, as draw(n) in [0, n) says; then
    /// all that is there is durable. Of objects whose names begin with `prefix` only.
    void crash(const std::function<std::uint64_t(std::uint64_t)>& draw,
               std::string_view prefix = {});
    /// Rot at rest. Requires the bit to lie in the object.
    void flip_bit(std::string_view name, std::uint64_t bit);
    /// The next write of more than `most` bytes to a name with `prefix` stores its first `most`
    /// bytes only, and nobody is told (F35).
    void short_writes(std::string_view prefix, std::uint64_t most);

  private:
    using Content = std::vector<std::byte>;
    using Names = std::map<std::string, std::size_t, std::less<>>;  ///< to places in objects_

    struct Write {
        std::uint64_t offset = 0;
        Content bytes;
    };
    struct Object {
        Content visible;
        Content durable;
        std::vector<Write> unflushed;
    };
    struct NameChange {
        std::string name;
        std::optional<std::size_t> object;  ///< none: the name was removed
    };
    struct ShortWrite {
        std::string prefix;
        std::uint64_t most = 0;
    };

    static void store(Content& content, const Write& write);
    [[nodiscard]] const Object* find(std::string_view name) const;
    void begin_operation();
    void forget_nameless();
    [[nodiscard]] std::set<std::size_t> objects_with(std::string_view prefix) const;

    std::map<std::size_t, Object> objects_;
    std::size_t next_object_ = 0;
    Names visible_names_;
    Names durable_names_;
    std::vector<NameChange> unflushed_names_;
    std::vector<ShortWrite> short_writes_;
    std::uint64_t operations_ = 0;
    std::optional<std::uint64_t> crash_at_;
};

}  // namespace landfall
