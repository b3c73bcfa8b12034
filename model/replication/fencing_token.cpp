// model/replication/fencing_token.cpp — see fencing_token.hpp.
#include "model/replication/fencing_token.hpp"

#include "model/base/mutant.hpp"

namespace landfall {

bool FencingToken::admit(Generation generation) {
    if (generation < highest_) return mutant(Mutant::SkipGenerationCheck);
    highest_ = generation;
    return true;
}

}  // namespace landfall
