// model/recovery/job.cpp — names.
#include "model/recovery/job.hpp"

#include <array>

namespace landfall {

std::string_view name_of(JobState state) {
    constexpr std::array<std::string_view, 6> kNames = {"NotStarted", "InProgress", "Succeeded",
                                                        "Failed",     "Cancelled",  "Suspended"};
    return kNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(TaskState state) {
    constexpr std::array<std::string_view, 6> kNames = {"Pending", "Started", "Succeeded",
                                                        "Failed",  "Skipped", "Cancelled"};
    return kNames[static_cast<std::size_t>(state)];
}

std::string_view name_of(JobControl control) {
    constexpr std::array<std::string_view, 3> kNames = {"Cancel", "Resume", "Restart"};
    return kNames[static_cast<std::size_t>(control)];
}

JobGate gate_of(TaskAction action) {
    switch (action) {
        case TaskAction::ShutDownSource:
        case TaskAction::ShutDownSourceOrFail: return JobGate::ShutDown;
        case TaskAction::CreateReplicaMachine: return JobGate::FailOver;
        case TaskAction::StartReplicaMachine:
        case TaskAction::StartTestMachine: return JobGate::Start;
        default: return JobGate::None;
    }
}

}  // namespace landfall
