// tests/unit/vault_test.cpp — setting a vault up and taking it down, as the documents order it.
#include "model/estate/vault.hpp"

#include <algorithm>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/scenario/profile_data.hpp"

namespace landfall {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const ServiceProfile& profile() {
    static const ServiceProfile kFigures = scenario::find_profile("asr-2024")->profile;
    return kFigures;
}

Instant at(Duration since_start) {
    return Instant(since_start);
}

SetupId made(const SetupAnswer& answer) {
    if (const auto* refusal = std::get_if<SetupRefusal>(&answer)) {
        ADD_FAILURE() << refusal->why;
        return {};
    }
    return std::get<SetupId>(answer);
}

std::string refused(const SetupAnswer& answer) {
    const auto* refusal = std::get_if<SetupRefusal>(&answer);
    if (refusal == nullptr) return "";
    EXPECT_FALSE(refusal->source.empty()) << refusal->why;
    return refusal->why;
}

std::string refused(const std::optional<SetupRefusal>& answer) {
    return answer ? answer->why : "";
}

PolicyFacts of_kind(PolicyKind kind) {
    PolicyFacts facts;
    facts.kind = kind;
    return facts;
}

class Vault : public ::testing::Test {
  protected:
    Registration fresh() const { return {{at(Duration(0))}, at(Duration(0)), Duration(0)}; }

    /// A Hyper-V site with a host, a policy and a protected machine.
    void protect_one() {
        site_ = made(vault_.create_site("office", {}));
        host_ = made(vault_.register_host("host-1", site_, "2016", fresh()));
        policy_ = made(vault_.create_policy("daily", of_kind(PolicyKind::HyperVToAzure), {}));
        mapping_ = made(vault_.map_container(vault_.container_of(site_), {}, policy_, {}));
        item_ = made(vault_.protect("web", mapping_, 2, {}));
    }

    VaultSetup vault_{profile()};
    SetupId site_;
    SetupId host_;
    SetupId policy_;
    SetupId mapping_;
    SetupId item_;
};

TEST_F(Vault, AKeyIsGoodForFiveDays) {
    const SetupId site = made(vault_.create_site("office", {}));
    const RegistrationKey key{at(hours(1))};
    made(vault_.register_host("in-time", site, "2016", {key, at(hours(1) + days(5)), {}}));
    const Instant late = at(hours(1) + days(5) + Duration(1));
    EXPECT_THAT(refused(vault_.register_host("late", site, "2016", {key, late, {}})),
                HasSubstr("expired"));
    EXPECT_THAT(refused(vault_.register_vmm("vmm", {key, late, {}})), HasSubstr("expired"));
    made(vault_.register_vmm("vmm", {{late}, late, {}}));
}

TEST_F(Vault, AClockThatIsOffByMoreThanFifteenMinutesDoesNotRegister) {
    Registration off = fresh();
    off.clock_skew = minutes(15);
    made(vault_.register_configuration_server("cs", off));
    off.clock_skew = minutes(15) + Duration(1);
    EXPECT_THAT(refused(vault_.register_configuration_server("cs-2", off)), HasSubstr("ACS50008"));
}

TEST_F(Vault, ASiteDoesNotMixHostSystems) {
    const SetupId site = made(vault_.create_site("office", {}));
    made(vault_.register_host("a", site, "2016", fresh()));
    EXPECT_THAT(refused(vault_.register_host("b", site, "2012-r2", fresh())),
                HasSubstr("do not mix"));
    const SetupId other = made(vault_.create_site("branch", {}));
    made(vault_.register_host("b", other, "2012-r2", fresh()));
    EXPECT_THAT(refused(vault_.register_host("b", site, "2016", fresh())), HasSubstr("already"));
}

TEST_F(Vault, TakesTwoHundredAndFiftyServers) {
    const SetupId site = made(vault_.create_site("office", {}));
    for (int k = 0; k < 250; ++k) {
        made(vault_.register_host("host-" + std::to_string(k), site, "2016", fresh()));
    }
    EXPECT_THAT(refused(vault_.register_vmm("vmm", fresh())), HasSubstr("at most 250"));
    EXPECT_FALSE(VaultSetup::why_no_vault(499, profile()));
    EXPECT_TRUE(VaultSetup::why_no_vault(500, profile()));
}

TEST_F(Vault, RegionsOfOneSubscriptionProtectThreeThousandDisks) {
    const SetupId west = made(vault_.create_region("west", {}));
    const SetupId east = made(vault_.create_region("east", {}));
    const SetupId here = made(vault_.add_container("west", west, {}));
    const SetupId there = made(vault_.add_container("east", east, {}));
    const SetupId policy = made(vault_.create_policy("p", of_kind(PolicyKind::AzureToAzure), {}));
    const SetupId mapping = made(vault_.map_container(here, there, policy, {}));
    made(vault_.protect("large", mapping, 2990, {}));
    EXPECT_THAT(refused(vault_.protect("eleven", mapping, 11, {})), HasSubstr("at most 3000"));
    const SetupId ten = made(vault_.protect("ten", mapping, 10, {}));
    // They count while they are protected, and as they are now.
    EXPECT_THAT(refused(vault_.protect("one", mapping, 1, {})), HasSubstr("3000 of which"));
    vault_.set_disks(ten, 9);
    made(vault_.protect("one", mapping, 1, {}));
    EXPECT_FALSE(vault_.remove(ten));
    EXPECT_TRUE(vault_.item_of("ten", mapping).is_none());
    made(vault_.protect("ten", mapping, 9, {}));
}

TEST_F(Vault, IsTakenDownInOneGoOnceNothingIsProtected) {
    protect_one();
    const auto refused_once = vault_.take_down();
    ASSERT_TRUE(refused_once);
    EXPECT_THAT(refused_once->why, HasSubstr("protected item web"));
    EXPECT_EQ(refused_once->first, std::vector{item_});
    EXPECT_TRUE(vault_.is_alive(policy_));
    EXPECT_FALSE(vault_.remove(item_));
    EXPECT_FALSE(vault_.take_down());
    EXPECT_TRUE(vault_.is_deleted());
    EXPECT_TRUE(vault_.deletion_order().empty());
    EXPECT_THAT(vault_.take_down()->why, HasSubstr("deleted before"));
}

TEST_F(Vault, APolicyIsOfTheKindThatTheContainersNeed) {
    const SetupId site = made(vault_.create_site("office", {}));
    const SetupId cs = made(vault_.register_configuration_server("cs", fresh()));
    const SetupId vmm = made(vault_.register_vmm("vmm", fresh()));
    const SetupId cloud = made(vault_.add_container("gold", vmm, {}));
    const SetupId second = made(vault_.add_container("silver", vmm, {}));
    const SetupId in_site = vault_.container_of(site);
    const SetupId in_cs = vault_.container_of(cs);
    const auto policy = [&](PolicyKind kind) {
        return made(vault_.create_policy(std::string(name_of(kind)), of_kind(kind), {}));
    };
    const SetupId to_azure = policy(PolicyKind::HyperVToAzure);
    const SetupId to_hyper_v = policy(PolicyKind::HyperVToHyperV);
    const SetupId in_mage = policy(PolicyKind::InMageToAzure);
    EXPECT_THAT(refused(vault_.map_container(in_site, {}, in_mage, {})), HasSubstr("policy"));
    EXPECT_THAT(refused(vault_.map_container(in_cs, {}, to_azure, {})), HasSubstr("policy"));
    EXPECT_THAT(refused(vault_.map_container(in_site, cloud, to_hyper_v, {})),
                HasSubstr("does not replicate there"));
    EXPECT_THAT(refused(vault_.map_container(cloud, cloud, to_hyper_v, {})),
                HasSubstr("to itself"));
    made(vault_.map_container(in_site, {}, to_azure, {}));
    made(vault_.map_container(in_cs, {}, in_mage, {}));
    made(vault_.map_container(cloud, second, to_hyper_v, {}));  // one server, two clouds
    made(vault_.map_container(cloud, {}, to_azure, {}));
    EXPECT_THAT(refused(vault_.map_container(cloud, {}, to_azure, {})), HasSubstr("already"));
}

TEST_F(Vault, NetworksAreMappedOneToOneBetweenRegionsAndManyToOneFromVmm) {
    const SetupId vmm = made(vault_.register_vmm("vmm", fresh()));
    made(vault_.map_network(vmm, "red", "vnet", {}));
    made(vault_.map_network(vmm, "blue", "vnet", {}));
    EXPECT_THAT(refused(vault_.map_network(vmm, "red", "other", {})), HasSubstr("already"));
    EXPECT_EQ(vault_.mapped(SetupKind::NetworkMapping, vmm, "red"), "vnet");
    EXPECT_EQ(vault_.mapped(SetupKind::NetworkMapping, vmm, "green"), std::nullopt);
    const SetupId west = made(vault_.create_region("west", {}));
    made(vault_.map_network(west, "a", "b", {}));
    EXPECT_THAT(refused(vault_.map_network(west, "c", "b", {})), HasSubstr("is the target of"));
    const SetupId site = made(vault_.create_site("office", {}));
    EXPECT_THAT(refused(vault_.map_network(site, "a", "b", {})), HasSubstr("for each machine"));
}

TEST_F(Vault, StorageIsMappedOnceFromVmmOnly) {
    const SetupId vmm = made(vault_.register_vmm("vmm", fresh()));
    made(vault_.map_storage(vmm, "gold", "silver", {}));
    EXPECT_THAT(refused(vault_.map_storage(vmm, "gold", "bronze", {})), HasSubstr("already"));
    const SetupId site = made(vault_.create_site("office", {}));
    EXPECT_NE(refused(vault_.map_storage(site, "gold", "silver", {})), "");
}

TEST_F(Vault, WhatIsInUseStaysAndTheRefusalNamesWhatHasToGoFirst) {
    protect_one();
    const auto first_of = [&](SetupId id) {
        const auto refusal = vault_.remove(id);
        return refusal ? refusal->first : std::vector<SetupId>();
    };
    EXPECT_THAT(first_of(mapping_), ElementsAre(item_));
    EXPECT_THAT(first_of(policy_), ElementsAre(mapping_));
    EXPECT_THAT(first_of(host_), Contains(mapping_));
    EXPECT_THAT(first_of(site_), Contains(host_));
    EXPECT_EQ(refused(vault_.remove(policy_)),
              "replication policy daily is in use: first remove container mapping office by daily");
    EXPECT_THAT(refused(vault_.remove(vault_.container_of(site_))), HasSubstr("goes with its"));
    EXPECT_THAT(refused(vault_.why_not_delete()), HasSubstr("first remove protected item web"));
}

TEST_F(Vault, IsTakenDownInTheDocumentedOrder) {
    protect_one();
    EXPECT_THAT(vault_.deletion_order(), ElementsAre(item_, mapping_, policy_, host_, site_));
    for (const SetupId id : vault_.deletion_order()) EXPECT_FALSE(vault_.remove(id));
    EXPECT_FALSE(vault_.why_not_delete());
    EXPECT_EQ(vault_.count(SetupKind::Container), 0U) << "the site's own container went with it";
    EXPECT_THAT(refused(vault_.remove(site_)), HasSubstr("not in the vault"));
}

TEST_F(Vault, AHostIsListedAfterHalfAnHourAndAnInventoryIsReadEveryQuarter) {
    const SetupId site = made(vault_.create_site("office", {}));
    EXPECT_EQ(vault_.seen_at(site, {}), Instant::never()) << "no host, nothing to see";
    const SetupId host = made(vault_.register_host("h", site, "2016", fresh()));
    EXPECT_EQ(vault_.listed_at(host), at(minutes(30)));
    EXPECT_EQ(vault_.seen_at(site, {}), at(minutes(30)));
    const SetupId cs = made(vault_.register_configuration_server("cs", fresh()));
    EXPECT_EQ(vault_.seen_at(cs, at(minutes(31))), at(minutes(45)));
    EXPECT_EQ(vault_.seen_at(cs, at(minutes(45))), at(minutes(45)));
    EXPECT_EQ(vault_.seen_at(cs, at(minutes(46))), at(minutes(60)));
    EXPECT_EQ(vault_.seen_at(cs, at(minutes(46)), true), at(minutes(46))) << "typed in";
    vault_.refresh(cs, at(minutes(50)));
    EXPECT_EQ(vault_.seen_at(cs, at(minutes(46))), at(minutes(50)));
    EXPECT_EQ(vault_.seen_at(cs, at(minutes(51))), at(minutes(60)));
    const SetupId region = made(vault_.create_region("west", {}));
    EXPECT_EQ(vault_.seen_at(region, at(minutes(7))), at(minutes(7)));
}

// --- Policies

TEST(PolicyRanges, AreThoseOfTheDocuments) {
    struct Row {
        PolicyFacts facts;
        std::vector<std::string_view> faults;
    };
    const auto with = [](PolicyKind kind, Duration retention, std::optional<Duration> app,
                         Duration interval = minutes(5), std::int64_t points = 0) {
        return PolicyFacts{kind, retention, app, interval, points};
    };
    const auto scheduled = [&](PolicyKind kind) {
        PolicyFacts facts = with(kind, hours(2), std::nullopt);
        facts.initial_replication_start = hours(2);
        return facts;
    };
    using enum PolicyKind;
    const std::vector<Row> rows = {
        {with(HyperVToAzure, hours(24), hours(12)), {}},
        {with(HyperVToAzure, hours(25), std::nullopt), {"retention"}},
        {with(HyperVToAzure, hours(2), hours(2)), {"app_consistent_every"}},
        {with(HyperVToAzure, hours(24), hours(13), seconds(60)),
         {"replication_interval", "app_consistent_every"}},
        {with(HyperVToAzure, hours(2), hours(1), seconds(30)), {}},
        {with(HyperVToAzure, hours(2), hours(1), minutes(15)), {"replication_interval"}},
        {with(HyperVToHyperV, hours(24), hours(12), minutes(15), 24), {}},
        {with(HyperVToHyperV, hours(24), std::nullopt, minutes(5), 25), {"extra_points"}},
        {with(InMageToAzure, days(15), hours(1)), {}},
        {with(InMageToAzure, days(16), minutes(30)), {"retention", "app_consistent_every"}},
        {with(AzureToAzure, days(15), hours(12)), {}},
        {with(AzureToAzure, days(16), std::nullopt), {"retention"}},
        {scheduled(HyperVToAzure), {}},
        {scheduled(HyperVToHyperV), {}},
        {scheduled(InMageToAzure), {"initial_replication_start"}},
        {scheduled(AzureToAzure), {"initial_replication_start"}},
    };
    for (const Row& row : rows) {
        std::vector<std::string_view> found;
        for (const PolicyFault& fault : check_policy(row.facts, profile())) {
            found.push_back(fault.field);
            EXPECT_FALSE(fault.source.empty());
        }
        EXPECT_EQ(found, row.faults) << name_of(row.facts.kind);
    }
}

TEST(PolicyRanges, EveryKindOfMachineButScoutsHasAKindOfPolicy) {
    for (const ScenarioKind kind : all_scenario_kinds()) {
        EXPECT_EQ(policy_kind_of(kind).has_value(), kind != ScenarioKind::ScoutToSecondary);
    }
}

// --- Properties

/// Nothing that lives has a parent or a used object that does not.
void expect_no_orphan(const VaultSetup& vault) {
    for (std::size_t k = 0; k < vault.objects(); ++k) {
        const SetupObject& object = vault.object(SetupId(k));
        if (!object.alive) continue;
        EXPECT_TRUE(object.parent.is_none() || vault.is_alive(object.parent)) << object.name;
        for (const SetupId used : object.uses) EXPECT_TRUE(vault.is_alive(used)) << object.name;
    }
}

class RandomSetup {
  public:
    explicit RandomSetup(std::uint32_t seed) : random_(seed) {}

    void step() {
        const std::string name = "x" + std::to_string(random_() % 6);
        const Registration fresh{{now_}, now_, Duration(0)};
        switch (random_() % 16) {
            case 0: vault_.create_site(name, now_); break;
            case 1: vault_.create_region(name, now_); break;
            case 2: vault_.register_host(name, any(), "2016", fresh); break;
            case 3: vault_.register_vmm(name, fresh); break;
            case 4: vault_.register_configuration_server(name, fresh); break;
            case 5: vault_.add_process_server(name, any(), now_); break;
            case 6: vault_.add_master_target(name, any(), now_); break;
            case 7: vault_.add_container(name, any(), now_); break;
            case 8:
                vault_.create_policy(name, of_kind(static_cast<PolicyKind>(random_() % 4)), now_);
                break;
            case 9:
                vault_.map_container(any(), random_() % 2 == 0 ? SetupId() : any(), any(), now_);
                break;
            case 10: vault_.map_network(any(), name, "to", now_); break;
            case 11: vault_.map_storage(any(), name, "to", now_); break;
            case 12: vault_.protect(name, any(), 2, now_); break;
            default: remove(); break;
        }
    }

    VaultSetup& vault() { return vault_; }
    [[nodiscard]] int removed() const { return removed_; }
    [[nodiscard]] int kept() const { return kept_; }

  private:
    SetupId any() {
        return vault_.objects() == 0 ? SetupId() : SetupId(random_() % vault_.objects());
    }

    void remove() {
        const SetupId id = any();
        const bool was_alive = vault_.is_alive(id);
        const auto before = was_alive ? vault_.dependents(id) : std::vector<SetupId>();
        const auto refusal = vault_.remove(id);
        if (!refusal) {
            ++removed_;
            EXPECT_TRUE(was_alive);
            EXPECT_FALSE(vault_.is_alive(id));
            return;
        }
        EXPECT_EQ(vault_.is_alive(id), was_alive) << "a refusal changes nothing";
        if (!was_alive) return;
        ++kept_;
        EXPECT_EQ(vault_.dependents(id), before);
        EXPECT_THAT(refusal->first, ::testing::Not(IsEmpty())) << refusal->why;
        for (const SetupId first : refusal->first) EXPECT_TRUE(vault_.is_alive(first));
    }

    std::mt19937 random_;
    Instant now_;
    VaultSetup vault_{profile()};
    int removed_ = 0;
    int kept_ = 0;
};

TEST(VaultProperties, RandomSetUpAndTearDownNeverLeavesAnOrphan) {
    int removed = 0;
    int kept = 0;
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
        RandomSetup setup(seed);
        for (int step = 0; step < 400; ++step) {
            setup.step();
            expect_no_orphan(setup.vault());
        }
        for (const SetupId id : setup.vault().deletion_order()) {
            const auto refusal = setup.vault().remove(id);
            EXPECT_FALSE(refusal) << refusal->why;
            expect_no_orphan(setup.vault());
        }
        EXPECT_FALSE(setup.vault().why_not_delete());
        for (std::size_t k = 0; k < setup.vault().objects(); ++k) {
            EXPECT_FALSE(setup.vault().is_alive(SetupId(k)));
        }
        removed += setup.removed();
        kept += setup.kept();
    }
    EXPECT_GT(removed, 500);
    EXPECT_GT(kept, 500);
}

}  // namespace
}  // namespace landfall
