// model/replication/planned_cutover.hpp — the order of a failover that loses nothing.
//
// Final online delta, so that little is left; shut down; fence; last delta; a second check that
// nothing is pending, else ship again; the final point. Everything before the fence may be
// overtaken by one more acknowledged write, and a delta only ships what it saw when it began: so
// only a check after the fence and after the drain proves that the replica is the source (S7).
//
// Laws: the final point is published only with the source fenced and nothing pending; before it
// begins to be published the cutover can be abandoned, which gives the source back (S28); doubled
// and late answers change nothing; every step may be run again after the death of whoever runs it.
//
// Sources: replication-and-test-lab A27, A6 ("a second check after drain is mandatory").
#pragma once

#include <cstdint>
#include <string_view>

#include "model/base/units.hpp"

namespace landfall {

enum class CutoverStep : std::uint8_t {
    NotStarted,
    OnlineDelta,
    ShutDown,
    Fence,
    LastDelta,
    Publish,
    Done,
    Aborted,
};
[[nodiscard]] std::string_view name_of(CutoverStep step);

/// What the sequence asks of its host. Each call is answered by PlannedCutover::on_done or
/// on_failed with the step, later; each may be made again for the same step.
class CutoverPort {
  public:
    virtual ~CutoverPort() = default;

    /// Ships all that is pending now; what becomes pending meanwhile or fails stays pending.
    virtual void ship_delta() = 0;
    virtual void shut_down_source() = 0;
    /// When it is done the source acknowledges no write any more, whatever its machine does.
    virtual void fence_source() = 0;
    virtual void publish_final_point() = 0;

    /// Of what the guest had acknowledged: all that is not durable at the replica, wherever it is
    /// now. Exact.
    [[nodiscard]] virtual Bytes pending() const = 0;
    /// Lifts the fence and starts the machine again, as far as they were down. No answer.
    virtual void give_source_back() = 0;
    virtual void cutover_aborted(CutoverStep at, std::string_view why) = 0;
};

class PlannedCutover {
  public:
    /// The port outlives the cutover.
    explicit PlannedCutover(CutoverPort& port) : port_(port) {}

    void begin() { resume_at(CutoverStep::OnlineDelta); }
    /// Goes on after a restart with the step that was recorded last, from its beginning.
    void resume_at(CutoverStep recorded);

    void on_done(CutoverStep step);
    /// The source is given back, unless the final point is being published: that is tried again.
    void on_failed(CutoverStep step, std::string_view why);
    /// False, with no effect, when there is nothing to abandon any more.
    bool abort(std::string_view why);

    [[nodiscard]] CutoverStep step() const { return step_; }
    /// Last deltas that were shipped.
    [[nodiscard]] int last_deltas() const { return last_deltas_; }

  private:
    void enter(CutoverStep step);

    CutoverPort& port_;
    CutoverStep step_ = CutoverStep::NotStarted;
    int last_deltas_ = 0;
};

}  // namespace landfall
