// model/storage/journal_open.cpp — how a journal comes to be, and what of it a crash left.
#include <algorithm>
#include <charconv>

#include "model/base/check.hpp"
#include "model/storage/journal.hpp"
#include "model/storage/verified_write.hpp"

namespace landfall {
namespace {

constexpr std::string_view kSegmentInfix = "/segment.";
constexpr int kDigits = 16;

std::size_t length_without_trailing_zeros(std::span<const std::byte> bytes) {
    while (!bytes.empty() && bytes.back() == std::byte{0}) bytes = bytes.first(bytes.size() - 1);
    return bytes.size();
}

}  // namespace

Journal Journal::create(StableStore& store, std::string_view name, Generation generation,
                        const JournalOptions& options, std::uint64_t first_seq) {
    LANDFALL_CHECK(first_seq > 0, "records are numbered from 1");
    Journal journal(store, name, options);
    // The superblock goes first and comes last: it makes the journal.
    journal.superblock_.remove();
    store.flush_names();
    for (const std::uint64_t number : journal.stored_segments())
        store.remove(journal.segment_name(number));
    store.flush_names();
    journal.state_ = {.generation = generation,
                      .first_segment = 1,
                      .first_seq = first_seq,
                      .sealed = 0,
                      .commits = {}};
    journal.next_seq_ = first_seq;
    journal.durable_seq_ = first_seq - 1;
    if (!journal.begin_segment({1, generation, first_seq, 0}))
        journal.fail(1, "the store does not keep the head of a segment");
    else if (!journal.superblock_.store_both(encode(journal.state_)))
        journal.fail(1, "the store does not keep the superblock");
    store.flush_names();
    return journal;
}

std::optional<Journal> Journal::open(StableStore& store, std::string_view name,
                                     const JournalOptions& options) {
    Journal journal(store, name, options);
    if (!journal.superblock_.content()) return std::nullopt;
    const auto state = decode_journal_state(*journal.superblock_.content());
    if (!state) return std::nullopt;
    journal.state_ = *state;
    journal.next_seq_ = state->first_seq;
    const bool sealed = journal.load_chain();
    journal.durable_seq_ = journal.last_seq();
    if (!journal.damage_) journal.check_rest_of_store();
    if (!journal.damage_) journal.recover_end(sealed);
    return journal;
}

/// Answers whether the last segment of the chain is sealed.
bool Journal::load_chain() {
    bool sealed = true;
    for (std::uint64_t number = state_.first_segment; sealed && !damage_; ++number) {
        if (!take_segment(number, sealed)) break;
    }
    return sealed;
}

/// Adds segment `number` to the chain if it is the next one; `sealed` then says of it whether it
/// has its footer.
bool Journal::take_segment(std::uint64_t number, bool& sealed) {
    const std::string name = segment_name(number);
    const auto bytes = store_->read(name, 0, store_->size(name));
    const auto scan = scan_segment(bytes, nullptr);
    const std::uint64_t index = number - state_.first_segment;
    durable_seq_ = last_seq();
    SegmentHeader expected{number, state_.generation, next_seq_, 0};
    if (!segments_.empty())
        expected.previous_hash = segments_.back().hash;
    else if (scan)
        expected.previous_hash = scan->header.previous_hash;
    if (!scan || scan->header != expected) {
        if (index <= state_.sealed) fail(number, "a segment is missing or is not the next one");
        return false;
    }
    segments_.push_back({scan->header, scan->next_seq, scan->hash});
    next_seq_ = scan->next_seq;
    durable_seq_ = last_seq();
    end_ = scan->end;
    sealed = scan->sealed;
    if (sealed) return true;
    if (index < state_.sealed) fail(number, "a sealed segment has lost its end");
    const std::size_t used = length_without_trailing_zeros(bytes);
    recovery_ = {used > scan->end ? used - scan->end : 0, scan->readable_behind};
    return true;
}

/// Looks for signs that the chain was longer than what could be read of it.
void Journal::check_rest_of_store() {
    const std::uint64_t last = segments_.back().header.number;
    for (const std::uint64_t number : stored_segments()) {
        if (number <= last) continue;
        const auto header =
            parse_segment_header(store_->read(segment_name(number), 0, kSegmentHeaderBytes));
        if (header && header->generation == state_.generation)
            return void(fail(number, "a segment follows one that is not sealed"));
    }
    for (const auto& [consumer, seq] : state_.commits) {
        if (seq > last_seq()) return void(fail(last, "a consumer has committed what is not there"));
    }
}

/// Makes durable what was found, and clears away what must never be read again: behind the end,
/// records that were not durable could otherwise continue the new ones that are shorter.
void Journal::recover_end(bool sealed) {
    const std::uint64_t last = segments_.back().header.number;
    // The state that was found may not be durable yet, or in one copy only.
    if (!superblock_.store_both(encode(state_)))
        return void(fail(last, "the store does not keep the superblock"));
    for (const std::uint64_t number : stored_segments()) {
        if (number < state_.first_segment || number > last) store_->remove(segment_name(number));
    }
    for (std::size_t k = state_.sealed; k < segments_.size(); ++k) {
        store_->flush(segment_name(segments_[k].header.number));
    }
    store_->flush_names();
    const std::string name = segment_name(last);
    if (sealed) {
        const SegmentHeader next{last + 1, state_.generation, next_seq_, segments_.back().hash};
        if (!begin_segment(next))
            return void(fail(last + 1, "the store does not keep the head of a segment"));
    } else if (recovery_.dropped_bytes > 0) {
        const std::vector<std::byte> zeros(store_->size(name) - end_);
        if (!write_verified(*store_, name, end_, zeros))
            return void(fail(last, "the store does not keep what is written to it"));
        store_->flush(name);
    }
    if (state_.sealed != segments_.size() - 1) (void)save_state();
}

std::string Journal::segment_name(std::uint64_t number) const {
    std::string digits(kDigits, '0');
    for (auto digit = digits.rbegin(); number > 0; ++digit, number >>= 4)
        *digit = "0123456789abcdef"[number & 15];
    return name_ + std::string(kSegmentInfix) + digits;
}

std::vector<std::uint64_t> Journal::stored_segments() const {
    std::vector<std::uint64_t> numbers;
    const std::string prefix = name_ + std::string(kSegmentInfix);
    for (const std::string& name : store_->list(prefix)) {
        std::uint64_t number = 0;
        const char* const end = name.data() + name.size();
        (void)std::from_chars(name.data() + prefix.size(), end, number, 16);
        if (name == segment_name(number)) numbers.push_back(number);
    }
    return numbers;
}

std::vector<std::byte> Journal::segment_content(const Segment& segment) const {
    const std::string name = segment_name(segment.header.number);
    if (&segment != &segments_.back()) return store_->read(name, 0, store_->size(name));
    auto content = store_->read(name, 0, end_ - buffer_.size());
    content.insert(content.end(), buffer_.begin(), buffer_.end());
    return content;
}

}  // namespace landfall
