// sim/workload/byte_source.cpp — bytes through Boost.Iostreams.
#include "sim/workload/byte_source.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>

namespace landfall::workload {

namespace {

constexpr std::streamsize kUnpackBuffer = 1 << 16;

bool starts_like_gzip(std::ifstream& file) {
    std::array<char, 2> magic = {};
    file.read(magic.data(), magic.size());
    file.clear();
    file.seekg(0);
    return magic[0] == '\x1f' && magic[1] == '\x8b';
}

}  // namespace

struct ByteSource::Stream {
    std::ifstream file;
    boost::iostreams::filtering_streambuf<boost::iostreams::input> unpacked;
    bool packed = false;

    std::size_t read(char* to, std::size_t count) {
        if (packed) {
            const std::streamsize got = unpacked.sgetn(to, static_cast<std::streamsize>(count));
            return got > 0 ? static_cast<std::size_t>(got) : 0;
        }
        file.read(to, static_cast<std::streamsize>(count));
        return static_cast<std::size_t>(file.gcount());
    }
};

ByteSource::ByteSource(const std::string& file, std::size_t bytes_max)
    : stream_(std::make_unique<Stream>()), bytes_max_(bytes_max) {
    std::error_code error;
    const auto status = std::filesystem::status(file, error);
    if (!std::filesystem::exists(status)) throw UnreadableFile("there is no such file");
    if (!std::filesystem::is_regular_file(status)) throw UnreadableFile("it is not a regular file");
    errno = 0;
    stream_->file.open(file, std::ios::binary);
    if (!stream_->file)
        throw UnreadableFile(errno != 0 ? std::strerror(errno) : "cannot be opened");
    stream_->packed = starts_like_gzip(stream_->file);
    if (!stream_->packed) return;
    namespace io = boost::iostreams;
    stream_->unpacked.push(io::gzip_decompressor(io::zlib::default_window_bits, kUnpackBuffer),
                           kUnpackBuffer);
    stream_->unpacked.push(stream_->file, kUnpackBuffer);
}

ByteSource::~ByteSource() = default;

std::size_t ByteSource::read(char* to, std::size_t count) {
    std::size_t got = 0;
    try {
        got = stream_->read(to, count);
    } catch (const std::ios_base::failure& failure) {
        throw UnreadableFile(std::string("it is damaged: ") + failure.what());
    }
    if (stream_->file.bad()) throw UnreadableFile("reading it failed");
    bytes_read_ += got;
    if (bytes_read_ > bytes_max_) {
        throw FileTooLarge("it is larger than " + std::to_string(bytes_max_) + " bytes unpacked");
    }
    return got;
}

}  // namespace landfall::workload
