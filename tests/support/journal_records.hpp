// tests/support/journal_records.hpp — records made up for tests, and journals read back into them.
#pragma once

#include <vector>

#include "model/storage/journal.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall::test {

struct Record {
    RecordHeader header;
    std::vector<Stamp> stamps;

    bool operator==(const Record&) const = default;
};

inline Record record_of(const RecordView& view) {
    Record record{view.header(), {}};
    view.copy_stamps(record.stamps);
    return record;
}

/// A record of any kind with up to `most` sectors.
inline Record random_record(kernel::RandomStream& random, Generation generation, std::uint64_t seq,
                            std::uint64_t most = 9) {
    Record record;
    record.header.kind = static_cast<RecordKind>(1 + random.below(4));
    record.header.flags = static_cast<std::uint16_t>(random.below(1 << 16));
    record.header.generation = generation;
    record.header.disk = DiskId(random.below(100));
    record.header.seq = seq;
    record.header.at = Instant(Duration(static_cast<std::int64_t>(random.below(1ULL << 40))));
    std::uint64_t stamps = random.below(most);
    if (record.header.kind == RecordKind::Write) {
        stamps = 1 + stamps;
        record.header.range = {random.below(1ULL << 33), stamps};
    } else if (record.header.kind == RecordKind::Discard) {
        stamps = 1;
        record.header.range = {random.below(1ULL << 33), 1 + random.below(1ULL << 33)};
    }
    for (std::uint64_t k = 0; k < stamps; ++k) {
        record.stamps.push_back(make_stamp(2, random.below(1ULL << 40)));
    }
    return record;
}

/// All that the journal holds; `end` is how the replay ended.
inline std::vector<Record> replay_all(const Journal& journal, ReplayEnd* end = nullptr) {
    std::vector<Record> records;
    const ReplayEnd ended = journal.replay(
        journal.first_seq(), [&](const RecordView& view) { records.push_back(record_of(view)); });
    if (end != nullptr) *end = ended;
    return records;
}

}  // namespace landfall::test
