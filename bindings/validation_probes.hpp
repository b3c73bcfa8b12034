// bindings/validation_probes.hpp — rules of the logic, asked one question at a time.
//
// What `landfall validation` cannot read off a run, because nothing in the simulated world brings
// it about, it asks the same code that runs ask.
#pragma once

#include <pybind11/pybind11.h>

/// Adds judge_process_server, discovered_at and plan_action_timeouts.
void define_validation_probes(pybind11::module_& module);
