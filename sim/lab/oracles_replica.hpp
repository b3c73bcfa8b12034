// sim/lab/oracles_replica.hpp — fencing, order, durability and what the bitmap must know.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/lab/oracle.hpp"

namespace landfall::lab {

/// S10. A failover ends the generation of what was replicated: from then on it is old.
class OldGenerationFenced : public Oracle {
  public:
    explicit OldGenerationFenced(LabContext& lab);
    void accepted(DiskId disk, Generation generation, SectorRange range) override;
    void record_accepted(DiskId disk, Generation generation, std::uint64_t sequence) override;
    void failed_over(const PublishedPoint& point, bool planned,
                     const BlockReader& content) override;

  private:
    void check(DiskId disk, Generation generation);
    std::vector<Generation> least_;    ///< by machine: what may still be accepted
    std::vector<Generation> highest_;  ///< by machine: that was accepted
};

/// S11. Between two checkpoints only sectors that were written, or accepted by the replica, can
/// have come to differ; those are looked at, and stay suspect until they are equal.
class DirtySuperset : public Oracle {
  public:
    explicit DirtySuperset(LabContext& lab);
    void guest_wrote(DiskId disk, const GuestWrite& write) override;
    void accepted(DiskId disk, Generation generation, SectorRange range) override;
    void replica_recovered(DiskId disk, const BlockReader& content) override;
    void disk_replicates(DiskId disk, bool does) override;
    void replica_damaged(MachineId machine, std::span<const std::uint64_t> kept) override;
    void branched(MachineId machine, Instant cut) override;
    void checkpoint(bool last) override;

  private:
    struct Suspects {
        SectorSet sectors;
        std::uint64_t next = 0;  ///< where the last checkpoint stopped for lack of budget
    };
    void look_at(DiskId disk, const BlockReader& source, const BlockReader& replica);
    void compare(DiskId disk, SectorRange run, const BlockReader& source,
                 const BlockReader& replica);

    std::vector<Suspects> suspects_;
    std::vector<Stamp> here_;
    std::vector<Stamp> there_;
    std::vector<SectorRange> equal_;  ///< found equal in this look: suspect no more
};

/// S13. Everything acknowledged, by record or by copy, is there after the replica's crash.
class AcknowledgedIsDurable : public Oracle {
  public:
    explicit AcknowledgedIsDurable(LabContext& lab);
    void acknowledged(DiskId disk, Stamp through) override;
    void copy_read(DiskId disk, SectorRange range) override;
    void copy_ended(DiskId disk, SectorRange range, bool durable) override;
    void replica_recovered(DiskId disk, const BlockReader& content) override;
    void disk_replicates(DiskId disk, bool does) override;
    void replica_damaged(MachineId machine, std::span<const std::uint64_t> kept) override;
    void branched(MachineId machine, Instant cut) override;

  private:
    struct Copied {
        SectorRange range;
        std::uint64_t position = 0;  ///< of the history, when the source was read
    };
    struct Floor {
        std::uint64_t acknowledged = 0;  ///< position: so many writes
        std::vector<Copied> reading;
        std::vector<Copied> durable;
    };
    std::vector<Floor> floors_;
};

/// S14.
class ReplayIsIdempotent : public Oracle {
  public:
    explicit ReplayIsIdempotent(LabContext& lab);
    void replayed_again(DiskId disk, const BlockReader& once, const BlockReader& again) override;
};

/// S15. Numbers may begin anew with a generation, after the order was lost (a path that does not
/// publish), and after the replica's crash, which may forget what it had not acknowledged.
class RecordsInSequence : public Oracle {
  public:
    explicit RecordsInSequence(LabContext& lab);
    void record_accepted(DiskId disk, Generation generation, std::uint64_t sequence) override;
    void replay_ended(DiskId disk, std::uint64_t damaged, std::uint64_t applied) override;
    void path_changed(MachineId machine, std::string_view path, bool publishes) override;
    void replica_recovered(DiskId disk, const BlockReader& content) override;

  private:
    struct Stream {
        bool running = false;
        Generation generation = 0;
        std::uint64_t last = 0;
    };
    std::vector<Stream> streams_;
};

/// S17. Every sector whose bit was cleared is read after that, and when the copy ends it is either
/// durable on the replica or its bit was set again. All reads for one clear come before the first
/// of its copies ends; of a copy that failed the bits are set before it is said to have ended.
class ClearedOnlyAfterDurable : public Oracle {
  public:
    explicit ClearedOnlyAfterDurable(LabContext& lab);
    void dirty_marked(DiskId disk, SectorRange range) override;
    void dirty_cleared(DiskId disk, SectorRange range) override;
    void copy_read(DiskId disk, SectorRange range) override;
    void copy_ended(DiskId disk, SectorRange range, bool durable) override;

  private:
    struct Disk {
        std::vector<SectorRange> clears;  ///< no copy of them ended yet
        SectorSet unread;                 ///< bit cleared, not read since
        SectorSet flying;                 ///< read after the clear, not ended
    };
    std::vector<Disk> disks_;
};

/// S23. After a power loss the source's disk holds every write that an answered flush covered.
class FlushIsDurable : public Oracle {
  public:
    explicit FlushIsDurable(LabContext& lab);
    void guest_flushed(DiskId disk, Stamp through) override;
    void source_recovered(DiskId disk, const BlockReader& content) override;
    void branched(MachineId machine, Instant cut) override;

  private:
    std::vector<std::uint64_t> flushed_;  ///< by disk: position covered
};

}  // namespace landfall::lab
