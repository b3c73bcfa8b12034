// sim/scenario/read_estate.cpp — sites, links, the Azure side, management servers, policies,
// profile.
#include <cmath>
#include <type_traits>

#include "sim/scenario/profile_data.hpp"
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

constexpr BytesPerSecond kTenGigabit = BytesPerSecond(1'250'000'000);

DailyWindow read_window(ObjectReader& object) {
    return {object.required("from", ReadClock()), object.required("to", ReadClock())};
}

Throttle read_throttle(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Throttle throttle;
    throttle.window = read_window(object);
    throttle.bandwidth =
        object.required("bandwidth", ReadBandwidth{"; \"outages\" are for a link that is down"});
    object.finish();
    return throttle;
}

Outage read_outage(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Outage outage;
    outage.at = Instant(object.required("at", ReadDuration()));
    outage.lasts = object.required("lasts", ReadDuration{Duration(1)});
    object.finish();
    return outage;
}

Host read_host(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Host host;
    host.name = object.required("name", ReadName());
    host.nic = object.with_default("nic", ReadBandwidth(), kTenGigabit);
    host.throttles = object.list("throttles", read_throttle);
    host.upload_threads = object.optional("upload_threads", ReadCount{4, 32});
    host.version = object.optional("version", kHostVersions);
    host.registration = read_registration(object);
    object.finish();
    return host;
}

StorageAccount read_storage_account(const Json& value, const std::string& pointer,
                                    Problems& problems) {
    ObjectReader object(value, pointer, problems);
    StorageAccount account;
    account.name = object.required("name", ReadName());
    account.ingress = object.optional("ingress", ReadDataRate{1});
    account.high_churn = object.with_default("high_churn", ReadFlag(), false);
    object.finish();
    return account;
}

/// How often Hyper-V replicates: one of three.
std::optional<Duration> read_interval(const Json& value, const std::string& pointer,
                                      Problems& problems) {
    const std::optional<Duration> interval = ReadDuration()(value, pointer, problems);
    if (!interval) return std::nullopt;
    for (const Duration allowed : {seconds(30), minutes(5), minutes(15)}) {
        if (*interval == allowed) return interval;
    }
    note(problems, code::kOutOfRange, pointer, shown(value),
         "must be 30 seconds, 5 minutes or 15 minutes", {"30", "300", "900"});
    return std::nullopt;
}

/// Task times, delays and sizes that may be zero; everything else in a profile is more than zero.
bool may_be_zero(std::string_view field, std::string_view unit) {
    constexpr std::string_view kZeroAllowed[] = {"retention_max",
                                                 "automatic_resync_delay",
                                                 "source_buffer",
                                                 "disk_size_min",
                                                 "data_disks_max",
                                                 "hyper_v_data_disks_max",
                                                 "hyper_v_generation_two_data_disks_max",
                                                 "azure_data_disks_max",
                                                 "machine_churn_max",
                                                 "upload_backlog_warning",
                                                 "upload_backlog_critical",
                                                 "group_message_latency",
                                                 "group_resend_every",
                                                 "resync_fill_target",
                                                 "azure_churn_burst",
                                                 "azure_machine_churn_max",
                                                 "azure_machine_high_churn_max"};
    if (unit == "%" || field.ends_with("_time")) return true;
    for (const std::string_view allowed : kZeroAllowed) {
        if (field == allowed) return true;
    }
    return false;
}

template <typename T>
void override_field(ObjectReader& changes, const char* name, T& field, std::string_view unit) {
    const std::int64_t least = may_be_zero(name, unit) ? 0 : 1;
    if constexpr (std::is_same_v<T, Duration>) {
        field = changes.with_default(name, ReadDuration{Duration(least)}, field);
    } else if constexpr (std::is_same_v<T, Bytes>) {
        field = changes.with_default(name, ReadSize{least}, field);
    } else if constexpr (std::is_same_v<T, BytesPerSecond>) {
        field = changes.with_default(name, ReadDataRate{least}, field);
    } else if constexpr (std::is_same_v<T, bool>) {
        field = changes.with_default(name, ReadFlag(), field);
    } else if constexpr (std::is_same_v<T, SourceTracking>) {
        ReadChoice<SourceTracking> reader;
        for (const auto& [word, tracking] : kSourceTrackings) {
            reader.choices.emplace_back(word, tracking);
        }
        field = changes.with_default(name, reader, field);
    } else {
        // An activity log numbers its entries with 16 bits.
        const std::int64_t most = unit == "%"                                    ? 100
                                  : std::string_view(name) == "tracking_extents" ? 65'535
                                                                                 : 1'000'000;
        field = changes.with_default(name, ReadCount{least, most}, field);
    }
}

}  // namespace

Site read_site(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Site site;
    site.name = object.required("name", ReadName());
    const Json* lan = object.find("lan");
    const Json none = Json::object();
    ObjectReader network(lan == nullptr ? none : *lan, object.at("lan"), problems);
    site.lan_bandwidth = network.with_default("bandwidth", ReadBandwidth(), kTenGigabit);
    site.lan_latency = network.with_default("latency", ReadDuration(), nanoseconds(200'000));
    network.finish();
    site.hosts = object.list("hosts", read_host);
    object.finish();
    return site;
}

Region read_region(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Region region;
    region.name = object.required("name", ReadName());
    region.storage_accounts = object.list("storage_accounts", read_storage_account);
    read_quota(object, region);
    region.networks = object.list("networks", read_target_network);
    object.finish();
    return region;
}

Link read_link(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Link link;
    link.name = object.required("name", ReadName());
    link.from = object.required("from", ReadName());
    link.to = object.required("to", ReadName());
    link.bandwidth = object.required("bandwidth", ReadBandwidth());
    link.latency = object.required("latency", ReadDuration());
    link.tcp_window = object.optional("tcp_window", ReadSize{1});
    link.throttles = object.list("throttles", read_throttle);
    link.outages = object.list("outages", read_outage);
    object.finish();
    return link;
}

ProcessServer read_process_server(const Json& value, const std::string& pointer,
                                  Problems& problems) {
    ObjectReader object(value, pointer, problems);
    ProcessServer server;
    server.name = object.required("name", ReadName());
    server.site = object.required("site", ReadName());
    server.host = object.optional("host", ReadName());
    server.storage_account = object.optional("storage_account", ReadName());
    server.master_target = object.optional("master_target", ReadName());
    const bool has_account = object.find("storage_account") != nullptr;
    const bool has_target = object.find("master_target") != nullptr;
    if (!has_account && !has_target) {
        object.note_missing("storage_account");
    } else if (has_account && has_target) {
        note(problems, code::kKeysClash, object.at("master_target"),
             shown(*object.find("master_target")),
             "does not go with \"storage_account\": a process server sends on to one of them");
    }
    server.cores = object.with_default("cores", ReadCount{1, 4096}, std::int64_t{8});
    server.cache = object.with_default("cache", ReadSize{1}, gibibytes(600));
    server.cache_rate =
        object.with_default("cache_rate", ReadDataRate{1}, BytesPerSecond(400'000'000));
    server.compression_ratio =
        object.with_default("compression_ratio", ReadFactor{0.0, 1000.0, true}, 1.0);
    object.finish();
    return server;
}

ConfigurationServer read_configuration_server(const Json& value, const std::string& pointer,
                                              Problems& problems) {
    ObjectReader object(value, pointer, problems);
    ConfigurationServer server;
    server.name = object.required("name", ReadName());
    server.site = object.required("site", ReadName());
    server.registration = read_registration(object);
    object.finish();
    return server;
}

Policy read_policy(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Policy policy;
    policy.name = object.required("name", ReadName());
    policy.retention = object.with_default("retention", ReadDuration(), hours(24));
    policy.app_consistent_every =
        object.optional("app_consistent_every", ReadDuration{Duration(1)});
    policy.rpo_threshold = object.optional("rpo_threshold", ReadDuration{Duration(1)});
    policy.replication_interval =
        object.with_default("replication_interval", read_interval, minutes(5));
    policy.initial_replication_start = object.optional("initial_replication_start", ReadClock());
    object.finish();
    return policy;
}

MasterTarget read_master_target(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    MasterTarget target;
    target.name = object.required("name", ReadName());
    target.site = object.required("site", ReadName());
    target.apply_rate =
        object.with_default("apply_rate", ReadDataRate{1}, BytesPerSecond(400'000'000));
    object.finish();
    return target;
}

ConsistencyGroup read_consistency_group(const Json& value, const std::string& pointer,
                                        const ServiceProfile& profile, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    ConsistencyGroup group;
    group.name = object.required("name", ReadName());
    group.hold = object.with_default("hold", ReadDuration{Duration(1)}, profile.group_hold);
    group.latency = object.with_default("latency", ReadDuration(), profile.group_message_latency);
    object.finish();
    return group;
}

Vault read_vault(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Vault vault;
    vault.name = object.required("name", ReadName());
    vault.region = object.required("region", ReadName());
    object.finish();
    return vault;
}

ServiceProfile read_profile(const Json* value, const std::string& pointer, Problems& problems) {
    const char* const standard = "asr-2024";
    std::string name = standard;
    std::string name_pointer = pointer;
    const Json* changes = nullptr;
    if (value != nullptr && value->is_string()) {
        name = value->get<std::string>();
    } else if (value != nullptr) {
        ObjectReader object(*value, pointer, problems);
        name = object.with_default("name", ReadText(), name);
        name_pointer = object.at("name");
        changes = object.find("override");
        object.finish();
    }
    std::optional<ProfileData> data = find_profile(name);
    if (!data) {
        note_unknown(problems, code::kUnknownChoice, name_pointer, name, "no such service profile",
                     profile_names());
        data = find_profile(standard);
        LANDFALL_CHECK(data.has_value(), "the default service profile is built in");
    }
    if (changes == nullptr) return data->profile;
    ObjectReader object(*changes, pointer_to(pointer, "override"), problems);
    ServiceProfile::visit_scalars(data->profile,
                                  [&](const char* field, auto& figure, const char* unit) {
                                      override_field(object, field, figure, unit);
                                  });
    object.finish();
    return data->profile;
}

}  // namespace landfall::scenario
