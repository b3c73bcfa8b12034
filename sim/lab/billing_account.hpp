// sim/lab/billing_account.hpp — a second account of a run: what existed and when, kept beside the
// meter, from what the world shows.
//
// Idea: an invoice is right if it equals resource times price over the time in which the resource
// was there. The account hears of states, machines and readings, keeps for each item the stretches
// of time in which something of it existed, and adds them up itself; it shares no code with the
// meter and looks at none of its state. The rules that it goes by are those of the documents:
//   - an item is billed from the first copy of a disk on to the end of its disable or of Complete
//     Migration (common.md 4.7);
//   - its licence from the end of initial replication on, less 31 days once (site-recovery-faq.md);
//   - a replica disk while the item replicates it, at home without a machine in Azure no longer;
//   - compute from boot to deallocation, a test's disks while it exists;
//   - points by what was uploaded within the retention, logs by what is uploaded;
//   - egress by what went over the wire.
// What is read every hour, and what a retention holds, is known within bounds only, so an account
// is two sums, and the invoice must lie between them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <vector>

#include "model/economics/meter.hpp"
#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"

namespace landfall::lab {

/// [from, until); without end while it lasts.
struct Stretch {
    Instant from;
    Instant until = Instant::never();

    [[nodiscard]] bool lasts() const { return until == Instant::never(); }
};

/// One machine of an item: when it existed and was allocated (from boot to deallocation; a guest
/// that is down is neither), in order of time.
struct MachineTimes {
    std::vector<Stretch> existed;
    std::vector<Stretch> allocated;
};

/// What the account looks at; answers are as of the moment of the call.
class BillingProbe {
  public:
    virtual ~BillingProbe() = default;
    [[nodiscard]] virtual std::size_t items() const = 0;
    /// The machine in the cloud: of an item that goes home, its source.
    [[nodiscard]] virtual MachineTimes machine(MachineId item, BilledInstance which) const = 0;
    [[nodiscard]] virtual bool is_at_home(MachineId item) const = 0;
    [[nodiscard]] virtual bool replicates(DiskId disk) const = 0;
    [[nodiscard]] virtual Bytes uploaded(MachineId leg) const = 0;
    [[nodiscard]] virtual ProcessServerId server_of(MachineId leg) const = 0;
    /// How a replica of the disk is billed, as large as it is now; nothing if it is not.
    [[nodiscard]] virtual std::optional<BilledDisk> price_of(DiskId disk) const = 0;
    /// The prices of the item; of its disks price_of tells.
    [[nodiscard]] virtual const BilledMachine& prices(MachineId item) const = 0;
    /// How long it was protected before the run.
    [[nodiscard]] virtual Duration protected_before() const = 0;
    /// What the network took over the upload of a server, and what of it is under way.
    [[nodiscard]] virtual Bytes crossed(ProcessServerId server) const = 0;

    // The invoice
    [[nodiscard]] virtual const PriceBook& book() const = 0;
    [[nodiscard]] virtual std::vector<BillingLine> lines(Instant from, Instant to) const = 0;
    [[nodiscard]] virtual bool meter_runs(MachineId item, Meter meter) const = 0;
};

/// Between what bounds an amount must lie.
struct Bounds {
    double least = 0;
    double most = 0;

    void add(double amount) {
        least += amount;
        most += amount;
    }
};

/// What a meter must show of an item, in millionths.
struct Expected {
    Bounds quantity;
    Bounds amount;
};
using ExpectedMeters = std::array<Expected, kMeters>;

class BillingAccount {
  public:
    BillingAccount(const Estate& estate, const Clock& clock, const BillingProbe& probe);

    // What it hears
    void state_changed(MachineId item, std::string_view state);
    /// A machine of the item was made, started, stopped or deleted.
    void machine_changed(MachineId item);
    /// Other disks of the leg replicate than before, or other sizes, or it goes by another server.
    void replication_changed(MachineId leg);
    /// The bill was read, which it is every hour.
    void reading_taken();

    // What it says, of now
    [[nodiscard]] ExpectedMeters expected(MachineId item);
    /// In which times the item was billed.
    [[nodiscard]] const std::vector<Stretch>& lives(MachineId item) const {
        return items_[item.value].lives;
    }
    /// Whether the meter has to run; nothing: it may.
    [[nodiscard]] std::optional<bool> runs(MachineId item, Meter meter) const;
    /// What all legs have sent, as it goes over the wire, whoever pays for it.
    [[nodiscard]] double sent_in_all();
    /// Into how many pieces, each rounded down, a line of the item may be cut at most.
    [[nodiscard]] double pieces(MachineId item) const;

  private:
    struct KeptDisk {
        DiskId id;
        BilledDisk price;
        Stretch kept;
    };
    /// What a leg sent.
    struct Sent {
        ProcessServerId server;
        Bytes counted;         ///< uploaded up to here
        Bytes logs;            ///< while its item was billed
        double over_wire = 0;  ///< of it
    };
    struct Item {
        std::vector<Stretch> lives;
        std::vector<Stretch> licensed;
        std::optional<Instant> free_until;
        bool is_committed = false;
        bool has_disks = false;
        std::vector<KeptDisk> disks;
        std::vector<KeptDisk> test_disks;
        std::uint64_t told = 0;
        // Points
        bool has_points = false;
        std::deque<Bytes> readings;  ///< what was uploaded, since there are points
        Bounds held;                 ///< from the last reading on
        Instant held_since;
        Bounds held_time;  ///< byte-seconds

        [[nodiscard]] bool is_billed() const { return !lives.empty() && lives.back().lasts(); }
    };

    void begin(MachineId item);
    void end(MachineId item);
    void follow_disks(MachineId item);
    void follow_test_disks(MachineId item);
    void follow_home_coming(MachineId item);
    void hold(Item& item, Bounds held);
    void read_points(MachineId item);
    void count_sent(MachineId leg);
    [[nodiscard]] Bytes uploaded_for_points(MachineId item) const;
    [[nodiscard]] std::vector<Stretch> billed_runs(MachineId item, BilledInstance which) const;
    void expect(Expected& meter, std::size_t price, double level, Duration lasted) const;
    void expect_traffic(MachineId item, ExpectedMeters& all) const;
    void expect_points(MachineId item, ExpectedMeters& all) const;

    const Estate& estate_;
    const Clock& clock_;
    const BillingProbe& probe_;
    std::vector<Item> items_;
    std::vector<Sent> sent_;  ///< by leg
    double sent_in_all_ = 0;
};

}  // namespace landfall::lab
