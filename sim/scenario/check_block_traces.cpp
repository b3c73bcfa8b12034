// sim/scenario/check_block_traces.cpp — reads the block traces that disks replay to their end, so
// that a run does not stop half way.
#include <map>
#include <tuple>

#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/workload/block_churn.hpp"

namespace landfall::scenario {

namespace {

using workload::BlockTraceProblem;

/// Reads a trace once for all disks that replay it alike: machines of a group often share one.
class TraceReader {
  public:
    const std::optional<BlockTraceProblem>& read(const BlockTraceChurn& churn,
                                                 const std::string& file,
                                                 const DiskGeometry& disk) {
        const Key key{file, churn.format, churn.device, disk.sectors, disk.sector_size.count()};
        const auto known = read_.find(key);
        if (known != read_.end()) return known->second;
        return read_[key] =
                   workload::check_block_trace(file, workload::options_of(churn), disk).problem;
    }

  private:
    using Key = std::tuple<std::string, BlockTraceFormat, std::optional<std::string>, std::uint64_t,
                           std::int64_t>;
    std::map<Key, std::optional<BlockTraceProblem>> read_;
};

/// The first machine of the group whose trace has a fault tells it.
void check_replay(Checking& checking, TraceReader& traces, const MachineGroup& group,
                  const Churn& churn, Bytes disk_size, const std::string& pointer) {
    const auto* trace = std::get_if<BlockTraceChurn>(&churn);
    if (trace == nullptr || trace->file.empty()) return;
    if (disk_size <= Bytes(0) || group.sector_size <= Bytes(0)) return;  // said already
    const DiskGeometry disk{
        static_cast<std::uint64_t>(disk_size.count() / group.sector_size.count()),
        group.sector_size};
    for (std::int64_t index = 1; index <= group.count; ++index) {
        const std::string file =
            workload::filled_in(trace->file, machine_name(group, index), index);
        const std::optional<BlockTraceProblem>& found = traces.read(*trace, file, disk);
        if (!found) continue;
        note(checking.problems, code::kTraceFile, pointer + "/file", json_text(file),
             found->message);
        return;
    }
}

}  // namespace

void check_block_traces(Checking& checking) {
    const std::vector<MachineGroup>& groups = checking.scenario.machines;
    TraceReader traces;
    for (std::size_t i = 0; i < groups.size(); ++i) {
        const MachineGroup& group = groups[i];
        const std::string pointer = pointer_to("/machines", i);
        const Disk* taker = nullptr;
        std::size_t takers = 0;
        for (std::size_t k = 0; k < group.disks.size(); ++k) {
            const Disk& disk = group.disks[k];
            if (disk.churn) {
                check_replay(checking, traces, group, *disk.churn, disk.size,
                             pointer_to(pointer + "/disks", k) + "/churn");
            } else if (disk.churn_share > 0) {
                taker = &disk;
                ++takers;
            }
        }
        if (takers != 1) continue;  // a trace is of one disk: check_workloads tells
        check_replay(checking, traces, group, group.churn, taker->size, pointer + "/churn");
    }
}

}  // namespace landfall::scenario
