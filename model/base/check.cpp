// model/base/check.cpp — throws the violation with its place, so that the worker can report it.
#include "model/base/check.hpp"

#include <string>

namespace landfall::detail {

void invariant_violated(const char* condition, const char* message, const char* file, int line) {
    throw InvariantViolation(std::string(file) + ":" + std::to_string(line) + ": " + message +
                             " (" + condition + " is false)");
}

}  // namespace landfall::detail
