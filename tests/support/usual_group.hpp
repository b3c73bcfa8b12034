// tests/support/usual_group.hpp — the waits of a consistency group where a test does not care.
#pragma once

#include "model/replication/consistency_group.hpp"

namespace landfall::test {

inline constexpr GroupSettings kUsualGroup{.hold_at_most = nanoseconds(50'000'000),
                                           .confirm_within = seconds(5),
                                           .resend_every = nanoseconds(20'000'000)};

}  // namespace landfall::test
