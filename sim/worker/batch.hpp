// sim/worker/batch.hpp — many small runs of variants of one scenario, each in a process of its own.
//
// The batch reads the scenario and its traces once and forks a child for each variant: what a child
// does, or how it dies, is nobody else's matter, and no two runs share a SimGrid. There is one run
// at a time; who has two cores starts two batches.
//
// Protocol, one JSON object per line. The batch says first {"ready": true}, or ends with the
// scenario's problems in the result's header.
//   {"run": n, "seed": n, "set"?: {key: value | null}, "timeout_s"?: s, "log"?: bool, "drill"?:
//   name}
//        runs the scenario with these keys at its top replaced (null: left out)
//        -> {"run": n, "wall_s": s, ...} and the verdict (sim/worker/verdict.hpp), or
//           {"run": n, "verdict": "crashed", "exit": code | null, "signal": number | null,
//            "error": text}
// Lines may be sent ahead; they are answered in order. The end of the socket ends the batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "sim/workload/trace.hpp"

namespace landfall::worker {

/// Serves on `command_fd` until the other side is gone. Returns an ExitCode: Done, or BadInput with
/// the problems in the header of `result_fd`.
int run_batch(std::string_view canonical_json, int command_fd, int result_fd);

/// `base` with the keys of `changes` at its top replaced; null leaves a key out.
nlohmann::json changed(nlohmann::json base, const nlohmann::json& changes);

/// Runs a scenario in this process and returns the verdict on it (sim/worker/verdict.hpp). Once per
/// process. What is thrown becomes the verdict "crashed".
nlohmann::json run_to_verdict(const nlohmann::json& document, std::uint64_t seed,
                              workload::TraceStore& traces, bool log);

/// The same in a process of its own, for tests of scenarios: any number of times.
nlohmann::json run_apart(const nlohmann::json& document, std::uint64_t seed);

}  // namespace landfall::worker
