// tests/unit/compatibility_test.cpp — which machines can be protected, by the documents' tables.
#include "model/estate/compatibility.hpp"

#include <functional>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/profile_data.hpp"

namespace landfall {
namespace {

using enum ScenarioKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const ServiceProfile& profile(const char* name = "asr-2024") {
    static const ServiceProfile k2018 = scenario::find_profile("asr-2018")->profile;
    static const ServiceProfile k2024 = scenario::find_profile("asr-2024")->profile;
    return std::string(name) == "asr-2018" ? k2018 : k2024;
}

/// Nothing special: an OS disk and a data disk.
MachineFacts plain() {
    MachineFacts machine;
    machine.name = "web";
    machine.disks = {DiskFacts{gibibytes(64)}, DiskFacts{gibibytes(500)}};
    return machine;
}

using Change = std::function<void(MachineFacts&)>;

std::vector<std::string> pointers(const MachineFacts& machine, ScenarioKind kind,
                                  const ServiceProfile& figures = profile()) {
    std::vector<std::string> list;
    for (const Incompatibility& reason : check_compatibility(machine, kind, figures)) {
        list.push_back(reason.pointer);
    }
    return list;
}

std::vector<std::string> pointers(const Change& change, ScenarioKind kind,
                                  const ServiceProfile& figures = profile()) {
    MachineFacts machine = plain();
    change(machine);
    return pointers(machine, kind, figures);
}

Change os_size(Bytes size, std::int64_t generation) {
    return [=](MachineFacts& machine) {
        machine.generation = generation;
        machine.disks[0].size = size;
    };
}
Change data_size(Bytes size) {
    return [=](MachineFacts& machine) { machine.disks[1].size = size; };
}
Change data_disks(std::size_t count) {
    return
        [=](MachineFacts& machine) { machine.disks.resize(count + 1, DiskFacts{gibibytes(10)}); };
}

/// One row of the documents: a fact at its limit and just beyond it.
struct Limit {
    ScenarioKind kind;
    Change within;
    Change beyond;
    const char* pointer;
};

TEST(Compatibility, SizesAndCountsAreAsTheTablesSay) {
    const Bytes byte(1);
    const std::vector<Limit> limits = {
        {HyperVSiteToAzure, os_size(gibibytes(2048), 1), os_size(gibibytes(2048) + byte, 1),
         "/disks/0/size"},
        {VmmToAzure, os_size(gibibytes(300), 2), os_size(gibibytes(300) + byte, 2),
         "/disks/0/size"},
        {VMwareToAzure, os_size(gibibytes(2048), 1), os_size(gibibytes(2048) + byte, 1),
         "/disks/0/size"},
        {VMwareToAzure, os_size(gibibytes(4095), 2), os_size(gibibytes(4095) + byte, 2),
         "/disks/0/size"},
        {AzureToAzure, os_size(gibibytes(4095), 1), os_size(gibibytes(4095) + byte, 1),
         "/disks/0/size"},
        {HyperVSiteToAzure, data_size(gibibytes(4095)), data_size(gibibytes(4095) + byte),
         "/disks/1/size"},
        {PhysicalToAzure, data_size(gibibytes(32767)), data_size(gibibytes(32767) + byte),
         "/disks/1/size"},
        {VMwareToAzure, data_size(gibibytes(1)), data_size(gibibytes(1) - byte), "/disks/1/size"},
        {ZoneToZone, data_size(gibibytes(1)), data_size(gibibytes(1) - byte), "/disks/1/size"},
        {HyperVSiteToAzure, data_disks(16), data_disks(17), "/disks"},
        {VmmToVmm, data_disks(16), data_disks(17), "/disks"},
        {AwsToAzure, data_disks(64), data_disks(65), "/disks"},
        {AzureToAzure, data_disks(64), data_disks(65), "/disks"},
    };
    for (const Limit& limit : limits) {
        EXPECT_THAT(pointers(limit.within, limit.kind), IsEmpty()) << limit.pointer;
        EXPECT_THAT(pointers(limit.beyond, limit.kind), ElementsAre(limit.pointer))
            << name_of(limit.kind);
    }
}

/// One row of the documents that is yes or no: the kinds that refuse it, and where.
struct Refusal {
    const char* what;
    Change change;
    KindSet kinds;
    const char* pointer;
};

constexpr KindSet kHyperV = kHyperVToAzureKinds | KindSet{VmmToVmm};
constexpr KindSet kToAzure = kInMageKinds | kHyperVToAzureKinds | kAzureToAzureKinds;

Change of_disk(std::size_t disk, std::function<void(DiskFacts&)> change) {
    return [=](MachineFacts& machine) { change(machine.disks[disk]); };
}
Change keeps(GuestStorage storage) {
    return [=](MachineFacts& machine) { machine.storage.push_back(storage); };
}

std::vector<Refusal> disk_refusals() {
    return {
        {"dynamic OS disk", of_disk(0, [](DiskFacts& d) { d.dynamic = true; }),
         kHyperVToAzureKinds | kInMageKinds, "/disks/0/facts/dynamic"},
        {"dynamic data disk", of_disk(1, [](DiskFacts& d) { d.dynamic = true; }), {}, ""},
        {"vmdk", of_disk(1, [](DiskFacts& d) { d.format = DiskFormat::Vmdk; }), kHyperV,
         "/disks/1/facts/format"},
        {"vhd", of_disk(1, [](DiskFacts& d) { d.format = DiskFormat::Vhd; }), {}, ""},
        {"4K logical on 512 physical", of_disk(1, [](DiskFacts& d) { d.logical_sector = 4096; }),
         kInMageKinds, "/disks/1/facts/logical_sector"},
        {"4K native", of_disk(1, [](DiskFacts& d) { d.logical_sector = d.physical_sector = 4096; }),
         kHyperVToAzureKinds | kInMageKinds, "/disks/1/facts/logical_sector"},
        {"shared disk", of_disk(1, [](DiskFacts& d) { d.shared = true; }),
         kToAzure | KindSet{VmmToVmm}, "/disks/1/facts/shared"},
        {"pass-through",
         of_disk(1, [](DiskFacts& d) { d.attachment = DiskAttachment::PassThrough; }),
         kHyperVToAzureKinds, "/disks/1/facts/attachment"},
        {"fibre channel",
         of_disk(1, [](DiskFacts& d) { d.attachment = DiskAttachment::FibreChannel; }),
         kHyperVToAzureKinds | kInMageKinds, "/disks/1/facts/attachment"},
        {"BitLocker", of_disk(0, [](DiskFacts& d) { d.encryption = DiskEncryption::BitLocker; }),
         kHyperVToAzureKinds | kInMageKinds, "/disks/0/facts/encryption"},
        {"Azure Disk Encryption",
         of_disk(0, [](DiskFacts& d) { d.encryption = DiskEncryption::AzureDisk; }),
         kHyperVToAzureKinds | kInMageKinds, "/disks/0/facts/encryption"},
        {"other encryption", of_disk(0, [](DiskFacts& d) { d.encryption = DiskEncryption::Other; }),
         kToAzure, "/disks/0/facts/encryption"},
        {"Ultra disk", of_disk(1, [](DiskFacts& d) { d.azure_kind = AzureDiskKind::Ultra; }),
         kAzureToAzureKinds, "/disks/1/facts/azure_kind"},
        {"write accelerator", of_disk(1, [](DiskFacts& d) { d.write_accelerator = true; }),
         kAzureToAzureKinds, "/disks/1/facts/write_accelerator"},
    };
}

std::vector<Refusal> machine_refusals() {
    return {
        {"host of 2008", [](MachineFacts& m) { m.host_version = "2008-r2"; }, kHyperV,
         "/facts/host_version"},
        {"host of 2012", [](MachineFacts& m) { m.host_version = "2012"; }, kHyperVToAzureKinds,
         "/facts/host_version"},
        {"Nano Server", [](MachineFacts& m) { m.nano_server = true; }, kHyperVToAzureKinds,
         "/facts/nano_server"},
        {"32-bit", [](MachineFacts& m) { m.architecture = Architecture::X86; }, kToAzure,
         "/facts/architecture"},
        {"AWS system",
         [](MachineFacts& m) { m.system_version = "ubuntu-18.04"; },
         {AwsToAzure},
         "/facts/os_version"},
        {"RedHat drivers",
         [](MachineFacts& m) { m.drivers = ParavirtualDrivers::RedHat; },
         {AwsToAzure},
         "/facts/drivers"},
        {"powered off", [](MachineFacts& m) { m.powered_on = false; }, kInMageKinds,
         "/facts/powered_on"},
        {"CCISS", [](MachineFacts& m) { m.cciss_disks = true; }, kInMageKinds,
         "/facts/cciss_disks"},
        {"one core", [](MachineFacts& m) { m.cores = 1; }, kAzureToAzureKinds, "/facts/cores"},
        {"half a GiB", [](MachineFacts& m) { m.memory = mebibytes(512); }, kAzureToAzureKinds,
         "/facts/memory"},
        {"dedicated host", [](MachineFacts& m) { m.dedicated_host = true; }, kAzureToAzureKinds,
         "/facts/dedicated_host"},
        {"no zone", [](MachineFacts& m) { m.zonal = false; }, {ZoneToZone}, "/facts/zonal"},
        {"two OS disks", [](MachineFacts& m) { m.os_disks = 2; }, kHyperVToAzureKinds,
         "/facts/os_disks"},
        {"SMB 3.0", keeps(GuestStorage::Smb3), kHyperVToAzureKinds, "/facts/guest_storage"},
    };
}

std::vector<Refusal> guest_refusals() {
    return {
        {"S2D", keeps(GuestStorage::StorageSpacesDirect), kHyperVToAzureKinds,
         "/facts/guest_storage"},
        {"Storage Spaces",
         keeps(GuestStorage::StorageSpaces),
         {ScoutToSecondary},
         "/facts/guest_storage"},
        {"MPIO", keeps(GuestStorage::Multipath), kInMageKinds | kAzureToAzureKinds,
         "/facts/guest_storage"},
        {"iSCSI", keeps(GuestStorage::Iscsi), kAzureToAzureKinds, "/facts/guest_storage"},
        {"DRBD", keeps(GuestStorage::Drbd), kAzureToAzureKinds, "/facts/guest_storage"},
        {"LVM", keeps(GuestStorage::Lvm), {}, ""},
        {"IPv6", [](MachineFacts& m) { m.ipv6 = true; }, kHyperVToAzureKinds, "/facts/ipv6"},
        {"static address, Windows", [](MachineFacts& m) { m.static_ip = true; }, {}, ""},
        {"static address, Linux",
         [](MachineFacts& m) {
             m.static_ip = true;
             m.system = GuestSystem::Linux;
         },
         kHyperVToAzureKinds, "/facts/static_ip"},
        {"NIC team", [](MachineFacts& m) { m.nic_team = true; }, kHyperVToAzureKinds,
         "/facts/nic_team"},
        {"accelerated networking", [](MachineFacts& m) { m.accelerated_networking = true; },
         kHyperVToAzureKinds, "/facts/accelerated_networking"},
        {"no role of the cluster",
         [](MachineFacts& m) {
             m.clustered = true;
             m.highly_available = false;
         },
         kHyperVToAzureKinds, "/facts/highly_available"},
        {"no broker",
         [](MachineFacts& m) {
             m.clustered = true;
             m.replica_broker = false;
         },
         kHyperVToAzureKinds, "/facts/replica_broker"},
        {"no broker, no cluster", [](MachineFacts& m) { m.replica_broker = false; }, {}, ""},
        {"extended", [](MachineFacts& m) { m.extended_replication = true; }, kHyperVToAzureKinds,
         "/facts/extended_replication"},
        {"name", [](MachineFacts& m) { m.name = "web_1"; }, kToAzure, "/name"},
        {"Linux of generation 2",
         [](MachineFacts& m) {
             m.generation = 2;
             m.system = GuestSystem::Linux;
         },
         kHyperVToAzureKinds, "/facts/generation"},
        {"three volumes of generation 2",
         [](MachineFacts& m) {
             m.generation = 2;
             m.disks.resize(4, DiskFacts{gibibytes(10)});
         },
         kHyperVToAzureKinds, "/disks"},
        {"VHD of generation 2",
         [](MachineFacts& m) {
             m.generation = 2;
             m.disks[1].format = DiskFormat::Vhd;
         },
         kHyperVToAzureKinds, "/disks/1/facts/format"},
    };
}

std::vector<Refusal> refusals() {
    std::vector<Refusal> rows = disk_refusals();
    for (Refusal& row : machine_refusals()) rows.push_back(std::move(row));
    for (Refusal& row : guest_refusals()) rows.push_back(std::move(row));
    return rows;
}

TEST(Compatibility, APlainMachineIsWelcomeEverywhere) {
    for (const ScenarioKind kind : all_scenario_kinds()) {
        for (const char* name : {"asr-2018", "asr-2024"}) {
            EXPECT_THAT(pointers(plain(), kind, profile(name)), IsEmpty()) << name_of(kind);
        }
    }
}

TEST(Compatibility, WhatAKindRefusesIsAsTheTablesSay) {
    for (const Refusal& row : refusals()) {
        for (const ScenarioKind kind : all_scenario_kinds()) {
            const auto found = pointers(row.change, kind);
            if (row.kinds.contains(kind)) {
                EXPECT_THAT(found, ElementsAre(row.pointer)) << row.what << ", " << name_of(kind);
            } else {
                EXPECT_THAT(found, IsEmpty()) << row.what << ", " << name_of(kind);
            }
        }
    }
}

TEST(Compatibility, LimitsMoveWithTheProfile) {
    EXPECT_THAT(pointers(data_size(gibibytes(4096)), VMwareToAzure, profile("asr-2018")),
                ElementsAre("/disks/1/size"));
    EXPECT_THAT(pointers(data_size(gibibytes(4096)), AzureToAzure, profile("asr-2018")),
                ElementsAre("/disks/1/size"));
    const Change host = [](MachineFacts& machine) { machine.host_version = "2019"; };
    EXPECT_THAT(pointers(host, HyperVSiteToAzure, profile("asr-2018")),
                ElementsAre("/facts/host_version"));
    EXPECT_THAT(pointers(host, HyperVSiteToAzure), IsEmpty());
}

TEST(Compatibility, EveryReasonIsToldAtOnceInTheOrderOfTheTable) {
    MachineFacts machine = plain();
    machine.name = "-web";
    machine.architecture = Architecture::X86;
    machine.ipv6 = true;
    machine.disks[0].encryption = DiskEncryption::BitLocker;
    machine.disks[1].shared = true;
    machine.disks[1].size = gibibytes(5000);
    const auto reasons = check_compatibility(machine, HyperVSiteToAzure, profile());
    EXPECT_THAT(pointers(machine, HyperVSiteToAzure),
                ElementsAre("/facts/architecture", "/disks/1/size", "/disks/1/facts/shared",
                            "/disks/0/facts/encryption", "/facts/ipv6", "/name"));
    EXPECT_EQ(sentence(reasons[1]),
              "/disks/1/size is 5000 GiB; must be at most 4095 GiB "
              "(SR/hyper-v-azure-support-matrix.md)");
}

/// A machine with many faults tells at least what each of them alone would.
TEST(Compatibility, FaultsDoNotHideOneAnother) {
    const std::vector<Refusal> rows = refusals();
    std::mt19937 random(3);
    for (int round = 0; round < 500; ++round) {
        const ScenarioKind kind = all_scenario_kinds()[random() % kScenarioKinds];
        MachineFacts machine = plain();
        std::set<std::string> expected;
        for (const Refusal& row : rows) {
            const bool makes_generation_two = std::string(row.what).ends_with("generation 2");
            if (makes_generation_two || random() % 3 != 0) continue;
            row.change(machine);
            if (row.kinds.contains(kind)) expected.insert(row.pointer);
        }
        const auto told = pointers(machine, kind);
        for (const std::string& pointer : expected) {
            // A later fault may put another value where an earlier one stood; both are faults of
            // the same key, so the key is told unless the later value is right.
            const bool may_be_mended =
                pointer.ends_with("/format") || pointer.ends_with("/encryption") ||
                pointer.ends_with("/attachment") || pointer.ends_with("/host_version");
            if (may_be_mended) continue;
            EXPECT_THAT(told, ::testing::Contains(pointer)) << name_of(kind);
        }
    }
}

TEST(Compatibility, EveryRuleHasASourceAndIsBrokenBySomething) {
    std::vector<Change> changes;
    for (const Refusal& row : refusals()) changes.push_back(row.change);
    for (const std::int64_t generation : {1, 2}) {
        changes.push_back(os_size(gibibytes(5000), generation));
    }
    changes.push_back(data_size(gibibytes(40'000)));
    changes.push_back(data_size(mebibytes(1)));
    changes.push_back(data_disks(70));
    for (const CompatibilityRule& rule : compatibility_rules()) {
        EXPECT_FALSE(rule.source.empty()) << rule.field;
        EXPECT_FALSE(rule.kinds == KindSet()) << rule.field;
        bool broken = false;
        for (const Change& change : changes) {
            MachineFacts machine = plain();
            change(machine);
            for (const DiskFacts& disk : machine.disks) {
                broken = broken || rule.breaks({machine, disk, profile()});
            }
        }
        EXPECT_TRUE(broken) << rule.field << " " << rule.source;
    }
}

TEST(MachineName, HasOneToSixtyThreeLettersDigitsAndHyphens) {
    for (const std::string& name :
         {std::string("a"), std::string("web-1"), std::string("9"), std::string(63, 'x')}) {
        EXPECT_TRUE(is_machine_name(name)) << name;
    }
    for (const std::string& name :
         {std::string(), std::string("-a"), std::string("a-"), std::string("a b"),
          std::string("a'b"), std::string("a[b]"), std::string(64, 'x')}) {
        EXPECT_FALSE(is_machine_name(name)) << name;
    }
}

}  // namespace
}  // namespace landfall
