// tests/unit/operation_options_test.cpp — which options of a way home each kind has.
#include "model/recovery/operation_options.hpp"

#include <gtest/gtest.h>

#include "model/recovery/support_matrix.hpp"
#include "tests/support/small_world.hpp"

namespace landfall {
namespace {

const ServiceProfile& profile() {
    static const ServiceProfile made = test::unlimited_profile();
    return made;
}

std::optional<std::string> asked(Operation operation, ScenarioKind kind,
                                 const OperationOptions& options, bool managed = false,
                                 std::string_view host = {}) {
    return why_not_with_options({.operation = operation,
                                 .options = options,
                                 .kind = kind,
                                 .profile = profile(),
                                 .managed_disks = managed,
                                 .host_version = host});
}

bool has(Feature feature, ScenarioKind kind) {
    return support(feature, kind, profile()).support == Support::Supported;
}

TEST(OperationOptions, AreThoseThatTheMatrixHas) {
    const OperationOptions elsewhere{.alternate_location = true};
    const OperationOptions whole{.data_sync = DataSync::ForSynchronization};
    for (const ScenarioKind kind : all_scenario_kinds()) {
        SCOPED_TRACE(std::string(name_of(kind)));
        EXPECT_FALSE(asked(Operation::Failback, kind, {}));
        EXPECT_EQ(!asked(Operation::Failback, kind, elsewhere),
                  has(Feature::FailbackAlternateLocation, kind));
        EXPECT_EQ(!asked(Operation::ReverseReplicate, kind, elsewhere),
                  has(Feature::FailbackAlternateLocation, kind));
        EXPECT_EQ(!asked(Operation::Failback, kind, whole),
                  has(Feature::FailbackFullDownload, kind));
        // A failover to Azure asks none of them.
        EXPECT_FALSE(asked(Operation::UnplannedFailover, kind, whole, true));
    }
}

TEST(OperationOptions, ManagedDisksDoNotReturnToHyperV) {
    const auto why = asked(Operation::Failback, ScenarioKind::HyperVSiteToAzure, {}, true);
    ASSERT_TRUE(why);
    EXPECT_NE(why->find("managed disks cannot return"), std::string::npos) << *why;
    EXPECT_NE(why->find("SR/hyper-v-azure-support-matrix.md"), std::string::npos) << *why;
    EXPECT_FALSE(asked(Operation::Failback, ScenarioKind::VMwareToAzure, {}, true));
    EXPECT_FALSE(asked(Operation::Failback, ScenarioKind::VmmToVmm, {}, true));
}

TEST(OperationOptions, MachinesOfA2016HostReturnToIt) {
    const OperationOptions elsewhere{.alternate_location = true};
    const auto kind = ScenarioKind::HyperVSiteToAzure;
    EXPECT_TRUE(asked(Operation::Failback, kind, elsewhere, false, "2016"));
    EXPECT_FALSE(asked(Operation::Failback, kind, elsewhere, false, "2012-r2"));
    EXPECT_FALSE(asked(Operation::Failback, kind, {}, false, "2016"));
}

}  // namespace
}  // namespace landfall
