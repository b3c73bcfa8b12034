// model/storage/redo_log.cpp — the log is a run of journal records; a copied block is one with a
// flag.
#include "model/storage/redo_log.hpp"

#include <algorithm>
#include <utility>

#include "model/storage/journal_record.hpp"

namespace landfall {

namespace {

constexpr std::uint16_t kCopied = 1;

void append_to(std::vector<std::byte>& buffer, const StagedWrite& write, std::uint16_t flags) {
    const RecordHeader header = {.kind = RecordKind::Write,
                                 .flags = flags,
                                 .disk = DiskId(write.disk),
                                 .seq = write.seq,
                                 .range = write.range,
                                 .at = write.at};
    append_record(buffer, header, write.stamps);
}

}  // namespace

RedoLog::RedoLog(StoredObjects& objects, std::vector<std::uint64_t> arrived_seq)
    : persists_(objects.persists()), arrived_seq_(std::move(arrived_seq)) {
    place_.object = objects.create(ObjectKind::Redo);
    place_.arrived_seq = arrived_seq_;
}

void RedoLog::append(const StagedWrite& write) {
    std::uint64_t& arrived = arrived_seq_[write.disk];
    arrived = std::max(arrived, write.seq);
    if (persists_) append_to(buffer_, write, 0);
}

void RedoLog::append_copy(std::uint32_t disk, std::uint64_t first, std::span<const Stamp> stamps) {
    if (!persists_) return;
    StagedWrite block;
    block.disk = disk;
    block.range = {first, stamps.size()};
    block.stamps = stamps;
    append_to(buffer_, block, kCopied);
}

void RedoLog::flush_content(StoredObjects& objects) {
    if (!buffer_.empty()) {
        objects.append(place_.object, place_.bytes, buffer_);
        objects.flush(place_.object);
        place_.bytes += buffer_.size();
        buffer_.clear();
    }
    place_.arrived_seq = arrived_seq_;
}

void RedoLog::flush(StoredObjects& objects) {
    flush_content(objects);
    if (named_ || place_.bytes == 0) return;
    objects.flush_names();
    named_ = true;
}

bool RedoLog::replay(const StoredObjects& objects, const RedoPlace& place,
                     const std::function<void(const Record&)>& visit) {
    const std::vector<std::byte> bytes = objects.read(place.object);
    std::vector<Stamp> stamps;
    RecordReader records(bytes);
    while (const auto record = records.next()) {
        const RecordHeader& header = record->header();
        record->copy_stamps(stamps);
        visit({header.flags == kCopied,
               {header.disk.value, header.seq, header.at, header.range, stamps}});
    }
    // A write that was cut short leaves the front of a record; anything else is rot.
    const bool cut_short =
        records.end() == ReadEnd::CleanEnd || records.end() == ReadEnd::Truncated;
    return cut_short && records.offset() >= place.bytes;
}

}  // namespace landfall
