// sim/world/server_contact.cpp — a search over the links that are up, whenever one changes.
#include "sim/world/server_contact.hpp"

#include <algorithm>

namespace landfall::world {

ServerContact::ServerContact(const scenario::Scenario& scenario) {
    vault_ = node(scenario.vault.region);
    for (const scenario::Link& link : scenario.links) {
        links_.push_back({link.name, node(link.from), node(link.to)});
    }
    for (const scenario::ConfigurationServer& server : scenario.configuration_servers) {
        add_server(server.name, server.registration, server.site);
    }
    for (const scenario::VmmServer& server : scenario.vmm_servers) {
        add_server(server.name, server.registration, server.site);
    }
    for (const scenario::Site& site : scenario.sites) {
        for (const scenario::Host& host : site.hosts) {
            const auto runs_here = [&](const scenario::MachineGroup& group) {
                return group.kind == "hyper-v" && group.host == host.name && !group.cloud;
            };
            const bool has_provider =
                std::any_of(scenario.machines.begin(), scenario.machines.end(), runs_here);
            if (has_provider) add_server(host.name, host.registration, site.name);
        }
    }
    add_process_servers(scenario);
}

std::uint32_t ServerContact::node(const std::string& name) {
    const auto known = std::find(nodes_.begin(), nodes_.end(), name);
    if (known == nodes_.end()) {
        nodes_.push_back(name);
        return static_cast<std::uint32_t>(nodes_.size() - 1);
    }
    return static_cast<std::uint32_t>(known - nodes_.begin());
}

void ServerContact::add_server(const std::string& name,
                               const scenario::ServerRegistration& registration,
                               const std::string& site) {
    registered_.push_back({name, registration.at.value_or(Instant()), {node(site), vault_, {}}});
}

void ServerContact::add_process_servers(const scenario::Scenario& scenario) {
    const auto& managers = scenario.configuration_servers;
    for (const scenario::ProcessServer& server : scenario.process_servers) {
        process_servers_.emplace_back();
        if (managers.empty()) continue;
        const auto here = std::find_if(managers.begin(), managers.end(), [&](const auto& manager) {
            return manager.site == server.site;
        });
        const auto& manager = here == managers.end() ? managers.front() : *here;
        process_servers_.back() = Way{node(server.site), node(manager.site), {}};
    }
}

void ServerContact::link_changed(std::string_view link, bool down, Instant now) {
    for (Link& known : links_) {
        if (known.name == link) known.down = down;
    }
    for (Server& server : registered_) look_at(server.way, now);
    for (auto& way : process_servers_) {
        if (way) look_at(*way, now);
    }
}

void ServerContact::look_at(Way& way, Instant now) const {
    if (leads_there(way))
        way.lost.reset();
    else if (!way.lost)
        way.lost = now;
}

bool ServerContact::leads_there(const Way& way) const {
    if (way.from == way.to) return true;
    std::vector<bool> reached(nodes_.size());
    std::vector<std::uint32_t> open = {way.from};
    reached[way.from] = true;
    while (!open.empty()) {
        const std::uint32_t at = open.back();
        open.pop_back();
        for (const Link& link : links_) {
            if (link.down || (link.from != at && link.to != at)) continue;
            const std::uint32_t next = link.from == at ? link.to : link.from;
            if (next == way.to) return true;
            if (reached[next]) continue;
            reached[next] = true;
            open.push_back(next);
        }
    }
    return false;
}

RegistrationFacts ServerContact::facts_of(std::size_t server, Instant now) const {
    RegistrationFacts facts;
    facts.certificate_age = now - registered_[server].since;
    facts.since_heard = silence(registered_[server].way, now);
    return facts;
}

std::optional<Duration> ServerContact::silence_of(std::size_t process_server, Instant now) const {
    if (process_server >= process_servers_.size()) return std::nullopt;
    const auto& way = process_servers_[process_server];
    return way ? std::optional(silence(*way, now)) : std::nullopt;
}

}  // namespace landfall::world
