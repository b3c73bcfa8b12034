// model/base/check.hpp — LANDFALL_CHECK: an invariant that is always on.
//
// Three kinds of trouble are never mixed: bad input is collected as diagnostics, things that happen
// in the simulated world are values and events, and a broken invariant of our own ends here.
#pragma once

#include <stdexcept>

namespace landfall {

/// An invariant of landfall itself does not hold; carries the condition and the place.
class InvariantViolation : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

namespace detail {
[[noreturn]] void invariant_violated(const char* condition, const char* message, const char* file,
                                     int line);
}  // namespace detail

}  // namespace landfall

/// Stops the run when `condition` is false; `message` says in words what should have held.
#define LANDFALL_CHECK(condition, message) \
    (static_cast<bool>(condition)          \
         ? static_cast<void>(0)            \
         : ::landfall::detail::invariant_violated(#condition, message, __FILE__, __LINE__))
