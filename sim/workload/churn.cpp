// sim/workload/churn.cpp — the kinds of churn: none, constant, diurnal and replayed.
#include "sim/workload/churn.hpp"

#include <cmath>
#include <utility>
#include <vector>

#include "sim/kernel/random_streams.hpp"
#include "sim/workload/daily.hpp"
#include "sim/workload/slots.hpp"

namespace landfall::workload {

namespace {

constexpr double kTwoPi = 6.283185307179586476925286766559;

std::int64_t whole_rate(BytesPerSecond rate, double share) {
    return static_cast<std::int64_t>(std::floor(static_cast<double>(rate.count()) * share + 0.5));
}

/// Rounds to a multiple of 2^-20, so that a last-bit difference between two machines' exp() or
/// cos() does not show in the result.
double without_last_bits(double factor) {
    constexpr double kSteps = 1 << 20;
    return std::floor(factor * kSteps + 0.5) / kSteps;
}

class NoWrites final : public ChurnSource {
  public:
    Bytes written(Instant /*from*/, Instant /*to*/) override { return Bytes(0); }
    [[nodiscard]] Duration without_sample(Instant /*from*/, Instant /*to*/) const override {
        return Duration(0);
    }
};

class ConstantWrites final : public ChurnSource {
  public:
    explicit ConstantWrites(std::int64_t rate) : rate_(rate) {}

    Bytes written(Instant from, Instant to) override {
        LANDFALL_CHECK(Instant() <= from && from <= to,
                       "churn is asked for a span after the start");
        return Bytes(bytes_at_rate(rate_, to.since_start().count()) -
                     bytes_at_rate(rate_, from.since_start().count()));
    }
    [[nodiscard]] Duration without_sample(Instant /*from*/, Instant /*to*/) const override {
        return Duration(0);
    }

  private:
    std::int64_t rate_;
};

/// mean * (1 + amplitude * cos(2 pi (t - peak_at) / day)) * noise per slot, plus backup windows.
class DiurnalWrites final : public SlottedChurn<DiurnalWrites> {
  public:
    DiurnalWrites(const scenario::DiurnalChurn& churn, double share, std::uint64_t stream)
        : SlottedChurn(churn.step),
          rate_(static_cast<double>(churn.mean.count()) * share),
          length_s_(to_seconds(churn.step)),
          flattened_amplitude_(churn.amplitude * flatness(length())),
          peak_at_(churn.peak_at.count()),
          noise_(churn.noise),
          stream_(stream) {
        for (const scenario::BackupWindow& backup : churn.backups) {
            backups_.emplace_back(backup.window, whole_rate(backup.rate, share));
        }
    }

    Bytes written(Instant from, Instant to) override {
        const std::int64_t begin = from.since_start().count();
        const std::int64_t end = to.since_start().count();
        std::int64_t total = slotted_bytes(begin, end);
        for (const DailyRate& backup : backups_) {
            total += backup.bytes_until(end) - backup.bytes_until(begin);
        }
        return Bytes(total);
    }

    [[nodiscard]] Duration without_sample(Instant /*from*/, Instant /*to*/) const override {
        return Duration(0);
    }

    [[nodiscard]] std::int64_t bytes_of_slot(std::int64_t index) const {
        return slot_bytes(rate_ * factor_of_day(index) * noise_of_slot(index), length_s_);
    }

  private:
    /// The mean of a cosine over a slot is the cosine at its middle times sin(h) / h, where h is
    /// half the slot's angle; so the whole slot writes what the smooth curve would.
    static double flatness(std::int64_t length) {
        const double half_angle =
            0.5 * kTwoPi * static_cast<double>(length) / static_cast<double>(kNanosecondsPerDay);
        return std::sin(half_angle) / half_angle;
    }

    /// The mean of 1 + amplitude * cos over the slot.
    [[nodiscard]] double factor_of_day(std::int64_t index) const {
        if (flattened_amplitude_ == 0.0) return 1.0;
        const std::int64_t middle = (index * length() + length() / 2) % kNanosecondsPerDay;
        const double angle = kTwoPi * static_cast<double>(middle - peak_at_) /
                             static_cast<double>(kNanosecondsPerDay);
        return without_last_bits(std::fmax(0.0, 1.0 + flattened_amplitude_ * std::cos(angle)));
    }

    [[nodiscard]] double noise_of_slot(std::int64_t index) const {
        if (noise_ == 0.0) return 1.0;
        const auto slot = static_cast<std::uint64_t>(index);
        kernel::RandomStream draw(kernel::member_seed(stream_, slot));
        return without_last_bits(draw.lognormal_factor(noise_));
    }

    double rate_;
    double length_s_;
    double flattened_amplitude_;
    std::int64_t peak_at_;
    double noise_;
    std::uint64_t stream_;
    std::vector<DailyRate> backups_;
};

/// A column of a trace, sample k being the rate of slot k.
class ReplayedWrites final : public SlottedChurn<ReplayedWrites> {
  public:
    ReplayedWrites(const scenario::TraceChurn& churn, double share,
                   std::shared_ptr<const TraceColumn> column)
        : SlottedChurn(churn.step),
          column_(std::move(column)),
          rate_of_one_(static_cast<double>(churn.unit.count()) * churn.scale * share),
          length_s_(to_seconds(churn.step)),
          repeat_(churn.repeat) {}

    [[nodiscard]] Duration without_sample(Instant from, Instant to) const override {
        const std::int64_t begin = from.since_start().count();
        const std::int64_t end = to.since_start().count();
        LANDFALL_CHECK(0 <= begin && begin <= end, "churn is asked for a span after the start");
        const auto samples = static_cast<std::int64_t>(column_->values.size());
        if (column_->empty_cells == 0 && (repeat_ || end <= samples * length())) {
            return Duration(0);
        }
        std::int64_t missing = 0;
        for (std::int64_t at = begin; at < end;) {
            const std::int64_t slot = at / length();
            const std::int64_t slot_end = (slot + 1) * length();
            const std::int64_t stop = slot_end < end ? slot_end : end;
            if (std::isnan(sample(slot))) missing += stop - at;
            at = stop;
        }
        return Duration(missing);
    }

    [[nodiscard]] std::int64_t bytes_of_slot(std::int64_t index) const {
        const float value = sample(index);
        return std::isnan(value) ? 0
                                 : slot_bytes(static_cast<double>(value) * rate_of_one_, length_s_);
    }

  private:
    [[nodiscard]] float sample(std::int64_t index) const {
        auto place = static_cast<std::size_t>(index);
        if (place >= column_->values.size()) {
            if (!repeat_ || column_->values.empty()) return std::nanf("");
            place %= column_->values.size();
        }
        return column_->values[place];
    }

    std::shared_ptr<const TraceColumn> column_;
    double rate_of_one_;
    double length_s_;
    bool repeat_;
};

}  // namespace

std::string filled_in(std::string_view text, std::string_view name, std::int64_t index) {
    constexpr std::string_view kName = "{name}";
    constexpr std::string_view kIndex = "{index}";
    std::string result;
    while (!text.empty()) {
        if (text.starts_with(kName)) {
            result += name;
            text.remove_prefix(kName.size());
        } else if (text.starts_with(kIndex)) {
            result += std::to_string(index);
            text.remove_prefix(kIndex.size());
        } else {
            result += text.front();
            text.remove_prefix(1);
        }
    }
    return result;
}

TraceAddress trace_address(const scenario::TraceChurn& churn, std::string_view machine_name,
                           std::int64_t index) {
    return {filled_in(churn.file, machine_name, index),
            filled_in(churn.column, machine_name, index)};
}

std::unique_ptr<ChurnSource> make_churn(const scenario::Churn& churn, std::string_view machine_name,
                                        std::string_view disk_name, std::int64_t index,
                                        double share, std::uint64_t seed,
                                        const TraceStore& traces) {
    LANDFALL_CHECK(share >= 0, "a disk's share of its machine's churn is not negative");
    if (const auto* constant = std::get_if<scenario::ConstantChurn>(&churn)) {
        return std::make_unique<ConstantWrites>(whole_rate(constant->rate, share));
    }
    if (const auto* diurnal = std::get_if<scenario::DiurnalChurn>(&churn)) {
        const std::string entity = std::string(machine_name) + '/' + std::string(disk_name);
        return std::make_unique<DiurnalWrites>(*diurnal, share,
                                               kernel::stream_seed(seed, entity, "churn"));
    }
    if (const auto* trace = std::get_if<scenario::TraceChurn>(&churn)) {
        const TraceAddress address = trace_address(*trace, machine_name, index);
        auto column = traces.find(address.file, trace->separator, address.column);
        LANDFALL_CHECK(column != nullptr, "the trace of a disk was read before its churn is made");
        return std::make_unique<ReplayedWrites>(*trace, share, std::move(column));
    }
    return std::make_unique<NoWrites>();
}

}  // namespace landfall::workload
