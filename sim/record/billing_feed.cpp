// sim/record/billing_feed.cpp — states and readings become facts of the meter.
#include "sim/record/billing_feed.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "model/base/mutant.hpp"
#include "sim/record/recorder.hpp"

namespace landfall::record {

namespace {

constexpr Duration kReadEvery = hours(1);
constexpr std::int64_t kReadingsPerDay = 24;
constexpr std::int64_t kMarks = 24;  ///< of a retention, or up to twice as many

bool means_copying(std::string_view state) {
    return state == "InitialReplicationInProgress" || state == "Protected";
}
bool means_removed(std::string_view state) {
    return state == "UnprotectedStatesEnd" || state == "MigrationComplete" ||
           state == "UnprotectedStatesBegin" || state == "EnablingFailed";
}
/// Replica disks are there, or made again.
bool means_disks(std::string_view state) {
    return means_copying(state) || state == "ReprotectInitiated";
}

bool is_between_clouds(ScenarioKind kind) {
    return kind == ScenarioKind::AzureToAzure || kind == ScenarioKind::ZoneToZone;
}

}  // namespace

BillingFeed::BillingFeed(const Estate& estate, const Clock& clock, const UploadCounter& uploads,
                         const PriceBook& book, std::vector<BilledMachine> machines,
                         Duration protected_before)
    : estate_(estate),
      clock_(clock),
      uploads_(uploads),
      protected_before_(protected_before),
      meter_(book, std::move(machines)),
      disks_(estate.machines.size()),
      readings_(estate.machines.size()),
      recovery_exists_(estate.machines.size()),
      next_reading_(kReadEvery) {
    for (std::size_t index = 0; index < disks_.size(); ++index) {
        disks_[index] = meter_.facts(MachineId(index)).disks;
    }
}

void BillingFeed::begin(MachineId machine) {
    Reading& reading = readings_[machine.value];
    if (reading.on) return;
    const Instant now = clock_.now();
    reading = {};
    reading.on = true;
    reading.since = now;
    reading.traffic_since = now;
    reading.traffic_uploaded = uploads_.uploaded(machine);
    reading.traffic_back = uploaded_back(machine);
    note_servers(machine);
    keep_disks(machine, true);
    if (estate_.machine(machine).engine == ReplicationEngine::Failback) {
        instance(machine, BilledInstance::Recovery, now, true);  // what is going home
    }
}

void BillingFeed::keep_disks(MachineId machine, bool kept) {
    if (meter_.is_open(machine, Meter::ReplicaDisks) == kept) return;
    if (kept) return tell_disks(machine);
    meter_.replica_disks_kept(machine, std::vector<BilledDisk>(), clock_.now());
}

void BillingFeed::tell_disks(MachineId machine) {
    const Machine& facts = estate_.machine(machine);
    std::vector<BilledDisk> kept;
    for (std::uint32_t k = 0; k < disks_[machine.value].size(); ++k) {
        if (uploads_.replicates(DiskId(facts.first_disk.value + k)) ||
            mutant(Mutant::RemovedDiskBilled)) {
            kept.push_back(disks_[machine.value][k]);
        }
    }
    meter_.replica_disks_kept(machine, kept, clock_.now());
}

std::optional<BilledDisk> BillingFeed::price_of(DiskId disk) const {
    const MachineId machine = estate_.disk(disk).machine;
    const auto& disks = disks_[machine.value];
    const std::uint32_t k = disk.value - estate_.machine(machine).first_disk.value;
    return k < disks.size() ? std::optional(disks[k]) : std::nullopt;
}

void BillingFeed::disk_resized(DiskId disk, BilledDisk price) {
    const MachineId machine = estate_.disk(disk).machine;
    disks_[machine.value][disk.value - estate_.machine(machine).first_disk.value] = price;
    if (mutant(Mutant::TierStays)) return;
    if (meter_.is_open(machine, Meter::ReplicaDisks)) tell_disks(machine);
}

void BillingFeed::note_servers(MachineId machine) {
    const MachineId back = estate_.machine(machine).reverse;
    readings_[machine.value].server = uploads_.server_of(machine);
    if (!back.is_none()) readings_[machine.value].server_back = uploads_.server_of(back);
}

void BillingFeed::replication_changed(MachineId leg) {
    const MachineId machine = estate_.item_of(leg);
    if (!readings_[machine.value].on) return;
    tell_traffic(machine);
    note_servers(machine);
    if (meter_.is_open(machine, Meter::ReplicaDisks)) tell_disks(machine);
}

void BillingFeed::state_changed(MachineId machine, std::string_view state) {
    const Instant now = clock_.now();
    Reading& reading = readings_[machine.value];
    if (means_removed(state)) {
        remove(machine);
        return;
    }
    if (mutant(Mutant::DisksEndEarly) && state == "DisablingProtection") keep_disks(machine, false);
    if (means_copying(state)) begin(machine);
    if (reading.on && means_disks(state)) keep_disks(machine, true);
    if (state == "Protected") {
        const Duration before = now == Instant() ? protected_before_ : Duration(0);
        meter_.protected_since(machine, now, before);
        // From here on, what is uploaded is held by points.
        if (reading.uploaded.empty()) reading.uploaded.push_back(held_by(machine));
    }
    // Commit keeps one point only, and replication has ended: nothing is held besides the disks.
    if (state == "UnplannedFailoverCommitted" || state == "PlannedFailoverStatesBegin") {
        tell_traffic(machine);
        meter_.recovery_points_hold(machine, Bytes(0), now);
        reading.held = Bytes(0);
        reading.uploaded.clear();
        // SR/vmware-azure-failback.md: at home, with the machine in Azure its disks went.
        const bool is_home = !recovery_exists_[machine.value] &&
                             estate_.machine(machine).engine != ReplicationEngine::Failback;
        if (is_home) keep_disks(machine, false);
    }
}

void BillingFeed::instance(MachineId machine, BilledInstance which, std::optional<Instant> created,
                           bool runs) {
    const Instant now = clock_.now();
    const Reading& reading = readings_[machine.value];
    const bool exists = created.has_value();
    const bool is_source = estate_.machine(machine).engine == ReplicationEngine::Failback;
    if (which == BilledInstance::Recovery) recovery_exists_[machine.value] = exists;
    if (exists && !reading.on) return;  // its user's
    if (exists && !is_source && *created < reading.since) return;
    meter_.instance_exists(machine, which, exists, now);
    const bool runs_up = runs || mutant(Mutant::StoppedMachineBilled);
    meter_.instance_running(machine, which, exists && runs_up, now);
}

void BillingFeed::remove(MachineId machine) {
    if (!readings_[machine.value].on) return;
    if (!mutant(Mutant::LastReadingLost)) tell_traffic(machine);
    readings_[machine.value].on = false;
    meter_.protection_ended(machine, clock_.now());
}

// --- Readings

Bytes BillingFeed::uploaded_back(MachineId machine) const {
    const MachineId back = estate_.machine(machine).reverse;
    return back.is_none() ? Bytes(0) : uploads_.uploaded(back);
}

/// What points in the cloud are made of.
Bytes BillingFeed::held_by(MachineId machine) const {
    const bool both_ways = is_between_clouds(estate_.machine(machine).kind);
    return uploads_.uploaded(machine) + (both_ways ? uploaded_back(machine) : Bytes(0));
}

Bytes BillingFeed::over_wire(ProcessServerId by, Bytes logs) const {
    if (mutant(Mutant::EgressBeforeCompression)) return logs;
    const auto& server = estate_.process_server(by);
    return Bytes(detail::scale(logs.count(), 1000, server.compression_permille, true));
}

void BillingFeed::tell_traffic(MachineId machine) {
    Reading& reading = readings_[machine.value];
    const Instant now = clock_.now();
    const Bytes uploaded = uploads_.uploaded(machine);
    const Bytes back = uploaded_back(machine);
    const Bytes there = uploaded - reading.traffic_uploaded;
    const Bytes home = back - reading.traffic_back;
    if (now > reading.traffic_since && there + home > Bytes(0)) {
        MeteredTraffic moved{there, over_wire(reading.server, there)};
        if (home > Bytes(0)) {
            const Bytes wire = over_wire(reading.server_back, home);
            if (is_between_clouds(estate_.machine(machine).kind)) {
                moved.logs += home;
                moved.over_wire += wire;
            } else if (!mutant(Mutant::EgressOneWay)) {
                moved.home = wire;
            }
        }
        meter_.traffic(machine, reading.traffic_since, now, moved);
    }
    reading.traffic_since = now;
    reading.traffic_uploaded = uploaded;
    reading.traffic_back = back;
}

Duration BillingFeed::mark_spacing(MachineId machine) const {
    const Duration retention = estate_.policy(estate_.machine(machine).policy).retention;
    const std::int64_t readings = retention.count() / kReadEvery.count();
    return kReadEvery * std::max<std::int64_t>(1, readings / kMarks);
}

void BillingFeed::tell_held(MachineId machine, bool mark) {
    Reading& reading = readings_[machine.value];
    if (reading.uploaded.empty()) return;  // no point yet, or none any more
    if (estate_.policy(estate_.machine(machine).policy).retention == Duration(0)) return;
    const Bytes uploaded = held_by(machine);
    const Bytes held = uploaded - reading.uploaded.front();
    if (mark) {
        const Duration retention = estate_.policy(estate_.machine(machine).policy).retention;
        const auto kept =
            static_cast<std::size_t>((retention.count() + mark_spacing(machine).count() - 1) /
                                     mark_spacing(machine).count());
        reading.uploaded.push_back(uploaded);
        while (reading.uploaded.size() > kept) reading.uploaded.pop_front();
    }
    const std::int64_t apart =
        held > reading.held ? (held - reading.held).count() : (reading.held - held).count();
    const bool emptied = held == Bytes(0) && reading.held > Bytes(0);
    if (!emptied && apart * 4 <= reading.held.count()) return;
    meter_.recovery_points_hold(machine, held, clock_.now());
    reading.held = held;
}

bool BillingFeed::read() {
    if (clock_.now() < next_reading_) return false;
    ++readings_taken_;
    next_reading_ = clock_.now() + kReadEvery;
    for (std::size_t index = 0; index < readings_.size(); ++index) {
        const MachineId machine(index);
        if (!readings_[index].on) continue;
        if (readings_taken_ % kReadingsPerDay == 0) tell_traffic(machine);
        const std::int64_t spacing =
            std::max<std::int64_t>(1, mark_spacing(machine).count() / kReadEvery.count());
        tell_held(machine, readings_taken_ % spacing == 0);
    }
    return true;
}

void BillingFeed::close() {
    for (std::size_t index = 0; index < readings_.size(); ++index) {
        if (readings_[index].on) tell_traffic(MachineId(index));
    }
    lines_ = meter_.lines(Instant(), clock_.now());
}

// --- What a result shows

namespace {

double in_units(std::int64_t micros) {
    return static_cast<double>(micros) / 1e6;
}

}  // namespace

Table billing_table(const BillingFeed& feed, const Estate& estate) {
    std::vector<std::int32_t> machine;
    NameColumn meter;
    NameColumn price;
    std::vector<std::int64_t> month;
    std::vector<double> from_s;
    std::vector<double> to_s;
    std::vector<double> quantity;
    NameColumn unit;
    std::vector<double> unit_price;
    std::vector<double> amount;
    std::vector<std::int64_t> amount_micros;
    NameColumn currency;
    NameColumn standing;
    NameColumn source;
    const PriceBook& book = feed.book();
    for (const BillingLine& line : feed.lines()) {
        const Price& rate = book.prices[line.price];
        machine.push_back(static_cast<std::int32_t>(line.machine.value));
        meter.add(name_of(line.meter));
        price.add(rate.key);
        month.push_back(line.month);
        from_s.push_back(to_seconds(line.from.since_start()));
        to_s.push_back(to_seconds(line.to.since_start()));
        quantity.push_back(in_units(line.quantity_micros));
        unit.add(name_of(rate.unit));
        unit_price.push_back(line.free ? 0.0 : in_units(rate.micros));
        amount.push_back(in_units(line.amount_micros));
        amount_micros.push_back(line.amount_micros);
        currency.add(book.currency);
        standing.add(line.free ? "documented" : name_of(rate.standing));
        source.add(line.free ? "free period of the instance" : std::string_view(rate.source));
    }
    std::vector<std::string> names;
    for (const Machine& known : estate.machines) names.push_back(known.name);
    return {"billing",
            {{"machine", std::move(machine), names},
             meter.finish("meter"),
             price.finish("price"),
             {"month", std::move(month), std::nullopt},
             {"from_s", std::move(from_s), std::nullopt},
             {"to_s", std::move(to_s), std::nullopt},
             {"quantity", std::move(quantity), std::nullopt},
             unit.finish("unit"),
             {"unit_price", std::move(unit_price), std::nullopt},
             {"amount", std::move(amount), std::nullopt},
             {"amount_micros", std::move(amount_micros), std::nullopt},
             currency.finish("currency"),
             standing.finish("standing"),
             source.finish("source")}};
}

std::vector<BillingTotals> billing_by_machine(const BillingFeed& feed, std::size_t machines) {
    std::vector<std::int64_t> micros(machines);
    std::vector<Duration> licence(machines);
    for (const BillingLine& line : feed.lines()) {
        micros[line.machine.value] += line.amount_micros;
        if (!line.free) licence[line.machine.value] += line.level_time;
    }
    std::vector<BillingTotals> totals;
    for (std::size_t index = 0; index < machines; ++index) {
        totals.push_back({in_units(micros[index]), to_seconds(licence[index]) / 86'400});
    }
    return totals;
}

nlohmann::json billing_summary(const BillingFeed& feed) {
    std::map<std::string, std::int64_t> by_meter;
    std::map<std::int64_t, std::int64_t> by_month;
    for (const BillingLine& line : feed.lines()) {
        by_meter[std::string(name_of(line.meter))] += line.amount_micros;
        by_month[line.month] += line.amount_micros;
    }
    nlohmann::json meters = nlohmann::json::object();
    for (const auto& [meter, micros] : by_meter) meters[meter] = in_units(micros);
    nlohmann::json months = nlohmann::json::array();
    for (const auto& [month, micros] : by_month) {
        months.push_back({{"month", month}, {"cost", in_units(micros)}});
    }
    return {{"prices", feed.book().name},
            {"currency", feed.book().currency},
            {"by_meter", std::move(meters)},
            {"by_month", std::move(months)}};
}

BillingTotals billing_totals(const BillingFeed& feed) {
    return {in_units(total_micros(feed.lines())), to_seconds(licence_time(feed.lines())) / 86'400};
}

}  // namespace landfall::record
