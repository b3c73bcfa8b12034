// sim/worker/child.cpp — process group, death with the parent, closed files, then the job.
#include "sim/worker/child.hpp"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <string>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

#include "sim/worker/exit_code.hpp"

namespace landfall::worker {

namespace {

constexpr std::size_t kFiles = 4;  // scenario, result, progress, standard error

/// Closes every descriptor above standard error but `kept`.
void close_all_but(std::vector<int> kept) {
    std::sort(kept.begin(), kept.end());
    unsigned first = STDERR_FILENO + 1;
    for (const int fd : kept) {
        if (fd < static_cast<int>(first)) continue;
        if (fd > static_cast<int>(first)) ::close_range(first, static_cast<unsigned>(fd) - 1, 0);
        first = static_cast<unsigned>(fd) + 1;
    }
    ::close_range(first, ~0U, 0);
}

void redirect_standard_files(int stderr_fd) {
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(stderr_fd, STDOUT_FILENO);
    ::dup2(stderr_fd, STDERR_FILENO);
}

}  // namespace

void die_with(int parent_pid) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent_pid) ::_exit(InternalError);
}

ChildOrder read_order(const Message& message) {
    const nlohmann::json& body = message.body;
    const bool is_session = body.at("op") == "session";
    const bool takes_commands = is_session || body.at("op") == "batch";
    if (message.files.size() != kFiles + (takes_commands ? 1 : 0)) {
        throw ProtocolError("a run needs four files, a session or a batch five");
    }
    ChildOrder order;
    order.zygote_pid = ::getpid();
    order.stderr_fd = message.files[3].get();
    order.job.task = body.at("op") == "check" ? Task::Check : Task::Run;
    if (takes_commands) {
        order.job.task = is_session ? Task::Session : Task::Batch;
        order.job.command_fd = message.files[kFiles].get();
        order.job.with_timeline = body.value("timeline", true);
    }
    order.job.seed = body.value("seed", std::uint64_t{1});
    if (const auto limit = body.find("memory_limit_bytes");
        limit != body.end() && !limit->is_null()) {
        order.job.memory_limit_bytes = limit->get<std::uint64_t>();
    }
    if (const auto name = body.find("drill"); name != body.end() && !name->is_null()) {
        const auto drill = drill_named(name->get<std::string>());
        if (!drill) throw ProtocolError("unknown drill " + name->dump());
        order.job.drill = *drill;
    }
    order.job.scenario_fd = message.files[0].get();
    order.job.result_fd = message.files[1].get();
    // Whoever steps a run knows how far it is, and does not read a pipe that would fill up.
    if (!takes_commands) order.job.progress_fd = message.files[2].get();
    return order;
}

void run_child(const ChildOrder& order, const sigset_t& mask) noexcept {
    ::setpgid(0, 0);
    die_with(order.zygote_pid);
    ::sigprocmask(SIG_SETMASK, &mask, nullptr);
    redirect_standard_files(order.stderr_fd);
    close_all_but(
        {order.job.scenario_fd, order.job.result_fd, order.job.progress_fd, order.job.command_fd});
    const int code = perform(order.job);
    std::fflush(nullptr);
    ::_exit(code);
}

}  // namespace landfall::worker
