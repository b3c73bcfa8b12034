// tests/mutants/worker/active_mutant.cpp — switches on the bug that LANDFALL_MUTANT names, in the
// program landfall-worker-mutated and nowhere else. Without the variable the worker has none.
//
// It is done before main() so that the program is otherwise the worker as it is.
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

#include "sim/worker/exit_code.hpp"
#include "tests/mutants/mutant_names.hpp"

namespace landfall::mutants {
namespace {

[[noreturn]] void explain(const char* name) {
    std::fprintf(stderr, "landfall-worker-mutated: LANDFALL_MUTANT: no bug '%s'; there are:\n",
                 name);
    for (const PlantedBug& planted : planted_bugs())
        std::fprintf(stderr, "  %s\n", planted.name.c_str());
    ::_exit(worker::BadInput);
}

Mutant chosen() {
    const char* name = std::getenv("LANDFALL_MUTANT");
    if (name == nullptr || *name == '\0') return Mutant::None;
    if (const auto bug = mutant_named(name)) return *bug;
    explain(name);
}

[[maybe_unused]] const Mutant kSwitchedOn = active_mutant = chosen();

}  // namespace
}  // namespace landfall::mutants
