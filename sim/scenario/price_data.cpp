// sim/scenario/price_data.cpp — reads the embedded price books, and finds a machine's prices.
#include "sim/scenario/price_data.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "sim/scenario/embedded.hpp"
#include "sim/scenario/profile_data.hpp"

namespace landfall::scenario {

namespace {

using Json = nlohmann::json;

[[noreturn]] void incomplete(const std::string& name, const std::string& what) {
    throw InvariantViolation("price book " + name + ": " + what);
}

/// A term's value after a look at its unit and source.
double term(const Json& terms, const char* key, const char* unit, const std::string& book) {
    const Json& entry = terms.at(key);
    if (entry.at("unit").get<std::string>() != unit) {
        incomplete(book, std::string(key) + " is not in '" + unit + "'");
    }
    if (entry.at("source").get<std::string>().empty()) {
        incomplete(book, std::string(key) + " has no source");
    }
    return entry.at("value").get<double>();
}

Duration seconds_of(double value) {
    return Duration(std::llround(value * static_cast<double>(kNanosecondsPerSecond)));
}

Price read_price(const Json& entry, const std::string& book) {
    Price price;
    price.key = entry.at("key").get<std::string>();
    price.micros = std::llround(entry.at("price").get<double>() * 1e6);
    price.dated = entry.at("dated").get<std::string>();
    price.source = entry.at("source").get<std::string>();
    const auto unit = price_unit_named(entry.at("unit").get<std::string>());
    const auto standing = price_standing_named(entry.at("standing").get<std::string>());
    if (!unit) incomplete(book, price.key + " has no known unit");
    if (!standing) incomplete(book, price.key + " has no known standing");
    if (price.source.empty() || price.dated.empty()) {
        incomplete(book, price.key + " has no source or no date");
    }
    // An assumption is told as one, in the source and in the standing alike.
    const bool assumed = price.source.find("[A]") != std::string::npos;
    if (assumed != (*standing == PriceStanding::Assumed)) {
        incomplete(book, price.key + " is assumed in one place and not in the other");
    }
    price.unit = *unit;
    price.standing = *standing;
    return price;
}

std::size_t place_of(const PriceBook& book, std::string_view key) {
    const auto place = book.find(key);
    LANDFALL_CHECK(place.has_value(), "a price book has every price that a machine can need");
    return *place;
}

std::optional<std::size_t> egress_of(const PriceBook& book, const MachineGroup& group) {
    switch (group.replication) {
        case Replication::AzureToAzure:
            return place_of(book, group.zone_to_zone ? "egress_inter_zone" : "egress_inter_region");
        case Replication::Failback: return place_of(book, "egress_internet");
        case Replication::InMageToAzure:
            if (group.kind == "aws") return place_of(book, "egress_aws");
            if (group.kind == "azure") return place_of(book, "egress_inter_region");
            return std::nullopt;
        default: return std::nullopt;
    }
}

/// What a failback to a site of the customer pays for. An AWS instance never goes back.
std::optional<std::size_t> egress_home_of(const PriceBook& book, const MachineGroup& group) {
    const bool comes_home = group.replication == Replication::HyperVToAzure ||
                            (group.replication == Replication::InMageToAzure &&
                             (group.kind == "vmware" || group.kind == "physical"));
    if (!comes_home) return std::nullopt;
    return place_of(book, "egress_internet");
}

}  // namespace

PriceBook parse_price_book(std::string_view json) {
    PriceBook book;
    try {
        const Json file = Json::parse(json);
        book.name = file.at("name").get<std::string>();
        book.currency = file.at("currency").get<std::string>();
        const Json& terms = file.at("terms");
        book.free_period = seconds_of(term(terms, "free_period", "s", book.name));
        book.billing_month = seconds_of(term(terms, "billing_month", "s", book.name));
        book.request_size = Bytes(std::llround(term(terms, "request_size", "B", book.name)));
        for (const Json& entry : file.at("prices")) {
            Price price = read_price(entry, book.name);
            if (book.find(price.key)) incomplete(book.name, price.key + " stands there twice");
            book.prices.push_back(std::move(price));
        }
    } catch (const Json::exception& error) {
        incomplete(book.name, error.what());
    }
    return book;
}

std::vector<std::string> price_book_names() {
    std::vector<std::string> names;
    for (const EmbeddedPriceBook& file : embedded_price_books()) names.emplace_back(file.name);
    std::sort(names.begin(), names.end());
    return names;
}

std::optional<PriceBook> find_price_book(std::string_view name) {
    for (const EmbeddedPriceBook& file : embedded_price_books()) {
        if (file.name == name) return parse_price_book(file.json);
    }
    return std::nullopt;
}

std::string price_book_of(const ServiceProfile& profile) {
    return "prices-" + profile.name.substr(profile.name.find('-') + 1);
}

std::optional<BilledDisk> billed_disk(const Scenario& scenario, const Disk& disk) {
    const PriceBook& book = scenario.billing.book;
    if (disk.target_type != "premium_ssd") {
        return BilledDisk{place_of(book, disk.target_type + "_storage"), disk.used.count()};
    }
    const TargetDiskTier* tier = find_tier(scenario.profile, disk.target_type, disk.size);
    if (tier == nullptr) return std::nullopt;
    std::string key = "premium_disk_" + tier->name;
    std::transform(key.begin(), key.end(), key.begin(), [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    });
    return BilledDisk{place_of(book, key), 1};
}

BilledMachine billed_machine(const Scenario& scenario, const MachineGroup& group) {
    const PriceBook& book = scenario.billing.book;
    const auto priced = [&](std::string_view key) { return place_of(book, key); };
    BilledMachine billed;
    billed.egress = egress_of(book, group);
    billed.egress_home = egress_home_of(book, group);
    if (group.replication == Replication::HyperVToSecondary ||
        group.replication == Replication::ScoutToSecondary) {
        billed.licence = priced("licence_to_customer_site");  // and all the rest is the customer's
        return billed;
    }
    billed.licence = priced("licence_to_azure");
    billed.machine_hour = priced("machine_hour_" + group.os);
    if (group.replication == Replication::Failback) return billed;  // the replica is on-premises
    // site-recovery-faq.md: logs lie in a standard account; azure-to-azure-common-questions.md:
    // the points of an Azure machine are snapshots of its replica disks.
    if (group.replication == Replication::AzureToAzure) {
        billed.points = priced("recovery_point_storage");
    } else {
        billed.cache = priced("cache_storage");
    }
    billed.transactions = priced("transactions");
    for (const Disk& disk : group.disks) {
        const auto price = billed_disk(scenario, disk);
        LANDFALL_CHECK(price.has_value(), "a checked disk has a tier");
        billed.disks.push_back(*price);
    }
    return billed;
}

std::vector<BilledMachine> billed_machines(const Scenario& scenario,
                                           const std::vector<ExpandedMachine>& machines,
                                           std::size_t legs) {
    std::vector<BilledMachine> billed;
    for (const ExpandedMachine& machine : machines) {
        billed.push_back(billed_machine(scenario, scenario.machines[machine.group]));
    }
    billed.resize(legs);
    return billed;
}

}  // namespace landfall::scenario
