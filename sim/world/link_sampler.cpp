// sim/world/link_sampler.cpp — one look at every link.
#include "sim/world/link_sampler.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "sim/record/recorder.hpp"

namespace landfall::world {

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
    std::vector<std::int32_t> link;
    std::vector<std::int32_t> direction;
    for (const std::size_t use : use_) {
        link.push_back(name_of_use[use]);
        direction.push_back(uses_[use].forward ? 0 : 1);
    }
    return {"link_use",
            {{"t_s", std::move(t_s_), std::nullopt},
             {"link", std::move(link), std::move(names)},
             {"direction", std::move(direction), std::vector<std::string>{"forward", "backward"}},
             {"bytes", std::move(bytes_), std::nullopt},
             {"capacity_bytes", std::move(capacity_bytes_), std::nullopt},
             {"closed_s", std::move(closed_s_), std::nullopt}}};
}

record::Table LinkSampler::routes_table(const Estate& estate) const {
    record::NameColumn servers;
    record::NameColumn links;
    record::NameColumn directions;
    for (const ProcessServer& server : estate.process_servers) {
        for (const LinkUse& use : uses_) {
            const auto& channels = use.channels;
            if (std::find(channels.begin(), channels.end(), server.upload_channel) ==
                channels.end())
                continue;
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
