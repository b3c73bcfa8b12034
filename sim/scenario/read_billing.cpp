// sim/scenario/read_billing.cpp — the price book of a scenario, with the prices that it changes.
#include <cmath>
#include <string>

#include "sim/scenario/price_data.hpp"
#include "sim/scenario/readers.hpp"

namespace landfall::scenario {

namespace {

void override_prices(const Json& changes, const std::string& pointer, PriceBook& book,
                     Problems& problems) {
    ObjectReader object(changes, pointer, problems);
    const ReadFactor amount{0.0, static_cast<double>(kPriceMicrosMax) / 1e6};
    for (Price& price : book.prices) {
        const auto changed = object.optional(price.key, amount);
        if (!changed) continue;
        price.micros = std::llround(*changed * 1e6);
        price.standing = PriceStanding::Scenario;
        price.dated.clear();
        price.source = "the scenario";
    }
    object.finish();
}

}  // namespace

Billing read_billing(const Json* value, const std::string& pointer, const ServiceProfile& profile,
                     Problems& problems) {
    std::string name = price_book_of(profile);
    std::string name_pointer = pointer;
    if (value != nullptr && value->is_string()) name = value->get<std::string>();
    const bool spelled_out = value != nullptr && !value->is_string();
    const Json none = Json::object();
    ObjectReader object(spelled_out ? *value : none, pointer, problems);
    if (spelled_out) {
        name = object.with_default("name", ReadText(), name);
        name_pointer = object.at("name");
    }
    std::optional<PriceBook> book = find_price_book(name);
    if (!book) {
        if (name != price_book_of(profile)) {
            note_unknown(problems, code::kUnknownChoice, name_pointer, name, "no such price book",
                         price_book_names());
        }
        book = find_price_book(price_book_names().back());
    }
    LANDFALL_CHECK(book.has_value(), "there is a built-in price book");
    Billing billing{std::move(*book), {}};
    billing.book.free_period =
        object.with_default("free_period", ReadDuration(), billing.book.free_period);
    billing.book.billing_month =
        object.with_default("billing_month", ReadDuration{hours(1)}, billing.book.billing_month);
    billing.book.request_size =
        object.with_default("request_size", ReadSize{1}, billing.book.request_size);
    billing.protected_before = object.with_default("protected_before", ReadDuration(), Duration(0));
    if (const Json* changes = object.find("override")) {
        override_prices(*changes, object.at("override"), billing.book, problems);
    }
    object.finish();
    return billing;
}

}  // namespace landfall::scenario
