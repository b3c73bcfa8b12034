// sim/scenario/schema_check.hpp — the scenario's JSON Schema, which the Python models emit.
#pragma once

#include <optional>

#include "sim/scenario/json_reader.hpp"

namespace landfall::scenario {

/// Reads the built-in schema, once; a program that forks does it before. Without a built-in schema
/// nothing happens.
void prepare_schema();

/// The first thing that the schema forbids in `document`, or nothing. The typed reading says the
/// same in better words; the schema is the second opinion that keeps both in step.
std::optional<Problem> schema_problem(const Json& document);

}  // namespace landfall::scenario
