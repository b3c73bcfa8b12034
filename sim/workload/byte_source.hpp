// sim/workload/byte_source.hpp — the bytes of a file, plain or gzip, with a bound on its size.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "sim/workload/text_source.hpp"

namespace landfall::workload {

/// Reads a file of fixed-size records; unpacks gzip, which it tells by the first two bytes.
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
