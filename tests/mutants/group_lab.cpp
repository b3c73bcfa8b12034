// tests/mutants/group_lab.cpp — a consistency group of three on a slow network that loses messages;
// its points hold what the members' markers say.
#include <deque>
#include <functional>
#include <map>

#include "model/replication/consistency_group.hpp"
#include "tests/mutants/lab_bench.hpp"
#include "tests/support/usual_group.hpp"

namespace landfall::mutants {
namespace {

constexpr std::size_t kMembers = 3;
constexpr std::int64_t kMillisecond = 1'000'000;

class GroupLab : public LabBench, public GroupPort {
  public:
    explicit GroupLab(std::uint64_t seed)
        : LabBench(seed, "group", {{16}, {16}, {16}}, true),
          latency_ms_(1 + seed % 90),
          guests_(kMembers),
          group_(kMembers, GroupMember(0), test::kUsualGroup, *this) {}

    void run() {
        for (std::size_t m = 0; m < kMembers; ++m) keep_writing(m);
        for (GroupEpoch epoch = 1; epoch <= 20; ++epoch) {
            group_.begin(epoch, false);
            run_until(clock + nanoseconds(kMillisecond));
            // The coordinator's machine stands still for a while: its messages wait, and so do its
            // timers.
            if (chance(50))
                stalled_until_ =
                    clock + nanoseconds(static_cast<std::int64_t>(below(200)) * kMillisecond);
            run_until(clock + seconds(6));
        }
    }

    [[nodiscard]] Instant now(GroupMember) const override { return clock; }
    void set_timer(GroupMember, Duration after, const GroupTimer& timer) override {
        on_machine(timer.member, clock + after, [this, timer] { group_.on_timer(timer); });
    }
    void send_message(GroupMember from, GroupMember to, const GroupMessage& message) override {
        if (from != to && chance(3)) return;
        on_machine(to, clock + (from == to ? Duration(0) : up_to_latency()),
                   [this, from, to, message] { group_.on_message(from, to, message); });
    }
    [[nodiscard]] MarkObstacle obstacle(GroupMember, bool) const override {
        return MarkObstacle::None;
    }
    void hold_writes(GroupMember member) override { guests_[member.value].held = true; }
    void release_writes(GroupMember member) override {
        Guest& guest = guests_[member.value];
        guest.held = false;
        for (; !guest.waiting.empty(); guest.waiting.pop_front())
            guest_writes(DiskId(member.value), guest.waiting.front());
    }
    std::uint64_t place_marker(GroupMember member, GroupEpoch epoch, Instant) override {
        wait(1);
        marked_[{epoch, member.value}] = source_disks[member.value];
        return epoch;
    }
    void publish(const GroupPoint& point) override {
        std::vector<Image> images;
        for (std::uint32_t m = 0; m < kMembers; ++m) images.push_back(marked_.at({point.epoch, m}));
        for (std::uint32_t m = 0; m < kMembers; ++m) {
            board.point_published({.machine = MachineId(m),
                                   .id = point.epoch,
                                   .generation = 1,
                                   .cut = point.cut,
                                   .group = 0},
                                  ImageReader(images));
        }
    }
    void abandon(GroupEpoch, AbandonCause, GroupMember) override {}

  private:
    struct Guest {
        bool held = false;
        std::deque<SectorRange> waiting;
    };

    Duration up_to_latency() {
        return nanoseconds(static_cast<std::int64_t>(1 + below(latency_ms_ * 1000)) * 1000);
    }
    void at(Instant when, std::function<void()> what) {
        calendar_.emplace(std::pair(when, next_++), std::move(what));
    }
    void on_machine(GroupMember machine, Instant when, std::function<void()> what) {
        at(when, [this, machine, what = std::move(what)] {
            if (machine.value == 0 && clock < stalled_until_)
                on_machine(machine, stalled_until_, what);
            else
                what();
        });
    }
    void run_until(Instant end) {
        while (!calendar_.empty() && calendar_.begin()->first.first <= end) {
            auto event = calendar_.extract(calendar_.begin());
            clock = std::max(clock, event.key().first);
            event.mapped()();
        }
        clock = std::max(clock, end);
    }
    void keep_writing(std::size_t m) {
        const SectorRange range = some_range(DiskId(m), 3);
        if (guests_[m].held)
            guests_[m].waiting.push_back(range);
        else
            guest_writes(DiskId(m), range);
        // Often while a marker is under way, seldom else.
        const std::int64_t pause = group_.under_way() ? 5 : 200;
        at(clock + nanoseconds(static_cast<std::int64_t>(1 + below(pause * 1000)) * 1000),
           [this, m] { keep_writing(m); });
    }

    std::uint64_t latency_ms_;
    Instant stalled_until_;
    std::vector<Guest> guests_;
    std::map<std::pair<GroupEpoch, std::uint32_t>, Image> marked_;
    std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> calendar_;
    std::uint64_t next_ = 0;
    ConsistencyGroup group_;
};

}  // namespace

Verdict run_group_lab(std::uint64_t seed) {
    return run_lab<GroupLab>(seed);
}

}  // namespace landfall::mutants
