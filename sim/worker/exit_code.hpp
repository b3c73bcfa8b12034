// sim/worker/exit_code.hpp — how a run's process says how the run went.
#pragma once

namespace landfall::worker {

/// Exit codes of `landfall-worker run`, `check`, and of a child of `serve`.
/// Code 1 is left out: it is what a program says that failed before it came to anything.
enum ExitCode : int {
    Done = 0,
    BadInput = 2,       ///< the result holds "problems" only
    Deadlock = 3,       ///< the result's header names what is "waiting"
    OutOfMemory = 4,    ///< the result may be empty
    InternalError = 5,  ///< the result's header says what "error"
};

}  // namespace landfall::worker
