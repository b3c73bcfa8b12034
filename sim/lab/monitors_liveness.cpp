// sim/lab/monitors_liveness.cpp — what has to come true once nothing goes wrong any more, and that
// damage is told.
#include <algorithm>
#include <map>
#include <utility>

#include "sim/lab/run_monitor.hpp"

namespace landfall::lab {

namespace {

constexpr std::string_view kSource = "replication-and-test-lab 2.3";
/// Jobs may wait for machines: a queue of creations, hydration, whole disks to download.
constexpr Duration kJobGrace = hours(6);

MachineId leg_of(const RunView& view, MachineId item) {
    return view.logic.active_leg(item);
}

/// The item replicates, its source runs, and its user has not paused it.
bool replicates(const RunView& view, MachineId item) {
    const MachineId leg = leg_of(view, item);
    return !leg.is_none() && view.logic.engine().is_live(leg) &&
           !view.logic.engine().is_paused(leg) && view.logic.engine().agent_runs(leg) &&
           view.logic.protection_state(item) == ProtectionState::Protected;
}

/// The age that a healthy item's newest point may have: two intervals, and some time to travel.
Duration healthy_rpo(const RunView& view, MachineId item) {
    const Machine& machine = view.estate.machine(leg_of(view, item));
    const bool double_log =
        view.logic.engine().design(leg_of(view, item)).capture == CaptureForm::DoubleLog;
    const Duration interval = double_log ? view.estate.policy(machine.policy).replication_interval
                                         : view.estate.profile.crash_consistent_interval;
    return interval * 3 + view.estate.capture.step * 2 + minutes(10);
}

std::optional<std::string> stale(const RunView& view, MachineId item) {
    if (!replicates(view, item)) return std::nullopt;
    const MachineId leg = leg_of(view, item);
    if (view.logic.data_path(item) != DataPath::Journal) return std::nullopt;
    const auto rpo = view.logic.engine().rpo(leg);
    const Duration healthy = healthy_rpo(view, item);
    if (rpo && *rpo <= healthy) return std::nullopt;
    return rpo ? "an RPO of " + duration_text(*rpo) + ", above " + duration_text(healthy)
               : std::string("no recovery point at all");
}

class InitialCopiesEnd : public HotState {
  public:
    InitialCopiesEnd()
        : HotState({"L1", "initial replication ends",
                    "After the last fault every item whose source runs gets protected.", kSource}) {
    }

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        const MachineId leg = leg_of(view, item);
        const bool enabling =
            view.logic.protection_state(item) == ProtectionState::InitialReplicationInProgress;
        if (!enabling || !view.logic.engine().is_live(leg)) return std::nullopt;
        if (!view.logic.engine().agent_runs(leg)) return std::nullopt;
        return std::string("an initial replication that goes on");
    }
    [[nodiscard]] Duration grace(const RunView& view, MachineId item) const override {
        return healthy_rpo(view, item) + view.estate.profile.finalize_protection_time;
    }
};

class PruningKeepsUp : public HotState {
  public:
    PruningKeepsUp()
        : HotState({"L8", "pruning keeps up",
                    "While new recovery points come, those older than the policy's retention go.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        if (!replicates(view, item)) return std::nullopt;
        const MachineId leg = leg_of(view, item);
        const RecoveryPoints& points = view.logic.engine().recovery_points(leg);
        if (points.count() < 2) return std::nullopt;
        const auto all = points.all();  // newest first
        const Duration reaches = all.front().time - all.back().time;
        const Duration retention = view.estate.policy(view.estate.machine(leg).policy).retention;
        if (reaches <= retention + healthy_rpo(view, item)) return std::nullopt;
        return "recovery points of " + duration_text(reaches) + ", with a retention of " +
               duration_text(retention);
    }
};

class RpoRecovers : public HotState {
  public:
    RpoRecovers()
        : HotState({"L2", "RPO comes down",
                    "After the last fault the RPO of every replicating machine falls to what its "
                    "interval allows.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        return stale(view, item);
    }
};

class JobsEnd : public HotState {
  public:
    JobsEnd()
        : HotState({"L3", "jobs end", "Every job that was started ends, or waits for its user.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        const JobId id = view.logic.item(item).current_job;
        if (id.is_none()) return cool(item);
        const JobRecord& job = view.logic.job(id);
        if (job.state != JobState::InProgress) return cool(item);
        // Another task is progress: it is hot anew.
        if (std::exchange(tasks_[item], std::pair(id, job.task)) != std::pair(id, job.task)) {
            return std::nullopt;
        }
        return "job \"" + std::string(name_of(job.kind)) + "\" in task \"" +
               std::string(job.row().name) + "\"";
    }
    [[nodiscard]] Duration grace(const RunView&, MachineId) const override { return kJobGrace; }

  private:
    std::optional<std::string> cool(MachineId item) {
        tasks_.erase(item);
        return std::nullopt;
    }
    std::map<MachineId, std::pair<JobId, std::size_t>> tasks_;
};

class DisconnectsEnd : public HotState {
  public:
    DisconnectsEnd()
        : HotState({"L4", "disconnects end",
                    "Every machine that could not upload uploads again, or its health says so.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        if (!replicates(view, item)) return std::nullopt;
        const MachineId leg = leg_of(view, item);
        const Bytes captured = view.logic.engine().captured(leg);
        const Bytes uploaded = view.logic.engine().uploaded(leg);
        Progress& before = progress_[leg];
        const bool moved = uploaded > before.uploaded || captured == before.captured;
        before = {captured, uploaded};
        const Health health = view.health.health({HealthSubjectKind::Item, leg.value});
        if (moved || health == Health::Critical) return std::nullopt;
        return "data that waits while nothing is uploaded";
    }

  private:
    struct Progress {
        Bytes captured;
        Bytes uploaded;
    };
    std::map<MachineId, Progress> progress_;
};

class CopiesEnd : public HotState {
  public:
    CopiesEnd()
        : HotState({"L5", "copies end",
                    "Every copy, compare and resynchronization ends, and every one that is "
                    "required begins.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        const MachineId leg = leg_of(view, item);
        if (leg.is_none() || !view.logic.engine().is_live(leg)) return std::nullopt;
        if (view.logic.engine().is_paused(leg)) return std::nullopt;
        const DataPath path = view.logic.data_path(item);
        // Whoever is not protected is resynchronized only when somebody asks for it.
        const ItemView seen = view.logic.view_of(item);
        const bool by_itself =
            path == DataPath::ResyncRequired && is_legal(seen, Operation::RepairReplication);
        if (path != DataPath::Copying && !by_itself) return std::nullopt;
        return "data path \"" + std::string(name_of(path)) + "\"";
    }
};

class CommonPoints : public HotState {
  public:
    CommonPoints()
        : HotState({"L7", "common points come",
                    "A group whose members all replicate in order gets common recovery points.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant now) override {
        const ConsistencyGroupId group = view.estate.machine(item).group;
        if (group.is_none() || leg_of(view, item) != item) return std::nullopt;
        for (const MachineId member : view.estate.groups[group.value].members) {
            if (!replicates(view, member)) return std::nullopt;
            if (view.logic.data_path(member) != DataPath::Journal) return std::nullopt;
        }
        const auto points = view.logic.engine().recovery_points(item).all();
        const Duration healthy = healthy_rpo(view, item);
        const bool fresh = std::any_of(points.begin(), points.end(), [&](const auto& point) {
            return point.multi_vm && now - point.time <= healthy;
        });
        if (fresh) return std::nullopt;
        return "no common point of the last " + duration_text(healthy);
    }
};

class OthersGoOn : public HotState {
  public:
    OthersGoOn()
        : HotState({"L9", "the others go on",
                    "When a member of a group is gone for good, the others keep getting recovery "
                    "points.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        const ConsistencyGroupId group = view.estate.machine(item).group;
        if (group.is_none() || leg_of(view, item) != item) return std::nullopt;
        const auto& members = view.estate.groups[group.value].members;
        const bool all = std::all_of(members.begin(), members.end(), [&](MachineId member) {
            return view.logic.engine().is_live(member);
        });
        return all ? std::nullopt : stale(view, item);
    }
};

class HealthIsTrue : public HotState {
  public:
    HealthIsTrue()
        : HotState({"L10", "health is the truth",
                    "Health says in the end what is so: no item that needs a resynchronization is "
                    "well, and none is critical for a reason that is gone.",
                    kSource}) {}

  protected:
    std::optional<std::string> heat(const RunView& view, MachineId item, Instant) override {
        const MachineId leg = leg_of(view, item);
        if (leg.is_none() || !replicates(view, item)) return std::nullopt;
        const Health health = view.health.health({HealthSubjectKind::Item, leg.value});
        const DataPath path = view.logic.data_path(item);
        if (path == DataPath::ResyncRequired && health == Health::Normal) {
            return "a resynchronization that is required, and normal health";
        }
        const bool well = path == DataPath::Journal && !stale(view, item);
        if (!well || health != Health::Critical) return std::nullopt;
        return "critical health of an item that replicates";
    }
};

/// A bit that rotted is legal only where it was told, or did no harm.
class DamageIsTold : public RunMonitor {
  public:
    DamageIsTold()
        : RunMonitor({"E1", "damage is told",
                      "What rotted in a replica is noticed when it is read anew, or nothing of "
                      "what is offered is wrong.",
                      "replication-and-test-lab part 3, fault envelope"}) {}

    void noted(const RunView&, Instant now, std::string_view kind, std::string_view subject,
               std::string_view detail) override {
        if (kind == "fault_begins" && detail == "replica_rot") {
            rotten_[std::string(subject)] = now;
            count_check();
        }
        if (kind == "replica_damaged") rotten_.erase(std::string(subject));
    }
    void finish(const RunView& view, Instant now, const std::vector<Violation>& so_far) override {
        for (const auto& [name, since] : rotten_) {
            for (const Violation& violation : so_far) {
                if (violation.machine.is_none() || violation.at < since) continue;
                if (view.estate.machine(violation.machine).name != name) continue;
                fail(now, violation.machine, name,
                     "that the damage of " + time_text(since) + " is told", violation.text);
                break;
            }
        }
    }

  private:
    std::map<std::string, Instant> rotten_;  ///< not told, by machine
};

}  // namespace

std::vector<std::unique_ptr<RunMonitor>> run_monitors() {
    std::vector<std::unique_ptr<RunMonitor>> all;
    all.push_back(std::make_unique<InitialCopiesEnd>());
    all.push_back(std::make_unique<RpoRecovers>());
    all.push_back(std::make_unique<JobsEnd>());
    all.push_back(std::make_unique<DisconnectsEnd>());
    all.push_back(std::make_unique<CopiesEnd>());
    all.push_back(std::make_unique<CommonPoints>());
    all.push_back(std::make_unique<PruningKeepsUp>());
    all.push_back(std::make_unique<OthersGoOn>());
    all.push_back(std::make_unique<HealthIsTrue>());
    all.push_back(std::make_unique<DamageIsTold>());
    return all;
}

}  // namespace landfall::lab
