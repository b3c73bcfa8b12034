// sim/world/link_sampler.cpp — one look at every link.
#include "sim/world/link_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sim/record/recorder.hpp"

namespace landfall::world {

namespace {

bool crosses(const ProcessServer& server, const LinkUse& use) {
    return std::find(use.channels.begin(), use.channels.end(), server.upload_channel) !=
           use.channels.end();
}

}  // namespace

void LinkSampler::take() {
    const Instant now = world_.now();
    for (std::size_t index = 0; index < uses_.size(); ++index) {
        const LinkUse& use = uses_[index];
        if (use.channels.empty()) continue;
        Bytes total;
        for (const ChannelId channel : use.channels) total += world_.carried(channel);
        const LinkSchedule::Room room = use.schedule.room(looked_, now);
        t_s_.push_back(to_seconds(now.since_start()));
        use_.push_back(index);
        bytes_.push_back((total - carried_[index]).count());
        capacity_bytes_.push_back(std::llround(room.bytes));
        closed_s_.push_back(to_seconds(room.closed));
        carried_[index] = total;
    }
    looked_ = now;
}

record::Table LinkSampler::take_table() {
    std::vector<std::string> names;
    std::vector<std::int32_t> name_of_use;
    for (const LinkUse& use : uses_) {  // the two directions of a link follow one another
        if (names.empty() || names.back() != use.link) names.push_back(use.link);
        name_of_use.push_back(static_cast<std::int32_t>(names.size()) - 1);
    }
    std::vector<double> t_s;
    std::vector<std::int32_t> link;
    std::vector<std::int32_t> direction;
    std::vector<std::int64_t> bytes;
    std::vector<std::int64_t> capacity_bytes;
    std::vector<double> closed_s;
    for (std::size_t row = 0; row < use_.size(); ++row) {
        const LinkUse& use = uses_[use_[row]];
        if (!is_shown(use)) continue;
        t_s.push_back(t_s_[row]);
        link.push_back(name_of_use[use_[row]]);
        direction.push_back(use.forward ? 0 : 1);
        bytes.push_back(bytes_[row]);
        capacity_bytes.push_back(capacity_bytes_[row]);
        closed_s.push_back(closed_s_[row]);
    }
    return {"link_use",
            {{"t_s", std::move(t_s), std::nullopt},
             {"link", std::move(link), std::move(names)},
             {"direction", std::move(direction), std::vector<std::string>{"forward", "backward"}},
             {"bytes", std::move(bytes), std::nullopt},
             {"capacity_bytes", std::move(capacity_bytes), std::nullopt},
             {"closed_s", std::move(closed_s), std::nullopt}}};
}

bool LinkSampler::is_shown(const ProcessServer& server) const {
    return !server.way_home || world_.carried(server.upload_channel) > Bytes();
}

bool LinkSampler::is_shown(const LinkUse& use) const {
    return std::any_of(
        estate_.process_servers.begin(), estate_.process_servers.end(),
        [&](const auto& server) { return is_shown(server) && crosses(server, use); });
}

record::Table LinkSampler::routes_table() const {
    record::NameColumn servers;
    record::NameColumn links;
    record::NameColumn directions;
    for (const ProcessServer& server : estate_.process_servers) {
        if (!is_shown(server)) continue;
        for (const LinkUse& use : uses_) {
            if (!crosses(server, use)) continue;
            servers.add(server.name);
            links.add(use.link);
            directions.add(use.forward ? "forward" : "backward");
        }
    }
    return {
        "routes",
        {servers.finish("process_server"), links.finish("link"), directions.finish("direction")}};
}

}  // namespace landfall::world
