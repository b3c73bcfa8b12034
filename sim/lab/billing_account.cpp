// sim/lab/billing_account.cpp — hears, keeps stretches, adds them up.
#include "sim/lab/billing_account.hpp"

#include <algorithm>
#include <cmath>

namespace landfall::lab {

namespace {

constexpr Duration kHour = hours(1);
constexpr double kMicros = 1e6;
constexpr double kGigabyte = 1024.0 * 1024.0 * 1024.0;

/// Replica disks are made, or made again, when an item goes into one of these.
bool makes_disks(std::string_view state) {
    return state == "InitialReplicationInProgress" || state == "Protected" ||
           state == "ReprotectInitiated";
}
bool removes(std::string_view state) {
    return state == "UnprotectedStatesBegin" || state == "UnprotectedStatesEnd" ||
           state == "MigrationComplete" || state == "EnablingFailed";
}
/// Commit has cleaned up the points.
bool is_committed_state(std::string_view state) {
    return state == "UnplannedFailoverCommitted" || state == "PlannedFailoverStatesBegin";
}

bool is_between_clouds(const Machine& machine) {
    return machine.kind == ScenarioKind::AzureToAzure || machine.kind == ScenarioKind::ZoneToZone;
}

/// How many levels make one unit of the price.
double levels_in(PriceUnit unit) {
    switch (unit) {
        case PriceUnit::GigabyteMonth:
        case PriceUnit::Gigabyte: return kGigabyte;
        case PriceUnit::TenThousandRequests: return 10'000;
        default: return 1;
    }
}

Expected& of(ExpectedMeters& all, Meter meter) {
    return all[static_cast<std::size_t>(meter)];
}

void end_all(std::vector<Stretch>& stretches, Instant now) {
    for (Stretch& stretch : stretches) stretch.until = std::min(stretch.until, now);
}

bool any_lasts(const std::vector<Stretch>& stretches) {
    return std::any_of(stretches.begin(), stretches.end(),
                       [](const Stretch& stretch) { return stretch.lasts(); });
}

}  // namespace

BillingAccount::BillingAccount(const Estate& estate, const Clock& clock, const BillingProbe& probe)
    : estate_(estate), clock_(clock), probe_(probe), items_(probe.items()) {
    sent_.resize(estate.machines.size());
}

// --- What it hears

void BillingAccount::begin(MachineId id) {
    Item& item = items_[id.value];
    if (item.is_billed()) return;
    count_sent(id);
    count_sent(estate_.machine(id).reverse);
    item.lives.push_back({clock_.now()});
}

void BillingAccount::end(MachineId id) {
    Item& item = items_[id.value];
    if (!item.is_billed()) return;
    const Instant now = clock_.now();
    count_sent(id);
    count_sent(estate_.machine(id).reverse);
    hold(item, {});
    item.has_points = item.has_disks = item.is_committed = false;
    for (auto* disks : {&item.disks, &item.test_disks}) {
        for (KeptDisk& disk : *disks) disk.kept.until = std::min(disk.kept.until, now);
    }
    end_all(item.licensed, now);
    end_all(item.lives, now);
}

void BillingAccount::state_changed(MachineId id, std::string_view state) {
    if (id.value >= items_.size()) return;
    Item& item = items_[id.value];
    const Instant now = clock_.now();
    ++item.told;
    if (removes(state)) return end(id);
    if (state == "InitialReplicationInProgress" || state == "Protected") begin(id);
    if (!item.is_billed()) return;
    item.has_disks |= makes_disks(state);
    item.is_committed = is_committed_state(state);
    if (item.is_committed) {
        hold(item, {});
        item.has_points = false;
    }
    if (state == "Protected") {
        if (!item.free_until) {
            const Duration before = now == Instant() ? probe_.protected_before() : Duration(0);
            item.free_until = now + std::max(probe_.book().free_period - before, Duration(0));
        }
        if (!any_lasts(item.licensed)) item.licensed.push_back({now});
        if (!item.has_points) item.readings = {uploaded_for_points(id)};
        item.has_points = true;
    }
    follow_home_coming(id);
    follow_disks(id);
}

void BillingAccount::machine_changed(MachineId id) {
    if (id.value >= items_.size()) return;
    ++items_[id.value].told;
    follow_home_coming(id);
    follow_disks(id);
    follow_test_disks(id);
}

void BillingAccount::replication_changed(MachineId leg) {
    const MachineId id = estate_.item_of(leg);
    ++items_[id.value].told;
    count_sent(leg);
    follow_disks(id);
}

void BillingAccount::reading_taken() {
    for (std::size_t index = 0; index < items_.size(); ++index) read_points(MachineId(index));
}

// --- Disks

/// SR/vmware-azure-failback.md: at home again, with the machine in Azure its disks went.
void BillingAccount::follow_home_coming(MachineId id) {
    Item& item = items_[id.value];
    if (!item.is_committed || !probe_.is_at_home(id)) return;
    if (estate_.machine(id).engine == ReplicationEngine::Failback) return;
    const MachineTimes away = probe_.machine(id, BilledInstance::Recovery);
    if (!any_lasts(away.existed)) item.has_disks = false;
}

void BillingAccount::follow_disks(MachineId id) {
    Item& item = items_[id.value];
    const Machine& facts = estate_.machine(id);
    const Instant now = clock_.now();
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        const DiskId disk(facts.first_disk.value + k);
        const auto kept = std::find_if(item.disks.begin(), item.disks.end(), [&](const auto& one) {
            return one.id == disk && one.kept.lasts();
        });
        const auto price = probe_.price_of(disk);
        const bool is_there =
            item.is_billed() && item.has_disks && price && probe_.replicates(disk);
        const bool was_there = kept != item.disks.end();
        const bool is_same = is_there && was_there && kept->price.price == price->price &&
                             kept->price.level == price->level;
        if (is_same || (!is_there && !was_there)) continue;
        if (was_there) kept->kept.until = now;
        if (is_there) item.disks.push_back({disk, *price, {now}});
    }
}

/// A test's machine has disks of its own: one for each that was replicated when it was made.
void BillingAccount::follow_test_disks(MachineId id) {
    Item& item = items_[id.value];
    const Instant now = clock_.now();
    const bool exists = any_lasts(probe_.machine(id, BilledInstance::Test).existed);
    const bool known = !item.test_disks.empty() && item.test_disks.back().kept.lasts();
    if (exists && !known && item.is_billed()) {
        for (const KeptDisk& disk : item.disks) {
            if (disk.kept.lasts()) item.test_disks.push_back({disk.id, disk.price, {now}});
        }
    } else if (!exists) {
        for (KeptDisk& disk : item.test_disks) disk.kept.until = std::min(disk.kept.until, now);
    }
}

// --- Points

/// Points in the cloud are made of what is uploaded; of an Azure machine, of both ways.
Bytes BillingAccount::uploaded_for_points(MachineId id) const {
    const Machine& facts = estate_.machine(id);
    const bool both = is_between_clouds(facts) && !facts.reverse.is_none();
    return probe_.uploaded(id) + (both ? probe_.uploaded(facts.reverse) : Bytes(0));
}

void BillingAccount::hold(Item& item, Bounds held) {
    const Instant now = clock_.now();
    const double lasted = to_seconds(now - item.held_since);
    item.held_time.least += item.held.least * lasted;
    item.held_time.most += item.held.most * lasted;
    item.held = held;
    item.held_since = now;
}

/// The level of the bill lies within a quarter of what was uploaded in the retention, which is
/// known to one of the 24 marks that a retention is divided into (billing_feed.hpp).
void BillingAccount::read_points(MachineId id) {
    Item& item = items_[id.value];
    if (!item.is_billed() || !item.has_points) return;
    const Duration retention = estate_.policy(estate_.machine(id).policy).retention;
    if (retention == Duration(0)) return;
    const auto hours_kept = retention.count() / kHour.count();
    const auto apart = std::max<std::int64_t>(1, hours_kept / 24) - 1;
    const auto least = static_cast<std::size_t>(std::max<std::int64_t>(0, hours_kept - apart));
    const bool whole = retention == kHour * hours_kept;
    const auto most = static_cast<std::size_t>(hours_kept + (whole ? 0 : 1) + apart);
    const Bytes now = uploaded_for_points(id);
    const auto since = [&](std::size_t readings) {
        if (readings == 0) return 0.0;
        const std::size_t back = std::min(readings, item.readings.size());
        return static_cast<double>((now - item.readings[item.readings.size() - back]).count());
    };
    hold(item, {since(least) / 1.25, since(most) / 0.75});
    item.readings.push_back(now);
    while (item.readings.size() > most) item.readings.pop_front();
}

// --- Traffic

void BillingAccount::count_sent(MachineId leg) {
    if (leg.is_none()) return;
    Sent& sent = sent_[leg.value];
    const ProcessServerId server = probe_.server_of(leg);
    if (sent.server.is_none()) sent.server = server;
    const Bytes uploaded = probe_.uploaded(leg);
    const Bytes more = uploaded - sent.counted;
    const auto& facts = estate_.process_server(sent.server);
    const double wire =
        static_cast<double>(more.count()) * 1000 / static_cast<double>(facts.compression_permille);
    sent_in_all_ += wire;
    if (items_[estate_.item_of(leg).value].is_billed()) {
        sent.logs += more;
        sent.over_wire += wire;
    }
    sent.counted = uploaded;
    sent.server = server;
}

double BillingAccount::sent_in_all() {
    for (std::size_t index = 0; index < sent_.size(); ++index) count_sent(MachineId(index));
    return sent_in_all_;
}

// --- Sums

std::vector<Stretch> BillingAccount::billed_runs(MachineId id, BilledInstance which) const {
    const bool is_source = which == BilledInstance::Recovery &&
                           estate_.machine(id).engine == ReplicationEngine::Failback;
    const MachineTimes times = probe_.machine(id, which);
    std::vector<Stretch> billed;
    for (const Stretch& life : items_[id.value].lives) {
        for (const Stretch& there : times.existed) {
            // What was there before belongs to its user.
            if (!is_source && (there.from < life.from || there.from >= life.until)) continue;
            for (const Stretch& up : times.allocated) {
                const Stretch both{std::max({life.from, there.from, up.from}),
                                   std::min({life.until, there.until, up.until})};
                if (both.from < both.until) billed.push_back(both);
            }
        }
    }
    return billed;
}

void BillingAccount::expect(Expected& meter, std::size_t price, double level,
                            Duration lasted) const {
    const Price& rate = probe_.book().prices[price];
    const double per =
        rate.unit == PriceUnit::MachineHour ? 3600.0 : to_seconds(probe_.book().billing_month);
    const double units = level / levels_in(rate.unit) * to_seconds(lasted) / per;
    meter.quantity.add(units * kMicros);
    meter.amount.add(units * static_cast<double>(rate.micros));
}

void BillingAccount::expect_traffic(MachineId id, ExpectedMeters& all) const {
    const BilledMachine& prices = probe_.prices(id);
    const Machine& facts = estate_.machine(id);
    const bool both = is_between_clouds(facts);
    const Sent& there = sent_[id.value];
    const Sent back = facts.reverse.is_none() ? Sent{} : sent_[facts.reverse.value];
    const auto add = [&](Meter meter, std::size_t price, double amount, double rounding) {
        const Price& rate = probe_.book().prices[price];
        const double unit = levels_in(rate.unit);
        const double money = static_cast<double>(rate.micros);
        of(all, meter).quantity.add(amount / unit * kMicros);
        of(all, meter).quantity.most += rounding / unit * kMicros;
        of(all, meter).amount.add(amount / unit * money);
        of(all, meter).amount.most += rounding / unit * money;
    };
    const double logs = static_cast<double>((there.logs + (both ? back.logs : Bytes(0))).count());
    const double size = static_cast<double>(probe_.book().request_size.count());
    const double wire = there.over_wire + (both ? back.over_wire : 0);
    // Each reading rounds up to a request, and to a byte for each way.
    const double readings = pieces(id);
    if (prices.transactions) {
        add(Meter::Transactions, *prices.transactions, logs / size, readings);
    }
    if (prices.egress) add(Meter::Egress, *prices.egress, wire, 2 * readings);
    if (prices.egress_home && !both) {
        add(Meter::Egress, *prices.egress_home, back.over_wire, readings);
    }
}

void BillingAccount::expect_points(MachineId id, ExpectedMeters& all) const {
    const Item& item = items_[id.value];
    const auto add = [&](Meter meter, std::optional<std::size_t> price) {
        if (!price) return;
        const Price& rate = probe_.book().prices[*price];
        const double per = levels_in(rate.unit) * to_seconds(probe_.book().billing_month);
        const double money = static_cast<double>(rate.micros);
        of(all, meter).quantity = {item.held_time.least / per * kMicros,
                                   item.held_time.most / per * kMicros};
        of(all, meter).amount = {item.held_time.least / per * money,
                                 item.held_time.most / per * money};
    };
    add(Meter::RecoveryPoints, probe_.prices(id).points);
    add(Meter::CacheStorage, probe_.prices(id).cache);
}

ExpectedMeters BillingAccount::expected(MachineId id) {
    Item& item = items_[id.value];
    const BilledMachine& prices = probe_.prices(id);
    const Instant now = clock_.now();
    const auto lasted = [&](const Stretch& stretch) {
        return std::min(stretch.until, now) - stretch.from;
    };
    ExpectedMeters all;
    for (const Stretch& licensed : item.licensed) {
        if (!prices.licence) break;
        Expected& meter = of(all, Meter::Licence);
        const Stretch paid{std::max(licensed.from, std::min(*item.free_until, now)),
                           licensed.until};
        Expected free;
        expect(free, *prices.licence, 1, lasted(licensed));
        Expected due;
        if (paid.from < paid.until) expect(due, *prices.licence, 1, lasted(paid));
        meter.quantity.add(free.quantity.least);
        meter.amount.add(due.amount.least);
    }
    for (const KeptDisk& disk : item.disks) {
        expect(of(all, Meter::ReplicaDisks), disk.price.price,
               static_cast<double>(disk.price.level), lasted(disk.kept));
    }
    for (const KeptDisk& disk : item.test_disks) {
        expect(of(all, Meter::TestDisks), disk.price.price, static_cast<double>(disk.price.level),
               lasted(disk.kept));
    }
    for (const BilledInstance which : {BilledInstance::Test, BilledInstance::Recovery}) {
        if (!prices.machine_hour) break;
        const bool test = which == BilledInstance::Test;
        Expected& meter = of(all, test ? Meter::TestMachine : Meter::RecoveryMachine);
        for (const Stretch& ran : billed_runs(id, which)) {
            expect(meter, *prices.machine_hour, 1, lasted(ran));
        }
    }
    hold(item, item.held);
    count_sent(id);
    count_sent(estate_.machine(id).reverse);
    expect_points(id, all);
    expect_traffic(id, all);
    return all;
}

std::optional<bool> BillingAccount::runs(MachineId id, Meter meter) const {
    const Item& item = items_[id.value];
    const BilledMachine& prices = probe_.prices(id);
    const auto any_disk = [](const std::vector<KeptDisk>& disks) {
        return std::any_of(disks.begin(), disks.end(),
                           [](const KeptDisk& disk) { return disk.kept.lasts(); });
    };
    switch (meter) {
        case Meter::Licence: return prices.licence && any_lasts(item.licensed);
        case Meter::ReplicaDisks: return any_disk(item.disks);
        case Meter::TestDisks: return any_disk(item.test_disks);
        case Meter::TestMachine:
            return prices.machine_hour && any_lasts(billed_runs(id, BilledInstance::Test));
        case Meter::RecoveryMachine:
            return prices.machine_hour && any_lasts(billed_runs(id, BilledInstance::Recovery));
        case Meter::RecoveryPoints:
        case Meter::CacheStorage:
            if (item.is_billed() && item.has_points) return std::nullopt;
            return false;
        default: return false;
    }
}

double BillingAccount::pieces(MachineId id) const {
    const double days = to_seconds(clock_.now().since_start()) / 86'400;
    return static_cast<double>(items_[id.value].told) + std::ceil(days) + 2;
}

}  // namespace landfall::lab
