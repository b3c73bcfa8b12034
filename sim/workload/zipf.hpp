// sim/workload/zipf.hpp — ranks by popularity and where the popular ones lie on a disk.
//
// ZipfRanks draws rank k of 1..N with a probability proportional to k^-alpha, in constant time and
// memory, exactly: rejection-inversion, W. Hoermann and G. Derflinger, "Rejection-inversion to
// generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996. alpha = 0 is
// uniform.
// ScatteredPlaces is a fixed bijection of 0..N-1, so that what is hot does not lie together: four
// rounds of a Feistel network on the next power of four, walked until the result is below N (Black
// and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002).
#pragma once

#include <cstdint>

#include "sim/kernel/random_streams.hpp"

namespace landfall::workload {

/// Evenly from [0, 1) in steps of 2^-53. One word of the engine has 32 bits, too coarse for the
/// tail of a large disk.
double fine_uniform01(kernel::RandomStream& stream);

class ZipfRanks {
  public:
    /// Requires 1 <= ranks <= 2^48 and 0 <= alpha <= 10.
    ZipfRanks(std::uint64_t ranks, double alpha);

    /// A rank of 1..ranks().
    std::uint64_t draw(kernel::RandomStream& stream) const;

    /// The probability of `rank`, to about 1e-11 of its value. Requires 1 <= rank <= ranks().
    [[nodiscard]] double probability(std::uint64_t rank) const;

    [[nodiscard]] std::uint64_t ranks() const { return ranks_; }

  private:
    [[nodiscard]] double weight(double x) const;            ///< h(x) = x^-alpha
    [[nodiscard]] double integral(double x) const;          ///< of h from 1 to x
    [[nodiscard]] double integral_inverse(double y) const;  ///< x of integral(x) = y
    [[nodiscard]] double sum_of_weights() const;

    std::uint64_t ranks_;
    double alpha_;
    double lowest_;   ///< integral(3/2) - 1: where the area of rank 1 begins
    double highest_;  ///< integral(N + 1/2)
    double sure_;     ///< this close to the rank no comparison is needed
    double total_;    ///< sum of k^-alpha over all ranks
};

class ScatteredPlaces {
  public:
    /// Requires 1 <= places <= 2^62.
    ScatteredPlaces(std::uint64_t places, std::uint64_t key);

    /// The place of `rank`, both in 0..places-1; no two ranks have the same.
    [[nodiscard]] std::uint64_t place(std::uint64_t rank) const;

  private:
    std::uint64_t places_;
    std::uint64_t key_;
    unsigned half_bits_ = 1;
};

}  // namespace landfall::workload
