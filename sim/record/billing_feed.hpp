// sim/record/billing_feed.hpp — tells the billing meter what a run's reports mean for the bill.
//
// States of items say when an instance is protected and removed; whoever sees the machines in the
// cloud says by `instance` when one is created, started, stopped and deleted. Amounts are read
// every hour: what was uploaded, and what the recovery points of the retention hold. A point holds
// the changes since the one before it, so all points together hold what was uploaded within the
// retention [A]; a reading moves the level when it changed by a quarter, which bounds the table.
//
// The bill is what Site Recovery causes, and ends with the item: at the end of Complete Migration
// or of a disable (common.md 4.7). The machine that stays in Azure is its user's from then on, and
// on no line. On the way back:
//   - the licence goes on, an instance being protected until it is removed (4.7: Commit);
//   - the machine in Azure is compute until it is deleted, by the commit of the failback;
//   - what leaves Azure for a site of the customer is egress to the internet [A: no document prices
//     a failback]; between Azure regions and zones it is the egress of the way there;
//   - points at a site of the customer are on its own storage, and free; of an Azure machine they
//     are snapshots, as on the way there;
//   - one set of replica disks is billed, beside those that the machine runs on [A]. The commit at
//     home deletes it, and replicating again makes another.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/economics/meter.hpp"
#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "sim/record/blob_writer.hpp"

namespace landfall::record {

/// What a machine has uploaded so far; the feed asks it at every reading.
class UploadCounter {
  public:
    virtual ~UploadCounter() = default;
    [[nodiscard]] virtual Bytes uploaded(MachineId machine) const = 0;
    [[nodiscard]] virtual bool replicates(DiskId disk) const = 0;
    [[nodiscard]] virtual ProcessServerId server_of(MachineId machine) const = 0;
};

class BillingFeed {
  public:
    BillingFeed(const Estate& estate, const Clock& clock, const UploadCounter& uploads,
                const PriceBook& book, std::vector<BilledMachine> machines,
                Duration protected_before);

    /// An item went into a state of Site Recovery.
    void state_changed(MachineId machine, std::string_view state);
    /// Other disks of the machine replicate than before, or it replicates by another server.
    void replication_changed(MachineId leg);
    /// A disk has another size, and its replica this price from now on [A: the replica grows with
    /// the disk; no document says when].
    void disk_resized(DiskId disk, BilledDisk price);
    /// A machine in the cloud was created or deleted, started or deallocated; `created` is when,
    /// none if there is none. Of an item that is not billed it is of no consequence, nor is one
    /// that was left from before the item was enabled: it belongs to its user.
    void instance(MachineId machine, BilledInstance which, std::optional<Instant> created,
                  bool runs);
    /// Takes a reading when one is due, and says whether; call it as often as you like.
    bool read();
    /// The run is over: the last reading.
    void close();

    /// All lines of the run, once it is closed.
    [[nodiscard]] const std::vector<BillingLine>& lines() const { return lines_; }
    /// What [from, to) costs.
    [[nodiscard]] std::vector<BillingLine> lines(Instant from, Instant to) const {
        return meter_.lines(from, to);
    }
    [[nodiscard]] const PriceBook& book() const { return meter_.book(); }
    /// Its disks are those of its replica now; price_of knows all of them.
    [[nodiscard]] const BilledMachine& prices(MachineId machine) const {
        return meter_.facts(machine);
    }
    /// How a replica of the disk is billed; nothing if it is not.
    [[nodiscard]] std::optional<BilledDisk> price_of(DiskId disk) const;
    [[nodiscard]] Duration protected_before() const { return protected_before_; }
    /// Whether anything of the item is billed now; by that meter.
    [[nodiscard]] bool meters_run(MachineId machine) const { return meter_.is_open(machine); }
    [[nodiscard]] bool meter_runs(MachineId machine, Meter meter) const {
        return meter_.is_open(machine, meter);
    }

  private:
    struct Reading {
        bool on = false;             ///< has replica disks
        Instant since;               ///< it is billed
        Instant traffic_since;       ///< the traffic up to here is told
        Bytes traffic_uploaded;      ///< what was uploaded by then
        Bytes traffic_back;          ///< the same of the leg that goes back
        std::deque<Bytes> uploaded;  ///< at the marks of the retention, newest last
        Bytes held;                  ///< level that the meter knows
        ProcessServerId server;      ///< what is uploaded goes by it
        ProcessServerId server_back;
    };

    void begin(MachineId machine);
    void keep_disks(MachineId machine, bool kept);
    [[nodiscard]] Bytes uploaded_back(MachineId machine) const;
    [[nodiscard]] Bytes held_by(MachineId machine) const;
    [[nodiscard]] Bytes over_wire(ProcessServerId by, Bytes logs) const;
    void tell_disks(MachineId machine);
    void tell_traffic(MachineId machine);
    void note_servers(MachineId machine);
    void tell_held(MachineId machine, bool mark);
    void remove(MachineId machine);
    [[nodiscard]] Duration mark_spacing(MachineId machine) const;

    const Estate& estate_;
    const Clock& clock_;
    const UploadCounter& uploads_;
    Duration protected_before_;
    BillingMeter meter_;
    std::vector<std::vector<BilledDisk>> disks_;  ///< by machine: of a replica of all its disks
    std::vector<Reading> readings_;
    std::vector<bool> recovery_exists_;
    Instant next_reading_;
    std::int64_t readings_taken_ = 0;
    std::vector<BillingLine> lines_;
};

/// One row per line.
Table billing_table(const BillingFeed& feed, const Estate& estate);

/// Sums of lines.
struct BillingTotals {
    double cost = 0;          ///< in the currency
    double licence_days = 0;  ///< paid for
};
BillingTotals billing_totals(const BillingFeed& feed);
std::vector<BillingTotals> billing_by_machine(const BillingFeed& feed, std::size_t machines);
/// The book, and sums by meter and by month.
nlohmann::json billing_summary(const BillingFeed& feed);

}  // namespace landfall::record
