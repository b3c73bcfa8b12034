// bindings/synthetic_functions.cpp — churn models and synthetic traces on NumPy's memory.
#include <cstdint>
#include <string>
#include <vector>

#include <pybind11/stl.h>

#include "analysis/synthetic_trace.hpp"
#include "bindings/array_views.hpp"
#include "bindings/numerics_functions.hpp"
#include "sim/kernel/random_streams.hpp"

namespace py = pybind11;

namespace {

using namespace landfall;
using analysis::ChurnMatrix;
using analysis::ChurnModel;
using analysis::Rhythm;
using binding::Doubles;
using binding::owned;

Eigen::Map<const analysis::MissingMatrix> mask(const binding::NumPy<bool>& array) {
    if (array.ndim() != 2) throw py::value_error("missing must have two dimensions");
    return {array.data(), array.shape(0), array.shape(1)};
}

/// A small matrix, row after row.
Doubles rows_of(const Eigen::MatrixXd& values) {
    return owned(ChurnMatrix(values.array()));
}

py::dict fit_churn(const Doubles& churn, const binding::NumPy<bool>& missing, double start_s,
                   const Rhythm& rhythm) {
    const auto cells = binding::matrix(churn, "churn");
    const auto absent = mask(missing);
    analysis::FittedChurn found;
    {
        const py::gil_scoped_release unlocked;
        found = analysis::fit_churn(cells, absent, start_s, rhythm);
    }
    py::dict parts;
    parts["coefficients"] = rows_of(found.model.coefficients);
    parts["deviation"] = owned(std::move(found.model.deviation));
    parts["persistence"] = owned(std::move(found.model.persistence));
    parts["correlation"] = rows_of(found.model.correlation);
    parts["marginals"] = rows_of(found.model.marginals);
    parts["explained"] = owned(std::move(found.explained));
    parts["shrinkage"] = found.shrinkage;
    parts["attained"] = found.attained;
    return parts;
}

Doubles synthetic_trace(const ChurnModel& model, double start_s, py::ssize_t slots,
                        std::uint64_t seed, const std::vector<std::string>& names, double factor) {
    std::vector<std::uint64_t> streams;
    streams.reserve(names.size());
    for (const std::string& name : names) {
        streams.push_back(kernel::stream_seed(seed, name, "synthetic churn"));
    }
    ChurnMatrix bytes;
    {
        const py::gil_scoped_release unlocked;
        bytes = analysis::synthetic_trace(model, {start_s, slots}, streams, factor);
    }
    return owned(std::move(bytes));
}

ChurnModel model_of(const Rhythm& rhythm, const Doubles& coefficients, const Doubles& deviation,
                    const Doubles& persistence, const Doubles& correlation,
                    const Doubles& marginals) {
    ChurnModel model{rhythm,
                     binding::matrix(coefficients, "coefficients").matrix(),
                     binding::series(deviation, "deviation"),
                     binding::series(persistence, "persistence"),
                     binding::matrix(correlation, "correlation").matrix(),
                     binding::matrix(marginals, "marginals").matrix()};
    analysis::check(model);
    return model;
}

}  // namespace

void define_synthetic(py::module_& module) {
    py::class_<Rhythm>(module, "Rhythm", "Harmonics of the hour, the day and the week.")
        .def(py::init([](double slot_s, int hourly, int daily, int weekly) {
                 return Rhythm{slot_s, hourly, daily, weekly};
             }),
             py::kw_only(), py::arg("slot_s"), py::arg("hourly"), py::arg("daily"),
             py::arg("weekly"))
        .def(
            "cycles_per_week",
            [](const Rhythm& rhythm) { return owned(analysis::cycles_per_week(rhythm)); },
            "Frequencies that slots of this length can show, rising.");
    py::class_<ChurnModel>(module, "ChurnModel", "Rhythm, marginals and correlation of machines.")
        .def(py::init(&model_of), py::kw_only(), py::arg("rhythm"), py::arg("coefficients"),
             py::arg("deviation"), py::arg("persistence"), py::arg("correlation"),
             py::arg("marginals"));
    module.def("fit_churn", &fit_churn, py::arg("churn").noconvert(),
               py::arg("missing").noconvert(), py::arg("start_s"), py::arg("rhythm"),
               "The parts of a ChurnModel, and what the fit says of itself.");
    module.def("synthetic_trace", &synthetic_trace, py::arg("model"), py::kw_only(),
               py::arg("start_s"), py::arg("slots"), py::arg("seed"), py::arg("names"),
               py::arg("factor"), "Bytes per slot, a column for each name.");
}
