// tests/unit/replica_crash_test.cpp — the power goes at every step of the replica, and everything
// that was promised is there afterwards.
#include <gtest/gtest.h>

#include "model/storage/replica_store.hpp"
#include "sim/memory/crashable_store.hpp"
#include "tests/support/naive_replica.hpp"

namespace landfall {
namespace {

using testing::NaiveReplica;
using testing::ReplicaHistory;

const std::vector<DiskGeometry> kDisks = {{150, Bytes(4096)}, {70, Bytes(512)}};

void lose_power(CrashableStore& store, std::uint64_t seed) {
    kernel::RandomStream random(seed, "test", "crash");
    store.crash([&](std::uint64_t bound) { return random.below(bound); });
}

/// Empty if the replica is one of the outcomes, else how it differs from the last of them.
std::string mismatch(const std::vector<NaiveReplica>& outcomes, const ReplicaStore& replica) {
    std::string difference;
    for (const NaiveReplica& outcome : outcomes) {
        difference = outcome.difference(replica);
        if (difference.empty()) return {};
    }
    return difference;
}

/// A history that ended with the power going during persistence operation `operation`, or that
/// reached its last step.
struct Crashed {
    CrashableStore store;
    ReplicaHistory history;
    bool finished = true;

    Crashed(std::uint64_t seed, int steps, std::uint64_t operation) : history(kDisks, seed) {
        store.crash_at(operation);
        try {
            ReplicaStore replica(store, "r", kDisks);
            for (int step = 0; step < steps; ++step) history.step(replica);
        } catch (const PowerLost&) {
            finished = false;
        }
    }
    /// Before the first step an empty replica may be found.
    [[nodiscard]] std::vector<NaiveReplica> outcomes() const {
        return history.outcomes().empty() ? std::vector<NaiveReplica>{NaiveReplica(kDisks)}
                                          : history.outcomes();
    }
};

// S1, S3, S13, S16, S19, S20 across crashes (F19, F31, F38, F39). The outcomes that are accepted:
// all that was acknowledged, with the step under way done as a whole or not at all; of a flush, the
// front of what it was about to make durable.
TEST(ReplicaCrash, LeavesWhatWasPromisedAtEveryOperation) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        for (std::uint64_t operation = 0;; ++operation) {
            const Crashed crashed(seed, 60, operation);
            for (std::uint64_t draw = 0; draw < 6; ++draw) {
                CrashableStore store = crashed.store;
                lose_power(store, operation * 100 + draw);
                const ReplicaStore replica = ReplicaStore::recover(store, "r", kDisks);
                ASSERT_EQ(mismatch(crashed.outcomes(), replica), "")
                    << "seed " << seed << " operation " << operation << " draw " << draw << " of "
                    << crashed.history.step_name();
                ASSERT_FALSE(replica.damaged());
            }
            if (crashed.finished) break;
        }
    }
}

// Looking for what is there does not change it, also when the power goes while looking.
TEST(ReplicaCrash, RecoversTheSameHoweverOftenItIsInterrupted) {
    for (std::uint64_t seed = 21; seed <= 24; ++seed) {
        for (std::uint64_t operation = 0;; operation += 3) {
            const Crashed crashed(seed, 50, operation);
            CrashableStore store = crashed.store;
            lose_power(store, operation);
            const std::vector<NaiveReplica> outcomes = crashed.outcomes();
            for (std::uint64_t later = 0;; ++later) {
                CrashableStore again = store;
                again.crash_at(again.operations() + later);
                bool interrupted = false;
                try {
                    const ReplicaStore whole = ReplicaStore::recover(again, "r", kDisks);
                } catch (const PowerLost&) {
                    interrupted = true;
                }
                lose_power(again, operation + later);
                const ReplicaStore replica = ReplicaStore::recover(again, "r", kDisks);
                ASSERT_EQ(mismatch(outcomes, replica), "")
                    << "seed " << seed << " operation " << operation << ", recovery interrupted at "
                    << later;
                ASSERT_FALSE(replica.damaged());
                if (!interrupted) break;
            }
            if (crashed.finished) break;
        }
    }
}

// A replica that came back goes on as if nothing had happened.
TEST(ReplicaCrash, GoesOnAfterRecovery) {
    for (std::uint64_t seed = 31; seed <= 50; ++seed) {
        CrashableStore store;
        ReplicaHistory history(kDisks, seed);
        ReplicaStore replica(store, "r", kDisks);
        for (int step = 0; step < 600; ++step) {
            history.step(replica);
            if (step % 7 != 0 || history.step_name() == "stage" || history.step_name() == "copy")
                continue;
            if (history.has_unflushed()) continue;
            lose_power(store, static_cast<std::uint64_t>(step));
            replica = ReplicaStore::recover(store, "r", kDisks);
            ASSERT_FALSE(replica.damaged());
            ASSERT_EQ(history.arrived().difference(replica), "")
                << "seed " << seed << " step " << step << " " << history.step_name();
        }
    }
}

/// Listed points of a store with rot in it are right, and what is missing is known to be.
void expect_whole_points(CrashableStore& store, const Crashed& crashed, const std::string& where) {
    ReplicaStore replica = ReplicaStore::recover(store, "r", kDisks);
    if (!replica.damaged()) {
        EXPECT_EQ(mismatch(crashed.outcomes(), replica), "") << where;
        return;
    }
    for (const ReplicaPoint& listed : replica.points()) {
        for (const NaiveReplica::Point& point : crashed.history.arrived().points()) {
            if (point.label.id != listed.id) continue;
            for (std::uint32_t disk = 0; disk < kDisks.size(); ++disk) {
                NaiveReplica::Image image(kDisks[disk].sectors);
                replica.read(listed.id, disk, 0, image);
                EXPECT_EQ(image, point.images[disk]) << where;
            }
        }
    }
    // Known until the source has copied anew, also after the next crash.
    replica = ReplicaStore::recover(store, "r", kDisks);
    EXPECT_TRUE(replica.damaged()) << where;
    replica.repaired();
    EXPECT_FALSE(ReplicaStore::recover(store, "r", kDisks).damaged()) << where;
}

// F34: rot anywhere is either noticed or without effect, and no listed point ever reads wrong.
TEST(ReplicaCrash, NoticesEveryFlippedBit) {
    for (std::uint64_t seed = 61; seed <= 66; ++seed) {
        Crashed crashed(seed, 80, ~std::uint64_t{0});
        ASSERT_TRUE(crashed.finished);
        lose_power(crashed.store, 1);
        kernel::RandomStream random(seed, "test", "rot");
        for (const std::string& name : crashed.store.list("r/")) {
            for (int flip = 0; flip < 20; ++flip) {
                CrashableStore store = crashed.store;
                if (store.size(name) == 0) continue;
                store.flip_bit(name, random.below(8 * store.size(name)));
                expect_whole_points(store, crashed, name);
            }
        }
    }
}

// F35: a store that keeps the front of a write only does not cost a byte.
TEST(ReplicaCrash, WritesAgainWhatTheStoreCutShort) {
    for (const std::uint64_t most : {0, 1, 20, 100}) {
        for (int cut_short = 0; cut_short < 60; ++cut_short) {
            CrashableStore store;
            ReplicaHistory history(kDisks, 71);
            ReplicaStore replica(store, "r", kDisks);
            for (int step = 0; step < 60; ++step) {
                if (step == cut_short) store.short_writes("r/", most);
                history.step(replica);
            }
            lose_power(store, most);
            replica = ReplicaStore::recover(store, "r", kDisks);
            ASSERT_EQ(mismatch(history.outcomes(), replica), "") << "step " << cut_short;
        }
    }
}

// What is no longer needed does not stay: the store holds no more than a few times what is listed.
TEST(ReplicaCrash, LeavesNoObjectsBehind) {
    CrashableStore store;
    ReplicaHistory history(kDisks, 91);
    ReplicaStore replica(store, "r", kDisks);
    for (int step = 0; step < 2000; ++step) {
        history.step(replica);
        // A catalogue, a log, a layer per point; what is folded into the oldest; the newest
        // dropped.
        ASSERT_LE(store.list("r/").size(), 2 + replica.points().size() + 64 + 1);
    }
    lose_power(store, 1);
    replica = ReplicaStore::recover(store, "r", kDisks);
    EXPECT_LE(store.list("r/").size(), 2 + replica.points().size() + 64 + 1);
}

}  // namespace
}  // namespace landfall
