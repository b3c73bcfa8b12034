// sim/world/data_path_probe.hpp — lets the oracles look at source, replica and what lies between.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/lab/oracle.hpp"
#include "sim/world/simulated_blocks.hpp"

namespace landfall::world {

class DataPathProbe : public lab::StateProbe {
  public:
    DataPathProbe(const SiteRecovery& logic, const SimulatedBlocks& blocks, const Clock& clock)
        : logic_(logic), source_(blocks), clock_(clock) {}

    [[nodiscard]] bool covered(DiskId disk, std::uint64_t sector) const override;
    [[nodiscard]] const BlockReader* source() const override { return &source_; }
    [[nodiscard]] const BlockReader* newest_replica(MachineId machine) const override;
    [[nodiscard]] std::vector<std::uint64_t> listed_points(MachineId machine) const override;
    [[nodiscard]] const BlockReader* point(MachineId machine, std::uint64_t id) const override;

  private:
    class SourceReader : public BlockReader {
      public:
        explicit SourceReader(const SimulatedBlocks& blocks) : blocks_(blocks) {}
        void read(DiskId disk, std::uint64_t first, std::span<Stamp> out) const override {
            blocks_.read(disk, first, out);
        }

      private:
        const SimulatedBlocks& blocks_;
    };

    const SiteRecovery& logic_;
    SourceReader source_;
    const Clock& clock_;
    mutable std::unique_ptr<BlockReader> reader_;  ///< the one that was asked for last
    // What the data path knows of a disk, worked out once per instant.
    mutable DiskId known_disk_;
    mutable Instant known_at_;
    mutable std::uint64_t known_writes_ = 0;
    mutable std::optional<DirtyBitmap> known_;
};

}  // namespace landfall::world
