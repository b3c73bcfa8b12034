// sim/lab/oracle_board.cpp — history, comparisons and lives; what the oracles hear of them.
#include "sim/lab/oracle_board.hpp"

#include <algorithm>

#include "sim/lab/oracles_loss.hpp"
#include "sim/lab/oracles_points.hpp"
#include "sim/lab/oracles_replica.hpp"
#include "sim/lab/oracles_stream.hpp"

namespace landfall::lab {

namespace {

template <typename... Oracles>
std::vector<std::unique_ptr<Oracle>> make_all(LabContext& lab) {
    std::vector<std::unique_ptr<Oracle>> all;
    (all.push_back(std::make_unique<Oracles>(lab)), ...);
    return all;
}

}  // namespace

OracleBoard::OracleBoard(BoardSetup setup, std::function<Instant()> now, BoardOptions options)
    : lab_(std::move(setup), std::move(options), std::move(now)),
      oracles_(make_all<PrefixConsistentCut, OneCutPerGroup, PublishedIsFrozen, PointsInOrder,
                        HonestLabel, HonestRpo, PlannedLosesNothing, LossWithinReportedRpo,
                        OldGenerationFenced, DirtySuperset, PublishInJournalOnly,
                        AcknowledgedIsDurable, ReplayIsIdempotent, RecordsInSequence, NeededIsKept,
                        ClearedOnlyAfterDurable, OneGeometryPerPoint, RetentionKept, PinnedStays,
                        FlushIsDurable, RoundTrip, ThrottleKept, QueuesBounded, FailbackIsTheTarget,
                        DamageIsDetected, BytesConserved, TimeNeverBackwards, GuestsGoOn,
                        FailoverIsItsPoint, PointsHoldWhatReplicates>(lab_)),
      machines_(lab_.setup.machines.size()) {
    using Hears = Oracle::Hears;
    for (const auto& oracle : oracles_) {
        const Hears hears = oracle->hears();
        all_.push_back(oracle.get());
        if (hears == Hears::Writes || hears == Hears::WritesAndRecords)
            of_writes_.push_back(oracle.get());
        if (hears == Hears::Records || hears == Hears::WritesAndRecords)
            of_records_.push_back(oracle.get());
    }
    for (std::size_t d = 0; d < lab_.setup.disks.size(); ++d) {
        shadows_.push_back({ShadowImage(DiskId(d)), {}});
        shadows_.back().image.keep_hash();
    }
}

OracleBoard::~OracleBoard() = default;

std::uint64_t OracleBoard::violation_count() const {
    std::uint64_t count = 0;
    for (const auto& oracle : oracles_) count += oracle->violations();
    return count;
}

// ---- the source
// ----------------------------------------------------------------------------------
void OracleBoard::guest_wrote(DiskId disk, const GuestWrite& write) {
    const MachineId machine = lab_.owner(disk);
    MachineState& state = machines_[machine.value];
    const Stamp life = write.stamp >> kStampLifeShift;
    if (life > state.life) {
        state.life = life;
        go_on(machine);
    }
    tell(of_writes_, [&](Oracle& oracle) { oracle.guest_wrote(disk, write); });
    if (lab_.history.fits(disk, write)) lab_.history.add(disk, write);  // else S34 said so
}

void OracleBoard::geometry_changed(DiskId disk, const DiskGeometry& now, Instant at) {
    lab_.history.resize(disk, now, at);
    tell(all_, [&](Oracle& oracle) { oracle.geometry_changed(disk, now, at); });
}

// ---- points
// --------------------------------------------------------------------------------------
void OracleBoard::point_published(const PublishedPoint& point, const BlockReader& content) {
    const auto& branch = machines_[point.machine.value].branch;
    if (branch && point.generation > branch->generation) go_on(point.machine);
    tell(all_, [&](Oracle& oracle) { oracle.point_published(point, content); });
    ImageComparison found(lab_, point.cut);
    compare_point(point, content, found);
    ++points_checked_;
    note(found);
    for (Oracle* const oracle : all_) oracle->point_compared(point, found);
    ListedPoint listed;
    listed.point = point;
    listed.published_at = lab_.now();
    listed.complete_until = found.misses_writes() ? found.oldest_missing().at : point.cut;
    listed.hash = found.hash();
    listed.right = found.wrong() == 0;
    lab_.points.add(listed);
}

void OracleBoard::compare_point(const PublishedPoint& point, const BlockReader& content,
                                ImageComparison& found) {
    MachineState& state = machines_[point.machine.value];
    const std::vector<DiskId> disks = held_by(content, point.machine);
    const WriteHistory& history = lab_.history;
    bool whole =
        state.whole || state.points % lab_.options.full_compare_every == 0 || disks != state.held;
    state.held = disks;
    // As long behind the cut as the point before lies ahead of it.
    const Instant behind = point.cut > state.cut ? point.cut + (point.cut - state.cut) : point.cut;
    for (const DiskId disk : disks) {
        Shadow& shadow = shadows_[disk.value];
        const std::uint64_t position = history.position(disk, point.cut);
        whole = !shadow.image.advance(history, position, &shadow.touched) || whole;
        const std::uint64_t last = history.position(disk, behind);
        for (std::uint64_t k = position; k < last; ++k)
            shadow.touched.insert(history.range(disk, k));
    }
    for (const DiskId disk : disks) {
        Shadow& shadow = shadows_[disk.value];
        if (whole)
            found.compare_all(shadow.image, content);
        else
            found.compare(shadow.image, shadow.touched, content);
        shadow.touched.clear();
    }
    found.conclude();
    ++state.points;
    state.cut = point.cut;
    state.whole = false;
}

std::vector<DiskId> OracleBoard::held_by(const BlockReader& content, MachineId machine) const {
    std::vector<DiskId> disks = lab_.disks_of(machine);
    std::erase_if(disks, [&](DiskId disk) { return !content.holds(disk); });
    return disks;
}

void OracleBoard::compare_whole(MachineId machine, const BlockReader& content,
                                ImageComparison& found) {
    for (const DiskId disk : held_by(content, machine)) {
        ShadowImage image(disk);
        image.advance(lab_.history, lab_.history.position(disk, found.cut()), nullptr);
        found.compare_all(image, content);
    }
    found.conclude();
    note(found);
}

void OracleBoard::point_dropped(MachineId machine, std::uint64_t id) {
    tell(all_, [&](Oracle& oracle) { oracle.point_dropped(machine, id); });
    lab_.points.drop(machine, id);
}

// What the replica says that it lost is not missed: no promise about it is left.
void OracleBoard::replica_damaged(MachineId machine, std::span<const std::uint64_t> kept) {
    tell(all_, [&](Oracle& oracle) { oracle.replica_damaged(machine, kept); });
    std::erase_if(lab_.points.of(machine), [&](const ListedPoint& listed) {
        return std::find(kept.begin(), kept.end(), listed.point.id) == kept.end();
    });
    machines_[machine.value].whole = true;
}

void OracleBoard::point_pinned(MachineId machine, std::uint64_t id, bool pinned) {
    tell(all_, [&](Oracle& oracle) { oracle.point_pinned(machine, id, pinned); });
    if (ListedPoint* const listed = lab_.points.find(machine, id)) listed->pinned = pinned;
}

// ---- failovers
// -----------------------------------------------------------------------------------
void OracleBoard::failed_over(const PublishedPoint& point, bool planned,
                              const BlockReader& content) {
    tell(all_, [&](Oracle& oracle) { oracle.failed_over(point, planned, content); });
    ImageComparison at_cut(lab_, point.cut);
    compare_whole(point.machine, content, at_cut);
    ImageComparison at_end(lab_, Instant::never());
    if (planned) compare_whole(point.machine, content, at_end);
    const FailoverFinding finding{point, at_cut, planned ? &at_end : nullptr};
    for (Oracle* const oracle : all_) oracle->failover_compared(finding);
    for (ListedPoint& listed : lab_.points.of(point.machine)) listed.released = true;
    machines_[point.machine.value].branch =
        Branch{point.cut, lab_.now(), point.generation, held_by(content, point.machine)};
}

// The other leg's disks go on from there; what they held before is a past of its own.
void OracleBoard::leg_branched(MachineId from, MachineId to, Instant cut) {
    const std::vector<DiskId> source = lab_.disks_of(from);
    const std::vector<DiskId> target = lab_.disks_of(to);
    const auto& branch = machines_[from.value].branch;
    for (std::size_t k = 0; k < target.size(); ++k) {
        const bool held = !branch || std::find(branch->disks.begin(), branch->disks.end(),
                                               source[k]) != branch->disks.end();
        if (held) lab_.history.adopt(target[k], source[k], cut);
    }
    MachineState& state = machines_[to.value];
    state.branch.reset();
    state.whole = true;
    state.life = machines_[from.value].life;
    for (ListedPoint& listed : lab_.points.of(to)) {
        listed.released = true;
        listed.off_history = true;
    }
    for (Oracle* const oracle : all_) oracle->branched(to, cut);
}

void OracleBoard::machine_made(MachineId leg, Instant cut, const BlockReader& content) {
    ++lab_.events;
    ImageComparison found(lab_, cut);
    compare_whole(leg, content, found);
    for (Oracle* const oracle : all_) oracle->machine_compared(leg, cut, found);
}

void OracleBoard::failed_back(MachineId machine, Instant cut, const BlockReader& content) {
    go_on(machine);
    tell(all_, [&](Oracle& oracle) { oracle.failed_back(machine, cut, content); });
    ImageComparison found(lab_, cut);
    compare_whole(machine, content, found);
    for (Oracle* const oracle : all_) oracle->failback_compared(machine, cut, found);
    for (ListedPoint& listed : lab_.points.of(machine)) listed.released = true;
    machines_[machine.value].branch = Branch{cut, lab_.now(), 0, held_by(content, machine)};
}

// The machine goes on from where its last failover ended; what was written behind is given up.
void OracleBoard::go_on(MachineId machine) {
    MachineState& state = machines_[machine.value];
    if (!state.branch) return;
    const Branch branch = std::move(*state.branch);
    const Instant cut = branch.cut;
    state.branch.reset();
    state.whole = true;
    for (const DiskId disk : branch.disks) lab_.history.rewind(disk, cut, branch.at);
    for (ListedPoint& listed : lab_.points.of(machine)) {
        if (listed.point.cut > cut) listed.off_history = true;
    }
    for (Oracle* const oracle : all_) oracle->branched(machine, cut);
}

// ---- checkpoints
// ---------------------------------------------------------------------------------
void OracleBoard::checkpoint() {
    run_checkpoint(false);
}

void OracleBoard::finish() {
    run_checkpoint(true);
}

void OracleBoard::run_checkpoint(bool last) {
    ++lab_.events;
    for (std::size_t m = 0; last && m < machines_.size(); ++m) look_at_newest(MachineId(m));
    for (Oracle* const oracle : all_) oracle->checkpoint(last);
}

// The newest point once more, whole: what the comparison of changes alone would leave unseen.
void OracleBoard::look_at_newest(MachineId machine) {
    const ListedPoint* const newest = lab_.points.newest(machine);
    if (newest == nullptr || newest->off_history || !newest->right || lab_.probe == nullptr) return;
    const BlockReader* const content = lab_.probe->point(machine, newest->point.id);
    if (content == nullptr) return;  // S16 says so
    ImageComparison found(lab_, newest->point.cut);
    compare_whole(machine, *content, found);
    for (Oracle* const oracle : all_) oracle->point_reread(newest->point, found);
}

}  // namespace landfall::lab
