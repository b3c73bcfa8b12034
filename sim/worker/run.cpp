// sim/worker/run.cpp — load, check, simulate, write.
#include "sim/worker/run.hpp"

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/kernel/simgrid_kernel.hpp"
#include "sim/record/blob_writer.hpp"
#include "sim/scenario/load.hpp"
#include "sim/scenario/problem_json.hpp"
#include "sim/worker/exit_code.hpp"
#include "sim/worker/session.hpp"
#include "sim/world/simulation.hpp"

namespace landfall::worker {

namespace {

using nlohmann::json;

json header(json summary, json problems, json waiting) {
    return {{"summary", std::move(summary)},
            {"problems", std::move(problems)},
            {"waiting", std::move(waiting)},
            {"error", nullptr}};
}

int report_problems(const std::vector<scenario::Problem>& problems, int result_fd) {
    record::write_blob(result_fd, header(nullptr, scenario::to_json(problems), json::array()), {});
    return problems.empty() ? Done : BadInput;
}

/// Writes progress at most ten times a second. A reader that went away is no reason to stop.
class ProgressWriter {
  public:
    explicit ProgressWriter(int fd) : fd_(fd) {}

    void report(double share, Instant now) {
        const auto wall = std::chrono::steady_clock::now();
        if (wall < next_) return;
        next_ = wall + std::chrono::milliseconds(100);
        char line[64];
        const int length =
            std::snprintf(line, sizeof line, "%.6f %.3f\n", share, to_seconds(now.since_start()));
        write_line(std::string_view(line, static_cast<std::size_t>(length)));
    }
    void results() { write_line("results\n"); }

  private:
    void write_line(std::string_view line) const {
        if (fd_ >= 0 && ::write(fd_, line.data(), line.size()) < 0) return;
    }

    int fd_;
    std::chrono::steady_clock::time_point next_;
};

}  // namespace

int run_scenario(std::string_view canonical_json, const RunOptions& options) {
    workload::TraceStore traces;
    scenario::LoadResult loaded = scenario::load_checked(canonical_json, traces);
    if (!loaded.scenario) return report_problems(loaded.problems, options.result_fd);

    if (!options.with_timeline) loaded.scenario->timeline.clear();

    ProgressWriter progress(options.progress_fd);
    std::optional<Session> session;
    if (options.command_fd >= 0) {
        session.emplace(options.command_fd, options.result_fd);
        loaded.scenario->ways_back = true;  // nobody knows yet what the script will do
    }
    const world::Outcome outcome = world::simulate(
        *loaded.scenario, options.seed, traces,
        [](const kernel::NetworkPlan& network) {
            return std::make_unique<kernel::SimGridKernel>(network);
        },
        [&progress](double share, Instant now) { progress.report(share, now); },
        session ? &*session : nullptr);
    if (!outcome.problems.empty()) return report_problems(outcome.problems, options.result_fd);
    if (!outcome.waiting.empty()) {
        record::write_blob(options.result_fd, header(nullptr, json::array(), outcome.waiting), {});
        return Deadlock;
    }
    progress.results();
    record::write_blob(options.result_fd, header(outcome.summary, json::array(), json::array()),
                       outcome.tables);
    return Done;
}

int check_scenario(std::string_view canonical_json, int result_fd) {
    workload::TraceStore traces;
    return report_problems(scenario::load_checked(canonical_json, traces).problems, result_fd);
}

}  // namespace landfall::worker
