// analysis/block_bootstrap.hpp — how sure a number is that was computed from one trace.
//
// Whole days are drawn again, in blocks, so that the time of day and what days have to do with
// their neighbours stay (Künsch, Annals of Statistics 17(3), 1989; with blocks of random length:
// Politis and Romano, JASA 89(428), 1994; both circular). All machines share the drawn days, so
// that what they do together stays, too. Two questions have two answers:
//
//   replicates()   the number of other traces of the same kind: a confidence interval
//   predictions()  the number of the days to come against that of the trace: a prediction interval.
//                  Both are random, so both are drawn; and machines change their level for good.
//                  The levels of the trace's two halves tell by how much: taken as a random walk,
//                  the variance between the trace's mean and that of the next H of T days is 1 + H
//                  / T times that between its halves. Each machine's level is multiplied by 1 +-
//                  tanh(sqrt(1 + H / T) ln(second half / first half)) of a machine drawn at random:
//                  that ratio or its inverse, scaled so that the mean stays.
#pragma once

#include <cstdint>

#include <Eigen/Core>

#include "analysis/fleet_demand.hpp"
#include "analysis/percentile.hpp"

namespace landfall::analysis {

/// The number in question, of a series of bytes per slot.
struct Statistic {
    enum class Kind {
        RequiredRate,  ///< bytes per second, for target_s at `share` of the slots
        WithinTarget,  ///< the share of slots whose lag at `rate` is at most target_s
        Percentile,    ///< bytes per slot, at `percent`
    };
    Kind kind = Kind::RequiredRate;
    double target_s = 0;
    double share = 1;
    double rate = 0;
    double percent = 95;
    PercentileKind percentile = PercentileKind::Linear;
};

/// The statistic of a series. Throws std::invalid_argument for arguments out of range.
double measure(const Eigen::Ref<const Eigen::ArrayXd>& demand, double slot_s,
               const Statistic& statistic);

struct Resampling {
    Eigen::Index slots_per_day = 0;  ///< > 0
    Eigen::Index replicates = 0;     ///< > 0
    Eigen::Index block_days = 1;     ///< > 0: the length of blocks, or their mean
    bool stationary = false;         ///< blocks of geometric length instead of a fixed one
    std::uint64_t seed = 0;
};

/// The statistic of each redrawn trace, shape (replicates). `demand` holds whole days, two or more.
Eigen::ArrayXd replicates(const Eigen::Ref<const Eigen::ArrayXd>& demand, double slot_s,
                          const Statistic& statistic, const Resampling& resampling);

/// What to add to the trace's statistic to have that of the `horizon_days` > 0 that follow, shape
/// (replicates): differences of logarithms, or of shares for WithinTarget. `churn` is of shape
/// (slots, machines) and holds whole days, two or more; not a number counts as nothing written.
Eigen::ArrayXd predictions(const Eigen::Ref<const ChurnMatrix>& churn, double slot_s,
                           const Statistic& statistic, const Resampling& resampling,
                           Eigen::Index horizon_days);

}  // namespace landfall::analysis
