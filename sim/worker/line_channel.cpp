// sim/worker/line_channel.cpp — lines out of a stream, and whole lines into it.
#include "sim/worker/line_channel.hpp"

#include <array>
#include <cerrno>
#include <string_view>
#include <sys/socket.h>
#include <system_error>

#include "sim/worker/channel.hpp"

namespace landfall::worker {

namespace {

bool other_side_is_gone(int error) {
    return error == EPIPE || error == ECONNRESET;
}

}  // namespace

std::optional<nlohmann::json> LineChannel::receive() {
    std::array<char, 16 * 1024> piece{};
    for (;;) {
        const std::size_t end = rest_.find('\n');
        if (end != std::string::npos) {
            const std::string line = rest_.substr(0, end);
            rest_.erase(0, end + 1);
            auto body = nlohmann::json::parse(line, nullptr, false);
            if (!body.is_object()) throw ProtocolError("a command is not a JSON object: " + line);
            return body;
        }
        if (rest_.size() > kMaxLineBytes) throw ProtocolError("a command is too long");
        const std::size_t got = receive_some(socket_, piece, files_);
        if (got == 0) return std::nullopt;
        rest_.append(piece.data(), got);
    }
}

bool LineChannel::send(const nlohmann::json& body) {
    // What a scenario's names hold is text for people: bytes that are no UTF-8 are replaced.
    const std::string text =
        body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
    std::string_view left = text;
    while (!left.empty()) {
        const ssize_t sent = ::send(socket_, left.data(), left.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0 && other_side_is_gone(errno)) return false;
        if (sent < 0) throw std::system_error(errno, std::generic_category(), "send");
        left.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace landfall::worker
