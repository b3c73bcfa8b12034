// bindings/bundle_functions.hpp — analysis/bundles for landfall._model.
#pragma once

#include <pybind11/pybind11.h>

/// Adds `bundle` to the module; landfall/waves names what it answers.
void define_bundles(pybind11::module_& module);
