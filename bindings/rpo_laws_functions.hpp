// bindings/rpo_laws_functions.hpp — analysis/rpo_laws for landfall._model.
#pragma once

#include <pybind11/pybind11.h>

/// Adds the closed forms to the module. They answer tuples, which landfall/rpo_laws.py names.
void define_rpo_laws(pybind11::module_& module);
