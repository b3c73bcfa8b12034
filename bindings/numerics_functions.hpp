// bindings/numerics_functions.hpp — the numerics of analysis/ for landfall._model.
#pragma once

#include <pybind11/pybind11.h>

/// Demand and the fluid queue. Arrays are not copied (array_views.hpp), and other Python threads
/// run meanwhile.
void define_numerics(pybind11::module_& module);
/// Bootstrap intervals; after define_numerics, whose types it uses.
void define_uncertainty(pybind11::module_& module);
/// Flows, cuts and weak points of networks.
void define_networks(pybind11::module_& module);
/// Churn that is shipped cycle by cycle.
void define_cycles(pybind11::module_& module);
/// Churn models and synthetic traces.
void define_synthetic(pybind11::module_& module);
