// tests/unit/oracle_points_test.cpp — right and wrong histories of recovery points.
#include <gtest/gtest.h>

#include "tests/unit/oracle_stage.hpp"

namespace landfall::lab {
namespace {

/// A member's point of the group, with everything written until now.
void publish_group(Stage& stage, MachineId machine, std::uint64_t id, Instant cut) {
    PublishedPoint point = stage.claim(machine, id);
    point.group = 0;
    point.cut = cut;
    stage.publish(point, stage.content());
}

}  // namespace

PublishedPoint one_point(Stage& stage) {
    stage.write(0, 3, 4);
    stage.write(1, 60, 4);
    stage.wait(1);
    return stage.publish(kWeb, 1);
}

namespace {

/// A right point of the first disk of web alone, a second later.
void publish_one_disk(Stage& s, std::uint64_t id, std::int64_t later = 1) {
    s.wait(later);
    Content content = s.content();
    content.erase(1);
    s.publish(s.claim(kWeb, id), content);
}

const std::vector<Case> kPointCases = {
    {"S1", "holds both of two ordered writes or the first",
     [](Stage& s) {
         s.write(0, 5);
         s.wait(1);
         PublishedPoint point = s.claim(kWeb, 1);
         const Content before = s.content();
         s.write(1, 7);
         s.wait(1);
         s.publish(point, before);
         s.publish(kWeb, 2);
     },
     [](Stage& s) {
         s.write(0, 5);
         s.wait(1);
         s.write(1, 7);
         s.wait(1);
         Content torn = s.content();
         torn[0][5] = 0;
         s.publish(s.claim(kWeb, 1), torn);
     }},
    {"S1", "holds all of a write or none of it", [](Stage& s) { one_point(s); },
     [](Stage& s) {
         s.write(0, 3, 4);
         s.wait(1);
         Content torn = s.content();
         torn[0][5] = 0;
         s.publish(s.claim(kWeb, 1), torn);
     }},
    {"S1", "holds no write from its cut on", [](Stage& s) { one_point(s); },
     [](Stage& s) {
         one_point(s);
         s.wait(1);
         s.write(0, 9);
         s.wait(1);
         const PublishedPoint point = s.claim(kWeb, 2);
         s.write(1, 30);
         s.publish(point, s.content());
     }},
    {"S1", "holds nothing that nobody wrote there", [](Stage& s) { one_point(s); },
     [](Stage& s) {
         const Stamp stamp = s.write(0, 3, 4);
         s.wait(1);
         Content misplaced = s.content();
         misplaced[0][40] = stamp;
         s.publish(s.claim(kWeb, 1), misplaced);
     }},
    {"S2", "members share the cut",
     [](Stage& s) {
         for (std::uint64_t id = 1; id < 4; ++id) {
             s.write(0, id);
             s.write(2, id);
             s.wait(1);
             publish_group(s, kWeb, id, s.clock);
             publish_group(s, kDb, id, s.clock);
         }
     },
     [](Stage& s) {
         s.wait(5);
         publish_group(s, kWeb, 1, s.clock);
         publish_group(s, kDb, 1, s.clock - seconds(1));
     }},
    {"S2", "no member leaves a cut out",
     [](Stage& s) {
         publish_group(s, kWeb, 1, s.clock);
         publish_group(s, kDb, 1, s.clock);
     },
     [](Stage& s) {
         publish_group(s, kWeb, 1, s.clock);
         s.wait(1);
         publish_group(s, kWeb, 2, s.clock);
         publish_group(s, kDb, 1, s.clock);
     }},
    {"S2", "members show one instant",
     [](Stage& s) {
         s.write(0, 1);
         s.wait(1);
         publish_group(s, kWeb, 1, s.clock);
         publish_group(s, kDb, 1, s.clock);
     },
     [](Stage& s) {
         const Content before = s.content();
         s.write(0, 1);
         s.wait(1);
         s.write(2, 1);
         s.wait(1);
         PublishedPoint point = s.claim(kWeb, 1);
         point.group = 0;
         s.publish(point, before);
         publish_group(s, kDb, 1, s.clock);
     }},
    {"S3", "a listed point keeps its content",
     [](Stage& s) {
         one_point(s);
         s.write(0, 3);
         s.board.checkpoint();
         s.wait(200);
         s.drop(kWeb, 1);
     },
     [](Stage& s) {
         one_point(s);
         s.points.at({0, 1}).content_[0][50] = 1;
         s.board.checkpoint();
     }},
    {"S3", "a point keeps its content until it goes",
     [](Stage& s) {
         one_point(s);
         s.wait(200);
         s.drop(kWeb, 1);
     },
     [](Stage& s) {
         one_point(s);
         s.wait(200);
         s.points.at({0, 1}).content_[1][61] = 0;
         s.drop(kWeb, 1);
     }},
    {"S4", "cuts rise",
     [](Stage& s) {
         one_point(s);
         s.wait(1);
         s.publish(kWeb, 2);
     },
     [](Stage& s) {
         one_point(s);
         s.publish(kWeb, 2);
     }},
    {"S4", "ids rise",
     [](Stage& s) {
         s.publish(kWeb, 7);
         s.wait(1);
         s.publish(kWeb, 9);
     },
     [](Stage& s) {
         s.publish(kWeb, 7);
         s.wait(1);
         s.publish(kWeb, 7);
     }},
    {"S5", "what was written before the label is in", [](Stage& s) { one_point(s); },
     [](Stage& s) {
         const Content before = s.content();
         s.write(0, 5);
         s.wait(1);
         s.publish(s.claim(kWeb, 1), before);
     }},
    {"S12", "publishes in journal mode",
     [](Stage& s) {
         s.board.path_changed(kWeb, "bitmap", false);
         s.board.path_changed(kWeb, "journal", true);
         one_point(s);
     },
     [](Stage& s) {
         s.board.path_changed(kWeb, "bitmap", false);
         one_point(s);
     }},
    {"S16", "listed points can be read",
     [](Stage& s) {
         one_point(s);
         s.board.checkpoint();
     },
     [](Stage& s) {
         one_point(s);
         s.points.clear();
         s.board.checkpoint();
     }},
    {"S16", "merging keeps what a point needs",
     [](Stage& s) {
         one_point(s);
         s.board.checkpoint();
     },
     [](Stage& s) {
         one_point(s);
         s.points.at({0, 1}).content_ = {{0, std::vector<Stamp>(64)}, {1, std::vector<Stamp>(64)}};
         s.board.checkpoint();
     }},
    {"S16", "trims behind the slowest reader",
     [](Stage& s) {
         s.board.consumer_advanced(DiskId(0), 1, 10);
         s.board.consumer_advanced(DiskId(0), 2, 4);
         s.board.log_trimmed(DiskId(0), 4);
     },
     [](Stage& s) {
         s.board.consumer_advanced(DiskId(0), 1, 10);
         s.board.consumer_advanced(DiskId(0), 2, 4);
         s.board.log_trimmed(DiskId(0), 10);
     }},
    {"S18", "a point keeps the shape of its cut",
     [](Stage& s) {
         s.wait(1);
         const PublishedPoint old = s.claim(kWeb, 1);
         const DiskGeometry grown{.sectors = 80};
         s.board.geometry_changed(DiskId(0), grown, s.clock + seconds(1));
         s.source_disks.content_[0].resize(80);
         s.wait(2);
         s.write(0, 70, 3);
         s.wait(1);
         s.board.point_geometry(old, DiskId(0), {.sectors = 64});
         s.board.point_geometry(s.claim(kWeb, 2), DiskId(0), grown);
         s.publish(kWeb, 2);
     },
     [](Stage& s) {
         s.board.geometry_changed(DiskId(0), {.sectors = 80}, s.clock);
         s.wait(1);
         s.board.point_geometry(s.claim(kWeb, 1), DiskId(0), {.sectors = 64});
     }},
    {"S19", "a point inside its retention stays",
     [](Stage& s) {
         one_point(s);
         s.wait(101);
         s.drop(kWeb, 1);
     },
     [](Stage& s) {
         one_point(s);
         s.wait(99);
         s.drop(kWeb, 1);
         s.board.checkpoint();
     }},
    {"S19", "a point outside its retention goes",
     [](Stage& s) {
         one_point(s);
         s.wait(101);
         s.board.checkpoint();
         s.publish(kWeb, 2);
         s.drop(kWeb, 1);
         s.wait(21);
         s.board.checkpoint();
     },
     [](Stage& s) {
         one_point(s);
         s.wait(90);
         s.publish(kWeb, 2);
         s.wait(11);
         s.board.checkpoint();
         s.wait(21);
         s.publish(kWeb, 3);
         s.board.checkpoint();
     }},
    {"S19", "lists what is published",
     [](Stage& s) {
         one_point(s);
         s.board.checkpoint();
     },
     [](Stage& s) {
         one_point(s);
         s.listed.clear();
         s.board.checkpoint();
     }},
    {"S20", "a pinned point stays",
     [](Stage& s) {
         one_point(s);
         s.board.point_pinned(kWeb, 1, true);
         s.wait(200);
         s.board.point_pinned(kWeb, 1, false);
         s.drop(kWeb, 1);
     },
     [](Stage& s) {
         one_point(s);
         s.board.point_pinned(kWeb, 1, true);
         s.wait(200);
         s.drop(kWeb, 1);
     }},
    {"S31", "a damaged record is refused",
     [](Stage& s) {
         s.board.record_damaged(DiskId(0), 1, 5);
         s.board.refused(DiskId(0), 1, "checksum");
         s.board.record_accepted(DiskId(0), 1, 5);
         one_point(s);
     },
     [](Stage& s) {
         s.board.record_damaged(DiskId(0), 1, 5);
         s.board.record_accepted(DiskId(0), 1, 5);
     }},
    {"S31", "damage at rest is not published",
     [](Stage& s) {
         s.board.record_damaged(DiskId(0), 1, 5);
         s.board.replay_ended(DiskId(0), 5, 4);
         one_point(s);
     },
     [](Stage& s) {
         s.board.record_damaged(DiskId(0), 1, 5);
         s.write(0, 3);
         s.wait(1);
         Content damaged = s.content();
         damaged[0][3] ^= 1ULL << 20;
         s.publish(s.claim(kWeb, 1), damaged);
     }},
    {"S36", "a disk that does not replicate is in no point, and one that does in each",
     [](Stage& s) {
         one_point(s);
         s.board.disk_replicates(DiskId(1), false);
         publish_one_disk(s, 2);
         s.wait(1);
         s.board.disk_replicates(DiskId(1), true);
         publish_one_disk(s, 3, 0);  // its cut is the instant of the change
         s.wait(1);
         s.publish(kWeb, 4);
     },
     [](Stage& s) {
         s.board.disk_replicates(DiskId(1), false);
         one_point(s);
     }},
    {"S36", "no disk is left out without a reason", [](Stage& s) { one_point(s); },
     [](Stage& s) { publish_one_disk(s, 1); }},
    {"S5", "a disk that was copied and was missing from the point before is compared whole",
     [](Stage& s) {
         s.board.disk_replicates(DiskId(1), false);
         publish_one_disk(s, 1);
         s.board.disk_replicates(DiskId(1), true);
         s.write(1, 7);
         s.wait(1);
         s.publish(kWeb, 2);
     },
     [](Stage& s) {
         s.board.disk_replicates(DiskId(1), false);
         publish_one_disk(s, 1);
         s.write(1, 7);
         publish_one_disk(s, 2);
         s.board.disk_replicates(DiskId(1), true);
         s.wait(1);
         Content lacks = s.content();
         lacks[1][7] = 0;
         s.publish(s.claim(kWeb, 3), lacks);
     }},
};

}  // namespace

std::vector<Case> point_cases() {
    return kPointCases;
}

}  // namespace landfall::lab
