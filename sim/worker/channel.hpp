// sim/worker/channel.hpp — messages of the serve protocol: one JSON object and some open files
// each.
//
// The socket is a Unix socket of type SOCK_SEQPACKET: a message arrives whole or not at all, and
// the files travel with it (SCM_RIGHTS).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/worker/file_descriptor.hpp"

namespace landfall::worker {

struct Message {
    nlohmann::json body;
    std::vector<FileDescriptor> files;
};

/// The other side sent what is not of the protocol.
class ProtocolError : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Reads what comes next on `socket` into `text`, and files that travel with it into `files`.
/// Returns the number of bytes; 0 when the other side is gone. Throws ProtocolError when not all of
/// it could be taken, and std::system_error when the socket fails.
std::size_t receive_some(int socket, std::span<char> text, std::vector<FileDescriptor>& files);

/// Waits for the next message on `socket`; empty when the other side is gone.
/// Throws ProtocolError, and std::system_error when the socket fails.
std::optional<Message> receive(int socket);

/// Sends `body` without files. Returns false when the other side is gone.
/// Throws std::system_error when the socket fails otherwise.
bool send(int socket, const nlohmann::json& body);

}  // namespace landfall::worker
