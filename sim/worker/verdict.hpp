// sim/worker/verdict.hpp — what the test lab wants to know of a run, in one line of JSON.
//
// A verdict says less than a result and costs less: no tables leave the process.
//   {"verdict": "done", "end_s": s, "hash": "16 hex digits", "event_hash": text | null,
//    "oracles": {...} | null, "violations": [{"oracle", "machine", "t_s", "text"}, ...],
//    "expect": [the expectations that failed], "unfinished": [[operation, machine, start], ...],
//    "features": {name: count}, "coverage": [...] | null}
//   {"verdict": "problems", "problems": [...]}      {"verdict": "deadlock", "waiting": [...]}
// `hash` is of every value of every table, so two runs that differ anywhere differ in it. Features
// are what happened, by kind: "event/link_down", "state/Protected", "job/Failover/Succeeded".
#pragma once

#include <nlohmann/json.hpp>

#include "sim/world/simulation.hpp"

namespace landfall::worker {

/// The verdict on a run. With `log`, {"jobs": [[operation, machine, start, end, state], ...],
/// "copies": [[kind, machine, start, end], ...], "events": [[t, kind, subject, detail], ...]} too.
nlohmann::json verdict_of(const world::Outcome& outcome, bool log);

}  // namespace landfall::worker
