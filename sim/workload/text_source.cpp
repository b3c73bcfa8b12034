// sim/workload/text_source.cpp — pieces of a megabyte from Boost.Iostreams, cut into lines.
#include "sim/workload/text_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>

namespace landfall::workload {

namespace {
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::streamsize kUnpackBuffer = 1 << 16;

bool starts_like_gzip(std::ifstream& file) {
    char magic[2] = {0, 0};
    file.read(magic, sizeof magic);
    const bool whole = file.gcount() == sizeof magic;
    file.clear();
    file.seekg(0);
    return whole && magic[0] == '\x1f' && magic[1] == '\x8b';
}
}  // namespace

struct TextSource::Stream {
    std::ifstream file;
    boost::iostreams::filtering_streambuf<boost::iostreams::input> unpacked;
    bool packed = false;

    std::size_t read(char* to, std::size_t count) {
        if (packed) {
            const std::streamsize got = unpacked.sgetn(to, static_cast<std::streamsize>(count));
            return got > 0 ? static_cast<std::size_t>(got) : 0;
        }
        file.read(to, static_cast<std::streamsize>(count));
        if (file.bad()) throw UnreadableFile("reading it failed");
        return static_cast<std::size_t>(file.gcount());
    }
};

TextSource::TextSource(const std::string& file, std::size_t bytes_max, std::size_t line_bytes_max)
    : stream_(std::make_unique<Stream>()), bytes_max_(bytes_max), line_bytes_max_(line_bytes_max) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (!std::filesystem::exists(status)) throw UnreadableFile("there is no such file");
    if (!std::filesystem::is_regular_file(status)) throw UnreadableFile("it is not a regular file");
    errno = 0;
    stream_->file.open(file, std::ios::binary);
    if (!stream_->file)
        throw UnreadableFile(errno != 0 ? std::strerror(errno) : "cannot be opened");
    stream_->packed = starts_like_gzip(stream_->file);
    if (stream_->packed) {
        namespace io = boost::iostreams;
        stream_->unpacked.push(io::gzip_decompressor(io::zlib::default_window_bits, kUnpackBuffer),
                               kUnpackBuffer);
        stream_->unpacked.push(stream_->file, kUnpackBuffer);
    }
    buffer_.resize(2 * kPiece);
}

TextSource::~TextSource() = default;

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
    std::size_t got = 0;
    try {
        got = stream_->read(buffer_.data() + end_, kPiece);
    } catch (const std::ios_base::failure& failure) {
        throw UnreadableFile(std::string("it is damaged: ") + failure.what());
    }
    if (got == 0) at_end_ = true;
    end_ += got;
    bytes_read_ += got;
    if (bytes_read_ > bytes_max_) {
        throw FileTooLarge("it is larger than " + std::to_string(bytes_max_) + " bytes unpacked");
    }
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
