// sim/workload/block_writes.cpp — arrivals, places and kinds of synthetic writes.
#include "sim/workload/block_writes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/kernel/random_streams.hpp"
#include "sim/workload/daily.hpp"
#include "sim/workload/zipf.hpp"

namespace landfall::workload {

namespace {

using Kind = BlockPattern::Kind;
constexpr std::uint64_t kPlacesMax = std::uint64_t{1} << 48;
constexpr double kWritesPerSecondMax = 1e9;  // at most one in a nanosecond
constexpr double kZipfAlphaMax = 10.0;
/// The clock of a source ends here (about 285 years), well before instants overflow.
constexpr double kLatest = 9e18;

/// How a pattern divides a disk.
struct Places {
    std::uint64_t count = 0;
    std::uint64_t sectors_each = 0;
    std::uint64_t sectors = 0;  ///< of all places

    [[nodiscard]] SectorRange range(std::uint64_t place) const {
        const std::uint64_t first = place * sectors_each;
        return {first, std::min(sectors_each, sectors - first)};
    }
    [[nodiscard]] bool last_is_shorter() const { return sectors % sectors_each != 0; }
    /// Places of full size, which may be scattered.
    [[nodiscard]] std::uint64_t whole() const { return last_is_shorter() ? count - 1 : count; }
};

Places places_of(const BlockPattern& pattern, const DiskGeometry& disk) {
    const auto sector = static_cast<std::uint64_t>(disk.sector_size.count());
    Places places;
    places.sectors_each = static_cast<std::uint64_t>(pattern.write_size.count()) / sector;
    places.sectors = disk.sectors;
    if (pattern.working_set) {
        places.sectors = static_cast<std::uint64_t>(pattern.working_set->count()) / sector;
    }
    places.count = places.sectors / places.sectors_each + (places.last_is_shorter() ? 1 : 0);
    return places;
}

std::uint64_t hot_places(const BlockPattern& pattern, const Places& places) {
    const double wanted = std::floor(static_cast<double>(places.count) * pattern.hot_share + 0.5);
    return std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, places.count - 1);
}

/// Expected sectors of one write. The popular kinds keep the shorter last place the coldest.
double sectors_per_write(const BlockPattern& pattern, const Places& places) {
    const auto each = static_cast<double>(places.sectors_each);
    if (!places.last_is_shorter()) return each;
    const double missing = each - static_cast<double>(places.sectors % places.sectors_each);
    const auto count = static_cast<double>(places.count);
    double chance_of_last = 1.0 / count;
    if (pattern.kind == Kind::Zipf) {
        chance_of_last = ZipfRanks(places.count, pattern.zipf_alpha).probability(places.count);
    } else if (pattern.kind == Kind::HotCold) {
        const auto hot = static_cast<double>(hot_places(pattern, places));
        chance_of_last = (1.0 - pattern.hot_writes) / (count - hot);
    }
    return each - missing * chance_of_last;
}

/// Bytes of data per second while the pattern writes.
double bytes_per_second_while_writing(const BlockPattern& pattern, const DiskGeometry& disk) {
    return pattern.writes_per_second * sectors_per_write(pattern, places_of(pattern, disk)) *
           static_cast<double>(disk.sector_size.count()) * (1.0 - pattern.trim_share);
}

/// A daily window as a clock of its own that stands still while the window is shut.
class WindowClock {
  public:
    explicit WindowClock(const scenario::DailyWindow& window)
        : from_(window.from.count()), to_(window.to.count()), wraps_(to_ <= from_) {
        open_per_day_ = wraps_ ? kNanosecondsPerDay - (from_ - to_) : to_ - from_;
    }

    [[nodiscard]] std::int64_t open_per_day() const { return open_per_day_; }

    /// How long the window was open before `instant`.
    [[nodiscard]] std::int64_t open_until(std::int64_t instant) const {
        const std::int64_t day = instant / kNanosecondsPerDay;
        const std::int64_t clock = instant % kNanosecondsPerDay;
        const std::int64_t open =
            wraps_ ? std::min(clock, to_) + std::max<std::int64_t>(clock - from_, 0)
                   : std::clamp(clock, from_, to_) - from_;
        return day * open_per_day_ + open;
    }

    /// The instant at which the window has been open for `open`.
    [[nodiscard]] std::int64_t instant_of(std::int64_t open) const {
        const std::int64_t day = open / open_per_day_;
        const std::int64_t rest = open % open_per_day_;
        const bool early = wraps_ && rest < to_;
        const std::int64_t clock = early ? rest : from_ + rest - (wraps_ ? to_ : 0);
        return day * kNanosecondsPerDay + clock;
    }

  private:
    std::int64_t from_;
    std::int64_t to_;
    bool wraps_;
    std::int64_t open_per_day_ = 0;
};

/// When writes come: evenly or at random at one rate, in the window's time or in passes.
class Arrivals {
  public:
    Arrivals(const BlockPattern& pattern, std::uint64_t places, kernel::RandomStream stream)
        : gap_(static_cast<double>(kNanosecondsPerSecond) / pattern.writes_per_second),
          poisson_(pattern.poisson),
          stream_(stream) {
        if (pattern.kind == Kind::BackupFlood) window_.emplace(pattern.window);
        if (pattern.kind == Kind::FullRewrite) {
            pass_ = places;
            period_ = static_cast<double>(pattern.period.count());
        }
    }

    std::optional<Instant> next() {
        if (pass_ > 0 && in_pass_ == pass_) start_pass();
        const double at = begin_ + offset();
        if (!(at < kLatest)) return std::nullopt;
        ++in_pass_;
        const auto whole = static_cast<std::int64_t>(at);
        return Instant(nanoseconds(window_ ? window_->instant_of(whole) : whole));
    }

  private:
    /// From the start of the pass. Evenly spaced writes come from their number: nothing drifts.
    double offset() {
        if (!poisson_) return static_cast<double>(in_pass_) * gap_;
        return elapsed_ += stream_.exponential(gap_);
    }

    void start_pass() {
        const double end = begin_ + (poisson_ ? elapsed_ : static_cast<double>(pass_) * gap_);
        ++passes_;
        begin_ = std::max(static_cast<double>(passes_) * period_, end);
        elapsed_ = 0;
        in_pass_ = 0;
    }

    double gap_;  ///< nanoseconds
    bool poisson_;
    kernel::RandomStream stream_;
    std::optional<WindowClock> window_;
    std::uint64_t pass_ = 0;  ///< writes of one pass; 0: one pass without end
    double period_ = 0;
    double begin_ = 0;    ///< of the pass
    double elapsed_ = 0;  ///< since then, with random arrivals
    std::uint64_t in_pass_ = 0;
    std::uint64_t passes_ = 0;
};

/// Where writes go.
class PlaceChooser {
  public:
    PlaceChooser(const BlockPattern& pattern, const Places& places, std::uint64_t scatter_key,
                 kernel::RandomStream stream)
        : kind_(pattern.kind),
          places_(places.count),
          whole_(places.whole()),
          hot_writes_(pattern.hot_writes),
          stream_(stream) {
        if (kind_ == Kind::Zipf) zipf_.emplace(places_, pattern.zipf_alpha);
        if (kind_ == Kind::HotCold) hot_ = hot_places(pattern, places);
        if ((kind_ == Kind::Zipf || kind_ == Kind::HotCold) && whole_ > 0) {
            scatter_.emplace(whole_, scatter_key);
        }
    }

    std::uint64_t next() {
        switch (kind_) {
            case Kind::Uniform: return stream_.below(places_);
            case Kind::Zipf: return scattered(zipf_->draw(stream_) - 1);
            case Kind::HotCold:
                if (fine_uniform01(stream_) < hot_writes_) return scattered(stream_.below(hot_));
                return scattered(hot_ + stream_.below(places_ - hot_));
            case Kind::Sequential:
            case Kind::BackupFlood:
            case Kind::FullRewrite: break;
        }
        const std::uint64_t place = cursor_;
        cursor_ = cursor_ + 1 == places_ ? 0 : cursor_ + 1;
        return place;
    }

  private:
    /// A shorter last place has the last rank and stays where it is.
    [[nodiscard]] std::uint64_t scattered(std::uint64_t rank) const {
        return rank < whole_ ? scatter_->place(rank) : rank;
    }

    Kind kind_;
    std::uint64_t places_;
    std::uint64_t whole_;
    double hot_writes_;
    std::uint64_t hot_ = 0;
    std::uint64_t cursor_ = 0;
    kernel::RandomStream stream_;
    std::optional<ZipfRanks> zipf_;
    std::optional<ScatteredPlaces> scatter_;
};

class PatternWrites final : public BlockWriteSource {
  public:
    PatternWrites(const BlockPattern& pattern, const DiskGeometry& disk, const std::string& entity,
                  std::uint64_t seed)
        : layout_(places_of(pattern, disk)),
          arrivals_(pattern, layout_.count, kernel::RandomStream(seed, entity, "block arrivals")),
          places_(pattern, layout_, kernel::stream_seed(seed, entity, "block scatter"),
                  kernel::RandomStream(seed, entity, "block places")),
          kinds_(seed, entity, "block kinds"),
          trim_share_(pattern.trim_share) {}

    std::optional<BlockWrite> next() override {
        const std::optional<Instant> at = arrivals_.next();
        if (!at) return std::nullopt;
        BlockWrite write{*at, layout_.range(places_.next()), WriteKind::Write};
        if (trim_share_ > 0 && fine_uniform01(kinds_) < trim_share_) {
            write.kind = WriteKind::Discard;
        }
        return write;
    }

  private:
    Places layout_;
    Arrivals arrivals_;
    PlaceChooser places_;
    kernel::RandomStream kinds_;
    double trim_share_;
};

class NoBlockWrites final : public BlockWriteSource {
  public:
    std::optional<BlockWrite> next() override { return std::nullopt; }
};

bool is_share(double value) {
    return 0 <= value && value <= 1;  // not so for NaN either
}

std::string size_fault(const BlockPattern& pattern, const DiskGeometry& disk) {
    const std::int64_t sector = disk.sector_size.count();
    if (disk.sectors == 0 || sector <= 0) return "a disk has at least one sector";
    constexpr std::uint64_t kBytesMax = std::numeric_limits<std::int64_t>::max();
    if (disk.sectors > kBytesMax / static_cast<std::uint64_t>(sector)) {
        return "a disk has less than 8 EiB";
    }
    const std::string a_multiple =
        " must be a positive multiple of the sector size, " + std::to_string(sector) + " bytes";
    if (pattern.write_size.count() <= 0 || pattern.write_size.count() % sector != 0) {
        return "write_size" + a_multiple;
    }
    if (pattern.working_set) {
        const std::int64_t set = pattern.working_set->count();
        if (set <= 0 || set % sector != 0) return "working_set" + a_multiple;
        if (static_cast<std::uint64_t>(set / sector) > disk.sectors) {
            return "working_set must not be larger than the disk";
        }
    }
    const std::uint64_t places = places_of(pattern, disk).count;
    if (places > kPlacesMax) return "a disk has at most 2^48 places of write_size";
    if (pattern.kind == Kind::HotCold && places < 2) {
        return "hot and cold need at least two places of write_size";
    }
    return {};
}

}  // namespace

std::string pattern_fault(const BlockPattern& pattern, const DiskGeometry& disk) {
    const double rate = pattern.writes_per_second;
    if (!(0 <= rate && rate <= kWritesPerSecondMax)) return "writes_per_second must be 0 to 1e9";
    if (!(0 <= pattern.zipf_alpha && pattern.zipf_alpha <= kZipfAlphaMax)) {
        return "zipf_alpha must be 0 to 10";
    }
    if (!(0 < pattern.hot_share && pattern.hot_share < 1)) {
        return "hot_share must be between 0 and 1";
    }
    if (!is_share(pattern.hot_writes)) return "hot_writes must be 0 to 1";
    if (!is_share(pattern.trim_share)) return "trim_share must be 0 to 1";
    if (pattern.period <= Duration(0)) return "period must be positive";
    for (const Duration end : {pattern.window.from, pattern.window.to}) {
        if (end < Duration(0) || end > days(1)) return "window must lie within a day";
    }
    if (pattern.window.from == days(1) && pattern.window.to == Duration(0)) {
        return "window must not be empty";
    }
    return size_fault(pattern, disk);
}

double bytes_per_second(const BlockPattern& pattern, const DiskGeometry& disk) {
    LANDFALL_CHECK(pattern_fault(pattern, disk).empty(), "a pattern fits its disk");
    const double rate = bytes_per_second_while_writing(pattern, disk);
    if (pattern.kind == Kind::BackupFlood) {
        return rate * static_cast<double>(WindowClock(pattern.window).open_per_day()) /
               static_cast<double>(kNanosecondsPerDay);
    }
    if (pattern.kind == Kind::FullRewrite && rate > 0) {
        const double pass_s =
            static_cast<double>(places_of(pattern, disk).count) / pattern.writes_per_second;
        return rate * std::min(1.0, pass_s / to_seconds(pattern.period));
    }
    return rate;
}

Bytes expected_bytes(const BlockPattern& pattern, const DiskGeometry& disk, Instant from,
                     Instant to) {
    LANDFALL_CHECK(pattern_fault(pattern, disk).empty(), "a pattern fits its disk");
    LANDFALL_CHECK(Instant() <= from && from <= to, "writes are asked for a span after the start");
    const double rate = bytes_per_second_while_writing(pattern, disk);
    const auto until = [&](Instant instant) {
        std::int64_t writing = instant.since_start().count();
        if (pattern.kind == Kind::BackupFlood) {
            writing = WindowClock(pattern.window).open_until(writing);
        } else if (pattern.kind == Kind::FullRewrite && rate > 0) {
            const double pass = static_cast<double>(places_of(pattern, disk).count) /
                                pattern.writes_per_second * 1e9;
            const std::int64_t period = pattern.period.count();
            if (pass < static_cast<double>(period)) {
                const auto length = static_cast<std::int64_t>(pass);
                writing = writing / period * length + std::min(writing % period, length);
            }
        }
        const double bytes = rate * to_seconds(Duration(writing));
        return static_cast<std::int64_t>(std::min(bytes, kLatest));
    };
    return Bytes(until(to) - until(from));
}

std::unique_ptr<BlockWriteSource> make_block_writes(const BlockPattern& pattern,
                                                    const DiskGeometry& disk,
                                                    std::string_view machine_name,
                                                    std::string_view disk_name,
                                                    std::uint64_t seed) {
    LANDFALL_CHECK(pattern_fault(pattern, disk).empty(), "a pattern fits its disk");
    if (pattern.writes_per_second == 0) return std::make_unique<NoBlockWrites>();
    const std::string entity = std::string(machine_name) + '/' + std::string(disk_name);
    return std::make_unique<PatternWrites>(pattern, disk, entity, seed);
}

}  // namespace landfall::workload
