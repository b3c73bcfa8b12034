// sim/worker/outcome.hpp — what a result says about a job that did not end well, for people.
#pragma once

#include <string>
#include <vector>

#include "sim/worker/file_descriptor.hpp"

namespace landfall::worker {

/// Makes a file that has no name and is gone when it is closed.
FileDescriptor nameless_file();

/// Returns lines that say why a job ended with `code` (ExitCode): the problems of the scenario,
/// what was waiting, or the error. Empty for a job that is done. Reads the header of `result_fd`.
std::vector<std::string> explain(int code, int result_fd);

}  // namespace landfall::worker
