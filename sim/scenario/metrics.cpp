// sim/scenario/metrics.cpp — the names of the metrics, in the order of the tables.
#include "sim/scenario/metrics.hpp"

namespace landfall::scenario {

std::vector<std::string> metric_names(bool of_total) {
    if (of_total) {
        return {"rpo_s_mean", "rpo_s_p50",
                "rpo_s_p95",  "rpo_s_p99",
                "rpo_s_max",  "initial_replication_s",
                "downtime_s", "migration_duration_s",
                "wan_bytes",  "data_loss_bytes",
                "cost_total", "licence_days"};
    }
    return {"state",
            "initial_replication_s",
            "rpo_s_mean",
            "rpo_s_p50",
            "rpo_s_p95",
            "rpo_s_p99",
            "rpo_s_max",
            "rpo_s_end",
            "downtime_s",
            "rto_s",
            "migration_duration_s",
            "data_loss_bytes",
            "wan_bytes",
            "written_bytes",
            "recovery_points",
            "resyncs",
            "protected_s",
            "no_sample_s",
            "cost_total",
            "licence_days"};
}

}  // namespace landfall::scenario
