// model/recovery/operation_options.cpp — the two tables.
#include "model/recovery/operation_options.hpp"

#include <array>

#include "model/recovery/support_matrix.hpp"

namespace landfall {

namespace {

using Asked = AskedOperation;

bool goes_home(const Asked& asked) {
    return asked.operation == Operation::Failback || asked.operation == Operation::ReverseReplicate;
}
bool to_another_location(const Asked& asked) {
    return goes_home(asked) && asked.options.alternate_location;
}
bool downloads_all(const Asked& asked) {
    return asked.operation == Operation::Failback &&
           asked.options.data_sync == DataSync::ForSynchronization;
}
bool has_managed_disks(const Asked& asked) {
    return asked.operation == Operation::Failback && asked.managed_disks;
}

/// Where a predicate holds, the machine's kind must have the feature.
struct OptionRow {
    bool (*is_asked)(const Asked&);
    Feature feature;
};
constexpr std::array kOptions = {
    OptionRow{to_another_location, Feature::FailbackAlternateLocation},
    OptionRow{downloads_all, Feature::FailbackFullDownload},
    OptionRow{has_managed_disks, Feature::FailbackOfManagedDisks},
};

bool from_a_2016_host(const Asked& asked) {
    return asked.kind == ScenarioKind::HyperVSiteToAzure && to_another_location(asked) &&
           asked.host_version == "2016";
}

struct FactRow {
    bool (*rules_out)(const Asked&);
    std::string_view why;
    std::string_view source;
};
constexpr std::array kFacts = {
    FactRow{from_a_2016_host, "machines of a Windows Server 2016 host return to that host only",
            "SR/site-recovery-failback-from-azure-to-hyper-v.md"},
};

std::string in_source(const std::string& text, std::string_view source) {
    return text + " (" + std::string(source) + ")";
}

}  // namespace

std::optional<std::string> why_not_with_options(const AskedOperation& asked) {
    for (const OptionRow& row : kOptions) {
        if (!row.is_asked(asked)) continue;
        const SupportCell cell = support(row.feature, asked.kind, asked.profile);
        // Without a way home at all the operation itself is refused. Not applicable: Azure has no
        // such disks to bring home, or the option means nothing there.
        const bool means_nothing = cell.support == Support::NotApplicable &&
                                   row.feature == Feature::FailbackOfManagedDisks;
        if (cell.support == Support::Supported || means_nothing) continue;
        return in_source(std::string(name_of(row.feature)) + " is not supported for " +
                             std::string(name_of(asked.kind)) + ": " + cell.note,
                         cell.source);
    }
    for (const FactRow& row : kFacts) {
        if (row.rules_out(asked)) return in_source(std::string(row.why), row.source);
    }
    return std::nullopt;
}

}  // namespace landfall
