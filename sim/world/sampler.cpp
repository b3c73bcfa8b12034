// sim/world/sampler.cpp — one look at every machine and process server.
#include "sim/world/sampler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace landfall::world {

void Sampler::take() {
    const double t_s = to_seconds(world_.now().since_start());
    std::int64_t counted = 0;
    double worst = std::numeric_limits<double>::quiet_NaN();
    double sum = 0;
    for (std::size_t index = 0; index < estate_.machines.size(); ++index) {
        const double rpo_s = recorder_.rpo_now_s(MachineId(index));
        if (std::isnan(rpo_s)) continue;
        ++counted;
        sum += rpo_s;
        worst = counted == 1 ? rpo_s : std::max(worst, rpo_s);
    }
    fleet_.t_s.push_back(t_s);
    fleet_.protected_machines.push_back(counted);
    fleet_.rpo_s_worst.push_back(worst);
    fleet_.rpo_s_mean.push_back(counted > 0 ? sum / static_cast<double>(counted) : worst);

    const auto waiting = logic_.engine().logs_waiting();
    for (std::size_t index = 0; index < estate_.process_servers.size(); ++index) {
        if (!servers_.contains(ProcessServerId(index))) continue;
        const auto& server = logic_.engine().process_server(ProcessServerId(index));
        backlog_.t_s.push_back(t_s);
        backlog_.server.push_back(static_cast<std::int32_t>(index));
        backlog_.source_bytes.push_back((server.source.bytes() + server.receiving.bytes).count());
        backlog_.server_bytes.push_back(server.cache_used().count());
        backlog_.logs_waiting_bytes.push_back(waiting[index].count());
        backlog_.copy_bytes.push_back(server.cached_copy_bytes().count());
        backlog_.cache_free_percent.push_back(
            server.cache_free_percent(estate_.process_servers[index].cache));
        backlog_.health.add(health_name(server.health));
    }
    links_.take();
}

std::vector<record::Table> Sampler::take_tables() {
    std::vector<std::string> servers;
    for (const ProcessServer& server : estate_.process_servers) servers.push_back(server.name);
    std::vector<record::Table> tables;
    tables.push_back({"fleet",
                      {{"t_s", std::move(fleet_.t_s), std::nullopt},
                       {"protected_machines", std::move(fleet_.protected_machines), std::nullopt},
                       {"rpo_s_worst", std::move(fleet_.rpo_s_worst), std::nullopt},
                       {"rpo_s_mean", std::move(fleet_.rpo_s_mean), std::nullopt}}});
    tables.push_back({"backlog",
                      {{"t_s", std::move(backlog_.t_s), std::nullopt},
                       {"process_server", std::move(backlog_.server), servers},
                       {"source_bytes", std::move(backlog_.source_bytes), std::nullopt},
                       {"process_server_bytes", std::move(backlog_.server_bytes), std::nullopt},
                       {"logs_waiting_bytes", std::move(backlog_.logs_waiting_bytes), std::nullopt},
                       {"copy_bytes", std::move(backlog_.copy_bytes), std::nullopt},
                       {"cache_free_percent", std::move(backlog_.cache_free_percent), std::nullopt},
                       backlog_.health.finish("health")}});
    tables.push_back(links_.take_table());
    tables.push_back(links_.routes_table());
    return tables;
}

}  // namespace landfall::world
