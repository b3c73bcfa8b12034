// bindings/bundle_functions.cpp — machines that move together, as lists of numbers.
#include "bindings/bundle_functions.hpp"

#include <pybind11/stl.h>

#include "analysis/bundles.hpp"

namespace py = pybind11;

namespace {

py::tuple bundle(std::int64_t machines, const landfall::analysis::Ties& together,
                 const landfall::analysis::Ties& needs) {
    auto found = landfall::analysis::bundle(machines, together, needs);
    return py::make_tuple(std::move(found.of_machine), std::move(found.level),
                          std::move(found.needs));
}

}  // namespace

void define_bundles(py::module_& module) {
    module.def("bundle", bundle, py::arg("machines"), py::arg("together"), py::arg("needs"));
}
