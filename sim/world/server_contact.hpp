// sim/world/server_contact.hpp — which servers the service hears, over the links that are up.
//
// A server that is registered with the vault (configuration server, VMM server, Hyper-V host) is
// heard while links lead from its site to the region of the vault; a process server is heard by its
// configuration server (SR/vmware-physical-azure-monitor-process-server.md), the one of its site or
// else the first. [A]: heartbeats take the ways of the data and are as frequent as links change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/recovery/health_rules.hpp"
#include "sim/scenario/scenario.hpp"

namespace landfall::world {

class ServerContact {
  public:
    explicit ServerContact(const scenario::Scenario& scenario);

    /// A link went down or came back at `now`. What is no link of the scenario is passed over.
    void link_changed(std::string_view link, bool down, Instant now);

    /// Servers registered with the vault, in the order of the scenario.
    [[nodiscard]] std::size_t registered() const { return registered_.size(); }
    [[nodiscard]] const std::string& name_of(std::size_t server) const {
        return registered_[server].name;
    }
    [[nodiscard]] bool is_registered(std::size_t server, Instant now) const {
        return registered_[server].since <= now;
    }
    [[nodiscard]] RegistrationFacts facts_of(std::size_t server, Instant now) const;
    /// How long a process server of the scenario has not been heard; absent: it is no such server,
    /// or nobody is to hear it.
    [[nodiscard]] std::optional<Duration> silence_of(std::size_t process_server, Instant now) const;

  private:
    struct Way {
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        std::optional<Instant> lost;  ///< since when no links lead there
    };
    struct Server {
        std::string name;
        Instant since;
        Way way;
    };

    std::uint32_t node(const std::string& name);
    void add_server(const std::string& name, const scenario::ServerRegistration& registration,
                    const std::string& site);
    void add_process_servers(const scenario::Scenario& scenario);
    [[nodiscard]] bool leads_there(const Way& way) const;
    void look_at(Way& way, Instant now) const;
    static Duration silence(const Way& way, Instant now) {
        return way.lost ? now - *way.lost : Duration(0);
    }

    struct Link {
        std::string name;
        std::uint32_t from = 0;
        std::uint32_t to = 0;
        bool down = false;
    };
    std::vector<std::string> nodes_;
    std::vector<Link> links_;
    std::vector<Server> registered_;
    std::vector<std::optional<Way>> process_servers_;
    std::uint32_t vault_ = 0;
};

}  // namespace landfall::world
