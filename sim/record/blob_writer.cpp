// sim/record/blob_writer.cpp — lays the blocks out, then writes them with positioned writes.
#include "sim/record/blob_writer.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <unistd.h>
#include <utility>

namespace landfall::record {

namespace {

static_assert(std::endian::native == std::endian::little, "the blob is written as memory lies");

constexpr std::string_view kMagic = "LANDFAL1";
constexpr std::uint64_t kAlignment = 64;
constexpr std::uint64_t kPrefixBytes = kMagic.size() + sizeof(std::uint64_t);

constexpr std::uint64_t aligned(std::uint64_t position) {
    return (position + kAlignment - 1) / kAlignment * kAlignment;
}

/// A column ready to be written: its .npy header, its numbers, and where it goes.
struct Block {
    std::string npy_header;
    std::span<const std::byte> data;
    std::uint64_t offset = 0;  ///< from the start of the first block until the header is laid out

    [[nodiscard]] std::uint64_t length() const { return npy_header.size() + data.size(); }
};

template <typename T>
constexpr std::string_view npy_type() {
    if constexpr (std::is_same_v<T, double>) return "<f8";
    if constexpr (std::is_same_v<T, std::int64_t>) return "<i8";
    if constexpr (std::is_same_v<T, std::int32_t>) return "<i4";
}

/// Returns the header of a one-dimensional .npy file, padded so that the data after it is aligned.
/// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
std::string npy_header(std::string_view type, std::size_t rows) {
    constexpr std::size_t kFixedBytes = 10;  // magic 6, version 2, length of the rest 2
    std::string text = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (" +
                       std::to_string(rows) + ",), }";
    const std::size_t total = aligned(kFixedBytes + text.size() + 1);
    text.resize(total - kFixedBytes - 1, ' ');
    text += '\n';
    std::string header("\x93NUMPY\x01\x00", 8);
    header += static_cast<char>(text.size() & 0xff);
    header += static_cast<char>(text.size() >> 8);
    return header + text;
}

std::size_t rows_of(const Column& column) {
    return std::visit([](const auto& values) { return values.size(); }, column.values);
}

[[noreturn]] void refuse(const Table& table, const Column& column, const std::string& why) {
    throw std::invalid_argument("result column " + table.name + "." + column.name + ": " + why);
}

void check_categories(const Table& table, const Column& column) {
    if (!column.categories) return;
    const auto* codes = std::get_if<std::vector<std::int32_t>>(&column.values);
    if (codes == nullptr) refuse(table, column, "only int32 codes can have categories");
    const std::vector<std::string>& categories = *column.categories;
    if (std::set<std::string_view>(categories.begin(), categories.end()).size() !=
        categories.size()) {
        refuse(table, column, "a category is there twice");
    }
    const auto count = static_cast<std::int64_t>(categories.size());
    const auto outside = [count](std::int32_t code) { return code < -1 || code >= count; };
    if (std::any_of(codes->begin(), codes->end(), outside)) {
        refuse(table, column, "a code lies outside the categories");
    }
}

void check_table(const Table& table) {
    std::set<std::string_view> names;
    for (const Column& column : table.columns) {
        if (!names.insert(column.name).second) refuse(table, column, "the name is taken");
        if (rows_of(column) != rows_of(table.columns.front())) {
            refuse(table, column, "has another length than the first column");
        }
        check_categories(table, column);
    }
}

Block make_block(const Column& column) {
    return std::visit(
        [](const auto& values) {
            using T = typename std::decay_t<decltype(values)>::value_type;
            return Block{npy_header(npy_type<T>(), values.size()), std::as_bytes(std::span(values)),
                         0};
        },
        column.values);
}

/// Gives each block its offset from the start of the first one; returns the blocks table by table.
std::vector<Block> lay_out(const std::vector<Table>& tables) {
    std::set<std::string_view> names;
    std::vector<Block> blocks;
    std::uint64_t position = 0;
    for (const Table& table : tables) {
        if (!names.insert(table.name).second) {
            throw std::invalid_argument("two result tables are called " + table.name);
        }
        check_table(table);
        for (const Column& column : table.columns) {
            Block block = make_block(column);
            block.offset = position;
            position = aligned(position + block.length());
            blocks.push_back(std::move(block));
        }
    }
    return blocks;
}

nlohmann::json describe(const std::vector<Table>& tables, const std::vector<Block>& blocks,
                        std::uint64_t first_block) {
    nlohmann::json description = nlohmann::json::object();
    std::size_t next = 0;
    for (const Table& table : tables) {
        nlohmann::json columns = nlohmann::json::array();
        for (const Column& column : table.columns) {
            const Block& block = blocks[next++];
            nlohmann::json entry = {{"name", column.name},
                                    {"offset", first_block + block.offset},
                                    {"length", block.length()}};
            if (column.categories) entry["categories"] = *column.categories;
            columns.push_back(std::move(entry));
        }
        const std::size_t rows = table.columns.empty() ? 0 : rows_of(table.columns.front());
        description[table.name] = {{"rows", rows}, {"columns", std::move(columns)}};
    }
    return description;
}

std::string dump(const nlohmann::json& header) {
    // A path in an error message need not be UTF-8; the header must be.
    return header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// Writes all of `bytes` at `position`, however many calls it takes.
void write_at(int fd, std::span<const std::byte> bytes, std::uint64_t position) {
    while (!bytes.empty()) {
        const ssize_t written =
            ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(position));
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw std::system_error(errno, std::generic_category(), "write result");
        if (written == 0) throw std::system_error(ENOSPC, std::generic_category(), "write result");
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        position += static_cast<std::uint64_t>(written);
    }
}

void set_size(int fd, std::uint64_t bytes) {
    while (::ftruncate(fd, static_cast<off_t>(bytes)) != 0) {
        if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "size result");
    }
}

}  // namespace

void write_blob(int fd, nlohmann::json header, const std::vector<Table>& tables) {
    if (!header.is_object()) throw std::invalid_argument("the result header must be an object");
    const std::vector<Block> blocks = lay_out(tables);

    // The header holds offsets, and their digits change its length: repeat until it fits. The start
    // of the blocks only ever grows, and by 64 at least, so this ends after a few rounds.
    std::uint64_t first_block = 0;
    std::string text;
    for (std::uint64_t needed = aligned(kPrefixBytes); needed > first_block;) {
        first_block = needed;
        header["tables"] = describe(tables, blocks, first_block);
        text = dump(header);
        needed = aligned(kPrefixBytes + text.size());
    }

    std::string front(kMagic);
    const std::uint64_t header_length = text.size();
    front.append(reinterpret_cast<const char*>(&header_length), sizeof header_length);
    front += text;

    set_size(fd, 0);  // what was there before must not shine through the gaps
    const std::uint64_t end = blocks.empty() ? 0 : blocks.back().offset + blocks.back().length();
    set_size(fd, first_block + end);
    write_at(fd, std::as_bytes(std::span(front)), 0);
    for (const Block& block : blocks) {
        const std::uint64_t at = first_block + block.offset;
        write_at(fd, std::as_bytes(std::span(block.npy_header)), at);
        write_at(fd, block.data, at + block.npy_header.size());
    }
}

}  // namespace landfall::record
