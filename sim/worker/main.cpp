// sim/worker/main.cpp — the program landfall-worker: run, check, serve.
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>

#include <CLI/CLI.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "sim/worker/child.hpp"
#include "sim/worker/exit_code.hpp"
#include "sim/worker/file_descriptor.hpp"
#include "sim/worker/job.hpp"
#include "sim/worker/outcome.hpp"
#include "sim/worker/serve.hpp"
#include "sim/worker/version.hpp"

namespace {

using namespace landfall::worker;

struct Arguments {
    std::string scenario;
    std::string result;
    std::uint64_t seed = 1;
    int progress_fd = -1;
    std::optional<std::uint64_t> memory_limit_bytes;
    std::string drill;
    std::optional<int> parent_pid;
    int socket_fd = -1;
};

FileDescriptor open_or_explain(const std::string& path, int flags) {
    FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC, 0666));
    if (!file.valid()) spdlog::error("{}: {}", path, std::strerror(errno));
    return file;
}

/// Performs the job on files given by name; without a result file, on a nameless one.
int perform_on_files(const Arguments& arguments, Task task) {
    if (arguments.parent_pid) die_with(*arguments.parent_pid);
    const FileDescriptor scenario = open_or_explain(arguments.scenario, O_RDONLY);
    if (!scenario.valid()) return BadInput;
    const FileDescriptor result =
        arguments.result.empty() ? nameless_file()
                                 : open_or_explain(arguments.result, O_RDWR | O_CREAT | O_TRUNC);
    if (!result.valid()) return BadInput;
    std::signal(SIGPIPE, SIG_IGN);  // nobody reads the progress any more: not a reason to stop
    const int code = perform({.task = task,
                              .seed = arguments.seed,
                              .memory_limit_bytes = arguments.memory_limit_bytes,
                              .drill = drill_named(arguments.drill).value_or(Drill::None),
                              .scenario_fd = scenario.get(),
                              .result_fd = result.get(),
                              .progress_fd = arguments.progress_fd});
    for (const std::string& line : explain(code, result.get())) spdlog::error("{}", line);
    return code;
}

void add_limits(CLI::App& command, Arguments& arguments) {
    const auto known = [](const std::string& name) {
        return drill_named(name) ? std::string() : "unknown drill " + name;
    };
    command.add_option("--memory-limit", arguments.memory_limit_bytes,
                       "Bytes that the run may allocate");
    command
        .add_option("--drill", arguments.drill, "Fail on purpose: crash, hang, deadlock, memory")
        ->check(known)
        ->group("");
    command.add_option("--parent-pid", arguments.parent_pid, "End when this process ends")
        ->group("");
}

void log_to_stderr() {
    auto logger = spdlog::stderr_logger_st("landfall-worker");
    logger->set_pattern("landfall-worker: %l: %v");
    spdlog::set_default_logger(std::move(logger));
}

}  // namespace

int main(int argc, char** argv) {
    log_to_stderr();
    Arguments arguments;
    CLI::App app{"Runs landfall scenarios. People use the command `landfall` instead."};
    app.set_version_flag("--version", version_line());
    app.require_subcommand(1);

    CLI::App* run = app.add_subcommand("run", "Simulate one scenario");
    run->add_option("FILE", arguments.scenario, "Scenario in canonical JSON")->required();
    run->add_option("--result", arguments.result, "Where to write the result")->required();
    run->add_option("--seed", arguments.seed, "Seed of all random streams")->capture_default_str();
    run->add_option("--progress-fd", arguments.progress_fd, "Open pipe for progress lines");
    add_limits(*run, arguments);

    CLI::App* check = app.add_subcommand("check", "Say what is wrong with a scenario");
    check->add_option("FILE", arguments.scenario, "Scenario in canonical JSON")->required();
    check->add_option("--result", arguments.result, "Where to write the problems");

    CLI::App* serve_command = app.add_subcommand("serve", "Fork one child per run, as asked");
    serve_command->add_option("--socket-fd", arguments.socket_fd, "Connected SOCK_SEQPACKET socket")
        ->required();

    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? Done : BadInput;
    }
    // Without the exit handlers: SimGrid's crash when a run was left by an exception.
    if (*run) ::_exit(perform_on_files(arguments, Task::Run));
    if (*check) return perform_on_files(arguments, Task::Check);
    return serve(arguments.socket_fd);
}
