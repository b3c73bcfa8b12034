// sim/workload/block_writes.hpp — the writes of one disk, one by one: what a guest does at block
// fidelity.
//
// Laws: a source gives its writes in order of time, each inside the disk and not empty. A pattern's
// draws depend on the seed and on the names of machine and disk only; arrivals, places and kinds
// have streams of their own, so that more discards do not move the places. What volume fidelity
// needs (expected_bytes) comes from the same pattern.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/base/block.hpp"
#include "model/base/units.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::workload {

/// One write before the disk takes it: the disk gives the stamp.
struct BlockWrite {
    Instant at;
    SectorRange range;
    WriteKind kind = WriteKind::Write;

    bool operator==(const BlockWrite&) const = default;
};

class BlockWriteSource {
  public:
    BlockWriteSource() = default;
    BlockWriteSource(const BlockWriteSource&) = delete;
    BlockWriteSource& operator=(const BlockWriteSource&) = delete;
    virtual ~BlockWriteSource() = default;

    /// The next write in order of time; nothing at the end, and from then on.
    virtual std::optional<BlockWrite> next() = 0;
};

/// What a synthetic guest writes. The disk, or its first `working_set` bytes, is cut into places of
/// `write_size`; each write covers one place, the last place being shorter where the size does not
/// divide.
struct BlockPattern {
    enum class Kind : std::uint8_t {
        Uniform,      ///< every place alike
        Zipf,         ///< popularity k^-zipf_alpha, hot places scattered
        HotCold,      ///< hot_writes of the writes on hot_share of the places, scattered
        Sequential,   ///< place after place, round and round
        BackupFlood,  ///< Sequential inside `window` of every day; goes on where it stopped
        FullRewrite,  ///< every `period` one pass over all places, at writes_per_second; a pass
                      ///< that outlasts the period delays the next
    };

    Kind kind = Kind::Uniform;
    double writes_per_second = 0;  ///< while writing; 0: never writes
    Bytes write_size = Bytes(4096);
    double zipf_alpha = 0.99;
    double hot_share = 0.1;
    double hot_writes = 0.9;
    double trim_share = 0;  ///< of the writes that are discards
    std::optional<Bytes> working_set;
    scenario::DailyWindow window = {};  ///< of BackupFlood; equal ends: the whole day
    Duration period = hours(24);        ///< of FullRewrite
    bool poisson = true;                ///< random arrivals; else evenly spaced
};

/// What is wrong with a pattern on such a disk, as a sentence; empty when nothing is.
std::string pattern_fault(const BlockPattern& pattern, const DiskGeometry& disk);

/// Expected bytes of data per second over whole days or periods. Discards carry no data and do not
/// count. Requires pattern_fault() to be empty, as all below.
double bytes_per_second(const BlockPattern& pattern, const DiskGeometry& disk);

/// Expected bytes of data in [from, to): a pure function, additive to the byte.
Bytes expected_bytes(const BlockPattern& pattern, const DiskGeometry& disk, Instant from,
                     Instant to);

/// The writes themselves; without end, unless the pattern never writes.
std::unique_ptr<BlockWriteSource> make_block_writes(const BlockPattern& pattern,
                                                    const DiskGeometry& disk,
                                                    std::string_view machine_name,
                                                    std::string_view disk_name, std::uint64_t seed);

}  // namespace landfall::workload
