// model/base/failover_kind.hpp — which failover it is and which way it goes, in REST's words.
//
// Source: TSP:models.tsp (RecoveryPlan actions carry failoverTypes and failoverDirections).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace landfall {

enum class FailoverType : std::uint8_t { Test, Planned, Unplanned };
constexpr std::size_t kFailoverTypes = 3;

enum class FailoverDirection : std::uint8_t { PrimaryToRecovery, RecoveryToPrimary };
constexpr std::size_t kFailoverDirections = 2;

constexpr std::string_view name_of(FailoverType type) {
    switch (type) {
        case FailoverType::Test: return "Test";
        case FailoverType::Planned: return "Planned";
        case FailoverType::Unplanned: break;
    }
    return "Unplanned";
}

constexpr std::string_view name_of(FailoverDirection direction) {
    return direction == FailoverDirection::PrimaryToRecovery ? "PrimaryToRecovery"
                                                             : "RecoveryToPrimary";
}

}  // namespace landfall
