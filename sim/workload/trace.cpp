// sim/workload/trace.cpp — which trace files to read, and the columns kept from them.
#include "sim/workload/trace.hpp"

#include <utility>

#include "model/base/check.hpp"
#include "sim/workload/trace_reader.hpp"

namespace landfall::workload {

void TraceStore::require(std::string_view file, char separator, std::string_view column) {
    File& entry = files_[FileKey(std::string(file), separator)];
    const bool is_new = entry.columns.try_emplace(std::string(column)).second;
    if (is_new) entry.read = false;
}

std::vector<TraceProblem> TraceStore::read_all() {
    std::vector<TraceProblem> problems;
    for (auto& [key, file] : files_) {
        if (file.read) continue;
        std::vector<TraceProblem> found = read_file(key, file);
        problems.insert(problems.end(), std::make_move_iterator(found.begin()),
                        std::make_move_iterator(found.end()));
        file.read = true;
    }
    return problems;
}

std::vector<TraceProblem> TraceStore::read_file(const FileKey& key, File& file) {
    std::vector<std::string> wanted;
    for (const auto& [name, column] : file.columns) {
        if (column == nullptr) wanted.push_back(name);
    }
    TraceLimits left = limits_;
    left.kept_cells -= kept_cells_ < left.kept_cells ? kept_cells_ : left.kept_cells;
    TraceReading reading = read_trace_file(key.first, key.second, wanted, left);
    LANDFALL_CHECK(reading.columns.size() == wanted.size(), "one result for every column wanted");
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (reading.columns[i] == nullptr) continue;
        kept_cells_ += reading.columns[i]->values.size();
        file.columns[wanted[i]] = std::move(reading.columns[i]);
    }
    return std::move(reading.problems);
}

std::shared_ptr<const TraceColumn> TraceStore::find(std::string_view file, char separator,
                                                    std::string_view column) const {
    const auto entry = files_.find(FileKey(std::string(file), separator));
    if (entry == files_.end()) return nullptr;
    const auto found = entry->second.columns.find(column);
    return found == entry->second.columns.end() ? nullptr : found->second;
}

}  // namespace landfall::workload
