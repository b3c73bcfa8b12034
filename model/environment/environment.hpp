// model/environment/environment.hpp — the ports: all that the logic may ask of the world it runs
// in.
//
// Ids in, events out. The logic calls a port to start an effect and learns of its end by an event
// that the environment hands to EventSink::on; nothing returns through a callback and nothing
// happens inside the call. Simulated, in-memory, live and replayed worlds implement these ports,
// and the logic is compiled once for all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"
#include "model/environment/automation.hpp"
#include "model/environment/block_ports.hpp"

namespace landfall {

/// What a timer is about; the part of the logic that set it knows the meaning.
struct TimerTag {
    std::uint32_t kind = 0;
    std::uint32_t subject = 0;
    constexpr auto operator<=>(const TimerTag&) const = default;
};

// --- Events

struct TimerFired {
    TimerTag tag;
};
/// The one transfer under way on `channel` has arrived whole.
struct TransferCompleted {
    ChannelId channel;
};
/// The transfer under way on `channel` broke off; the part that delivered() tells has arrived.
struct TransferFailed {
    ChannelId channel;
    Bytes delivered;
};

/// The machines that an item may have at one time.
enum class MachineInstance : std::uint8_t {
    Primary,   ///< the source, as it was before any failover
    Recovery,  ///< at the target, made by a failover
    Test,      ///< at the target, made by a test failover
};
constexpr std::size_t kMachineInstances = 3;

enum class MachineAction : std::uint8_t {
    Create,  ///< with its disks, from its recovery point; it is not started. One that is there
             ///< already gives way to the new one
    Start,
    ShutDown,  ///< cleanly: its guest writes no more
    Delete,    ///< with its disks, running or not
};

struct MachineRequest {
    MachineId machine;  ///< of the protected item
    MachineInstance instance = MachineInstance::Primary;
    MachineAction action = MachineAction::Start;
    bool hydrate = false;      ///< Create: make its boot drivers ready
    std::uint64_t token = 0;   ///< the same request made again bears the same token
    std::string network = {};  ///< of a test machine; empty: it has none
    bool at_source = false;    ///< of a test machine: a drill of the way home makes it there
};
/// The request with this token is carried out, or has failed and changed nothing.
struct MachineActionEnded {
    MachineId machine;
    MachineInstance instance = MachineInstance::Primary;
    MachineAction action = MachineAction::Start;
    std::uint64_t token = 0;
    bool succeeded = true;
    std::string_view cause = {};  ///< lives as long as the environment
};

using Event =
    std::variant<TimerFired, TransferCompleted, TransferFailed, MachineActionEnded, ActionEnded>;

/// Receives every event of the environment, one at a time, in order of time.
class EventSink {
  public:
    virtual ~EventSink() = default;
    virtual void on(const Event& event) = 0;
};

// --- Ports

class Clock {
  public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Instant now() const = 0;
    /// Answers with TimerFired{tag} at `at`. Timers of one instant fire in the order they were set.
    virtual void set_timer(Instant at, TimerTag tag) = 0;
};

class Transport {
  public:
    virtual ~Transport() = default;
    /// Sends `amount` > 0 over `channel`; answers with TransferCompleted or TransferFailed. One
    /// transfer at a time on a channel: a second one before the answer is a broken invariant.
    virtual void send(ChannelId channel, Bytes amount) = 0;
    /// Bytes of the transfer under way on `channel` that have arrived; 0 when there is none. They
    /// arrive in order.
    [[nodiscard]] virtual Bytes delivered(ChannelId channel) const = 0;
};

class SourceDisks {
  public:
    virtual ~SourceDisks() = default;
    /// Bytes that the guest wrote to `disk` in [from, to), with rewrites counted each time.
    /// Additive over neighbouring intervals; zero while the machine is off.
    [[nodiscard]] virtual Bytes written(DiskId disk, Instant from, Instant to) = 0;
};

class Compute {
  public:
    virtual ~Compute() = default;
    /// Answers with one MachineActionEnded for every call. A token is carried out once: one that is
    /// under way answers when it ends, one that was carried out answers at once, and one that
    /// failed is tried again. An action that finds its work done succeeds at once. Actions on one
    /// machine are carried out one after the other, in the order of their requests.
    virtual void request(const MachineRequest& request) = 0;
    /// Holds room at the target for the machine that `request` is to create, until it is created
    /// or the room is given back. Answers with every reason why there is none, a sentence each;
    /// nothing is held then. Held once, however often it is asked for.
    [[nodiscard]] virtual std::vector<std::string> hold_room(const MachineRequest& /*request*/) {
        return {};  // an environment without bounds
    }
    /// What is held for a machine is held no more; one that exists keeps what it has.
    virtual void give_back_room(MachineId /*machine*/, MachineInstance /*instance*/) {}
};

/// Told what happened, as it happens; never answers and never changes the outcome.
class Observer {
  public:
    virtual ~Observer() = default;
    /// A recovery point of `machine` with source time `time` has all its data in the cloud; it will
    /// be in the replica disks at `processed_at`.
    virtual void recovery_point_published(MachineId machine, Instant time, Instant processed_at,
                                          bool app_consistent) = 0;
    /// A copy of `disk` ended: `bytes` left the source since `started`. `kind` says which copy it
    /// was.
    virtual void disk_copied(DiskId disk, std::string_view kind, Instant started, Bytes bytes) = 0;
    /// Something worth a line in the event log; `subject` and `detail` live only for the call.
    virtual void noted(std::string_view kind, std::string_view subject,
                       std::string_view detail) = 0;
    virtual void state_changed(MachineId machine, std::string_view state) = 0;
    virtual void job_started(JobId job, MachineId machine, std::string_view operation) = 0;
    virtual void task_ended(JobId job, std::string_view task, std::string_view state,
                            Instant started) = 0;
    virtual void job_ended(JobId job, std::string_view state, std::string_view cause) = 0;
    /// Other disks of the machine replicate than before, or it replicates by another server.
    virtual void replication_changed(MachineId /*machine*/) {}
};

/// The world, as the logic sees it. References outlive the logic.
struct Environment {
    Clock& clock;
    Transport& transport;
    SourceDisks& source_disks;
    Compute& compute;
    Observer& observer;
    BlockPorts blocks = {};
    Automation* automation = nullptr;  ///< null: no script or runbook can run, nobody is told
};

}  // namespace landfall
