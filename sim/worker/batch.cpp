// sim/worker/batch.cpp — a fork for each variant, and the words of those that did not live.
#include "sim/worker/batch.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstring>
#include <memory>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/scenario/load.hpp"
#include "sim/scenario/problem_json.hpp"
#include "sim/worker/child.hpp"
#include "sim/worker/exit_code.hpp"
#include "sim/worker/job.hpp"
#include "sim/worker/line_channel.hpp"
#include "sim/worker/verdict.hpp"
#include "sim/world/simulation.hpp"

namespace landfall::worker {

namespace {

using nlohmann::json;

constexpr std::size_t kLastWordsBytes = 8 * 1024;

/// What the children write to standard error goes to one file; each run's part begins where the
/// file ended before it.
off_t stderr_length() {
    struct stat status {};
    return ::fstat(STDERR_FILENO, &status) == 0 ? status.st_size : 0;
}

std::string stderr_since(off_t begin) {
    const off_t end = stderr_length();
    const off_t from = std::max<off_t>(begin, end - static_cast<off_t>(kLastWordsBytes));
    if (end <= from) return "";
    std::string text(static_cast<std::size_t>(end - from), '\0');
    const ssize_t got = ::pread(STDERR_FILENO, text.data(), text.size(), from);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

/// From now on the process is ended by SIGALRM after `seconds` of wall time; 0: not any more.
void limit_time(double seconds) {
    const double whole = std::floor(seconds);
    itimerval timer{};
    timer.it_value.tv_sec = static_cast<time_t>(whole);
    timer.it_value.tv_usec = static_cast<suseconds_t>((seconds - whole) * 1e6);
    ::setitimer(ITIMER_REAL, &timer, nullptr);
}

class Batch {
  public:
    Batch(json base, workload::TraceStore& traces, int socket)
        : base_(std::move(base)), traces_(traces), channel_(socket) {}

    void serve() {
        if (!channel_.send({{"ready", true}})) return;
        while (const auto order = channel_.receive()) {
            if (!run_in_child(*order)) return;
        }
    }

  private:
    /// Returns false when nobody listens any more.
    bool run_in_child(const json& order) {
        const off_t stderr_begin = stderr_length();
        const pid_t parent = ::getpid();
        const pid_t pid = ::fork();
        if (pid == 0) {
            die_with(parent);
            ::_exit(answer(order));
        }
        if (pid < 0) return say_crashed(order, json(), json(), std::strerror(errno));
        int status = 0;
        while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        if (WIFEXITED(status) && WEXITSTATUS(status) == Done) return true;
        return say_crashed(order, WIFEXITED(status) ? json(WEXITSTATUS(status)) : json(),
                           WIFSIGNALED(status) ? json(WTERMSIG(status)) : json(),
                           stderr_since(stderr_begin));
    }

    bool say_crashed(const json& order, json exit, json signal, std::string error) {
        return channel_.send({{"run", order.value("run", json())},
                              {"verdict", "crashed"},
                              {"exit", std::move(exit)},
                              {"signal", std::move(signal)},
                              {"error", std::move(error)}});
    }

    /// In the child: runs, says how it went, and returns its exit code.
    int answer(const json& order) {
        const auto begin = std::chrono::steady_clock::now();
        if (order.contains("timeout_s")) limit_time(order.at("timeout_s").get<double>());
        std::uint64_t seed = order.value("seed", std::uint64_t{1});
        const Drill drill = drill_named(order.value("drill", "")).value_or(Drill::None);
        if (drill == Drill::Chance) {
            seed += static_cast<std::uint64_t>(::getpid());
        } else if (drill != Drill::None && drill != Drill::Deadlock) {
            Job failing;
            failing.drill = drill;
            return perform_drill(failing);
        }
        json verdict = drill == Drill::Deadlock
                           ? json{{"verdict", "deadlock"}, {"waiting", {"drill"}}}
                           : run_to_verdict(changed(base_, order.value("set", json::object())),
                                            seed, traces_, order.value("log", false));
        limit_time(0);  // an answer is given whole
        verdict["run"] = order.value("run", json());
        verdict["wall_s"] =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        channel_.send(verdict);
        return Done;
    }

    json base_;
    workload::TraceStore& traces_;
    LineChannel channel_;
};

int report_problems(const std::vector<scenario::Problem>& problems, int result_fd) {
    record::write_blob(result_fd,
                       {{"summary", nullptr},
                        {"problems", scenario::to_json(problems)},
                        {"waiting", json::array()},
                        {"error", nullptr}},
                       {});
    return BadInput;
}

}  // namespace

int run_batch(std::string_view canonical_json, int command_fd, int result_fd) {
    workload::TraceStore traces;
    const scenario::LoadResult loaded = scenario::load_checked(canonical_json, traces);
    if (!loaded.scenario) return report_problems(loaded.problems, result_fd);
    Batch(json::parse(canonical_json), traces, command_fd).serve();
    return Done;
}

json changed(json base, const json& changes) {
    for (const auto& [key, value] : changes.items()) {
        if (value.is_null()) {
            base.erase(key);
        } else {
            base[key] = value;
        }
    }
    return base;
}

json run_to_verdict(const json& document, std::uint64_t seed, workload::TraceStore& traces,
                    bool log) {
    try {
        const scenario::LoadResult loaded = scenario::load_document(document, traces);
        if (!loaded.scenario) {
            return {{"verdict", "problems"}, {"problems", scenario::to_json(loaded.problems)}};
        }
        return verdict_of(
            world::simulate(*loaded.scenario, seed, traces,
                            [](const kernel::NetworkPlan& network) {
                                return std::make_unique<kernel::SimGridKernel>(network);
                            },
                            {}),
            log);
    } catch (const std::bad_alloc&) {
        ::_exit(OutOfMemory);
    } catch (const std::exception& error) {
        return {{"verdict", "crashed"},
                {"exit", nullptr},
                {"signal", nullptr},
                {"error", error.what()}};
    }
}

json run_apart(const json& document, std::uint64_t seed) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        throw std::system_error(errno, std::generic_category(), "socketpair");
    }
    const FileDescriptor ours(ends[0]);
    FileDescriptor theirs(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid == 0) {
        workload::TraceStore traces;
        LineChannel(theirs.get()).send(run_to_verdict(document, seed, traces, true));
        ::_exit(Done);
    }
    theirs.reset();
    std::optional<json> verdict = LineChannel(ours.get()).receive();
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (verdict) return *std::move(verdict);
    return {{"verdict", "crashed"},
            {"exit", WIFEXITED(status) ? json(WEXITSTATUS(status)) : json()},
            {"signal", WIFSIGNALED(status) ? json(WTERMSIG(status)) : json()},
            {"error", "the run's process ended without a verdict"}};
}

}  // namespace landfall::worker
