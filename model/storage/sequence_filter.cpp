// model/storage/sequence_filter.cpp — see sequence_filter.hpp.
#include "model/storage/sequence_filter.hpp"

#include "model/base/mutant.hpp"

namespace landfall {

Sequenced SequenceFilter::accept(Generation generation, std::uint64_t seq) {
    if (generation != generation_ && !mutant(Mutant::SkipGenerationCheck))
        return Sequenced::WrongGeneration;
    // The planted bug takes the number of the next record for that of the last one.
    const std::uint64_t next = next_seq_ + (mutant(Mutant::SequenceFilterOffByOne) ? 1 : 0);
    if (seq < next) return Sequenced::Duplicate;
    if (seq > next) return Sequenced::Gap;
    next_seq_ = seq + 1;
    return Sequenced::Apply;
}

}  // namespace landfall
