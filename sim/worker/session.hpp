// sim/worker/session.hpp — the pilot of a stepped run: takes commands from a socket.
//
// Protocol, one JSON object per line. The run says first {"paused": "begin", "now": s}; then one
// answer follows each command. Times are simulated seconds, exact to the nanosecond.
//   {"command": "run", "until"?: s, "for"?: s, "job"?: n, "when"?: {"state", "machines"?, "of"?}}
//        goes on to the first of them -> {"paused": "time" | "job" | "state" | "end" (the duration
//        is over) | "nothing_left", "now": s, "waiting": [...]}
//   {"command": "start", "entry": an entry of the timeline, dated 0}
//        -> {"started": [{"machine" | "plan", "job": n | null}], "refused": [{"machine", "state",
//           "allowed": [...], "why"}]}; on a plan its name stands as the machine's
//   {"command": "cancel" | "restart" | "resume", "job": n, "comments"?: text}
//        -> {"why_not": null | text}
//   {"command": "items" | "jobs" | "events", "from"?: n}    -> {"items" | "jobs" | "events": [...]}
//   {"command": "plans"}                                    -> {"plans": [...]}
//   {"command": "item", "machine": name}                    -> {"item": {...}}
//   {"command": "points", "machine": name}                  -> {"points": [...]}
//   {"command": "job", "job": n}                            -> {"job": {...}}
//   {"command": "finish"}  runs on to the end without more commands, {"command": "stop"} ends here:
//        the result follows as that of any run, and no answer on the socket.
// What cannot be done answers {"problems": [...]}, in the form of a scenario's problems; nothing
// has happened then. When the other side closes the socket the process ends without a result.
#pragma once

#include "sim/worker/line_channel.hpp"
#include "sim/world/steering.hpp"

namespace landfall::worker {

class Session : public world::Pilot {
  public:
    explicit Session(int socket) : channel_(socket) {}

    world::Goal decide(world::PauseReason reason, world::Cockpit& cockpit) override;

  private:
    LineChannel channel_;
};

}  // namespace landfall::worker
