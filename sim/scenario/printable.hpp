// sim/scenario/printable.hpp — foreign text made safe to show: valid UTF-8, no controls, not too
// long.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace landfall::scenario {

/// `text` with control characters and bytes that are no UTF-8 replaced by "?", cut to about
/// `longest` bytes (then "..." follows). What a terminal, a JSON file and Python all accept.
std::string printable(std::string_view text, std::size_t longest = 80);

}  // namespace landfall::scenario
