// sim/scenario/check_workloads.cpp — disks and what is written to them, against the fidelity.
//
// At block fidelity every sector of a disk has a stamp in memory and every write is one: disks are
// whole sectors and small, and workloads name their writes. Both fidelities take block workloads.
#include <algorithm>

#include "sim/scenario/checks.hpp"

namespace landfall::scenario {

namespace {

constexpr Bytes kBlockDiskMax = gibibytes(64);

const char* kind_of(const Churn& churn) {
    struct Names {
        const char* operator()(const NoChurn&) const { return "none"; }
        const char* operator()(const ConstantChurn&) const { return "constant"; }
        const char* operator()(const DiurnalChurn&) const { return "diurnal"; }
        const char* operator()(const TraceChurn&) const { return "trace"; }
        const char* operator()(const BlockChurn&) const { return "block"; }
        const char* operator()(const BlockTraceChurn&) const { return "block_trace"; }
    };
    return std::visit(Names(), churn);
}

/// Whether block fidelity can tell the single writes of a workload.
bool names_writes(const Churn& churn) {
    return std::holds_alternative<NoChurn>(churn) || std::holds_alternative<BlockChurn>(churn) ||
           std::holds_alternative<BlockTraceChurn>(churn);
}

/// The smallest disk that a workload writes to decides how large its writes and set may be.
void check_block_churn(Checking& checking, const MachineGroup& group, const BlockChurn& churn,
                       Bytes disk_size, const std::string& pointer) {
    const bool block = group.fidelity == Fidelity::Block;
    if (block && churn.write_size.count() % group.sector_size.count() != 0) {
        note(checking.problems, code::kNotAligned, pointer + "/write_size",
             std::to_string(churn.write_size.count()),
             "must be a multiple of the sector_size, " + std::to_string(group.sector_size.count()) +
                 " bytes");
    }
    const Bytes set = churn.working_set.value_or(disk_size);
    if (churn.working_set && *churn.working_set > disk_size) {
        note(checking.problems, code::kKeysClash, pointer + "/working_set",
             std::to_string(set.count()),
             "must not be more than the disk has, " + std::to_string(disk_size.count()) + " bytes");
    } else if (churn.write_size > set) {
        note(checking.problems, code::kKeysClash, pointer + "/write_size",
             std::to_string(churn.write_size.count()),
             std::string("must not be more than the ") +
                 (churn.working_set ? "working_set" : "disk") + ", " + std::to_string(set.count()) +
                 " bytes");
    }
}

/// A workload at `pointer` that `disks` disks share, the smallest of them of `disk_size`.
void check_churn(Checking& checking, const MachineGroup& group, const Churn& churn,
                 std::size_t disks, Bytes disk_size, const std::string& pointer) {
    if (group.fidelity == Fidelity::Block && !names_writes(churn)) {
        note(checking.problems, code::kFidelity, pointer + "/kind", json_text(kind_of(churn)),
             "tells bytes, not writes: block fidelity needs \"block\" or \"block_trace\" (or "
             "\"none\")",
             {"none", "block", "block_trace"});
    }
    if (disk_size == Bytes(0)) return;  // not readable: said already
    if (const auto* block = std::get_if<BlockChurn>(&churn)) {
        check_block_churn(checking, group, *block, disk_size, pointer);
    } else if (std::holds_alternative<BlockTraceChurn>(churn) && disks > 1) {
        note(checking.problems, code::kKeysClash, pointer + "/kind", "\"block_trace\"",
             "replays the writes of one disk, but " + std::to_string(disks) +
                 " disks of the machine share it: give it to a disk");
    }
}

}  // namespace

void check_block_size(Checking& checking, const MachineGroup& group, Bytes size,
                      const std::string& pointer) {
    if (group.fidelity != Fidelity::Block || size == Bytes(0)) return;
    if (size > kBlockDiskMax) {
        note(checking.problems, code::kDiskTooLarge, pointer, std::to_string(size.count()),
             "block fidelity keeps a stamp of every sector in memory: a disk has at most 64 GiB (" +
                 std::to_string(kBlockDiskMax.count()) +
                 " bytes); larger ones go with \"fidelity\": \"volume\"");
    } else if (size.count() % group.sector_size.count() != 0) {
        note(checking.problems, code::kNotAligned, pointer, std::to_string(size.count()),
             "must be a multiple of the sector_size, " + std::to_string(group.sector_size.count()) +
                 " bytes");
    }
}

void check_workloads(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    std::size_t takers = 0;
    Bytes smallest;
    for (std::size_t i = 0; i < group.disks.size(); ++i) {
        const Disk& disk = group.disks[i];
        const std::string at = pointer_to(pointer + "/disks", i);
        check_block_size(checking, group, disk.size, at + "/size");
        if (disk.churn) check_churn(checking, group, *disk.churn, 1, disk.size, at + "/churn");
        if (disk.churn || disk.churn_share <= 0) continue;
        smallest = takers == 0 ? disk.size : std::min(smallest, disk.size);
        ++takers;
    }
    check_churn(checking, group, group.churn, takers, smallest, pointer + "/churn");
}

}  // namespace landfall::scenario
