// tests/unit/oracle_data_path_test.cpp — right and wrong histories of streams, copies and replays.
#include <gtest/gtest.h>

#include "tests/unit/oracle_stage.hpp"

namespace landfall::lab {
namespace {

const DiskId kDisk{0};
constexpr SectorRange kBlock{8, 8};

void copy(Stage& s, bool durable) {
    s.board.dirty_cleared(kDisk, kBlock);
    s.board.copy_read(kDisk, kBlock);
    if (!durable) s.board.dirty_marked(kDisk, kBlock);
    s.board.copy_ended(kDisk, kBlock, durable);
}

const std::vector<Case> kReplicaCases = {
    {"S10", "takes nothing of an older generation",
     [](Stage& s) {
         s.board.accepted(kDisk, 1, {0, 1});
         s.board.accepted(DiskId(1), 2, {0, 1});
         s.board.accepted(kDisk, 2, {0, 1});
         s.board.accepted(DiskId(2), 1, {0, 1});  // another machine
         s.board.record_accepted(kDisk, 3, 1);
     },
     [](Stage& s) {
         s.board.accepted(DiskId(1), 2, {0, 1});
         s.board.accepted(kDisk, 1, {0, 1});
     }},
    {"S10", "takes nothing of the generation that a failover ended",
     [](Stage& s) {
         s.board.accepted(kDisk, 1, {0, 1});
         const PublishedPoint point = one_point(s);
         s.board.failed_over(point, true, s.reader());
         s.board.accepted(kDisk, 2, {0, 1});
     },
     [](Stage& s) {
         const PublishedPoint point = one_point(s);
         s.board.failed_over(point, true, s.reader());
         s.board.accepted(kDisk, 1, {0, 1});
     }},
    {"S10", "another point of the same failover ends no other generation",
     [](Stage& s) {
         s.board.accepted(kDisk, 1, {0, 1});
         const PublishedPoint point = one_point(s);
         s.board.failed_over(point, false, s.reader());
         s.board.failed_over(point, false, s.reader());  // the recovery point was changed
         s.board.accepted(kDisk, 2, {0, 1});
     },
     [](Stage& s) {
         s.board.accepted(kDisk, 1, {0, 1});
         const PublishedPoint point = one_point(s);
         s.board.failed_over(point, false, s.reader());
         s.board.failed_over(point, false, s.reader());
         s.board.accepted(kDisk, 1, {0, 1});
     }},
    {"S11", "what differs is known to differ",
     [](Stage& s) {
         s.replica_readable = true;
         s.write(0, 10, 2);
         s.dirty = {{0, 10}, {0, 11}};
         s.board.checkpoint();
         s.replicate();
         s.dirty.clear();
         s.board.checkpoint();
         s.board.checkpoint();
     },
     [](Stage& s) {
         s.replica_readable = true;
         s.write(0, 10, 2);
         s.dirty = {{0, 10}};
         s.board.checkpoint();
     }},
    {"S11", "what was equal and was overwritten with old data is known",
     [](Stage& s) {
         s.replica_readable = true;
         s.write(0, 10);
         s.replicate();
         s.board.checkpoint();
         s.board.accepted(kDisk, 1, {10, 1});
         s.board.checkpoint();
     },
     [](Stage& s) {
         s.replica_readable = true;
         s.write(0, 10);
         s.replicate();
         s.board.checkpoint();
         s.replica_disks.content_[0][10] = 0;
         s.board.accepted(kDisk, 1, {10, 1});
         s.board.checkpoint();
     }},
    {"S13", "acknowledged records survive",
     [](Stage& s) {
         const Stamp acknowledged = s.write(0, 10);
         const ContentReader kept = s.reader();
         s.write(0, 10);
         s.board.acknowledged(kDisk, acknowledged);
         s.board.replica_recovered(kDisk, kept);
         s.board.replica_recovered(kDisk, s.reader());
     },
     [](Stage& s) {
         s.write(0, 10);
         const ContentReader kept = s.reader();
         s.board.acknowledged(kDisk, s.write(0, 10));
         s.board.replica_recovered(kDisk, kept);
     }},
    {"S13", "acknowledged copies survive",
     [](Stage& s) {
         s.write(0, 10);
         copy(s, true);
         const ContentReader kept = s.reader();
         s.write(0, 10);
         copy(s, false);
         s.board.replica_recovered(kDisk, kept);
     },
     [](Stage& s) {
         const ContentReader kept = s.reader();
         s.write(0, 10);
         copy(s, true);
         s.board.replica_recovered(kDisk, kept);
     }},
    {"S14", "a second replay changes nothing",
     [](Stage& s) { s.board.replayed_again(kDisk, s.reader(), s.reader()); },
     [](Stage& s) {
         const ContentReader before = s.reader();
         s.write(0, 63);
         s.board.replayed_again(kDisk, before, s.reader());
     }},
    {"S15", "no gap",
     [](Stage& s) {
         for (std::uint64_t k = 5; k < 9; ++k) s.board.record_accepted(kDisk, 1, k);
         s.board.record_accepted(DiskId(1), 1, 1);
         s.board.record_accepted(kDisk, 2, 1);
         s.board.path_changed(kWeb, "bitmap", false);
         s.board.path_changed(kWeb, "journal", true);
         s.board.record_accepted(kDisk, 2, 77);
     },
     [](Stage& s) {
         s.board.record_accepted(kDisk, 1, 5);
         s.board.record_accepted(kDisk, 1, 7);
     }},
    {"S15", "nothing twice",
     [](Stage& s) {
         s.board.record_accepted(kDisk, 1, 5);
         s.board.replica_recovered(kDisk, s.reader());
         s.board.record_accepted(kDisk, 1, 5);
     },
     [](Stage& s) {
         s.board.record_accepted(kDisk, 1, 5);
         s.board.record_accepted(kDisk, 1, 5);
     }},
    {"S15", "a replay stops at the first bad record",
     [](Stage& s) {
         s.board.replay_ended(kDisk, 0, 9);
         s.board.replay_ended(kDisk, 5, 4);
     },
     [](Stage& s) { s.board.replay_ended(kDisk, 5, 7); }},
    {"S17", "clears before it reads",
     [](Stage& s) {
         copy(s, true);
         copy(s, false);
     },
     [](Stage& s) {
         s.board.copy_read(kDisk, kBlock);
         s.board.dirty_cleared(kDisk, kBlock);
         s.board.copy_ended(kDisk, kBlock, true);
     }},
    {"S17", "sets again what failed",
     [](Stage& s) {
         s.board.dirty_cleared(kDisk, kBlock);
         s.board.copy_read(kDisk, kBlock);
         s.board.dirty_marked(kDisk, {8, 3});   // the guest
         s.board.dirty_marked(kDisk, {11, 5});  // the copy
         s.board.copy_ended(kDisk, kBlock, false);
     },
     [](Stage& s) {
         s.board.dirty_cleared(kDisk, kBlock);
         s.board.copy_read(kDisk, kBlock);
         s.board.dirty_marked(kDisk, {8, 3});
         s.board.copy_ended(kDisk, kBlock, false);
     }},
    {"S17", "clears no more than it copies",
     [](Stage& s) {
         s.board.dirty_cleared(kDisk, {0, 16});
         s.board.copy_read(kDisk, {0, 8});
         s.board.copy_read(kDisk, kBlock);
         s.board.copy_ended(kDisk, kBlock, true);
         s.board.copy_ended(kDisk, {0, 8}, true);
     },
     [](Stage& s) {
         s.board.dirty_cleared(kDisk, {0, 16});
         s.board.copy_read(kDisk, kBlock);
         s.board.copy_ended(kDisk, kBlock, true);
     }},
    {"S23", "flushed writes survive",
     [](Stage& s) {
         const Stamp flushed = s.write(0, 10);
         const ContentReader kept = s.reader();
         s.write(0, 10);
         s.board.guest_flushed(kDisk, flushed);
         s.board.source_recovered(kDisk, kept);
     },
     [](Stage& s) {
         const ContentReader kept = s.reader();
         s.board.guest_flushed(kDisk, s.write(0, 10));
         s.board.source_recovered(kDisk, kept);
     }},
};

const std::vector<Case> kStreamCases = {
    {"S24", "decoding gives back what was encoded",
     [](Stage& s) { s.board.payload_decoded(kDisk, 7, 7, 7); },
     [](Stage& s) { s.board.payload_decoded(kDisk, 7, 8, 7); }},
    {"S24", "the checksum is of the plain bytes",
     [](Stage& s) { s.board.payload_decoded(kDisk, 7, 7, 7); },
     [](Stage& s) { s.board.payload_decoded(kDisk, 7, 7, 9); }},
    {"S25", "every window keeps to rate and burst",
     [](Stage& s) {
         s.board.throttle_set(0, BytesPerSecond(100), Bytes(50));
         s.board.bytes_sent(kDisk, Bytes(50), false);
         for (int k = 0; k < 10; ++k) {
             s.wait(1);
             s.board.bytes_sent(k % 2 == 0 ? kDisk : DiskId(1), Bytes(50), false);
             s.board.bytes_sent(DiskId(2), Bytes(5000), false);  // db is not throttled
         }
         s.board.throttle_set(0, BytesPerSecond(0), Bytes(0));
         s.board.bytes_sent(kDisk, Bytes(5000), false);
     },
     [](Stage& s) {
         s.board.throttle_set(0, BytesPerSecond(100), Bytes(50));
         s.wait(100);  // an idle throttle saves up no more than the burst
         s.board.bytes_sent(kDisk, Bytes(30), false);
         s.board.bytes_sent(DiskId(1), Bytes(21), false);
     }},
    {"S26", "a queue keeps to its bound",
     [](Stage& s) { s.board.queue_filled("relay", Bytes(10), Bytes(10)); },
     [](Stage& s) { s.board.queue_filled("relay", Bytes(11), Bytes(10)); }},
    {"L6", "writes wait no longer than a marker may take",
     [](Stage& s) {
         s.board.writes_held(kWeb, seconds(2));
         s.wait(2);
         s.board.writes_released(kWeb);
         s.wait(9);
         s.board.checkpoint();
     },
     [](Stage& s) {
         s.board.writes_held(kWeb, seconds(2));
         s.wait(3);
         s.board.checkpoint();
     }},
    {"S33", "acknowledges no more than was sent",
     [](Stage& s) {
         s.board.bytes_sent(kDisk, Bytes(10), false);
         s.board.bytes_lost(kDisk, Bytes(4));
         s.board.bytes_acknowledged(kDisk, Bytes(6));
         s.board.bytes_sent(kDisk, Bytes(4), true);
         s.board.bytes_acknowledged(kDisk, Bytes(4));
         s.flying[0] = Bytes(0);
         s.board.checkpoint();
     },
     [](Stage& s) {
         s.board.bytes_sent(kDisk, Bytes(10), false);
         s.board.bytes_lost(kDisk, Bytes(4));
         s.board.bytes_acknowledged(kDisk, Bytes(10));
     }},
    {"S33", "sends again only what was lost",
     [](Stage& s) {
         s.board.bytes_sent(kDisk, Bytes(10), false);
         s.board.bytes_lost(kDisk, Bytes(10));
         s.board.bytes_sent(kDisk, Bytes(10), true);
     },
     [](Stage& s) {
         s.board.bytes_sent(kDisk, Bytes(10), false);
         s.board.bytes_sent(kDisk, Bytes(10), true);
     }},
    {"S33", "every byte is somewhere",
     [](Stage& s) {
         s.board.bytes_sent(DiskId(2), Bytes(3), false);
         s.board.bytes_acknowledged(DiskId(2), Bytes(2));
         s.flying[2] = Bytes(1);
         s.board.checkpoint();
     },
     [](Stage& s) {
         s.board.bytes_sent(kDisk, Bytes(10), false);
         s.flying[0] = Bytes(9);
         s.board.checkpoint();
     }},
    {"S33", "progress is between nothing and all",
     [](Stage& s) { s.board.progress_reported(kWeb, Bytes(10), Bytes(10)); },
     [](Stage& s) { s.board.progress_reported(kWeb, Bytes(11), Bytes(10)); }},
    {"S34", "stamps rise", [](Stage& s) { one_point(s); },
     [](Stage& s) {
         for (int k = 0; k < 2; ++k)
             s.board.guest_wrote(kDisk, {.stamp = 5, .at = s.clock, .range = {0, 1}});
     }},
    {"S34", "nothing is dated later than now", [](Stage& s) { one_point(s); },
     [](Stage& s) {
         PublishedPoint early = s.claim(kWeb, 1);
         early.cut = s.clock + seconds(1);
         s.publish(early, s.content());
     }},
    {"S34", "the clock runs on",
     [](Stage& s) {
         s.board.checkpoint();
         s.board.checkpoint();
         s.wait(1);
         s.board.checkpoint();
     },
     [](Stage& s) {
         s.wait(5);
         s.board.checkpoint();
         s.wait(-1);
         s.board.checkpoint();
     }},
    {"S34", "reports follow one another",
     [](Stage& s) { s.board.rpo_reported(kWeb, s.clock, seconds(0)); },
     [](Stage& s) {
         s.wait(5);
         s.board.rpo_reported(kWeb, s.clock, seconds(5));
         s.board.rpo_reported(kWeb, s.clock - seconds(1), seconds(5));
     }},
};

}  // namespace

std::vector<Case> data_path_cases() {
    std::vector<Case> all = kReplicaCases;
    all.insert(all.end(), kStreamCases.begin(), kStreamCases.end());
    return all;
}

}  // namespace landfall::lab
