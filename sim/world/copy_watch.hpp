// sim/world/copy_watch.hpp — how far the copies of disks are, as the portal shows it.
//
// It looks with the monitoring, at every health interval, and writes a row of each disk whose
// machine is being copied at every progress_refresh (30 min:
// SR/vmware-azure-enable-replication.md). It never influences a run.
#pragma once

#include <cstdint>
#include <vector>

#include "model/recovery/copy_health.hpp"
#include "model/recovery/site_recovery.hpp"
#include "sim/record/recorder.hpp"

namespace landfall::world {

class CopyWatch {
  public:
    CopyWatch(const Estate& estate, const Clock& clock, const ReplicationPipeline& engine)
        : estate_(estate), clock_(clock), engine_(engine), disks_(estate.disks.size()) {}

    /// A round of looks begins.
    void begin_round();
    /// Looks at the disks of a leg.
    void look_at(MachineId leg);
    /// Whether a disk of the leg is copied more slowly than expected, as of the last look.
    [[nodiscard]] bool is_slow(MachineId leg) const;

    /// Moves out `copy_progress`.
    record::Table take_table();

  private:
    /// Looks of the last quarter of an hour at most; the oldest comes first.
    struct Seen {
        Instant at;
        Bytes acknowledged;
    };
    struct DiskWatch {
        std::vector<Seen> seen;  ///< of the copy that runs
        Instant started;
        DiskReplicationProgressHealth health = DiskReplicationProgressHealth::None;
    };

    [[nodiscard]] CopyFacts facts_of(DiskId disk, DiskWatch& watch) const;
    void write(DiskId disk, const CopyFacts& facts, const DiskWatch& watch);

    const Estate& estate_;
    const Clock& clock_;
    const ReplicationPipeline& engine_;
    std::vector<DiskWatch> disks_;
    Instant due_;          ///< of the next rows
    bool is_due_ = false;  ///< this round writes them
    struct {
        std::vector<double> t_s;
        std::vector<std::int32_t> machine;
        record::NameColumn disk;
        std::vector<std::int64_t> percent;
        std::vector<std::int64_t> transferred;
        std::vector<std::int64_t> recent;
        record::NameColumn health;
    } rows_;
};

}  // namespace landfall::world
