// tests/mutants/mutant_names.cpp — see mutant_names.hpp.
#include "tests/mutants/mutant_names.hpp"

#include <array>
#include <cctype>

namespace landfall::mutants {
namespace {

/// "ClearBitAfterRead" as "clear-bit-after-read".
std::string words_of(std::string_view identifier) {
    std::string name;
    for (const char letter : identifier) {
        const auto plain = static_cast<unsigned char>(letter);
        if (std::isupper(plain) != 0 && !name.empty()) name += '-';
        name += static_cast<char>(std::tolower(plain));
    }
    return name;
}

}  // namespace

std::string_view name_of(Area area) {
    constexpr std::array<std::string_view, 4> kNames = {"data path", "control plane", "plans",
                                                        "billing"};
    return kNames.at(static_cast<std::size_t>(area));
}

const std::vector<PlantedBug>& planted_bugs() {
    static const std::vector<PlantedBug> kBugs = {
#define LANDFALL_MUTANT(identifier, area, what) \
    PlantedBug{Mutant::identifier, words_of(#identifier), Area::area, what},
#include "model/base/mutants.def"
    };
    return kBugs;
}

std::optional<Mutant> mutant_named(std::string_view name) {
    for (const PlantedBug& planted : planted_bugs()) {
        if (planted.name == name) return planted.bug;
    }
    return std::nullopt;
}

}  // namespace landfall::mutants
