// sim/lab/billing_board.cpp — the five sentences, and the comparison at the end of a run.
#include "sim/lab/billing_board.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace landfall::lab {

namespace {

constexpr std::string_view kSource = "replication-and-test-lab 2.2";

constexpr std::array<OracleCard, kBillingOracles> kCards = {{
    {"B1", "what is kept is billed",
     "Licence, replica disks, points, logs and transactions are billed from creation to deletion: "
     "the integral of resource times price is the invoice.",
     kSource},
    {"B2", "nothing after the end",
     "After a disable or Complete Migration nothing more of the item is billed, and at the end of "
     "the run those meters run whose things exist.",
     "replication-and-test-lab 2.2; common.md 4.7"},
    {"B3", "compute while it runs",
     "A machine at the target is billed from boot to deallocation, and a test for its life.",
     kSource},
    {"B4", "egress is what crossed",
     "Egress is billed for the bytes that crossed the boundary, as they went over the wire, and "
     "nothing counts as sent that the network did not carry.",
     kSource},
    {"B5", "parts add up",
     "The invoices of the parts of any partition of time add up to that of the whole, and no line "
     "leaves its month.",
     kSource},
}};

/// Partitions, and cuts of each.
constexpr std::uint64_t kPartitions = 3;
constexpr std::uint64_t kCuts = 4;

/// splitmix64: cuts are the same in every run.
std::uint64_t mixed(std::uint64_t number) {
    number += 0x9E3779B97F4A7C15U;
    number = (number ^ (number >> 30U)) * 0xBF58476D1CE4E5B9U;
    number = (number ^ (number >> 27U)) * 0x94D049BB133111EBU;
    return number ^ (number >> 31U);
}

std::string in_units(double micros) {
    return std::to_string(micros / 1e6);
}
std::string text_of(const Bounds& bounds) {
    if (bounds.least == bounds.most) return in_units(bounds.least);
    return in_units(bounds.least) + " to " + in_units(bounds.most);
}

/// A line for each piece of it may have been rounded down by a millionth.
bool agrees(double billed, const Bounds& bounds, double pieces) {
    const double error = 1 + 1e-9 * bounds.most;  // of the doubles
    return billed >= bounds.least - pieces - error && billed <= bounds.most + error;
}

}  // namespace

std::span<const OracleCard, kBillingOracles> billing_oracles() {
    return kCards;
}

BillingBoard::BillingBoard(const Estate& estate, const Clock& clock, const BillingProbe& probe,
                           std::size_t violations_kept)
    : estate_(estate),
      clock_(clock),
      probe_(probe),
      account_(estate, clock, probe),
      kept_(violations_kept) {}

BillingBoard::Oracle BillingBoard::oracle_of(Meter meter) {
    switch (meter) {
        case Meter::Egress: return kEgress;
        case Meter::TestMachine:
        case Meter::TestDisks:
        case Meter::RecoveryMachine: return kCompute;
        default: return kResources;
    }
}

void BillingBoard::fail(Oracle oracle, MachineId item, const std::string& what,
                        const std::string& expected, const std::string& found) {
    ++counts_[oracle].violations;
    if (violations_.size() >= kept_) return;
    const OracleCard& card = kCards[oracle];
    std::string text = "FAIL ";
    text.append(card.id).append(" ").append(card.name).append("  ");
    if (!item.is_none()) text.append(estate_.machine(item).name).append(", ");
    text.append(what).append(": expected ").append(expected).append(", found ").append(found);
    violations_.push_back({std::string(card.id), clock_.now(), item, DiskId(), std::move(text)});
}

// --- B1, B3, B4

void BillingBoard::check_amounts(MachineId item, const std::array<Sum, kMeters>& billed) {
    const ExpectedMeters expected = account_.expected(item);
    const double pieces = account_.pieces(item) * (estate_.machine(item).disk_count + 1.0);
    for (std::size_t k = 0; k < kMeters; ++k) {
        const auto meter = static_cast<Meter>(k);
        const Oracle oracle = oracle_of(meter);
        ++counts_[oracle].checked;
        const auto quantity = static_cast<double>(billed[k].quantity);
        const auto amount = static_cast<double>(billed[k].amount);
        if (!agrees(quantity, expected[k].quantity, pieces)) {
            fail(oracle, item, "units of " + std::string(name_of(meter)),
                 text_of(expected[k].quantity), in_units(quantity));
        } else if (!agrees(amount, expected[k].amount, pieces)) {
            fail(oracle, item, "cost of " + std::string(name_of(meter)),
                 text_of(expected[k].amount), in_units(amount));
        }
    }
}

void BillingBoard::check_crossing() {
    ++counts_[kEgress].checked;
    double crossed = 0;
    for (std::size_t k = 0; k < estate_.process_servers.size(); ++k) {
        crossed += static_cast<double>(probe_.crossed(ProcessServerId(k)).count());
    }
    const double sent = account_.sent_in_all();
    if (sent <= crossed * (1 + 1e-9) + 1) return;
    fail(kEgress, MachineId(), "bytes over the wire",
         "at most " + std::to_string(crossed) + " that the network carried", std::to_string(sent));
}

// --- B2

bool BillingBoard::is_in_a_life(const BillingLine& line) const {
    const auto& lives = account_.lives(line.machine);
    return std::any_of(lives.begin(), lives.end(), [&](const Stretch& life) {
        return line.from >= life.from && line.to <= life.until;
    });
}

void BillingBoard::check_end(MachineId item) {
    for (std::size_t k = 0; k < kMeters; ++k) {
        const auto meter = static_cast<Meter>(k);
        const auto should = account_.runs(item, meter);
        if (!should) continue;
        ++counts_[kNothingAfter].checked;
        const bool does = probe_.meter_runs(item, meter);
        if (does == *should) continue;
        fail(kNothingAfter, item, "meter " + std::string(name_of(meter)) + " at the end",
             *should ? "that it runs" : "that it has ended", does ? "that it runs" : "none");
    }
}

void BillingBoard::check_line(const BillingLine& line) {
    ++counts_[kNothingAfter].checked;
    ++counts_[kParts].checked;
    const std::string name(name_of(line.meter));
    const std::string span = time_text(line.from) + " to " + time_text(line.to);
    if (!is_in_a_life(line)) {
        fail(kNothingAfter, line.machine, name, "nothing while it is not replicated", span);
    }
    const Duration month = probe_.book().billing_month;
    const Instant first = Instant(month * line.month);
    if (line.from < first || line.to > first + month || line.from >= line.to) {
        fail(kParts, line.machine, name, "a line within its month", span);
    }
}

// --- B5

void BillingBoard::check_parts(const std::vector<BillingLine>& whole) {
    using Key = std::tuple<MachineId, Meter, std::size_t, bool>;
    std::map<Key, Sum> all;
    const auto add = [&](const std::vector<BillingLine>& lines, std::int64_t sign) {
        for (const BillingLine& line : lines) {
            Sum& sum = all[{line.machine, line.meter, line.price, line.free}];
            sum.quantity += sign * line.quantity_micros;
            sum.amount += sign * line.amount_micros;
        }
    };
    const auto length = static_cast<std::uint64_t>(clock_.now().since_start().count());
    if (length == 0) return;
    for (std::uint64_t k = 0; k < kPartitions; ++k) {
        all.clear();
        add(whole, -1);
        std::vector<Instant> cuts = {Instant(), clock_.now()};
        for (std::uint64_t c = 0; c < kCuts; ++c) {
            const std::uint64_t where = mixed(k * kCuts + c) % length;
            cuts.emplace_back(Duration(static_cast<std::int64_t>(where)));
        }
        std::sort(cuts.begin(), cuts.end());
        for (std::size_t c = 1; c < cuts.size(); ++c) add(probe_.lines(cuts[c - 1], cuts[c]), 1);
        for (const auto& [key, rest] : all) {
            ++counts_[kParts].checked;
            if (rest == Sum{}) continue;
            const auto& [item, meter, price, free] = key;
            fail(kParts, item,
                 std::string(name_of(meter)) + " in " + std::to_string(cuts.size() - 1) + " parts",
                 "their sum to be the whole",
                 std::to_string(rest.amount) + " millionths of cost and " +
                     std::to_string(rest.quantity) + " of quantity more");
        }
    }
}

void BillingBoard::finish() {
    const std::vector<BillingLine> lines = probe_.lines(Instant(), clock_.now());
    std::vector<std::array<Sum, kMeters>> billed(probe_.items());
    for (const BillingLine& line : lines) {
        check_line(line);
        Sum& sum = billed[line.machine.value][static_cast<std::size_t>(line.meter)];
        sum.quantity += line.quantity_micros;
        sum.amount += line.amount_micros;
    }
    for (std::size_t index = 0; index < billed.size(); ++index) {
        check_amounts(MachineId(index), billed[index]);
        check_end(MachineId(index));
    }
    check_crossing();
    check_parts(lines);
}

std::uint64_t BillingBoard::violation_count() const {
    std::uint64_t total = 0;
    for (const Count& count : counts_) total += count.violations;
    return total;
}

void BillingBoard::add_to(OracleReport& report) const {
    for (std::size_t k = 0; k < kBillingOracles; ++k) {
        const OracleCard& card = kCards[k];
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
