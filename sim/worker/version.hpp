// sim/worker/version.hpp — which landfall and which SimGrid this program is made of.
#pragma once

#include <string>

namespace landfall::worker {

/// Returns a line such as "landfall-worker 0.1.0 (SimGrid 3.32.0)"; SimGrid's is the version of
/// the library that was loaded, not of the headers.
std::string version_line();

}  // namespace landfall::worker
