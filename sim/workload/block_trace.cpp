// sim/workload/block_trace.cpp — from the records of a trace to the writes of a simulated disk.
#include "sim/workload/block_trace.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <queue>
#include <set>
#include <utility>
#include <vector>

#include "model/base/check.hpp"
#include "sim/scenario/printable.hpp"
#include "sim/workload/block_trace_records.hpp"

namespace landfall::workload {

namespace {

struct NamedFormat {
    BlockTraceFormat format;
    std::string_view name;
};
constexpr std::array<NamedFormat, 5> kFormats = {{{BlockTraceFormat::VscsiBinary, "vscsi-binary"},
                                                  {BlockTraceFormat::VscsiCsv, "vscsi-csv"},
                                                  {BlockTraceFormat::MsrCsv, "msr-csv"},
                                                  {BlockTraceFormat::AlibabaCsv, "alibaba-csv"},
                                                  {BlockTraceFormat::Blktrace, "blktrace"}}};

/// No recording lasts longer; keeps nanoseconds since its start within 63 bits.
constexpr std::int64_t kLongest = 100LL * 366 * 86'400 * kNanosecondsPerSecond;
constexpr std::size_t kDisksListed = 10;

std::string text_of(Duration span) {
    return std::to_string(span.count() / kNanosecondsPerSecond) + "." +
           std::to_string(kNanosecondsPerSecond + span.count() % kNanosecondsPerSecond).substr(1) +
           " s";
}

std::unique_ptr<TraceRecordReader> open_reader(const std::string& file,
                                               const BlockTraceOptions& options) {
    switch (options.format) {
        case BlockTraceFormat::VscsiBinary: return read_vscsi_binary(file, options.limits);
        case BlockTraceFormat::VscsiCsv:
        case BlockTraceFormat::MsrCsv:
        case BlockTraceFormat::AlibabaCsv:
            return read_block_csv(file, options.format, options.limits);
        case BlockTraceFormat::Blktrace: break;
    }
    return read_blktrace(file, options.action, options.limits);
}

/// Runs `read` with what the file layer throws turned into a BlockTraceError.
template <typename Read>
auto with_file_faults(const TraceFaults& faults, std::uint64_t place, Read&& read) {
    try {
        return read();
    } catch (const UnreadableFile& error) {
        faults.fail(BlockTraceFault::Unreadable, place, "", "", error.what());
    } catch (const FileTooLarge& error) {
        faults.fail(BlockTraceFault::TooLarge, place, "", "", error.what());
    }
}

/// Which records belong to the disk that is replayed.
class DiskChoice {
  public:
    explicit DiskChoice(const BlockTraceOptions& options)
        : host_(options.host), disk_(options.disk) {}

    /// Whether the record is of the chosen disk. The first that fits settles host and disk where
    /// the options leave them open; a second one that fits as well is a fault.
    bool takes(const TraceRecord& record, const TraceFaults& faults) {
        if ((host_ && *host_ != record.host) || (disk_ && *disk_ != record.disk)) {
            if (seen_.size() < kDisksListed) seen_.insert(name(record.host, record.disk));
            return false;
        }
        if (!settled_) {
            settled_ = {std::string(record.host), std::string(record.disk)};
        } else if (settled_->first != record.host || settled_->second != record.disk) {
            faults.fail(BlockTraceFault::SeveralDisks, record.place, "disk",
                        name(record.host, record.disk),
                        "the trace holds several disks, the first being '" +
                            name(settled_->first, settled_->second) + "': say which to replay");
        }
        return true;
    }

    /// The end of a sentence about a file without a record of the chosen disk.
    [[nodiscard]] std::string others() const {
        std::string text;
        for (const std::string& one : seen_) text += (text.empty() ? "; it has " : ", ") + one;
        return text;
    }
    [[nodiscard]] std::string wanted() const {
        return name(host_.value_or(""), disk_.value_or(""));
    }
    [[nodiscard]] bool is_open() const { return !host_ && !disk_; }

  private:
    static std::string name(std::string_view host, std::string_view disk) {
        if (host.empty() && disk.empty()) return "a disk without a name";
        return scenario::printable(std::string(host) + (host.empty() ? "" : "/") +
                                   std::string(disk));
    }

    std::optional<std::string> host_;
    std::optional<std::string> disk_;
    std::optional<std::pair<std::string, std::string>> settled_;
    std::set<std::string> seen_;
};

class TraceReplay final : public BlockTraceSource {
  public:
    TraceReplay(const std::string& file, const BlockTraceOptions& options, const DiskGeometry& disk)
        : options_(options), disk_(disk), choice_(options) {
        LANDFALL_CHECK(disk.sectors > 0 && disk.sector_size > Bytes(0), "a disk has sectors");
        LANDFALL_CHECK(options.unordered_within >= Duration(0), "a tolerance is not negative");
        LANDFALL_CHECK(options.first_byte >= Bytes(0), "an address is not negative");
        reader_ =
            with_file_faults(TraceFaults(file, ""), 0, [&] { return open_reader(file, options); });
        tolerance_ =
            static_cast<std::uint64_t>(options.unordered_within.count() / reader_->tick_ns());
    }

    std::optional<BlockWrite> next() override {
        while (!ready()) {
            TraceRecord record;
            if (!with_file_faults(faults(), reader_->position() + 1,
                                  [&] { return reader_->next(record); })) {
                finish();
                break;
            }
            ++summary_.records;
            take(record);
        }
        if (pending_.empty()) return std::nullopt;
        const Pending first = pending_.top();
        pending_.pop();
        origin_stands_ = true;  // what follows is no earlier than this write
        return BlockWrite{instant_of(first.ticks), first.range, first.kind};
    }

    [[nodiscard]] Duration length() const override { return summary_.length; }
    [[nodiscard]] const BlockTraceSummary& summary() const { return summary_; }

  private:
    struct Pending {
        std::uint64_t ticks = 0;
        std::uint64_t number = 0;  ///< in the file: equal times keep their order
        SectorRange range;
        WriteKind kind = WriteKind::Write;

        bool operator>(const Pending& other) const {
            return std::pair(ticks, number) > std::pair(other.ticks, other.number);
        }
    };

    /// Whether nothing that the file may still hold comes before the first pending write.
    [[nodiscard]] bool ready() const {
        if (at_end_) return true;
        return !pending_.empty() && latest_ - pending_.top().ticks >= tolerance_;
    }

    void take(const TraceRecord& record) {
        if (record.operation == TraceOperation::Other || !choice_.takes(record, faults())) return;
        if (options_.origin && record.ticks < *options_.origin) return;
        ++taken_;
        take_time(record);
        switch (record.operation) {
            case TraceOperation::Read: ++summary_.reads; return;
            case TraceOperation::Unreplayable: ++summary_.left_out; return;
            case TraceOperation::Discard:
                ++summary_.discards;
                summary_.discarded += length_of(record);
                return add(record, WriteKind::Discard);
            default:
                ++summary_.writes;
                summary_.written += length_of(record);
                return add(record, WriteKind::Write);
        }
    }

    void take_time(const TraceRecord& record) {
        if (taken_ == 1) {
            earliest_ = options_.origin.value_or(record.ticks);
            latest_ = record.ticks;
        }
        const auto tick = static_cast<std::uint64_t>(reader_->tick_ns());
        if (record.ticks < latest_) {
            ++summary_.sorted;
            const std::uint64_t back = latest_ - record.ticks;
            if (back > tolerance_) {
                faults().fail(
                    BlockTraceFault::OutOfOrder, record.place, "time", std::to_string(record.ticks),
                    "time goes back by " + std::to_string(back) + " x " + std::to_string(tick) +
                        " ns, allowed is " + text_of(options_.unordered_within));
            }
        }
        if (!origin_stands_ && !options_.origin) earliest_ = std::min(earliest_, record.ticks);
        latest_ = std::max(latest_, record.ticks);
        if (latest_ - earliest_ > static_cast<std::uint64_t>(kLongest) / tick) {
            faults().fail(BlockTraceFault::BadField, record.place, "time",
                          std::to_string(record.ticks),
                          "more than a hundred years after the start of the trace");
        }
        summary_.length = instant_of(latest_).since_start();
    }

    Bytes length_of(const TraceRecord& record) const {
        constexpr std::uint64_t kMost = std::uint64_t{1} << 50;
        if (record.length == 0) {
            faults().fail(BlockTraceFault::BadField, record.place, "size", "0",
                          "a write has at least one byte");
        }
        if (record.length > kMost ||
            record.offset > std::numeric_limits<std::uint64_t>::max() - record.length) {
            faults().fail(BlockTraceFault::BadField, record.place, "size",
                          std::to_string(record.length),
                          "a write from byte " + std::to_string(record.offset) +
                              " on has at most 1 PiB and ends within 64 bits");
        }
        return Bytes(static_cast<std::int64_t>(record.length));
    }

    void add(const TraceRecord& record, WriteKind kind) {
        const std::uint64_t end = record.offset + record.length;
        summary_.end_byte = std::max(summary_.end_byte, end);
        const auto base = static_cast<std::uint64_t>(options_.first_byte.count());
        if (record.offset < base) {
            faults().fail(BlockTraceFault::OutOfDisk, record.place, "offset",
                          std::to_string(record.offset),
                          "a write before byte " + std::to_string(base) +
                              ", where the simulated disk begins");
        }
        const auto sector = static_cast<std::uint64_t>(disk_.sector_size.count());
        const std::uint64_t first = (record.offset - base) / sector;
        const std::uint64_t last = (end - base - 1) / sector;
        const SectorRange range{first, last - first + 1};
        if (range.first < disk_.sectors && range.count <= disk_.sectors - range.first) {
            return push(record, range, kind);
        }
        if (options_.beyond == BeyondDisk::Fault) {
            faults().fail(
                BlockTraceFault::OutOfDisk, record.place, "offset", std::to_string(record.offset),
                "a write of " + std::to_string(record.length) +
                    " bytes beyond the simulated disk, which has " + std::to_string(disk_.sectors) +
                    " sectors of " + std::to_string(sector) + " bytes");
        }
        wrap(record, range, kind);
    }

    void wrap(const TraceRecord& record, SectorRange range, WriteKind kind) {
        if (range.count >= disk_.sectors) return push(record, {0, disk_.sectors}, kind);
        range.first %= disk_.sectors;
        const std::uint64_t fits = std::min(range.count, disk_.sectors - range.first);
        push(record, {range.first, fits}, kind);
        if (fits < range.count) push(record, {0, range.count - fits}, kind);
    }

    void push(const TraceRecord& record, SectorRange range, WriteKind kind) {
        if (pending_.size() >= options_.limits.pending_writes) {
            faults().fail(BlockTraceFault::TooLarge, record.place, "", "",
                          "more than " + std::to_string(options_.limits.pending_writes) +
                              " writes within " + text_of(options_.unordered_within));
        }
        pending_.push({record.ticks, ++pushed_, range, kind});
    }

    [[nodiscard]] Instant instant_of(std::uint64_t ticks) const {
        return Instant(
            nanoseconds(static_cast<std::int64_t>(ticks - earliest_) * reader_->tick_ns()));
    }

    void finish() {
        at_end_ = true;
        if (taken_ > 0) return;
        if (summary_.records == 0) {
            faults().fail(BlockTraceFault::Empty, 0, "", "", "it holds no record");
        }
        std::string what = "it holds no read or write";
        if (!choice_.is_open()) what += " of " + choice_.wanted();
        if (options_.format == BlockTraceFormat::Blktrace) {
            what += " with action " + scenario::printable({&options_.action, 1});
        }
        if (options_.origin) what += " from time " + std::to_string(*options_.origin) + " on";
        faults().fail(BlockTraceFault::Empty, 0, "", "", what + choice_.others());
    }

    [[nodiscard]] const TraceFaults& faults() const { return reader_->faults(); }

    BlockTraceOptions options_;
    DiskGeometry disk_;
    DiskChoice choice_;
    std::unique_ptr<TraceRecordReader> reader_;
    std::uint64_t tolerance_ = 0;  ///< in ticks, as all below
    std::uint64_t earliest_ = 0;   ///< time 0
    std::uint64_t latest_ = 0;
    bool origin_stands_ = false;
    bool at_end_ = false;
    std::uint64_t taken_ = 0;
    std::uint64_t pushed_ = 0;
    std::priority_queue<Pending, std::vector<Pending>, std::greater<>> pending_;
    BlockTraceSummary summary_;
};

}  // namespace

std::string_view name_of(BlockTraceFormat format) {
    for (const NamedFormat& one : kFormats) {
        if (one.format == format) return one.name;
    }
    LANDFALL_CHECK(false, "every format of block traces has a name");
    return {};
}

std::optional<BlockTraceFormat> block_trace_format(std::string_view name) {
    for (const NamedFormat& one : kFormats) {
        if (one.name == name) return one.format;
    }
    return std::nullopt;
}

std::unique_ptr<BlockTraceSource> open_block_trace(const std::string& file,
                                                   const BlockTraceOptions& options,
                                                   const DiskGeometry& disk) {
    return std::make_unique<TraceReplay>(file, options, disk);
}

BlockTraceSummary check_block_trace(const std::string& file, const BlockTraceOptions& options,
                                    const DiskGeometry& disk) {
    std::unique_ptr<TraceReplay> replay;
    try {
        replay = std::make_unique<TraceReplay>(file, options, disk);
        while (replay->next()) {
        }
        return replay->summary();
    } catch (const BlockTraceError& error) {
        BlockTraceSummary summary = replay ? replay->summary() : BlockTraceSummary();
        summary.problem = error.problem();
        return summary;
    }
}

}  // namespace landfall::workload
