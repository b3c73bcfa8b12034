// model/storage/delta.hpp — changes of one disk on their way: a number of bytes, and at block
// fidelity the payload that they stand for.
#pragma once

#include <cstdint>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"

namespace landfall {

/// A marker put into the stream of a machine's changes; it rides on the machine's last delta.
enum class Marker : std::uint8_t { None, CrashConsistent, AppConsistent };

/// What the bytes are: ordered changes, or blocks of a copy (order does not matter).
enum class DeltaKind : std::uint8_t {
    Journal,
    JournalPart,  ///< the front of a delta that was cut: the rest of it follows
    Copy,
};

/// Bytes of one disk, all written before `until`.
struct Delta {
    Bytes bytes;
    Instant until;  ///< source time that the delta brings the replica up to
    DiskId disk;
    std::uint16_t generation = 0;  ///< of the machine's change stream; an older life is dropped
    Marker marker = Marker::None;  ///< all disks' changes before `until` precede this in the lane
    DeltaKind kind = DeltaKind::Journal;
    PayloadId
        payload{};  ///< none at volume fidelity and of copies; a cut delta's last piece has it
};

}  // namespace landfall
