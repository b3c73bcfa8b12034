// model/economics/price_book.cpp — names of units and standings, and the look-up of a price.
#include "model/economics/price_book.hpp"

#include <array>

namespace landfall {

namespace {

constexpr std::array<std::string_view, 5> kStandings = {"documented", "third_party", "contradicted",
                                                        "assumed", "scenario"};
constexpr std::array<std::string_view, 6> kUnits = {
    "instance-month", "GB-month", "disk-month", "machine-hour", "GB", "10,000 transactions"};

template <typename Value, std::size_t Count>
std::optional<Value> named(const std::array<std::string_view, Count>& names,
                           std::string_view name) {
    for (std::size_t index = 0; index < Count; ++index) {
        if (names[index] == name) return static_cast<Value>(index);
    }
    return std::nullopt;
}

}  // namespace

std::string_view name_of(PriceStanding standing) {
    return kStandings[static_cast<std::size_t>(standing)];
}

std::string_view name_of(PriceUnit unit) {
    return kUnits[static_cast<std::size_t>(unit)];
}

std::optional<PriceStanding> price_standing_named(std::string_view name) {
    return named<PriceStanding>(kStandings, name);
}

std::optional<PriceUnit> price_unit_named(std::string_view name) {
    return named<PriceUnit>(kUnits, name);
}

std::optional<std::size_t> PriceBook::find(std::string_view key) const {
    for (std::size_t index = 0; index < prices.size(); ++index) {
        if (prices[index].key == key) return index;
    }
    return std::nullopt;
}

}  // namespace landfall
