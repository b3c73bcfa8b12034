// sim/worker/outcome.cpp — reads the header of a result blob.
#include "sim/worker/outcome.hpp"

#include <cstdint>
#include <cstring>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "sim/worker/exit_code.hpp"

namespace landfall::worker {

namespace {

using nlohmann::json;

constexpr std::size_t kPrefixBytes = 16;  // magic and length, see sim/record/blob_writer.hpp

/// Returns the header, or null when there is none.
json read_header(int fd) {
    std::uint64_t length = 0;
    if (::pread(fd, &length, sizeof length, 8) != static_cast<ssize_t>(sizeof length)) return {};
    struct stat status {};
    if (::fstat(fd, &status) != 0) return {};
    if (length > static_cast<std::uint64_t>(status.st_size)) return {};
    std::string text(length, '\0');
    const ssize_t got = ::pread(fd, text.data(), text.size(), kPrefixBytes);
    if (got != static_cast<ssize_t>(length)) return {};
    return json::parse(text, nullptr, false);
}

std::string describe(const json& problem) {
    std::string line = problem.value("pointer", "");
    if (const auto found = problem.find("found"); found != problem.end() && !found->is_null()) {
        line += " = " + (found->is_string() ? found->get<std::string>() : found->dump());
    }
    return line + ": " + problem.value("message", "") + " [" + problem.value("code", "") + "]";
}

}  // namespace

FileDescriptor nameless_file() {
    return FileDescriptor(::memfd_create("landfall-result", MFD_CLOEXEC));
}

std::vector<std::string> explain(int code, int result_fd) {
    if (code == Done) return {};
    const json header = read_header(result_fd);
    std::vector<std::string> lines;
    if (header.is_object()) {
        for (const json& problem : header.value("problems", json::array())) {
            lines.push_back(describe(problem));
        }
        for (const json& name : header.value("waiting", json::array())) {
            lines.push_back("deadlock: waits for ever: " + name.get<std::string>());
        }
        if (const auto error = header.find("error"); error != header.end() && error->is_string()) {
            lines.push_back(error->get<std::string>());
        }
    }
    if (lines.empty()) lines.push_back("failed with exit code " + std::to_string(code));
    return lines;
}

}  // namespace landfall::worker
