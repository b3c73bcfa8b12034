// sim/lab/control_board.cpp — the sentences, and the looks.
#include "sim/lab/control_board.hpp"

#include <algorithm>

namespace landfall::lab {

namespace {

using enum MachineInstance;

constexpr std::string_view kStateMachine = "common.md 4.5; issue: at most one active copy";
constexpr std::string_view kDrills = "SR/site-recovery-test-failover-to-azure.md";
constexpr std::string_view kQuota = "SR/site-recovery-failover-to-azure-troubleshoot.md";
constexpr std::string_view kMeters = "site-recovery-faq.md; common.md 4.7";

/// C1
std::string two_copies_run(const ItemSight& item) {
    if (!item.machine(Primary).runs || !item.machine(Recovery).runs) return {};
    const bool is_users = !item.in_vault || !item.owns_replica;
    if (item.source_was_left_on || is_users || item.discards_replica) return {};
    return "source and replica both run, and the failover shut the source down";
}

/// C2
std::string two_ways_at_once(const ItemSight& item) {
    if (!item.forward_replicates || !item.backward_replicates) return {};
    return "it is replicated in both directions at once";
}

/// C3
std::string drill_left_behind(const ItemSight& item) {
    if (!item.machine(Test).exists || item.drill_open || item.is_making) return {};
    return "a test machine exists, and no drill is open";
}

/// C4
std::string replica_left_behind(const ItemSight& item) {
    if (!item.machine(Recovery).exists || item.is_away || !item.owns_replica) return {};
    if (item.discards_replica || item.may_keep_replica || item.is_making) return {};
    return "a machine exists in Azure that no failover is about";
}

/// C5
std::string quota_taken(const ItemSight& item) {
    for (const MachineInstance which : {Recovery, Test}) {
        const MachineSight& machine = item.machine(which);
        const std::string name = which == Test ? "test machine" : "failed over machine";
        if (machine.has_room && !machine.exists && !(machine.room_is_held && item.is_making) &&
            !item.discards_replica) {
            return "quota is taken by a " + name + " that does not exist";
        }
        // The machine of a drill on the way home takes none at the target.
        const bool counts = item.takes_room && (which == Recovery || !item.is_away);
        if (counts && machine.exists && !machine.has_room) {
            return "a " + name + " exists and takes no quota";
        }
    }
    return {};
}

/// C6
std::string meter_runs_on(const ItemSight& item) {
    if (!item.in_vault && item.is_billed) return "a meter runs for an item that is gone";
    for (const MachineInstance which : {Recovery, Test}) {
        const MachineSight& machine = item.machine(which);
        if (machine.is_metered && !machine.exists) {
            return std::string("a meter runs for a ") +
                   (which == Test ? "test machine" : "failed over machine") +
                   " that does not exist";
        }
    }
    return {};
}

/// C7
std::string hangs(const ItemSight& item) {
    if (item.job.empty() || !item.waits_for.empty()) return {};
    return "job \"" + std::string(item.job) + "\" is in progress and waits for nothing";
}

constexpr std::array kOracles = {
    ControlOracle{{"C1", "one active copy",
                   "Source and replica of an item do not both run, unless the failover left the "
                   "source on or somebody switched it on.",
                   kStateMachine},
                  two_copies_run},
    ControlOracle{
        {"C2", "one direction", "An item is replicated in one direction at a time.", kStateMachine},
        two_ways_at_once},
    ControlOracle{{"C3", "drills are cleaned up",
                   "A test machine exists while its drill is open, and no longer.", kDrills},
                  drill_left_behind},
    ControlOracle{{"C4", "no machine is left behind",
                   "A machine that Site Recovery made at the target is active, or can still become "
                   "so, or is being deleted.",
                   kStateMachine},
                  replica_left_behind},
    ControlOracle{
        {"C5", "quota is what exists",
         "What takes of a quota exists, or a job is about to make it; and the reverse.", kQuota},
        quota_taken},
    ControlOracle{
        {"C6", "meters end",
         "No meter runs for an item that is gone, or for a machine that does not exist.", kMeters},
        meter_runs_on},
    ControlOracle{{"C7", "no job hangs", "A job in progress waits for something that can come.",
                   "common.md 6"},
                  hangs},
};

}  // namespace

std::span<const ControlOracle> control_oracles() {
    return kOracles;
}

ControlBoard::ControlBoard(const ControlProbe& probe, std::function<Instant()> now,
                           std::size_t violations_kept)
    : probe_(probe), now_(std::move(now)), kept_(violations_kept), counts_(kOracles.size()) {}

void ControlBoard::look(MachineId item) {
    if (failing_.size() <= item.value) {
        failing_.resize(item.value + 1U, std::vector<bool>(kOracles.size()));
    }
    const ItemSight seen = probe_.item(item);
    for (std::size_t k = 0; k < kOracles.size(); ++k) {
        ++counts_[k].checked;
        const std::string fault = kOracles[k].fault(seen);
        const bool is_new = !fault.empty() && !failing_[item.value][k];
        failing_[item.value][k] = !fault.empty();
        if (!is_new) continue;
        ++counts_[k].violations;
        if (violations_.size() >= kept_) continue;
        const OracleCard& card = kOracles[k].card;
        std::string text = "FAIL ";
        text.append(card.id).append(" ").append(card.name).append("  ").append(fault);
        text.append(" (in state ").append(seen.state).append(")");
        violations_.push_back({std::string(card.id), now_(), item, DiskId(), std::move(text)});
    }
}

void ControlBoard::look_at_all() {
    for (std::size_t index = 0; index < probe_.items(); ++index) look(MachineId(index));
}

std::uint64_t ControlBoard::violation_count() const {
    std::uint64_t total = 0;
    for (const Count& count : counts_) total += count.violations;
    return total;
}

void ControlBoard::add_to(OracleReport& report) const {
    for (std::size_t k = 0; k < kOracles.size(); ++k) {
        const OracleCard& card = kOracles[k].card;
        report.oracles.push_back({std::string(card.id), std::string(card.name),
                                  std::string(card.statement), std::string(card.source),
                                  counts_[k].checked, 0, counts_[k].violations});
    }
    report.violation_count += violation_count();
    report.violations.insert(report.violations.end(), violations_.begin(), violations_.end());
    std::stable_sort(report.violations.begin(), report.violations.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
}

}  // namespace landfall::lab
