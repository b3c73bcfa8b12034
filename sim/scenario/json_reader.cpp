// sim/scenario/json_reader.cpp — readers of canonical quantities, with rules in plain words.
#include "sim/scenario/json_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "sim/scenario/printable.hpp"

namespace landfall::scenario {

namespace {

constexpr std::int64_t kBitsMax = 1'000'000'000'000'000;  // 1 Pbit/s, 1 PB/s
constexpr std::int64_t kSizeMax = std::int64_t{1} << 60;  // 1 EiB

/// What a quantity is, for messages.
struct Dimension {
    const char* what;     ///< "a number of bytes"
    const char* unit;     ///< "bytes"
    const char* example;  ///< how a user writes it
};
constexpr Dimension kSize = {"a whole number of bytes", " bytes", "1.5 TiB"};
constexpr Dimension kSeconds = {"a number of seconds", " seconds", "5 min"};
constexpr Dimension kTimeOfDay = {"seconds after midnight", " seconds after midnight", "08:00"};
constexpr Dimension kBitRate = {"a number of bits per second", " bit/s", "200 Mbit/s"};
constexpr Dimension kByteRate = {"a number of bytes per second", " bytes/s", "20 MiB/s"};
constexpr Dimension kPlain = {"a number", "", ""};
constexpr Dimension kWhole = {"a whole number", "", ""};

/// Shortest text that reads back as the same number.
std::string number_text(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end.ptr};
}

std::string bound_text(double bound, const Dimension& dimension) {
    return number_text(bound) + dimension.unit;
}

/// A finite JSON number as double; notes what it is instead.
std::optional<double> number(const Json& value, const std::string& pointer, Problems& problems,
                             const Dimension& dimension) {
    if (value.is_number()) return value.get<double>();
    const bool quantity = value.is_string() && dimension.example[0] != '\0';
    if (quantity) {
        note(problems, code::kWrongUnit, pointer, shown(value),
             std::string("must be ") + dimension.what +
                 " in the canonical form; `landfall check` turns text such as \"" +
                 dimension.example + "\" into it");
    } else {
        note(problems, code::kWrongType, pointer, shown(value),
             std::string("must be ") + dimension.what);
    }
    return std::nullopt;
}

bool in_bounds(double found, double min, double max, bool above_min, const std::string& pointer,
               const Json& value, Problems& problems, const Dimension& dimension) {
    std::string rule;
    if (!(found >= min) || (above_min && found <= min)) {
        rule = min == 0.0 ? (above_min ? "must be more than 0" : "must not be negative")
                          : "must be " + std::string(above_min ? "more than " : "at least ") +
                                bound_text(min, dimension);
    } else if (!(found <= max)) {
        rule = "must be at most " + bound_text(max, dimension);
    } else {
        return true;
    }
    note(problems, code::kOutOfRange, pointer, shown(value), rule);
    return false;
}

/// A whole number within bounds; exact for everything that fits 63 bits.
std::optional<std::int64_t> whole(const Json& value, const std::string& pointer, Problems& problems,
                                  const Dimension& dimension, std::int64_t min, std::int64_t max) {
    const std::optional<double> found = number(value, pointer, problems, dimension);
    if (!found) return std::nullopt;
    const bool above_zero = min == 1;
    if (!in_bounds(*found, static_cast<double>(above_zero ? 0 : min), static_cast<double>(max),
                   above_zero, pointer, value, problems, dimension)) {
        return std::nullopt;
    }
    if (value.is_number_integer()) return value.get<std::int64_t>();
    if (*found != std::floor(*found)) {
        note(problems, code::kWrongType, pointer, shown(value),
             std::string("must be ") + dimension.what);
        return std::nullopt;
    }
    return static_cast<std::int64_t>(*found);
}

std::optional<Duration> span(const Json& value, const std::string& pointer, Problems& problems,
                             const Dimension& dimension, Duration min, Duration max) {
    const std::optional<double> found = number(value, pointer, problems, dimension);
    if (!found) return std::nullopt;
    const bool above_zero = min == Duration(1);
    const double least = above_zero ? 0.0 : to_seconds(min);
    if (!in_bounds(*found, least, to_seconds(max), above_zero, pointer, value, problems,
                   dimension)) {
        return std::nullopt;
    }
    const double rounded = std::floor(*found * static_cast<double>(kNanosecondsPerSecond) + 0.5);
    return Duration(std::max(static_cast<std::int64_t>(rounded), above_zero ? 1L : 0L));
}

}  // namespace

std::string shown(const Json& value) {
    if (value.is_object()) return "{...}";
    if (value.is_array()) return value.empty() ? "[]" : "[...]";
    return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void note(Problems& problems, std::string_view code, std::string pointer, std::string found,
          std::string message, std::vector<std::string> allowed) {
    problems.push_back({std::string(code), std::move(pointer), std::move(found), std::move(message),
                        std::move(allowed), std::nullopt});
}

void note_unknown(Problems& problems, std::string_view code, std::string pointer,
                  const std::string& found, std::string message, std::vector<std::string> allowed) {
    constexpr std::size_t kMostListed = 40;
    std::optional<std::string> nearest = nearest_word(found, allowed);
    if (allowed.size() > kMostListed) allowed.clear();
    note(problems, code, std::move(pointer), shown(Json(found)), std::move(message),
         std::move(allowed));
    problems.back().nearest = std::move(nearest);
}

std::optional<std::string> ReadText::operator()(const Json& value, const std::string& pointer,
                                                Problems& problems) const {
    if (value.is_string()) return value.get<std::string>();
    note(problems, code::kWrongType, pointer, shown(value), "must be text");
    return std::nullopt;
}

std::optional<std::string> ReadName::operator()(const Json& value, const std::string& pointer,
                                                Problems& problems) const {
    std::optional<std::string> text = ReadText()(value, pointer, problems);
    if (!text || !text->empty()) return text;
    note(problems, code::kBadName, pointer, "", "a name has at least one character");
    return std::nullopt;
}

std::optional<bool> ReadFlag::operator()(const Json& value, const std::string& pointer,
                                         Problems& problems) const {
    if (value.is_boolean()) return value.get<bool>();
    note(problems, code::kWrongType, pointer, shown(value), "must be true or false");
    return std::nullopt;
}

std::optional<std::int64_t> ReadCount::operator()(const Json& value, const std::string& pointer,
                                                  Problems& problems) const {
    return whole(value, pointer, problems, kWhole, min, max);
}

std::optional<double> ReadFactor::operator()(const Json& value, const std::string& pointer,
                                             Problems& problems) const {
    const std::optional<double> found = number(value, pointer, problems, kPlain);
    if (!found || !in_bounds(*found, min, max, above_min, pointer, value, problems, kPlain)) {
        return std::nullopt;
    }
    return found;
}

std::optional<Bytes> ReadSize::operator()(const Json& value, const std::string& pointer,
                                          Problems& problems) const {
    const auto found = whole(value, pointer, problems, kSize, min, kSizeMax);
    return found ? std::optional(Bytes(*found)) : std::nullopt;
}

std::optional<Duration> ReadDuration::operator()(const Json& value, const std::string& pointer,
                                                 Problems& problems) const {
    return span(value, pointer, problems, kSeconds, min, max);
}

std::optional<Duration> ReadClock::operator()(const Json& value, const std::string& pointer,
                                              Problems& problems) const {
    return span(value, pointer, problems, kTimeOfDay, Duration(0), days(1));
}

std::optional<BytesPerSecond> ReadBandwidth::operator()(const Json& value,
                                                        const std::string& pointer,
                                                        Problems& problems) const {
    constexpr double kSmallest = 8.0;  // one byte per second
    const std::optional<double> bits = number(value, pointer, problems, kBitRate);
    if (!bits) return std::nullopt;
    if (!in_bounds(*bits, kSmallest, static_cast<double>(kBitsMax), false, pointer, value, problems,
                   kBitRate)) {
        if (*bits < kSmallest) problems.back().message += hint;
        return std::nullopt;
    }
    return BytesPerSecond(static_cast<std::int64_t>(*bits / 8.0));
}

std::optional<BytesPerSecond> ReadDataRate::operator()(const Json& value,
                                                       const std::string& pointer,
                                                       Problems& problems) const {
    const std::optional<double> rate = number(value, pointer, problems, kByteRate);
    const bool above_zero = min == 1;
    if (!rate ||
        !in_bounds(*rate, static_cast<double>(above_zero ? 0 : min), static_cast<double>(kBitsMax),
                   above_zero, pointer, value, problems, kByteRate)) {
        return std::nullopt;
    }
    return BytesPerSecond(std::max(static_cast<std::int64_t>(std::floor(*rate + 0.5)), min));
}

ObjectReader::ObjectReader(const Json& value, std::string pointer, Problems& problems)
    : object_(value.is_object() ? &value : nullptr),
      pointer_(std::move(pointer)),
      problems_(problems) {
    if (object_ == nullptr) {
        note(problems_, code::kWrongType, pointer_, shown(value), "must be an object");
    }
}

const Json* ObjectReader::find(std::string_view key) {
    known_.emplace_back(key);
    if (object_ == nullptr) return nullptr;
    const auto member = object_->find(key);
    return member == object_->end() || member->is_null() ? nullptr : &*member;
}

void ObjectReader::note_missing(std::string_view key) {
    if (object_ == nullptr) return;
    note(problems_, code::kMissingKey, at(key), "", "must be given");
}

bool ObjectReader::check_list(const Json& member, std::string_view key) {
    if (member.is_array()) return true;
    note(problems_, code::kWrongType, at(key), shown(member), "must be a list");
    return false;
}

void ObjectReader::finish() {
    if (object_ == nullptr) return;
    std::sort(known_.begin(), known_.end());
    known_.erase(std::unique(known_.begin(), known_.end()), known_.end());
    for (const auto& [key, value] : object_->items()) {
        if (std::binary_search(known_.begin(), known_.end(), key)) continue;
        note_unknown(problems_, code::kUnknownKey, at(key), key, "no such key here", known_);
    }
}

}  // namespace landfall::scenario
