// model/replication/lane.hpp — a queue of deltas in two classes, and the batches taken from it.
//
// Ordered changes (journal) keep their order; blocks of copies keep theirs; the two share a busy
// leg by a fixed share, and whatever one class leaves unused goes to the other. A delta larger than
// a batch is cut; its marker stays on the last piece.
#pragma once

#include <algorithm>
#include <deque>
#include <vector>

#include "model/base/units.hpp"
#include "model/storage/delta.hpp"

namespace landfall {

/// Deltas that travel together in one transfer.
struct Batch {
    std::vector<Delta> deltas;
    Bytes bytes;
    std::size_t arrived = 0;  ///< deltas at the front that are known to have arrived
    Bytes arrived_bytes;
    Instant sent_at;
    bool under_way = false;

    void clear() {
        deltas.clear();
        bytes = Bytes(0);
        arrived = 0;
        arrived_bytes = Bytes(0);
        under_way = false;
    }
    void add(const Delta& delta) {
        deltas.push_back(delta);
        bytes += delta.bytes;
    }
};

/// First in, first out, with the bytes inside kept as a running sum.
class DeltaQueue {
  public:
    void push(const Delta& delta) {
        bytes_ += delta.bytes;
        deltas_.push_back(delta);
    }

    [[nodiscard]] bool empty() const { return deltas_.empty(); }
    [[nodiscard]] const Delta& front() const { return deltas_.front(); }
    [[nodiscard]] Bytes bytes() const { return bytes_; }

    /// Drops every delta that `stale` answers true for.
    template <typename Predicate>
    void remove_if(Predicate&& stale) {
        std::erase_if(deltas_, [&](const Delta& delta) {
            if (!stale(delta)) return false;
            bytes_ -= delta.bytes;
            return true;
        });
    }

    /// Moves every delta that `mine` answers true for to the front of `to`, in their order.
    template <typename Predicate>
    void move_to_front(DeltaQueue& to, Predicate&& mine) {
        std::vector<Delta> moved;
        remove_if([&](const Delta& delta) {
            if (!mine(delta)) return false;
            moved.push_back(delta);
            return true;
        });
        for (std::size_t k = moved.size(); k-- > 0;) {
            to.bytes_ += moved[k].bytes;
            to.deltas_.push_front(moved[k]);
        }
    }
    template <typename Predicate>
    [[nodiscard]] bool any_of(Predicate&& wanted) const {
        return std::any_of(deltas_.begin(), deltas_.end(), wanted);
    }

    /// Puts the deltas of a failed `batch` that have not arrived, and that `mine` answers true for,
    /// back to the front, in their order.
    template <typename Predicate>
    void put_back(const Batch& batch, Predicate&& mine) {
        for (std::size_t k = batch.deltas.size(); k-- > batch.arrived;) {
            if (!mine(batch.deltas[k])) continue;
            bytes_ += batch.deltas[k].bytes;
            deltas_.push_front(batch.deltas[k]);
        }
    }

    /// Moves deltas into `batch` until it holds `limit` bytes more; cuts the last one to fit.
    /// Deltas of no bytes (markers of quiet machines) travel with what precedes them.
    void take(Bytes limit, Batch& batch) {
        while (!deltas_.empty()) {
            Delta& head = deltas_.front();
            if (head.bytes <= limit) {
                limit -= head.bytes;
                batch.add(head);
                bytes_ -= head.bytes;
                deltas_.pop_front();
                continue;
            }
            if (limit > Bytes(0)) {
                Delta piece = head;
                piece.bytes = limit;
                piece.marker = Marker::None;
                piece.payload = PayloadId();
                if (piece.kind == DeltaKind::Journal) piece.kind = DeltaKind::JournalPart;
                head.bytes -= limit;
                bytes_ -= limit;
                batch.add(piece);
            }
            return;
        }
    }

  private:
    std::deque<Delta> deltas_;
    Bytes bytes_;
};

/// How much of a batch of `limit` bytes the journal may take when copies wait behind it.
inline Bytes journal_share(Bytes limit, Bytes copies_waiting, std::int64_t copy_share_percent) {
    const Bytes reserved(detail::scale(limit.count(), copy_share_percent, 100, false));
    return limit - std::min(reserved, copies_waiting);
}

}  // namespace landfall
