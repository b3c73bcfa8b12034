// model/replication/generation.hpp — whose data is newer: generations with ancestry, and the table
// that decides every handshake of two copies.
//
// A generation is one life of a stream of changes: it begins when a copy starts to take writes that
// its peer does not know of (promotion, forced write while disconnected) or when a copy is made
// anew (full resync), and is chained to the cut of its parent that it begins with. Two copies that
// meet again compare chains, never contents or clocks.
//
// Laws: an id is used for one life only; every combination of facts has exactly one row of the
// table; both ends come to the same decision, one as its source and one as its target; nothing that
// only one copy holds is overwritten unless that copy was explicitly given up (S29).
//
// Sources: replication-and-test-lab A30, condensed there from DRBD drbd_uuid_compare and Ceph's
// demote/promote chain.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "model/environment/witness.hpp"

namespace landfall {

/// 128 bits; all zero: none.
struct GenerationId {
    std::uint64_t maker = 0;  ///< who began it, plus one
    std::uint64_t count = 0;  ///< how many it has begun
    [[nodiscard]] constexpr bool is_none() const { return maker == 0 && count == 0; }
    constexpr auto operator<=>(const GenerationId&) const = default;
};

/// Unique as long as each site counts the generations that it begins.
constexpr GenerationId generation_id(SiteId maker, std::uint64_t count) {
    return {.maker = std::uint64_t{maker.value} + 1, .count = count};
}

enum class ReplicaRole : std::uint8_t { Source, Target };

struct GenerationRecord {
    GenerationId id;
    GenerationId parent;           ///< none: the first
    std::uint64_t parent_cut = 0;  ///< the last sequence number of the parent that is part of it
    /// One more than the parent's: rises along every chain, so it serves as fencing token (A32) and
    /// as mark on records. Two generations may share it after a split brain; their ids differ.
    Generation number = 0;
    SiteId site;  ///< that began it
    constexpr bool operator==(const GenerationRecord&) const = default;
};

/// What a copy knows of its past: its generation and a bounded number of those before.
class GenerationChain {
  public:
    /// A fresh copy: it never held data.
    GenerationChain() = default;

    [[nodiscard]] bool is_fresh() const { return records_.empty(); }
    /// Requires !is_fresh().
    [[nodiscard]] const GenerationRecord& current() const;
    /// The current record and those before it, newest first.
    [[nodiscard]] std::span<const GenerationRecord> records() const { return records_; }
    [[nodiscard]] ReplicaRole role() const { return role_; }

    /// This copy starts to take writes on top of sequence number `cut` of its generation (0 of a
    /// fresh one), as generation `fresh`. Requires an id that was never used.
    void promote(GenerationId fresh, std::uint64_t cut, SiteId site);
    /// This copy is now equal to one of `source`'s generation, and follows it.
    void follow(const GenerationChain& source);
    /// This copy takes no more writes of its own.
    void demote() { role_ = ReplicaRole::Target; }

    /// The record that continues generation `parent` here; none known: nullptr.
    [[nodiscard]] const GenerationRecord* child_of(GenerationId parent) const;
    [[nodiscard]] const GenerationRecord* find(GenerationId id) const;

    /// Records kept; what lies further back counts as unrelated, which refuses and loses nothing.
    static constexpr std::size_t kMostRecords = 8;

  private:
    std::vector<GenerationRecord> records_;  ///< newest first
    ReplicaRole role_ = ReplicaRole::Target;
};

/// One copy's part of a handshake.
struct ReplicaState {
    GenerationChain generations = {};
    /// The last write of the current generation that this copy holds.
    std::uint64_t last_sequence = 0;
    /// It went down while it took writes: what is near its last ones counts as changed (A4).
    bool crashed_as_source = false;
    /// Its bitmap holds every change here after this write; none: there is no whole bitmap.
    GenerationId tracked_since = {};
    std::uint64_t tracked_after = 0;
    /// A person chose this copy as the victim: what only it holds may be overwritten.
    bool given_up = false;
};

enum class SyncMethod : std::uint8_t {
    None,
    FullSync,          ///< everything, or what a comparison finds (A20)
    ResumeBySequence,  ///< the records that the target has not yet
    UseBitmap,         ///< what the source's bitmap holds
    ReverseWithUnion,  ///< what either bitmap holds (A31)
    SplitBrain,        ///< stop both and let a person choose a victim
    Unrelated,         ///< refuse
    Retry,             ///< drop the connection, try again
};
enum class SyncDirection : std::uint8_t { Nowhere, ToMe, ToPeer };

/// How two chains relate; "mine" is the older one where there is one.
enum class Relation : std::uint8_t {
    BothFresh,
    MineFresh,
    Same,
    MineIsParent,
    MineIsAncestor,
    Diverged,
    Unrelated,
};
enum class Victim : std::uint8_t { Nobody, Me, Peer };
/// Who takes writes, of two copies of one generation.
enum class Writers : std::uint8_t { Peer, Both, Nobody };

/// The facts that decide, seen so that the peer is the source where chains and roles say so.
struct HandshakeCase {
    bool changed = false;  ///< a generation changed during the handshake
    Relation relation = Relation::BothFresh;
    Writers writers = Writers::Peer;
    bool peer_crashed = false;  ///< while it took writes
    bool tail = false;          ///< I hold writes beyond the cut that the peer went on from
    Victim victim = Victim::Nobody;
    bool my_bitmap = false;    ///< mine holds all that I have and the peer has not
    bool peer_bitmap = false;  ///< the peer's holds all that it has and I have not
};

enum class Is : std::uint8_t { Any, Yes, No };

/// One row: the cases it covers, its decision, and where that comes from.
struct HandshakeRow {
    std::optional<Relation> relation = {};
    std::optional<Writers> writers = {};
    Is changed = Is::No;
    Is peer_crashed = Is::Any;
    Is tail = Is::Any;
    std::optional<Victim> victim = {};
    Is peer_bitmap = Is::Any;
    Is both_bitmaps = Is::Any;
    SyncMethod method = SyncMethod::None;
    SyncDirection direction = SyncDirection::Nowhere;
    std::string_view source = {};

    [[nodiscard]] bool covers(const HandshakeCase& facts) const;
};

/// Every row, for documentation and tests.
[[nodiscard]] std::span<const HandshakeRow> handshake_rows();

struct SyncDecision {
    SyncMethod method = SyncMethod::None;
    SyncDirection direction = SyncDirection::Nowhere;
    std::string_view source;  ///< the row's
};

/// What two copies that meet do. `changed`: a generation changed since the handshake began.
[[nodiscard]] SyncDecision decide(const ReplicaState& mine, const ReplicaState& peer,
                                  bool changed = false);

}  // namespace landfall
