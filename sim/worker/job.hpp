// sim/worker/job.hpp — one run or check, performed in a process of its own.
//
// Laws: a process performs at most one job (SimGrid has one Engine per process, ever); a job never
// throws, whatever happens inside it ends in an exit code and, where memory allows, in a header.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace landfall::worker {

enum class Task {
    Run,      ///< simulate the scenario
    Session,  ///< simulate it, stepped by commands
    Batch,    ///< simulate variants of it, one after the other (sim/worker/batch.hpp)
    Check,    ///< only say what is wrong with it
};

/// A failure on purpose, to prove that a broken run hurts nobody else.
enum class Drill {
    None,
    Crash,     ///< abort()
    Hang,      ///< sleep for ever
    Deadlock,  ///< report that "drill" is waiting
    Memory,    ///< allocate until the memory limit (64 MiB if there is none)
    Chance,    ///< run with a seed that is different each time: what a determinism check must find
};

/// Reads the name of a drill: "crash", "hang", "deadlock", "memory" or "chance".
std::optional<Drill> drill_named(std::string_view name);

struct Job {
    Task task = Task::Run;
    std::uint64_t seed = 1;
    /// What the job may allocate beyond what the process holds when it starts, in bytes.
    std::optional<std::uint64_t> memory_limit_bytes;
    Drill drill = Drill::None;
    int scenario_fd = -1;       ///< canonical JSON, read from its start
    int result_fd = -1;         ///< receives the result blob
    int progress_fd = -1;       ///< pipe for progress lines, or -1
    int command_fd = -1;        ///< socket that the commands of a session or batch come from
    bool with_timeline = true;  ///< session: carry out the scenario's own timeline too
};

/// Performs the job in this process and returns its exit code (ExitCode). Does not return when
/// memory runs out: the process exits with ExitCode::OutOfMemory.
int perform(const Job& job) noexcept;

/// Fails as the drill says; returns an exit code if it can. Requires a drill that fails.
int perform_drill(const Job& job);

}  // namespace landfall::worker
