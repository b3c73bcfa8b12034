// sim/scenario/check.cpp — the parts of the check in the order of the file.
#include "sim/scenario/check.hpp"

#include <array>
#include <charconv>

#include "sim/scenario/checks.hpp"

namespace landfall::scenario {

std::vector<Problem> check(const Scenario& scenario, workload::TraceStore& traces) {
    Checking checking(scenario);
    check_detail(checking);
    check_estate(checking);
    check_routes(checking);
    check_machines(checking);
    check_machine_names(checking);
    check_setup(checking);
    check_cache_accounts(checking);
    check_groups(checking);
    check_recovery_plans(checking);
    check_timeline(checking);
    check_faults(checking);
    check_traces(checking, traces);
    check_block_traces(checking);
    return std::move(checking.problems);
}

std::string json_text(std::string_view text) {
    return shown(Json(std::string(text)));
}

std::string seconds_text(Duration duration) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), to_seconds(duration),
                                   std::chars_format::fixed);
    return {text.data(), end.ptr};
}

}  // namespace landfall::scenario
