// sim/workload/block_trace.hpp — replays the writes of one disk from a recorded block trace.
//
// A trace is read as a stream, plain or gzip (told by its content), so its length costs no memory.
// Nothing is guessed: what does not fit is reported with file, line or record, what was found and
// what is allowed. check_block_trace() reads a trace to its end before a run starts, so that a run
// does not stop half way; a source that meets a fault none the less throws.
//
// Where a trace meets the simulated disk:
//   time     0 is the first record of the chosen disk, reads included, or `origin`
//   order    traces are logged by completion and may be slightly out of order: records are sorted
//            within `unordered_within` and a step further back is a fault
//   address  a write that starts or ends within a sector covers the whole sector (outward), since
//            a sector is what a disk writes at least
//
// Formats
//   vscsi-binary  32-byte little-endian records: u32 serial, u32 length in bytes, u32 nSG, u16 SCSI
//                 operation, u16 version (high byte 1), u64 LBN (512 B), u64 time in us. Written by
//                 the CloudPhysics tracer: Waldspurger et al., FAST'15
//   vscsi-csv     version,time,op,size,lbn; time in seconds, op in hexadecimal, lbn of 512 B
//   msr-csv       Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime; time in 100 ns
//                 (FILETIME), bytes. MSR Cambridge: Narayanan et al., FAST'08
//   alibaba-csv   device_id,opcode,offset,length,timestamp; R or W, bytes, us. Li et al., IISWC'20
//   blktrace      what blkparse prints unless told otherwise: dev cpu seq time pid action rwbs
//                 sector + count [process], sectors of 512 B; from the events of one action
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "model/base/block.hpp"
#include "model/base/units.hpp"
#include "sim/workload/block_writes.hpp"

namespace landfall::workload {

enum class BlockTraceFormat : std::uint8_t { VscsiBinary, VscsiCsv, MsrCsv, AlibabaCsv, Blktrace };

/// "vscsi-binary", "vscsi-csv", "msr-csv", "alibaba-csv", "blktrace".
std::string_view name_of(BlockTraceFormat format);
std::optional<BlockTraceFormat> block_trace_format(std::string_view name);

/// What becomes of a write beyond the end of the simulated disk.
enum class BeyondDisk : std::uint8_t {
    Fault,
    Wrap,  ///< addresses count modulo the disk's size; a write over the end becomes two
};

/// What a trace may cost at most. Files come from anywhere: a small gzip can hold terabytes.
struct BlockTraceLimits {
    std::size_t unpacked_bytes = std::size_t{1} << 40;
    std::size_t line_bytes = std::size_t{64} << 10;
    std::size_t pending_writes = 4'000'000;  ///< held at once while records are sorted
};

struct BlockTraceOptions {
    BlockTraceFormat format = BlockTraceFormat::VscsiBinary;
    /// The disk to replay: DiskNumber, device_id or "8,0". Without it the file must hold one disk.
    std::optional<std::string> disk = std::nullopt;
    std::optional<std::string> host = std::nullopt;  ///< Hostname; msr-csv only
    /// The blktrace action to take: 'Q' as the guest queued, 'C' as the device completed.
    char action = 'Q';
    /// The time in the file that is the start of the run, in the file's unit (nanoseconds where
    /// that is seconds); earlier records are left out. To align several disks.
    std::optional<std::uint64_t> origin = std::nullopt;
    Duration unordered_within = seconds(1);
    /// The address in the trace that is the first byte of the simulated disk.
    Bytes first_byte = Bytes(0);
    BeyondDisk beyond = BeyondDisk::Fault;
    BlockTraceLimits limits = {};
};

enum class BlockTraceFault : std::uint8_t {
    Unreadable,   ///< missing, a folder, no permission, broken gzip
    TooLarge,     ///< over a BlockTraceLimits bound
    Empty,        ///< no record, or none of the chosen disk and action
    WrongFormat,  ///< not a file of the format at all: its first line or record does not fit
    Truncated,    ///< ends within a record
    BadField,     ///< one field of one record does not fit
    SeveralDisks,
    OutOfOrder,
    OutOfDisk,
};

struct BlockTraceProblem {
    BlockTraceFault fault = BlockTraceFault::Unreadable;
    std::string file;
    std::uint64_t place = 0;  ///< line or record, from 1; 0: the whole file
    std::string field;
    std::string found;
    std::string message;  ///< a sentence that names all of these and what is allowed
};

class BlockTraceError : public std::runtime_error {
  public:
    explicit BlockTraceError(BlockTraceProblem problem)
        : std::runtime_error(problem.message),
          problem_(std::make_shared<const BlockTraceProblem>(std::move(problem))) {}

    [[nodiscard]] const BlockTraceProblem& problem() const { return *problem_; }

  private:
    std::shared_ptr<const BlockTraceProblem> problem_;  ///< shared: copying must not throw
};

/// What a trace holds for the chosen disk.
struct BlockTraceSummary {
    std::uint64_t records = 0;  ///< of the whole file
    std::uint64_t reads = 0;
    std::uint64_t writes = 0;
    std::uint64_t discards = 0;
    std::uint64_t left_out = 0;  ///< write same and unmap of vscsi: the record has no range
    std::uint64_t sorted = 0;    ///< records that came later in the file than their time tells
    Bytes written;               ///< as recorded, before rounding to sectors
    Bytes discarded;
    std::uint64_t end_byte = 0;                ///< of the furthest write or discard, as recorded
    Duration length;                           ///< from time 0 to the last record
    std::optional<BlockTraceProblem> problem;  ///< where reading stopped
};

/// A trace as writes.
class BlockTraceSource : public BlockWriteSource {
  public:
    /// From time 0 to the last record read so far: of the whole trace once next() gave nothing.
    [[nodiscard]] virtual Duration length() const = 0;
};

/// Opens a trace as the writes of `disk`. next() throws BlockTraceError, and so does this.
std::unique_ptr<BlockTraceSource> open_block_trace(const std::string& file,
                                                   const BlockTraceOptions& options,
                                                   const DiskGeometry& disk);

/// Reads a trace to its end or first fault. Never throws for what the file holds.
BlockTraceSummary check_block_trace(const std::string& file, const BlockTraceOptions& options,
                                    const DiskGeometry& disk);

}  // namespace landfall::workload
