// sim/scenario/json_reader.hpp — strict reading of canonical JSON: every fault is noted, none is
// thrown.
//
// A reader is a small function object: JSON value in, typed value out, or nothing after noting a
// problem. ObjectReader applies readers to the members of an object, knows which keys it was asked
// for, and calls every other key unknown.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "model/base/units.hpp"
#include "sim/scenario/problem.hpp"

namespace landfall::scenario {

using Json = nlohmann::json;
using Problems = std::vector<Problem>;

/// The value as short text for a message; objects and arrays are not spelled out.
std::string shown(const Json& value);

/// Notes a problem at `pointer`.
void note(Problems& problems, std::string_view code, std::string pointer, std::string found,
          std::string message, std::vector<std::string> allowed = {});

/// Notes a word that is not among `allowed`, with the nearest that is.
void note_unknown(Problems& problems, std::string_view code, std::string pointer,
                  const std::string& found, std::string message, std::vector<std::string> allowed);

// --- Readers

struct ReadText {
    std::optional<std::string> operator()(const Json&, const std::string& pointer, Problems&) const;
};

/// Text of at least one character.
struct ReadName {
    std::optional<std::string> operator()(const Json&, const std::string& pointer, Problems&) const;
};

struct ReadFlag {
    std::optional<bool> operator()(const Json&, const std::string& pointer, Problems&) const;
};

/// A whole number within bounds.
struct ReadCount {
    std::int64_t min = 0;
    std::int64_t max = std::numeric_limits<std::int64_t>::max();
    std::optional<std::int64_t> operator()(const Json&, const std::string& pointer,
                                           Problems&) const;
};

/// A plain number within bounds. `above_min`: the lower bound itself is not allowed.
struct ReadFactor {
    double min = 0.0;
    double max = 1e9;
    bool above_min = false;
    std::optional<double> operator()(const Json&, const std::string& pointer, Problems&) const;
};

/// Bytes: a whole number.
struct ReadSize {
    std::int64_t min = 0;
    std::optional<Bytes> operator()(const Json&, const std::string& pointer, Problems&) const;
};

/// Seconds, to the nanosecond. At most 100 years.
struct ReadDuration {
    Duration min = Duration(0);
    Duration max = days(36'500);
    std::optional<Duration> operator()(const Json&, const std::string& pointer, Problems&) const;
};

/// Seconds after midnight, from 00:00 to 24:00.
struct ReadClock {
    std::optional<Duration> operator()(const Json&, const std::string& pointer, Problems&) const;
};

/// The rate of a network: bits per second, which become bytes per second.
struct ReadBandwidth {
    std::string_view hint;  ///< added to the rule when the number is too small
    std::optional<BytesPerSecond> operator()(const Json&, const std::string& pointer,
                                             Problems&) const;
};

/// The rate of a disk or a guest: bytes per second.
struct ReadDataRate {
    std::int64_t min = 0;
    std::optional<BytesPerSecond> operator()(const Json&, const std::string& pointer,
                                             Problems&) const;
};

/// One of a few words, each standing for a value.
template <typename T>
struct ReadChoice {
    std::vector<std::pair<std::string, T>> choices;

    std::optional<T> operator()(const Json& value, const std::string& pointer,
                                Problems& problems) const {
        const std::optional<std::string> word = ReadText()(value, pointer, problems);
        if (!word) return std::nullopt;
        std::vector<std::string> allowed;
        for (const auto& [name, meaning] : choices) {
            if (name == *word) return meaning;
            allowed.push_back(name);
        }
        note_unknown(problems, code::kUnknownChoice, pointer, *word, "is not one of the choices",
                     std::move(allowed));
        return std::nullopt;
    }
};

// --- Objects

/// Reads the members of one object. Say finish() at the end, which notes the keys never asked for.
class ObjectReader {
  public:
    /// Notes a problem when `value` is not an object; then every member reads as absent, silently.
    ObjectReader(const Json& value, std::string pointer, Problems& problems);

    [[nodiscard]] const std::string& pointer() const { return pointer_; }
    [[nodiscard]] std::string at(std::string_view key) const { return pointer_to(pointer_, key); }
    [[nodiscard]] bool is_object() const { return object_ != nullptr; }
    Problems& problems() { return problems_; }

    /// The member, or null when it is absent or JSON null.
    const Json* find(std::string_view key);

    /// A member that must be there. Gives a value-initialized result after noting a problem.
    template <typename Reader>
    auto required(std::string_view key, const Reader& reader) {
        using Value = typename decltype(reader(Json(), pointer_, problems_))::value_type;
        const Json* member = find(key);
        if (member == nullptr) {
            note_missing(key);
            return Value{};
        }
        return reader(*member, at(key), problems_).value_or(Value{});
    }

    /// A member with a default.
    template <typename Reader, typename Value>
    auto with_default(std::string_view key, const Reader& reader, Value fallback) {
        using Result = typename decltype(reader(Json(), pointer_, problems_))::value_type;
        const Json* member = find(key);
        if (member == nullptr) return Result(std::move(fallback));
        return reader(*member, at(key), problems_).value_or(Result(std::move(fallback)));
    }

    /// A member that may be absent.
    template <typename Reader>
    auto optional(std::string_view key, const Reader& reader) {
        using Result = decltype(reader(Json(), pointer_, problems_));
        const Json* member = find(key);
        return member == nullptr ? Result() : reader(*member, at(key), problems_);
    }

    /// Reads every element of a list member with `read(element, pointer, problems)`; an absent
    /// member is an empty list.
    template <typename Read>
    auto list(std::string_view key, const Read& read) {
        std::vector<std::decay_t<decltype(read(Json(), pointer_, problems_))>> items;
        const Json* member = find(key);
        if (member == nullptr || !check_list(*member, key)) return items;
        items.reserve(member->size());
        for (std::size_t i = 0; i < member->size(); ++i) {
            items.push_back(read((*member)[i], pointer_to(at(key), i), problems_));
        }
        return items;
    }

    /// Notes that `key` must be given.
    void note_missing(std::string_view key);

    /// Notes every key that nobody asked for, with the nearest that was.
    void finish();

  private:
    bool check_list(const Json& member, std::string_view key);

    const Json* object_;
    std::string pointer_;
    Problems& problems_;
    std::vector<std::string> known_;
};

}  // namespace landfall::scenario
