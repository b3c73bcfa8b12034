// tests/unit/blob_writer_test.cpp — the result blob: layout, alignment, large data, refusals.
#include "sim/record/blob_writer.hpp"

#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <numeric>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include <gtest/gtest.h>

namespace landfall::record {
namespace {

using nlohmann::json;

/// An anonymous file that closes itself.
class MemoryFile {
  public:
    MemoryFile() : fd_(::memfd_create("blob_writer_test", MFD_CLOEXEC)) {}
    ~MemoryFile() { ::close(fd_); }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;

    [[nodiscard]] int fd() const { return fd_; }

  private:
    int fd_;
};

std::string content_of(int fd) {
    struct stat status {};
    EXPECT_EQ(::fstat(fd, &status), 0);
    std::string content(static_cast<std::size_t>(status.st_size), '\0');
    EXPECT_EQ(::pread(fd, content.data(), content.size(), 0), status.st_size);
    return content;
}

json header_of(const std::string& blob) {
    EXPECT_EQ(blob.substr(0, 8), "LANDFAL1");
    std::uint64_t length = 0;
    std::memcpy(&length, blob.data() + 8, sizeof length);
    return json::parse(blob.substr(16, length));
}

/// Reads a column the way a reader would: by the offset in the header and the .npy header there.
template <typename T>
std::vector<T> column_of(const std::string& blob, const json& column, const std::string& type) {
    const auto offset = column.at("offset").get<std::size_t>();
    const auto length = column.at("length").get<std::size_t>();
    EXPECT_EQ(offset % 64, 0U);
    EXPECT_EQ(blob.substr(offset, 8), std::string("\x93NUMPY\x01\x00", 8));
    std::uint16_t text_length = 0;
    std::memcpy(&text_length, blob.data() + offset + 8, sizeof text_length);
    EXPECT_EQ((10U + text_length) % 64, 0U);
    const std::string text = blob.substr(offset + 10, text_length);
    const std::size_t bytes = length - 10 - text_length;
    EXPECT_NE(text.find("'descr': '" + type + "'"), std::string::npos) << text;
    EXPECT_NE(text.find("'shape': (" + std::to_string(bytes / sizeof(T)) + ",)"),
              std::string::npos);
    EXPECT_EQ(text.back(), '\n');
    std::vector<T> values(bytes / sizeof(T));
    if (bytes > 0) std::memcpy(values.data(), blob.data() + offset + 10 + text_length, bytes);
    return values;
}

std::vector<Table> small_tables() {
    return {{"machines",
             {{"machine", std::vector<std::int32_t>{1, 0, -1}, {{"db", "web"}}},
              {"rpo_s", std::vector<double>{1.5, -0.0, 3e300}, {}},
              {"bytes", std::vector<std::int64_t>{1, -1, 1LL << 62}, {}}}},
            {"events", {{"t_s", std::vector<double>{}, {}}}},
            {"nothing", {}}};
}

TEST(BlobWriter, WritesHeaderAndColumnsThatReadBack) {
    const MemoryFile file;
    write_blob(file.fd(), {{"summary", {{"seed", 7}}}}, small_tables());

    const std::string blob = content_of(file.fd());
    const json header = header_of(blob);
    EXPECT_EQ(header["summary"]["seed"], 7);
    const json& machines = header["tables"]["machines"];
    EXPECT_EQ(machines["rows"], 3);
    EXPECT_EQ(machines["columns"][0]["name"], "machine");
    EXPECT_EQ(machines["columns"][0]["categories"], json({"db", "web"}));
    EXPECT_FALSE(machines["columns"][1].contains("categories"));
    EXPECT_EQ(column_of<std::int32_t>(blob, machines["columns"][0], "<i4"),
              (std::vector<std::int32_t>{1, 0, -1}));
    EXPECT_EQ(column_of<double>(blob, machines["columns"][1], "<f8"),
              (std::vector<double>{1.5, -0.0, 3e300}));
    EXPECT_EQ(column_of<std::int64_t>(blob, machines["columns"][2], "<i8"),
              (std::vector<std::int64_t>{1, -1, 1LL << 62}));
}

TEST(BlobWriter, KeepsEmptyTablesAndEmptyColumns) {
    const MemoryFile file;
    write_blob(file.fd(), json::object(), small_tables());

    const std::string blob = content_of(file.fd());
    const json header = header_of(blob);
    EXPECT_EQ(header["tables"]["nothing"], json({{"rows", 0}, {"columns", json::array()}}));
    EXPECT_TRUE(column_of<double>(blob, header["tables"]["events"]["columns"][0], "<f8").empty());
}

TEST(BlobWriter, GivesEqualBytesForEqualInput) {
    const MemoryFile one;
    const MemoryFile two;
    write_blob(one.fd(), {{"b", 1}, {"a", 2}}, small_tables());
    write_blob(two.fd(), {{"a", 2}, {"b", 1}}, small_tables());
    EXPECT_EQ(content_of(one.fd()), content_of(two.fd()));
}

TEST(BlobWriter, ReplacesWhatTheFileHeld) {
    const MemoryFile fresh;
    const MemoryFile used;
    write_blob(fresh.fd(), json::object(), small_tables());
    const std::string rubbish(1 << 16, 'x');
    ASSERT_EQ(::write(used.fd(), rubbish.data(), rubbish.size()), 1 << 16);
    write_blob(used.fd(), json::object(), small_tables());
    EXPECT_EQ(content_of(used.fd()), content_of(fresh.fd()));
}

TEST(BlobWriter, HeaderOfEveryLengthStaysInFrontOfTheColumns) {
    // Offsets are part of the header whose length decides them: try the lengths of two alignments.
    for (std::size_t extra = 0; extra < 130; ++extra) {
        const MemoryFile file;
        write_blob(file.fd(), {{"note", std::string(extra, 'n')}}, small_tables());
        const std::string blob = content_of(file.fd());
        const json header = header_of(blob);
        const json& machines = header["tables"]["machines"];
        EXPECT_EQ(column_of<double>(blob, machines["columns"][1], "<f8").at(2), 3e300) << extra;
    }
}

TEST(BlobWriter, KeepsNaNInColumnsAndTurnsItToNullInTheHeader) {
    const MemoryFile file;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    write_blob(file.fd(), {{"found", nan}}, {{"t", {{"x", std::vector<double>{nan}, {}}}}});

    const std::string blob = content_of(file.fd());
    const json header = header_of(blob);
    EXPECT_TRUE(header["found"].is_null());
    const auto x = column_of<double>(blob, header["tables"]["t"]["columns"][0], "<f8");
    EXPECT_TRUE(x.at(0) != x.at(0));
}

TEST(BlobWriter, ReplacesBytesThatAreNotUtf8) {
    const MemoryFile file;
    write_blob(file.fd(), {{"error", std::string("no such file: caf\xe9")}}, {});
    EXPECT_EQ(header_of(content_of(file.fd()))["error"], "no such file: caf\uFFFD");
}

TEST(BlobWriter, WritesLargeColumnsToARegularFile) {
    std::FILE* file = std::tmpfile();
    ASSERT_NE(file, nullptr);
    std::vector<std::int64_t> numbers(4'000'000);  // 32 MB
    std::iota(numbers.begin(), numbers.end(), 0);
    write_blob(::fileno(file), json::object(), {{"t", {{"n", numbers, {}}}}});

    const std::string blob = content_of(::fileno(file));
    const json header = header_of(blob);
    EXPECT_EQ(column_of<std::int64_t>(blob, header["tables"]["t"]["columns"][0], "<i8"), numbers);
    EXPECT_EQ(std::fclose(file), 0);
}

TEST(BlobWriter, SaysWhenTheFileCannotBeWritten) {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0);
    EXPECT_THROW(write_blob(fd, json::object(), {}), std::system_error);
    EXPECT_EQ(::close(fd), 0);
    EXPECT_THROW(write_blob(-1, json::object(), {}), std::system_error);
}

TEST(BlobWriter, SaysWhenTheFileIsSealedAgainstGrowth) {
    const int fd = ::memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    ASSERT_EQ(::fcntl(fd, F_ADD_SEALS, F_SEAL_GROW), 0);
    EXPECT_THROW(write_blob(fd, json::object(), small_tables()), std::system_error);
    EXPECT_EQ(::close(fd), 0);
}

TEST(BlobWriter, RefusesTablesThatMakeNoSense) {
    const MemoryFile file;
    const auto refused = [&file](const std::vector<Table>& tables) {
        EXPECT_THROW(write_blob(file.fd(), json::object(), tables), std::invalid_argument);
    };
    const Column one{"x", std::vector<double>{1}, {}};
    const Column two{"y", std::vector<double>{1, 2}, {}};
    refused({{"t", {one, two}}});
    refused({{"t", {one, one}}});
    refused({{"t", {one}}, {"t", {one}}});
    refused({{"t", {{"c", std::vector<std::int32_t>{2}, {{"a", "b"}}}}}});
    refused({{"t", {{"c", std::vector<std::int32_t>{-2}, {{"a", "b"}}}}}});
    refused({{"t", {{"c", std::vector<std::int32_t>{0}, {{"a", "a"}}}}}});
    refused({{"t", {{"c", std::vector<double>{0}, {{"a"}}}}}});
    EXPECT_THROW(write_blob(file.fd(), json::array(), {}), std::invalid_argument);
}

}  // namespace
}  // namespace landfall::record
