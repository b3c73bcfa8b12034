// bindings/network_functions.cpp — minimum cuts and weak points of networks given as arrays.
#include <pybind11/stl.h>

#include "analysis/network_cuts.hpp"
#include "bindings/array_views.hpp"
#include "bindings/numerics_functions.hpp"

namespace py = pybind11;

namespace {

using namespace landfall;
using Indices = binding::NumPy<std::int64_t>;
using IndexArray = Eigen::Array<std::int64_t, Eigen::Dynamic, 1>;

analysis::Links links_of(std::int64_t sites, const Indices& from, const Indices& to,
                         const Indices& capacity) {
    return {sites, binding::series(from, "from"), binding::series(to, "to"),
            binding::series(capacity, "capacity")};
}

Indices array_of(const std::vector<std::int64_t>& values) {
    return binding::owned(
        IndexArray(Eigen::Map<const IndexArray>(values.data(), std::ssize(values))));
}

py::tuple bottleneck(std::int64_t sites, const Indices& from, const Indices& to,
                     const Indices& capacity, std::int64_t source, std::int64_t target) {
    const auto found = analysis::bottleneck(links_of(sites, from, to, capacity), source, target);
    return py::make_tuple(found.flow, array_of(found.links), array_of(found.inside));
}

Indices remaining_flow(std::int64_t sites, const Indices& from, const Indices& to,
                       const Indices& capacity, std::int64_t source, std::int64_t target,
                       const Indices& failures, std::int64_t together) {
    const auto links = links_of(sites, from, to, capacity);
    const auto rows = binding::series(failures, "failures");
    std::vector<std::int64_t> left;
    {
        const py::gil_scoped_release unlocked;
        left = analysis::remaining_flow(links, source, target, rows, together);
    }
    return array_of(left);
}

Indices flow_without_each_link(std::int64_t sites, const Indices& from, const Indices& to,
                               const Indices& capacity, const Indices& pairs) {
    const auto links = links_of(sites, from, to, capacity);
    const auto rows = binding::series(pairs, "pairs");
    std::vector<std::int64_t> left;
    {
        const py::gil_scoped_release unlocked;
        left = analysis::flow_without_each_link(links, rows);
    }
    return array_of(left);
}

py::tuple weak_points(std::int64_t sites, const Indices& from, const Indices& to,
                      const Indices& capacity, std::optional<std::int64_t> source,
                      std::optional<std::int64_t> target) {
    const auto links = links_of(sites, from, to, capacity);
    const auto found = source && target ? analysis::weak_points(links, *source, *target)
                                        : analysis::weak_points(links);
    return py::make_tuple(array_of(found.sites), array_of(found.links));
}

}  // namespace

void define_networks(py::module_& module) {
    const auto sites = py::arg("sites");
    const auto from = py::arg("from_").noconvert();
    const auto to = py::arg("to").noconvert();
    const auto capacity = py::arg("capacity").noconvert();
    module.def("bottleneck", &bottleneck, sites, from, to, capacity, py::arg("source"),
               py::arg("target"), "flow, links of the minimum cut, sites on the source's side.");
    module.def("remaining_flow", &remaining_flow, sites, from, to, capacity, py::arg("source"),
               py::arg("target"), py::arg("failures").noconvert(), py::arg("together"),
               "The flow left for each row of links that fail together.");
    module.def("flow_without_each_link", &flow_without_each_link, sites, from, to, capacity,
               py::arg("pairs").noconvert(),
               "The flow left between each pair of sites when each link fails alone.");
    module.def("weak_points", &weak_points, sites, from, to, capacity,
               py::arg("source") = py::none(), py::arg("target") = py::none(),
               "Sites and links without which the network, or two sites of it, fall apart.");
}
