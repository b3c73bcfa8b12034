// model/storage/journal.cpp — appending, replaying and trimming.
#include "model/storage/journal.hpp"

#include <algorithm>
#include <utility>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"
#include "model/storage/verified_write.hpp"

namespace landfall {

Journal::Journal(StableStore& store, std::string_view name, const JournalOptions& options)
    : store_(&store), name_(name), options_(options), superblock_(store, name_ + "/superblock") {}

JournalStatus Journal::append(const RecordHeader& header, std::span<const Stamp> stamps) {
    LANDFALL_CHECK(header.generation == state_.generation && header.seq == next_seq_,
                   "a journal takes the records of its generation in sequence");
    if (make_room(record_bytes(stamps.size())) != JournalStatus::Ok) return JournalStatus::Damaged;
    const std::size_t begin = buffer_.size();
    append_record(buffer_, header, stamps);
    return append_encoded(begin);
}

JournalStatus Journal::append(const RecordView& record) {
    const RecordHeader& header = record.header();
    LANDFALL_CHECK(header.generation == state_.generation && header.seq == next_seq_,
                   "a journal takes the records of its generation in sequence");
    if (make_room(record.bytes().size()) != JournalStatus::Ok) return JournalStatus::Damaged;
    const std::size_t begin = buffer_.size();
    buffer_.insert(buffer_.end(), record.bytes().begin(), record.bytes().end());
    return append_encoded(begin);
}

JournalStatus Journal::make_room(std::uint64_t bytes) {
    if (damage_) return JournalStatus::Damaged;
    const Segment& last = segments_.back();
    const bool empty = last.next_seq == last.header.first_seq;
    if (empty || end_ + bytes + kSegmentFooterBytes <= options_.segment_bytes)
        return JournalStatus::Ok;
    return seal();
}

JournalStatus Journal::append_encoded(std::size_t begin) {
    Segment& last = segments_.back();
    last.hash = roll_hash(last.hash, std::span(buffer_).subspan(begin));
    last.next_seq = ++next_seq_;
    end_ += buffer_.size() - begin;
    return buffer_.size() < options_.buffer_bytes ? JournalStatus::Ok : write_out();
}

JournalStatus Journal::write_out() {
    if (buffer_.empty()) return JournalStatus::Ok;
    const std::uint64_t number = segments_.back().header.number;
    if (!write_verified(*store_, segment_name(number), end_ - buffer_.size(), buffer_))
        return fail(number, "the store does not keep what is written to it");
    buffer_.clear();
    return JournalStatus::Ok;
}

JournalStatus Journal::flush() {
    if (damage_ || write_out() != JournalStatus::Ok) return JournalStatus::Damaged;
    if (durable_seq_ == last_seq()) return JournalStatus::Ok;
    store_->flush(segment_name(segments_.back().header.number));
    durable_seq_ = last_seq();
    return JournalStatus::Ok;
}

JournalStatus Journal::seal() {
    const Segment last = segments_.back();
    append_segment_footer(buffer_, {last.header.first_seq, last_seq(),
                                    last.next_seq - last.header.first_seq, last.hash});
    end_ += kSegmentFooterBytes;
    if (write_out() != JournalStatus::Ok) return JournalStatus::Damaged;
    store_->flush(segment_name(last.header.number));
    durable_seq_ = last_seq();
    // Only when the next segment is there for good may the superblock count on it.
    if (!begin_segment({last.header.number + 1, state_.generation, next_seq_, last.hash}))
        return fail(last.header.number + 1, "the store does not keep the head of a segment");
    return save_state();
}

bool Journal::begin_segment(const SegmentHeader& header) {
    std::vector<std::byte> bytes;
    append_segment_header(bytes, header);
    const std::string name = segment_name(header.number);
    if (!write_verified(*store_, name, 0, bytes)) return false;
    store_->flush(name);
    store_->flush_names();
    segments_.push_back({header, header.first_seq, roll_hash(header.previous_hash, bytes)});
    end_ = bytes.size();
    return true;
}

JournalStatus Journal::save_state() {
    state_.sealed = segments_.size() - 1;
    if (superblock_.store(encode(state_))) return JournalStatus::Ok;
    return fail(state_.first_segment, "the store does not keep the superblock");
}

JournalStatus Journal::fail(std::uint64_t segment, std::string_view why) {
    damage_ = JournalDamage{segment, durable_seq_ + 1, why};
    return JournalStatus::Damaged;
}

ReplayEnd Journal::replay(std::uint64_t from_seq, const Visitor& visit) const {
    if (from_seq < first_seq()) return {Replayed::Trimmed, first_seq()};
    ReplayEnd end{Replayed::All, from_seq};
    for (const Segment& segment : segments_) {
        if (segment.next_seq <= from_seq) continue;
        const auto content = segment_content(segment);
        const bool right = parse_segment_header(content) == segment.header;
        const auto scan =
            !right ? std::nullopt : scan_segment(content, [&](const RecordView& record) {
                if (record.header().seq >= from_seq) visit(record);
            });
        if (scan) end.next_seq = std::max(end.next_seq, scan->next_seq);
        if (!scan || scan->next_seq != segment.next_seq || scan->hash != segment.hash)
            return {Replayed::Damaged, end.next_seq};
    }
    if (damage_) end.how = Replayed::Damaged;
    return end;
}

JournalStatus Journal::register_consumer(std::string_view consumer) {
    if (damage_) return JournalStatus::Damaged;
    if (committed(consumer)) return JournalStatus::Ok;
    state_.commits.emplace(consumer, first_seq() - 1);
    return save_state();
}

JournalStatus Journal::remove_consumer(std::string_view consumer) {
    if (damage_) return JournalStatus::Damaged;
    const auto found = state_.commits.find(consumer);
    if (found == state_.commits.end()) return JournalStatus::Ok;
    state_.commits.erase(found);
    return save_state();
}

JournalStatus Journal::commit(std::string_view consumer, std::uint64_t seq) {
    if (damage_) return JournalStatus::Damaged;
    const auto found = state_.commits.find(consumer);
    LANDFALL_CHECK(found != state_.commits.end(), "who commits is registered");
    LANDFALL_CHECK(seq <= durable_seq_, "what a consumer commits is durable");
    if (seq <= found->second) return JournalStatus::Ok;
    found->second = seq;
    return save_state();
}

std::optional<std::uint64_t> Journal::committed(std::string_view consumer) const {
    const auto found = state_.commits.find(consumer);
    if (found == state_.commits.end()) return std::nullopt;
    return found->second;
}

JournalStatus Journal::trim() {
    if (damage_) return JournalStatus::Damaged;
    if (state_.commits.empty()) return JournalStatus::Ok;
    const auto [least, most] = std::ranges::minmax_element(
        state_.commits, {}, [](const auto& commit) { return commit.second; });
    const std::uint64_t bound = mutant(Mutant::TrimAtMaxConsumer) ? most->second : least->second;
    const auto kept = std::find_if(segments_.begin(), segments_.end() - 1,
                                   [&](const Segment& s) { return s.next_seq - 1 > bound; });
    if (kept == segments_.begin()) return JournalStatus::Ok;
    segments_.erase(segments_.begin(), kept);
    state_.first_segment = segments_.front().header.number;
    state_.first_seq = segments_.front().header.first_seq;
    state_.sealed = segments_.size() - 1;
    // Both copies: an older superblock would miss the segments that go now.
    if (!superblock_.store_both(encode(state_)))
        return fail(state_.first_segment, "the store does not keep the superblock");
    remove_segments_before(state_.first_segment);
    return JournalStatus::Ok;
}

JournalStatus Journal::start_generation(Generation generation, std::uint64_t first_seq) {
    LANDFALL_CHECK(generation > state_.generation, "generations of a journal rise");
    LANDFALL_CHECK(first_seq > 0, "records are numbered from 1");
    std::uint64_t number =
        segments_.empty() ? state_.first_segment : segments_.back().header.number;
    for (const std::uint64_t stored : stored_segments()) number = std::max(number, stored);
    segments_.clear();
    buffer_.clear();
    damage_.reset();
    next_seq_ = first_seq;
    durable_seq_ = first_seq - 1;
    if (!begin_segment({++number, generation, first_seq, 0}))
        return fail(number, "the store does not keep the head of a segment");
    state_.generation = generation;
    state_.first_segment = number;
    state_.first_seq = first_seq;
    state_.sealed = 0;
    for (auto& [consumer, seq] : state_.commits) seq = first_seq - 1;
    if (!superblock_.store_both(encode(state_)))
        return fail(number, "the store does not keep the superblock");
    remove_segments_before(number);
    return JournalStatus::Ok;
}

void Journal::remove_segments_before(std::uint64_t number) {
    for (const std::uint64_t stored : stored_segments()) {
        if (stored < number) store_->remove(segment_name(stored));
    }
    store_->flush_names();
}

}  // namespace landfall
