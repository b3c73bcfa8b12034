// sim/scenario/embedded.hpp — texts built into the program: service profiles, price books and the
// scenario schema.
#pragma once

#include <string_view>
#include <vector>

namespace landfall::scenario {

struct EmbeddedProfile {
    std::string_view name;  ///< the file's name without ".json"
    std::string_view json;
};

/// The files of model/profile/, by name.
const std::vector<EmbeddedProfile>& embedded_profiles();

struct EmbeddedPriceBook {
    std::string_view name;  ///< the file's name without ".json"
    std::string_view json;
};

/// The files of model/economics/, by name.
const std::vector<EmbeddedPriceBook>& embedded_price_books();

/// scenarios/schema/landfall-scenario.schema.json; empty when it was not there at build time.
std::string_view embedded_schema();

}  // namespace landfall::scenario
