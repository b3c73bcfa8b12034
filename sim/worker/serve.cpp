// sim/worker/serve.cpp — one poll loop over the socket and the signal of ended children.
#include "sim/worker/serve.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <map>
#include <optional>
#include <poll.h>
#include <string>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <spdlog/spdlog.h>

#include "sim/scenario/schema_check.hpp"
#include "sim/worker/channel.hpp"
#include "sim/worker/child.hpp"
#include "sim/worker/exit_code.hpp"
#include "sim/worker/file_descriptor.hpp"

namespace landfall::worker {

namespace {

using nlohmann::json;

/// Blocks SIGCHLD for the process and returns a descriptor that is readable when one is pending.
FileDescriptor child_signals(sigset_t& mask_before) {
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    if (::sigprocmask(SIG_BLOCK, &mask, &mask_before) != 0) {
        throw std::system_error(errno, std::generic_category(), "sigprocmask");
    }
    FileDescriptor signals(::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK));
    if (!signals.valid()) throw std::system_error(errno, std::generic_category(), "signalfd");
    return signals;
}

class Zygote {
  public:
    explicit Zygote(int socket_fd) : socket_(socket_fd), signals_(child_signals(mask_before_)) {
        ::fcntl(socket_fd, F_SETFD, FD_CLOEXEC);
    }
    ~Zygote() { kill_all(); }
    Zygote(const Zygote&) = delete;
    Zygote& operator=(const Zygote&) = delete;

    void serve() {
        while (!leaving_) {
            std::array<pollfd, 2> watched{
                {{socket_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}}};
            if (::poll(watched.data(), watched.size(), -1) < 0) {
                if (errno == EINTR) continue;
                throw std::system_error(errno, std::generic_category(), "poll");
            }
            if (watched[1].revents != 0) reap();
            if (watched[0].revents != 0) handle(receive(socket_.get()));
        }
    }

  private:
    void handle(const std::optional<Message>& message) {
        if (!message) {
            leaving_ = true;
            return;
        }
        const std::string operation = message->body.value("op", "");
        if (operation == "run" || operation == "session" || operation == "batch" ||
            operation == "check") {
            start(*message);
        } else if (operation == "kill") {
            kill_child(message->body.at("id").get<std::int64_t>());
        } else if (operation == "exit") {
            leaving_ = true;
        } else {
            throw ProtocolError("unknown op in " + message->body.dump());
        }
    }

    void start(const Message& message) {
        const auto id = message.body.at("id").get<std::int64_t>();
        const ChildOrder order = read_order(message);
        const pid_t pid = ::fork();
        if (pid == 0) run_child(order, mask_before_);
        if (pid < 0) {
            tell({{"event", "ended"},
                  {"id", id},
                  {"exit", nullptr},
                  {"signal", nullptr},
                  {"max_rss_kb", 0},
                  {"error", std::string("fork: ") + std::strerror(errno)}});
            return;
        }
        // The child does the same; whoever comes first, the group exists when a kill arrives.
        ::setpgid(pid, pid);
        children_.emplace(id, pid);
        tell({{"event", "started"}, {"id", id}, {"pid", pid}});
    }

    void kill_child(std::int64_t id) {
        const auto child = children_.find(id);
        // Not there: it has ended, and its "ended" is under way.
        if (child != children_.end()) ::kill(-child->second, SIGKILL);
    }

    void kill_all() {
        for (const auto& [id, pid] : children_) ::kill(-pid, SIGKILL);
        for (const auto& [id, pid] : children_) {
            while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
            }
        }
        children_.clear();
    }

    void reap() {
        signalfd_siginfo ignored{};
        while (::read(signals_.get(), &ignored, sizeof ignored) > 0) {
        }
        for (auto child = children_.begin(); child != children_.end();) {
            int status = 0;
            rusage usage{};
            if (::wait4(child->second, &status, WNOHANG, &usage) != child->second) {
                ++child;
                continue;
            }
            json ended = {{"event", "ended"},
                          {"id", child->first},
                          {"exit", nullptr},
                          {"signal", nullptr},
                          {"max_rss_kb", usage.ru_maxrss}};
            if (WIFSIGNALED(status)) ended["signal"] = WTERMSIG(status);
            if (WIFEXITED(status)) ended["exit"] = WEXITSTATUS(status);
            child = children_.erase(child);
            tell(ended);
        }
    }

    void tell(const json& event) {
        if (!send(socket_.get(), event)) leaving_ = true;
    }

    FileDescriptor socket_;
    sigset_t mask_before_{};
    FileDescriptor signals_;
    std::map<std::int64_t, pid_t> children_;
    bool leaving_ = false;
};

}  // namespace

int serve(int socket_fd) {
    // Ctrl-C in a terminal reaches the whole foreground group; what to stop is the parent's choice.
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGPIPE, SIG_IGN);
    try {
        scenario::prepare_schema();  // once here instead of once in every child
        Zygote(socket_fd).serve();
        return Done;
    } catch (const std::exception& error) {
        spdlog::critical("serve: {}", error.what());
        return InternalError;
    }
}

}  // namespace landfall::worker
