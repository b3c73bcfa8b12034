// sim/lab/oracle_board.hpp — all oracles of a run, behind one witness.
//
// Idea: the board keeps the history of writes and the book of points, holds every published point
// and every failover against the history once, and hands events and findings to the oracles. It
// only listens: a run with a board and one without are the same run.
//
// Cost: a write is appended to a flat list. A point costs the writes since the point before: its
// shadow image advances over them, and the sectors they touched are read from the point and
// compared; so are those written in an equally long time behind the cut, where a write that came in
// too early would show. The whole image is compared with the first point of a machine, after a
// failover, and every full_compare_every-th time.
//
// Lives: a failover ends on a point; the machine goes on from its cut as soon as it writes with
// stamps of a later life, or publishes in a later generation. Until then another point may still
// be chosen.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "sim/lab/image_comparison.hpp"
#include "sim/lab/oracle.hpp"

namespace landfall::lab {

class OracleBoard : public BlockWitness {
  public:
    OracleBoard(BoardSetup setup, std::function<Instant()> now, BoardOptions options = {});
    ~OracleBoard() override;
    OracleBoard(const OracleBoard&) = delete;
    OracleBoard& operator=(const OracleBoard&) = delete;

    /// Lets the oracles look into the data path at checkpoints; null takes it away.
    void connect(const StateProbe* probe) { lab_.probe = probe; }

    /// The data path stands still for a moment: its state answers the probe consistently.
    void checkpoint();
    /// The last checkpoint: looks at more.
    void finish();

    [[nodiscard]] const std::vector<std::unique_ptr<Oracle>>& oracles() const { return oracles_; }
    /// The first of them, BoardOptions::violations_kept at most, as they happened.
    [[nodiscard]] const std::vector<Violation>& violations() const { return lab_.violations; }
    /// All of them.
    [[nodiscard]] std::uint64_t violation_count() const;
    [[nodiscard]] std::uint64_t events() const { return lab_.events; }
    [[nodiscard]] std::uint64_t points_checked() const { return points_checked_; }
    [[nodiscard]] std::uint64_t sectors_compared() const { return sectors_compared_; }
    [[nodiscard]] const WriteHistory& history() const { return lab_.history; }
    [[nodiscard]] const PointBook& points() const { return lab_.points; }

    // BlockWitness
    void guest_wrote(DiskId disk, const GuestWrite& write) override;
    void path_changed(MachineId machine, std::string_view path, bool publishes) override;
    void disk_replicates(DiskId disk, bool does) override;
    void guest_flushed(DiskId disk, Stamp through) override;
    void writes_held(MachineId machine, Duration at_most) override;
    void writes_released(MachineId machine) override;
    void source_recovered(DiskId disk, const BlockReader& content) override;
    void geometry_changed(DiskId disk, const DiskGeometry& now, Instant at) override;
    void dirty_marked(DiskId disk, SectorRange range) override;
    void dirty_cleared(DiskId disk, SectorRange range) override;
    void copy_read(DiskId disk, SectorRange range) override;
    void copy_ended(DiskId disk, SectorRange range, bool durable) override;
    void bytes_sent(DiskId disk, Bytes bytes, bool again) override;
    void bytes_acknowledged(DiskId disk, Bytes bytes) override;
    void bytes_lost(DiskId disk, Bytes bytes) override;
    void queue_filled(std::string_view queue, Bytes bytes, Bytes bound) override;
    void throttle_set(std::uint32_t throttle, BytesPerSecond rate, Bytes burst) override;
    void progress_reported(MachineId machine, Bytes done, Bytes total) override;
    void payload_decoded(DiskId disk, std::uint32_t plain, std::uint32_t decoded,
                         std::uint32_t carried) override;
    void accepted(DiskId disk, Generation generation, SectorRange range) override;
    void refused(DiskId disk, Generation generation, std::string_view why) override;
    void record_accepted(DiskId disk, Generation generation, std::uint64_t sequence) override;
    void record_damaged(DiskId disk, Generation generation, std::uint64_t sequence) override;
    void replay_ended(DiskId disk, std::uint64_t damaged, std::uint64_t applied) override;
    void replayed_again(DiskId disk, const BlockReader& once, const BlockReader& again) override;
    void acknowledged(DiskId disk, Stamp through) override;
    void replica_recovered(DiskId disk, const BlockReader& content) override;
    void replica_damaged(MachineId machine, std::span<const std::uint64_t> kept) override;
    void consumer_advanced(DiskId disk, std::uint32_t consumer, std::uint64_t through) override;
    void log_trimmed(DiskId disk, std::uint64_t through) override;
    void point_geometry(const PublishedPoint& point, DiskId disk,
                        const DiskGeometry& geometry) override;
    void point_published(const PublishedPoint& point, const BlockReader& content) override;
    void point_dropped(MachineId machine, std::uint64_t id) override;
    void point_pinned(MachineId machine, std::uint64_t id, bool pinned) override;
    void rpo_reported(MachineId machine, Instant now, Duration rpo) override;
    void failed_over(const PublishedPoint& point, bool planned,
                     const BlockReader& content) override;
    void leg_branched(MachineId from, MachineId to, Instant cut) override;
    void machine_made(MachineId leg, Instant cut, const BlockReader& content) override;
    void failed_back(MachineId machine, Instant cut, const BlockReader& content) override;

  private:
    struct Shadow {
        ShadowImage image;
        SectorSet touched;  ///< to be compared with the next point
    };
    /// Where a machine will go on from, once it does.
    struct Branch {
        Instant cut;
        Instant at;  ///< when the machine was made
        Generation generation = 0;
        std::vector<DiskId> disks = {};  ///< that go on from the cut; the others stay as they are
    };
    struct MachineState {
        std::uint64_t points = 0;
        Instant cut;               ///< of the point before
        std::vector<DiskId> held;  ///< by the point before
        bool whole = true;
        Stamp life = 0;
        std::optional<Branch> branch;
    };

    void compare_point(const PublishedPoint& point, const BlockReader& content,
                       ImageComparison& found);
    void compare_whole(MachineId machine, const BlockReader& content, ImageComparison& found);
    [[nodiscard]] std::vector<DiskId> held_by(const BlockReader& content, MachineId machine) const;
    void go_on(MachineId machine);
    void run_checkpoint(bool last);
    void look_at_newest(MachineId machine);
    void note(const ImageComparison& found) { sectors_compared_ += found.compared(); }

    template <typename Event>
    void tell(const std::vector<Oracle*>& listeners, Event&& event) {
        ++lab_.events;
        for (Oracle* const oracle : listeners) event(*oracle);
    }

    LabContext lab_;
    std::vector<std::unique_ptr<Oracle>> oracles_;
    std::vector<Oracle*> all_;
    std::vector<Oracle*> of_writes_;
    std::vector<Oracle*> of_records_;
    std::vector<Shadow> shadows_;         ///< by disk, at the cut of the machine's newest point
    std::vector<MachineState> machines_;  ///< by machine
    std::uint64_t points_checked_ = 0;
    std::uint64_t sectors_compared_ = 0;
};

}  // namespace landfall::lab
