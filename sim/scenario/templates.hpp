// sim/scenario/templates.hpp — machine templates of a scenario document.
#pragma once

#include <string>

#include "sim/scenario/json_reader.hpp"

namespace landfall::scenario {

/// The machine entry merged over its template (JSON merge patch, RFC 7396: objects merge key by
/// key, everything else replaces, null takes a key away); the entry itself when it names no
/// template. Notes a template that is not there.
Json merged_machine(const Json& entry, const Json* templates, const std::string& pointer,
                    Problems& problems);

/// Where in `document` the value stands that `pointer` names in the merged document: in the
/// machine's entry or in its template.
std::string place_in_file(const Json& document, const std::string& pointer);

}  // namespace landfall::scenario
