// tests/mutants/copy_lab.cpp — copies by bitmap while the guest writes: failures, broken
// connections, resumes by cursor, comparisons; disks whose last chunk is a part.
#include <memory>

#include "model/replication/background_copy.hpp"
#include "model/replication/checksum_resync.hpp"
#include "tests/mutants/lab_bench.hpp"

namespace landfall::mutants {
namespace {

constexpr std::uint64_t kGrain = 8;

class CopyLab : public LabBench {
  public:
    explicit CopyLab(std::uint64_t seed)
        : LabBench(seed, "copy", {{101 + seed % 97}, {64 + seed % 31}}),
          replica_disks_(source_disks),
          replica_reader_(replica_disks_) {
        for (std::uint32_t d = 0; d < source_disks.size(); ++d)
            copies_.push_back(std::make_unique<Copy>(source_disks[d].size()));
        board.connect(this);
    }

    void run() {
        for (std::uint32_t d = 0; d < source_disks.size(); ++d) {
            for (int k = 0; k < 8; ++k) write(DiskId(d));
        }
        for (int step = 0; step < 400; ++step) {
            take_step(some_disk());
            if (step % 8 == 0) board.checkpoint();
        }
    }

    [[nodiscard]] bool covered(DiskId disk, std::uint64_t sector) const override {
        return copies_[disk.value]->loop->outstanding().is_set(sector);
    }
    [[nodiscard]] const BlockReader* source() const override { return &source_reader; }
    [[nodiscard]] const BlockReader* newest_replica(MachineId) const override {
        return &replica_reader_;
    }

  private:
    struct Operation {
        SectorRange range;
        Image stamps;  ///< empty until it was read
    };
    struct Copy {
        explicit Copy(std::uint64_t sectors) : dirty(sectors, kGrain) {
            loop.emplace(dirty, kLimits);
        }
        static constexpr CopyLimits kLimits{4, 24};
        DirtyBitmap dirty;
        std::optional<BackgroundCopy> loop;
        std::vector<Operation> flying;
    };

    void take_step(DiskId disk) {
        Copy& copy = *copies_[disk.value];
        const std::uint64_t what = below(100);
        if (what < 30) return write(disk);
        if (what < 55) return begin_operation(disk, copy);
        if (what < 70) return read_operation(disk, copy);
        if (what < 95) return end_operation(disk, copy);
        if (what < 97) return break_connection(disk, copy);
        if (what < 99) return resume(disk, copy);
        compare(disk, copy);
    }

    void write(DiskId disk) {
        const GuestWrite write = guest_writes(disk, some_range(disk, chance(10) ? 60 : 10));
        copies_[disk.value]->dirty.set(write.range);
        board.dirty_marked(disk, write.range);
    }
    void begin_operation(DiskId disk, Copy& copy) {
        const auto range = copy.loop->next();
        if (!range) return;
        board.dirty_cleared(disk, *range);
        copy.flying.push_back({*range, {}});
    }
    void read_operation(DiskId disk, Copy& copy) {
        for (Operation& operation : copy.flying) {
            if (!operation.stamps.empty()) continue;
            operation.stamps = cut_out(source_disks[disk.value], operation.range);
            board.copy_read(disk, operation.range);
            return;
        }
    }
    void end_operation(DiskId disk, Copy& copy) {
        if (copy.flying.empty()) return;
        const std::size_t chosen = below(copy.flying.size());
        if (copy.flying[chosen].stamps.empty()) return;
        const Operation operation = std::move(copy.flying[chosen]);
        copy.flying.erase(copy.flying.begin() + static_cast<std::ptrdiff_t>(chosen));
        if (chance(25)) {
            copy.loop->failed(operation.range);
            return tell_failed(disk, copy, operation.range);
        }
        put(replica_disks_[disk.value], operation.range.first, operation.stamps);
        board.accepted(disk, 1, operation.range);
        copy.loop->completed(operation.range);
        board.copy_ended(disk, operation.range, true);
    }
    /// Told is what the bitmap holds, not what it should hold.
    void tell_failed(DiskId disk, const Copy& copy, SectorRange range) {
        for (std::uint64_t sector = range.first; sector < range.end(); ++sector) {
            if (copy.dirty.is_set(sector)) board.dirty_marked(disk, {sector, 1});
        }
        board.copy_ended(disk, range, false);
    }
    void break_connection(DiskId disk, Copy& copy) {
        copy.loop->fail_all();
        for (const Operation& operation : copy.flying) tell_failed(disk, copy, operation.range);
        copy.flying.clear();
    }
    /// Whoever copied died; what he had stored was his cursor and what was outstanding.
    void resume(DiskId disk, Copy& copy) {
        const std::uint64_t cursor = copy.loop->cursor();
        const DirtyBitmap stored = copy.loop->outstanding();
        copy.loop.reset();
        copy.dirty = stored;
        copy.loop.emplace(copy.dirty, Copy::kLimits, 0);
        const std::uint64_t writes = below(4);
        for (std::uint64_t k = 0; k < writes; ++k) write(disk);
        copy.loop.emplace(copy.dirty, Copy::kLimits, cursor);
        for (const Operation& operation : copy.flying) tell_failed(disk, copy, operation.range);
        copy.flying.clear();
    }
    /// The bitmap is lost; comparing finds what it held.
    void compare(DiskId disk, Copy& copy) {
        break_connection(disk, copy);
        ChecksumComparison comparison({source_disks[disk.value].size()}, {.chunk_sectors = 16});
        const auto reader = [disk](const std::vector<Image>& images) {
            return [&images, disk](std::uint64_t first, std::span<Stamp> out) {
                ImageReader(images).read(disk, first, out);
            };
        };
        comparison.compare(reader(source_disks), reader(replica_disks_), comparison.chunks());
        copy.dirty.clear_all();
        copy.dirty.merge(comparison.differing());
    }

    std::vector<std::unique_ptr<Copy>> copies_;
    std::vector<Image> replica_disks_;
    ImageReader replica_reader_;
};

}  // namespace

Verdict run_copy_lab(std::uint64_t seed) {
    return run_lab<CopyLab>(seed);
}

}  // namespace landfall::mutants
