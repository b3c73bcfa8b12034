// sim/lab/billing_board.hpp — the invariants of the bill, B1 to B5: what the invoice must say of a
// run, whatever happened in it.
//
// Idea: the board keeps an account of its own beside the meter (billing_account.hpp) and, when the
// run is over, holds the invoice against it. C6 (control_board.hpp) watches the meters while the
// run goes on; these are about the money. They need no content, so they watch at either fidelity.
//
// That an invoice does not depend on who comes first among what happens at one instant follows: the
// account is an integral over time, to which a moment adds nothing, and B1, B3 and B4 hold the
// invoice to it. B5 asks for the rest: the parts of any partition of time add up to the whole.
//
// Law: a board only looks. A run with one and a run without are the same run.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/lab/billing_account.hpp"
#include "sim/lab/oracle_report.hpp"

namespace landfall::lab {

inline constexpr std::size_t kBillingOracles = 5;

/// B1 to B5, for documentation and tests.
std::span<const OracleCard, kBillingOracles> billing_oracles();

class BillingBoard {
  public:
    /// All outlive the board.
    BillingBoard(const Estate& estate, const Clock& clock, const BillingProbe& probe,
                 std::size_t violations_kept = 100);

    /// Tell it of everything that changes what is billed, as soon as it has changed.
    BillingAccount& account() { return account_; }
    /// The run is over, and the bill has been read for the last time. Call it once.
    void finish();

    [[nodiscard]] const std::vector<Violation>& violations() const { return violations_; }
    [[nodiscard]] std::uint64_t violation_count() const;
    /// Adds its rows and violations to those of a report.
    void add_to(OracleReport& report) const;

  private:
    enum Oracle : std::size_t { kResources, kNothingAfter, kCompute, kEgress, kParts };
    struct Count {
        std::uint64_t checked = 0;
        std::uint64_t violations = 0;
    };
    /// Millionths.
    struct Sum {
        std::int64_t quantity = 0;
        std::int64_t amount = 0;
        bool operator==(const Sum&) const = default;
    };

    [[nodiscard]] static Oracle oracle_of(Meter meter);
    void check_amounts(MachineId item, const std::array<Sum, kMeters>& billed);
    void check_end(MachineId item);
    void check_line(const BillingLine& line);
    void check_crossing();
    void check_parts(const std::vector<BillingLine>& whole);
    [[nodiscard]] bool is_in_a_life(const BillingLine& line) const;
    void fail(Oracle oracle, MachineId item, const std::string& what, const std::string& expected,
              const std::string& found);

    const Estate& estate_;
    const Clock& clock_;
    const BillingProbe& probe_;
    BillingAccount account_;
    std::size_t kept_;
    std::array<Count, kBillingOracles> counts_ = {};
    std::vector<Violation> violations_;
};

}  // namespace landfall::lab
