// model/estate/compatibility.hpp — whether a machine can be protected, and every reason why not.
//
// A table: one row for each documented rule, the kinds it holds for, the fact it looks at, what is
// allowed and where that stands. A check tells every row that is broken, in the order of the table,
// which is the order in which Site Recovery looks: system, boot, OS disk, data disks, sharing,
// encryption, network, name.
// Law: whatever is wrong is told at once; a machine without special facts breaks nothing.
// Sources: each row has its own.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/estate/machine_facts.hpp"
#include "model/estate/scenario_kind.hpp"
#include "model/profile/service_profile.hpp"

namespace landfall {

/// One reason. `pointer` is a JSON pointer from the machine's entry: "/disks/0/size".
struct Incompatibility {
    std::string pointer;
    std::string found;
    std::string allowed;
    std::string_view source;
};

/// "/disks/0/size is 3 TiB; must be ... (SR/...)": one reason as a sentence.
std::string sentence(const Incompatibility& reason);

/// What a rule looks at: the machine, or each of these disks in turn.
enum class RuleScope : std::uint8_t { Machine, EveryDisk, OsDisk, DataDisk };

/// What a rule is asked with. `disk` is the OS disk where the rule is about the machine.
struct RuleCase {
    const MachineFacts& machine;
    const DiskFacts& disk;
    const ServiceProfile& profile;
};

struct CompatibilityRule {
    KindSet kinds;
    RuleScope scope;
    std::string_view field;  ///< key of the machine's or the disk's entry
    bool (*breaks)(const RuleCase&);
    std::string (*found)(const RuleCase&);
    std::string (*allowed)(const RuleCase&);
    std::string_view source;
};

std::span<const CompatibilityRule> compatibility_rules();

/// Every reason why a machine of that kind cannot be protected; none: it can.
std::vector<Incompatibility> check_compatibility(const MachineFacts& machine, ScenarioKind kind,
                                                 const ServiceProfile& profile);

/// Whether Azure takes a virtual machine of that name (SR/hyper-v-azure-support-matrix.md): 1 to 63
/// letters, digits and hyphens, a letter or digit at either end.
bool is_machine_name(std::string_view name);

}  // namespace landfall
