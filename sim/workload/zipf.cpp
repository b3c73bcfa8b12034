// sim/workload/zipf.cpp — rejection-inversion, and a small cipher that scatters ranks.
#include "sim/workload/zipf.hpp"

#include <algorithm>
#include <cmath>

#include "model/base/check.hpp"

namespace landfall::workload {

namespace {

constexpr std::uint64_t kRanksMax = std::uint64_t{1} << 48;
constexpr double kAlphaMax = 10.0;

/// log(1 + x) / x, also at 0.
double log1p_over(double x) {
    return std::fabs(x) > 1e-8 ? std::log1p(x) / x : 1.0 - x * (0.5 - x / 3.0);
}

/// (e^x - 1) / x, also at 0.
double expm1_over(double x) {
    return std::fabs(x) > 1e-8 ? std::expm1(x) / x : 1.0 + x * (0.5 + x / 6.0);
}

}  // namespace

double fine_uniform01(kernel::RandomStream& stream) {
    constexpr std::uint64_t kSteps = std::uint64_t{1} << 53;
    return static_cast<double>(stream.below(kSteps)) / static_cast<double>(kSteps);
}

ZipfRanks::ZipfRanks(std::uint64_t ranks, double alpha) : ranks_(ranks), alpha_(alpha) {
    LANDFALL_CHECK(1 <= ranks && ranks <= kRanksMax, "a Zipf law has 1 to 2^48 ranks");
    LANDFALL_CHECK(0 <= alpha && alpha <= kAlphaMax, "the exponent of a Zipf law is 0 to 10");
    lowest_ = integral(1.5) - 1.0;
    highest_ = integral(static_cast<double>(ranks) + 0.5);
    sure_ = 2.0 - integral_inverse(integral(2.5) - weight(2.0));
    total_ = sum_of_weights();
}

// h and its integral H(x) = (x^(1-alpha) - 1) / (1 - alpha), written so that alpha = 1 (where H is
// the logarithm) and its surroundings lose no digits.
double ZipfRanks::weight(double x) const {
    return std::exp(-alpha_ * std::log(x));
}

double ZipfRanks::integral(double x) const {
    const double log_x = std::log(x);
    return expm1_over((1.0 - alpha_) * log_x) * log_x;
}

double ZipfRanks::integral_inverse(double y) const {
    const double t = std::max(y * (1.0 - alpha_), -1.0);  // below -1 by rounding only
    return std::exp(log1p_over(t) * y);
}

std::uint64_t ZipfRanks::draw(kernel::RandomStream& stream) const {
    for (;;) {  // the paper bounds the mean number of turns by 1.25
        const double u = highest_ + fine_uniform01(stream) * (lowest_ - highest_);
        const double x = integral_inverse(u);
        const double nearest = std::floor(x + 0.5);
        const double k = std::clamp(nearest, 1.0, static_cast<double>(ranks_));
        if (k - x <= sure_ || u >= integral(k + 0.5) - weight(k)) {
            return static_cast<std::uint64_t>(k);
        }
    }
}

double ZipfRanks::probability(std::uint64_t rank) const {
    LANDFALL_CHECK(1 <= rank && rank <= ranks_, "a rank lies in its Zipf law");
    return weight(static_cast<double>(rank)) / total_;
}

/// The first ranks one by one, the rest by the Euler-Maclaurin formula up to the third derivative.
double ZipfRanks::sum_of_weights() const {
    constexpr std::uint64_t kOneByOne = 100;
    double sum = 0;
    const std::uint64_t single = std::min(ranks_, kOneByOne);
    for (std::uint64_t k = 1; k <= single; ++k) sum += weight(static_cast<double>(k));
    if (single == ranks_) return sum;
    const auto a = static_cast<double>(single);
    const auto b = static_cast<double>(ranks_);
    const double at_a = weight(a);
    const double at_b = weight(b);
    const double first = alpha_ * (at_a / a - at_b / b) / 12.0;
    const double third =
        alpha_ * (alpha_ + 1) * (alpha_ + 2) * (at_a / (a * a * a) - at_b / (b * b * b)) / 720.0;
    return sum + integral(b) - integral(a) + (at_b - at_a) / 2.0 + first - third;
}

ScatteredPlaces::ScatteredPlaces(std::uint64_t places, std::uint64_t key)
    : places_(places), key_(key) {
    LANDFALL_CHECK(1 <= places && places <= (std::uint64_t{1} << 62),
                   "1 to 2^62 places can be scattered");
    while ((std::uint64_t{1} << (2 * half_bits_)) < places) ++half_bits_;
}

std::uint64_t ScatteredPlaces::place(std::uint64_t rank) const {
    LANDFALL_CHECK(rank < places_, "a rank lies among the places");
    constexpr std::uint64_t kRounds = 4;
    const std::uint64_t mask = (std::uint64_t{1} << half_bits_) - 1;
    std::uint64_t at = rank;
    do {  // fewer than four turns on average: the domain is less than four times the places
        std::uint64_t left = at >> half_bits_;
        std::uint64_t right = at & mask;
        for (std::uint64_t round = 0; round < kRounds; ++round) {
            const std::uint64_t mixed = kernel::member_seed(key_ + round, right) & mask;
            const std::uint64_t next = left ^ mixed;
            left = right;
            right = next;
        }
        at = (left << half_bits_) | right;
    } while (at >= places_);
    return at;
}

}  // namespace landfall::workload
