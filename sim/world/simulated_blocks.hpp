// sim/world/simulated_blocks.hpp — source disks at block fidelity: their guests and what they hold.
//
// Writes come from a workload, get their stamps here, and change the disk when they are taken. A
// disk starts with its used space filled by its first write, made before the run; the disks of a
// machine that goes home start as the two selves that parted.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/base/stamp_image.hpp"
#include "model/environment/block_ports.hpp"
#include "model/estate/estate.hpp"
#include "sim/workload/block_writes.hpp"
#include "sim/world/machine_instances.hpp"

namespace landfall::world {

class SimulatedBlocks : public SourceBlocks {
  public:
    SimulatedBlocks(const Estate& estate, std::uint64_t seed);

    /// Puts a guest to work on `disk`; null for one that never writes.
    void add_disk(DiskId disk, std::unique_ptr<workload::BlockWriteSource> writes);
    /// The same with every disk at block fidelity; `writes` by disk. Null if there is none.
    SourceBlocks* give_work(std::vector<std::unique_ptr<workload::BlockWriteSource>> writes);

    [[nodiscard]] bool has(DiskId disk) const { return disks_.contains(disk); }
    [[nodiscard]] bool any() const { return !disks_.empty(); }

    // SourceBlocks
    void take_writes(DiskId disk, Instant until, std::vector<GuestWrite>& taken) override;
    void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override;
    [[nodiscard]] const Parting* parting(DiskId disk) override;
    void branch(MachineId from, MachineId to, const BlockReader& content, Instant cut) override;
    void hold_writes(MachineId machine, Instant from) override;
    void release_writes(MachineId machine, Instant at) override;

    /// The guest of the disk writes in this time, whether it has ended or lasts, and between such
    /// times it does not. A time that was told before is told again when it ends.
    void set_writing(DiskId disk, const TimeSpan& span);
    /// An empty disk of the same size takes the disk's place.
    void replace(DiskId disk, Instant at);
    /// The disk has the size now that the estate says; what it held stays.
    void resize(DiskId disk);
    /// Bytes written in [from, to), of writes that were taken.
    [[nodiscard]] Bytes written(DiskId disk, Instant from, Instant to) const;
    [[nodiscard]] DiskGeometry geometry(DiskId disk) const;

  private:
    struct Disk {
        MachineId machine;
        DiskGeometry geometry;
        StampImage image;
        std::unique_ptr<workload::BlockWriteSource> writes;
        std::optional<workload::BlockWrite> pending;
        std::vector<GuestWrite> before;  ///< made before the run, not taken yet
        std::uint16_t life = 0;
        std::uint64_t next_number = 1;
        std::deque<TimeSpan> on;  ///< times in which the guest writes; taken ones are gone
        Instant last_taken;
        std::optional<Parting> parting;
        DiskId other_side = {};                 ///< since it parted, within the run
        std::optional<StampImage> at_cut = {};  ///< what both sides held then
        std::uint32_t partings = 0;
        Instant another = Instant(Duration(-1));  ///< a guest that began then has other disks
        bool tracked_elsewhere = false;           ///< somebody has asked for the parting
        Instant replaced_at = Instant::never();
        std::uint64_t replaced_sectors = 0;  ///< it had then; it may have grown since
        std::vector<std::pair<Instant, std::int64_t>> sums;  ///< bytes written up to an instant
    };
    struct Guest {
        Instant held_from = Instant::never();
        Instant not_before;  ///< writes submitted earlier were held until then
    };

    void part(Disk& disk, DiskId id, const FailedOver& parted);
    void take_guest_writes(Disk& disk, Instant until, std::vector<GuestWrite>& taken);
    void look_at_other_side(Disk& disk);
    void take_while_on(Disk& disk, Instant until, std::vector<GuestWrite>& taken);
    void take(Disk& disk, const GuestWrite& write, std::vector<GuestWrite>& taken);

    const Estate& estate_;
    std::uint64_t seed_;
    std::map<DiskId, Disk> disks_;
    std::vector<Guest> guests_;
};

}  // namespace landfall::world
