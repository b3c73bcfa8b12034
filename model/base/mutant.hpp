// model/base/mutant.hpp — planted bugs, for the test that the oracles would notice them.
//
// In every ordinary build mutant() is false at compile time and leaves no trace. The mutant board
// (tests/mutants) compiles the logic a second time with LANDFALL_MUTANTS and switches one bug on at
// a time. List: replication-and-test-lab, part 2.4.
#pragma once

#include <cstdint>

namespace landfall {

enum class Mutant : std::uint8_t {
    None,
    ClearBitAfterRead,
    NoRedirtyOnWriteError,
    RoundClearOutward,
    SkipLastPartialChunk,
    NoSecondCheckAfterDrain,
    PublishBeforeFlush,
    MarkerBeforePendingData,
    ReleaseHoldEarly,
    ReuseGenerationAfterPromote,
    SkipGenerationCheck,
    SequenceFilterOffByOne,
    ResumeCursorWithoutBitmap,
    TrimAtMaxConsumer,
    UnionMissesSourceBitmap,
    FenceAfterFinalDelta,
    ChecksumOverCompressedOnly,
    DoubleCountRetransmits,
    RpoIsBacklogOverBandwidth,
    PrunePinnedPoint,
    NoFlushOfPointName,
    IgnoreShortWrite,
    NoActivityLogReplay,
    PromoteWhatArrived,
    SwitchForgetsCache,
    PointClaimsUncopiedDisk,
    ResumeForgetsPausedLog,
    Count,
};

#ifdef LANDFALL_MUTANTS
/// The bug that is switched on in this process.
inline Mutant active_mutant = Mutant::None;
inline bool mutant(Mutant bug) {
    return active_mutant == bug;
}
#else
constexpr bool mutant(Mutant) {
    return false;
}
#endif

}  // namespace landfall
