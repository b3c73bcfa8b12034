// sim/workload/block_trace_text.cpp — faults in words; lines and numbers of textual block traces.
#include <charconv>
#include <limits>
#include <utility>

#include "sim/scenario/printable.hpp"
#include "sim/workload/block_trace_records.hpp"

namespace landfall::workload {

namespace {

std::string_view without_blanks(std::string_view text) {
    constexpr std::string_view kBlanks = " \t";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

}  // namespace

void TraceFaults::fail(BlockTraceFault fault, std::uint64_t place, std::string_view field,
                       std::string_view found, const std::string& cause) const {
    BlockTraceProblem problem;
    problem.fault = fault;
    problem.file = file_;
    problem.place = place;
    problem.field = std::string(field);
    problem.found = scenario::printable(found);
    problem.message = scenario::printable(file_, 300);
    if (place > 0) problem.message += std::string(" ") + unit_ + " " + std::to_string(place);
    if (!field.empty()) problem.message += ", field '" + problem.field + "'";
    problem.message += ": " + cause;
    if (!found.empty()) problem.message += ", found '" + problem.found + "'";
    throw BlockTraceError(std::move(problem));
}

bool TraceLineReader::next_line(std::string_view& line) {
    while (source_.next_line(line)) {
        ++line_;
        if (line_ == 1 && line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
        if (line.find('\0') != std::string_view::npos) {
            bad("", line, "a NUL byte: the file is binary or damaged");
        }
        line = without_blanks(line);
        if (!line.empty()) return true;
    }
    return false;
}

void TraceLineReader::bad(std::string_view field, std::string_view found,
                          const std::string& cause) const {
    if (any_record_) faults().fail(BlockTraceFault::BadField, line_, field, found, cause);
    faults().fail(BlockTraceFault::WrongFormat, line_, field, found,
                  cause + " (expected is " + expected() + ")");
}

std::uint64_t TraceLineReader::number(std::string_view field, std::string_view text,
                                      int base) const {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value, base);
    if (error == std::errc::result_out_of_range) bad(field, text, "does not fit in 64 bits");
    if (error != std::errc() || stop != end) {
        bad(field, text, base == 16 ? "not a hexadecimal number" : "not a whole number from 0 on");
    }
    return value;
}

std::uint64_t TraceLineReader::nanoseconds_of(std::string_view field, std::string_view text) const {
    constexpr std::uint64_t kSecondsMax =
        std::numeric_limits<std::uint64_t>::max() / kNanosecondsPerSecond - 1;
    constexpr std::size_t kDigits = 9;
    const std::size_t point = text.find('.');
    const std::uint64_t whole = number(field, text.substr(0, point));
    if (whole > kSecondsMax) bad(field, text, "more seconds than fit in 64 bits of nanoseconds");
    std::uint64_t fraction = 0;
    if (point != std::string_view::npos) {
        std::string digits(text.substr(point + 1));
        if (digits.empty() || digits.size() > kDigits) {
            bad(field, text, "1 to 9 digits follow the point");
        }
        digits.resize(kDigits, '0');
        fraction = number(field, digits);
    }
    return whole * kNanosecondsPerSecond + fraction;
}

std::uint64_t TraceLineReader::bytes_of_sectors(std::string_view field,
                                                std::uint64_t sectors) const {
    if (sectors > std::numeric_limits<std::uint64_t>::max() / kTraceSectorBytes) {
        bad(field, std::to_string(sectors), "beyond 64 bits of bytes");
    }
    return sectors * kTraceSectorBytes;
}

TraceOperation scsi_operation(std::uint64_t code) {
    switch (code) {
        case 0x08:  // READ 6, 10, 12, 16
        case 0x28:
        case 0xA8:
        case 0x88: return TraceOperation::Read;
        case 0x0A:  // WRITE 6, 10, 12, 16
        case 0x2A:
        case 0xAA:
        case 0x8A:
        case 0x2E:  // WRITE AND VERIFY 10, 12, 16
        case 0xAE:
        case 0x8E: return TraceOperation::Write;
        case 0x41:  // WRITE SAME 10, 16
        case 0x93:
        case 0x42:  // UNMAP
            return TraceOperation::Unreplayable;
        default: return TraceOperation::Other;
    }
}

}  // namespace landfall::workload
