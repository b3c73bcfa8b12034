// model/replication/background_copy.cpp — the loop of a copy by bitmap, see the header.
#include "model/replication/background_copy.hpp"

#include <iterator>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

BackgroundCopy::BackgroundCopy(DirtyBitmap& dirty, CopyLimits limits, std::uint64_t cursor)
    : dirty_(dirty), limits_(limits), cursor_(cursor) {
    LANDFALL_CHECK(limits.most_in_flight > 0, "a copy may have something in flight");
    LANDFALL_CHECK(cursor <= dirty.sectors(), "a copy's cursor lies on its disk");
    if (mutant(Mutant::ResumeCursorWithoutBitmap)) dirty_.clear({0, cursor});
}

std::optional<SectorRange> BackgroundCopy::next() {
    if (in_flight_.size() >= limits_.most_in_flight) return std::nullopt;
    auto run = free_run(cursor_);
    if (!run) run = free_run(0);
    if (!run) return std::nullopt;
    // Cleared before anybody reads: a write that the read does not see sets the bit again.
    if (!mutant(Mutant::ClearBitAfterRead)) dirty_.clear(*run);
    in_flight_.emplace(run->first, run->count);
    sectors_in_flight_ += run->count;
    cursor_ = run->end() == dirty_.sectors() ? 0 : run->end();
    return run;
}

std::optional<SectorRange> BackgroundCopy::free_run(std::uint64_t from) const {
    while (auto run = dirty_.next_run(from, limits_.most_sectors)) {
        const auto behind = in_flight_.upper_bound(run->first);
        if (behind != in_flight_.begin()) {
            const auto before = std::prev(behind);
            const std::uint64_t end = before->first + before->second;
            if (end > run->first) {  // written again on its way: its turn comes when it has landed
                from = end;
                continue;
            }
        }
        if (behind != in_flight_.end() && behind->first < run->end()) {
            run->count = behind->first - run->first;
        }
        return run;
    }
    return std::nullopt;
}

void BackgroundCopy::land(SectorRange operation) {
    const auto at = in_flight_.find(operation.first);
    LANDFALL_CHECK(at != in_flight_.end() && at->second == operation.count,
                   "a copy operation that ends was in flight");
    in_flight_.erase(at);
    sectors_in_flight_ -= operation.count;
}

void BackgroundCopy::completed(SectorRange operation) {
    land(operation);
    if (mutant(Mutant::ClearBitAfterRead)) dirty_.clear(operation);
}

void BackgroundCopy::failed(SectorRange operation) {
    land(operation);
    if (!mutant(Mutant::NoRedirtyOnWriteError)) dirty_.set(operation);
}

void BackgroundCopy::fail_all() {
    while (!in_flight_.empty()) {
        const auto [first, count] = *in_flight_.begin();
        failed({first, count});
    }
}

DirtyBitmap BackgroundCopy::outstanding() const {
    DirtyBitmap all = dirty_;
    for (const auto& [first, count] : in_flight_) all.set({first, count});
    return all;
}

}  // namespace landfall
