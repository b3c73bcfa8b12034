// model/storage/sequence_filter.hpp — lets each record of one stream through once and in order.
//
// Laws (S14, S15): of a generation, records are applied by rising number without a hole; what was
// applied is not applied again; nothing of another generation is applied, be it older or newer.
#pragma once

#include <cstdint>

#include "model/environment/witness.hpp"

namespace landfall {

enum class Sequenced : std::uint8_t {
    Apply,
    Duplicate,        ///< applied before: may be acknowledged again
    Gap,              ///< something before it is missing: ask for next_seq() again
    WrongGeneration,  ///< of another life of the stream: never to be applied
};

class SequenceFilter {
  public:
    SequenceFilter(Generation generation, std::uint64_t next_seq)
        : generation_(generation), next_seq_(next_seq) {}

    /// What to do with a record; after Apply it counts as applied.
    [[nodiscard]] Sequenced accept(Generation generation, std::uint64_t seq);

    /// A new life of the stream begins with `next_seq`.
    void start(Generation generation, std::uint64_t next_seq) {
        generation_ = generation;
        next_seq_ = next_seq;
    }

    [[nodiscard]] Generation generation() const { return generation_; }
    [[nodiscard]] std::uint64_t next_seq() const { return next_seq_; }

  private:
    Generation generation_;
    std::uint64_t next_seq_;
};

}  // namespace landfall
