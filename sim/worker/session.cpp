// sim/worker/session.cpp — commands in, what they did out.
#include "sim/worker/session.hpp"

#include <cerrno>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include "sim/scenario/command.hpp"
#include "sim/scenario/expand.hpp"
#include "sim/scenario/problem_json.hpp"
#include "sim/worker/channel.hpp"
#include "sim/worker/child.hpp"
#include "sim/worker/exit_code.hpp"
#include "sim/worker/session_views.hpp"

namespace landfall::worker {

namespace {

using nlohmann::json;
using scenario::ObjectReader;
using scenario::Problems;
using world::Cockpit;
using world::Goal;
using world::PauseReason;

std::string_view word_of(PauseReason reason) {
    switch (reason) {
        case PauseReason::Begin: return "begin";
        case PauseReason::Time: return "time";
        case PauseReason::JobEnded: return "job";
        case PauseReason::StateReached: return "state";
        case PauseReason::News: return "news";
        case PauseReason::RunEnded: return "end";
        case PauseReason::NothingLeft: return "nothing_left";
    }
    return "";
}

/// One command: reads its members, and either answers or names a goal.
class Command {
  public:
    Command(const json& body, Cockpit& cockpit)
        : cockpit_(cockpit), reader_(body, "", problems_), verb_(body.value("command", "")) {
        reader_.find("command");
    }

    /// The goal to go on to; absent when `answer` says all.
    std::optional<Goal> carry_out(json& answer) {
        std::optional<Goal> goal;
        if (verb_ == "run") {
            goal = read_goal();
        } else if (verb_ == "finish" || verb_ == "stop") {
            goal.emplace();
            goal->kind = verb_ == "stop" ? Goal::Kind::Stop : Goal::Kind::Finish;
        } else if (verb_ == "start") {
            answer = start();
        } else if (verb_ == "cancel" || verb_ == "restart" || verb_ == "resume") {
            answer = control_job();
        } else {
            answer = show();
        }
        reader_.finish();
        if (problems_.empty()) return goal;
        answer = {{"problems", scenario::to_json(problems_)}};
        return std::nullopt;
    }

  private:
    json show() {
        if (verb_ == "items") return {{"items", items_json(cockpit_)}};
        if (verb_ == "plans") return {{"plans", plans_json(cockpit_)}};
        if (verb_ == "jobs") return {{"jobs", jobs_json(cockpit_, first())}};
        if (verb_ == "events") return {{"events", events_json(cockpit_, first())}};
        if (verb_ == "vault") return vault_json(cockpit_);
        if (verb_ == "remove") return remove();
        if (verb_ == "job") {
            const auto job = job_named();
            return job ? json{{"job", job_json(cockpit_, *job)}} : json();
        }
        if (verb_ == "item" || verb_ == "points") {
            const auto machine = machine_named();
            if (!machine) return {};
            return verb_ == "item" ? json{{"item", item_json(cockpit_, *machine)}}
                                   : json{{"points", points_json(cockpit_, *machine)}};
        }
        throw ProtocolError("unknown command \"" + verb_ + "\"");
    }

    /// An object of the vault, by the number that "vault" has it by.
    json remove() {
        const auto last = static_cast<std::int64_t>(cockpit_.vault().setup().objects()) - 1;
        const auto number = reader_.optional("object", scenario::ReadCount{0, last});
        if (!number) return {};
        const auto refusal = cockpit_.vault().remove(SetupId(*number));
        json first = json::array();
        if (refusal) {
            for (const SetupId id : refusal->first) first.push_back(id.value);
        }
        return {{"why_not", refusal ? json(refusal->why) : json()}, {"first", std::move(first)}};
    }

    std::size_t first() {
        return static_cast<std::size_t>(
            reader_.with_default("from", scenario::ReadCount(), std::int64_t{0}));
    }

    std::optional<JobId> job_named() {
        const auto count = static_cast<std::int64_t>(cockpit_.logic().jobs());
        const auto number = reader_.optional("job", scenario::ReadCount{0, count - 1});
        return number ? std::optional(JobId(*number)) : std::nullopt;
    }

    std::optional<MachineId> machine_named() {
        const auto name = reader_.required("machine", scenario::ReadName());
        const auto& machines = cockpit_.machines();
        for (std::size_t index = 0; index < machines.size(); ++index) {
            if (machines[index].name == name) return MachineId(index);
        }
        std::vector<std::string> names;
        for (const auto& machine : machines) names.push_back(machine.name);
        scenario::note_unknown(problems_, scenario::code::kUnknownName, "/machine", name,
                               "there is no such machine", std::move(names));
        return std::nullopt;
    }

    std::optional<Goal> read_goal() {
        Goal goal;
        if (const auto at = reader_.optional("until", scenario::ReadDuration())) {
            goal.at = Instant(*at);
            if (*goal.at < cockpit_.now()) {
                scenario::note(
                    problems_, scenario::code::kOutOfRange, "/until", json(to_seconds(*at)).dump(),
                    "is in the past: simulated time goes forward only, and it is " +
                        json(to_seconds(cockpit_.now().since_start())).dump() + " s now");
            }
        }
        if (const auto lasts = reader_.optional("for", scenario::ReadDuration())) {
            goal.at = cockpit_.now() + *lasts;
        }
        goal.job = job_named();
        if (const auto news = reader_.optional("news", scenario::ReadCount())) {
            goal.news = static_cast<std::size_t>(*news);
        }
        if (const auto awaited = scenario::read_awaited(cockpit_.scenario(), reader_)) {
            goal.state = {awaited->condition.state,
                          scenario::select(cockpit_.machines(), awaited->machines),
                          awaited->condition.all};
            if (awaited->condition.plan) {
                goal.state->plan = plan_named(*awaited->condition.plan);
                goal.state->plan_state = awaited->condition.plan_state;
            }
        }
        return problems_.empty() ? std::optional(goal) : std::nullopt;
    }

    json start() {
        const json* body = reader_.find("entry");
        if (body == nullptr) {
            reader_.note_missing("entry");
            return {};
        }
        const auto entry = scenario::read_command_entry(cockpit_.scenario(), *body, problems_);
        if (!entry) return {};
        json started = json::array();
        json refused = json::array();
        if (world::is_of_service(entry->operation)) {
            const world::CarriedOut done = cockpit_.carry_out(*entry, MachineId());
            if (done.refusal) {
                refused.push_back(refusal_json(cockpit_.scenario().vault.name, *done.refusal));
            }
            return {{"started", std::move(started)}, {"refused", std::move(refused)}};
        }
        if (entry->plan) {
            const world::CarriedOut done = cockpit_.carry_out(*entry, plan_named(*entry->plan));
            if (done.refusal) {
                refused.push_back(refusal_json(*entry->plan, *done.refusal));
            } else {
                started.push_back({{"plan", *entry->plan}, {"job", done.job->value}});
            }
            return {{"started", std::move(started)}, {"refused", std::move(refused)}};
        }
        for (const MachineId machine : scenario::select(cockpit_.machines(), entry->machines)) {
            const world::CarriedOut done = cockpit_.carry_out(*entry, machine);
            const std::string& name = cockpit_.machines()[machine.value].name;
            if (done.refusal) {
                refused.push_back(refusal_json(name, *done.refusal));
            } else {
                started.push_back(
                    {{"machine", name}, {"job", done.job ? json(done.job->value) : json()}});
            }
        }
        return {{"started", std::move(started)}, {"refused", std::move(refused)}};
    }

    /// A plan that is there: commands are checked like files.
    [[nodiscard]] RecoveryPlanId plan_named(const std::string& name) const {
        const auto& plans = cockpit_.scenario().recovery_plans;
        std::size_t index = 0;
        while (plans[index].name != name) ++index;
        return RecoveryPlanId(index);
    }

    json control_job() {
        const auto comments = reader_.optional("comments", scenario::ReadText());
        const auto job = reader_.find("job") == nullptr ? std::nullopt : job_named();
        if (!job && problems_.empty()) reader_.note_missing("job");
        if (!job) return {};
        SiteRecovery& logic = cockpit_.logic();
        std::optional<std::string> why;
        if (verb_ == "cancel") why = logic.cancel(*job);
        if (verb_ == "restart") why = logic.restart(*job);
        if (verb_ == "resume") why = logic.resume(*job, comments.value_or(""));
        return {{"why_not", why ? json(*why) : json()}};
    }

    static json refusal_json(const std::string& machine, const Refusal& refusal) {
        json allowed = json::array();
        for (const Operation operation : refusal.allowed) allowed.push_back(name_of(operation));
        const bool of_plan = !refusal.plan_state.empty();
        return {{"machine", machine},
                {"state", of_plan ? json(refusal.plan_state) : json(name_of(refusal.state))},
                {"allowed", std::move(allowed)},
                {"why", refusal.why}};
    }

    Cockpit& cockpit_;
    Problems problems_;
    ObjectReader reader_;
    std::string verb_;
};

/// How a branch ended, if it has.
json end_of(int pid) {
    int status = 0;
    const pid_t ended = pid > 0 ? ::waitpid(pid, &status, WNOHANG) : -1;
    if (ended == 0) return {{"running", true}};
    if (ended < 0) return {{"exit", nullptr}, {"signal", nullptr}};
    return {{"exit", WIFEXITED(status) ? json(WEXITSTATUS(status)) : json()},
            {"signal", WIFSIGNALED(status) ? json(WTERMSIG(status)) : json()}};
}

}  // namespace

/// In both processes: what each is to say next, on its own socket.
json Session::branch(Cockpit& cockpit) {
    const std::vector<FileDescriptor> files = channel_.take_files();
    if (files.size() != 3) throw ProtocolError("a branch needs three files");
    const pid_t trunk = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (pid > 0) return {{"branch", pid}};
    die_with(trunk);
    // The numbers stay, so whatever of the run knows them goes on with the new files.
    ::dup2(files[0].get(), socket_);
    ::dup2(files[1].get(), result_fd_);
    ::dup2(files[2].get(), STDOUT_FILENO);
    ::dup2(files[2].get(), STDERR_FILENO);
    return {{"branch_of", trunk},
            {"now", to_seconds(cockpit.now().since_start())},
            {"news", cockpit.records().news()}};
}

Goal Session::decide(PauseReason reason, Cockpit& cockpit) {
    json answer = {{"paused", word_of(reason)},
                   {"now", to_seconds(cockpit.now().since_start())},
                   {"news", cockpit.records().news()},
                   {"waiting", json::array()}};
    if (reason == PauseReason::NothingLeft) answer["waiting"] = cockpit.waiting();
    for (;;) {
        std::optional<json> command;
        if (channel_.send(answer)) command = channel_.receive();
        if (!command) ::_exit(Done);  // nobody wants to know any more
        const std::string verb = command->value("command", "");
        if (verb == "branch") {
            answer = branch(cockpit);
            continue;
        }
        if (verb == "ended") {
            answer = end_of(command->value("pid", 0));
            continue;
        }
        const auto goal = Command(*command, cockpit).carry_out(answer);
        if (goal) return *goal;
    }
}

}  // namespace landfall::worker
