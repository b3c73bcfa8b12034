// sim/workload/block_churn.cpp — patterns and traces of single writes, as writes and as bytes.
#include "sim/workload/block_churn.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace landfall::workload {

namespace {

/// A trace's writes, over and over. How long it is shows when it has been read.
class RepeatedTrace : public BlockWriteSource {
  public:
    RepeatedTrace(std::string file, BlockTraceOptions options, DiskGeometry disk)
        : file_(std::move(file)), options_(std::move(options)), disk_(disk) {
        pass_ = open_block_trace(file_, options_, disk_);
    }

    std::optional<BlockWrite> next() override {
        auto write = pass_->next();
        if (!write) {
            begins_ = begins_ + std::max(pass_->length(), nanoseconds(1));
            pass_ = open_block_trace(file_, options_, disk_);
            write = pass_->next();
        }
        if (write) write->at = begins_ + write->at.since_start();
        return write;
    }

  private:
    std::string file_;
    BlockTraceOptions options_;
    DiskGeometry disk_;
    Instant begins_;
    std::unique_ptr<BlockTraceSource> pass_;
};

/// Bytes that a pattern is expected to write.
class ExpectedWrites : public ChurnSource {
  public:
    ExpectedWrites(BlockPattern pattern, DiskGeometry disk)
        : pattern_(std::move(pattern)), disk_(disk) {}

    Bytes written(Instant from, Instant to) override {
        return expected_bytes(pattern_, disk_, from, to);
    }
    [[nodiscard]] Duration without_sample(Instant, Instant) const override { return Duration(0); }

  private:
    BlockPattern pattern_;
    DiskGeometry disk_;
};

/// Bytes of single writes, summed.
class SummedWrites : public ChurnSource {
  public:
    SummedWrites(std::unique_ptr<BlockWriteSource> writes, Bytes sector)
        : writes_(std::move(writes)), sector_(sector) {}

    Bytes written(Instant from, Instant to) override {
        read_until(to);
        return Bytes(before(to) - before(from));
    }
    [[nodiscard]] Duration without_sample(Instant, Instant) const override { return Duration(0); }

  private:
    void read_until(Instant to) {
        if (!begun_) pending_ = writes_->next();
        begun_ = true;
        while (pending_ && pending_->at < to) {
            if (pending_->kind == WriteKind::Write) {
                total_ += static_cast<std::int64_t>(pending_->range.count) * sector_.count();
                sums_.emplace_back(pending_->at, total_);
            }
            pending_ = writes_->next();
        }
    }
    [[nodiscard]] std::int64_t before(Instant at) const {
        const auto next = std::lower_bound(
            sums_.begin(), sums_.end(), at,
            [](const auto& entry, Instant instant) { return entry.first < instant; });
        return next == sums_.begin() ? 0 : std::prev(next)->second;
    }

    std::unique_ptr<BlockWriteSource> writes_;
    Bytes sector_;
    bool begun_ = false;
    std::optional<BlockWrite> pending_;
    std::int64_t total_ = 0;
    std::vector<std::pair<Instant, std::int64_t>> sums_;
};

std::unique_ptr<BlockWriteSource> open_trace(const scenario::BlockTraceChurn& churn,
                                             const DiskIdentity& disk) {
    const std::string file = filled_in(churn.file, disk.machine, disk.index);
    const BlockTraceOptions options = options_of(churn);
    if (!churn.repeat) return open_block_trace(file, options, disk.geometry);
    return std::make_unique<RepeatedTrace>(file, options, disk.geometry);
}

}  // namespace

BlockPattern pattern_of(const scenario::BlockChurn& churn) {
    using Kind = BlockPattern::Kind;
    BlockPattern pattern;
    switch (churn.pattern) {
        case scenario::WritePattern::Uniform: pattern.kind = Kind::Uniform; break;
        case scenario::WritePattern::Zipf: pattern.kind = Kind::Zipf; break;
        case scenario::WritePattern::HotCold: pattern.kind = Kind::HotCold; break;
        case scenario::WritePattern::Sequential: pattern.kind = Kind::Sequential; break;
        case scenario::WritePattern::BackupFlood: pattern.kind = Kind::BackupFlood; break;
        case scenario::WritePattern::FullRewrite: pattern.kind = Kind::FullRewrite; break;
    }
    pattern.writes_per_second = churn.writes_per_second;
    pattern.write_size = churn.write_size;
    pattern.zipf_alpha = churn.zipf_alpha;
    pattern.hot_share = churn.hot_share;
    pattern.hot_writes = churn.hot_writes;
    pattern.trim_share = churn.trim_share;
    pattern.working_set = churn.working_set;
    if (churn.window) pattern.window = *churn.window;
    if (churn.period) pattern.period = *churn.period;
    pattern.poisson = !churn.evenly_spaced;
    return pattern;
}

BlockTraceOptions options_of(const scenario::BlockTraceChurn& churn) {
    BlockTraceOptions options;
    switch (churn.format) {
        case scenario::BlockTraceFormat::Vscsi:
            options.format = BlockTraceFormat::VscsiBinary;
            break;
        case scenario::BlockTraceFormat::VscsiCsv:
            options.format = BlockTraceFormat::VscsiCsv;
            break;
        case scenario::BlockTraceFormat::MsrCsv: options.format = BlockTraceFormat::MsrCsv; break;
        case scenario::BlockTraceFormat::AlibabaCsv:
            options.format = BlockTraceFormat::AlibabaCsv;
            break;
        case scenario::BlockTraceFormat::Blktrace:
            options.format = BlockTraceFormat::Blktrace;
            break;
    }
    options.disk = churn.device;
    return options;
}

std::unique_ptr<BlockWriteSource> make_writes(const scenario::Churn& churn,
                                              const DiskIdentity& disk, std::uint64_t seed) {
    if (const auto* pattern = std::get_if<scenario::BlockChurn>(&churn)) {
        return make_block_writes(pattern_of(*pattern), disk.geometry, disk.machine, disk.disk,
                                 seed);
    }
    const auto* trace = std::get_if<scenario::BlockTraceChurn>(&churn);
    return trace == nullptr ? nullptr : open_trace(*trace, disk);
}

std::unique_ptr<ChurnSource> make_write_volume(const scenario::Churn& churn,
                                               const DiskIdentity& disk) {
    if (const auto* pattern = std::get_if<scenario::BlockChurn>(&churn)) {
        return std::make_unique<ExpectedWrites>(pattern_of(*pattern), disk.geometry);
    }
    const auto* trace = std::get_if<scenario::BlockTraceChurn>(&churn);
    if (trace == nullptr) return nullptr;
    return std::make_unique<SummedWrites>(open_trace(*trace, disk), disk.geometry.sector_size);
}

}  // namespace landfall::workload
