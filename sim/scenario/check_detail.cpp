// sim/scenario/check_detail.cpp — settings that must fit together for the engine to work at all.
#include <string>

#include "sim/scenario/checks.hpp"

namespace landfall::scenario {

namespace {

/// Where the profile was changed, or where its name stands.
constexpr const char* kProfile = "/profile";

void check_capture_step(Checking& checking) {
    const Duration step = checking.scenario.detail.capture_step;
    const Duration interval = checking.scenario.profile.crash_consistent_interval;
    if (step > Duration(0) && interval.count() % step.count() == 0) return;
    note(checking.problems, code::kOutOfRange, "/detail/capture_step", seconds_text(step),
         "must divide the crash-consistent interval of " + seconds_text(interval) +
             " s without remainder, such as a fifth or all of it");
}

/// A process server that throttles must be able to stop throttling, and copies need some cache.
void check_cache_shares(Checking& checking) {
    const ServiceProfile& profile = checking.scenario.profile;
    if (profile.cache_resume_free_percent < profile.cache_throttle_free_percent) {
        note(checking.problems, code::kOutOfRange, kProfile,
             std::to_string(profile.cache_resume_free_percent),
             "cache_resume_free_percent must be at least cache_throttle_free_percent (" +
                 std::to_string(profile.cache_throttle_free_percent) + ")");
    }
    if (profile.resync_plan_ahead < profile.resync_interval) {
        note(checking.problems, code::kOutOfRange, kProfile,
             seconds_text(profile.resync_plan_ahead),
             "resync_plan_ahead must be at least resync_interval (" +
                 seconds_text(profile.resync_interval) + " s)");
    }
    if (profile.copy_cache_percent < 1) {
        note(checking.problems, code::kOutOfRange, kProfile,
             std::to_string(profile.copy_cache_percent),
             "copy_cache_percent must be at least 1: copies pass through the cache");
    }
    if (profile.source_buffer < mebibytes(1)) {
        note(checking.problems, code::kOutOfRange, kProfile,
             std::to_string(profile.source_buffer.count()),
             "source_buffer must be at least 1 MiB (1048576 bytes) per disk");
    }
}

}  // namespace

void check_detail(Checking& checking) {
    check_capture_step(checking);
    check_cache_shares(checking);
}

}  // namespace landfall::scenario
