// model/recovery/health.hpp — health over time: step changes, e-mail alerts, and the list of
// events.
//
// Laws: a row is written only when a subject's health or reasons change; a reason keeps the instant
// since when it has held without a break; an alert is raised when something becomes critical, when
// a server's heartbeat is lost, and when a failover fails
// (SR/site-recovery-monitor-and-troubleshoot.md), once each time.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/recovery/health_rules.hpp"

namespace landfall {

enum class HealthSubjectKind : std::uint8_t { Vault, ProcessServer, Item, Registration };

std::string_view name_of(HealthSubjectKind kind);

struct HealthSubject {
    HealthSubjectKind kind = HealthSubjectKind::Vault;
    std::uint32_t index = 0;
    constexpr auto operator<=>(const HealthSubject&) const = default;
};

/// One reason of a subject that holds after a change; a subject that is well has a row without one.
struct HealthStep {
    Instant at;
    HealthSubject subject;
    Health health = Health::None;
    std::optional<HealthReason> reason;
    Instant since;
};

enum class AlertKind : std::uint8_t { CriticalHealth, ConnectionLost, FailoverFailed };

std::string_view name_of(AlertKind kind);

/// An e-mail to those who are told.
struct HealthAlert {
    Instant at;
    AlertKind kind = AlertKind::CriticalHealth;
    HealthSubject subject;
    std::optional<HealthReason> reason;
};

class HealthMonitor {
  public:
    /// What holds of the subject now; `applies` false: its health is None (not protected).
    void update(HealthSubject subject, std::span<const HealthReason> reasons, bool applies,
                Instant now);
    /// A failover of the item failed.
    void failover_failed(HealthSubject subject, Instant now);
    /// Judges the vault by all other subjects; call it after their updates.
    void update_vault(Instant now);

    [[nodiscard]] Health health(HealthSubject subject) const;
    [[nodiscard]] const std::vector<HealthStep>& steps() const { return steps_; }
    [[nodiscard]] const std::vector<HealthAlert>& alerts() const { return alerts_; }

  private:
    struct Held {
        HealthReason reason;
        Instant since;
    };
    struct State {
        Health health = Health::None;
        std::vector<Held> reasons;
    };

    void write(HealthSubject subject, const State& state, Instant now);

    std::map<HealthSubject, State> states_;
    std::vector<HealthStep> steps_;
    std::vector<HealthAlert> alerts_;
};

/// What the portal lists of what happened: nothing older than the window.
class EventList {
  public:
    struct Entry {
        Instant at;
        std::string kind;
        std::string subject;
        std::string text;
    };

    explicit EventList(Duration window) : window_(window) {}

    void add(Entry entry);
    /// Entries of the last `window` before `now`, oldest first; the older ones are forgotten.
    const std::deque<Entry>& recent(Instant now);

  private:
    Duration window_;
    std::deque<Entry> entries_;
};

}  // namespace landfall
