// sim/scenario/read_setup.cpp — registration, VMM, networks and quota, and the facts of machines
// that compatibility and the target ask for.
#include <charconv>

#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

constexpr std::int64_t kMost = 1'000'000;

std::optional<Instant> read_instant(ObjectReader& object, const char* key) {
    const std::optional<Duration> since_start = object.optional(key, ReadDuration());
    return since_start ? std::optional(Instant(*since_start)) : std::nullopt;
}

std::string read_listed_name(const Json& value, const std::string& pointer, Problems& problems) {
    return ReadName()(value, pointer, problems).value_or("");
}

std::optional<Ipv4> read_address(const Json& value, const std::string& pointer,
                                 Problems& problems) {
    const std::optional<std::string> text = ReadName()(value, pointer, problems);
    if (!text) return std::nullopt;
    const std::optional<Ipv4> address = read_ipv4(*text);
    if (!address) {
        note(problems, code::kOutOfRange, pointer, shown(value),
             "must be an IPv4 address such as \"10.0.0.4\"");
    }
    return address;
}

/// "10.0.1.0/24", of /8 to /29, and no bit beyond the prefix.
void read_range(const Json& value, const std::string& pointer, TargetSubnet& subnet,
                Problems& problems) {
    const std::optional<std::string> text = ReadName()(value, pointer, problems);
    if (!text) return;
    const std::size_t slash = text->find('/');
    const std::optional<Ipv4> first = read_ipv4(std::string_view(*text).substr(0, slash));
    std::uint32_t prefix = 0;
    if (slash != std::string::npos) {
        const char* const end = text->data() + text->size();
        const auto parsed = std::from_chars(text->data() + slash + 1, end, prefix);
        if (parsed.ec != std::errc() || parsed.ptr != end) prefix = 0;
    }
    const bool in_bounds = first && prefix >= 8 && prefix <= 29;
    if (!in_bounds || (first->value & ((1U << (32 - prefix)) - 1)) != 0) {
        note(problems, code::kOutOfRange, pointer, shown(value),
             "must be a block of addresses from /8 to /29 such as \"10.0.1.0/24\"");
        return;
    }
    subnet.first = *first;
    subnet.prefix = prefix;
}

TargetSubnet read_subnet(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    TargetSubnet subnet;
    subnet.name = object.required("name", ReadName());
    const Json* range = object.find("range");
    if (range == nullptr) {
        object.note_missing("range");
    } else {
        read_range(*range, object.at("range"), subnet, problems);
    }
    object.finish();
    return subnet;
}

FamilyQuota read_family(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    FamilyQuota quota;
    quota.family = object.required("family", ReadName());
    quota.cores = object.required("cores", ReadCount{0, kMost});
    object.finish();
    return quota;
}

const ReadChoice<GuestStorage> kGuestStorage = {
    {{"smb3", GuestStorage::Smb3},
     {"storage-spaces", GuestStorage::StorageSpaces},
     {"storage-spaces-direct", GuestStorage::StorageSpacesDirect},
     {"multipath", GuestStorage::Multipath},
     {"iscsi", GuestStorage::Iscsi},
     {"drbd", GuestStorage::Drbd},
     {"lvm", GuestStorage::Lvm},
     {"nfs", GuestStorage::Nfs}}};

std::int64_t read_sector(ObjectReader& object, const char* key) {
    const std::int64_t size = object.with_default(key, ReadCount{512, 4096}, std::int64_t{512});
    if (size == 512 || size == 4096) return size;
    note(object.problems(), code::kUnknownChoice, object.at(key), std::to_string(size),
         "must be 512 or 4096 bytes", {"512", "4096"});
    return 512;
}

void read_platform(ObjectReader& object, MachineFacts& facts) {
    static const ReadChoice<Architecture> architectures = {
        {{"x64", Architecture::X64}, {"x86", Architecture::X86}, {"arm64", Architecture::Arm64}}};
    static const ReadChoice<BootType> boots = {
        {{"bios", BootType::Bios}, {"uefi", BootType::Uefi}}};
    static const ReadChoice<ParavirtualDrivers> drivers = {
        {{"unstated", ParavirtualDrivers::Unstated},
         {"citrix", ParavirtualDrivers::Citrix},
         {"aws", ParavirtualDrivers::Aws},
         {"redhat", ParavirtualDrivers::RedHat}}};
    facts.system_version = object.optional("os_version", ReadName());
    facts.nano_server = object.with_default("nano_server", ReadFlag(), false);
    facts.architecture = object.with_default("architecture", architectures, Architecture::X64);
    facts.generation = object.optional("generation", ReadCount{1, 2}).value_or(0);
    facts.boot = object.with_default("boot", boots, BootType::Bios);
    facts.os_disks = object.with_default("os_disks", ReadCount{1, 64}, std::int64_t{1});
    facts.cores = object.with_default("cores", ReadCount{1, 4096}, std::int64_t{2});
    facts.memory = object.with_default("memory", ReadSize{1}, gibibytes(4));
    facts.drivers = object.with_default("drivers", drivers, ParavirtualDrivers::Unstated);
    facts.powered_on = object.with_default("powered_on", ReadFlag(), true);
    facts.dedicated_host = object.with_default("dedicated_host", ReadFlag(), false);
    facts.zonal = object.with_default("zonal", ReadFlag(), true);
    facts.cciss_disks = object.with_default("cciss_disks", ReadFlag(), false);
    facts.host_version = object.optional("host_version", kHostVersions);
    facts.clustered = object.with_default("clustered", ReadFlag(), false);
    facts.highly_available = object.with_default("highly_available", ReadFlag(), true);
    facts.replica_broker = object.with_default("replica_broker", ReadFlag(), true);
    facts.extended_replication = object.with_default("extended_replication", ReadFlag(), false);
}

void read_facts(ObjectReader& machine, MachineGroup& group) {
    const Json none = Json::object();
    const Json* value = machine.find("facts");
    ObjectReader object(value == nullptr ? none : *value, machine.at("facts"), machine.problems());
    MachineFacts& facts = group.facts;
    read_platform(object, facts);
    facts.nics = object.with_default("nics", ReadCount{1, 64}, std::int64_t{1});
    group.network = object.optional("network", ReadName());
    group.target.source_subnet = object.optional("subnet", ReadName());
    facts.ipv6 = object.with_default("ipv6", ReadFlag(), false);
    facts.static_ip = object.with_default("static_ip", ReadFlag(), false);
    facts.nic_team = object.with_default("nic_team", ReadFlag(), false);
    facts.accelerated_networking = object.with_default("accelerated_networking", ReadFlag(), false);
    facts.storage = object.list(
        "guest_storage", [](const Json& entry, const std::string& pointer, Problems& problems) {
            return kGuestStorage(entry, pointer, problems).value_or(GuestStorage::Lvm);
        });
    object.finish();
}

void read_target(ObjectReader& machine, MachineGroup& group) {
    const Json none = Json::object();
    const Json* value = machine.find("target");
    ObjectReader object(value == nullptr ? none : *value, machine.at("target"), machine.problems());
    TargetSettings& target = group.target;
    target.size = object.optional("size", ReadName());
    target.network = object.optional("network", ReadName());
    target.subnet = object.optional("subnet", ReadName());
    target.ip = object.optional("ip", read_address);
    target.availability_set = object.optional("availability_set", ReadName());
    target.managed_disks = object.optional("managed_disks", ReadFlag());
    object.finish();
    if (target.ip && group.count > 1) {
        note(machine.problems(), code::kKeysClash, machine.at("target"), "{...}",
             "does not go with \"count\": an address is of one machine");
    }
}

}  // namespace

ServerRegistration read_registration(ObjectReader& server) {
    ServerRegistration registration;
    registration.at = read_instant(server, "registers_at");
    registration.key_generated = read_instant(server, "key_generated_at");
    const bool too_late = registration.key_generated &&
                          (!registration.at || *registration.key_generated > *registration.at);
    if (too_late) {
        note(server.problems(), code::kKeysClash, server.at("key_generated_at"),
             shown(*server.find("key_generated_at")),
             "goes only with a \"registers_at\" that is not earlier");
        registration.key_generated.reset();
    }
    return registration;
}

VmmServer read_vmm_server(const Json& value, const std::string& pointer, Problems& problems) {
    ObjectReader object(value, pointer, problems);
    VmmServer server;
    server.name = object.required("name", ReadName());
    server.site = object.required("site", ReadName());
    if (object.find("clouds") == nullptr) object.note_missing("clouds");
    server.clouds = object.list("clouds", read_listed_name);
    server.registration = read_registration(object);
    object.finish();
    return server;
}

NetworkMapping read_network_mapping(const Json& value, const std::string& pointer,
                                    Problems& problems) {
    ObjectReader object(value, pointer, problems);
    NetworkMapping mapping;
    mapping.fabric = object.required("fabric", ReadName());
    mapping.from = object.required("from", ReadName());
    mapping.to = object.required("to", ReadName());
    object.finish();
    return mapping;
}

void read_quota(ObjectReader& region_object, Region& region) {
    const Json none = Json::object();
    const Json* value = region_object.find("quota");
    ObjectReader object(value == nullptr ? none : *value, region_object.at("quota"),
                        region_object.problems());
    region.quota_cores = object.optional("cores", ReadCount{0, kMost});
    region.quota_families = object.list("families", read_family);
    region.quota_nics = object.optional("nics", ReadCount{0, kMost});
    object.finish();
}

TargetNetwork read_target_network(const Json& value, const std::string& pointer,
                                  Problems& problems) {
    ObjectReader object(value, pointer, problems);
    TargetNetwork network;
    network.name = object.required("name", ReadName());
    if (object.find("subnets") == nullptr) object.note_missing("subnets");
    network.subnets = object.list("subnets", read_subnet);
    object.finish();
    return network;
}

DiskFacts read_disk_facts(ObjectReader& disk) {
    static const ReadChoice<DiskFormat> formats = {{{"native", DiskFormat::Native},
                                                    {"vhd", DiskFormat::Vhd},
                                                    {"vhdx", DiskFormat::Vhdx},
                                                    {"vmdk", DiskFormat::Vmdk},
                                                    {"raw", DiskFormat::Raw}}};
    static const ReadChoice<DiskEncryption> encryptions = {
        {{"none", DiskEncryption::None},
         {"bitlocker", DiskEncryption::BitLocker},
         {"other", DiskEncryption::Other},
         {"azure-disk", DiskEncryption::AzureDisk}}};
    static const ReadChoice<DiskAttachment> attachments = {
        {{"virtual", DiskAttachment::Virtual},
         {"pass-through", DiskAttachment::PassThrough},
         {"fibre-channel", DiskAttachment::FibreChannel}}};
    static const ReadChoice<AzureDiskKind> kinds = {{{"managed", AzureDiskKind::Managed},
                                                     {"ultra", AzureDiskKind::Ultra},
                                                     {"nvme", AzureDiskKind::Nvme}}};
    const Json none = Json::object();
    const Json* value = disk.find("facts");
    ObjectReader object(value == nullptr ? none : *value, disk.at("facts"), disk.problems());
    DiskFacts facts;
    facts.format = object.with_default("format", formats, DiskFormat::Native);
    facts.encryption = object.with_default("encryption", encryptions, DiskEncryption::None);
    facts.attachment = object.with_default("attachment", attachments, DiskAttachment::Virtual);
    facts.azure_kind = object.with_default("azure_kind", kinds, AzureDiskKind::Managed);
    facts.logical_sector = read_sector(object, "logical_sector");
    facts.physical_sector = read_sector(object, "physical_sector");
    facts.shared = object.with_default("shared", ReadFlag(), false);
    facts.dynamic = object.with_default("dynamic", ReadFlag(), false);
    facts.write_accelerator = object.with_default("write_accelerator", ReadFlag(), false);
    object.finish();
    return facts;
}

void read_machine_setup(ObjectReader& machine, MachineGroup& group) {
    group.cloud = machine.optional("cloud", ReadName());
    if (group.cloud && group.kind != "hyper-v") {
        note(machine.problems(), code::kKeysClash, machine.at("cloud"),
             shown(*machine.find("cloud")), "goes only with \"kind\": \"hyper-v\"");
    }
    group.appears_at = read_instant(machine, "appears_at");
    read_facts(machine, group);
    read_target(machine, group);
}

}  // namespace landfall::scenario
