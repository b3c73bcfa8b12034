// sim/worker/line_channel.hpp — a stream of JSON objects, one per line, over a connected socket.
//
// A session's answers can be long (thousands of items), so this is a stream and not packets.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sim/worker/file_descriptor.hpp"

namespace landfall::worker {

class LineChannel {
  public:
    /// Longest line that is read, in bytes.
    static constexpr std::size_t kMaxLineBytes = 1 << 20;

    /// Does not own `socket`.
    explicit LineChannel(int socket) : socket_(socket) {}

    /// Waits for the next line; empty when the other side is gone. Throws ProtocolError when it is
    /// no JSON object or too long, std::system_error when the socket fails.
    std::optional<nlohmann::json> receive();
    /// Returns false when the other side is gone.
    bool send(const nlohmann::json& body);
    /// Files that came with the lines so far and were not taken yet.
    std::vector<FileDescriptor> take_files() { return std::exchange(files_, {}); }

  private:
    int socket_;
    std::string rest_;  ///< read, but after the line that was handed out
    std::vector<FileDescriptor> files_;
};

}  // namespace landfall::worker
