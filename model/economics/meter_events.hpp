// model/economics/meter_events.hpp — what the billing meter has to be told of the control plane.
//
// Facts only, with their instants: who tells them (the recorder, a control plane, a live monitor)
// does not matter. Calls come in order of time. Saying a thing that is so already changes nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"

namespace landfall {

/// A replica disk as it is billed (site-recovery-faq.md): standard storage by what is in use,
/// premium by its tier, rounded up.
struct BilledDisk {
    std::size_t price = 0;   ///< in the price book
    std::int64_t level = 0;  ///< bytes of a price per GB-month; 1 of a price per disk-month
};

/// A machine of the item that runs in the cloud.
enum class BilledInstance : std::uint8_t {
    Test,      ///< of a test failover
    Recovery,  ///< of a failover
};

/// What an item moved in a span of time, from one reading to the next.
struct MeteredTraffic {
    Bytes logs;             ///< uploaded into cache or log storage
    Bytes over_wire;        ///< of it, or instead of it, what left the cloud it came from
    Bytes home = Bytes(0);  ///< what left Azure for a site of the customer, on the way back
};

class MeterEvents {
  public:
    virtual ~MeterEvents() = default;
    /// The item has these replica disks from `at` on; an empty list: none.
    virtual void replica_disks_kept(MachineId machine, std::span<const BilledDisk> disks,
                                    Instant at) = 0;
    /// The item is a protected instance from `at` on, and was one for `before` until then, which
    /// counts for the free period.
    virtual void protected_since(MachineId machine, Instant at, Duration before) = 0;
    /// The item is removed (disabled, or its migration completed): nothing of it is billed after.
    virtual void protection_ended(MachineId machine, Instant at) = 0;
    /// A machine was created, with disks of its own (a test's) or the replica's (a failover's).
    virtual void instance_exists(MachineId machine, BilledInstance instance, bool exists,
                                 Instant at) = 0;
    /// A machine was started or stopped.
    virtual void instance_running(MachineId machine, BilledInstance instance, bool runs,
                                  Instant at) = 0;
    /// What the item moved in [from, to).
    virtual void traffic(MachineId machine, Instant from, Instant to,
                         const MeteredTraffic& moved) = 0;
    /// From `at` on, recovery points hold so many bytes besides the replica disks.
    virtual void recovery_points_hold(MachineId machine, Bytes held, Instant at) = 0;
};

}  // namespace landfall
