// analysis/synthetic_trace.cpp — slots in blocks: one product of matrices for each.
#include "analysis/synthetic_trace.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include <Eigen/Cholesky>
#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>

#include "analysis/require.hpp"
#include "analysis/residual_correlation.hpp"

namespace landfall::analysis {

namespace {

constexpr Eigen::Index kBlock = 256;  // slots

Eigen::MatrixXd cholesky(const Eigen::MatrixXd& matrix) {
    const Eigen::LLT<Eigen::MatrixXd> factor(matrix);
    require(factor.info() == Eigen::Success,
            "the correlation must be positive definite, also that of its innovations");
    return factor.matrixL();
}

/// Machines' scores around their rhythm, slot after slot.
class Wander {
  public:
    Wander(const Eigen::ArrayXd& persistence, const Eigen::MatrixXd& start,
           const Eigen::MatrixXd& step, std::span<const std::uint64_t> streams)
        : persistence_(persistence), step_(step) {
        random_.reserve(streams.size());
        for (const std::uint64_t stream : streams) random_.emplace_back(stream);
        state_ = start.triangularView<Eigen::Lower>() * draws(1);
    }

    /// The next slots, shape (machines, slots).
    Eigen::MatrixXd next(Eigen::Index slots) {
        Eigen::MatrixXd found = step_.triangularView<Eigen::Lower>() * draws(slots);
        const Eigen::VectorXd memory = persistence_.matrix();
        const Eigen::VectorXd fresh = (1 - persistence_.square()).sqrt().matrix();
        for (Eigen::Index slot = 0; slot < slots; ++slot) {
            state_ = memory.cwiseProduct(state_) + fresh.cwiseProduct(found.col(slot));
            found.col(slot) = state_;
        }
        return found;
    }

  private:
    Eigen::MatrixXd draws(Eigen::Index slots) {
        Eigen::MatrixXd found(std::ssize(random_), slots);
        boost::random::normal_distribution<double> normal;
        for (Eigen::Index machine = 0; machine < found.rows(); ++machine) {
            auto& random = random_[static_cast<std::size_t>(machine)];
            for (Eigen::Index slot = 0; slot < slots; ++slot) found(machine, slot) = normal(random);
        }
        return found;
    }

    const Eigen::ArrayXd& persistence_;
    const Eigen::MatrixXd& step_;
    std::vector<boost::random::mt19937_64> random_;
    Eigen::VectorXd state_;
};

}  // namespace

ChurnMatrix synthetic_trace(const ChurnModel& model, const Period& period,
                            std::span<const std::uint64_t> streams, double factor) {
    check(model);
    require(period.slots > 0, "there must be at least one slot");
    require(is_not_negative(factor), "the factor must be finite and not negative");
    const Eigen::Index machines = model.deviation.size();
    require(machines > 0, "there must be at least one machine");
    const auto count = static_cast<std::size_t>(machines);
    require(!streams.empty() && streams.size() % count == 0,
            "there must be a stream for each machine, or for each of several fleets of them");
    const Eigen::MatrixXd start = cholesky(model.correlation);
    const Eigen::MatrixXd step =
        cholesky(innovation_correlation(model.correlation, model.persistence));
    const auto fleets = static_cast<Eigen::Index>(streams.size() / count);
    std::vector<Wander> wanders;
    for (Eigen::Index fleet = 0; fleet < fleets; ++fleet) {
        const auto first = static_cast<std::size_t>(fleet) * count;
        wanders.emplace_back(model.persistence, start, step, streams.subspan(first, count));
    }
    ChurnMatrix bytes(period.slots, machines * fleets);
    for (Eigen::Index first = 0; first < period.slots; first += kBlock) {
        const Eigen::Index slots = std::min(kBlock, period.slots - first);
        const double from_s = period.start_s + static_cast<double>(first) * model.rhythm.slot_s;
        const Eigen::MatrixXd rhythm =
            rhythm_columns(model.rhythm, from_s, slots) * model.coefficients;
        for (Eigen::Index fleet = 0; fleet < fleets; ++fleet) {
            const Eigen::MatrixXd around = wanders[static_cast<std::size_t>(fleet)].next(slots);
            for (Eigen::Index machine = 0; machine < machines; ++machine) {
                const double* marginal = model.marginals.col(machine).data();
                const double deviation = model.deviation[machine];
                for (Eigen::Index slot = 0; slot < slots; ++slot) {
                    const double score = rhythm(slot, machine) + deviation * around(machine, slot);
                    bytes(first + slot, fleet * machines + machine) =
                        factor * bytes_at(marginal, score);
                }
            }
        }
    }
    return bytes;
}

}  // namespace landfall::analysis
