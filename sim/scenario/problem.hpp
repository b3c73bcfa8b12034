// sim/scenario/problem.hpp — one thing that is wrong with a scenario, said so that it can be
// repaired.
//
// Problems are collected, never thrown one by one: a user sees all of them at once. The codes are
// stable; the Python models use the same ones for the same mistakes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace landfall::scenario {

/// Codes of problems.
namespace code {
inline constexpr std::string_view kNotJson = "SCN001";     ///< the text is not JSON
inline constexpr std::string_view kUnknownKey = "SCN002";  ///< a key that means nothing here
inline constexpr std::string_view kWrongUnit = "SCN003";   ///< a unit of another dimension, or none
inline constexpr std::string_view kWrongType = "SCN004";   ///< text for a number, and so on
inline constexpr std::string_view kMissingKey = "SCN005";  ///< a key that must be given
inline constexpr std::string_view kUnknownChoice = "SCN006";  ///< a word that is not on the list
inline constexpr std::string_view kOutOfRange = "SCN007";     ///< a number beyond its bounds
inline constexpr std::string_view kKeysClash = "SCN008";      ///< keys that do not go together
inline constexpr std::string_view kUnknownName = "SCN010";    ///< a reference to nothing
inline constexpr std::string_view kDuplicateName = "SCN011";  ///< two things of one name
inline constexpr std::string_view kEmptyList = "SCN012";      ///< a list that needs an entry
inline constexpr std::string_view kBadName = "SCN013";        ///< a name of wrong form
inline constexpr std::string_view kOtherSite = "SCN014";      ///< two things that must share a site
inline constexpr std::string_view kUnreachable = "SCN015";    ///< no links lead there
inline constexpr std::string_view kBadLink = "SCN016";        ///< a link from a node to itself
inline constexpr std::string_view kReplication = "SCN017";    ///< an engine that cannot take it
inline constexpr std::string_view kDiskTooLarge =
    "SCN020";  ///< beyond the disk limits of profile or fidelity
inline constexpr std::string_view kDiskTooSmall = "SCN021";  ///< below the profile's disk limits
inline constexpr std::string_view kTooManyDisks =
    "SCN022";                                              ///< beyond the profile's machine limits
inline constexpr std::string_view kNoTier = "SCN023";      ///< no target disk tier takes the disk
inline constexpr std::string_view kNotAligned = "SCN024";  ///< no whole number of sectors
inline constexpr std::string_view kFidelity = "SCN025";    ///< does not go with the fidelity
inline constexpr std::string_view kRetention = "SCN030";   ///< beyond the profile's retention
inline constexpr std::string_view kAppConsistent = "SCN031";  ///< an interval the profile forbids
inline constexpr std::string_view kInterval = "SCN032";       ///< too often for the target's disks
inline constexpr std::string_view kSetup = "SCN033";          ///< the vault refuses to set it up
inline constexpr std::string_view kMatchesNothing =
    "SCN040";                                         ///< a pattern that selects no machine
inline constexpr std::string_view kNoEnd = "SCN041";  ///< neither duration nor timeline
inline constexpr std::string_view kNeverSupported =
    "SCN042";  ///< an operation that a machine of this kind never has
inline constexpr std::string_view kEnvelope = "SCN043";      ///< an outcome that no run can keep
inline constexpr std::string_view kGroupMembers = "SCN045";  ///< too many, or not alike
inline constexpr std::string_view kRecoveryPlan = "SCN046";  ///< against the rules for plans
inline constexpr std::string_view kDependencyCycle =
    "SCN047";                                               ///< machines that wait for each other
inline constexpr std::string_view kTraceFile = "SCN050";    ///< missing, unreadable or foreign
inline constexpr std::string_view kTraceColumn = "SCN051";  ///< no such column, or two
inline constexpr std::string_view kTraceShort = "SCN052";   ///< ends before the run does
inline constexpr std::string_view kTraceCell = "SCN053";    ///< text or a negative number in a cell
inline constexpr std::string_view kTraceRagged = "SCN054";  ///< rows of unequal length
inline constexpr std::string_view kBadWindow = "SCN060";    ///< throttles or outages that overlap
inline constexpr std::string_view kNotAllowed = "RUN001";   ///< an operation refused in the run
inline constexpr std::string_view kSchema = "SCN090";       ///< the JSON Schema alone says no
}  // namespace code

/// One problem. `pointer` is a JSON pointer (RFC 6901) into the scenario file.
struct Problem {
    std::string code;
    std::string pointer;
    std::string found;    ///< JSON text of what stands there, shortened; empty: nothing does
    std::string message;  ///< the rule, and the repair where there is one
    std::vector<std::string> allowed;    ///< what would be right, when that is a short list
    std::optional<std::string> nearest;  ///< the right word closest to what was found
};

/// Appends `token` to a JSON pointer, escaping "~" and "/".
std::string pointer_to(std::string_view parent, std::string_view token);
std::string pointer_to(std::string_view parent, std::size_t index);

/// The candidate that `word` was probably meant to be: fewest edits (a letter inserted, dropped,
/// changed, or two swapped; case ignored), at most a third of the word; ties go to the earlier one.
std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& candidates);

}  // namespace landfall::scenario
