// sim/lab/run_monitor.cpp — what monitors share.
#include "sim/lab/run_monitor.hpp"

#include <algorithm>

namespace landfall::lab {

namespace {

constexpr std::size_t kTextsKept = 100;

}  // namespace

void RunMonitor::fail(Instant now, MachineId machine, std::string_view subject,
                      std::string_view expected, std::string_view found) {
    ++violation_count_;
    if (violations_.size() >= kTextsKept) return;
    std::string text = "FAIL ";
    text.append(card_.id).append(" ").append(card_.name).append("  ").append(subject);
    text.append(": expected ").append(expected).append(", found ").append(found);
    violations_.push_back({std::string(card_.id), now, machine, DiskId(), std::move(text)});
}

void HotState::look(const RunView& view, Instant now) {
    if (!view.calm_from || now < *view.calm_from) return;
    items_.resize(view.items);
    for (std::size_t index = 0; index < view.items; ++index) {
        const MachineId item(index);
        Hot& hot = items_[index];
        const auto heat = this->heat(view, item, now);
        if (!heat) {
            hot = {};
            count_check();
            continue;
        }
        if (!hot.since) hot.since = now;
        if (!view.must_recover[index] || hot.told) continue;
        const auto bound = view.bound(item, now);
        if (!bound) continue;
        const Duration limit = *bound + grace(view, item);
        if (now - *hot.since <= limit) continue;
        count_check();
        hot.told = true;
        fail(now, item, view.estate.machine(item).name,
             "an end within " + duration_text(limit) + " after " + time_text(*hot.since), *heat);
    }
}

void MonitorBoard::add_to(OracleReport& report) const {
    for (const auto& monitor : monitors_) {
        const OracleCard& card = monitor->card();
        report.oracles.push_back({std::string(card.id), std::string(card.name),
                                  std::string(card.statement), std::string(card.source),
                                  monitor->checked(), 0, monitor->violation_count()});
        report.violation_count += monitor->violation_count();
        report.violations.insert(report.violations.end(), monitor->violations().begin(),
                                 monitor->violations().end());
    }
    std::stable_sort(report.violations.begin(), report.violations.end(),
                     [](const Violation& a, const Violation& b) { return a.at < b.at; });
}

}  // namespace landfall::lab
