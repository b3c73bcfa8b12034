// model/estate/machine_facts.hpp — what a machine is, as far as Site Recovery asks before it
// protects it.
//
// Facts, no judgement: model/estate/compatibility.hpp has the rules. The defaults are those of a
// machine that every scenario takes, so that what nobody states is in no one's way.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/base/units.hpp"

namespace landfall {

enum class GuestSystem : std::uint8_t { Windows, Linux };
enum class Architecture : std::uint8_t { X64, X86, Arm64 };
enum class BootType : std::uint8_t { Bios, Uefi };
/// None: as the platform has it.
enum class DiskFormat : std::uint8_t { Native, Vhd, Vhdx, Vmdk, Raw };
/// `AzureDisk`: Azure Disk Encryption, done by the platform.
enum class DiskEncryption : std::uint8_t { None, BitLocker, Other, AzureDisk };
enum class DiskAttachment : std::uint8_t { Virtual, PassThrough, FibreChannel };
/// A kind of Azure disk that needs a word of its own.
enum class AzureDiskKind : std::uint8_t { Managed, Ultra, Nvme };
enum class ParavirtualDrivers : std::uint8_t { Unstated, Citrix, Aws, RedHat };

/// What a guest keeps data on beyond plain disks.
enum class GuestStorage : std::uint8_t {
    Smb3,
    StorageSpaces,
    StorageSpacesDirect,
    Multipath,
    Iscsi,
    Drbd,
    Lvm,
    Nfs,
};

struct DiskFacts {
    Bytes size;
    DiskFormat format = DiskFormat::Native;
    DiskEncryption encryption = DiskEncryption::None;
    DiskAttachment attachment = DiskAttachment::Virtual;
    AzureDiskKind azure_kind = AzureDiskKind::Managed;
    std::int64_t logical_sector = 512;
    std::int64_t physical_sector = 512;
    bool shared = false;   ///< with another machine: a cluster's
    bool dynamic = false;  ///< a dynamic disk of Windows; else basic
    bool write_accelerator = false;
};

/// The first disk is the OS disk.
struct MachineFacts {
    std::string name;
    GuestSystem system = GuestSystem::Windows;
    std::optional<std::string> system_version;  ///< "windows-2016", "rhel-6.7"
    bool nano_server = false;
    Architecture architecture = Architecture::X64;
    std::int64_t generation = 1;
    BootType boot = BootType::Bios;
    std::int64_t os_disks = 1;  ///< disks that the system itself lies on
    std::vector<DiskFacts> disks;
    std::int64_t cores = 2;
    Bytes memory = gibibytes(4);
    std::int64_t nics = 1;
    bool ipv6 = false;
    bool static_ip = false;
    bool nic_team = false;
    bool accelerated_networking = false;
    std::vector<GuestStorage> storage;
    std::optional<std::string> host_version;  ///< of its Hyper-V host: "2012-r2", "2016", ...
    bool clustered = false;
    bool highly_available = true;  ///< of a clustered machine: a role of the cluster
    bool replica_broker = true;    ///< of its cluster
    bool extended_replication = false;
    bool powered_on = true;
    bool dedicated_host = false;
    bool zonal = true;         ///< in a zone of its region; asked of zone to zone only
    bool cciss_disks = false;  ///< behind an HP CCISS controller
    ParavirtualDrivers drivers = ParavirtualDrivers::Unstated;
};

}  // namespace landfall
