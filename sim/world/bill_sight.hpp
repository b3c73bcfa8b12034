// sim/world/bill_sight.hpp — lets the invariants of the bill look at a run.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/lab/billing_board.hpp"
#include "sim/record/billing_feed.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/scenario.hpp"
#include "sim/world/engine_uploads.hpp"
#include "sim/world/world.hpp"

namespace landfall::world {

class BillSight : public lab::BillingProbe {
  public:
    /// All outlive this.
    BillSight(const Estate& estate, const World& world, const SiteRecovery& logic,
              const record::BillingFeed& billing)
        : estate_(estate), world_(world), logic_(logic), billing_(billing) {}

    [[nodiscard]] std::size_t items() const override;
    [[nodiscard]] lab::MachineTimes machine(MachineId item, BilledInstance which) const override;
    [[nodiscard]] bool is_at_home(MachineId item) const override;
    [[nodiscard]] bool replicates(DiskId disk) const override {
        return logic_.engine().replicates(disk);
    }
    [[nodiscard]] Bytes uploaded(MachineId leg) const override {
        return logic_.engine().uploaded(leg);
    }
    [[nodiscard]] ProcessServerId server_of(MachineId leg) const override {
        return logic_.engine().server_of(leg);
    }
    [[nodiscard]] std::optional<BilledDisk> price_of(DiskId disk) const override {
        return billing_.price_of(disk);
    }
    [[nodiscard]] const BilledMachine& prices(MachineId item) const override {
        return billing_.prices(item);
    }
    [[nodiscard]] Duration protected_before() const override { return billing_.protected_before(); }
    [[nodiscard]] Bytes crossed(ProcessServerId server) const override;
    [[nodiscard]] const PriceBook& book() const override { return billing_.book(); }
    [[nodiscard]] std::vector<BillingLine> lines(Instant from, Instant to) const override {
        return billing_.lines(from, to);
    }
    [[nodiscard]] bool meter_runs(MachineId item, Meter meter) const override {
        return billing_.meter_runs(item, meter);
    }

  private:
    const Estate& estate_;
    const World& world_;
    const SiteRecovery& logic_;
    const record::BillingFeed& billing_;
};

/// The bill of a run, which it tells what changes in the world; and behind it the board of its
/// invariants, where oracles are wanted.
class BillWatch {
  public:
    /// All outlive this; `logic` may be made later, before anything is told.
    BillWatch(const scenario::Scenario& scenario,
              const std::vector<scenario::ExpandedMachine>& machines, const Estate& estate,
              const World& world, const SiteRecovery& logic);

    [[nodiscard]] record::BillingFeed& feed() { return feed_; }
    [[nodiscard]] const record::BillingFeed& feed() const { return feed_; }

    // The bill has heard of these two from the recorder.
    void state_changed(MachineId item, std::string_view state) {
        if (board_) board_->account().state_changed(item, state);
    }
    void replication_changed(MachineId leg) {
        if (board_) board_->account().replication_changed(leg);
    }
    /// A disk that was resized has another price.
    void noted(std::string_view kind, std::string_view subject, std::string_view detail);
    void machine_changed(MachineId item);
    void read();
    /// The run is over and the bill closed.
    void add_to(lab::OracleReport& report);

  private:
    const scenario::Scenario& scenario_;
    const std::vector<scenario::ExpandedMachine>& machines_;
    const Estate& estate_;
    const World& world_;
    EngineUploads uploads_;
    record::BillingFeed feed_;
    BillSight sight_;
    std::optional<lab::BillingBoard> board_;
};

}  // namespace landfall::world
