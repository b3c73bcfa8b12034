// tests/mutants/mutant_names.hpp — the planted bugs with their names, areas and descriptions, as
// model/base/mutants.def lists them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/mutant.hpp"

namespace landfall::mutants {

enum class Area : std::uint8_t { DataPath, ControlPlane, Plans, Billing };

struct PlantedBug {
    Mutant bug;
    std::string name;  ///< "clear-bit-after-read"
    Area area;
    std::string_view what;
};

[[nodiscard]] std::string_view name_of(Area area);

/// All, in the order of the list.
[[nodiscard]] const std::vector<PlantedBug>& planted_bugs();

[[nodiscard]] std::optional<Mutant> mutant_named(std::string_view name);

}  // namespace landfall::mutants
