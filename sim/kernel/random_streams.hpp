// sim/kernel/random_streams.hpp — named random streams: one per entity and purpose, cheap to start.
//
// Law: a draw depends on the run's seed and on the names of what draws, never on what else exists
// or in which order things were made. Adding a machine therefore does not move another machine's
// draws.
#pragma once

#include <cstdint>
#include <string_view>

#include <boost/random/taus88.hpp>

namespace landfall::kernel {

/// Scrambles 64 bits so that neighbouring inputs give unrelated outputs. A bijection: no two inputs
/// meet. (The finalizer of the SplitMix64 generator, Steele, Lea and Flood, OOPSLA 2014.)
constexpr std::uint64_t mix_bits(std::uint64_t bits) {
    bits += 0x9E3779B97F4A7C15ULL;
    bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9ULL;
    bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBULL;
    return bits ^ (bits >> 31);
}

/// The seed of the stream that `entity` (for example a machine's name) uses for `purpose` in a run
/// started with `seed`. Stable for ever: results of old runs depend on it. FNV-1a over the two
/// names with a zero byte after each, then mixed with the seed.
std::uint64_t stream_seed(std::uint64_t seed, std::string_view entity, std::string_view purpose);

/// The seed of member `index` of a stream that is addressed by number, for example one draw per
/// time slot. Lets a draw be repeated out of order.
constexpr std::uint64_t member_seed(std::uint64_t stream, std::uint64_t index) {
    return mix_bits(stream ^ mix_bits(index));
}

/// A source of draws. Boost.Random throughout: its distributions give the same numbers with every
/// standard library, which `std::` ones do not promise. Costs 12 bytes and a few nanoseconds to
/// start.
class RandomStream {
  public:
    explicit RandomStream(std::uint64_t seed);
    RandomStream(std::uint64_t seed, std::string_view entity, std::string_view purpose)
        : RandomStream(stream_seed(seed, entity, purpose)) {}

    /// Evenly from [0, 1).
    double uniform01();
    /// From the normal distribution. Requires `deviation` >= 0.
    double normal(double mean, double deviation);
    /// From the log-normal distribution with mean 1: exp(sigma z - sigma^2 / 2). Requires sigma >=
    /// 0.
    double lognormal_factor(double sigma);
    /// From the exponential distribution. Requires `mean` > 0.
    double exponential(double mean);
    /// Evenly from the whole numbers 0 .. bound - 1. Requires bound > 0.
    std::uint64_t below(std::uint64_t bound);

  private:
    boost::random::taus88 engine_;
};

}  // namespace landfall::kernel
