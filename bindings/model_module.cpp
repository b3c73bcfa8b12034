// bindings/model_module.cpp — landfall._model: checks and facts for Python, without the simulator.
//
// Everything crosses as JSON text and becomes plain Python objects by Python's own json module.
// Long calls let other Python threads run.
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "bindings/bundle_functions.hpp"
#include "bindings/numerics_functions.hpp"
#include "bindings/rpo_laws_functions.hpp"
#include "bindings/support_tables.hpp"
#include "bindings/validation_probes.hpp"
#include "sim/scenario/check.hpp"
#include "sim/scenario/embedded.hpp"
#include "sim/scenario/load.hpp"
#include "sim/scenario/price_data.hpp"
#include "sim/scenario/problem_json.hpp"
#include "sim/scenario/profile_data.hpp"
#include "sim/workload/trace.hpp"

namespace py = pybind11;

namespace {

using nlohmann::json;
using namespace landfall;

/// JSON text as Python objects.
py::object to_python(std::string_view text) {
    return py::module_::import("json").attr("loads")(py::str(text.data(), text.size()));
}

py::object check(const std::string& canonical_json) {
    std::string problems;
    {
        const py::gil_scoped_release unlocked;
        workload::TraceStore traces;
        problems = to_json(scenario::load_checked(canonical_json, traces).problems).dump();
    }
    return to_python(problems);
}

py::object estimate(const std::string& canonical_json) {
    std::string text;
    {
        const py::gil_scoped_release unlocked;
        const scenario::LoadResult loaded = scenario::load(canonical_json);
        if (!loaded.scenario) {
            throw py::value_error("not a scenario in canonical form: " +
                                  to_json(loaded.problems).dump());
        }
        const scenario::CostEstimate cost = scenario::estimate(*loaded.scenario);
        text = json{{"machines", cost.machines},
                    {"disks", cost.disks},
                    {"simulated_s", to_seconds(cost.simulated)},
                    {"deltas", cost.deltas},
                    {"seconds", cost.seconds},
                    {"memory_bytes", cost.memory_bytes}}
                   .dump();
    }
    return to_python(text);
}

py::object profile(const std::string& name) {
    for (const scenario::EmbeddedProfile& file : scenario::embedded_profiles()) {
        if (file.name == name) return to_python(file.json);
    }
    throw py::key_error(name);
}

py::object price_book(const std::string& name) {
    for (const scenario::EmbeddedPriceBook& file : scenario::embedded_price_books()) {
        if (file.name == name) return to_python(file.json);
    }
    throw py::key_error(name);
}

/// Service profiles and price books.
void define_figures(py::module_& module) {
    module.def("price_books", &scenario::price_book_names,
               R"(Name the price books.

Returns
-------
list of str
    Names that a scenario's "prices" may have, sorted.)");
    module.def("price_book", &price_book, py::arg("name"),
               R"(Give a price book.

Parameters
----------
name : str
    One of price_books().

Returns
-------
dict
    name, description, currency, terms, prices (each with key, price, unit, standing, dated and
    source).

Raises
------
KeyError
    There is no price book of this name.)");
    module.def("profile", &profile, py::arg("name"),
               R"(Give a service profile.

Parameters
----------
name : str
    One of profiles().

Returns
-------
dict
    name, description, fields (each with value, unit and source), retention_grids,
    target_disk_tiers.

Raises
------
KeyError
    There is no profile of this name.)");
}

}  // namespace

PYBIND11_MODULE(_model, module) {
    module.doc() = "Checks and facts of landfall, without the simulator.";
    define_numerics(module);
    define_uncertainty(module);
    define_networks(module);
    define_cycles(module);
    define_synthetic(module);
    define_rpo_laws(module);
    define_bundles(module);
    define_validation_probes(module);
    module.def("check", &check, py::arg("canonical_json"),
               R"(Check a scenario in canonical form.

Parameters
----------
canonical_json : str
    The scenario with every quantity as a number (see Scenario.canonical_json).

Returns
-------
list of dict
    What is wrong: code, pointer, found, message, and allowed, nearest where they help. Empty when
    the scenario can run. Reads the traces that the scenario replays.)");
    module.def("estimate", &estimate, py::arg("canonical_json"),
               R"(Estimate what a run will cost, without reading traces.

Parameters
----------
canonical_json : str
    A scenario in canonical form.

Returns
-------
dict
    machines, disks, simulated_s, deltas, seconds (of one core), memory_bytes.

Raises
------
ValueError
    The text is not a scenario in canonical form; check() tells why.)");
    module.def("profiles", &scenario::profile_names,
               R"(Name the service profiles.

Returns
-------
list of str
    Names that a scenario's "profile" may have, sorted.)");
    define_figures(module);
    module.def(
        "support_matrix",
        [](const std::string& profile) {
            try {
                return to_python(support_matrix_json(profile));
            } catch (const std::out_of_range&) {
                throw py::key_error(profile);
            }
        },
        py::arg("profile"), "Kinds, rows and version switches of the support matrix.");
    module.def(
        "fault_kinds", [] { return to_python(fault_kinds_json()); },
        "Every kind of fault, in the order of the table.");
    module.def(
        "fault_phases", [] { return to_python(fault_phases_json()); },
        "Every phase that coverage tells apart: its name and its class.");
    module.def(
        "operation_rules", [] { return to_python(operation_rules_json()); },
        "Every rule of what may be done to an item, in the order of the table.");
}
