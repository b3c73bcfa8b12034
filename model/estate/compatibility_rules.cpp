// model/estate/compatibility_rules.cpp — the table: one row for each documented rule.
//
// A limit that moves with the date of the documents is a field of the service profile.
#include <algorithm>
#include <array>

#include "model/estate/compatibility.hpp"
#include "model/estate/compatibility_words.hpp"

namespace landfall {

namespace {

using enum ScenarioKind;
using enum RuleScope;

constexpr KindSet kHyperV = kHyperVToAzureKinds | KindSet{VmmToVmm};
constexpr KindSet kToAzure = kInMageKinds | kHyperVToAzureKinds | kAzureToAzureKinds;

constexpr std::string_view kHyperVMatrix = "SR/hyper-v-azure-support-matrix.md";
constexpr std::string_view kAgentMatrix = "SR/vmware-physical-azure-support-matrix.md";
constexpr std::string_view kAzureMatrix = "SR/azure-to-azure-support-matrix.md";
constexpr std::string_view kPlanner = "SR/hyper-v-deployment-planner-analyze-report.md";
constexpr std::string_view kTwoSites = "SR/site-recovery-vmm-to-vmm.md";
constexpr std::string_view kScout = "SR/vmware-physical-secondary-support-matrix.md";
constexpr std::string_view kAws = "SR/site-recovery-migrate-aws-to-azure.md";

// --- Words. A template for each shape of fact keeps the rows to what is particular.

template <bool MachineFacts::*kFlag>
bool is_set(const RuleCase& asked) {
    return asked.machine.*kFlag;
}
template <bool MachineFacts::*kFlag>
bool is_not_set(const RuleCase& asked) {
    return !(asked.machine.*kFlag);
}
template <bool DiskFacts::*kFlag>
bool disk_is(const RuleCase& asked) {
    return asked.disk.*kFlag;
}
template <GuestStorage kStorage>
bool stored_on(const RuleCase& asked) {
    return keeps_on(asked.machine, kStorage);
}

std::string says_true(const RuleCase&) {
    return "true";
}
std::string says_false(const RuleCase&) {
    return "false";
}
std::string must_be_false(const RuleCase&) {
    return "must be false";
}
std::string must_be_true(const RuleCase&) {
    return "must be true";
}
std::string size_found(const RuleCase& asked) {
    return in_words(asked.disk.size);
}

template <Bytes ServiceProfile::*kMost>
bool is_larger(const RuleCase& asked) {
    return asked.disk.size > asked.profile.*kMost;
}
template <Bytes ServiceProfile::*kMost>
std::string at_most(const RuleCase& asked) {
    return "must be at most " + in_words(asked.profile.*kMost);
}

std::int64_t data_disks(const RuleCase& asked) {
    return static_cast<std::int64_t>(asked.machine.disks.size()) - 1;
}
std::string data_disks_found(const RuleCase& asked) {
    return std::to_string(data_disks(asked)) + " data disks";
}
template <std::int64_t ServiceProfile::*kMost>
bool has_more(const RuleCase& asked) {
    return data_disks(asked) > asked.profile.*kMost;
}
template <std::int64_t ServiceProfile::*kMost>
std::string few_disks(const RuleCase& asked) {
    return "must be at most " + std::to_string(asked.profile.*kMost) + " data disks";
}

template <int kGeneration, Bytes ServiceProfile::*kMost>
bool is_larger_in(const RuleCase& asked) {
    return asked.machine.generation == kGeneration && is_larger<kMost>(asked);
}
template <int kGeneration, Bytes ServiceProfile::*kMost>
std::string at_most_in(const RuleCase& asked) {
    return at_most<kMost>(asked) + " in a machine of generation " + std::to_string(kGeneration);
}

// --- System and host

bool is_host_unknown(const RuleCase& asked) {
    const auto& version = asked.machine.host_version;
    if (!version || *version == "2012-r2" || *version == "2016") return false;
    return !asked.profile.hyper_v_newer_hosts || (*version != "2019" && *version != "2022");
}
std::string hosts_allowed(const RuleCase& asked) {
    return asked.profile.hyper_v_newer_hosts ? "must be Windows Server 2012 R2, 2016, 2019 or 2022"
                                             : "must be Windows Server 2012 R2 or 2016";
}
bool is_secondary_host_unknown(const RuleCase& asked) {
    const auto& version = asked.machine.host_version;
    return version && *version != "2012" && *version != "2012-r2" && *version != "2016";
}
std::string secondary_hosts(const RuleCase&) {
    return "must be Windows Server 2012, 2012 R2 or 2016";
}
std::string host_found(const RuleCase& asked) {
    return asked.machine.host_version.value_or("");
}

bool is_other_architecture(const RuleCase& asked) {
    return asked.machine.architecture != Architecture::X64;
}
std::string architecture_found(const RuleCase& asked) {
    return std::string(name_of(asked.machine.architecture));
}
std::string must_be_x64(const RuleCase&) {
    return "must be x64";
}

constexpr std::array<std::string_view, 5> kAwsSystems = {
    "windows-2008-r2-sp1", "windows-2012", "windows-2012-r2", "windows-2016", "rhel-6.7"};
bool is_aws_system_unknown(const RuleCase& asked) {
    const auto& version = asked.machine.system_version;
    return version &&
           std::find(kAwsSystems.begin(), kAwsSystems.end(), *version) == kAwsSystems.end();
}
std::string system_found(const RuleCase& asked) {
    return asked.machine.system_version.value_or("");
}
std::string aws_systems(const RuleCase&) {
    std::string list = "must be one of";
    for (const std::string_view name : kAwsSystems) list += " " + std::string(name);
    return list;
}
bool has_redhat_drivers(const RuleCase& asked) {
    return asked.machine.drivers == ParavirtualDrivers::RedHat;
}
std::string redhat_found(const RuleCase&) {
    return "redhat";
}
std::string other_drivers(const RuleCase&) {
    return "must be citrix or aws";
}

bool has_few_cores(const RuleCase& asked) {
    return asked.machine.cores < asked.profile.azure_cores_min;
}
std::string cores_found(const RuleCase& asked) {
    return std::to_string(asked.machine.cores);
}
std::string cores_allowed(const RuleCase& asked) {
    return "must be at least " + std::to_string(asked.profile.azure_cores_min);
}
bool has_little_memory(const RuleCase& asked) {
    return asked.machine.memory < asked.profile.azure_memory_min;
}
std::string memory_found(const RuleCase& asked) {
    return in_words(asked.machine.memory);
}
std::string memory_allowed(const RuleCase& asked) {
    return "must be at least " + in_words(asked.profile.azure_memory_min);
}

// --- Generation and OS disk

bool is_linux_of_generation_two(const RuleCase& asked) {
    return asked.machine.generation == 2 && asked.machine.system == GuestSystem::Linux;
}
std::string generation_found(const RuleCase& asked) {
    return std::to_string(asked.machine.generation);
}
std::string linux_generation(const RuleCase&) {
    return "must be 1 with Linux";
}
bool has_other_os_disks(const RuleCase& asked) {
    return asked.machine.os_disks != 1;
}
std::string os_disks_found(const RuleCase& asked) {
    return std::to_string(asked.machine.os_disks);
}
std::string one_os_disk(const RuleCase&) {
    return "must be 1";
}
std::string basic_disk(const RuleCase&) {
    return "must be false: the OS disk is a basic disk";
}
bool is_too_many_for_generation_two(const RuleCase& asked) {
    return asked.machine.generation == 2 &&
           has_more<&ServiceProfile::hyper_v_generation_two_data_disks_max>(asked);
}
std::string few_for_generation_two(const RuleCase& asked) {
    return few_disks<&ServiceProfile::hyper_v_generation_two_data_disks_max>(asked) +
           " in a machine of generation 2";
}

// --- Disks

bool is_small(const RuleCase& asked) {
    return asked.disk.size < asked.profile.disk_size_min;
}
std::string at_least(const RuleCase& asked) {
    return "must be at least " + in_words(asked.profile.disk_size_min);
}
bool is_other_format(const RuleCase& asked) {
    return asked.disk.format == DiskFormat::Vmdk || asked.disk.format == DiskFormat::Raw;
}
bool is_vhd_of_generation_two(const RuleCase& asked) {
    return asked.machine.generation == 2 && asked.disk.format == DiskFormat::Vhd;
}
std::string format_found(const RuleCase& asked) {
    return std::string(name_of(asked.disk.format));
}
std::string vhd_or_vhdx(const RuleCase&) {
    return "must be vhd or vhdx";
}
std::string vhdx_only(const RuleCase&) {
    return "must be vhdx in a machine of generation 2";
}
bool is_attached_directly(const RuleCase& asked) {
    return asked.disk.attachment != DiskAttachment::Virtual;
}
bool is_fibre_channel(const RuleCase& asked) {
    return asked.disk.attachment == DiskAttachment::FibreChannel;
}
std::string attachment_found(const RuleCase& asked) {
    return std::string(name_of(asked.disk.attachment));
}
std::string must_be_virtual(const RuleCase&) {
    return "must be virtual";
}
std::string no_fibre_channel(const RuleCase&) {
    return "must not be fibre-channel";
}
bool is_encrypted(const RuleCase& asked) {
    return asked.disk.encryption != DiskEncryption::None;
}
bool is_encrypted_by_guest(const RuleCase& asked) {
    return asked.disk.encryption == DiskEncryption::Other;
}
std::string encryption_found(const RuleCase& asked) {
    return std::string(name_of(asked.disk.encryption));
}
std::string not_encrypted(const RuleCase&) {
    return "must be none: disable it first";
}
std::string azure_encryption(const RuleCase&) {
    return "must be none, bitlocker or azure-disk";
}
bool has_native_4k(const RuleCase& asked) {
    return asked.disk.logical_sector == 4096 && asked.disk.physical_sector == 4096;
}
bool has_4k(const RuleCase& asked) {
    return asked.disk.logical_sector == 4096 || asked.disk.physical_sector == 4096;
}
std::string sectors_found(const RuleCase& asked) {
    return std::to_string(asked.disk.logical_sector) + " logical, " +
           std::to_string(asked.disk.physical_sector) + " physical";
}
std::string no_native_4k(const RuleCase&) {
    return "must not be 4096 both logical and physical";
}
std::string no_4k(const RuleCase&) {
    return "must be 512";
}
bool is_special_disk(const RuleCase& asked) {
    return asked.disk.azure_kind != AzureDiskKind::Managed;
}
std::string azure_kind_found(const RuleCase& asked) {
    return std::string(name_of(asked.disk.azure_kind));
}
std::string must_be_managed(const RuleCase&) {
    return "must be managed";
}

// --- Guest storage, network, cluster, name

template <GuestStorage kStorage>
std::string storage_found(const RuleCase&) {
    constexpr std::array<std::string_view, 8> kNames = {
        "smb3", "storage-spaces", "storage-spaces-direct", "multipath", "iscsi", "drbd", "lvm",
        "nfs"};
    return std::string(nth_word(kNames, kStorage));
}
std::string not_supported(const RuleCase&) {
    return "must not be used in the guest";
}
bool is_linux_with_static_ip(const RuleCase& asked) {
    return asked.machine.static_ip && asked.machine.system == GuestSystem::Linux;
}
std::string dynamic_ip(const RuleCase&) {
    return "must be false with Linux";
}
bool stands_alone_in_cluster(const RuleCase& asked) {
    return asked.machine.clustered && !asked.machine.highly_available;
}
bool has_no_broker(const RuleCase& asked) {
    return asked.machine.clustered && !asked.machine.replica_broker;
}
std::string on_cluster(const RuleCase&) {
    return "must be true on a cluster";
}
bool is_badly_named(const RuleCase& asked) {
    return !is_machine_name(asked.machine.name);
}
std::string name_found(const RuleCase& asked) {
    return "\"" + asked.machine.name + "\"";
}
std::string name_allowed(const RuleCase&) {
    return "must have 1 to 63 letters, digits and hyphens, with a letter or digit at either end";
}

using Profile = ServiceProfile;
using Rule = CompatibilityRule;

const std::array kRules = {
    // System and host
    Rule{kHyperVToAzureKinds, Machine, "/facts/host_version", is_host_unknown, host_found,
         hosts_allowed, kHyperVMatrix},
    Rule{{VmmToVmm},
         Machine,
         "/facts/host_version",
         is_secondary_host_unknown,
         host_found,
         secondary_hosts,
         kTwoSites},
    Rule{kHyperVToAzureKinds, Machine, "/facts/nano_server", is_set<&MachineFacts::nano_server>,
         says_true, must_be_false, kHyperVMatrix},
    Rule{kToAzure, Machine, "/facts/architecture", is_other_architecture, architecture_found,
         must_be_x64, kHyperVMatrix},
    Rule{{AwsToAzure},
         Machine,
         "/facts/os_version",
         is_aws_system_unknown,
         system_found,
         aws_systems,
         kAws},
    Rule{{AwsToAzure},
         Machine,
         "/facts/drivers",
         has_redhat_drivers,
         redhat_found,
         other_drivers,
         kAws},
    Rule{kInMageKinds, Machine, "/facts/powered_on", is_not_set<&MachineFacts::powered_on>,
         says_false, must_be_true, "MicrosoftDocs/azure-docs#68343"},
    Rule{kInMageKinds, Machine, "/facts/cciss_disks", is_set<&MachineFacts::cciss_disks>, says_true,
         must_be_false, kAgentMatrix},
    Rule{kAzureToAzureKinds, Machine, "/facts/cores", has_few_cores, cores_found, cores_allowed,
         kAzureMatrix},
    Rule{kAzureToAzureKinds, Machine, "/facts/memory", has_little_memory, memory_found,
         memory_allowed, kAzureMatrix},
    Rule{kAzureToAzureKinds, Machine, "/facts/dedicated_host",
         is_set<&MachineFacts::dedicated_host>, says_true, must_be_false, kAzureMatrix},
    Rule{{ZoneToZone},
         Machine,
         "/facts/zonal",
         is_not_set<&MachineFacts::zonal>,
         says_false,
         must_be_true,
         "SR/azure-to-azure-how-to-enable-zone-to-zone-disaster-recovery.md"},
    // Generation and OS disk
    Rule{kHyperVToAzureKinds, Machine, "/facts/generation", is_linux_of_generation_two,
         generation_found, linux_generation, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, Machine, "/facts/os_disks", has_other_os_disks, os_disks_found,
         one_os_disk, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, OsDisk, "/facts/dynamic", disk_is<&DiskFacts::dynamic>, says_true,
         basic_disk, kHyperVMatrix},
    Rule{kInMageKinds, OsDisk, "/facts/dynamic", disk_is<&DiskFacts::dynamic>, says_true,
         basic_disk, kAgentMatrix},
    Rule{kHyperVToAzureKinds, OsDisk, "/size", is_larger_in<1, &Profile::hyper_v_os_disk_size_max>,
         size_found, at_most_in<1, &Profile::hyper_v_os_disk_size_max>, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, OsDisk, "/size",
         is_larger_in<2, &Profile::hyper_v_generation_two_os_disk_size_max>, size_found,
         at_most_in<2, &Profile::hyper_v_generation_two_os_disk_size_max>, kHyperVMatrix},
    Rule{kInMageKinds, OsDisk, "/size", is_larger_in<1, &Profile::generation_one_os_disk_size_max>,
         size_found, at_most_in<1, &Profile::generation_one_os_disk_size_max>, kAgentMatrix},
    Rule{kInMageKinds, OsDisk, "/size", is_larger<&Profile::os_disk_size_max>, size_found,
         at_most<&Profile::os_disk_size_max>, kAgentMatrix},
    Rule{kAzureToAzureKinds, OsDisk, "/size", is_larger<&Profile::azure_os_disk_size_max>,
         size_found, at_most<&Profile::azure_os_disk_size_max>, kAzureMatrix},
    // Data disks
    Rule{kHyperVToAzureKinds, Machine, "/disks", has_more<&Profile::hyper_v_data_disks_max>,
         data_disks_found, few_disks<&Profile::hyper_v_data_disks_max>, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, Machine, "/disks", is_too_many_for_generation_two, data_disks_found,
         few_for_generation_two, kHyperVMatrix},
    Rule{{VmmToVmm},
         Machine,
         "/disks",
         has_more<&Profile::hyper_v_data_disks_max>,
         data_disks_found,
         few_disks<&Profile::hyper_v_data_disks_max>,
         kTwoSites},
    Rule{kInMageKinds, Machine, "/disks", has_more<&Profile::data_disks_max>, data_disks_found,
         few_disks<&Profile::data_disks_max>, kAgentMatrix},
    Rule{kAzureToAzureKinds, Machine, "/disks", has_more<&Profile::azure_data_disks_max>,
         data_disks_found, few_disks<&Profile::azure_data_disks_max>, kAzureMatrix},
    Rule{kHyperVToAzureKinds, DataDisk, "/size", is_larger<&Profile::hyper_v_data_disk_size_max>,
         size_found, at_most<&Profile::hyper_v_data_disk_size_max>, kHyperVMatrix},
    Rule{kInMageKinds, DataDisk, "/size", is_larger<&Profile::data_disk_size_max>, size_found,
         at_most<&Profile::data_disk_size_max>, kAgentMatrix},
    Rule{kAzureToAzureKinds, DataDisk, "/size", is_larger<&Profile::azure_data_disk_size_max>,
         size_found, at_most<&Profile::azure_data_disk_size_max>, kAzureMatrix},
    Rule{kInMageKinds, EveryDisk, "/size", is_small, size_found, at_least, kAgentMatrix},
    Rule{kAzureToAzureKinds, DataDisk, "/size", is_small, size_found, at_least, kAzureMatrix},
    Rule{kHyperV, EveryDisk, "/facts/format", is_other_format, format_found, vhd_or_vhdx,
         kHyperVMatrix},
    Rule{kHyperVToAzureKinds, DataDisk, "/facts/format", is_vhd_of_generation_two, format_found,
         vhdx_only, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, EveryDisk, "/facts/logical_sector", has_native_4k, sectors_found,
         no_native_4k, kHyperVMatrix},
    Rule{kInMageKinds, EveryDisk, "/facts/logical_sector", has_4k, sectors_found, no_4k,
         kAgentMatrix},
    Rule{kAzureToAzureKinds, EveryDisk, "/facts/azure_kind", is_special_disk, azure_kind_found,
         must_be_managed, kAzureMatrix},
    Rule{kAzureToAzureKinds, EveryDisk, "/facts/write_accelerator",
         disk_is<&DiskFacts::write_accelerator>, says_true, must_be_false, kAzureMatrix},
    // Shared and directly attached disks
    Rule{kHyperVToAzureKinds, EveryDisk, "/facts/shared", disk_is<&DiskFacts::shared>, says_true,
         must_be_false, kHyperVMatrix},
    Rule{{VmmToVmm},
         EveryDisk,
         "/facts/shared",
         disk_is<&DiskFacts::shared>,
         says_true,
         must_be_false,
         kTwoSites},
    Rule{kInMageKinds, EveryDisk, "/facts/shared", disk_is<&DiskFacts::shared>, says_true,
         must_be_false, kAgentMatrix},
    Rule{kAzureToAzureKinds, EveryDisk, "/facts/shared", disk_is<&DiskFacts::shared>, says_true,
         must_be_false, kAzureMatrix},
    Rule{kHyperVToAzureKinds, EveryDisk, "/facts/attachment", is_attached_directly,
         attachment_found, must_be_virtual, kHyperVMatrix},
    Rule{kInMageKinds, EveryDisk, "/facts/attachment", is_fibre_channel, attachment_found,
         no_fibre_channel, kAgentMatrix},
    // Encryption
    Rule{kHyperVToAzureKinds, EveryDisk, "/facts/encryption", is_encrypted, encryption_found,
         not_encrypted, kHyperVMatrix},
    Rule{kInMageKinds, EveryDisk, "/facts/encryption", is_encrypted, encryption_found,
         not_encrypted, kAgentMatrix},
    Rule{kAzureToAzureKinds, EveryDisk, "/facts/encryption", is_encrypted_by_guest,
         encryption_found, azure_encryption, kAzureMatrix},
    // What the guest keeps data on
    Rule{kHyperVToAzureKinds, Machine, "/facts/guest_storage", stored_on<GuestStorage::Smb3>,
         storage_found<GuestStorage::Smb3>, not_supported, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, Machine, "/facts/guest_storage",
         stored_on<GuestStorage::StorageSpacesDirect>,
         storage_found<GuestStorage::StorageSpacesDirect>, not_supported, kHyperVMatrix},
    Rule{kInMageKinds, Machine, "/facts/guest_storage", stored_on<GuestStorage::Multipath>,
         storage_found<GuestStorage::Multipath>, not_supported, kAgentMatrix},
    Rule{kAzureToAzureKinds, Machine, "/facts/guest_storage", stored_on<GuestStorage::Multipath>,
         storage_found<GuestStorage::Multipath>, not_supported, kAzureMatrix},
    Rule{kAzureToAzureKinds, Machine, "/facts/guest_storage", stored_on<GuestStorage::Iscsi>,
         storage_found<GuestStorage::Iscsi>, not_supported, kAzureMatrix},
    Rule{kAzureToAzureKinds, Machine, "/facts/guest_storage", stored_on<GuestStorage::Drbd>,
         storage_found<GuestStorage::Drbd>, not_supported, kAzureMatrix},
    Rule{{ScoutToSecondary},
         Machine,
         "/facts/guest_storage",
         stored_on<GuestStorage::StorageSpaces>,
         storage_found<GuestStorage::StorageSpaces>,
         not_supported,
         kScout},
    // Network
    Rule{kHyperVToAzureKinds, Machine, "/facts/ipv6", is_set<&MachineFacts::ipv6>, says_true,
         must_be_false, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, Machine, "/facts/static_ip", is_linux_with_static_ip, says_true,
         dynamic_ip, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, Machine, "/facts/nic_team", is_set<&MachineFacts::nic_team>,
         says_true, must_be_false, kHyperVMatrix},
    Rule{kHyperVToAzureKinds, Machine, "/facts/accelerated_networking",
         is_set<&MachineFacts::accelerated_networking>, says_true, must_be_false, kHyperVMatrix},
    // Cluster, other replication, name
    Rule{kHyperVToAzureKinds, Machine, "/facts/highly_available", stands_alone_in_cluster,
         says_false, on_cluster, kPlanner},
    Rule{kHyperVToAzureKinds, Machine, "/facts/replica_broker", has_no_broker, says_false,
         on_cluster, kPlanner},
    Rule{kHyperVToAzureKinds, Machine, "/facts/extended_replication",
         is_set<&MachineFacts::extended_replication>, says_true, must_be_false,
         "SR/hyper-v-azure-common-questions.md"},
    Rule{kToAzure, Machine, "/name", is_badly_named, name_found, name_allowed, kHyperVMatrix},
};

}  // namespace

std::span<const CompatibilityRule> compatibility_rules() {
    return kRules;
}

}  // namespace landfall
