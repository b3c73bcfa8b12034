// model/economics/price_book.hpp — what things cost, as data: each price with source and date.
//
// A price book is read from model/economics/<name>.json; a scenario names one and may override any
// price. Laws: prices are whole millionths of the currency; each price says what it is worth as
// evidence, because no official price page is among the documents (common.md, gap 3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/base/units.hpp"

namespace landfall {

/// What a price rests on.
enum class PriceStanding : std::uint8_t {
    Documented,    ///< an official document states it
    ThirdParty,    ///< only others state it
    Contradicted,  ///< third parties disagree; the source names both figures
    Assumed,       ///< nobody states it: an assumption of ours
    Scenario,      ///< the scenario overrides it
};

std::string_view name_of(PriceStanding standing);

/// What one unit of a price is.
enum class PriceUnit : std::uint8_t {
    InstanceMonth,       ///< a protected instance for a billing month
    GigabyteMonth,       ///< 2^30 bytes kept for a billing month
    DiskMonth,           ///< a provisioned disk for a billing month
    MachineHour,         ///< a machine that runs for an hour
    Gigabyte,            ///< 2^30 bytes sent
    TenThousandRequests  ///< transactions against a storage account
};

std::string_view name_of(PriceUnit unit);
std::optional<PriceUnit> price_unit_named(std::string_view name);
std::optional<PriceStanding> price_standing_named(std::string_view name);

struct Price {
    std::string key;  ///< "licence_to_azure", "premium_disk_p10", ...
    PriceUnit unit = PriceUnit::GigabyteMonth;
    std::int64_t micros = 0;  ///< millionths of the currency per unit
    PriceStanding standing = PriceStanding::Assumed;
    std::string dated;   ///< the year, or year and month, that the price is of
    std::string source;  ///< where it stands; "[A]": an assumption of ours
};

/// Largest price that amounts are exact for; about 10,000 of the currency per unit.
inline constexpr std::int64_t kPriceMicrosMax = 10'000'000'000;

struct PriceBook {
    std::string name;
    std::string currency;
    Duration free_period;    ///< of each instance's licence (site-recovery-faq.md: 31 days)
    Duration billing_month;  ///< length of a month; the first begins with the run
    Bytes request_size;      ///< data that one transaction moves [A]
    std::vector<Price> prices;

    /// The place of a price in `prices`; nullopt when the book has none of that key.
    [[nodiscard]] std::optional<std::size_t> find(std::string_view key) const;
};

}  // namespace landfall
