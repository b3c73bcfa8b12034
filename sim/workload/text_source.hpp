// sim/workload/text_source.hpp — the lines of a file, plain or gzip, with bounds on its size.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace landfall::workload {

/// The file cannot be read: missing, not a regular file, damaged.
class UnreadableFile : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The file is larger than allowed once unpacked, or one of its lines is.
class FileTooLarge : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// Reads a file line by line in large pieces; unpacks gzip, which it tells by the first two bytes.
class TextSource {
  public:
    /// Opens `file`. Throws UnreadableFile.
    TextSource(const std::string& file, std::size_t bytes_max, std::size_t line_bytes_max);
    TextSource(const TextSource&) = delete;
    TextSource& operator=(const TextSource&) = delete;
    ~TextSource();

    /// Gives the next line without its end (LF or CR LF); valid until the next call. Returns false
    /// at the end. Throws UnreadableFile when the file is damaged, FileTooLarge beyond a bound.
    bool next_line(std::string_view& line);

  private:
    struct Stream;

    bool refill();

    std::unique_ptr<Stream> stream_;
    std::size_t bytes_max_;
    std::size_t line_bytes_max_;
    std::size_t bytes_read_ = 0;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;  ///< of what is not yet handed out
    std::size_t end_ = 0;
    bool at_end_ = false;
};

}  // namespace landfall::workload
