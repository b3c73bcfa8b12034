// tests/mutants/failover_labs.cpp — there and back: planned cutovers, promotions with an old source
// that does not know, returns to a disk with a tail of its own.
#include <functional>
#include <map>
#include <set>

#include "model/replication/fencing_token.hpp"
#include "model/replication/generation.hpp"
#include "model/replication/planned_cutover.hpp"
#include "model/replication/reverse_delta.hpp"
#include "tests/mutants/lab_bench.hpp"

namespace landfall::mutants {
namespace {

constexpr DiskId kDisk(0);
constexpr MachineId kMachine(0);

/// A guest that writes until it is fenced, its driver's queue and a lossy link.
class CutoverLab : public LabBench, public CutoverPort {
  public:
    explicit CutoverLab(std::uint64_t seed)
        : LabBench(seed, "cutover", {{40}}),
          hangs_(seed % 3 == 0),
          replica_(source_disks),
          cutover_(*this) {}

    void run() {
        for (; tick_ < 20; ++tick_) guest();
        cutover_.begin();
        for (; tick_ < 4000 && cutover_.step() < CutoverStep::Done; ++tick_) {
            guest();
            while (!calendar_.empty() && calendar_.begin()->first.first <= tick_)
                calendar_.extract(calendar_.begin()).mapped()();
        }
    }

    void ship_delta() override {
        const CutoverStep step = cutover_.step();
        std::vector<std::pair<std::uint64_t, Stamp>> delta;
        for (const auto& [sector, tick] : dirty_) {
            if (tick <= tick_ && !flying_.contains(sector))
                delta.emplace_back(sector, source_disks[0][sector]);
        }
        for (const auto& [sector, stamp] : delta) {
            dirty_.erase(sector);
            flying_.insert(sector);
        }
        later(below(6), [this, step, delta] {
            for (const auto& [sector, stamp] : delta) {
                flying_.erase(sector);
                if (chance(20))
                    dirty_.emplace(sector, tick_);
                else
                    replica_[0][sector] = stamp;
            }
            cutover_.on_done(step);
        });
    }
    void shut_down_source() override {
        later(below(8), [this] {
            off_ = !hangs_;
            cutover_.on_done(CutoverStep::ShutDown);
        });
    }
    void fence_source() override {
        later(below(4), [this] {
            fenced_ = true;
            cutover_.on_done(CutoverStep::Fence);
        });
    }
    void publish_final_point() override {
        wait(1);
        const PublishedPoint point{.machine = kMachine, .id = 1, .generation = 1, .cut = clock};
        board.failed_over(point, true, ImageReader(replica_));
        later(below(4), [this] { cutover_.on_done(CutoverStep::Publish); });
    }
    [[nodiscard]] Bytes pending() const override {
        return Bytes(static_cast<std::int64_t>(dirty_.size() + flying_.size()) * 4096);
    }
    void give_source_back() override { off_ = fenced_ = false; }
    void cutover_aborted(CutoverStep, std::string_view) override {}

  private:
    void later(std::uint64_t ticks, std::function<void()> what) {
        calendar_.emplace(std::pair(tick_ + 1 + static_cast<int>(ticks), next_++), std::move(what));
    }
    void guest() {
        if (off_ || fenced_ || !chance(33)) return;
        const GuestWrite write = guest_writes(kDisk, {below(source_disks[0].size()), 1});
        dirty_[write.range.first] = tick_ + static_cast<int>(below(4));
    }

    bool hangs_;  ///< does not stop when it is told to
    bool off_ = false;
    bool fenced_ = false;
    int tick_ = 0;
    std::map<std::uint64_t, int> dirty_;  ///< sector, and when it can be shipped
    std::set<std::uint64_t> flying_;
    std::map<std::pair<int, int>, std::function<void()>> calendar_;
    int next_ = 0;
    std::vector<Image> replica_;
    PlannedCutover cutover_;
};

/// Two sites take turns; whoever lost its role goes on sending what it still had under way.
class PromotionLab : public LabBench {
  public:
    explicit PromotionLab(std::uint64_t seed) : LabBench(seed, "promotion", {{48}}) {
        sites_.resize(2);
        sites_[0].chain.promote(generation_id(SiteId(0), ++begun_), 0, SiteId(0));
        sites_[1].chain.follow(sites_[0].chain);
    }

    void run() {
        for (int round = 0; round < 5; ++round) {
            const std::uint64_t steps = 10 + below(30);
            for (std::uint64_t k = 0; k < steps; ++k) take_step();
            fail_over();
        }
        for (int k = 0; k < 20; ++k) take_step();
    }

  private:
    struct Sent {
        Generation generation = 0;
        std::size_t to = 0;
        GuestWrite write;
    };
    struct Site {
        GenerationChain chain;
        FencingToken token;
        std::vector<Image> image = {Image(48)};
    };

    void take_step() {
        if (chance(50)) {
            const GuestWrite write = guest_writes(kDisk, some_range(kDisk, 5));
            Site& site = sites_[active_];
            put(site.image[0], write.range.first, Image(write.range.count, write.stamp));
            wire_.push_back({site.chain.current().number, 1 - active_, write});
            return;
        }
        if (wire_.empty()) return;
        const Sent sent = wire_.front();
        wire_.erase(wire_.begin());
        // All storage of the machine has one token, wherever it stands (A32).
        if (!storage_.admit(sent.generation)) {
            board.refused(kDisk, sent.generation, "generation");
            return;
        }
        const GuestWrite& write = sent.write;
        put(sites_[sent.to].image[0], write.range.first, Image(write.range.count, write.stamp));
        board.accepted(kDisk, sent.generation, write.range);
    }
    /// Unplanned: what is on the wire stays there, and arrives later.
    void fail_over() {
        wait(1);
        Site& target = sites_[1 - active_];
        Instant cut = clock;
        for (const Sent& sent : wire_) {
            if (sent.to == 1 - active_ && sent.generation == target.chain.current().number)
                cut = std::min(cut, sent.write.at);
        }
        const PublishedPoint point{.machine = kMachine,
                                   .id = ++id_,
                                   .generation = target.chain.current().number,
                                   .cut = cut};
        board.point_published(point, ImageReader(target.image));
        board.failed_over(point, false, ImageReader(target.image));
        const SiteId site(1 - active_);
        target.chain.promote(generation_id(site, ++begun_), id_, site);
        storage_.raise(target.chain.current().number);
        active_ = 1 - active_;
        source_disks[0] = target.image[0];
        begin_life();
        // The old source becomes its target: it is made equal, its tail given up.
        sites_[1 - active_].chain.follow(target.chain);
        sites_[1 - active_].image = target.image;
    }

    std::vector<Site> sites_;
    FencingToken storage_;
    std::vector<Sent> wire_;
    std::size_t active_ = 0;
    std::uint64_t begun_ = 0;
    std::uint64_t id_ = 0;
};

/// A machine fails over to a cut, lives there, and goes home to a disk that went on without it.
class ReverseLab : public LabBench {
  public:
    explicit ReverseLab(std::uint64_t seed) : LabBench(seed, "reverse", {{64 + seed % 40}}) {}

    void run() {
        const std::uint64_t sectors = source_disks[0].size();
        for (std::uint64_t k = 5 + below(20); k > 0; --k) write(nullptr);
        wait(1);
        const std::uint64_t cut_sequence = sequence_;
        const PublishedPoint point{.machine = kMachine, .id = 1, .generation = 1, .cut = clock};
        std::vector<Image> target = source_disks;
        board.point_published(point, ImageReader(target));
        DirtyBitmap tail(sectors, 8);
        for (std::uint64_t k = below(8); k > 0; --k) write(&tail);
        board.failed_over(point, false, ImageReader(target));

        std::vector<Image> original = std::move(source_disks);
        source_disks = target;
        begin_life();
        DirtyBitmap since(sectors, 4);
        for (std::uint64_t k = 1 + below(12); k > 0; --k) write(&since);
        go_home(original, cut_sequence, tail, since);
    }

  private:
    void write(DirtyBitmap* tracked) {
        const GuestWrite write = guest_writes(kDisk, some_range(kDisk, 9));
        ++sequence_;
        if (tracked != nullptr) tracked->set(write.range);
    }
    void go_home(std::vector<Image>& original, std::uint64_t cut_sequence, const DirtyBitmap& tail,
                 const DirtyBitmap& since) {
        ReverseSituation situation;
        situation.sectors = original[0].size();
        situation.grain = 4;
        situation.tail_given_up = true;
        situation.download_wanted = chance(5);
        situation.cut = cut_sequence;
        situation.source = {chance(10) ? nullptr : &tail, cut_sequence};
        situation.target = {chance(10) ? nullptr : &since, 0};
        const ReversePlan plan = plan_reverse(situation);
        for (std::uint64_t sector = 0; sector < original[0].size(); ++sector) {
            if (plan.blocks.is_set(sector)) original[0][sector] = source_disks[0][sector];
        }
        wait(1);
        board.failed_back(kMachine, clock, ImageReader(original));
    }

    std::uint64_t sequence_ = 0;
};

}  // namespace

Verdict run_cutover_lab(std::uint64_t seed) {
    return run_lab<CutoverLab>(seed);
}
Verdict run_promotion_lab(std::uint64_t seed) {
    return run_lab<PromotionLab>(seed);
}
Verdict run_reverse_lab(std::uint64_t seed) {
    return run_lab<ReverseLab>(seed);
}

}  // namespace landfall::mutants
