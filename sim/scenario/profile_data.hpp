// sim/scenario/profile_data.hpp — the built-in service profiles: values, units and sources as typed
// data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/profile/service_profile.hpp"

namespace landfall::scenario {

/// Where a profile's scalar field comes from.
struct FieldSource {
    std::string field;
    std::string unit;    ///< "s", "B", "B/s", "%", "bool", "choice" or ""
    std::string source;  ///< document, or "[A]" for an assumption of ours
};

struct ProfileData {
    ServiceProfile profile;
    std::string description;
    std::vector<FieldSource> fields;           ///< in the order of ServiceProfile::visit_scalars
    std::string retry_source;                  ///< of the retry delays
    std::vector<std::string> grid_sources;     ///< one for each retention grid
    std::vector<std::string> tier_sources;     ///< one for each target disk tier
    std::vector<std::string> vm_size_sources;  ///< one for each size, in order
};

/// Names of the built-in profiles, sorted.
std::vector<std::string> profile_names();

/// The built-in profile of that name, or nothing. A built-in file that is not complete is a broken
/// invariant (InvariantViolation), not the user's mistake.
std::optional<ProfileData> find_profile(std::string_view name);

/// Reads a profile file's text. Throws InvariantViolation when a field is missing, unknown, without
/// a source or in another unit.
ProfileData parse_profile(std::string_view json);

/// Names of all scalar fields, in file order.
std::vector<std::string> profile_field_names();

/// The smallest tier of `type` that takes a disk of `size`; null when there is none.
const TargetDiskTier* find_tier(const ServiceProfile& profile, std::string_view type, Bytes size);

}  // namespace landfall::scenario
