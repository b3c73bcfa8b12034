// sim/worker/child.hpp — a child of the zygote: from fork() to _exit().
#pragma once

#include <csignal>

#include "sim/worker/channel.hpp"
#include "sim/worker/job.hpp"

namespace landfall::worker {

/// What a child is to do, and where its standard output and error go.
struct ChildOrder {
    Job job;
    int stderr_fd = -1;
    int zygote_pid = 0;
};

/// Reads the order out of a "run" or "check" message, which keeps owning the files.
/// Throws ProtocolError.
ChildOrder read_order(const Message& message);

/// Has the kernel kill this process when its parent ends, at once if that is not `parent_pid` any
/// more. The parent is the thread that started this process: it has to wait for it.
void die_with(int parent_pid);

/// Runs in the child, right after fork(): cuts it off from the zygote, performs the job and exits
/// with its exit code. `mask` is the signal mask to go back to.
[[noreturn]] void run_child(const ChildOrder& order, const sigset_t& mask) noexcept;

}  // namespace landfall::worker
