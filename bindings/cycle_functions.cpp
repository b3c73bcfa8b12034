// bindings/cycle_functions.cpp — churn that is shipped cycle by cycle, on NumPy's memory.
#include "analysis/cycle_deltas.hpp"
#include "bindings/array_views.hpp"
#include "bindings/numerics_functions.hpp"

namespace py = pybind11;

namespace {

using namespace landfall;
using analysis::Fold;
using binding::Doubles;
using binding::owned;
using binding::series;

Doubles array_of(const std::vector<double>& values) {
    return owned(
        Eigen::ArrayXd(Eigen::Map<const Eigen::ArrayXd>(values.data(), std::ssize(values))));
}

py::tuple cycle_deltas(const Doubles& arrivals, double slot_s, double period_s, const Fold& fold) {
    auto found = analysis::cycle_deltas(series(arrivals, "arrivals"), slot_s, period_s, fold);
    return py::make_tuple(owned(std::move(found.written)), owned(std::move(found.unique)));
}

Doubles rates_by_cycle(const Doubles& deltas, double period_s, double target_s) {
    return owned(analysis::rates_by_cycle(series(deltas, "deltas"), period_s, target_s));
}

Doubles rpo_by_cycle(const Doubles& deltas, double period_s, double rate) {
    return owned(analysis::rpo_by_cycle(series(deltas, "deltas"), period_s, rate));
}

py::tuple gap_cycles(const Doubles& arrivals, double slot_s, double rate, double least_gap_s,
                     double most_gap_s, const Fold& fold) {
    const auto found = analysis::gap_cycles(series(arrivals, "arrivals"), slot_s, rate, least_gap_s,
                                            most_gap_s, fold);
    return py::make_tuple(array_of(found.start_s), array_of(found.end_s), array_of(found.written),
                          array_of(found.unique), array_of(found.rpo_s));
}

}  // namespace

void define_cycles(py::module_& module) {
    py::class_<Fold>(module, "Fold", "What coalescing leaves of what a cycle writes.")
        .def(py::init<>())
        .def_static(
            "curve",
            [](const Doubles& windows_s, const Doubles& ratios) {
                return Fold::curve(series(windows_s, "windows_s"), series(ratios, "ratios"));
            },
            py::arg("windows_s").noconvert(), py::arg("ratios").noconvert())
        .def_static("working_set", &Fold::working_set, py::arg("size"));
    module.def("cycle_deltas", &cycle_deltas, py::arg("arrivals").noconvert(), py::arg("slot_s"),
               py::arg("period_s"), py::arg("fold"), "Bytes written and shipped in each cycle.");
    module.def("rates_by_cycle", &rates_by_cycle, py::arg("deltas").noconvert(),
               py::arg("period_s"), py::arg("target_s"),
               "Least rate at which each cycle's point keeps the target.");
    module.def("rpo_by_cycle", &rpo_by_cycle, py::arg("deltas").noconvert(), py::arg("period_s"),
               py::arg("rate"), "Worst RPO before each cycle's point, seconds.");
    module.def("gap_cycles", &gap_cycles, py::arg("arrivals").noconvert(), py::arg("slot_s"),
               py::arg("rate"), py::arg("least_gap_s"), py::arg("most_gap_s"), py::arg("fold"),
               "start_s, end_s, written, unique and rpo_s of gap-scheduled cycles.");
}
