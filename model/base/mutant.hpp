// model/base/mutant.hpp — planted bugs, for the tests that the oracles would notice them.
//
// In every ordinary build mutant() is false at compile time and leaves no trace. For the boards of
// tests/mutants the sources that ask mutant() are compiled a second time with LANDFALL_MUTANTS, and
// one bug at a time is switched on; everything else is the same object code. So a header may not
// ask: it would be compiled in both ways (law, tests/tidy).
#pragma once

#include <cstdint>

namespace landfall {

enum class Mutant : std::uint8_t {
    None,
#define LANDFALL_MUTANT(identifier, area, what) identifier,
#include "model/base/mutants.def"
    Count,
};

#ifdef LANDFALL_MUTANTS
inline namespace mutated {
/// The bug that is switched on in this process.
inline Mutant active_mutant = Mutant::None;
inline bool mutant(Mutant bug) {
    return active_mutant == bug;
}
}  // namespace mutated
#else
constexpr bool mutant(Mutant) {
    return false;
}
#endif

}  // namespace landfall
