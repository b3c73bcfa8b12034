// sim/kernel/random_streams.cpp — names to seeds, and the distributions over the engine.
#include "sim/kernel/random_streams.hpp"

#include <array>
#include <cmath>

#include <boost/random/exponential_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/uniform_01.hpp>
#include <boost/random/uniform_int_distribution.hpp>

#include "model/base/check.hpp"

namespace landfall::kernel {

namespace {

constexpr std::uint64_t kFnvOffset = 0xCBF29CE484222325ULL;
constexpr std::uint64_t kFnvPrime = 0x100000001B3ULL;

constexpr std::uint64_t add_name(std::uint64_t hash, std::string_view name) {
    for (const char letter : name) {
        hash = (hash ^ static_cast<unsigned char>(letter)) * kFnvPrime;
    }
    return hash * kFnvPrime;  // the zero byte that keeps ("ab", "c") apart from ("a", "bc")
}

boost::random::taus88 make_engine(std::uint64_t seed) {
    // The three parts of the engine need unrelated words of their own.
    const std::uint64_t first = mix_bits(seed);
    const std::uint64_t second = mix_bits(first);
    const std::array<std::uint32_t, 3> words = {static_cast<std::uint32_t>(first),
                                                static_cast<std::uint32_t>(first >> 32),
                                                static_cast<std::uint32_t>(second)};
    const std::uint32_t* next = words.data();
    return boost::random::taus88(next, words.data() + words.size());
}

}  // namespace

std::uint64_t stream_seed(std::uint64_t seed, std::string_view entity, std::string_view purpose) {
    const std::uint64_t names = add_name(add_name(kFnvOffset, entity), purpose);
    return mix_bits(names ^ mix_bits(seed));
}

RandomStream::RandomStream(std::uint64_t seed) : engine_(make_engine(seed)) {}

double RandomStream::uniform01() {
    return boost::random::uniform_01<double>()(engine_);
}

double RandomStream::normal(double mean, double deviation) {
    LANDFALL_CHECK(deviation >= 0, "a deviation is not negative");
    return boost::random::normal_distribution<double>(mean, deviation)(engine_);
}

double RandomStream::lognormal_factor(double sigma) {
    return std::exp(normal(-0.5 * sigma * sigma, sigma));
}

double RandomStream::exponential(double mean) {
    LANDFALL_CHECK(mean > 0, "the mean of an exponential is positive");
    return boost::random::exponential_distribution<double>(1.0 / mean)(engine_);
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
    LANDFALL_CHECK(bound > 0, "a bound is positive");
    return boost::random::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine_);
}

}  // namespace landfall::kernel
