// sim/workload/text_source.cpp — pieces of a megabyte, cut into lines.
#include "sim/workload/text_source.hpp"

#include <algorithm>
#include <cstring>

namespace landfall::workload {

namespace {
constexpr std::size_t kPiece = std::size_t{1} << 20;
}  // namespace

TextSource::TextSource(const std::string& file, std::size_t bytes_max, std::size_t line_bytes_max)
    : bytes_(file, bytes_max), line_bytes_max_(line_bytes_max), buffer_(2 * kPiece) {}

bool TextSource::refill() {
    if (at_end_) return false;
    std::move(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_),
              buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= begin_;
    begin_ = 0;
    if (end_ > line_bytes_max_) {
        throw FileTooLarge("a line is longer than " + std::to_string(line_bytes_max_) + " bytes");
    }
    if (buffer_.size() - end_ < kPiece) buffer_.resize(buffer_.size() + kPiece);
    const std::size_t got = bytes_.read(buffer_.data() + end_, kPiece);
    if (got == 0) at_end_ = true;
    end_ += got;
    return got > 0;
}

bool TextSource::next_line(std::string_view& line) {
    std::size_t searched = begin_;
    for (;;) {
        const char* from = buffer_.data() + searched;
        const auto* end_of_line =
            static_cast<const char*>(std::memchr(from, '\n', end_ - searched));
        if (end_of_line != nullptr) {
            const auto stop = static_cast<std::size_t>(end_of_line - buffer_.data());
            line = std::string_view(buffer_.data() + begin_, stop - begin_);
            begin_ = stop + 1;
            break;
        }
        const std::size_t pending = end_ - begin_;
        if (refill()) {
            searched = begin_ + pending;
            continue;
        }
        if (begin_ == end_) return false;
        line = std::string_view(buffer_.data() + begin_, end_ - begin_);
        begin_ = end_;
        break;
    }
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.size() > line_bytes_max_) {
        throw FileTooLarge("a line is longer than " + std::to_string(line_bytes_max_) + " bytes");
    }
    return true;
}

}  // namespace landfall::workload
