// tests/unit/generation_test.cpp — the handshake table decides every case once, and both ends
// agree.
#include "model/replication/generation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/base/check.hpp"

namespace landfall {
namespace {

constexpr SiteId kOnPremises(0);
constexpr SiteId kAzure(1);

GenerationId id(SiteId site, std::uint64_t count) {
    return generation_id(site, count);
}

/// A source that wrote `last` and tracked all since its first write, and a target that follows it
/// and has `received`.
std::pair<ReplicaState, ReplicaState> replicating(std::uint64_t last, std::uint64_t received) {
    ReplicaState source;
    source.generations.promote(id(kOnPremises, 1), 0, kOnPremises);
    source.last_sequence = last;
    source.tracked_since = source.generations.current().id;
    ReplicaState target;
    target.generations.follow(source.generations);
    target.last_sequence = received;
    return {source, target};
}

/// The target takes over at what it has, and tracks its changes from then on.
void fail_over(ReplicaState& target, std::uint64_t count) {
    target.generations.promote(id(kAzure, count), target.last_sequence, kAzure);
    target.last_sequence = 5;
    target.tracked_since = target.generations.current().id;
    target.tracked_after = 0;
}

SyncDirection turned(SyncDirection direction) {
    if (direction == SyncDirection::Nowhere) return direction;
    return direction == SyncDirection::ToMe ? SyncDirection::ToPeer : SyncDirection::ToMe;
}

TEST(HandshakeTable, HasOneRowForEveryCase) {
    std::vector<int> hits(handshake_rows().size());
    const auto check = [&](const HandshakeCase& facts) {
        int rows = 0;
        for (std::size_t k = 0; k < handshake_rows().size(); ++k) {
            const bool covers = handshake_rows()[k].covers(facts);
            rows += covers ? 1 : 0;
            hits[k] += covers ? 1 : 0;
        }
        EXPECT_EQ(rows, 1) << "relation " << static_cast<int>(facts.relation);
    };
    for (unsigned bits = 0; bits < 32; ++bits) {
        for (int relation = 0; relation <= static_cast<int>(Relation::Unrelated); ++relation) {
            for (int writers = 0; writers < 3; ++writers) {
                for (int victim = 0; victim < 3; ++victim) {
                    check({.changed = (bits & 1) != 0,
                           .relation = static_cast<Relation>(relation),
                           .writers = static_cast<Writers>(writers),
                           .peer_crashed = (bits & 2) != 0,
                           .tail = (bits & 4) != 0,
                           .victim = static_cast<Victim>(victim),
                           .my_bitmap = (bits & 8) != 0,
                           .peer_bitmap = (bits & 16) != 0});
                }
            }
        }
    }
    EXPECT_THAT(hits, testing::Each(testing::Gt(0))) << "every row is met";
    for (const HandshakeRow& row : handshake_rows()) EXPECT_FALSE(row.source.empty());
}

TEST(HandshakeTable, OverwritesNothingThatOnlyAKeptCopyHolds) {
    for (const HandshakeRow& row : handshake_rows()) {
        const bool fork = row.relation == Relation::Diverged;
        const bool history =
            row.relation == Relation::MineIsParent || row.relation == Relation::MineIsAncestor;
        if (row.direction == SyncDirection::ToMe && (fork || (history && row.tail != Is::No))) {
            EXPECT_EQ(row.victim, Victim::Me) << row.source;
        }
        if (row.direction == SyncDirection::ToPeer) {
            EXPECT_EQ(row.victim, Victim::Peer) << row.source;
        }
        if (row.method == SyncMethod::SplitBrain || row.method == SyncMethod::Unrelated) {
            EXPECT_EQ(row.direction, SyncDirection::Nowhere) << row.source;
        }
    }
}

/// Chains of every shape that two copies of one protected disk can come to, and some that cannot.
std::vector<GenerationChain> all_chains() {
    std::vector<GenerationChain> chains(1);
    GenerationChain first;
    first.promote(id(kOnPremises, 1), 0, kOnPremises);
    GenerationChain azure = first;
    azure.promote(id(kAzure, 1), 10, kAzure);
    GenerationChain later = azure;
    later.promote(id(kOnPremises, 2), 20, kOnPremises);
    GenerationChain forced = first;  // writes forced on the old source while disconnected
    forced.promote(id(kOnPremises, 3), 14, kOnPremises);
    GenerationChain stranger;
    stranger.promote(id(SiteId(7), 1), 0, SiteId(7));
    for (const auto& chain : {first, azure, later, forced, stranger}) {
        chains.push_back(chain);
        chains.push_back(chain);
        chains.back().demote();
    }
    return chains;
}

std::vector<ReplicaState> all_states() {
    std::vector<ReplicaState> states;
    for (const GenerationChain& chain : all_chains()) {
        for (const std::uint64_t last : {5, 10, 12, 25}) {
            for (unsigned bits = 0; bits < 4; ++bits) {
                ReplicaState state{.generations = chain, .last_sequence = last};
                state.crashed_as_source = (bits & 1) != 0;
                state.given_up = (bits & 2) != 0;
                states.push_back(state);
                for (const GenerationRecord& record : chain.records()) {
                    state.tracked_since = record.id;
                    for (const std::uint64_t after : {0, 11}) {
                        state.tracked_after = after;
                        states.push_back(state);
                    }
                }
            }
        }
    }
    return states;
}

TEST(Handshake, GivesBothEndsOneDecision) {
    const std::vector<ReplicaState> states = all_states();
    std::vector<int> met(static_cast<std::size_t>(SyncMethod::Retry) + 1);
    for (const ReplicaState& mine : states) {
        for (const ReplicaState& peer : states) {
            const SyncDecision here = decide(mine, peer);
            const SyncDecision there = decide(peer, mine);
            ++met[static_cast<std::size_t>(here.method)];
            ASSERT_EQ(here.method, there.method) << here.source << " / " << there.source;
            ASSERT_EQ(here.direction, turned(there.direction)) << here.source;
            ASSERT_EQ(here.direction == SyncDirection::Nowhere,
                      here.method == SyncMethod::None || here.method == SyncMethod::SplitBrain ||
                          here.method == SyncMethod::Unrelated);
        }
    }
    for (std::size_t k = 0; k + 1 < met.size(); ++k) EXPECT_GT(met[k], 0) << "method " << k;
}

TEST(Handshake, BeginsWithAFullSyncToTheFreshCopy) {
    auto [source, target] = replicating(7, 0);
    target = {};
    EXPECT_EQ(decide(target, target).method, SyncMethod::None);
    const SyncDecision decision = decide(source, target);
    EXPECT_EQ(decision.method, SyncMethod::FullSync);
    EXPECT_EQ(decision.direction, SyncDirection::ToPeer);
}

TEST(Handshake, ResumesBySequenceAfterACleanReconnect) {
    const auto [source, target] = replicating(7, 5);
    const SyncDecision decision = decide(target, source);
    EXPECT_EQ(decision.method, SyncMethod::ResumeBySequence);
    EXPECT_EQ(decision.direction, SyncDirection::ToMe);
}

TEST(Handshake, TakesTheTrackedExtentsOfASourceThatCrashed) {
    auto [source, target] = replicating(7, 5);
    source.crashed_as_source = true;
    EXPECT_EQ(decide(source, target).method, SyncMethod::UseBitmap);
    EXPECT_EQ(decide(source, target).direction, SyncDirection::ToPeer);
    source.tracked_after = 6;  // the sixth write is known to neither
    EXPECT_EQ(decide(source, target).method, SyncMethod::FullSync);
}

TEST(Handshake, FollowsThePromotedCopyWhenNothingWasLeftBehind) {
    auto [source, target] = replicating(7, 7);
    fail_over(target, 1);
    EXPECT_EQ(decide(source, target).method, SyncMethod::UseBitmap);
    EXPECT_EQ(decide(source, target).direction, SyncDirection::ToMe);
    target.tracked_after = 1;  // tracking was late by one write
    EXPECT_EQ(decide(source, target).method, SyncMethod::FullSync);
}

TEST(Handshake, WantsATailGivenUpBeforeItOverwritesIt) {
    auto [source, target] = replicating(9, 7);
    fail_over(target, 1);
    EXPECT_EQ(decide(source, target).method, SyncMethod::SplitBrain);
    source.given_up = true;
    EXPECT_EQ(decide(source, target).method, SyncMethod::ReverseWithUnion);
    EXPECT_EQ(decide(source, target).direction, SyncDirection::ToMe);
    // Either bitmap with a gap: compare.
    source.tracked_after = 8;
    EXPECT_EQ(decide(source, target).method, SyncMethod::FullSync);
    source.tracked_after = 7;
    EXPECT_EQ(decide(source, target).method, SyncMethod::ReverseWithUnion);
    target.tracked_since = {};
    EXPECT_EQ(decide(source, target).method, SyncMethod::FullSync);
}

TEST(Handshake, StopsBothAfterASplitBrain) {
    auto [source, target] = replicating(7, 7);
    fail_over(target, 1);
    source.generations.promote(id(kOnPremises, 2), 7, kOnPremises);
    EXPECT_EQ(source.generations.current().number, target.generations.current().number);
    EXPECT_EQ(decide(source, target).method, SyncMethod::SplitBrain);
    source.given_up = target.given_up = true;
    EXPECT_EQ(decide(source, target).method, SyncMethod::SplitBrain) << "one has to stay";
    target.given_up = false;
    EXPECT_EQ(decide(source, target).method, SyncMethod::ReverseWithUnion);
    EXPECT_EQ(decide(source, target).direction, SyncDirection::ToMe);
}

TEST(Handshake, RefusesStrangersAndRetriesWhenAGenerationMoved) {
    auto [source, target] = replicating(7, 7);
    ReplicaState stranger;
    stranger.generations.promote(id(SiteId(9), 1), 0, SiteId(9));
    stranger.given_up = true;
    EXPECT_EQ(decide(source, stranger).method, SyncMethod::Unrelated);
    EXPECT_EQ(decide(source, target, true).method, SyncMethod::Retry);
}

TEST(Generations, BeginWithEveryPromotionAndChainToTheCut) {
    auto [source, target] = replicating(9, 7);
    const GenerationRecord before = target.generations.current();
    target.generations.promote(id(kAzure, 1), 7, kAzure);
    const GenerationRecord& after = target.generations.current();
    EXPECT_NE(after.id, before.id);
    EXPECT_EQ(after.parent, before.id);
    EXPECT_EQ(after.parent_cut, 7U);
    EXPECT_EQ(after.number, before.number + 1);
    EXPECT_EQ(target.generations.role(), ReplicaRole::Source);
    EXPECT_EQ(target.generations.child_of(before.id), &after);
    // The copy that was left behind finds that it is no longer the source.
    EXPECT_NE(decide(source, target).method, SyncMethod::ResumeBySequence);
    EXPECT_THROW(target.generations.promote(after.id, 8, kAzure), InvariantViolation);
}

TEST(Generations, KeepABoundedHistoryAndRefuseWhatLiesBeyond) {
    auto [source, target] = replicating(7, 7);
    ReplicaState old = target;
    for (std::uint64_t k = 1; k < 3 * GenerationChain::kMostRecords; ++k) {
        target.generations.promote(id(kAzure, k), 1, kAzure);
        EXPECT_LE(target.generations.records().size(), GenerationChain::kMostRecords);
        EXPECT_EQ(target.generations.current().number, k + 1);
        const SyncMethod method = decide(old, target).method;
        // The oldest record kept still names its parent.
        EXPECT_EQ(method == SyncMethod::Unrelated, k > GenerationChain::kMostRecords) << k;
    }
}

}  // namespace
}  // namespace landfall
