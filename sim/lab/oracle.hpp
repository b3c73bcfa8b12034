// sim/lab/oracle.hpp — one oracle: an invariant with a name, that listens and counts what it
// checked.
//
// Idea: each invariant of the data path (replication-and-test-lab, 2.1) is one class. It hears the
// events of BlockWitness and what the board (oracle_board.hpp) worked out from them, keeps what it
// needs for its own sentence, and says fail() when the sentence does not hold. An oracle never
// changes the run and shares no code with the data path.
//
// Law: an oracle that was told nothing checked nothing; checked() says how often its sentence was
// put to the test, so that silence is told apart from absence.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/environment/witness.hpp"
#include "sim/lab/point_book.hpp"
#include "sim/lab/write_history.hpp"

namespace landfall::lab {

inline constexpr std::uint32_t kNoGroup = 0xFFFFFFFF;

struct BoardMachine {
    std::string name;
    DiskId first_disk;  ///< its disks follow one another
    std::uint32_t disk_count = 0;
    std::uint32_t group = kNoGroup;
};

struct BoardDisk {
    std::string name;
    DiskGeometry geometry;
};

/// What the oracles know of the estate.
struct BoardSetup {
    std::vector<BoardMachine> machines;  ///< by MachineId
    std::vector<BoardDisk> disks;        ///< by DiskId
    /// Machines whose sends count against throttle k; see BlockWitness::throttle_set.
    std::vector<std::vector<MachineId>> throttles;
};

struct BoardOptions {
    /// Every so many points of a machine the whole image is compared, not only what changed.
    std::uint32_t full_compare_every = 64;
    /// Every so many checkpoints one listed point of each machine is read again (S3).
    std::uint32_t reread_every = 4;
    /// Every so many dropped points the point is read once more before it goes (S3).
    std::uint32_t reread_drops_every = 8;
    /// Sectors of each listed point that a checkpoint looks at (S16).
    std::uint32_t spots_per_point = 4;
    /// Sectors per disk that a checkpoint compares (S11).
    std::uint64_t sectors_per_checkpoint = 1 << 20;
    /// How long a point may outlive its retention (S19).
    Duration retention_grace = minutes(10);
    /// Violations whose text is kept; all are counted.
    std::size_t violations_kept = 100;
    /// Must the policy of its machine keep this point at this instant? Without it, S19 rests.
    std::function<bool(const PublishedPoint&, Instant)> inside_policy;
    /// Must the policy have let this point go when there is one with this cut? By default when it
    /// need not keep it; a policy that thins may do either in between.
    std::function<bool(const PublishedPoint&, Instant)> past_policy;
    /// Whether policies act when a point is published, and then only: what goes at another moment
    /// goes for another reason, such as a disk of another shape.
    bool policy_acts_at_publication = false;
};

/// What the data path lets the oracles look at. All answers are as of the moment of the call.
class StateProbe {
  public:
    virtual ~StateProbe() = default;
    /// Does the data path know that the replica may not hold this sector's content: is it dirty, in
    /// flight, or sent and not acknowledged?
    [[nodiscard]] virtual bool covered(DiskId disk, std::uint64_t sector) const = 0;
    /// The source's disks; null while there is no source to read.
    [[nodiscard]] virtual const BlockReader* source() const = 0;
    /// Everything the replica durably has, staged or applied; null while there is none.
    [[nodiscard]] virtual const BlockReader* newest_replica(MachineId machine) const = 0;
    [[nodiscard]] virtual std::vector<std::uint64_t> listed_points(MachineId machine) const = 0;
    /// Null if the point cannot be read. Valid until the next call.
    [[nodiscard]] virtual const BlockReader* point(MachineId machine, std::uint64_t id) const = 0;
    /// Bytes sent and neither acknowledged nor lost, if the data path counts them.
    [[nodiscard]] virtual std::optional<Bytes> in_flight(DiskId /*disk*/) const { return {}; }
};

struct Violation {
    std::string oracle;
    Instant at;
    MachineId machine;  ///< none if it is of no single machine
    DiskId disk;
    std::string text;  ///< "FAIL S1 prefix-consistent cut  rp=shop/17 ...": what a report prints
};

/// What an oracle is, in words.
struct OracleCard {
    std::string_view id;
    std::string_view name;
    std::string_view statement;
    std::string_view source;
};

/// What all oracles of a board share; the board writes it, they read.
struct LabContext {
    LabContext(BoardSetup estate, BoardOptions choices, std::function<Instant()> clock);

    BoardSetup setup;
    BoardOptions options;
    std::function<Instant()> now;
    WriteHistory history;
    PointBook points;
    const StateProbe* probe = nullptr;
    std::vector<MachineId> machine_of;  ///< by disk
    std::vector<Violation> violations;
    std::uint64_t events = 0;

    [[nodiscard]] const BoardMachine& machine(MachineId id) const {
        return setup.machines[id.value];
    }
    [[nodiscard]] MachineId owner(DiskId disk) const { return machine_of[disk.value]; }
    [[nodiscard]] std::vector<DiskId> disks_of(MachineId machine) const;
    /// When the machine's first write at or after `from` was acknowledged; never if there is none.
    [[nodiscard]] Instant first_write_from(MachineId machine, Instant from) const;
    /// When its last write before `until` was acknowledged; nothing if there is none.
    [[nodiscard]] std::optional<Instant> last_write_before(MachineId machine, Instant until) const;
    /// "shop/17"
    [[nodiscard]] std::string point_text(MachineId machine, std::uint64_t id) const;
    /// "db1/d0"
    [[nodiscard]] std::string disk_text(DiskId disk) const;
};

/// "02:11:03.120"; finer if the instant is.
[[nodiscard]] std::string time_text(Instant at);
[[nodiscard]] std::string duration_text(Duration duration);
/// "w812", "w812 of life 2", "nothing".
[[nodiscard]] std::string stamp_text(Stamp stamp);
[[nodiscard]] std::string range_text(SectorRange range);

class ImageComparison;

/// The content a failover ended on, held against two instants.
struct FailoverFinding {
    const PublishedPoint& point;
    const ImageComparison& at_cut;  ///< against what the point claims
    const ImageComparison* at_end;  ///< against every write ever; null if it was not planned
};

class Oracle : public BlockWitness {
  public:
    /// What comes per write or per record (accepted, record_accepted, bytes_*, payload_decoded,
    /// dirty_*, copy_*) is only told to those who ask for it.
    enum class Hears : std::uint8_t { Seldom, Writes, Records, WritesAndRecords };

    Oracle(LabContext& lab, const OracleCard& card, Hears hears = Hears::Seldom)
        : lab_(lab), card_(card), hears_(hears) {}

    [[nodiscard]] std::string_view id() const { return card_.id; }
    [[nodiscard]] std::string_view name() const { return card_.name; }
    [[nodiscard]] std::string_view statement() const { return card_.statement; }
    [[nodiscard]] std::string_view source() const { return card_.source; }
    [[nodiscard]] Hears hears() const { return hears_; }

    /// How often the sentence was put to the test.
    [[nodiscard]] std::uint64_t checked() const { return checked_; }
    /// Sectors that were looked at for it.
    [[nodiscard]] std::uint64_t compared() const { return compared_; }
    [[nodiscard]] std::uint64_t violations() const { return violations_; }

    // BlockWitness, and what the board adds. An oracle overrides what it needs.
    void guest_wrote(DiskId, const GuestWrite&) override {}
    void path_changed(MachineId, std::string_view, bool) override {}
    void writes_held(MachineId, Duration) override {}
    void writes_released(MachineId) override {}
    void bytes_sent(DiskId, Bytes, bool) override {}
    void bytes_acknowledged(DiskId, Bytes) override {}
    void bytes_lost(DiskId, Bytes) override {}
    void queue_filled(std::string_view, Bytes, Bytes) override {}
    void accepted(DiskId, Generation, SectorRange) override {}
    void refused(DiskId, Generation, std::string_view) override {}
    void point_published(const PublishedPoint&, const BlockReader&) override {}
    void point_dropped(MachineId, std::uint64_t) override {}
    void point_pinned(MachineId, std::uint64_t, bool) override {}
    void rpo_reported(MachineId, Instant, Duration) override {}
    void failed_over(const PublishedPoint&, bool, const BlockReader&) override {}

    /// The point was held against the history; it is not in the book yet.
    virtual void point_compared(const PublishedPoint&, const ImageComparison&) {}
    /// At the end of the run the newest point was held against the history once more, whole.
    virtual void point_reread(const PublishedPoint&, const ImageComparison&) {}
    virtual void failover_compared(const FailoverFinding&) {}
    /// The disks of the machine that a failover made, against the history up to its point.
    virtual void machine_compared(MachineId /*leg*/, Instant /*cut*/, const ImageComparison&) {}
    virtual void failback_compared(MachineId, Instant /*cut*/, const ImageComparison&) {}
    /// The machine's disks go on from an earlier cut: their histories were rewound to it.
    virtual void branched(MachineId, Instant /*cut*/) {}
    /// The data path stands still for a moment; `last` at the end of the run.
    virtual void checkpoint(bool /*last*/) {}

  protected:
    void count_check() { ++checked_; }
    void count_compared(std::uint64_t sectors) { compared_ += sectors; }

    /// The sentence does not hold; `words` is a callable that returns the text, called only if the
    /// text is kept.
    template <typename Words>
    void fail(MachineId machine, DiskId disk, Words&& words) {
        ++violations_;
        if (lab_.violations.size() >= lab_.options.violations_kept) return;
        keep(machine, disk, words());
    }
    template <typename Words>
    void fail(MachineId machine, Words&& words) {
        fail(machine, DiskId(), words);
    }
    template <typename Words>
    void fail(DiskId disk, Words&& words) {
        fail(lab_.owner(disk), disk, words);
    }

    LabContext& lab_;

  private:
    void keep(MachineId machine, DiskId disk, const std::string& text);

    OracleCard card_;
    Hears hears_;
    std::uint64_t checked_ = 0;
    std::uint64_t compared_ = 0;
    std::uint64_t violations_ = 0;
};

}  // namespace landfall::lab
