// model/storage/journal.hpp — records that outlive a crash: a chain of segments over a stable
// store.
//
// Records are appended with rising numbers, become durable by flush(), are replayed to consumers,
// and go when every consumer has committed them. A superblock says where the chain begins.
//
// Laws: what was appended before a flush() that answered Ok is replayed after any crash (S13).
// Replay gives records in sequence and of the journal's generation only, and ends at the first bad
// one (S15); it may be repeated (S14). trim() removes nothing that a registered consumer has not
// committed (S16). A change of any byte at rest ends the journal at that record or earlier, never
// alters a record (S31). After replication-and-test-lab A11, which is after Ceph's src/journal.
//
// What it cannot know: rot of a record in the last, unsealed segment looks like the torn end that a
// crash leaves. recovery().readable_behind hints at it, and a consumer's commit behind the end
// proves it; whoever promised records to somebody compares last_seq() with the promise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment/stable_store.hpp"
#include "model/storage/journal_record.hpp"
#include "model/storage/journal_segment.hpp"
#include "model/storage/journal_state.hpp"
#include "model/storage/superblock.hpp"

namespace landfall {

struct JournalOptions {
    std::uint64_t segment_bytes = 4U << 20;  ///< a segment that would grow beyond is sealed first
    std::uint64_t buffer_bytes = 64U << 10;  ///< appended records go to the store in such pieces
};

enum class JournalStatus : std::uint8_t { Ok, Damaged };

/// Why a journal takes no more records: its owner starts a new generation, that is, copies anew.
struct JournalDamage {
    std::uint64_t segment = 0;
    std::uint64_t seq = 0;  ///< of the first record that is lost
    std::string_view why;
};

/// What open() found behind the durable end.
struct JournalRecovery {
    std::uint64_t dropped_bytes = 0;  ///< zeros at their end not counted
    bool readable_behind = false;  ///< among them a sound header: a write overtook another, or rot
};

enum class Replayed : std::uint8_t {
    All,      ///< up to the last record
    Trimmed,  ///< the first one asked for is no longer there; nothing was visited
    Damaged,  ///< up to the first bad record
};

struct ReplayEnd {
    Replayed how = Replayed::All;
    std::uint64_t next_seq = 0;  ///< behind the last record visited
};

class Journal {
  public:
    using Visitor = std::function<void(const RecordView&)>;

    /// A new journal in objects whose names begin with `name`; removes any older one there. A crash
    /// before it returns leaves none or an empty one.
    [[nodiscard]] static Journal create(StableStore& store, std::string_view name,
                                        Generation generation, const JournalOptions& options = {},
                                        std::uint64_t first_seq = 1);
    /// The journal as a crash left it: finds its end, drops what is torn and makes the rest
    /// durable. One at a time: it writes, and an older Journal of the name is void from then on.
    /// None if there is none that was completely created, or nothing says where it begins.
    [[nodiscard]] static std::optional<Journal> open(StableStore& store, std::string_view name,
                                                     const JournalOptions& options = {});

    /// Requires the journal's generation and the number behind last_seq().
    [[nodiscard]] JournalStatus append(const RecordHeader& header, std::span<const Stamp> stamps);
    /// The same of a record that is encoded already.
    [[nodiscard]] JournalStatus append(const RecordView& record);
    /// Ok: all that was appended is durable.
    [[nodiscard]] JournalStatus flush();

    /// Visits all records from `from_seq` on, also those not flushed yet.
    ReplayEnd replay(std::uint64_t from_seq, const Visitor& visit) const;

    /// From now on trim() spares what `consumer` has not committed. No change if it is registered;
    /// else it has committed what was trimmed.
    [[nodiscard]] JournalStatus register_consumer(std::string_view consumer);
    /// For one that lags too far: it has to copy anew.
    [[nodiscard]] JournalStatus remove_consumer(std::string_view consumer);
    /// `consumer` needs nothing up to `seq` again, durably. Requires seq <= durable_seq() and a
    /// registered consumer; commits never go back.
    [[nodiscard]] JournalStatus commit(std::string_view consumer, std::uint64_t seq);
    [[nodiscard]] std::optional<std::uint64_t> committed(std::string_view consumer) const;
    /// Removes the sealed segments that every consumer has committed; without consumers, none.
    [[nodiscard]] JournalStatus trim();

    /// Durably forgets all records; the next one has number `first_seq`. Consumers stay registered.
    /// Requires a generation above the present one. Also ends a damage.
    [[nodiscard]] JournalStatus start_generation(Generation generation,
                                                 std::uint64_t first_seq = 1);

    [[nodiscard]] Generation generation() const { return state_.generation; }
    [[nodiscard]] std::uint64_t first_seq() const { return state_.first_seq; }
    /// Of the last record; first_seq() - 1 without any.
    [[nodiscard]] std::uint64_t last_seq() const { return next_seq_ - 1; }
    [[nodiscard]] std::uint64_t durable_seq() const { return durable_seq_; }
    [[nodiscard]] std::size_t segments() const { return segments_.size(); }
    [[nodiscard]] const std::optional<JournalDamage>& damage() const { return damage_; }
    [[nodiscard]] const JournalRecovery& recovery() const { return recovery_; }

  private:
    struct Segment {
        SegmentHeader header;
        std::uint64_t next_seq = 0;
        std::uint64_t hash = 0;
    };

    Journal(StableStore& store, std::string_view name, const JournalOptions& options);

    [[nodiscard]] JournalStatus append_encoded(std::size_t begin);
    [[nodiscard]] JournalStatus make_room(std::uint64_t bytes);
    [[nodiscard]] JournalStatus write_out();
    [[nodiscard]] JournalStatus seal();
    [[nodiscard]] bool begin_segment(const SegmentHeader& header);
    [[nodiscard]] JournalStatus save_state();
    JournalStatus fail(std::uint64_t segment, std::string_view why);
    void remove_segments_before(std::uint64_t number);

    bool load_chain();
    bool take_segment(std::uint64_t number, bool& sealed);
    void check_rest_of_store();
    void recover_end(bool sealed);

    [[nodiscard]] std::string segment_name(std::uint64_t number) const;
    [[nodiscard]] std::vector<std::uint64_t> stored_segments() const;
    [[nodiscard]] std::vector<std::byte> segment_content(const Segment& segment) const;

    StableStore* store_;
    std::string name_;
    JournalOptions options_;
    Superblock superblock_;
    JournalState state_;
    std::vector<Segment> segments_;  ///< the chain; the last one takes the records
    std::vector<std::byte> buffer_;  ///< the end of the last segment, not yet given to the store
    std::uint64_t end_ = 0;          ///< of the last segment, the buffer counted
    std::uint64_t next_seq_ = 1;
    std::uint64_t durable_seq_ = 0;
    std::optional<JournalDamage> damage_;
    JournalRecovery recovery_;
};

}  // namespace landfall
