// sim/workload/block_trace_csv.cpp — reads block traces in the CSV forms of vSCSI, MSR and Alibaba.
#include <algorithm>
#include <array>

#include "model/base/check.hpp"
#include "sim/workload/block_trace_records.hpp"

namespace landfall::workload {

namespace {

constexpr std::size_t kMostColumns = 7;

struct CsvForm {
    std::size_t columns;
    std::array<std::string_view, kMostColumns> names;
    std::int64_t tick_ns;
};

constexpr CsvForm kVscsi = {5, {"version", "time", "op", "size", "lbn"}, 1};
constexpr CsvForm kMsr = {
    7, {"Timestamp", "Hostname", "DiskNumber", "Type", "Offset", "Size", "ResponseTime"}, 100};
constexpr CsvForm kAlibaba = {5, {"device_id", "opcode", "offset", "length", "timestamp"}, 1000};

const CsvForm& form_of(BlockTraceFormat format) {
    if (format == BlockTraceFormat::VscsiCsv) return kVscsi;
    if (format == BlockTraceFormat::MsrCsv) return kMsr;
    LANDFALL_CHECK(format == BlockTraceFormat::AlibabaCsv, "a CSV reader reads CSV");
    return kAlibaba;
}

bool same_word(std::string_view a, std::string_view b) {
    const auto lower = [](char letter) {
        return 'A' <= letter && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [&](char x, char y) { return lower(x) == lower(y); });
}

class CsvReader final : public TraceLineReader {
  public:
    CsvReader(const std::string& file, BlockTraceFormat format, const BlockTraceLimits& limits)
        : TraceLineReader(file, limits, form_of(format).tick_ns),
          format_(format),
          form_(form_of(format)) {}

    bool next(TraceRecord& record) override {
        std::string_view line;
        if (!next_line(line)) return false;
        split(line);
        if (position() == 1 && is_header() && !next_record_line()) return false;
        record = {};
        record.place = position();
        switch (format_) {
            case BlockTraceFormat::VscsiCsv: read_vscsi(record); break;
            case BlockTraceFormat::MsrCsv: read_msr(record); break;
            default: read_alibaba(record);
        }
        count_record();
        return true;
    }

  protected:
    [[nodiscard]] std::string expected() const override {
        std::string names;
        for (std::size_t i = 0; i < form_.columns; ++i) {
            names += (i == 0 ? "" : ",") + std::string(form_.names[i]);
        }
        return std::string(name_of(format_)) + ": " + names;
    }

  private:
    bool next_record_line() {
        std::string_view line;
        if (!next_line(line)) return false;
        split(line);
        return true;
    }

    void split(std::string_view line) {
        std::string_view rest = line;
        std::size_t count = 0;
        for (;;) {
            const std::size_t stop = rest.find(',');
            if (count < form_.columns) cells_[count] = rest.substr(0, stop);
            ++count;
            if (stop == std::string_view::npos) break;
            rest.remove_prefix(stop + 1);
        }
        if (count != form_.columns) {
            bad("", line,
                std::to_string(count) + " fields instead of " + std::to_string(form_.columns));
        }
    }

    [[nodiscard]] bool is_header() const {
        for (std::size_t i = 0; i < form_.columns; ++i) {
            if (!same_word(cells_[i], form_.names[i])) return false;
        }
        return true;
    }

    [[nodiscard]] std::uint64_t cell(std::size_t column, int base = 10) const {
        return number(form_.names[column], cells_[column], base);
    }

    void read_vscsi(TraceRecord& record) const {
        const std::uint64_t version = cell(0);
        if (version != 1 && version != 2) bad(form_.names[0], cells_[0], "versions are 1 and 2");
        record.ticks = nanoseconds_of(form_.names[1], cells_[1]);
        record.operation = scsi_operation(cell(2, 16));
        record.length = cell(3);
        record.offset = bytes_of_sectors(form_.names[4], cell(4));
    }

    void read_msr(TraceRecord& record) const {
        record.ticks = cell(0);
        record.host = cells_[1];
        record.disk = cells_[2];
        static_cast<void>(cell(2));
        if (same_word(cells_[3], "Write")) {
            record.operation = TraceOperation::Write;
        } else if (same_word(cells_[3], "Read")) {
            record.operation = TraceOperation::Read;
        } else {
            bad(form_.names[3], cells_[3], "neither Read nor Write");
        }
        record.offset = cell(4);
        record.length = cell(5);
        static_cast<void>(cell(6));
    }

    void read_alibaba(TraceRecord& record) const {
        record.disk = cells_[0];
        if (record.disk.empty()) bad(form_.names[0], "", "no device");
        if (same_word(cells_[1], "W")) {
            record.operation = TraceOperation::Write;
        } else if (same_word(cells_[1], "R")) {
            record.operation = TraceOperation::Read;
        } else {
            bad(form_.names[1], cells_[1], "neither R nor W");
        }
        record.offset = cell(2);
        record.length = cell(3);
        record.ticks = cell(4);
    }

    BlockTraceFormat format_;
    const CsvForm& form_;
    std::array<std::string_view, kMostColumns> cells_;
};

}  // namespace

std::unique_ptr<TraceRecordReader> read_block_csv(const std::string& file, BlockTraceFormat format,
                                                  const BlockTraceLimits& limits) {
    return std::make_unique<CsvReader>(file, format, limits);
}

}  // namespace landfall::workload
