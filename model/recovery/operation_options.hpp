// model/recovery/operation_options.hpp — options of an operation that not every machine has.
//
// An operation that a kind supports may still be asked for in a way that it does not: a failback
// with a full download, or to another location. Two tables decide: which row of the support matrix
// an option stands for, and which facts of a machine rule an option out. The scenario's check and
// the service ask the same tables.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/recovery/job.hpp"
#include "model/recovery/operations.hpp"

namespace landfall {

/// An operation as it is asked for, and what counts of the machine.
struct AskedOperation {
    Operation operation;  ///< `Failback` whatever the service calls it for this kind
    const OperationOptions& options;
    ScenarioKind kind;
    const ServiceProfile& profile;
    bool managed_disks = true;           ///< what the machine has in Azure
    std::string_view host_version = {};  ///< "2016"; empty: unstated
};

/// Why the operation cannot be had with these options: a sentence with its source. Nothing: it can,
/// as far as options go.
[[nodiscard]] std::optional<std::string> why_not_with_options(const AskedOperation& asked);

}  // namespace landfall
