// tests/support/shared_data.hpp — finds the real data that some tests replay.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace landfall::testing {

/// Full name of a file of the shared data folder: LANDFALL_SHARED_DATA, else ../shared/data beside
/// the checkout. Nothing when it is not there; under CI (CI=true) that is also a test failure.
inline std::optional<std::string> shared_data_file(const std::string& name) {
    const char* const folder = std::getenv("LANDFALL_SHARED_DATA");
    const std::filesystem::path root =
        folder != nullptr ? std::filesystem::path(folder)
                          : std::filesystem::path(LANDFALL_SOURCE_DIR) / "../shared/data";
    const std::filesystem::path file = root / name;
    if (std::filesystem::exists(file)) return file.string();
    const char* const ci = std::getenv("CI");
    if (ci != nullptr && std::string(ci) == "true") ADD_FAILURE() << "missing " << file;
    return std::nullopt;
}

}  // namespace landfall::testing
