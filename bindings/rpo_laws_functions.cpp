// bindings/rpo_laws_functions.cpp — the closed forms as functions of numbers that answer tuples.
#include "bindings/rpo_laws_functions.hpp"

#include "analysis/rpo_laws.hpp"

namespace py = pybind11;

namespace {

using namespace landfall;

py::tuple as_tuple(const analysis::CycleRpo& cycle) {
    return py::make_tuple(cycle.period_s, cycle.transfer_s, cycle.mean_rpo_s, cycle.worst_rpo_s);
}

py::tuple as_tuple(const analysis::CopyPasses& copy) {
    return py::make_tuple(copy.converges, copy.passes, copy.first_bytes, copy.bytes, copy.total_s,
                          copy.last_s);
}

py::tuple periodic_cycle(double transfer_s, double period_s) {
    return as_tuple(analysis::periodic_cycle(transfer_s, period_s));
}

py::tuple gap_scheduled_cycle(double transfer_s, double least_gap_s, double most_gap_s) {
    return as_tuple(analysis::gap_scheduled_cycle(transfer_s, least_gap_s, most_gap_s));
}

py::tuple self_consistent_cycle(double churn, double working_set, double bandwidth,
                                double interval_s) {
    return as_tuple(analysis::self_consistent_cycle({churn, working_set}, bandwidth, interval_s));
}

py::tuple journal_after_outage(double outage_s, double churn, double bandwidth) {
    const auto found = analysis::journal_after_outage(outage_s, churn, bandwidth);
    return py::make_tuple(found.backlog_bytes, found.catch_up_s, found.worst_rpo_s,
                          found.rpo_per_s);
}

py::tuple pre_copy(double size, double churn, double working_set, double bandwidth,
                   double stop_bytes) {
    return as_tuple(analysis::pre_copy(size, {churn, working_set}, bandwidth, stop_bytes));
}

py::tuple bitmap_after_outage(double outage_s, double churn, double working_set, double bandwidth,
                              double stop_bytes) {
    return as_tuple(
        analysis::bitmap_after_outage(outage_s, {churn, working_set}, bandwidth, stop_bytes));
}

py::tuple burst_queue(double burst_rate, double bandwidth, double burst_s, double pause_s) {
    const auto queue = analysis::burst_queue(burst_rate, bandwidth, burst_s, pause_s);
    return py::make_tuple(queue.load, queue.decay, queue.mean_bytes);
}

double burst_exceeds(double load, double decay, double queued) {
    return analysis::BurstQueue{load, decay, 0}.exceeds(queued);
}

}  // namespace

void define_rpo_laws(py::module_& module) {
    module.def("distinct_bytes", &analysis::distinct_bytes, py::arg("written"),
               py::arg("working_set"), "Distinct bytes of uniform writes.");
    module.def("periodic_cycle", &periodic_cycle, py::arg("transfer_s"), py::arg("period_s"),
               "period_s, transfer_s, mean_rpo_s, worst_rpo_s of periodic cycles.");
    module.def("gap_scheduled_cycle", &gap_scheduled_cycle, py::arg("transfer_s"),
               py::arg("least_gap_s"), py::arg("most_gap_s"), "The same of gap-scheduled cycles.");
    module.def("self_consistent_cycle", &self_consistent_cycle, py::arg("churn"),
               py::arg("working_set"), py::arg("bandwidth"), py::arg("interval_s"),
               "The same of the cycle that a churn settles in.");
    module.def("journal_after_outage", &journal_after_outage, py::arg("outage_s"), py::arg("churn"),
               py::arg("bandwidth"), "backlog_bytes, catch_up_s, worst_rpo_s, rpo_per_s.");
    module.def("pre_copy", &pre_copy, py::arg("size"), py::arg("churn"), py::arg("working_set"),
               py::arg("bandwidth"), py::arg("stop_bytes"),
               "converges, passes, first_bytes, bytes, total_s, last_s.");
    module.def("bitmap_after_outage", &bitmap_after_outage, py::arg("outage_s"), py::arg("churn"),
               py::arg("working_set"), py::arg("bandwidth"), py::arg("stop_bytes"),
               "converges, passes, first_bytes, bytes, total_s, last_s.");
    module.def("sojourn_mm1", &analysis::sojourn_mm1, py::arg("load"),
               "Mean sojourn in units of service, M/M/1.");
    module.def("sojourn_md1", &analysis::sojourn_md1, py::arg("load"),
               "Mean sojourn in units of service, M/D/1.");
    module.def("burst_queue", &burst_queue, py::arg("burst_rate"), py::arg("bandwidth"),
               py::arg("burst_s"), py::arg("pause_s"), "load, decay, mean_bytes.");
    module.def("burst_exceeds", &burst_exceeds, py::arg("load"), py::arg("decay"),
               py::arg("queued"), "The chance that more than `queued` bytes wait.");
}
