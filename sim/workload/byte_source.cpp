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
}  // namespace

struct ByteSource::Stream {
    std::ifstream file;
    boost::iostreams::filtering_streambuf<boost::iostreams::input> bytes;
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
    std::array<char, 2> magic = {};
    stream_->file.read(magic.data(), magic.size());
    stream_->file.clear();
    stream_->file.seekg(0);
    namespace io = boost::iostreams;
    if (magic[0] == '\x1f' && magic[1] == '\x8b') {
        stream_->bytes.push(io::gzip_decompressor(io::zlib::default_window_bits, kUnpackBuffer),
                            kUnpackBuffer);
    }
    stream_->bytes.push(stream_->file, kUnpackBuffer);
}

ByteSource::~ByteSource() = default;

std::size_t ByteSource::read(char* to, std::size_t count) {
    std::streamsize got = 0;
    try {
        got = stream_->bytes.sgetn(to, static_cast<std::streamsize>(count));
    } catch (const std::ios_base::failure& failure) {
        throw UnreadableFile(std::string("it is damaged: ") + failure.what());
    }
    if (stream_->file.bad()) throw UnreadableFile("reading it failed");
    const auto whole = got > 0 ? static_cast<std::size_t>(got) : 0;
    bytes_read_ += whole;
    if (bytes_read_ > bytes_max_) {
        throw FileTooLarge("it is larger than " + std::to_string(bytes_max_) + " bytes unpacked");
    }
    return whole;
}

}  // namespace landfall::workload
