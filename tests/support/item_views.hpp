// tests/support/item_views.hpp — every view of an item that its operations depend on.
#pragma once

#include <vector>

#include "model/recovery/operations.hpp"
#include "sim/scenario/profile_data.hpp"

namespace landfall {

inline const ServiceProfile& profile_of_2018() {
    static const ServiceProfile profile = scenario::find_profile("asr-2018")->profile;
    return profile;
}

inline const ServiceProfile& profile_of_2024() {
    static const ServiceProfile profile = scenario::find_profile("asr-2024")->profile;
    return profile;
}

/// States, locations, drills and flags with one another, whether an item can come to it or not.
inline std::vector<ItemView> all_item_views(ScenarioKind kind, const ServiceProfile& profile) {
    std::vector<ItemView> views;
    for (std::size_t state = 0; state < kProtectionStates; ++state) {
        for (const ActiveLocation active : {ActiveLocation::Primary, ActiveLocation::Recovery}) {
            for (const TestFailoverState test :
                 {TestFailoverState::None, TestFailoverState::Initiated,
                  TestFailoverState::WaitingForCompletion, TestFailoverState::MarkedForDeletion}) {
                for (const bool required : {false, true}) {
                    for (const bool waits : {false, true}) {
                        views.push_back({kind, static_cast<ProtectionState>(state), active, test,
                                         required, waits, &profile, waits});
                    }
                }
            }
        }
    }
    return views;
}

}  // namespace landfall
