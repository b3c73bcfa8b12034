// model/economics/meter.hpp — the billing meter: facts in, billing lines out, exact in integers.
//
// Everything billed is a level over time: an instance, bytes that are kept, a machine that runs. An
// amount that was moved between two readings is spread evenly between them. What a stretch of time
// costs is the difference of two running totals, each rounded down, so that
//   - the parts of any partition of time add up to the whole, to the millionth;
//   - what costs something never becomes cheaper by lasting longer.
// Nothing is billed outside the existence of its thing, and nothing after the item was removed.
//
// The licence counts instances by their share of the month ("average daily instances", common.md
// section 8, unconfirmed there). The free period of a machine begins when it is first protected and
// runs on without it; enabling it again grants no other [A].
// Sources: site-recovery-faq.md; azure-to-azure-common-questions.md; vmware-physical-aws.md 7.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/economics/meter_events.hpp"
#include "model/economics/price_book.hpp"

namespace landfall {

enum class Meter : std::uint8_t {
    Licence,
    ReplicaDisks,
    RecoveryPoints,  ///< what points hold besides the replica disks
    CacheStorage,    ///< the cache or log account
    Transactions,
    Egress,
    TestMachine,
    TestDisks,
    RecoveryMachine,
};

inline constexpr std::size_t kMeters = 9;

std::string_view name_of(Meter meter);

/// How a machine is billed: places in the price book. What has no price is not billed for it.
struct BilledMachine {
    std::optional<std::size_t> licence;
    std::optional<std::size_t> machine_hour;
    std::optional<std::size_t> egress;
    std::optional<std::size_t> cache;             ///< storage of the cache or log account
    std::optional<std::size_t> points;            ///< storage of recovery points
    std::optional<std::size_t> transactions;      ///< against it
    std::vector<BilledDisk> disks;                ///< of its replica
    std::optional<std::size_t> egress_home = {};  ///< from Azure to a site of the customer
};

struct BillingLine {
    MachineId machine;
    Meter meter = Meter::Licence;
    std::size_t price = 0;  ///< in the price book
    bool free = false;      ///< of the free period: unit price and amount are 0
    Instant from;
    Instant to;
    std::int64_t month = 0;            ///< 0 is the first
    std::int64_t quantity_micros = 0;  ///< millionths of the price's unit
    std::int64_t amount_micros = 0;    ///< millionths of the currency
    Duration level_time;               ///< of a licence: time of the instance
};

class BillingMeter : public MeterEvents {
  public:
    BillingMeter(const PriceBook& book, std::vector<BilledMachine> machines);

    // MeterEvents
    void replica_disks_kept(MachineId machine, std::span<const BilledDisk> disks,
                            Instant at) override;
    void protected_since(MachineId machine, Instant at, Duration before) override;
    void protection_ended(MachineId machine, Instant at) override;
    void instance_exists(MachineId machine, BilledInstance instance, bool exists,
                         Instant at) override;
    void instance_running(MachineId machine, BilledInstance instance, bool runs,
                          Instant at) override;
    void traffic(MachineId machine, Instant from, Instant to, const MeteredTraffic& moved) override;
    void recovery_points_hold(MachineId machine, Bytes held, Instant at) override;

    /// What [from, to) costs, in order of machine, meter, price and time; no line crosses the end
    /// of a billing month. Lines that follow one another at one price are one.
    [[nodiscard]] std::vector<BillingLine> lines(Instant from, Instant to) const;

    [[nodiscard]] const BilledMachine& facts(MachineId machine) const {
        return machines_[machine.value].facts;
    }
    [[nodiscard]] const PriceBook& book() const { return book_; }
    /// Whether something is billed by that meter now; by any.
    [[nodiscard]] bool is_open(MachineId machine, Meter meter) const;
    [[nodiscard]] bool is_open(MachineId machine) const {
        return !machines_[machine.value].open.empty();
    }

  private:
    /// A level of something over [from, to). `per` is what the level is divided by in time: a month
    /// for a price per month; for an amount that was moved, the span itself.
    struct Usage {
        MachineId machine;
        Meter meter;
        std::size_t price;
        bool free;
        std::int64_t level;
        Instant from;
        Instant to;
        Duration per;
    };
    struct MachineState {
        BilledMachine facts;
        std::vector<std::size_t> open;  ///< usages that have not ended
        std::optional<Instant> free_until;
        std::optional<Instant> removed;  ///< and not enabled again since
        bool is_protected = false;
    };

    void begin(MachineId machine, Meter meter, std::size_t price, std::int64_t level, Instant from);
    /// Ends the machine's open usages of the meter; of all meters without one.
    void end(MachineId machine, std::optional<Meter> meter, Instant at);
    void add_moved(MachineId machine, Meter meter, std::size_t price, std::int64_t amount,
                   Instant from, Instant to);
    void add_lines(const Usage& usage, Instant from, Instant to,
                   std::vector<BillingLine>& lines) const;
    [[nodiscard]] Duration period_of(PriceUnit unit) const;
    MachineState& state(MachineId machine) { return machines_[machine.value]; }

    const PriceBook& book_;
    std::vector<MachineState> machines_;
    std::vector<Usage> usages_;
};

/// Sum of the amounts.
std::int64_t total_micros(const std::vector<BillingLine>& lines);
/// Instance time of the licence that was paid for.
Duration licence_time(const std::vector<BillingLine>& lines);

}  // namespace landfall
