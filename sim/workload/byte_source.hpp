// sim/workload/byte_source.hpp — the bytes of a file, plain or gzip, with a bound on its size.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

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

/// Reads a file piece by piece; unpacks gzip, which it tells by the first two bytes.
class ByteSource {
  public:
    /// Opens `file`. Throws UnreadableFile.
    ByteSource(const std::string& file, std::size_t bytes_max);
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    ~ByteSource();

    /// Reads up to `count` bytes, fewer at the end of the file only. Throws UnreadableFile when the
    /// file is damaged, FileTooLarge beyond the bound.
    std::size_t read(char* to, std::size_t count);

  private:
    struct Stream;

    std::unique_ptr<Stream> stream_;
    std::size_t bytes_max_;
    std::size_t bytes_read_ = 0;
};

}  // namespace landfall::workload
