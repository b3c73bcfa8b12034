// sim/worker/version.cpp — asks the loaded SimGrid.
#include "sim/worker/version.hpp"

#include <simgrid/forward.h>
#include <simgrid/version.h>

namespace landfall::worker {

std::string version_line() {
    int major = 0;
    int minor = 0;
    int patch = 0;
    sg_version_get(&major, &minor, &patch);
    return "landfall-worker " LANDFALL_VERSION " (SimGrid " + std::to_string(major) + "." +
           std::to_string(minor) + "." + std::to_string(patch) + ")";
}

}  // namespace landfall::worker
