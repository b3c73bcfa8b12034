// sim/workload/block_trace_records.hpp — the records of a block trace, whatever its format.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sim/workload/block_trace.hpp"
#include "sim/workload/text_source.hpp"

namespace landfall::workload {

enum class TraceOperation : std::uint8_t {
    Read,
    Write,
    Discard,
    Unreplayable,  ///< changes the disk, but the record does not say where
    Other,         ///< not a transfer, or of another action
};

struct TraceRecord {
    std::uint64_t place = 0;  ///< line or record in the file, from 1
    std::uint64_t ticks = 0;
    TraceOperation operation = TraceOperation::Other;
    std::string_view host;  ///< both valid until the next record
    std::string_view disk;
    std::uint64_t offset = 0;  ///< bytes
    std::uint64_t length = 0;
};

/// Throws BlockTraceError. The sentence is "<file> line 7, field 'size': <cause>, found '<found>'".
class TraceFaults {
  public:
    /// `unit` is what the file consists of: "line" or "record".
    TraceFaults(std::string file, const char* unit) : file_(std::move(file)), unit_(unit) {}

    [[noreturn]] void fail(BlockTraceFault fault, std::uint64_t place, std::string_view field,
                           std::string_view found, const std::string& cause) const;

  private:
    std::string file_;
    const char* unit_;
};

class TraceRecordReader {
  public:
    TraceRecordReader(const std::string& file, const char* unit, std::int64_t tick_ns)
        : faults_(file, unit), tick_ns_(tick_ns) {}
    TraceRecordReader(const TraceRecordReader&) = delete;
    TraceRecordReader& operator=(const TraceRecordReader&) = delete;
    virtual ~TraceRecordReader() = default;

    /// Gives the next record, false at the end. Throws BlockTraceError, UnreadableFile and
    /// FileTooLarge.
    virtual bool next(TraceRecord& record) = 0;
    /// The line or record reached, from 1; 0 before the first.
    [[nodiscard]] virtual std::uint64_t position() const = 0;

    [[nodiscard]] const TraceFaults& faults() const { return faults_; }
    /// Nanoseconds of one tick of the records' time.
    [[nodiscard]] std::int64_t tick_ns() const { return tick_ns_; }

  private:
    TraceFaults faults_;
    std::int64_t tick_ns_;
};

/// What the readers of text share: lines without blanks around them, and numbers in them.
class TraceLineReader : public TraceRecordReader {
  public:
    TraceLineReader(const std::string& file, const BlockTraceLimits& limits, std::int64_t tick_ns)
        : TraceRecordReader(file, "line", tick_ns),
          source_(file, limits.unpacked_bytes, limits.line_bytes) {}

    [[nodiscard]] std::uint64_t position() const override { return line_; }

  protected:
    /// The next line that is not blank. A NUL byte in it is a fault.
    bool next_line(std::string_view& line);

    /// A fault of this line; of the whole format while no record was read yet.
    [[noreturn]] void bad(std::string_view field, std::string_view found,
                          const std::string& cause) const;

    [[nodiscard]] std::uint64_t number(std::string_view field, std::string_view text,
                                       int base = 10) const;
    /// Seconds with up to nine digits after the point, in nanoseconds.
    [[nodiscard]] std::uint64_t nanoseconds_of(std::string_view field, std::string_view text) const;
    /// `sectors` of 512 bytes as bytes.
    [[nodiscard]] std::uint64_t bytes_of_sectors(std::string_view field,
                                                 std::uint64_t sectors) const;

    void count_record() { any_record_ = true; }
    /// How the format looks, for the sentence about a file that is something else.
    [[nodiscard]] virtual std::string expected() const = 0;

  private:
    TextSource source_;
    std::uint64_t line_ = 0;
    bool any_record_ = false;
};

/// What a SCSI operation code does to a disk (SBC-4).
TraceOperation scsi_operation(std::uint64_t code);

constexpr std::uint64_t kTraceSectorBytes = 512;

std::unique_ptr<TraceRecordReader> read_vscsi_binary(const std::string& file,
                                                     const BlockTraceLimits& limits);
std::unique_ptr<TraceRecordReader> read_block_csv(const std::string& file, BlockTraceFormat format,
                                                  const BlockTraceLimits& limits);
std::unique_ptr<TraceRecordReader> read_blktrace(const std::string& file, char action,
                                                 const BlockTraceLimits& limits);

}  // namespace landfall::workload
