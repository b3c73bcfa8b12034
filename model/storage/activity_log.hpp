// model/storage/activity_log.hpp — which extents of a disk are being written now, kept so that it
// survives a crash at the price of one small write whenever that set changes.
//
// Idea: the extents written last sit in numbered slots, the least recently used one gives way. A
// transaction says which slots changed, and repeats a stretch of all slots besides, the next
// transaction the next stretch. Transactions go round a ring; as many as one less than the ring
// has places repeat every slot, so the ring alone gives back the set, also when the newest
// transaction is torn and the one that it was written over is lost. Law: what replay() gives back
// are the extents after the newest transaction that was written as a whole.
//
// This class says what to write and where; who owns it writes. Source: replication-and-test-lab A4
// a (DRBD drbd_actlog.c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace landfall {

struct ActivityLogShape {
    std::uint32_t slots = 1237;    ///< extents that are active at most (DRBD's default)
    std::uint16_t repeated = 919;  ///< slots that a transaction repeats: as many as fit

    bool operator==(const ActivityLogShape&) const = default;
};

class ActivityLog {
  public:
    static constexpr std::uint64_t kTransactionBytes = 4096;
    static constexpr std::size_t kMostUpdates = 64;  ///< of one transaction

    /// Nothing is active. Requires 1 to 65535 slots, and 1 to 919 repeated ones.
    explicit ActivityLog(ActivityLogShape shape);

    /// The ring of a log in which nothing is active: what storage holds to begin with.
    [[nodiscard]] std::vector<std::byte> empty_ring() const;

    /// Is the extent active? If so it is now the most recently used one.
    bool touch(std::uint32_t extent);

    struct Update {
        std::uint16_t slot = 0;
        std::uint32_t extent = 0;
        std::optional<std::uint32_t> evicted;
    };
    /// A step that is not taken yet.
    struct Transaction {
        std::vector<Update> updates;
        std::uint64_t offset = 0;  ///< in the ring
        std::vector<std::byte> bytes;
    };
    /// How many extents one transaction can make active.
    [[nodiscard]] std::size_t most_updates() const;
    /// What makes these inactive extents active. Requires 1 to most_updates() of them, no two
    /// equal.
    [[nodiscard]] Transaction plan(std::span<const std::uint32_t> entering) const;
    /// The planned transaction is durable.
    void commit(const Transaction& transaction);

    /// The active extents that a ring tells of, rising; none if it cannot be believed.
    static std::optional<std::vector<std::uint32_t>> replay(std::span<const std::byte> ring,
                                                            ActivityLogShape shape);

  private:
    [[nodiscard]] std::vector<std::byte> encode(std::uint64_t number,
                                                std::span<const Update> updates) const;

    ActivityLogShape shape_;
    std::vector<std::uint32_t> extents_;              ///< by slot
    std::map<std::uint32_t, std::uint16_t> slot_of_;  ///< by extent
    std::vector<std::uint64_t> used_;                 ///< by slot: when, in uses
    std::map<std::uint64_t, std::uint16_t> by_use_;   ///< the same the other way round
    std::uint64_t uses_ = 0;
    std::uint64_t next_;  ///< number of the next transaction
};

}  // namespace landfall
