// tests/support/held_writers.hpp — guests whose writes can be held and cause one another, and the
// check that a group's cut is consistent.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "model/base/units.hpp"

namespace landfall::test {

class HeldWriters {
  public:
    /// How many writes of each guest are known to have come before.
    using Past = std::vector<std::size_t>;

    explicit HeldWriters(std::size_t guests)
        : past_(guests, Past(guests)), writes_(guests), waiting_(guests), held_(guests) {}

    /// A write of `guest`, caused by all that it did and heard of so far. True if it is issued now.
    bool submit(std::size_t guest, Instant now) {
        waiting_[guest].push_back(past_[guest]);
        if (held_[guest]) return false;
        issue(guest, now);
        return true;
    }
    void hold(std::size_t guest) { held_[guest] = true; }
    void release(std::size_t guest, Instant now) {
        held_[guest] = false;
        issue(guest, now);
    }
    /// Power loss: what waited was never acknowledged and is gone.
    void forget_waiting(std::size_t guest) {
        held_[guest] = false;
        waiting_[guest].clear();
    }
    [[nodiscard]] bool held(std::size_t guest) const { return held_[guest]; }
    [[nodiscard]] std::size_t issued(std::size_t guest) const { return writes_[guest].size(); }

    /// What a message from `guest` would tell of, and its arrival.
    [[nodiscard]] const Past& past(std::size_t guest) const { return past_[guest]; }
    void hear(std::size_t guest, const Past& told) { join(past_[guest], told); }

    /// What is wrong with the cut that holds the first counts[g] writes of each guest g, under the
    /// label `cut`; empty if nothing.
    [[nodiscard]] std::string fault_of(const std::vector<std::size_t>& counts, Instant cut) const {
        for (std::size_t g = 0; g < counts.size(); ++g) {
            const auto& writes = writes_[g];
            for (std::size_t k = 0; k < writes.size(); ++k) {
                const bool inside = k < counts[g];
                const std::string name = "write " + std::to_string(k) + " of " + std::to_string(g);
                if (inside != (writes[k].at < cut)) return name + " is on the wrong side";
                for (std::size_t h = 0; inside && h < counts.size(); ++h) {
                    if (writes[k].causes[h] > counts[h])
                        return name + " is there without its cause at " + std::to_string(h);
                }
            }
        }
        return "";
    }

  private:
    struct Write {
        Instant at;
        Past causes;
    };

    static void join(Past& into, const Past& other) {
        for (std::size_t k = 0; k < into.size(); ++k) into[k] = std::max(into[k], other[k]);
    }
    void issue(std::size_t guest, Instant now) {
        for (; !waiting_[guest].empty(); waiting_[guest].pop_front()) {
            writes_[guest].push_back({now, waiting_[guest].front()});
            past_[guest][guest] = writes_[guest].size();
        }
    }

    std::vector<Past> past_;
    std::vector<std::vector<Write>> writes_;
    std::vector<std::deque<Past>> waiting_;
    std::vector<char> held_;
};

}  // namespace landfall::test
