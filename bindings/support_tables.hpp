// bindings/support_tables.hpp — the tables of the control plane as JSON text, for pages and the
// shell.
#pragma once

#include <string>

namespace landfall {

/// Kinds, rows of the support matrix with a cell per kind, and version switches with their values,
/// by the profile of that name. Throws std::out_of_range when there is none.
std::string support_matrix_json(const std::string& profile);

/// Every rule of an operation: state, location, kinds, operation, condition, listed, source.
std::string operation_rules_json();

/// Every kind of fault: what it takes, what it may strike, what is legal after it, what is shown.
std::string fault_kinds_json();
/// Every phase and its class.
std::string fault_phases_json();

}  // namespace landfall
