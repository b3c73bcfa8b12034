// sim/world/machine_instances.hpp — which machines of every item exist and run, and since when.
//
// An item may have three: the source, the one that a failover makes, the one that a test makes. A
// request takes the time that the service profile has for it, is carried out once however often it
// is made, and fails where a failure was planted or Azure has no room. Requests for one machine are
// carried out one after the other: a deletion waits for the creation that is under way, and nothing
// is left behind. What existed and ran stays known to the end, for bills, quotas and for whoever
// looks for machines that were left behind.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/environment/environment.hpp"
#include "model/estate/estate.hpp"
#include "sim/world/target_room.hpp"

namespace landfall::world {

/// [from, until); without end while it lasts.
struct TimeSpan {
    Instant from;
    Instant until = Instant::never();
    [[nodiscard]] bool lasts() const { return until == Instant::never(); }
    bool operator==(const TimeSpan&) const = default;
};

/// One machine of an item: when it existed and ran, in order of time.
struct InstanceHistory {
    std::vector<TimeSpan> existed;
    std::vector<TimeSpan> ran;
    /// Started and not stopped since by anybody who asked for it: Azure keeps the hardware for a
    /// guest that is down, and bills it (StoppedDeallocated "stops billing":
    /// learn.microsoft.com/previous-versions/azure/dn593561).
    std::vector<TimeSpan> allocated;
    bool by_hand = false;  ///< it was switched on at its console the last time
    [[nodiscard]] bool exists() const { return !existed.empty() && existed.back().lasts(); }
    [[nodiscard]] bool running() const { return !ran.empty() && ran.back().lasts(); }
    [[nodiscard]] bool is_allocated() const {
        return !allocated.empty() && allocated.back().lasts();
    }
};

using ItemInstances = std::array<InstanceHistory, kMachineInstances>;

/// The next requests of this kind fail: each takes its time and changes nothing.
struct PlantedFailure {
    MachineId machine;
    MachineInstance instance = MachineInstance::Recovery;
    MachineAction action = MachineAction::Start;
    std::string_view cause;  ///< lives as long as the world
    std::uint32_t times = 1;
};

/// What befalls the requests of a time.
struct RequestTrouble {
    std::uint32_t number = 0;         ///< to end it by
    std::vector<MachineId> machines;  ///< sorted
    bool at_target_only = false;      ///< not about the sources
    std::vector<MachineAction> actions;
    std::string_view cause = {};   ///< not empty: they take their time and change nothing
    Duration slower = {};          ///< they take so much longer
    Duration answered_later = {};  ///< they are carried out in time, and answered so much later
};

class MachineInstances {
  public:
    /// At the start every item's source exists and runs.
    explicit MachineInstances(const Estate& estate);

    /// What was begun is to be ended at `ends`, by that number.
    struct Begun {
        std::uint32_t number = 0;
        Instant ends;
    };
    Begun begin(const MachineRequest& request, Instant now);
    MachineActionEnded end(std::uint32_t number, Instant now);

    /// Compute::hold_room and give_back_room.
    std::vector<std::string> hold_room(const MachineRequest& request, Instant now) {
        return room_.hold(request, now);
    }
    void give_back_room(MachineId machine, MachineInstance instance, Instant now) {
        room_.give_back(machine, instance, now);
    }
    [[nodiscard]] const TargetRoom& room() const { return room_; }
    void add_trouble(const RequestTrouble& trouble) { troubles_.push_back(trouble); }
    void end_trouble(std::uint32_t number) {
        std::erase_if(troubles_, [&](const auto& each) { return each.number == number; });
    }
    /// How much later than its end the request with this number is answered.
    [[nodiscard]] Duration answers_later(std::uint32_t number) const {
        return calls_[number].answered_later;
    }
    /// The machine stops running, though nobody asked for it; false if it does not run.
    bool cut_power(MachineId item, MachineInstance instance, Instant now);
    /// It runs again, unless a request about it was carried out since: then false.
    bool restore_power(MachineId item, MachineInstance instance, Instant now);
    /// It does not run because its power was cut.
    [[nodiscard]] bool lacks_power(MachineId item, MachineInstance instance) const {
        return std::find(without_power_.begin(), without_power_.end(), std::pair(item, instance)) !=
               without_power_.end();
    }

    void plant(const PlantedFailure& failure) { planted_.push_back(failure); }
    [[nodiscard]] const ItemInstances& of(MachineId item) const { return items_[item.value]; }
    [[nodiscard]] const InstanceHistory& of(MachineId item, MachineInstance instance) const {
        return items_[item.value][static_cast<std::size_t>(instance)];
    }

  private:
    struct Call {
        MachineRequest request;
        bool carries_out = false;  ///< false: another call does, or did
        std::string_view failure = {};
        Duration answered_later = {};
    };
    struct Token {
        Instant ends;
        bool ended = false;
        std::string_view cause = {};  ///< of its failure
    };

    template <typename Visit>
    void for_each_trouble(const MachineRequest& request, Visit&& visit) const;
    [[nodiscard]] Instant ending(const MachineRequest& request, Instant now);
    Instant& free_from(const MachineRequest& request) {
        return free_from_[request.machine.value][static_cast<std::size_t>(request.instance)];
    }
    [[nodiscard]] std::string_view no_room(const std::vector<std::string>& reasons);
    [[nodiscard]] Instant creation_ends(const MachineRequest& request, Instant now);
    [[nodiscard]] bool is_done(const MachineRequest& request) const;
    [[nodiscard]] std::string_view planted_for(const MachineRequest& request);
    [[nodiscard]] std::string_view carry_out(const MachineRequest& request, Instant now);

    const Estate& estate_;
    std::vector<ItemInstances> items_;
    std::vector<Call> calls_;
    std::map<std::uint64_t, Token> tokens_;
    std::vector<PlantedFailure> planted_;
    std::vector<RequestTrouble> troubles_;
    /// Machines that lost their power and were not asked for anything since.
    std::vector<std::pair<MachineId, MachineInstance>> without_power_;
    TargetRoom room_;
    std::vector<std::array<Instant, kMachineInstances>> free_from_;  ///< nothing is under way
    std::deque<std::string> causes_;  ///< of failures; they stay where they are
    Instant next_creation_;           ///< of a machine in Azure: there is a quota an hour
};

}  // namespace landfall::world
