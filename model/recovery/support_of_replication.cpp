// model/recovery/support_of_replication.cpp — rows of the support matrix: how an item replicates,
// and what is around it.
//
// Cells in the order of FeatureRow: VMware, physical, AWS, Hyper-V site, VMM, Azure to Azure, zone
// to zone, VMM to VMM, Scout. What depends on the version of the service is in support_matrix.cpp.
#include <array>

#include "model/recovery/support_matrix.hpp"

namespace landfall::detail {

namespace {

constexpr auto kYes = Support::Supported;
constexpr auto kNo = Support::Refused;
constexpr auto kNone = Support::NotApplicable;
constexpr bool kUncertain = true;

constexpr std::string_view kAgent = "SR/vmware-azure-architecture.md";
constexpr std::string_view kHyperV = "SR/hyper-v-azure-architecture.md";
constexpr std::string_view kHyperVMatrix = "SR/hyper-v-azure-support-matrix.md";
constexpr std::string_view kAzure = "SR/azure-to-azure-architecture.md";
constexpr std::string_view kAzureQuestions = "SR/azure-to-azure-common-questions.md";
constexpr std::string_view kVmm = "SR/hyper-v-vmm-disaster-recovery.md";
constexpr std::string_view kScout = "SR/vmware-physical-secondary-architecture.md";
constexpr std::string_view kPlans = "SR/site-recovery-create-recovery-plans.md";
constexpr std::string_view kMatrix = "SR/site-recovery-support-matrix-to-azure.md";
constexpr std::string_view kSecondary = "SR/site-recovery-support-matrix-to-sec-site.md";
constexpr std::string_view kSeed = "SR/migrate-to-azure-with-site-recovery.md";

constexpr FeatureCell kPlainYes = {kYes, ""};
constexpr FeatureCell kContinuous = {kYes, "continuous"};
constexpr FeatureCell kFromPolicy = {kYes, ""};  // the profile says how long or how often
constexpr FeatureCell kNoThrottle = {kNo, "no document has one", false, kAzure};
constexpr FeatureCell kNoOffline = {kNo, "the first copy always travels over the network"};
constexpr FeatureCell kNoSchedule = {kNo, "the first copy starts when replication is enabled"};
constexpr FeatureCell kNoAgent = {kNone, "needs none"};
constexpr FeatureCell kAgentThrottle = {kYes, "on the process server and in the agent", false,
                                        "SR/site-recovery-plan-capacity-vmware.md"};
constexpr FeatureCell kNoHostChoice = {kNone, "the target is a host of yours, not an Azure size"};
constexpr FeatureCell kAzureOnly = {kNo, "the target is Azure"};

constexpr std::array kRows = {
    FeatureRow{Feature::MultiVmConsistency,
               "Multi-machine consistency",
               "SR/vmware-azure-common-questions.md",
               kFromPolicy,
               kPlainYes,
               kPlainYes,
               {kNo, "each machine has points of its own", false, kHyperVMatrix},
               {kNo, "each machine has points of its own", false, kHyperVMatrix},
               {kYes, "", false, kAzureQuestions},
               {kYes, "", false, kAzureQuestions},
               {kNo, "each machine has points of its own", false, kSecondary},
               {kYes, "consistency groups in vContinuum", kUncertain, kScout}},
    FeatureRow{Feature::AppConsistentPoints,
               "Application-consistent points",
               kAgent,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               {kYes, "Windows guests", false, kHyperVMatrix},
               {kYes, "Windows guests", false, kHyperVMatrix},
               {kYes, "", false, kAzure},
               {kYes, "", false, kAzure},
               {kYes, "Windows guests", false, kVmm},
               {kYes, "", false, kScout}},
    FeatureRow{Feature::CopyFrequency,
               "Copy frequency",
               kAgent,
               kContinuous,
               kContinuous,
               kContinuous,
               {kYes, "", false, "SR/hyper-v-azure-tutorial.md"},
               {kYes, "", false, "SR/hyper-v-azure-tutorial.md"},
               {kYes, "continuous", false, kAzure},
               {kYes, "continuous", false, kAzure},
               {kYes, "30 s, 5 min or 15 min", false, kVmm},
               {kYes, "nearly continuous", false, kScout}},
    FeatureRow{Feature::CrashConsistentCadence,
               "Crash-consistent points",
               kAgent,
               kFromPolicy,
               kFromPolicy,
               kFromPolicy,
               {kYes, "with every copy", false, kHyperV},
               {kYes, "with every copy", false, kHyperV},
               {kYes, "", false, kAzure},
               {kYes, "", false, kAzure},
               {kYes, "with every copy", false, kVmm},
               {kYes, "at any time", false, kScout}},
    FeatureRow{Feature::Retention,
               "Retention of points",
               "SR/vmware-azure-common-questions.md",
               kFromPolicy,
               kFromPolicy,
               kFromPolicy,
               {kYes, "", false, "SR/hyper-v-azure-tutorial.md"},
               {kYes, "", false, "SR/hyper-v-azure-tutorial.md"},
               {kYes, "", false, kAzureQuestions},
               {kYes, "", false, kAzureQuestions},
               {kYes, "1 point and up to 24 more", false, kVmm},
               {kYes, "the retention log", false, kScout}},
    FeatureRow{Feature::ExcludeDisk,
               "Exclude a disk",
               kMatrix,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               {kYes, "data disks, when replication is enabled", false, kHyperVMatrix},
               {kYes, "data disks, when replication is enabled", false, kHyperVMatrix},
               kPlainYes,
               kPlainYes,
               {kYes, "no document says so", kUncertain, kVmm},
               {kYes, "", false, kScout}},
    FeatureRow{Feature::Throttle,
               "Throttle by hours",
               kHyperV,
               kAgentThrottle,
               kAgentThrottle,
               kAgentThrottle,
               {kYes, "per host, in the Recovery Services agent"},
               {kYes, "per host, in the Recovery Services agent"},
               kNoThrottle,
               kNoThrottle,
               {kYes, "NetQos on the hosts", false, "SR/site-recovery-vmm-to-vmm.md"},
               {kYes, "on the process server", false, kScout}},
    FeatureRow{Feature::OfflineInitialReplication,
               "Offline first copy",
               kHyperVMatrix,
               kNoOffline,
               kNoOffline,
               kNoOffline,
               kNoOffline,
               kNoOffline,
               kNoOffline,
               kNoOffline,
               {kYes, "by export and import", false, kVmm},
               {kYes, "offline synchronization", false, kScout}},
    FeatureRow{Feature::ScheduledInitialReplication,
               "Scheduled first copy",
               "SR/hyper-v-vmm-azure-tutorial.md",
               kNoSchedule,
               kNoSchedule,
               kNoSchedule,
               {kYes, "within 24 h"},
               {kYes, "within 24 h"},
               kNoSchedule,
               kNoSchedule,
               {kYes, "", false, kVmm},
               kNoSchedule},
    FeatureRow{Feature::NetworkMapping,
               "Network mapping",
               "SR/hyper-v-vmm-network-mapping.md",
               {kNo, "the network is chosen per machine"},
               {kNo, "the network is chosen per machine"},
               {kNo, "the network is chosen per machine"},
               {kNo, "the network is chosen per machine"},
               kPlainYes,
               {kYes, "one to one", false, kAzureQuestions},
               {kYes, "", false, kAzureQuestions},
               kPlainYes,
               {kYes, "in Scout's own tools", false, kScout}},
    FeatureRow{Feature::GuestAgent,
               "Agent in the guest",
               kAgent,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               kNoAgent,
               kNoAgent,
               {kYes, "as an extension", false, kAzure},
               {kYes, "as an extension", false, kAzure},
               kNoAgent,
               {kYes, "", false, kScout}},
    FeatureRow{Feature::RecoveryPlans,
               "Recovery plans",
               kPlans,
               kFromPolicy,
               kFromPolicy,
               {kYes, "", kUncertain},
               kFromPolicy,
               kFromPolicy,
               kFromPolicy,
               kFromPolicy,
               kFromPolicy,
               {kNo, "Scout has plans of its own, outside Site Recovery", false, kScout}},
    FeatureRow{Feature::PlanActionsOnFailover,
               "Plan actions on failover",
               kPlans,
               {kYes, "runbook"},
               {kYes, "runbook", kUncertain},
               {kYes, "runbook", kUncertain},
               {kYes, "runbook"},
               {kYes, "runbook, and scripts on the primary side"},
               {kYes, "runbook"},
               {kYes, "runbook"},
               {kYes, "script"},
               {kNo, "Scout has scripts of its own, outside Site Recovery", false, kScout}},
    FeatureRow{Feature::PlanActionsOnFailback,
               "Plan actions on failback",
               kPlans,
               {kNone, "no actions run on-premises"},
               {kNone, "no actions run on-premises", kUncertain},
               {kNone, "these machines are only migrated: there is no way back", kUncertain},
               {kNone, "no actions run on-premises"},
               {kYes, "script"},
               {kYes, "runbook"},
               {kYes, "runbook"},
               {kYes, "script"},
               {kNo, "Scout has scripts of its own, outside Site Recovery", false, kScout}},
    FeatureRow{Feature::SecondaryDatacenter,
               "To a second datacenter",
               kSecondary,
               {kNo, "with Scout"},
               {kNo, "with Scout"},
               {kNo, "these machines are migrated to Azure", false, kSeed},
               kAzureOnly,
               kAzureOnly,
               kAzureOnly,
               kAzureOnly,
               kPlainYes,
               kPlainYes},
    FeatureRow{Feature::RestApi,
               "PowerShell and REST",
               kMatrix,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               kPlainYes,
               {kNo, "Scout has tools of its own", false, kScout}},
    FeatureRow{Feature::ChoiceOfSize, "Choice of size and availability set", kMatrix, kPlainYes,
               kPlainYes, kPlainYes, kPlainYes, kPlainYes, kPlainYes, kPlainYes, kNoHostChoice,
               kNoHostChoice},
};

}  // namespace

std::span<const FeatureRow> replication_feature_rows() {
    return kRows;
}

}  // namespace landfall::detail
