// model/base/ids.hpp — ids that cannot be mistaken for one another; each indexes a flat array.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>

namespace landfall {

/// The place of an entity in its flat array. Ids are given in scenario order and never reused.
template <typename Tag>
struct Id {
    std::uint32_t value = kNone;

    static constexpr std::uint32_t kNone = 0xFFFFFFFF;

    constexpr Id() = default;
    constexpr explicit Id(std::size_t index) : value(static_cast<std::uint32_t>(index)) {}
    [[nodiscard]] constexpr bool is_none() const { return value == kNone; }
    constexpr auto operator<=>(const Id&) const = default;
};

using MachineId = Id<struct MachineTag>;
using DiskId = Id<struct DiskTag>;
using SiteId = Id<struct SiteTag>;
using HostId = Id<struct HostTag>;
using ProcessServerId = Id<struct ProcessServerTag>;
using StorageAccountId = Id<struct StorageAccountTag>;
using PayloadId = Id<struct PayloadTag>;
using PolicyId = Id<struct PolicyTag>;
using ChannelId = Id<struct ChannelTag>;
using ConsistencyGroupId = Id<struct ConsistencyGroupTag>;
using JobId = Id<struct JobTag>;
using RecoveryPlanId = Id<struct RecoveryPlanTag>;
using RecoveryActionId = Id<struct RecoveryActionTag>;

}  // namespace landfall
