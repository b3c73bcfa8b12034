// model/replication/reverse_delta.cpp — the union of two bitmaps, or what to do without one.
#include "model/replication/reverse_delta.hpp"

#include "model/base/mutant.hpp"

namespace landfall {

namespace {

bool reaches_back_to(const TrackedChanges& changes, std::uint64_t sequence) {
    return changes.bitmap != nullptr && changes.after <= sequence;
}

/// A plan that covers every block.
ReversePlan whole_disk(const ReverseSituation& situation, ReverseMethod method,
                       std::string_view why) {
    ReversePlan plan{method, DirtyBitmap(situation.sectors, situation.grain), why};
    plan.blocks.set({0, situation.sectors});
    return plan;
}

}  // namespace

ReversePlan plan_reverse(const ReverseSituation& situation) {
    if (!situation.original_location) {
        return whole_disk(situation, ReverseMethod::FullDownload,
                          "the machine goes to another location, which holds nothing of it");
    }
    if (!situation.original_exists) {
        return whole_disk(situation, ReverseMethod::FullDownload, "the original disk is gone");
    }
    // Whatever its bitmap says: without one a tail may be there.
    const bool no_tail =
        reaches_back_to(situation.source, situation.cut) && !situation.source.bitmap->any();
    if (!situation.tail_given_up && !no_tail) {
        return {ReverseMethod::Refuse, DirtyBitmap(situation.sectors, situation.grain),
                "the original holds writes that the failover left behind, and nobody gave them up"};
    }
    if (situation.download_wanted) {
        return whole_disk(situation, ReverseMethod::FullDownload, "the full download was chosen");
    }
    if (!reaches_back_to(situation.target, 0)) {
        return whole_disk(situation, ReverseMethod::Compare,
                          "changes since the activation were not tracked from its start on");
    }
    if (!reaches_back_to(situation.source, situation.cut)) {
        return whole_disk(situation, ReverseMethod::Compare,
                          "the original's writes after the cut were not all tracked");
    }
    ReversePlan plan{ReverseMethod::CopyBlocks, DirtyBitmap(situation.sectors, situation.grain),
                     "both sides tracked all their changes since the cut"};
    if (!mutant(Mutant::UnionMissesTargetBitmap)) plan.blocks.merge(*situation.target.bitmap);
    if (!mutant(Mutant::UnionMissesSourceBitmap)) plan.blocks.merge(*situation.source.bitmap);
    return plan;
}

}  // namespace landfall
