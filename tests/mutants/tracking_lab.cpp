// tests/mutants/tracking_lab.cpp — a dirty bitmap that must outlive the power: every policy, writes
// cut short by the store, acknowledgements that end in the middle of a chunk.
#include "model/storage/crash_safe_tracking.hpp"
#include "sim/memory/crashable_store.hpp"
#include "tests/mutants/lab_bench.hpp"

namespace landfall::mutants {
namespace {

constexpr std::uint64_t kGrain = 4;
constexpr DiskId kDisk(0);

class TrackingLab : public LabBench {
  public:
    explicit TrackingLab(std::uint64_t seed)
        : LabBench(seed, "tracking", {{200 + seed % 61}}),
          replica_disks_(source_disks),
          replica_reader_(replica_disks_),
          shape_{source_disks[0].size()},
          known_(shape_.sectors, kGrain) {
        settings_.policy = static_cast<TrackingPolicy>(seed % 3);
        settings_.grain = kGrain;
        settings_.extent_sectors = 16;
        settings_.log = {3, 2};
        board.connect(this);
    }

    void run() {
        start();
        for (int step = 0; step < 300; ++step) {
            try {
                take_step();
            } catch (const PowerLost&) {
                recover();
            }
            if (step % 8 == 0) look();
        }
        look();
    }

    [[nodiscard]] bool covered(DiskId, std::uint64_t sector) const override {
        return known_.is_set(sector);
    }
    [[nodiscard]] const BlockReader* source() const override { return &source_reader; }
    [[nodiscard]] const BlockReader* newest_replica(MachineId) const override {
        return &replica_reader_;
    }

  private:
    struct Operation {
        SectorRange range;
        Image stamps;
        DirtyBitmap newer;
    };

    void look() {
        known_ = tracking_->dirty();
        board.checkpoint();
    }
    void take_step() {
        const std::uint64_t what = below(100);
        if (what < 45) return write();
        if (what < 60) return read();
        if (what < 80) return acknowledge();
        if (what < 86) return (void)tracking_->write_back();
        if (what < 88) return close();
        if (what < 92) return store_.short_writes("d", below(60));
        if (what < 97) return store_.crash_at(store_.operations() + below(12));
        throw PowerLost();
    }
    void write() {
        const SectorRange range = some_range(kDisk, chance(10) ? 80 : 10);
        if (!tracking_->before_write(range)) return;  // and the guest is not told that it wrote
        guest_writes(kDisk, range);
        if (operation_) {
            const std::uint64_t end = std::min(range.end(), operation_->newer.sectors());
            operation_->newer.set({range.first, end - range.first});
        }
    }
    void read() {
        const SectorRange range = some_range(kDisk, 120);
        operation_ =
            Operation{range, cut_out(source_disks[0], range), DirtyBitmap(shape_.sectors, 1)};
    }
    void acknowledge() {
        if (!operation_) return;
        const Operation operation = *operation_;
        operation_.reset();
        put(replica_disks_[0], operation.range.first, operation.stamps);
        board.accepted(kDisk, 1, operation.range);
        tracking_->acknowledged(operation.range, operation.newer);
    }
    void close() {
        if (!tracking_->clean_close()) throw PowerLost();
        start();
    }

    void recover() {
        store_.crash([this](std::uint64_t bound) { return below(bound); });
        operation_.reset();
        start();
    }
    /// A new life, from what the last one left; may itself lose power.
    void start() {
        for (;;) {
            try {
                tracking_.reset();
                RecoveredTracking found =
                    CrashSafeTracking::recover(store_, "d", shape_, settings_.grain);
                if (!begun_) found.dirty.clear_all();
                known_ = found.dirty;
                board.checkpoint();
                tracking_.emplace(store_, "d", shape_, settings_, found.dirty);
                begun_ = true;
                return;
            } catch (const PowerLost&) {
                store_.crash([this](std::uint64_t bound) { return below(bound); });
            }
        }
    }

    CrashableStore store_;
    TrackingSettings settings_;
    std::vector<Image> replica_disks_;
    ImageReader replica_reader_;
    DiskGeometry shape_;
    DirtyBitmap known_;
    std::optional<CrashSafeTracking> tracking_;
    std::optional<Operation> operation_;
    bool begun_ = false;
};

}  // namespace

Verdict run_tracking_lab(std::uint64_t seed) {
    return run_lab<TrackingLab>(seed);
}

}  // namespace landfall::mutants
