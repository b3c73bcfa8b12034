// model/estate/compatibility.cpp — the check, and the words for what was found.
#include "model/estate/compatibility.hpp"

#include <algorithm>

#include "model/base/check.hpp"

namespace landfall {

namespace {

bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool applies(RuleScope scope, std::size_t disk) {
    switch (scope) {
        case RuleScope::Machine: return false;
        case RuleScope::EveryDisk: return true;
        case RuleScope::OsDisk: return disk == 0;
        case RuleScope::DataDisk: return disk > 0;
    }
    return false;
}

void judge(const CompatibilityRule& rule, const RuleCase& asked, const std::string& parent,
           std::vector<Incompatibility>& reasons) {
    if (!rule.breaks(asked)) return;
    reasons.push_back(
        {parent + std::string(rule.field), rule.found(asked), rule.allowed(asked), rule.source});
}

}  // namespace

std::vector<Incompatibility> check_compatibility(const MachineFacts& machine, ScenarioKind kind,
                                                 const ServiceProfile& profile) {
    LANDFALL_CHECK(!machine.disks.empty(), "a machine has an OS disk");
    std::vector<Incompatibility> reasons;
    for (const CompatibilityRule& rule : compatibility_rules()) {
        if (!rule.kinds.contains(kind)) continue;
        if (rule.scope == RuleScope::Machine) {
            judge(rule, {machine, machine.disks.front(), profile}, "", reasons);
            continue;
        }
        for (std::size_t k = 0; k < machine.disks.size(); ++k) {
            if (!applies(rule.scope, k)) continue;
            judge(rule, {machine, machine.disks[k], profile}, "/disks/" + std::to_string(k),
                  reasons);
        }
    }
    return reasons;
}

std::string sentence(const Incompatibility& reason) {
    return reason.pointer + " is " + reason.found + "; " + reason.allowed + " (" +
           std::string(reason.source) + ")";
}

bool is_machine_name(std::string_view name) {
    constexpr std::size_t kLongest = 63;
    if (name.empty() || name.size() > kLongest) return false;
    if (!is_letter_or_digit(name.front()) || !is_letter_or_digit(name.back())) return false;
    return std::all_of(name.begin(), name.end(),
                       [](char c) { return is_letter_or_digit(c) || c == '-'; });
}

}  // namespace landfall
