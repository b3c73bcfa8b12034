// sim/workload/text_source.hpp — the lines of a file, plain or gzip, with bounds on its size.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sim/workload/byte_source.hpp"

namespace landfall::workload {

/// Reads a file line by line in large pieces.
class TextSource {
  public:
    /// Opens `file`. Throws UnreadableFile.
    TextSource(const std::string& file, std::size_t bytes_max, std::size_t line_bytes_max);

    /// Gives the next line without its end (LF or CR LF); valid until the next call. Returns false
    /// at the end. Throws UnreadableFile when the file is damaged, FileTooLarge beyond a bound.
    bool next_line(std::string_view& line);

  private:
    bool refill();

    ByteSource bytes_;
    std::size_t line_bytes_max_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  ///< of what is not yet handed out
    std::size_t end_ = 0;
    bool at_end_ = false;
};

}  // namespace landfall::workload
