// model/replication/consistency_group.hpp — one cut through the disks of several machines: the safe
// marker protocol of a multi-VM consistency group.
//
// A coordinator asks every member to hold its writes and to place a marker after the last one
// issued; when all have done so it lets them go. A point is published only if all hold intervals
// share an instant, which is so exactly if nobody let go before all had prepared.
//
// Laws: a member that lets a write go on its own timeout says so, and no point is published then;
// no member is held longer than `hold_at_most`, whoever dies; epochs never overlap; lost, doubled
// and late messages cost a point, never its truth. A group that fails stops nothing but its own
// points: the members' crash-consistent points go on, and an app-consistent epoch that fails leaves
// the next crash-consistent one alone.
//
// Why it is right: a write missing at member i came at or after i's release, one held by the point
// at j came at or before j's marker. Were the first a cause of the second, i would have been
// released before j had prepared; but a release without COMMIT is an early one, and COMMIT is sent
// when all have prepared.
//
// Sources: replication-and-test-lab A17; members talk on TCP port 20004,
// SR/physical-azure-architecture.md. How many machines a group may have and how long it waits are
// figures of the service profile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "model/base/ids.hpp"
#include "model/base/units.hpp"

namespace landfall {

/// The place of a machine in its group.
using GroupMember = Id<struct GroupMemberTag>;
/// One attempt at a point; given by the host, strictly rising over the life of the group, also
/// across deaths of the coordinator.
using GroupEpoch = std::uint64_t;

/// From the service profile and the group's own hold.
struct GroupSettings {
    Duration hold_at_most;  ///< A17's budget for one marker
    /// How long the coordinator waits for COMMITTED. Nothing is held meanwhile.
    Duration confirm_within;
    /// Members that have not answered are asked again this often; zero: never.
    Duration resend_every;
};

/// Why a member cannot place a marker.
enum class MarkObstacle : std::uint8_t { None, NotInJournalMode, NotQuiesced };

/// Why an epoch ended without a point.
enum class AbandonCause : std::uint8_t {
    MemberSilent,      ///< off, out of reach or too slow: no PREPARED within hold_at_most
    NotInJournalMode,  ///< a member has lost the order of its writes (S12)
    NotQuiesced,       ///< a member's applications could not be brought to rest
    ReleasedEarly,     ///< a member let go on its own timeout
    MemberRestarted,   ///< a member forgot the marker that it had prepared
    ClocksDisagree,    ///< no label would be true on every member's clock
    Unconfirmed,       ///< no COMMITTED within confirm_within
};
[[nodiscard]] std::string_view words_for(AbandonCause cause);

/// Where the marker stands in a member's stream.
struct GroupMark {
    Instant placed;              ///< on the member's clock
    std::uint64_t position = 0;  ///< as place_marker answered it
    constexpr bool operator==(const GroupMark&) const = default;
};

enum class GroupWord : std::uint8_t { Prepare, Prepared, Refused, Commit, Abort, Committed };

/// What travels between coordinator and members.
struct GroupMessage {
    GroupWord word = GroupWord::Prepare;
    GroupEpoch epoch = 0;
    bool app_consistent = false;                 ///< of Prepare
    MarkObstacle obstacle = MarkObstacle::None;  ///< of Refused
    GroupMark mark = {};                         ///< of Prepared and Committed
    Instant released = {};                       ///< of Committed
    bool released_early = false;                 ///< of Committed
};

struct GroupTimer {
    enum class Kind : std::uint8_t { Hold, Prepare, Commit, Confirm, Resend };
    Kind kind = Kind::Hold;
    GroupMember member;  ///< on whose machine it runs
    GroupEpoch epoch = 0;
};

/// A point that the whole group shares.
struct GroupPoint {
    struct Member {
        GroupMark mark;
        Instant released;
    };

    GroupEpoch epoch = 0;
    bool app_consistent = false;
    /// The instant at which COMMIT was decided. Law: earliest < cut <= latest, so the content of
    /// the point, every write before its member's marker, is every write before `cut` and none
    /// from it on.
    Instant cut = {};
    Instant earliest = {};  ///< the last marker was placed
    Instant latest = {};    ///< the first member was released
    std::vector<Member> members = {};
};

/// What the protocol asks of its host, the replication pipeline. Nothing happens inside a call.
class GroupPort {
  public:
    virtual ~GroupPort() = default;

    [[nodiscard]] virtual Instant now(GroupMember machine) const = 0;
    /// Answers with ConsistencyGroup::on_timer after `after`. Never cancelled.
    virtual void set_timer(GroupMember machine, Duration after, const GroupTimer& timer) = 0;
    /// Answers with ConsistencyGroup::on_message at `to`: later, more than once, or never. `from`
    /// and `to` may be one machine.
    virtual void send_message(GroupMember from, GroupMember to, const GroupMessage& message) = 0;

    /// Why `member` can place no marker now. An app-consistent one needs applications at rest; to
    /// bring them there before the epoch begins is the host's part.
    [[nodiscard]] virtual MarkObstacle obstacle(GroupMember member, bool app_consistent) const = 0;
    /// From now on new writes of `member` wait, unissued and unacknowledged.
    virtual void hold_writes(GroupMember member) = 0;
    /// The writes that waited are issued in their order, and later ones at once.
    virtual void release_writes(GroupMember member) = 0;
    /// Puts a marker after the last write issued into every disk stream of `member`; answers its
    /// position there.
    virtual std::uint64_t place_marker(GroupMember member, GroupEpoch epoch, Instant at) = 0;

    /// Markers of `point.epoch` make a point of the group.
    virtual void publish(const GroupPoint& point) = 0;
    /// Markers of `epoch` mean nothing; `member` is the one it failed for.
    virtual void abandon(GroupEpoch epoch, AbandonCause cause, GroupMember member) = 0;
};

/// Coordinator and members of one group. They share no state here: what one knows of another came
/// in a message. The port outlives the group.
class ConsistencyGroup {
  public:
    /// Requires members > 0 and coordinator < members.
    ConsistencyGroup(std::size_t members, GroupMember coordinator, const GroupSettings& settings,
                     GroupPort& port);

    /// Tries for a point. False, with no effect, while an epoch is under way or without a
    /// coordinator. Requires an epoch higher than all before.
    bool begin(GroupEpoch epoch, bool app_consistent);
    void on_message(GroupMember from, GroupMember to, const GroupMessage& message);
    void on_timer(const GroupTimer& timer);

    /// The machine of `member` is down and has forgotten all; with it the coordinator, if it ran
    /// there. An epoch that this ends is told to nobody: its members time out.
    void member_lost(GroupMember member);
    /// The coordinator runs, with empty memory, on `where`.
    void coordinator_started(GroupMember where);

    [[nodiscard]] std::size_t members() const { return members_.size(); }
    [[nodiscard]] bool under_way() const { return round_.has_value(); }
    [[nodiscard]] bool holding(GroupMember member) const { return members_[member.value].holding; }

  private:
    struct Member {
        GroupEpoch newest = 0;  ///< the highest epoch heard of; only that one is remembered
        bool holding = false;
        bool marked = false;  ///< the newest epoch has a marker here
        bool early = false;   ///< ... and was released without COMMIT
        GroupMark mark;
        Instant released;
    };
    struct Answer {
        bool prepared = false;
        bool committed = false;
        GroupMark mark;
        Instant released;
    };
    /// What the coordinator knows of the epoch under way.
    struct Round {
        GroupEpoch epoch = 0;
        bool app_consistent = false;
        bool committed = false;  ///< COMMIT is decided
        Instant cut = {};
        std::vector<Answer> answers = {};
    };

    // members
    void member_hears(GroupMember self, GroupMember coordinator, const GroupMessage& message);
    void prepare(GroupMember self, GroupMember coordinator, const GroupMessage& message);
    void commit(GroupMember self, GroupMember coordinator, GroupEpoch epoch);
    void end_hold(GroupMember self, bool early);
    // coordinator
    void coordinator_hears(GroupMember from, const GroupMessage& message);
    void coordinator_timer(const GroupTimer& timer);
    void take_committed(GroupMember from, const GroupMessage& message);
    void decide_commit();
    void publish_or_abandon();
    void ask(GroupWord word);
    void give_up(AbandonCause cause, GroupMember member);
    /// The first member that has not answered the question of this phase; none: all have.
    [[nodiscard]] GroupMember first_silent() const;
    [[nodiscard]] Instant last_marker() const;

    GroupSettings settings_;
    GroupPort& port_;
    GroupMember coordinator_;  ///< none while there is no coordinator
    GroupEpoch newest_epoch_ = 0;
    std::optional<Round> round_;
    std::vector<Member> members_;
};

}  // namespace landfall
