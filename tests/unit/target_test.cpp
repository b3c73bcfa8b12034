// tests/unit/target_test.cpp — what Azure gives to machines that fail over, and what it refuses.
#include "model/estate/target.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/profile_data.hpp"

namespace landfall {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ServiceProfile profile() {
    return scenario::find_profile("asr-2024")->profile;
}

class Target : public ::testing::Test {
  protected:
    Target() {
        facts_.regions.resize(1);
        region().name = "westeurope";
    }

    TargetRegion& region() { return facts_.regions[0]; }

    MachineId add(TargetSettings settings) {
        settings.region = 0;
        facts_.settings.push_back(std::move(settings));
        facts_.settings_of.push_back(static_cast<std::uint32_t>(facts_.settings.size() - 1));
        return MachineId(facts_.settings_of.size() - 1);
    }

    MachineId add_sized(const char* size) {
        TargetSettings settings;
        settings.size = size;
        return add(settings);
    }

    void add_network(const char* name, std::vector<TargetSubnet> subnets) {
        region().networks.push_back({name, std::move(subnets)});
    }

    static std::vector<int> codes(const Fit& fit) {
        std::vector<int> list;
        for (const TargetProblem& problem : fit.problems) {
            EXPECT_THAT(problem.source, ::testing::StartsWith("SR/")) << problem.why;
            list.push_back(problem.code);
        }
        return list;
    }

    ServiceProfile profile_ = profile();
    TargetFacts facts_;
};

TEST(Ipv4Text, IsReadAsItIsWritten) {
    for (const char* text : {"0.0.0.0", "10.0.0.4", "192.168.255.1", "255.255.255.255"}) {
        ASSERT_TRUE(read_ipv4(text)) << text;
        EXPECT_EQ(text_of(*read_ipv4(text)), text);
    }
    for (const char* text : {"", "10.0.0", "10.0.0.256", "10.0.0.4 ", "10.0.0.4.5", "10..0.4",
                             "10.0.0.04", "a.b.c.d", "-1.0.0.0", "1000.0.0.0"}) {
        EXPECT_FALSE(read_ipv4(text)) << text;
    }
}

TEST_F(Target, TheSizeIsTheSmallestThatFitsOrTheStatedOne) {
    struct Row {
        std::int64_t cores;
        Bytes memory;
        std::int64_t data_disks;
        const char* size;
    };
    // Figures of articles/virtual-machines/{fsv2,dv3-dsv3,ev3-esv3,m}-series.md.
    const std::vector<Row> rows = {
        {1, gibibytes(1), 1, "Standard_F2s_v2"},      {2, gibibytes(8), 4, "Standard_D2s_v3"},
        {2, gibibytes(16), 4, "Standard_E2s_v3"},     {2, gibibytes(4), 5, "Standard_F4s_v2"},
        {9, gibibytes(33), 3, "Standard_D16s_v3"},    {4, gibibytes(16), 33, "Standard_M64ls"},
        {128, gibibytes(3000), 64, "Standard_M128ms"}};
    for (const Row& row : rows) {
        TargetSettings settings;
        settings.cores = row.cores;
        settings.memory = row.memory;
        settings.data_disks = row.data_disks;
        const VmSize* size = size_for(settings, profile_);
        ASSERT_NE(size, nullptr) << row.size;
        EXPECT_EQ(size->name, row.size);
    }
    TargetSettings stated;
    stated.size = "Standard_D8s_v3";
    EXPECT_EQ(size_for(stated, profile_)->cores, 8);
    stated.size = "Standard_Z1";
    EXPECT_EQ(size_for(stated, profile_), nullptr);
}

TEST_F(Target, NoSmallerSizeFitsAnyMachine) {
    for (std::int64_t cores = 1; cores <= 130; ++cores) {
        for (std::int64_t disks = 0; disks <= 65; disks += 5) {
            TargetSettings settings;
            settings.cores = cores;
            settings.memory = gibibytes(cores * 3);
            settings.data_disks = disks;
            const VmSize* chosen = size_for(settings, profile_);
            for (const VmSize& size : profile_.vm_sizes) {
                const bool fits = size.cores >= cores && size.memory >= settings.memory &&
                                  size.data_disks_max >= disks;
                if (!fits) continue;
                ASSERT_NE(chosen, nullptr);
                EXPECT_LE(chosen->cores, size.cores);
            }
        }
    }
}

TEST_F(Target, InterfacesBeyondThoseOfTheSizeAreDropped) {
    TargetSettings settings;
    settings.size = "Standard_D2s_v3";
    settings.nics = 5;
    TargetCapacity capacity(facts_, profile_);
    EXPECT_EQ(capacity.fit(add(settings), TargetInstance::Recovery).placement.nics, 2);
    settings.nics = 1;
    EXPECT_EQ(capacity.fit(add(settings), TargetInstance::Recovery).placement.nics, 1);
}

TEST_F(Target, WithoutQuotaAndNetworksEverythingFits) {
    for (int k = 0; k < 200; ++k) add({});
    TargetCapacity capacity(facts_, profile_);
    for (std::size_t k = 0; k < 200; ++k) {
        EXPECT_TRUE(capacity.create(MachineId(k), TargetInstance::Recovery).fits());
    }
    EXPECT_EQ(capacity.use(0).cores, 400);
}

TEST_F(Target, AMachineThatDoesNotFailOverToAzureTakesNothing) {
    const MachineId machine = add({});
    facts_.settings[0].region.reset();
    region().cores = 0;
    TargetCapacity capacity(facts_, profile_);
    EXPECT_TRUE(capacity.create(machine, TargetInstance::Recovery).fits());
    EXPECT_EQ(capacity.use(0), TargetUse());
    EXPECT_TRUE(capacity.remove(machine, TargetInstance::Recovery));
    EXPECT_TRUE(capacity.fit(MachineId(9), TargetInstance::Recovery).fits()) << "of no settings";
}

TEST_F(Target, EveryQuotaThatIsLackingIsToldAtOnce) {
    region().cores = 10;
    region().families = {{"Dsv3", 8}};
    region().nics = 1;
    const MachineId first = add_sized("Standard_D8s_v3");
    const MachineId second = add_sized("Standard_D4s_v3");
    TargetCapacity capacity(facts_, profile_);
    EXPECT_TRUE(capacity.create(first, TargetInstance::Recovery).fits());
    const Fit fit = capacity.create(second, TargetInstance::Recovery);
    EXPECT_THAT(codes(fit), ElementsAre(28031, 28031, 28092));
    EXPECT_EQ(fit.problems[0].why, "needs 4 cores in westeurope, of which 8 of 10 are in use");
    EXPECT_EQ(capacity.find(second, TargetInstance::Recovery), nullptr);
    EXPECT_TRUE(capacity.remove(first, TargetInstance::Recovery));
    EXPECT_TRUE(capacity.create(second, TargetInstance::Recovery).fits());
}

TEST_F(Target, AQuotaIsUsedToItsLastCore) {
    region().cores = 6;
    for (int k = 0; k < 4; ++k) add_sized("Standard_D2s_v3");
    TargetCapacity capacity(facts_, profile_);
    for (std::size_t k = 0; k < 4; ++k) {
        EXPECT_EQ(capacity.create(MachineId(k), TargetInstance::Recovery).fits(), k < 3);
    }
}

TEST_F(Target, AStatedSizeMustBeThereAndTakeTheDisks) {
    TargetSettings settings;
    settings.size = "Standard_D2s_v3";
    settings.data_disks = 5;
    TargetCapacity capacity(facts_, profile_);
    EXPECT_THAT(codes(capacity.fit(add(settings), TargetInstance::Recovery)), ElementsAre(28031));
    EXPECT_THAT(codes(capacity.fit(add_sized("Standard_Z"), TargetInstance::Recovery)),
                ElementsAre(28031));
    settings.size.reset();
    settings.data_disks = 65;
    EXPECT_THAT(codes(capacity.fit(add(settings), TargetInstance::Recovery)), ElementsAre(28031));
}

TEST_F(Target, AnAvailabilitySetHasMachinesOfOneFamily) {
    const auto in_set = [&](const char* size) {
        TargetSettings settings;
        settings.size = size;
        settings.availability_set = "web";
        return add(settings);
    };
    const MachineId first = in_set("Standard_D2s_v3");
    const MachineId alike = in_set("Standard_D8s_v3");
    const MachineId other = in_set("Standard_E2s_v3");
    TargetCapacity capacity(facts_, profile_);
    EXPECT_TRUE(capacity.create(first, TargetInstance::Recovery).fits());
    EXPECT_TRUE(capacity.create(alike, TargetInstance::Recovery).fits());
    EXPECT_THAT(codes(capacity.fit(other, TargetInstance::Recovery)), ElementsAre(28031));
    capacity.remove(first, TargetInstance::Recovery);
    capacity.remove(alike, TargetInstance::Recovery);
    EXPECT_TRUE(capacity.fit(other, TargetInstance::Recovery).fits());
}

TEST_F(Target, TheSubnetIsTheStatedOneOrOneOfTheSameNameOrTheFirstByAlphabet) {
    const TargetNetwork network{
        "vnet", {{"web", {0x0A000000}}, {"db", {0x0A000100}}, {"app", {0x0A000200}}}};
    TargetSettings settings;
    EXPECT_EQ(subnet_for(settings, network)->name, "app");
    settings.source_subnet = "web";
    EXPECT_EQ(subnet_for(settings, network)->name, "web");
    settings.source_subnet = "old";
    EXPECT_EQ(subnet_for(settings, network)->name, "app");
    settings.subnet = "db";
    EXPECT_EQ(subnet_for(settings, network)->name, "db");
    settings.subnet = "gone";
    EXPECT_EQ(subnet_for(settings, network), nullptr);
}

TEST_F(Target, AStaticAddressThatIsTakenFailsAFailoverAndMovesATestToTheNextFreeOne) {
    add_network("vnet", {{"web", {0x0A000000}, 29}});  // 10.0.0.4, .5 and .6
    TargetSettings settings;
    settings.ip = read_ipv4("10.0.0.5");
    const MachineId first = add(settings);
    const MachineId second = add(settings);
    TargetCapacity capacity(facts_, profile_);
    EXPECT_EQ(text_of(capacity.create(first, TargetInstance::Recovery).placement.addresses[0].ip),
              "10.0.0.5");
    const Fit taken = capacity.fit(second, TargetInstance::Recovery);
    ASSERT_EQ(taken.problems.size(), 1U);
    EXPECT_EQ(taken.problems[0].why, "address 10.0.0.5 is taken");
    const auto test_address = [&](MachineId machine) {
        const Fit fit = capacity.create(machine, TargetInstance::Test, "vnet");
        return fit.fits() ? text_of(fit.placement.addresses.at(0).ip) : fit.problems.at(0).why;
    };
    EXPECT_EQ(test_address(second), "10.0.0.6");
    EXPECT_EQ(test_address(first), "10.0.0.4");
    EXPECT_EQ(test_address(add(settings)), "subnet web has no free address");
}

TEST_F(Target, AzureKeepsTheFirstFourAddressesOfASubnetAndTheLast) {
    add_network("vnet", {{"web", {0x0A000000}, 28}});
    for (const char* text : {"10.0.0.0", "10.0.0.3", "10.0.0.15", "10.0.1.4"}) {
        TargetSettings settings;
        settings.ip = read_ipv4(text);
        const MachineId machine = add(settings);
        TargetCapacity capacity(facts_, profile_);
        EXPECT_FALSE(capacity.fit(machine, TargetInstance::Recovery).fits()) << text;
    }
    TargetCapacity capacity(facts_, profile_);
    for (int k = 0; k < 12; ++k) {
        EXPECT_EQ(capacity.create(add({}), TargetInstance::Recovery).fits(), k < 11) << k;
    }
}

TEST_F(Target, ATestHasNoNetworkUnlessItIsGivenOne) {
    add_network("vnet", {{"web", {0x0A000000}}});
    add_network("lab", {{"any", {0x0A010000}}});
    TargetSettings settings;
    settings.network = "vnet";
    settings.subnet = "web";
    const MachineId machine = add(settings);
    TargetCapacity capacity(facts_, profile_);
    EXPECT_THAT(capacity.fit(machine, TargetInstance::Test).placement.addresses, IsEmpty());
    const Fit lab = capacity.fit(machine, TargetInstance::Test, "lab");
    EXPECT_EQ(lab.placement.addresses.at(0).subnet, "any");
    EXPECT_THAT(capacity.fit(machine, TargetInstance::Test, "gone").problems.at(0).why,
                HasSubstr("no network gone"));
    EXPECT_EQ(capacity.fit(machine, TargetInstance::Recovery).placement.addresses.at(0).subnet,
              "web");
}

TEST_F(Target, CreatingAgainChangesNothing) {
    const MachineId machine = add({});
    TargetCapacity capacity(facts_, profile_);
    EXPECT_TRUE(capacity.create(machine, TargetInstance::Recovery).fits());
    const TargetUse before = capacity.use(0);
    EXPECT_TRUE(capacity.create(machine, TargetInstance::Recovery).fits());
    EXPECT_EQ(capacity.use(0), before);
    EXPECT_TRUE(capacity.remove(machine, TargetInstance::Recovery));
    EXPECT_FALSE(capacity.remove(machine, TargetInstance::Recovery));
}

/// Random instances come and go: use is the sum over what runs, bounds hold, and in the end nothing
/// is left.
TEST_F(Target, CreatedAndRemovedAtRandomNothingLeaks) {
    region().cores = 60;
    region().families = {{"Dsv3", 24}, {"Esv3", 30}};
    region().nics = 20;
    add_network("vnet", {{"a", {0x0A000000}, 28}, {"b", {0x0A000100}, 29}});
    const std::vector<std::string> sizes = {"Standard_D2s_v3", "Standard_D8s_v3", "Standard_E4s_v3",
                                            "Standard_F2s_v2"};
    std::mt19937 random(7);
    const auto below = [&](std::uint32_t bound) { return random() % bound; };
    for (int k = 0; k < 30; ++k) {
        TargetSettings settings;
        settings.size = sizes[below(4)];
        settings.nics = 1 + below(4);
        if (below(3) == 0) settings.subnet = below(2) == 0 ? "a" : "b";
        if (below(4) == 0) settings.ip = Ipv4{static_cast<std::uint32_t>(0x0A000004 + below(11))};
        if (below(4) == 0) settings.availability_set = "set";
        add(settings);
    }
    TargetCapacity capacity(facts_, profile_);
    int created = 0;
    int refused = 0;
    for (int step = 0; step < 20'000; ++step) {
        const MachineId machine(below(30));
        const auto instance = below(2) == 0 ? TargetInstance::Recovery : TargetInstance::Test;
        if (below(2) == 0) {
            const bool fits = capacity.fit(machine, instance, "vnet").fits();
            EXPECT_EQ(capacity.create(machine, instance, "vnet").fits(), fits);
            ++(fits ? created : refused);
        } else {
            const bool is_there = capacity.find(machine, instance) != nullptr;
            EXPECT_EQ(capacity.remove(machine, instance), is_there);
        }
        TargetUse sum;
        std::set<TargetAddress> addresses;
        for (std::size_t k = 0; k < 30; ++k) {
            for (const auto each : {TargetInstance::Recovery, TargetInstance::Test}) {
                const Placement* placement = capacity.find(MachineId(k), each);
                if (placement == nullptr) continue;
                ++sum.instances;
                sum.cores += placement->size->cores;
                sum.cores_by_family[placement->size->family] += placement->size->cores;
                sum.nics += placement->nics;
                for (const TargetAddress& address : placement->addresses) {
                    EXPECT_TRUE(addresses.insert(address).second) << "two owners";
                    ++sum.addresses;
                }
            }
        }
        ASSERT_EQ(capacity.use(0), sum);
        ASSERT_LE(sum.cores, 60);
        ASSERT_LE(sum.nics, 20);
    }
    EXPECT_GT(created, 1000);
    EXPECT_GT(refused, 1000);
    for (std::size_t k = 0; k < 30; ++k) {
        capacity.remove(MachineId(k), TargetInstance::Recovery);
        capacity.remove(MachineId(k), TargetInstance::Test);
    }
    EXPECT_EQ(capacity.use(0), TargetUse());
    EXPECT_EQ(capacity.instances(), 0U);
}

TEST(CacheAccount, TakesThreeHundredSlowDisksOrHalfAsManyFastOnes) {
    const ServiceProfile figures = profile();
    CacheAccountUse account(figures);
    EXPECT_FALSE(account.why_not(300, 0));
    EXPECT_TRUE(account.why_not(301, 0));
    EXPECT_FALSE(account.why_not(0, 150));
    EXPECT_TRUE(account.why_not(0, 151));
    account.attach(100, 50);
    EXPECT_FALSE(account.why_not(100, 0));
    EXPECT_FALSE(account.why_not(0, 50));
    EXPECT_TRUE(account.why_not(1, 50));
    account.detach(100, 50);
    EXPECT_FALSE(account.why_not(300, 0));
}

}  // namespace
}  // namespace landfall
