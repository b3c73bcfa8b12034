// sim/scenario/read_machines.cpp — machine groups, their disks and how they replicate.
#include "sim/scenario/readers.hpp"
#include "sim/scenario/replication_rules.hpp"

namespace landfall::scenario {

namespace {

const ReadChoice<std::string> kDiskTypes = {{{"standard_hdd", "standard_hdd"},
                                             {"standard_ssd", "standard_ssd"},
                                             {"premium_ssd", "premium_ssd"}}};
const ReadChoice<std::string> kSystems = {{{"windows", "windows"}, {"linux", "linux"}}};
const ReadChoice<std::string> kMachineKinds = {{{"vmware", "vmware"},
                                                {"physical", "physical"},
                                                {"hyper-v", "hyper-v"},
                                                {"azure", "azure"},
                                                {"aws", "aws"}}};

/// `[written, distinct]`, both in bytes.
FoldPoint read_fold_point(const Json& value, const std::string& pointer, Problems& problems) {
    if (!value.is_array() || value.size() != 2) {
        note(problems, code::kWrongType, pointer, shown(value),
             "must be a list of two sizes: bytes written, and how many of them are distinct");
        return {};
    }
    const auto written = ReadSize{1}(value[0], pointer_to(pointer, 0), problems);
    const auto distinct = ReadSize{1}(value[1], pointer_to(pointer, 1), problems);
    return {written.value_or(Bytes(0)), distinct.value_or(Bytes(0))};
}

/// A fold curve rises, never above what was written, and has no other beside it.
void check_fold(ObjectReader& object, const Disk& disk) {
    if (disk.fold.empty()) return;
    FoldPoint last;
    for (const FoldPoint& point : disk.fold) {
        if (point.written == Bytes(0) || point.distinct == Bytes(0)) return;  // said already
        const bool rises = point.written > last.written && point.distinct >= last.distinct;
        if (!rises || point.distinct > point.written) {
            note(object.problems(), code::kOutOfRange, object.at("fold"), "[...]",
                 "must rise from entry to entry, and never have more distinct bytes than written "
                 "ones");
            break;
        }
        last = point;
    }
    if (disk.working_set) {
        note(object.problems(), code::kKeysClash, object.at("fold"), "[...]",
             "does not go with \"working_set\": both say how rewrites are coalesced");
    }
}

Disk read_disk(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    Disk disk;
    disk.name = object.required("name", ReadName());
    disk.size = object.required("size", ReadSize{1});
    disk.used = object.required("used", ReadSize());
    disk.target_type = object.with_default("target", kDiskTypes, std::string("standard_hdd"));
    const Json* churn = object.find("churn");
    if (churn != nullptr) disk.churn = read_churn(*churn, object.at("churn"), problems);
    disk.churn_share = object.with_default("churn_share", ReadFactor{0.0, 1e6}, 1.0);
    disk.working_set = object.optional("working_set", ReadSize{1});
    disk.write_size = object.with_default("write_size", ReadSize{1}, Bytes(32 * 1024));
    disk.fold = object.list("fold", read_fold_point);
    check_fold(object, disk);
    disk.replicate = object.with_default("replicate", ReadFlag(), true);
    disk.facts = read_disk_facts(object);
    object.finish();
    return disk;
}

std::optional<FailedOver> read_failed_over(const Json& value, const std::string& pointer,
                                           Problems& problems) {
    static const ReadChoice<FailbackMethod> methods = {
        {{"bitmaps", FailbackMethod::Bitmaps},
         {"checksum", FailbackMethod::Checksum},
         {"full-download", FailbackMethod::FullDownload}}};
    static const ReadChoice<FailbackLocation> locations = {
        {{"original", FailbackLocation::Original}, {"alternate", FailbackLocation::Alternate}}};
    ObjectReader object(value, pointer, problems);
    FailedOver failed_over;
    failed_over.unreplicated = object.with_default("unreplicated", ReadSize(), Bytes(0));
    failed_over.written_in_azure = object.with_default("written_in_azure", ReadSize(), Bytes(0));
    failed_over.method = object.with_default("method", methods, FailbackMethod::Checksum);
    failed_over.location = object.with_default("location", locations, FailbackLocation::Original);
    const bool whole = failed_over.method == FailbackMethod::FullDownload;
    if (object.is_object() && failed_over.location == FailbackLocation::Alternate && !whole) {
        note(problems, code::kKeysClash, object.at("location"), "\"alternate\"",
             "goes only with \"method\": \"full-download\": a new machine has nothing to compare "
             "with");
    }
    object.finish();
    return failed_over;
}

/// Whether kind and engine are what the entry says, not what stands in for a word that is wrong.
bool is_read(ObjectReader& object, const MachineGroup& group) {
    const Json* kind = object.find("kind");
    const Json* engine = object.find("replication");
    return object.is_object() && (kind == nullptr || *kind == Json(group.kind)) &&
           (engine == nullptr || *engine == Json(rule_of(group.replication).name));
}

/// The engine, and the keys that only some engines know.
void read_replication(ObjectReader& object, MachineGroup& group) {
    static const ReadChoice<InitialCopy> copies = {
        {{"network", InitialCopy::Network}, {"offline", InitialCopy::Offline}}};
    ReadChoice<Replication> engines;
    for (const ReplicationRule& rule : replication_rules()) {
        engines.choices.emplace_back(rule.name, rule.replication);
    }
    const Json* named = object.find("replication");
    group.replication =
        object.with_default("replication", engines, default_replication(group.kind));
    if (named != nullptr && is_read(object, group) &&
        !rule_of(group.replication).takes(group.kind)) {
        note(object.problems(), code::kReplication, object.at("replication"), shown(*named),
             "does not replicate machines of kind \"" + group.kind + '"',
             replications_for(group.kind));
    }
    group.storage_account = object.optional("storage_account", ReadName());
    group.target_site = object.optional("target_site", ReadName());
    group.target_region = object.optional("target_region", ReadName());
    group.zone_to_zone = object.with_default("zone_to_zone", ReadFlag(), false);
    group.initial_copy = object.with_default("initial_copy", copies, InitialCopy::Network);
    group.offline_takes = object.optional("offline_takes", ReadDuration{Duration(1)});
    group.consistency_group = object.optional("consistency_group", ReadName());
    group.failed_over = object.optional("failed_over", read_failed_over);
}

/// 512 or 4096.
std::optional<Bytes> read_sector_size(const Json& value, const std::string& pointer,
                                      Problems& problems) {
    const std::optional<Bytes> size = ReadSize{1}(value, pointer, problems);
    if (!size || *size == Bytes(512) || *size == Bytes(4096)) return size;
    note(problems, code::kUnknownChoice, pointer, shown(value), "must be 512 or 4096 bytes",
         {"512", "4096"});
    return Bytes(512);  // which most sizes are a multiple of: one fault, one problem
}

void read_fidelity(ObjectReader& object, MachineGroup& group) {
    static const ReadChoice<Fidelity> fidelities = {
        {{"volume", Fidelity::Volume}, {"block", Fidelity::Block}}};
    group.fidelity = object.with_default("fidelity", fidelities, Fidelity::Volume);
    group.sector_size = object.with_default("sector_size", read_sector_size, Bytes(4096));
    const Json* size = object.find("sector_size");
    if (group.fidelity == Fidelity::Volume && size != nullptr && *size == Json(512)) {
        note(object.problems(), code::kKeysClash, object.at("sector_size"), shown(*size),
             "goes only with \"fidelity\": \"block\"");
    }
}

/// Notes `key` where the engine of the group must have it, or has no use for it.
void check_need(ObjectReader& object, const ReplicationRule& rule, const char* key, Need need) {
    const Json* value = object.find(key);
    if (need == Need::Required && value == nullptr) {
        note(object.problems(), code::kMissingKey, object.at(key), "",
             "must be given: \"" + rule.name + "\" replication needs it");
    } else if (need == Need::Forbidden && value != nullptr) {
        note(object.problems(), code::kKeysClash, object.at(key), shown(*value),
             "does not go with \"" + rule.name + "\" replication");
    }
}

void check_needs(ObjectReader& object, const MachineGroup& group) {
    const ReplicationRule& rule = rule_of(group.replication);
    if (!is_read(object, group) || !rule.takes(group.kind)) return;
    check_need(object, rule, "process_server", rule.process_server);
    check_need(object, rule, "host", rule.host);
    check_need(object, rule, "storage_account", rule.storage_account);
    check_need(object, rule, "target_site", rule.target_site);
    check_need(object, rule, "target_region", rule.target_region);
    check_need(object, rule, "failed_over", rule.failed_over);
    if (!rule.groups) check_need(object, rule, "consistency_group", Need::Forbidden);
    if (group.zone_to_zone && group.replication != Replication::AzureToAzure) {
        note(object.problems(), code::kKeysClash, object.at("zone_to_zone"), "true",
             "goes only with \"azure-to-azure\" replication");
    }
    const bool offline = group.initial_copy == InitialCopy::Offline;
    if (offline && !rule.offline) {
        note(object.problems(), code::kKeysClash, object.at("initial_copy"), "\"offline\"",
             "goes only with replication to a second site: no disk is shipped to Azure");
    } else if (offline != group.offline_takes.has_value()) {
        const Json* takes = object.find("offline_takes");
        if (offline && takes == nullptr) object.note_missing("offline_takes");
        if (!offline) {
            note(object.problems(), code::kKeysClash, object.at("offline_takes"), shown(*takes),
                 "goes only with \"initial_copy\": \"offline\"");
        }
    }
}

}  // namespace

MachineGroup read_machine(const Json& value, const std::string& pointer, InitialState initial_state,
                          Problems& problems) {
    static const ReadChoice<InitialState> states = {
        {{"unprotected", InitialState::Unprotected}, {"protected", InitialState::Protected}}};
    ObjectReader object(value, pointer, problems);
    MachineGroup group;
    group.name = object.required("name", ReadName());
    object.find("template");  // merged already
    group.count = object.with_default("count", ReadCount{1, kMachinesMax}, std::int64_t{1});
    group.site = object.required("site", ReadName());
    group.host = object.optional("host", ReadName());
    group.process_server = object.optional("process_server", ReadName());
    group.policy = object.required("policy", ReadName());
    group.os = object.with_default("os", kSystems, std::string("windows"));
    group.kind = object.with_default("kind", kMachineKinds, std::string("vmware"));
    read_replication(object, group);
    read_fidelity(object, group);
    group.initial_state = object.with_default("initial_state", states, initial_state);
    group.hydration_drivers_ready =
        object.with_default("hydration_drivers_ready", ReadFlag(), true);
    const Json* churn = object.find("churn");
    if (churn != nullptr) group.churn = read_churn(*churn, object.at("churn"), problems);
    if (object.find("disks") == nullptr) object.note_missing("disks");
    group.disks = object.list("disks", read_disk);
    check_needs(object, group);
    read_machine_setup(object, group);
    object.finish();
    return group;
}

}  // namespace landfall::scenario
