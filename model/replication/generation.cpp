// model/replication/generation.cpp — chains of generations and the handshake table.
#include "model/replication/generation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

const GenerationRecord& GenerationChain::current() const {
    LANDFALL_CHECK(!is_fresh(), "a fresh copy has no generation");
    return records_.front();
}

void GenerationChain::promote(GenerationId fresh, std::uint64_t cut, SiteId site) {
    LANDFALL_CHECK(!fresh.is_none() && find(fresh) == nullptr, "an id is used for one life only");
    role_ = ReplicaRole::Source;
    if (mutant(Mutant::ReuseGenerationAfterPromote) && !is_fresh()) return;
    GenerationRecord record{.id = fresh, .parent = {}, .site = site};
    record.number = 1;
    if (!is_fresh()) {
        record.parent = current().id;
        record.parent_cut = cut;
        record.number = current().number + 1;
    }
    records_.insert(records_.begin(), record);
    if (records_.size() > kMostRecords) records_.pop_back();
}

void GenerationChain::follow(const GenerationChain& source) {
    records_ = source.records_;
    role_ = ReplicaRole::Target;
}

const GenerationRecord* GenerationChain::child_of(GenerationId parent) const {
    const auto found = std::find_if(records_.begin(), records_.end(),
                                    [&](const auto& record) { return record.parent == parent; });
    return found == records_.end() ? nullptr : &*found;
}

const GenerationRecord* GenerationChain::find(GenerationId id) const {
    const auto found = std::find_if(records_.begin(), records_.end(),
                                    [&](const auto& record) { return record.id == id; });
    return found == records_.end() ? nullptr : &*found;
}

namespace {

using enum SyncMethod;
using enum SyncDirection;

constexpr std::string_view kFresh = "A30: one fresh -> full sync to the fresh one";
constexpr std::string_view kCrashed =
    "A30: equal generation, one crashed while primary -> it is source, its tracked extents";
constexpr std::string_view kParent =
    "A30: mine is the peer's parent, my tail empty -> I become target, peer's bitmap";
constexpr std::string_view kHistory =
    "A30: mine in the peer's history only -> I am target; bitmap if it covers, else full";
constexpr std::string_view kTail =
    "A30: my tail not empty -> diverged, union bitmap only after explicit discard of my tail";
constexpr std::string_view kTailHistory =
    "A30 read with S29: a tail is a tail, however far back the cut lies [D]";
constexpr std::string_view kPeerVictim =
    "S29: a person may choose the promoted copy as the victim; mirror of the row for mine [D]";
constexpr std::string_view kBitmapLost = "A31: if either bitmap is lost -> A20";
constexpr std::string_view kSplit = "A30: new generations over a common ancestor -> split brain";
constexpr std::string_view kSplitVictim = "A30: split brain, the user picks the victim";

/// Rows for a `relation` with a tail or a fork: what is done once somebody was given up.
constexpr HandshakeRow given_up(Relation relation, Is tail, Victim victim, Is bitmaps,
                                std::string_view source) {
    return {.relation = relation,
            .tail = tail,
            .victim = victim,
            .both_bitmaps = bitmaps,
            .method = bitmaps == Is::Yes ? ReverseWithUnion : FullSync,
            .direction = victim == Victim::Me ? ToMe : ToPeer,
            .source = source};
}
constexpr HandshakeRow behind(Relation relation, Victim victim, Is bitmap,
                              std::string_view source) {
    return {.relation = relation,
            .tail = Is::No,
            .victim = victim,
            .peer_bitmap = bitmap,
            .method = bitmap == Is::Yes ? UseBitmap : FullSync,
            .direction = ToMe,
            .source = source};
}
constexpr HandshakeRow equal(Writers writers, Is crashed, Is bitmap, SyncMethod method,
                             std::string_view source) {
    return {.relation = Relation::Same,
            .writers = writers,
            .peer_crashed = crashed,
            .peer_bitmap = bitmap,
            .method = method,
            .direction = method == None || method == SplitBrain ? Nowhere : ToMe,
            .source = source};
}
constexpr HandshakeRow stop(Relation relation, Is tail, std::string_view source) {
    return {.relation = relation,
            .tail = tail,
            .victim = Victim::Nobody,
            .method = SplitBrain,
            .source = source};
}

constexpr Relation kIsParent = Relation::MineIsParent;
constexpr Relation kIsAncestor = Relation::MineIsAncestor;
constexpr Relation kFork = Relation::Diverged;

constexpr std::array kRows = {
    HandshakeRow{.changed = Is::Yes, .method = Retry, .source = "A30: ids changed -> retry"},
    HandshakeRow{.relation = Relation::BothFresh, .source = "A30: both fresh -> none"},
    HandshakeRow{
        .relation = Relation::MineFresh, .method = FullSync, .direction = ToMe, .source = kFresh},
    equal(Writers::Peer, Is::No, Is::Any, ResumeBySequence,
          "A30: equal generation, both clean -> resume by sequence"),
    equal(Writers::Peer, Is::Yes, Is::Yes, UseBitmap, kCrashed),
    equal(Writers::Peer, Is::Yes, Is::No, FullSync, kBitmapLost),
    equal(Writers::Nobody, Is::Any, Is::Any, None, "A30: nobody writes, nothing flows [D]"),
    equal(Writers::Both, Is::Any, Is::Any, SplitBrain,
          "A30: every promotion begins a generation, so one has one writer; S9"),

    behind(kIsParent, Victim::Nobody, Is::Yes, kParent),
    behind(kIsParent, Victim::Me, Is::Yes, kParent),
    behind(kIsParent, Victim::Nobody, Is::No, kBitmapLost),
    behind(kIsParent, Victim::Me, Is::No, kBitmapLost),
    stop(kIsParent, Is::Yes, kTail),
    given_up(kIsParent, Is::Yes, Victim::Me, Is::Yes, kTail),
    given_up(kIsParent, Is::Yes, Victim::Me, Is::No, kBitmapLost),
    given_up(kIsParent, Is::Any, Victim::Peer, Is::Yes, kPeerVictim),
    given_up(kIsParent, Is::Any, Victim::Peer, Is::No, kBitmapLost),

    behind(kIsAncestor, Victim::Nobody, Is::Yes, kHistory),
    behind(kIsAncestor, Victim::Me, Is::Yes, kHistory),
    behind(kIsAncestor, Victim::Nobody, Is::No, kHistory),
    behind(kIsAncestor, Victim::Me, Is::No, kHistory),
    stop(kIsAncestor, Is::Yes, kTailHistory),
    given_up(kIsAncestor, Is::Yes, Victim::Me, Is::Yes, kTailHistory),
    given_up(kIsAncestor, Is::Yes, Victim::Me, Is::No, kBitmapLost),
    given_up(kIsAncestor, Is::Any, Victim::Peer, Is::Yes, kPeerVictim),
    given_up(kIsAncestor, Is::Any, Victim::Peer, Is::No, kBitmapLost),

    stop(kFork, Is::Any, kSplit),
    given_up(kFork, Is::Any, Victim::Me, Is::Yes, kSplitVictim),
    given_up(kFork, Is::Any, Victim::Me, Is::No, kBitmapLost),
    given_up(kFork, Is::Any, Victim::Peer, Is::Yes, kSplitVictim),
    given_up(kFork, Is::Any, Victim::Peer, Is::No, kBitmapLost),

    HandshakeRow{.relation = Relation::Unrelated,
                 .method = SyncMethod::Unrelated,
                 .source = "A30: no common ancestor -> refuse"},
};

/// Whether the bitmap of `copy` holds all its changes after write `after` of generation `id`, or
/// since before that.
bool tracked(const ReplicaState& copy, GenerationId id, std::uint64_t after) {
    if (copy.tracked_since.is_none()) return false;
    if (copy.tracked_since == id) return copy.tracked_after <= after;
    // Newest first: an older record comes later.
    const auto* since = copy.generations.find(copy.tracked_since);
    const auto* wanted = copy.generations.find(id);
    return since != nullptr && wanted != nullptr && since > wanted;
}

/// Whether the bitmap of `copy`, that went on from `mine` as `child`, holds what a copy of
/// generation child.parent at write `held` lacks.
bool tracked_beyond(const ReplicaState& copy, const GenerationRecord& child, std::uint64_t held) {
    return held < child.parent_cut ? tracked(copy, child.parent, held) : tracked(copy, child.id, 0);
}

/// How the chains relate if `mine` is not the newer one; none: look from the other side.
std::optional<Relation> relation_of(const ReplicaState& mine, const ReplicaState& peer) {
    const GenerationChain& me = mine.generations;
    const GenerationChain& other = peer.generations;
    if (me.is_fresh()) return other.is_fresh() ? Relation::BothFresh : Relation::MineFresh;
    if (other.is_fresh()) return std::nullopt;
    const GenerationId id = me.current().id;
    if (id == other.current().id) {
        // The one that takes writes is the source.
        const bool i_write = me.role() == ReplicaRole::Source;
        if (i_write && other.role() == ReplicaRole::Target) return std::nullopt;
        return Relation::Same;
    }
    if (other.current().parent == id) return Relation::MineIsParent;
    if (other.child_of(id) != nullptr) return Relation::MineIsAncestor;
    if (me.child_of(other.current().id) != nullptr) return std::nullopt;
    for (const GenerationRecord& record : me.records()) {
        if (!record.parent.is_none() && other.child_of(record.parent) != nullptr)
            return Relation::Diverged;
    }
    return Relation::Unrelated;
}

void add_bitmaps(HandshakeCase& facts, const ReplicaState& mine, const ReplicaState& peer) {
    const GenerationChain& me = mine.generations;
    const GenerationChain& other = peer.generations;
    switch (facts.relation) {
        case Relation::Same:
            facts.peer_bitmap = tracked(peer, me.current().id, mine.last_sequence);
            return;
        case Relation::MineIsParent:
        case Relation::MineIsAncestor: {
            const GenerationRecord& child = *other.child_of(me.current().id);
            facts.tail = mine.last_sequence > child.parent_cut;
            facts.my_bitmap = !facts.tail || tracked(mine, me.current().id, child.parent_cut);
            facts.peer_bitmap = tracked_beyond(peer, child, mine.last_sequence);
            return;
        }
        case Relation::Diverged:
            for (const GenerationRecord& mine_next : me.records()) {
                const GenerationRecord* peer_next = other.child_of(mine_next.parent);
                if (mine_next.parent.is_none() || peer_next == nullptr) continue;
                facts.tail = true;
                facts.my_bitmap = tracked_beyond(mine, mine_next, peer_next->parent_cut);
                facts.peer_bitmap = tracked_beyond(peer, *peer_next, mine_next.parent_cut);
                return;
            }
            return;
        default: return;
    }
}

HandshakeCase facts_of(Relation relation, const ReplicaState& mine, const ReplicaState& peer) {
    HandshakeCase facts;
    facts.relation = relation;
    if (relation == Relation::Same && mine.generations.role() == peer.generations.role()) {
        const bool both = mine.generations.role() == ReplicaRole::Source;
        facts.writers = both ? Writers::Both : Writers::Nobody;
    }
    facts.peer_crashed = peer.crashed_as_source;
    if (mine.given_up != peer.given_up) facts.victim = mine.given_up ? Victim::Me : Victim::Peer;
    add_bitmaps(facts, mine, peer);
    return facts;
}

}  // namespace

bool HandshakeRow::covers(const HandshakeCase& facts) const {
    const auto fits = [](Is wanted, bool fact) {
        return wanted == Is::Any || (wanted == Is::Yes) == fact;
    };
    return (!relation || *relation == facts.relation) && (!writers || *writers == facts.writers) &&
           (!victim || *victim == facts.victim) && fits(changed, facts.changed) &&
           fits(peer_crashed, facts.peer_crashed) && fits(tail, facts.tail) &&
           fits(peer_bitmap, facts.peer_bitmap) &&
           fits(both_bitmaps, facts.my_bitmap && facts.peer_bitmap);
}

std::span<const HandshakeRow> handshake_rows() {
    return kRows;
}

SyncDecision decide(const ReplicaState& mine, const ReplicaState& peer, bool changed) {
    std::optional<Relation> relation = relation_of(mine, peer);
    const bool turned = !relation;
    if (turned) relation = relation_of(peer, mine);
    LANDFALL_CHECK(relation.has_value(), "one of two copies is not the newer one");
    HandshakeCase facts =
        turned ? facts_of(*relation, peer, mine) : facts_of(*relation, mine, peer);
    facts.changed = changed;
    const auto row = std::find_if(kRows.begin(), kRows.end(),
                                  [&](const auto& one) { return one.covers(facts); });
    LANDFALL_CHECK(row != kRows.end(), "every case has a row");
    SyncDirection direction = row->direction;
    if (turned && direction != Nowhere) direction = direction == ToMe ? ToPeer : ToMe;
    return {row->method, direction, row->source};
}

}  // namespace landfall
