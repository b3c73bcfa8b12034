// sim/worker/run.hpp — one scenario, run in this process, written to a file descriptor.
#pragma once

#include <cstdint>
#include <string_view>

namespace landfall::worker {

struct RunOptions {
    std::uint64_t seed = 1;
    int result_fd = -1;    ///< receives the result blob (sim/record/blob_writer.hpp)
    int progress_fd = -1;  ///< receives "<share> <simulated seconds>" lines; -1: nobody asks
    int command_fd =
        -1;  ///< socket of a session (sim/worker/session.hpp); -1: the run steps itself
    bool with_timeline = true;  ///< false: a session whose scenario's timeline is left out
};

/// Runs a scenario in canonical form and returns an ExitCode: Done, BadInput or Deadlock, with the
/// blob's header saying why. Once per process: SimGrid allows one Engine. Throws InvariantViolation
/// when landfall itself is wrong, std::bad_alloc, and std::system_error when it cannot write.
int run_scenario(std::string_view canonical_json, const RunOptions& options);

/// Only says what is wrong with the scenario: Done or BadInput, with the problems in the header.
int check_scenario(std::string_view canonical_json, int result_fd);

}  // namespace landfall::worker
