// sim/workload/block_trace_blktrace.cpp — reads block traces as blkparse prints them.
//
// Source: blkparse(1) and blkparse_fmt.c of blktrace 1.3: lines of the default format for every
// action, and the summary that follows the events.
#include <array>

#include "sim/workload/block_trace_records.hpp"

namespace landfall::workload {

namespace {

constexpr std::size_t kDevice = 0;
constexpr std::size_t kTime = 3;
constexpr std::size_t kAction = 5;
constexpr std::size_t kRwbs = 6;
constexpr std::size_t kSector = 7;
constexpr std::size_t kPlus = 8;
constexpr std::size_t kCount = 9;
constexpr std::size_t kEnd = 10;

class BlktraceReader final : public TraceLineReader {
  public:
    BlktraceReader(const std::string& file, char action, const BlockTraceLimits& limits)
        : TraceLineReader(file, limits, 1), action_(action) {}

    bool next(TraceRecord& record) override {
        std::string_view line;
        while (next_line(line)) {
            if (is_summary(line)) return false;
            if (line.substr(0, kInput.size()) == kInput) continue;  // printed with -v
            split(line);
            record = {};
            record.place = position();
            read_event(record);
            count_record();
            return true;
        }
        return false;
    }

  protected:
    [[nodiscard]] std::string expected() const override {
        return "blktrace: dev cpu seq time pid action rwbs sector + count [process]";
    }

  private:
    static constexpr std::string_view kInput = "Input file ";

    /// "CPU0 (8,0):", "Total (8,0):": what blkparse counts after the last event.
    static bool is_summary(std::string_view line) {
        return (line.substr(0, 3) == "CPU" || line.substr(0, 5) == "Total") && line.back() == ':' &&
               line.find(" (") != std::string_view::npos;
    }

    void split(std::string_view line) {
        words_ = {};
        count_ = 0;
        std::string_view rest = line;
        while (!rest.empty()) {
            const std::size_t stop = rest.find_first_of(" \t");
            if (count_ < words_.size()) words_[count_] = rest.substr(0, stop);
            ++count_;
            const std::size_t next = rest.find_first_not_of(" \t", stop);
            if (stop == std::string_view::npos || next == std::string_view::npos) break;
            rest.remove_prefix(next);
        }
        if (count_ <= kRwbs) {
            bad("", line, std::to_string(count_) + " words instead of at least 7");
        }
        line_text_ = line;
    }

    void read_event(TraceRecord& record) const {
        const std::string_view device = words_[kDevice];
        const std::size_t comma = device.find(',');
        if (comma == std::string_view::npos) bad("dev", device, "not a pair such as 8,0");
        static_cast<void>(number("dev", device.substr(0, comma)));
        static_cast<void>(number("dev", device.substr(comma + 1)));
        static_cast<void>(number("cpu", words_[1]));
        static_cast<void>(number("seq", words_[2]));
        record.ticks = nanoseconds_of("time", words_[kTime]);
        static_cast<void>(number("pid", words_[4]));
        record.disk = device;
        if (words_[kAction] != std::string_view(&action_, 1)) return;
        record.operation = operation_of(words_[kRwbs]);
        const bool transfers = record.operation != TraceOperation::Other;
        if (transfers) read_range(record);
    }

    [[nodiscard]] TraceOperation operation_of(std::string_view rwbs) const {
        if (rwbs.find_first_not_of("ABCDEFMNRSVWZ") != std::string_view::npos) {
            bad("rwbs", rwbs, "not the letters of an operation");
        }
        if (rwbs.find('D') != std::string_view::npos) return TraceOperation::Discard;
        if (rwbs.find('W') != std::string_view::npos) return TraceOperation::Write;
        return rwbs.find('R') != std::string_view::npos ? TraceOperation::Read
                                                        : TraceOperation::Other;
    }

    void read_range(TraceRecord& record) const {
        const bool flushes = words_[kRwbs].find('F') != std::string_view::npos;
        const bool has_range = words_[kPlus] == "+";
        const bool carries_command = words_[kPlus].substr(0, 1) == "(";
        if (!has_range && (flushes || carries_command)) {
            record.operation = TraceOperation::Other;  // a bare flush, a SCSI pass-through
            return;
        }
        if (!has_range) bad("sector", line_text_, "no 'sector + count' after the operation");
        record.offset = bytes_of_sectors("sector", number("sector", words_[kSector]));
        record.length = bytes_of_sectors("count", number("count", words_[kCount]));
        if (action_ == 'C' && failed(words_[kEnd])) record.operation = TraceOperation::Other;
        if (flushes && record.length == 0) record.operation = TraceOperation::Other;
    }

    /// A completion ends with its error in brackets: "[0]".
    [[nodiscard]] bool failed(std::string_view word) const {
        if (word.empty() || word.front() != '[') bad("error", word, "a completion ends with [0]");
        return word != "[0]";
    }

    char action_;
    std::array<std::string_view, kEnd + 1> words_;
    std::size_t count_ = 0;
    std::string_view line_text_;
};

}  // namespace

std::unique_ptr<TraceRecordReader> read_blktrace(const std::string& file, char action,
                                                 const BlockTraceLimits& limits) {
    return std::make_unique<BlktraceReader>(file, action, limits);
}

}  // namespace landfall::workload
