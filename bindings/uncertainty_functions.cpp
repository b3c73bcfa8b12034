// bindings/uncertainty_functions.cpp — replicates and predictions on NumPy's memory.
#include <pybind11/native_enum.h>

#include "analysis/block_bootstrap.hpp"
#include "bindings/array_views.hpp"
#include "bindings/numerics_functions.hpp"

namespace py = pybind11;

namespace {

using namespace landfall;
using analysis::Resampling;
using analysis::Statistic;
using binding::Doubles;

Doubles replicates(const Doubles& demand, double slot_s, const Statistic& statistic,
                   const Resampling& resampling) {
    const auto slots = binding::series(demand, "demand");
    Eigen::ArrayXd found;
    {
        const py::gil_scoped_release unlocked;
        found = analysis::replicates(slots, slot_s, statistic, resampling);
    }
    return binding::owned(std::move(found));
}

Doubles predictions(const Doubles& churn, double slot_s, const Statistic& statistic,
                    const Resampling& resampling, py::ssize_t horizon_days) {
    const auto cells = binding::matrix(churn, "churn");
    Eigen::ArrayXd found;
    {
        const py::gil_scoped_release unlocked;
        found = analysis::predictions(cells, slot_s, statistic, resampling, horizon_days);
    }
    return binding::owned(std::move(found));
}

}  // namespace

void define_uncertainty(py::module_& module) {
    py::native_enum<Statistic::Kind>(module, "StatisticKind", "enum.Enum")
        .value("required_rate", Statistic::Kind::RequiredRate)
        .value("within_target", Statistic::Kind::WithinTarget)
        .value("percentile", Statistic::Kind::Percentile)
        .finalize();
    py::class_<Statistic>(module, "Statistic", "A number of a series of bytes per slot.")
        .def(py::init([](Statistic::Kind kind, double target_s, double share, double rate,
                         double percent, analysis::PercentileKind percentile) {
                 return Statistic{kind, target_s, share, rate, percent, percentile};
             }),
             py::arg("kind"), py::kw_only(), py::arg("target_s") = 0.0, py::arg("share") = 1.0,
             py::arg("rate") = 0.0, py::arg("percent") = 95.0,
             py::arg("percentile") = analysis::PercentileKind::Linear);
    py::class_<Resampling>(module, "Resampling", "How whole days are drawn again.")
        .def(py::init([](py::ssize_t slots_per_day, py::ssize_t count, py::ssize_t block_days,
                         bool stationary, std::uint64_t seed) {
                 return Resampling{slots_per_day, count, block_days, stationary, seed};
             }),
             py::kw_only(), py::arg("slots_per_day"), py::arg("replicates"), py::arg("block_days"),
             py::arg("stationary"), py::arg("seed"));
    module.def(
        "measure",
        [](const Doubles& demand, double slot_s, const Statistic& statistic) {
            return analysis::measure(binding::series(demand, "demand"), slot_s, statistic);
        },
        py::arg("demand").noconvert(), py::arg("slot_s"), py::arg("statistic"),
        "The statistic of a series.");
    module.def("replicates", &replicates, py::arg("demand").noconvert(), py::arg("slot_s"),
               py::arg("statistic"), py::arg("resampling"), "The statistic of each redrawn trace.");
    module.def("predictions", &predictions, py::arg("churn").noconvert(), py::arg("slot_s"),
               py::arg("statistic"), py::arg("resampling"), py::arg("horizon_days"),
               "What to add to the trace's statistic for that of the days to come.");
}
