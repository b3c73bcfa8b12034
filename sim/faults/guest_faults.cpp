// sim/faults/guest_faults.cpp — bursts as sources of writes, and sources that are several.
#include "sim/faults/guest_faults.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sim/kernel/random_streams.hpp"

namespace landfall::faults {

namespace {

using scenario::Fault;

/// A write of a burst.
constexpr Bytes kBurstWrite = Bytes(65536);

struct Burst {
    Instant from;
    Instant until;
    BytesPerSecond rate;
    Bytes working_set;  ///< 0: all of the disk
};

std::vector<Burst> bursts_of(const scenario::Scenario& scenario, std::string_view machine,
                             std::string_view disk, std::size_t disks) {
    std::vector<Burst> found;
    for (const Fault& fault : scenario.faults) {
        const bool writes = fault.kind == FaultKind::WriteBurst || fault.kind == FaultKind::HotSpot;
        if (!writes || fault.target != machine) continue;
        if (fault.disk && *fault.disk != disk) continue;
        const std::int64_t shares = fault.disk ? 1 : static_cast<std::int64_t>(disks);
        const std::int64_t rate = std::max<std::int64_t>(1, fault.rate.count() / shares);
        found.push_back({fault.at, fault.ends(), BytesPerSecond(rate), fault.working_set});
    }
    return found;
}

class BurstChurn : public workload::ChurnSource {
  public:
    BurstChurn(std::unique_ptr<workload::ChurnSource> usual, std::vector<Burst> bursts)
        : usual_(std::move(usual)), bursts_(std::move(bursts)) {}

    Bytes written(Instant from, Instant to) override {
        Bytes total = usual_ ? usual_->written(from, to) : Bytes(0);
        for (const Burst& burst : bursts_) total += up_to(burst, to) - up_to(burst, from);
        return total;
    }
    [[nodiscard]] Duration without_sample(Instant from, Instant to) const override {
        return usual_ ? usual_->without_sample(from, to) : Duration(0);
    }

  private:
    /// Additive to the byte: differences of one rising function.
    static Bytes up_to(const Burst& burst, Instant at) {
        if (at <= burst.from) return Bytes(0);
        return moved_bytes(burst.rate, std::min(at, burst.until) - burst.from);
    }

    std::unique_ptr<workload::ChurnSource> usual_;
    std::vector<Burst> bursts_;
};

class BurstWrites : public workload::BlockWriteSource {
  public:
    BurstWrites(const Burst& burst, const DiskGeometry& shape, kernel::RandomStream places)
        : burst_(burst), places_(places) {
        const std::int64_t sector = shape.sector_size.count();
        std::uint64_t sectors = shape.sectors;
        if (burst.working_set > Bytes(0)) {
            const std::int64_t hot = (burst.working_set.count() + sector - 1) / sector;
            sectors = std::min(sectors, static_cast<std::uint64_t>(hot));
        }
        length_ = std::min<std::uint64_t>(
            sectors,
            static_cast<std::uint64_t>(std::max<std::int64_t>(1, kBurstWrite.count() / sector)));
        count_ = std::max<std::uint64_t>(1, sectors / length_);
        every_ = transfer_time(Bytes(static_cast<std::int64_t>(length_) * sector), burst.rate);
        every_ = std::max(every_, Duration(1));
        next_ = burst.from;
    }

    std::optional<workload::BlockWrite> next() override {
        if (next_ >= burst_.until) return std::nullopt;
        const Instant at = next_;
        next_ = next_ + every_;
        return workload::BlockWrite{at, {places_.below(count_) * length_, length_}};
    }

  private:
    Burst burst_;
    kernel::RandomStream places_;
    std::uint64_t length_ = 1;
    std::uint64_t count_ = 1;
    Duration every_;
    Instant next_;
};

/// Several sources in order of time; of one instant, in the order given.
class MergedWrites : public workload::BlockWriteSource {
  public:
    void add(std::unique_ptr<workload::BlockWriteSource> source) {
        auto first = source->next();
        if (first) sources_.emplace_back(std::move(source), std::move(first));
    }

    std::optional<workload::BlockWrite> next() override {
        auto soonest = std::min_element(
            sources_.begin(), sources_.end(),
            [](const auto& a, const auto& b) { return a.second->at < b.second->at; });
        if (soonest == sources_.end()) return std::nullopt;
        const auto write = soonest->second;
        soonest->second = soonest->first->next();
        if (!soonest->second) sources_.erase(soonest);
        return write;
    }

  private:
    using Pending =
        std::pair<std::unique_ptr<workload::BlockWriteSource>, std::optional<workload::BlockWrite>>;
    std::vector<Pending> sources_;
};

}  // namespace

std::unique_ptr<workload::ChurnSource> with_bursts(std::unique_ptr<workload::ChurnSource> usual,
                                                   const scenario::Scenario& scenario,
                                                   std::string_view machine, std::string_view disk,
                                                   std::size_t disks) {
    std::vector<Burst> bursts = bursts_of(scenario, machine, disk, disks);
    if (bursts.empty()) return usual;
    return std::make_unique<BurstChurn>(std::move(usual), std::move(bursts));
}

std::unique_ptr<workload::BlockWriteSource> with_bursts(
    std::unique_ptr<workload::BlockWriteSource> usual, const scenario::Scenario& scenario,
    std::string_view machine, std::string_view disk, std::size_t disks, const DiskGeometry& shape,
    std::uint64_t seed) {
    const std::vector<Burst> bursts = bursts_of(scenario, machine, disk, disks);
    if (bursts.empty()) return usual;
    auto merged = std::make_unique<MergedWrites>();
    if (usual) merged->add(std::move(usual));
    for (const Burst& burst : bursts) {
        const std::string purpose = "burst@" + std::to_string(burst.from.since_start().count());
        const std::string entity = std::string(machine) + '/' + std::string(disk);
        merged->add(std::make_unique<BurstWrites>(burst, shape,
                                                  kernel::RandomStream(seed, entity, purpose)));
    }
    return merged;
}

}  // namespace landfall::faults
