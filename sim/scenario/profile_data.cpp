// sim/scenario/profile_data.cpp — reads the embedded profile files; they are complete or we stop.
#include "sim/scenario/profile_data.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "model/estate/target.hpp"
#include "sim/scenario/embedded.hpp"

namespace landfall::scenario {

namespace {

using Json = nlohmann::json;

[[noreturn]] void incomplete(const std::string& name, const std::string& what) {
    throw InvariantViolation("service profile " + name + ": " + what);
}

/// A canonical number of the file as the field's own type: seconds become nanoseconds.
template <typename T>
T quantity(double value) {
    if constexpr (std::is_same_v<T, Duration>) {
        return Duration(std::llround(value * static_cast<double>(kNanosecondsPerSecond)));
    } else {
        return T(std::llround(value));
    }
}

Duration duration_of(const Json& value) {
    return quantity<Duration>(value.get<double>());
}

std::string source_of(const Json& entry, const std::string& profile, const std::string& what) {
    auto source = entry.at("source").get<std::string>();
    if (source.empty()) incomplete(profile, what + " has no source");
    return source;
}

SourceTracking tracking_named(const std::string& word, const std::string& profile) {
    for (const auto& [name, tracking] : kSourceTrackings) {
        if (name == word) return tracking;
    }
    incomplete(profile, "source_tracking is not one of the choices");
}

void read_fields(const Json& fields, ProfileData& data) {
    const std::string& name = data.profile.name;
    std::size_t known = 0;
    ServiceProfile::visit_scalars(
        data.profile, [&](const char* key, auto& field, const char* unit) {
            const auto found = fields.find(key);
            if (found == fields.end()) incomplete(name, std::string("no field ") + key);
            if (found->at("unit").get<std::string>() != unit) {
                incomplete(name, std::string(key) + " is not in '" + unit + "'");
            }
            using Value = std::decay_t<decltype(field)>;
            if constexpr (std::is_same_v<Value, bool>) {
                field = found->at("value").get<bool>();
            } else if constexpr (std::is_same_v<Value, SourceTracking>) {
                field = tracking_named(found->at("value").get<std::string>(), name);
            } else {
                field = quantity<Value>(found->at("value").get<double>());
            }
            data.fields.push_back({key, unit, source_of(*found, name, key)});
            ++known;
        });
    if (known != fields.size()) incomplete(name, "a field that the program does not know");
}

void read_retry_delays(const Json& entry, ProfileData& data) {
    if (entry.at("unit").get<std::string>() != "s") {
        incomplete(data.profile.name, "hyper_v_retry_delays is not in 's'");
    }
    for (const Json& delay : entry.at("value")) {
        data.profile.hyper_v_retry_delays.push_back(duration_of(delay));
    }
    data.retry_source = source_of(entry, data.profile.name, "hyper_v_retry_delays");
}

void read_grids(const Json& grids, ProfileData& data) {
    for (const Json& entry : grids) {
        RetentionGrid grid;
        grid.retention_at_most = duration_of(entry.at("retention_at_most"));
        for (const Json& tier : entry.at("tiers")) {
            grid.tiers.push_back({duration_of(tier.at("until")), duration_of(tier.at("every"))});
        }
        data.profile.retention_grids.push_back(std::move(grid));
        data.grid_sources.push_back(source_of(entry, data.profile.name, "a retention grid"));
    }
}

void read_tiers(const Json& tiers, ProfileData& data) {
    for (const Json& entry : tiers) {
        TargetDiskTier tier;
        tier.name = entry.at("name").get<std::string>();
        tier.type = entry.at("type").get<std::string>();
        tier.size_at_most = Bytes(entry.at("size_at_most").get<std::int64_t>());
        tier.throughput = BytesPerSecond(entry.at("throughput").get<std::int64_t>());
        tier.iops = entry.at("iops").get<std::int64_t>();
        tier.churn_limit = BytesPerSecond(entry.at("churn_limit").get<std::int64_t>());
        tier.high_churn_limit = BytesPerSecond(entry.at("high_churn_limit").get<std::int64_t>());
        for (const Json& step : entry.at("churn_by_write_size")) {
            tier.churn_by_write_size.push_back({Bytes(step.at(0).get<std::int64_t>()),
                                                BytesPerSecond(step.at(1).get<std::int64_t>()),
                                                BytesPerSecond(step.at(2).get<std::int64_t>())});
        }
        data.profile.target_disk_tiers.push_back(std::move(tier));
        data.tier_sources.push_back(source_of(entry, data.profile.name, "a disk tier"));
    }
}

void read_vm_sizes(const Json& sizes, ProfileData& data) {
    for (const Json& entry : sizes) {
        VmSize size;
        size.name = entry.at("name").get<std::string>();
        size.family = entry.at("family").get<std::string>();
        size.cores = entry.at("cores").get<std::int64_t>();
        size.memory = Bytes(entry.at("memory").get<std::int64_t>());
        size.data_disks_max = entry.at("data_disks_max").get<std::int64_t>();
        size.nics_max = entry.at("nics_max").get<std::int64_t>();
        data.profile.vm_sizes.push_back(std::move(size));
        data.vm_size_sources.push_back(source_of(entry, data.profile.name, "a size"));
    }
}

}  // namespace

ProfileData parse_profile(std::string_view json) {
    ProfileData data;
    try {
        const Json file = Json::parse(json);
        data.profile.name = file.at("name").get<std::string>();
        data.description = file.at("description").get<std::string>();
        read_fields(file.at("fields"), data);
        read_retry_delays(file.at("hyper_v_retry_delays"), data);
        read_grids(file.at("retention_grids"), data);
        read_tiers(file.at("target_disk_tiers"), data);
        read_vm_sizes(file.at("vm_sizes"), data);
    } catch (const Json::exception& error) {
        incomplete(data.profile.name, error.what());
    }
    return data;
}

std::vector<std::string> profile_names() {
    std::vector<std::string> names;
    for (const EmbeddedProfile& file : embedded_profiles()) names.emplace_back(file.name);
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<ProfileData> find_profile(std::string_view name) {
    for (const EmbeddedProfile& file : embedded_profiles()) {
        if (file.name == name) return parse_profile(file.json);
    }
    return std::nullopt;
}

std::vector<std::string> profile_field_names() {
    std::vector<std::string> names;
    const ServiceProfile profile;
    ServiceProfile::visit_scalars(
        profile, [&](const char* name, const auto&, const char*) { names.emplace_back(name); });
    return names;
}

const TargetDiskTier* find_tier(const ServiceProfile& profile, std::string_view type, Bytes size) {
    return disk_tier_for(profile, type, size);
}

}  // namespace landfall::scenario
