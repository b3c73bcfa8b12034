// sim/workload/block_churn.hpp — one description of single writes for both fidelities.
//
// At block fidelity it is the writes themselves, at volume fidelity their bytes: the expected ones
// of a pattern, the recorded ones of a trace.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "sim/workload/block_trace.hpp"
#include "sim/workload/block_writes.hpp"
#include "sim/workload/churn.hpp"

namespace landfall::workload {

/// What names and numbers the disk whose writes are made.
struct DiskIdentity {
    std::string_view machine;
    std::string_view disk;
    std::int64_t index = 1;  ///< of the machine in its group, for "{index}"
    DiskGeometry geometry;
};

BlockPattern pattern_of(const scenario::BlockChurn& churn);
BlockTraceOptions options_of(const scenario::BlockTraceChurn& churn);

/// The writes of a disk; null when `churn` holds none. Throws BlockTraceError.
std::unique_ptr<BlockWriteSource> make_writes(const scenario::Churn& churn,
                                              const DiskIdentity& disk, std::uint64_t seed);

/// The bytes of the same writes; null when `churn` is no description of single writes. Throws
/// BlockTraceError.
std::unique_ptr<ChurnSource> make_write_volume(const scenario::Churn& churn,
                                               const DiskIdentity& disk);

}  // namespace landfall::workload
