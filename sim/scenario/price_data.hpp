// sim/scenario/price_data.hpp — the built-in price books as typed data, and which price is whose.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/economics/meter.hpp"
#include "model/economics/price_book.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::scenario {

/// Names of the built-in price books, sorted.
std::vector<std::string> price_book_names();

/// The built-in book of that name, or nothing. A built-in file that is not complete is a broken
/// invariant (InvariantViolation), not the user's mistake.
std::optional<PriceBook> find_price_book(std::string_view name);

/// Reads a price book's text. Throws InvariantViolation when a term or a price lacks its unit, its
/// source or its standing.
PriceBook parse_price_book(std::string_view json);

/// The book of the service profile's year: "prices-2018" for "asr-2018".
std::string price_book_of(const ServiceProfile& profile);

/// How a replica of `disk` is billed; nothing if it is larger than any tier of its type.
std::optional<BilledDisk> billed_disk(const Scenario& scenario, const Disk& disk);
/// How a machine of `group` is billed by the scenario's prices.
BilledMachine billed_machine(const Scenario& scenario, const MachineGroup& group);
/// The same of all of them, and nothing of what else is among the `legs`: a reverse leg is billed
/// as its item.
std::vector<BilledMachine> billed_machines(const Scenario& scenario,
                                           const std::vector<ExpandedMachine>& machines,
                                           std::size_t legs);

}  // namespace landfall::scenario
