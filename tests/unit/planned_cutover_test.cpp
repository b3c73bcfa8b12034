// tests/unit/planned_cutover_test.cpp — a guest that writes until it is fenced loses nothing.
#include "model/replication/planned_cutover.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "model/base/check.hpp"
#include "model/base/stamp_image.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall {
namespace {

constexpr std::uint64_t kSectors = 64;

/// A guest, its driver's queue, a lossy link and a replica, tick by tick.
class CutoverWorld : public CutoverPort {
  public:
    explicit CutoverWorld(std::uint64_t seed)
        : seed_(seed),
          hangs_(below(3) == 0),
          cutover(*this),
          source_(kSectors),
          replica_(kSectors) {}

    void run(int most_ticks) {
        for (int end = now_ + most_ticks; now_ < end; ++now_) {
            guest_ticks();
            while (!calendar_.empty() && calendar_.begin()->first.first <= now_) {
                const auto event = calendar_.extract(calendar_.begin());
                event.mapped()();
            }
        }
    }
    void run_to_the_end() {
        for (int k = 0; k < 1000 && cutover.step() < CutoverStep::Done; ++k) run(10);
    }

    // --- CutoverPort
    void ship_delta() override {
        const CutoverStep step = cutover.step();
        std::vector<std::pair<std::uint64_t, Stamp>> delta;
        for (const auto& [sector, tick] : dirty_) {
            if (tick <= now_ && !in_flight_.contains(sector))
                delta.emplace_back(sector, source_.at(sector));
        }
        for (const auto& [sector, stamp] : delta) {
            dirty_.erase(sector);
            in_flight_.insert(sector);
        }
        later(below(6), [this, step, delta] {
            for (const auto& [sector, stamp] : delta) {
                in_flight_.erase(sector);
                if (below(100) < losses)
                    dirty_.emplace(sector, now_);  // failed: set again
                else
                    replica_.fill({sector, 1}, stamp);
            }
            answer(step);
        });
    }
    void shut_down_source() override {
        later(below(8), [this] {
            off_ = !hangs_;
            answer(CutoverStep::ShutDown);
        });
    }
    void fence_source() override {
        later(below(4), [this] {
            fenced_ = true;
            answer(CutoverStep::Fence);
        });
    }
    void publish_final_point() override {
        published_while_fenced_ = fenced_ && pending().count() == 0;
        later(below(4), [this] { answer(CutoverStep::Publish); });
    }
    [[nodiscard]] Bytes pending() const override {
        return Bytes(static_cast<std::int64_t>(dirty_.size() + in_flight_.size()) * 4096);
    }
    void give_source_back() override { off_ = fenced_ = false; }
    void cutover_aborted(CutoverStep at, std::string_view) override { aborted_at = at; }

    [[nodiscard]] bool equal() const { return source_ == replica_; }
    [[nodiscard]] bool published_while_fenced() const { return published_while_fenced_; }
    [[nodiscard]] bool writable() const { return !off_ && !fenced_; }
    std::uint64_t below(std::uint64_t bound) {
        return kernel::member_seed(seed_, ++draws_) % bound;
    }

  private:
    void later(std::uint64_t ticks, std::function<void()> what) {
        calendar_.emplace(std::pair(now_ + 1 + static_cast<int>(ticks), next_++), std::move(what));
    }
    /// Every answer may come again, late.
    void answer(CutoverStep step) {
        if (below(4) == 0) later(below(10), [this, step] { cutover.on_done(step); });
        cutover.on_done(step);
    }
    /// Writes are acknowledged at once and reach the list of what to ship a few ticks later.
    void guest_ticks() {
        if (!writable() || below(3) != 0) return;
        const std::uint64_t sector = below(kSectors);
        source_.fill({sector, 1}, ++stamp_);
        dirty_[sector] = now_ + static_cast<int>(below(4));
    }

    std::uint64_t seed_;
    std::uint64_t draws_ = 0;
    bool hangs_;  ///< does not stop when it is told to
    bool off_ = false;
    bool fenced_ = false;
    bool published_while_fenced_ = false;
    int now_ = 0;
    Stamp stamp_ = 0;
    std::map<std::uint64_t, int> dirty_;  ///< sector, and when it can be shipped
    std::set<std::uint64_t> in_flight_;   ///< a sector is copied by one at a time (A6)
    std::map<std::pair<int, int>, std::function<void()>> calendar_;
    int next_ = 0;

  public:
    PlannedCutover cutover;
    std::uint64_t losses = 20;  ///< percent of the blocks shipped
    CutoverStep aborted_at = CutoverStep::NotStarted;

  private:
    StampImage source_;
    StampImage replica_;
};

TEST(PlannedCutover, LosesNoAcknowledgedWriteOfAGuestThatWritesUntilItIsFenced) {
    int again = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CutoverWorld world(seed);
        world.run(static_cast<int>(world.below(30)));
        world.cutover.begin();
        world.run_to_the_end();
        ASSERT_EQ(world.cutover.step(), CutoverStep::Done) << "seed " << seed;
        EXPECT_TRUE(world.published_while_fenced()) << "seed " << seed;
        ASSERT_TRUE(world.equal()) << "seed " << seed;
        again += world.cutover.last_deltas() > 1 ? 1 : 0;
    }
    EXPECT_GT(again, 30) << "the second check finds something now and then";
}

TEST(PlannedCutover, LosesNothingWhenWhoeverRunsItDiesAtAnyStep) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CutoverWorld world(seed);
        world.run(static_cast<int>(world.below(30)));
        world.cutover.begin();
        for (int deaths = 0; deaths < 4; ++deaths) {
            world.run(static_cast<int>(world.below(12)));
            const CutoverStep recorded = world.cutover.step();
            std::destroy_at(&world.cutover);
            std::construct_at(&world.cutover, world);
            world.cutover.resume_at(recorded);
        }
        world.run_to_the_end();
        ASSERT_EQ(world.cutover.step(), CutoverStep::Done) << "seed " << seed;
        EXPECT_TRUE(world.published_while_fenced()) << "seed " << seed;
        ASSERT_TRUE(world.equal()) << "seed " << seed;
    }
}

TEST(PlannedCutover, GivesTheSourceBackWhenItIsAbandoned) {
    int abandoned = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        CutoverWorld world(seed);
        world.cutover.begin();
        world.run(static_cast<int>(world.below(30)));
        const CutoverStep at = world.cutover.step();
        const bool possible = at < CutoverStep::Publish;
        ASSERT_EQ(world.cutover.abort("cancelled"), possible) << name_of(at);
        if (!possible) continue;
        ++abandoned;
        EXPECT_EQ(world.aborted_at, at);
        EXPECT_EQ(world.cutover.step(), CutoverStep::Aborted);
        EXPECT_TRUE(world.writable());
        EXPECT_FALSE(world.cutover.abort("again"));
    }
    EXPECT_GT(abandoned, 50);
}

/// Counts what it is asked, and answers nothing by itself.
struct Script : CutoverPort {
    void ship_delta() override { asked.push_back("ship"); }
    void shut_down_source() override { asked.push_back("shut down"); }
    void fence_source() override { asked.push_back("fence"); }
    void publish_final_point() override { asked.push_back("publish"); }
    [[nodiscard]] Bytes pending() const override { return left; }
    void give_source_back() override { asked.push_back("give back"); }
    void cutover_aborted(CutoverStep, std::string_view why) override { asked.emplace_back(why); }

    std::vector<std::string> asked;
    Bytes left;
};

TEST(PlannedCutover, KeepsItsOrder) {
    Script script;
    PlannedCutover cutover(script);
    cutover.on_done(CutoverStep::NotStarted);
    cutover.begin();
    EXPECT_THROW(cutover.begin(), InvariantViolation);
    cutover.on_done(CutoverStep::LastDelta);  // not its turn
    cutover.on_done(CutoverStep::OnlineDelta);
    cutover.on_done(CutoverStep::ShutDown);
    cutover.on_done(CutoverStep::Fence);
    script.left = Bytes(4096);
    cutover.on_done(CutoverStep::LastDelta);
    script.left = Bytes(0);
    cutover.on_done(CutoverStep::LastDelta);
    cutover.on_failed(CutoverStep::Publish, "storage busy");
    cutover.on_done(CutoverStep::Publish);
    EXPECT_EQ(cutover.step(), CutoverStep::Done);
    EXPECT_EQ(script.asked, (std::vector<std::string>{"ship", "shut down", "fence", "ship", "ship",
                                                      "publish", "publish"}));
}

TEST(PlannedCutover, EndsWithItsCauseWhenAStepFails) {
    Script script;
    PlannedCutover cutover(script);
    cutover.begin();
    cutover.on_done(CutoverStep::OnlineDelta);
    cutover.on_failed(CutoverStep::OnlineDelta, "late");
    EXPECT_EQ(cutover.step(), CutoverStep::ShutDown);
    cutover.on_failed(CutoverStep::ShutDown, "no hypervisor");
    EXPECT_EQ(cutover.step(), CutoverStep::Aborted);
    EXPECT_EQ(script.asked,
              (std::vector<std::string>{"ship", "shut down", "give back", "no hypervisor"}));
}

}  // namespace
}  // namespace landfall
