// model/replication/consistency_group.cpp — prepare, hold, mark, commit: see the header.
#include "model/replication/consistency_group.hpp"

#include <algorithm>

#include "model/base/check.hpp"
#include "model/base/mutant.hpp"

namespace landfall {

std::string_view words_for(AbandonCause cause) {
    switch (cause) {
        case AbandonCause::MemberSilent: return "a member did not answer in time";
        case AbandonCause::NotInJournalMode:
            return "a member is not in journal mode: the order of its writes is lost";
        case AbandonCause::NotQuiesced: return "a member's applications were not at rest";
        case AbandonCause::ReleasedEarly: return "a member let its writes go before the commit";
        case AbandonCause::MemberRestarted: return "a member restarted and forgot its marker";
        case AbandonCause::ClocksDisagree: return "the members' clocks disagree on every label";
        case AbandonCause::Unconfirmed: return "a member did not confirm the commit";
    }
    return "";
}

ConsistencyGroup::ConsistencyGroup(std::size_t members, GroupMember coordinator,
                                   const GroupSettings& settings, GroupPort& port)
    : settings_(settings), port_(port), coordinator_(coordinator), members_(members) {
    LANDFALL_CHECK(members > 0, "a consistency group has a member");
    LANDFALL_CHECK(coordinator.value < members, "the coordinator runs on a member");
}

void ConsistencyGroup::on_message(GroupMember from, GroupMember to, const GroupMessage& message) {
    switch (message.word) {
        case GroupWord::Prepare:
        case GroupWord::Commit:
        case GroupWord::Abort: return member_hears(to, from, message);
        case GroupWord::Prepared:
        case GroupWord::Refused:
        case GroupWord::Committed:
            if (to == coordinator_) coordinator_hears(from, message);
            return;
    }
}

void ConsistencyGroup::on_timer(const GroupTimer& timer) {
    if (timer.kind != GroupTimer::Kind::Hold) return coordinator_timer(timer);
    const Member& member = members_[timer.member.value];
    if (member.holding && member.newest == timer.epoch) end_hold(timer.member, true);
}

void ConsistencyGroup::member_lost(GroupMember member) {
    members_[member.value] = {};
    if (member != coordinator_) return;
    coordinator_ = {};
    round_.reset();
}

void ConsistencyGroup::coordinator_started(GroupMember where) {
    LANDFALL_CHECK(where.value < members_.size(), "the coordinator runs on a member");
    coordinator_ = where;
    round_.reset();
}

// --- members

void ConsistencyGroup::member_hears(GroupMember self, GroupMember coordinator,
                                    const GroupMessage& message) {
    if (message.word == GroupWord::Prepare) return prepare(self, coordinator, message);
    if (message.word == GroupWord::Commit) return commit(self, coordinator, message.epoch);
    Member& member = members_[self.value];
    if (member.holding && member.newest == message.epoch) end_hold(self, true);
    // A PREPARE that this ABORT has overtaken finds its epoch over.
    member.newest = std::max(member.newest, message.epoch);
}

void ConsistencyGroup::prepare(GroupMember self, GroupMember coordinator,
                               const GroupMessage& message) {
    Member& member = members_[self.value];
    const bool again = member.holding && member.newest == message.epoch;
    if (!again) {
        if (message.epoch <= member.newest) return;  // late or doubled
        // The coordinator has given the older epoch up and its ABORT did not come through.
        if (member.holding) end_hold(self, true);
        member = {};
        member.newest = message.epoch;
        const MarkObstacle obstacle = port_.obstacle(self, message.app_consistent);
        if (obstacle != MarkObstacle::None) {
            GroupMessage refusal{.word = GroupWord::Refused, .epoch = message.epoch};
            refusal.obstacle = obstacle;
            return port_.send_message(self, coordinator, refusal);
        }
        port_.hold_writes(self);
        member.holding = true;
        member.marked = true;
        member.mark.placed = port_.now(self);
        member.mark.position = port_.place_marker(self, message.epoch, member.mark.placed);
        port_.set_timer(self, settings_.hold_at_most,
                        {GroupTimer::Kind::Hold, self, message.epoch});
    }
    GroupMessage answer{.word = GroupWord::Prepared, .epoch = message.epoch};
    answer.mark = member.mark;
    port_.send_message(self, coordinator, answer);
}

void ConsistencyGroup::commit(GroupMember self, GroupMember coordinator, GroupEpoch epoch) {
    Member& member = members_[self.value];
    if (epoch > member.newest) {  // its PREPARE is forgotten, and with it what was held
        if (member.holding) end_hold(self, true);
        member = {};
        member.newest = epoch;
    }
    GroupMessage answer{.word = GroupWord::Committed, .epoch = epoch};
    if (epoch < member.newest || !member.marked) {
        answer.released_early = true;
    } else {
        if (member.holding) end_hold(self, false);
        answer.mark = member.mark;
        answer.released = member.released;
        answer.released_early = member.early;
    }
    port_.send_message(self, coordinator, answer);
}

void ConsistencyGroup::end_hold(GroupMember self, bool early) {
    Member& member = members_[self.value];
    member.holding = false;
    member.early = early;
    member.released = port_.now(self);
    port_.release_writes(self);
}

// --- coordinator

bool ConsistencyGroup::begin(GroupEpoch epoch, bool app_consistent) {
    if (round_ || coordinator_.is_none()) return false;
    LANDFALL_CHECK(epoch > newest_epoch_, "the epochs of a group rise");
    newest_epoch_ = epoch;
    round_ = Round{.epoch = epoch, .app_consistent = app_consistent};
    round_->answers.resize(members_.size());
    port_.set_timer(coordinator_, settings_.hold_at_most,
                    {GroupTimer::Kind::Prepare, coordinator_, epoch});
    ask(GroupWord::Prepare);
    if (settings_.resend_every.count() > 0) {
        port_.set_timer(coordinator_, settings_.resend_every,
                        {GroupTimer::Kind::Resend, coordinator_, epoch});
    }
    return true;
}

void ConsistencyGroup::coordinator_hears(GroupMember from, const GroupMessage& message) {
    if (!round_ || message.epoch != round_->epoch || from.value >= members_.size()) return;
    if (message.word == GroupWord::Committed) return take_committed(from, message);
    if (round_->committed) return;
    if (message.word == GroupWord::Refused) {
        return give_up(message.obstacle == MarkObstacle::NotQuiesced
                           ? AbandonCause::NotQuiesced
                           : AbandonCause::NotInJournalMode,
                       from);
    }
    Answer& answer = round_->answers[from.value];
    if (answer.prepared) return;
    answer.prepared = true;
    answer.mark = message.mark;
    if (!first_silent().is_none()) return;
    // The label has to lie after every marker; where messages take no time it waits for that.
    const Instant now = port_.now(coordinator_);
    if (now > last_marker()) return decide_commit();
    port_.set_timer(coordinator_, last_marker() - now + nanoseconds(1),
                    {GroupTimer::Kind::Commit, coordinator_, round_->epoch});
}

void ConsistencyGroup::coordinator_timer(const GroupTimer& timer) {
    if (!round_ || timer.member != coordinator_ || timer.epoch != round_->epoch) return;
    switch (timer.kind) {
        case GroupTimer::Kind::Prepare:
            if (round_->committed) return;
            return give_up(first_silent().is_none() ? AbandonCause::ClocksDisagree
                                                    : AbandonCause::MemberSilent,
                           first_silent());
        case GroupTimer::Kind::Commit:
            if (!round_->committed && port_.now(coordinator_) > last_marker()) decide_commit();
            return;
        case GroupTimer::Kind::Confirm: return give_up(AbandonCause::Unconfirmed, first_silent());
        case GroupTimer::Kind::Resend:
            ask(round_->committed ? GroupWord::Commit : GroupWord::Prepare);
            return port_.set_timer(coordinator_, settings_.resend_every, timer);
        case GroupTimer::Kind::Hold: return;
    }
}

void ConsistencyGroup::decide_commit() {
    round_->committed = true;
    round_->cut = port_.now(coordinator_);
    port_.set_timer(coordinator_, settings_.confirm_within,
                    {GroupTimer::Kind::Confirm, coordinator_, round_->epoch});
    ask(GroupWord::Commit);
}

void ConsistencyGroup::take_committed(GroupMember from, const GroupMessage& message) {
    Answer& answer = round_->answers[from.value];
    if (!round_->committed || answer.committed) return;
    // Without this test a member that lets go before another has prepared puts an effect into the
    // point and leaves its cause out.
    if (message.released_early && !mutant(Mutant::ReleaseHoldEarly)) {
        return give_up(AbandonCause::ReleasedEarly, from);
    }
    if (message.mark != answer.mark) return give_up(AbandonCause::MemberRestarted, from);
    answer.committed = true;
    answer.released = message.released;
    if (first_silent().is_none()) publish_or_abandon();
}

void ConsistencyGroup::publish_or_abandon() {
    GroupPoint point{.epoch = round_->epoch, .app_consistent = round_->app_consistent};
    point.cut = round_->cut;
    point.earliest = last_marker();
    point.latest = Instant::never();
    for (const Answer& answer : round_->answers) {
        point.members.push_back({answer.mark, answer.released});
        point.latest = std::min(point.latest, answer.released);
    }
    // The content is a consistent cut by now; its label holds only on clocks that agree with it.
    if (point.latest < point.cut && !mutant(Mutant::ReleaseHoldEarly)) {
        return give_up(AbandonCause::ClocksDisagree, {});
    }
    round_.reset();
    port_.publish(point);
}

void ConsistencyGroup::ask(GroupWord word) {
    const Round& round = *round_;
    for (std::size_t k = 0; k < members_.size(); ++k) {
        const Answer& answer = round.answers[k];
        if (word != GroupWord::Abort && (round.committed ? answer.committed : answer.prepared)) {
            continue;
        }
        GroupMessage message{.word = word, .epoch = round.epoch};
        message.app_consistent = round.app_consistent;
        port_.send_message(coordinator_, GroupMember(k), message);
    }
}

void ConsistencyGroup::give_up(AbandonCause cause, GroupMember member) {
    // Once COMMIT is on its way it releases as well as ABORT would.
    if (!round_->committed) ask(GroupWord::Abort);
    const GroupEpoch epoch = round_->epoch;
    round_.reset();
    port_.abandon(epoch, cause, member);
}

GroupMember ConsistencyGroup::first_silent() const {
    for (std::size_t k = 0; k < members_.size(); ++k) {
        const Answer& answer = round_->answers[k];
        if (!(round_->committed ? answer.committed : answer.prepared)) return GroupMember(k);
    }
    return {};
}

Instant ConsistencyGroup::last_marker() const {
    Instant last{Duration(-1)};
    for (const Answer& answer : round_->answers) last = std::max(last, answer.mark.placed);
    return last;
}

}  // namespace landfall
