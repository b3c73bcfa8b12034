// sim/scenario/check_machine_names.cpp — machine names after expansion, judged without expanding.
//
// A group of n > 1 has the names stem-k, k from 1 to n in as many digits as n has. Two groups of
// one stem and width therefore always meet; a single machine meets a group when its name is one of
// those. Nothing else can: the digits after the last hyphen tell the stem. So a count of ten
// million costs nothing here.
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "model/estate/compatibility.hpp"
#include "sim/scenario/checks.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

/// The group names that stand for numbers up to `count` in `width` digits after a stem.
struct Numbered {
    std::int64_t count = 0;
    std::string pointer;
};
using StemAndWidth = std::pair<std::string, std::size_t>;

/// The numbered name that `name` could be: stem, width of the number, and the number.
std::optional<std::pair<StemAndWidth, std::int64_t>> as_numbered(const std::string& name) {
    const std::size_t hyphen = name.rfind('-');
    if (hyphen == std::string::npos) return std::nullopt;
    const char* const begin = name.data() + hyphen + 1;
    const char* const end = name.data() + name.size();
    std::int64_t number = 0;
    const auto parsed = std::from_chars(begin, end, number);
    const bool digits =
        begin != end && *begin != '-' && parsed.ec == std::errc() && parsed.ptr == end;
    if (!digits) return std::nullopt;
    return std::pair(StemAndWidth(name.substr(0, hyphen), static_cast<std::size_t>(end - begin)),
                     number);
}

void note_duplicate(Checking& checking, const std::string& pointer, const std::string& name,
                    const std::string& earlier) {
    note(checking.problems, code::kDuplicateName, pointer, json_text(name),
         "two machines have this name; the other one is at " + earlier);
}

void check_form(Checking& checking, const MachineGroup& group, const std::string& pointer) {
    const std::string longest = machine_name(group, group.count);
    if (is_machine_name(longest) && longest != "all") return;
    std::string rule =
        "a machine name has 1 to 63 letters, digits and hyphens, and begins and ends "
        "with a letter or digit";
    if (longest == "all") rule = "\"all\" stands for every machine and cannot name one";
    note(checking.problems, code::kBadName, pointer, json_text(group.name),
         group.count > 1 ? rule + "; here up to \"" + longest + "\"" : rule);
}

}  // namespace

void check_machine_names(Checking& checking) {
    const std::vector<MachineGroup>& machines = checking.scenario.machines;
    std::map<StemAndWidth, Numbered> groups;
    std::map<std::string, std::string> singles;
    std::int64_t total = 0;
    for (std::size_t i = 0; i < machines.size(); ++i) {
        const MachineGroup& group = machines[i];
        const std::string pointer = pointer_to(pointer_to("/machines", i), "name");
        total += group.count;
        if (group.name.empty()) continue;  // not there: said already
        check_form(checking, group, pointer);
        if (group.count == 1) {
            const auto [earlier, is_new] = singles.try_emplace(group.name, pointer);
            if (!is_new) note_duplicate(checking, pointer, group.name, earlier->second);
            continue;
        }
        const std::size_t width = std::to_string(group.count).size();
        const auto [earlier, is_new] =
            groups.try_emplace(StemAndWidth(group.name, width), Numbered{group.count, pointer});
        if (!is_new) {
            note_duplicate(checking, pointer, machine_name(group, 1), earlier->second.pointer);
        }
    }
    for (const auto& [name, pointer] : singles) {
        const auto numbered = as_numbered(name);
        if (!numbered) continue;
        const auto group = groups.find(numbered->first);
        if (group == groups.end() || numbered->second < 1) continue;
        if (numbered->second > group->second.count) continue;
        note_duplicate(checking, pointer, name, group->second.pointer);
    }
    if (total > kMachinesMax) {
        note(checking.problems, code::kOutOfRange, "/machines",
             json_text(std::to_string(total) + " machines"),
             "a scenario has at most " + std::to_string(kMachinesMax) + " machines");
    }
}

}  // namespace landfall::scenario
