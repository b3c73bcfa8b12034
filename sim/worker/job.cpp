// sim/worker/job.cpp — limits, drills, then the run.
#include "sim/worker/job.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <new>
#include <string>
#include <sys/resource.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "sim/record/blob_writer.hpp"
#include "sim/worker/batch.hpp"
#include "sim/worker/exit_code.hpp"
#include "sim/worker/run.hpp"

namespace landfall::worker {

namespace {

constexpr std::uint64_t kDrillMemoryBytes = 64ULL << 20;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// Ends the process at once: with no memory left nothing else can be trusted to work.
[[noreturn]] void exit_out_of_memory() {
    constexpr std::string_view kText = "out of memory: an allocation failed\n";
    if (::write(STDERR_FILENO, kText.data(), kText.size()) < 0) ::_exit(OutOfMemory);
    ::_exit(OutOfMemory);
}

/// Returns the address space that this process uses now, in bytes.
std::uint64_t address_space_bytes() {
    std::ifstream statistics("/proc/self/statm");
    std::uint64_t pages = 0;
    statistics >> pages;
    return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

/// Libraries and the zygote's heap are mapped already and cost nothing more, so the limit counts
/// from there: 100 MB mean the same whatever SimGrid happens to link.
void limit_memory(std::uint64_t bytes) {
    const rlim_t limit = address_space_bytes() + bytes;
    const rlimit both{limit, limit};
    if (::setrlimit(RLIMIT_AS, &both) != 0) fail("set the memory limit");
}

std::string read_all(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) fail("read the scenario");
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t got =
            ::pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("read the scenario");
        if (got == 0) break;  // the file became shorter
        done += static_cast<std::size_t>(got);
    }
    text.resize(done);
    return text;
}

/// Writes a result that consists of a header with one word to say.
void write_header(int result_fd, const char* key, nlohmann::json value) {
    nlohmann::json header = {{"summary", nullptr},
                             {"problems", nlohmann::json::array()},
                             {"waiting", nlohmann::json::array()},
                             {"error", nullptr}};
    header[key] = std::move(value);
    record::write_blob(result_fd, std::move(header), {});
}

[[noreturn]] void crash() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);  // a drill leaves no core file
    spdlog::critical("drill: crash");
    std::abort();
}

[[noreturn]] void hang() {
    spdlog::info("drill: hang");
    for (;;) ::pause();
}

[[noreturn]] void exhaust_memory() {
    constexpr std::size_t kStepBytes = 1 << 20;
    for (;;) {
        auto* bytes = static_cast<volatile char*>(::operator new(kStepBytes));
        bytes[0] = 1;
    }
}

int perform_or_throw(const Job& job) {
    std::set_new_handler(exit_out_of_memory);
    if (job.memory_limit_bytes) limit_memory(*job.memory_limit_bytes);
    if (job.drill != Drill::None && job.drill != Drill::Chance) return perform_drill(job);

    const std::string scenario = read_all(job.scenario_fd);
    if (job.task == Task::Check) return check_scenario(scenario, job.result_fd);
    if (job.task == Task::Batch) return run_batch(scenario, job.command_fd, job.result_fd);
    const std::uint64_t chance =
        job.drill == Drill::Chance ? static_cast<std::uint64_t>(::getpid()) : 0;
    return run_scenario(scenario, {.seed = job.seed + chance,
                                   .result_fd = job.result_fd,
                                   .progress_fd = job.progress_fd,
                                   .command_fd = job.command_fd,
                                   .with_timeline = job.with_timeline});
}

}  // namespace

int perform_drill(const Job& job) {
    switch (job.drill) {
        case Drill::Crash: crash();
        case Drill::Hang: hang();
        case Drill::Memory:
            if (!job.memory_limit_bytes) limit_memory(kDrillMemoryBytes);
            exhaust_memory();
        case Drill::Deadlock: write_header(job.result_fd, "waiting", {"drill"}); return Deadlock;
        case Drill::Chance:
        case Drill::None: break;
    }
    return Done;
}

std::optional<Drill> drill_named(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, Drill>, 5> kDrills{
        {{"crash", Drill::Crash},
         {"hang", Drill::Hang},
         {"deadlock", Drill::Deadlock},
         {"memory", Drill::Memory},
         {"chance", Drill::Chance}}};
    for (const auto& [drill_name, drill] : kDrills) {
        if (drill_name == name) return drill;
    }
    return std::nullopt;
}

int perform(const Job& job) noexcept {
    try {
        return perform_or_throw(job);
    } catch (const std::bad_alloc&) {
        exit_out_of_memory();
    } catch (const std::exception& error) {
        spdlog::error("{}", error.what());
        try {
            write_header(job.result_fd, "error", error.what());
        } catch (const std::exception& second) {
            spdlog::error("{}", second.what());
        }
    }
    return InternalError;
}

}  // namespace landfall::worker
