// model/replication/engine_design.hpp — how an engine is composed of the stages that all share.
//
// Capture, relay, upload, apply and publish are the same code for every engine
// (replication_pipeline.hpp); an engine is the choice of a form for each of them, and has a file of
// its own under engines/ that says so with its sources.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/base/units.hpp"
#include "model/estate/estate.hpp"

namespace landfall {

/// How a source keeps its guest's writes in order.
enum class CaptureForm : std::uint8_t {
    ContinuousJournal,  ///< every write, in order, as it comes
    DoubleLog,  ///< a log per disk is closed at intervals, and sent while the next one fills
};

/// Where the blocks of a first copy come from.
enum class FirstCopy : std::uint8_t {
    UsedBlocks,    ///< the occupied blocks of the running disk
    Snapshot,      ///< the occupied blocks as they were when the copy began
    ReverseDelta,  ///< what differs from the machine's former self on the other side
};

struct EngineDesign {
    std::string_view name;
    CaptureForm capture = CaptureForm::ContinuousJournal;
    bool marks_every_step = false;  ///< markers at every capture step, not at intervals
    FirstCopy first_copy = FirstCopy::UsedBlocks;
    std::int64_t disks_at_once = 1;      ///< of one machine, copied at the same time
    Bytes source_buffer;                 ///< ordered changes a disk may have waiting...
    std::int64_t log_limit_percent = 0;  ///< ...or this part of its size, if not 0
    bool coalesces_log = false;          ///< a block rewritten within a log is sent once
    bool hourly_points = false;          ///< one point an hour is kept, not the dense grid
    /// Waits after the first, second, ... failed transfer, then every `retry_every`. Empty: a
    /// connection is not given up, and goes on when its link does.
    std::vector<Duration> retry_delays;
    Duration retry_every;
};

// One file each under engines/.
EngineDesign inmage_to_azure(const ServiceProfile& profile);
EngineDesign hyper_v_to_azure(const ServiceProfile& profile);
EngineDesign azure_to_azure(const ServiceProfile& profile);
EngineDesign hyper_v_to_secondary(const ServiceProfile& profile);
EngineDesign scout_to_secondary(const ServiceProfile& profile);
EngineDesign failback(const ServiceProfile& profile);

/// The design of `engine` under `profile`.
EngineDesign design_of(ReplicationEngine engine, const ServiceProfile& profile);

}  // namespace landfall
