// sim/worker/session.hpp — the pilot of a stepped run: takes commands from a socket.
//
// Protocol, one JSON object per line. The run says first {"paused": "begin", "now": s}; then one
// answer follows each command. Times are simulated seconds, exact to the nanosecond.
//   {"command": "run", "until"?: s, "for"?: s, "job"?: n, "when"?: {"state", "machines"?, "of"?},
//    "news"?: n}
//        goes on to the first of them -> {"paused": "time" | "job" | "state" | "news" (more than n
//        reports were written down; every answer has how many as "news") | "end" (the duration
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
//   {"command": "branch"} with three files: command socket, result, standard error
//        forks the run -> {"branch": pid}; the new run stands at the same instant, says
//        {"branch_of": pid, "now": s} on its socket and takes commands there. It ends at the latest
//        with the run that it came from.
//   {"command": "ended", "pid": n}  about a branch  -> {"exit": code | null, "signal": n | null} or
//        {"running": true}
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
    /// The result is named so that a branch can have one of its own.
    Session(int socket, int result_fd) : socket_(socket), result_fd_(result_fd), channel_(socket) {}

    world::Goal decide(world::PauseReason reason, world::Cockpit& cockpit) override;

  private:
    nlohmann::json branch(world::Cockpit& cockpit);

    int socket_;
    int result_fd_;
    LineChannel channel_;
};

}  // namespace landfall::worker
