// sim/worker/serve.hpp — the zygote: forks one child per run, as its parent asks.
//
// It has SimGrid loaded but never creates an Engine, has one thread, and holds no state of a run,
// so a child starts in a millisecond from a clean process and whatever happens to it stays with it.
//
// Protocol, one JSON object per packet:
//   parent -> {"op": "run" | "check", "id": n, "seed": n, "memory_limit_bytes": n | null,
//              "drill": null | "crash" | "hang" | "deadlock" | "memory" |
//              "chance"}
//             with four files: scenario, result, progress pipe, standard error
//             {"op": "session", ... the same, "timeline": bool} with a fifth file: the socket that
//             commands come from (sim/worker/session.hpp)
//             {"op": "batch", ...} likewise: variants of the scenario, one after the other
//             (sim/worker/batch.hpp)
//             {"op": "kill", "id": n}      {"op": "exit"}
//   zygote -> {"event": "started", "id": n, "pid": p}
//             {"event": "ended", "id": n, "exit": code | null, "signal": number | null,
//              "max_rss_kb": n, "error"?: why it could not be started}
//
// When the parent is gone (end of the socket) every child is killed and the zygote exits. Children
// that outlive the zygote are killed by the kernel (PR_SET_PDEATHSIG).
#pragma once

namespace landfall::worker {

/// Serves until the parent says exit or is gone. Takes `socket_fd` over.
/// Returns the exit code of the program (ExitCode).
int serve(int socket_fd);

}  // namespace landfall::worker
