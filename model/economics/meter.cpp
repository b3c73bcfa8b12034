// model/economics/meter.cpp — usages kept, and turned into lines by differences of running totals.
#include "model/economics/meter.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <tuple>
#include <utility>

#include "model/base/mutant.hpp"

namespace landfall {

namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr Duration kHour = hours(1);
constexpr std::int64_t kGigabyte = 1LL << 30;

constexpr std::array<std::string_view, kMeters> kNames = {
    "licence", "replica_disks", "recovery_points", "cache_storage",    "transactions",
    "egress",  "test_machine",  "test_disks",      "recovery_machine",
};

std::int64_t unit_size(PriceUnit unit) {
    switch (unit) {
        case PriceUnit::GigabyteMonth:
        case PriceUnit::Gigabyte: return kGigabyte;
        case PriceUnit::TenThousandRequests: return 10'000;
        case PriceUnit::InstanceMonth:
        case PriceUnit::DiskMonth:
        case PriceUnit::MachineHour: return 1;
    }
    LANDFALL_CHECK(false, "every unit has a size");
    return 1;
}

/// level * lasted * micros / (unit * per), rounded down and exact: whole units first, so that no
/// product leaves 128 bits.
std::int64_t running_total(std::int64_t level, Duration lasted, std::int64_t micros,
                           std::int64_t unit, Duration per) {
    using detail::Wide;
    const Wide used = static_cast<Wide>(level) * lasted.count();
    const Wide whole = static_cast<Wide>(unit) * per.count();
    const Wide total = (used / whole) * micros + (used % whole) * micros / whole;
    LANDFALL_CHECK(total <= std::numeric_limits<std::int64_t>::max(),
                   "an amount of money fits its type");
    return static_cast<std::int64_t>(total);
}

/// Lines with neighbours of one price and month made one where `touch` says so.
template <typename Touch>
std::vector<BillingLine> merged(const std::vector<BillingLine>& lines, const Touch& touch) {
    std::vector<BillingLine> result;
    for (const BillingLine& line : lines) {
        const bool same = !result.empty() && result.back().machine == line.machine &&
                          result.back().meter == line.meter && result.back().price == line.price &&
                          result.back().free == line.free && result.back().month == line.month;
        if (!same || !touch(result.back(), line)) {
            result.push_back(line);
            continue;
        }
        BillingLine& before = result.back();
        before.to = line.to;
        before.quantity_micros = detail::checked_add(before.quantity_micros, line.quantity_micros);
        before.amount_micros = detail::checked_add(before.amount_micros, line.amount_micros);
        before.level_time += line.level_time;
    }
    return result;
}

}  // namespace

std::string_view name_of(Meter meter) {
    return kNames[static_cast<std::size_t>(meter)];
}

BillingMeter::BillingMeter(const PriceBook& book, std::vector<BilledMachine> machines)
    : book_(book) {
    LANDFALL_CHECK(book.billing_month > Duration(0), "a billing month has a length");
    LANDFALL_CHECK(book.request_size > Bytes(0), "a transaction moves data");
    for (const Price& price : book.prices) {
        LANDFALL_CHECK(price.micros >= 0 && price.micros <= kPriceMicrosMax,
                       "a price is within the bounds that amounts are exact for");
    }
    machines_.reserve(machines.size());
    for (BilledMachine& facts : machines)
        machines_.push_back({std::move(facts), {}, {}, {}, false});
}

// --- Facts

void BillingMeter::replica_disks_kept(MachineId machine, std::span<const BilledDisk> disks,
                                      Instant at) {
    state(machine).facts.disks.assign(disks.begin(), disks.end());
    state(machine).removed.reset();
    end(machine, Meter::ReplicaDisks, at);
    for (const BilledDisk& disk : disks) {
        begin(machine, Meter::ReplicaDisks, disk.price, disk.level, at);
    }
}

void BillingMeter::protected_since(MachineId machine, Instant at, Duration before) {
    MachineState& item = state(machine);
    if (item.is_protected || !item.facts.licence) return;
    item.is_protected = true;
    item.removed.reset();
    if (!item.free_until || mutant(Mutant::FreePeriodAgain)) {
        item.free_until = at + (std::max(book_.free_period, before) - before);
    }
    const Instant paid_from = std::max(at, *item.free_until);
    begin(machine, Meter::Licence, *item.facts.licence, 1, at);
    usages_.back().free = true;
    usages_.back().to = paid_from;
    begin(machine, Meter::Licence, *item.facts.licence, 1, paid_from);
}

void BillingMeter::protection_ended(MachineId machine, Instant at) {
    state(machine).is_protected = false;
    state(machine).removed = at;
    if (mutant(Mutant::LicenceOutlivesItem)) {
        for (std::size_t k = 1; k < kMeters; ++k) end(machine, static_cast<Meter>(k), at);
        return;
    }
    end(machine, std::nullopt, at);
}

void BillingMeter::instance_exists(MachineId machine, BilledInstance instance, bool exists,
                                   Instant at) {
    if (!exists) instance_running(machine, instance, false, at);
    if (instance != BilledInstance::Test) return;  // a failover's machine runs on the replica disks
    if (!exists) {
        end(machine, Meter::TestDisks, at);
    } else if (!is_open(machine, Meter::TestDisks)) {
        const std::vector<BilledDisk> disks = state(machine).facts.disks;
        for (const BilledDisk& disk : disks) {
            begin(machine, Meter::TestDisks, disk.price, disk.level, at);
        }
    }
}

void BillingMeter::instance_running(MachineId machine, BilledInstance instance, bool runs,
                                    Instant at) {
    const auto price = state(machine).facts.machine_hour;
    if (!price) return;
    const bool test = instance == BilledInstance::Test;
    const Meter meter = test ? Meter::TestMachine : Meter::RecoveryMachine;
    if (runs == is_open(machine, meter)) return;
    if (test && !runs && mutant(Mutant::TestNeverEnds)) return;
    if (runs) {
        begin(machine, meter, *price, 1, at);
    } else {
        end(machine, meter, at);
    }
}

void BillingMeter::traffic(MachineId machine, Instant from, Instant to,
                           const MeteredTraffic& moved) {
    const BilledMachine& facts = state(machine).facts;
    const auto transactions = facts.transactions;
    const auto egress = facts.egress;
    if (transactions) {
        const std::int64_t requests =
            detail::scale(moved.logs.count(), 1, book_.request_size.count(), true);
        add_moved(machine, Meter::Transactions, *transactions, requests, from, to);
    }
    const auto egress_home = facts.egress_home;
    const std::int64_t times = mutant(Mutant::EgressTwice) ? 2 : 1;
    if (egress) {
        add_moved(machine, Meter::Egress, *egress, moved.over_wire.count() * times, from, to);
    }
    if (egress_home) add_moved(machine, Meter::Egress, *egress_home, moved.home.count(), from, to);
}

void BillingMeter::recovery_points_hold(MachineId machine, Bytes held, Instant at) {
    const BilledMachine& facts = state(machine).facts;
    const auto cache = facts.cache;
    const auto points = facts.points;
    end(machine, Meter::RecoveryPoints, at);
    end(machine, Meter::CacheStorage, at);
    if (held == Bytes(0)) return;
    if (mutant(Mutant::PointsForFree)) return;
    if (points) begin(machine, Meter::RecoveryPoints, *points, held.count(), at);
    if (cache) begin(machine, Meter::CacheStorage, *cache, held.count(), at);
}

// --- Usages

Duration BillingMeter::period_of(PriceUnit unit) const {
    return unit == PriceUnit::MachineHour ? kHour : book_.billing_month;
}

void BillingMeter::begin(MachineId machine, Meter meter, std::size_t price, std::int64_t level,
                         Instant from) {
    LANDFALL_CHECK(price < book_.prices.size() && level >= 0, "a usage has a price and a level");
    state(machine).open.push_back(usages_.size());
    usages_.push_back({machine, meter, price, false, level, from, Instant::never(),
                       period_of(book_.prices[price].unit)});
}

void BillingMeter::end(MachineId machine, std::optional<Meter> meter, Instant at) {
    auto& open = state(machine).open;
    std::erase_if(open, [&](std::size_t index) {
        Usage& usage = usages_[index];
        if (meter && usage.meter != *meter) return false;
        usage.to = std::min(usage.to, std::max(usage.from, at));
        return true;
    });
}

void BillingMeter::add_moved(MachineId machine, Meter meter, std::size_t price, std::int64_t amount,
                             Instant from, Instant to) {
    const auto removed = state(machine).removed;
    if (removed) to = std::min(to, *removed);  // a reading that came later
    if (amount > 0 && from < to) {
        usages_.push_back({machine, meter, price, false, amount, from, to, to - from});
    }
}

bool BillingMeter::is_open(MachineId machine, Meter meter) const {
    const auto& open = machines_[machine.value].open;
    return std::any_of(open.begin(), open.end(),
                       [&](std::size_t index) { return usages_[index].meter == meter; });
}

// --- Lines

void BillingMeter::add_lines(const Usage& usage, Instant from, Instant to,
                             std::vector<BillingLine>& lines) const {
    const Price& price = book_.prices[usage.price];
    const std::int64_t unit = unit_size(price.unit);
    Instant since = usage.from;
    const auto total = [&](Instant at, std::int64_t micros) {
        return running_total(usage.level, at - since, micros, unit, usage.per);
    };
    const std::int64_t month = book_.billing_month.count();
    const Instant last = std::min(to, usage.to);
    for (Instant at = std::max(from, usage.from); at < last;) {
        if (mutant(Mutant::MonthLosesRest)) since = at;
        const std::int64_t ordinal = at.since_start().count() / month;
        const Instant until = std::min(last, Instant(book_.billing_month * (ordinal + 1)));
        BillingLine line{usage.machine, usage.meter, usage.price, usage.free, at,
                         until,         ordinal,     0,           0,          {}};
        line.quantity_micros = total(until, kMicros) - total(at, kMicros);
        if (!usage.free) line.amount_micros = total(until, price.micros) - total(at, price.micros);
        if (usage.meter == Meter::Licence) line.level_time = until - at;
        lines.push_back(line);
        at = until;
    }
}

std::vector<BillingLine> BillingMeter::lines(Instant from, Instant to) const {
    std::vector<BillingLine> all;
    for (const Usage& usage : usages_) add_lines(usage, from, to, all);
    const auto place = [](const BillingLine& line) {
        return std::tuple(line.machine, line.meter, line.price, line.from, line.to);
    };
    std::stable_sort(all.begin(), all.end(), [&](const BillingLine& a, const BillingLine& b) {
        return place(a) < place(b);
    });
    // First what lies side by side (two disks of one tier), then what follows one another.
    return merged(
        merged(all, [](const auto& a, const auto& b) { return a.from == b.from && a.to == b.to; }),
        [](const auto& a, const auto& b) { return a.to == b.from; });
}

std::int64_t total_micros(const std::vector<BillingLine>& lines) {
    std::int64_t total = 0;
    for (const BillingLine& line : lines) {
        total = detail::checked_add(total, line.amount_micros);
    }
    return total;
}

Duration licence_time(const std::vector<BillingLine>& lines) {
    Duration total;
    for (const BillingLine& line : lines) {
        if (line.meter == Meter::Licence && !line.free) total += line.level_time;
    }
    return total;
}

}  // namespace landfall
