// sim/lab/oracles_loss.hpp — what a failover loses, and what was said about it before.
#pragma once

#include <optional>
#include <vector>

#include "sim/lab/image_comparison.hpp"
#include "sim/lab/oracle.hpp"

namespace landfall::lab {

/// S6. True loss is counted from the oldest acknowledged write that the newest point misses.
class HonestRpo : public Oracle {
  public:
    explicit HonestRpo(LabContext& lab);
    void rpo_reported(MachineId machine, Instant now, Duration rpo) override;
};

/// S7.
class PlannedLosesNothing : public Oracle {
  public:
    explicit PlannedLosesNothing(LabContext& lab);
    void failover_compared(const FailoverFinding& found) override;
};

/// S8. Between two reports the RPO that a user reads off rises with time. Who chose a point older
/// than the newest was promised what its label says.
class LossWithinReportedRpo : public Oracle {
  public:
    explicit LossWithinReportedRpo(LabContext& lab);
    void rpo_reported(MachineId machine, Instant now, Duration rpo) override;
    void failover_compared(const FailoverFinding& found) override;
    void replica_damaged(MachineId machine, std::span<const std::uint64_t> kept) override;

  private:
    struct Report {
        Instant at;
        Duration rpo;
    };
    std::vector<std::optional<Report>> last_;
};

/// S35. Twice: what the replica is read as at the failover, and what the machine then has; the
/// second look, where a machine can be looked at, counts with the first.
class FailoverIsItsPoint : public Oracle {
  public:
    explicit FailoverIsItsPoint(LabContext& lab);
    void failover_compared(const FailoverFinding& found) override;
    void machine_compared(MachineId leg, Instant cut, const ImageComparison& found) override;

  private:
    void judge(MachineId machine, Instant cut, const ImageComparison& found, std::string_view what);
};

/// S30.
class FailbackIsTheTarget : public Oracle {
  public:
    explicit FailbackIsTheTarget(LabContext& lab);
    void failback_compared(MachineId machine, Instant cut, const ImageComparison& found) override;
};

}  // namespace landfall::lab
