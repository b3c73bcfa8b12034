// sim/lab/control_board.cpp — the looks, and what is compared between items.
#include "sim/lab/control_board.hpp"

#include <algorithm>
#include <utility>

namespace landfall::lab {

namespace {

constexpr OracleCard kShared = {
    "S22", "nothing is shared at the target",
    "No two machines have the same address of the same network (a machine has its disks and its "
    "name to itself by the scenario's own rules).",
    "replication-and-test-lab 2.1"};

}  // namespace

ControlBoard::ControlBoard(const ControlProbe& probe, std::function<Instant()> now,
                           std::size_t violations_kept)
    : probe_(probe),
      now_(std::move(now)),
      kept_(violations_kept),
      counts_(control_oracles().size() + 1),
      plan_counts_(plan_oracles().size()) {}

void ControlBoard::fail(const OracleCard& card, Count& count, MachineId item,
                        const std::string& fault) {
    ++count.violations;
    if (violations_.size() >= kept_) return;
    std::string text = "FAIL ";
    text.append(card.id).append(" ").append(card.name).append("  ").append(fault);
    violations_.push_back({std::string(card.id), now_(), item, DiskId(), std::move(text)});
}

/// S22. Whoever is known to hold an address may have given it back since.
std::string ControlBoard::shared(MachineId item, const ItemSight& seen) {
    std::vector<std::string> addresses;
    for (const MachineSight& machine : seen.machines) {
        addresses.insert(addresses.end(), machine.addresses.begin(), machine.addresses.end());
    }
    std::sort(addresses.begin(), addresses.end());
    if (held_.size() <= item.value) held_.resize(item.value + 1U);
    for (const std::string& old : held_[item.value]) {
        const auto holder = holders_.find(old);
        if (holder != holders_.end() && holder->second == item) holders_.erase(holder);
    }
    std::string fault;
    const auto twice = std::adjacent_find(addresses.begin(), addresses.end());
    if (twice != addresses.end()) fault = "two of its machines have " + *twice;
    for (const std::string& address : addresses) {
        const auto [holder, is_new] = holders_.emplace(address, item);
        if (is_new || holder->second == item) continue;
        const ItemSight other = probe_.item(holder->second);
        const bool holds = std::any_of(
            other.machines.begin(), other.machines.end(), [&](const MachineSight& machine) {
                return std::find(machine.addresses.begin(), machine.addresses.end(), address) !=
                       machine.addresses.end();
            });
        if (holds) fault = "it and " + other.name + " both have " + address;
        holder->second = item;
    }
    held_[item.value] = std::move(addresses);
    return fault;
}

void ControlBoard::look(MachineId item) {
    if (item.is_none()) return look_at_plans();
    if (failing_.size() <= item.value) {
        failing_.resize(item.value + 1U, std::vector<bool>(counts_.size()));
    }
    const ItemSight seen = probe_.item(item);
    for (std::size_t k = 0; k < counts_.size(); ++k) {
        ++counts_[k].checked;
        const bool is_own = k < control_oracles().size();
        const std::string fault = is_own ? control_oracles()[k].fault(seen) : shared(item, seen);
        const bool is_new = !fault.empty() && !failing_[item.value][k];
        failing_[item.value][k] = !fault.empty();
        if (!is_new) continue;
        fail(is_own ? control_oracles()[k].card : kShared, counts_[k], item,
             fault + " (in state " + std::string(seen.state) + ")");
    }
}

void ControlBoard::look_at_plans() {
    for (const JobId job : probe_.plan_jobs()) {
        const PlanSight seen = probe_.plan(job);
        const bool is_over = seen.state == JobState::Succeeded || seen.state == JobState::Failed ||
                             seen.state == JobState::Cancelled;
        if (!is_over) continue;
        const auto [judged, is_new] = judged_.emplace(job, seen.restarts);
        if (!is_new && judged->second == seen.restarts) continue;
        judged->second = seen.restarts;
        for (std::size_t k = 0; k < plan_oracles().size(); ++k) {
            const PlanOracle& oracle = plan_oracles()[k];
            ++plan_counts_[k].checked;
            const std::string fault = oracle.fault(seen);
            if (fault.empty()) continue;
            fail(oracle.card, plan_counts_[k], MachineId(),
                 "recovery plan " + seen.name + ": " + fault);
        }
    }
}

void ControlBoard::look_at_all() {
    for (std::size_t index = 0; index < probe_.items(); ++index) look(MachineId(index));
    look_at_plans();
}

std::uint64_t ControlBoard::violation_count() const {
    std::uint64_t total = 0;
    for (const auto* counts : {&counts_, &plan_counts_}) {
        for (const Count& count : *counts) total += count.violations;
    }
    return total;
}

void ControlBoard::add_to(OracleReport& report) const {
    const auto add = [&](const OracleCard& card, const Count& count) {
        report.oracles.push_back({std::string(card.id), std::string(card.name),
                                  std::string(card.statement), std::string(card.source),
                                  count.checked, 0, count.violations});
    };
    for (std::size_t k = 0; k < control_oracles().size(); ++k)
        add(control_oracles()[k].card, counts_[k]);
    add(kShared, counts_.back());
    for (std::size_t k = 0; k < plan_counts_.size(); ++k) {
        add(plan_oracles()[k].card, plan_counts_[k]);
    }
    report.violation_count += violation_count();
    report.violations.insert(report.violations.end(), violations_.begin(), violations_.end());
    std::stable_sort(report.violations.begin(), report.violations.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
}

}  // namespace landfall::lab
