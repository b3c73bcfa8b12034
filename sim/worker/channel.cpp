// sim/worker/channel.cpp — sendmsg and recvmsg with control data.
#include "sim/worker/channel.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <system_error>
#include <utility>

namespace landfall::worker {

namespace {

constexpr std::size_t kMaxMessageBytes = 64 * 1024;
constexpr std::size_t kMaxFiles = 8;

/// Takes the files out of the control data, so that none leaks whatever happens next.
std::vector<FileDescriptor> take_files(msghdr& header) {
    std::vector<FileDescriptor> files;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr;
         part = CMSG_NXTHDR(&header, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int fd = -1;
            std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
            files.emplace_back(fd);
        }
    }
    return files;
}

bool other_side_is_gone(int error) {
    return error == EPIPE || error == ECONNRESET;
}

}  // namespace

std::size_t receive_some(int socket, std::span<char> text, std::vector<FileDescriptor>& files) {
    alignas(cmsghdr) std::array<char, CMSG_SPACE(kMaxFiles * sizeof(int))> control{};
    iovec data{text.data(), text.size()};
    msghdr header{};
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();

    ssize_t length = -1;
    do {
        length = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    } while (length < 0 && errno == EINTR);
    if (length < 0 && other_side_is_gone(errno)) return 0;
    if (length < 0) throw std::system_error(errno, std::generic_category(), "receive");
    for (FileDescriptor& file : take_files(header)) files.push_back(std::move(file));
    if (length > 0 && (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
        throw ProtocolError("a message is too long or carries too many files");
    }
    return static_cast<std::size_t>(length);
}

std::optional<Message> receive(int socket) {
    std::string text(kMaxMessageBytes, '\0');
    Message message;
    const std::size_t length = receive_some(socket, text, message.files);
    if (length == 0) return std::nullopt;
    text.resize(length);
    message.body = nlohmann::json::parse(text, nullptr, false);
    if (!message.body.is_object()) throw ProtocolError("a message is not a JSON object: " + text);
    return message;
}

bool send(int socket, const nlohmann::json& body) {
    const std::string text = body.dump();
    ssize_t length = -1;
    do {
        length = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
    } while (length < 0 && errno == EINTR);
    if (length < 0 && other_side_is_gone(errno)) return false;
    if (length < 0) throw std::system_error(errno, std::generic_category(), "send");
    return true;
}

}  // namespace landfall::worker
