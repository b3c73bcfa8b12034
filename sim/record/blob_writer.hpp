// sim/record/blob_writer.hpp — writes the result of a run as one blob: a JSON header, then columns.
//
// Layout, little endian:
//
//   8 bytes   magic "LANDFAL1"
//   8 bytes   length of the header in bytes, unsigned
//   header    UTF-8 JSON: the caller's object plus "tables" (where each column lies)
//   zeros     up to a multiple of 64
//   blocks    one per column, each a complete .npy file (version 1.0) that starts at a multiple of
//             64 from the start of the blob, zeros between them
//
// Laws: a reader can map the blob and use every column in place, since each block's data starts at
// a multiple of 64 too; equal input gives equal bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>

namespace landfall::record {

/// One column of a table: the numbers, or codes into a list of names.
struct Column {
    std::string name;
    std::variant<std::vector<double>, std::vector<std::int64_t>, std::vector<std::int32_t>> values;
    /// The names that the codes stand for. Only for int32 values; code -1 means "no value".
    std::optional<std::vector<std::string>> categories;
};

/// Columns of equal length. The order of columns is kept.
struct Table {
    std::string name;
    std::vector<Column> columns;
};

/// Replaces the content of `fd` by the blob of `header` and `tables`.
///
/// `fd` is a memfd or a regular file open for writing; its file position is neither used nor moved,
/// and it stays open. `header` must be an object; its member "tables" is set here, to
/// {table: {"rows", "columns": [{"name", "offset", "length", "categories"?}]}} with offset and
/// length of a block in bytes.
///
/// Throws std::system_error when the file cannot be written, and std::invalid_argument when the
/// tables make no sense: columns of unequal length, a name twice, codes outside their categories.
void write_blob(int fd, nlohmann::json header, const std::vector<Table>& tables);

}  // namespace landfall::record
