// sim/world/data_path_probe.cpp — answers as of the moment of the call.
#include "sim/world/data_path_probe.hpp"

namespace landfall::world {

bool DataPathProbe::covered(DiskId disk, std::uint64_t sector) const {
    const BlockContent& blocks = *logic_.engine().blocks();
    const Instant now = clock_.now();
    if (!known_ || known_disk_ != disk || known_at_ != now || known_writes_ != blocks.writes()) {
        known_ = blocks.outstanding(disk);
        known_disk_ = disk;
        known_at_ = now;
        known_writes_ = blocks.writes();
    }
    return known_->is_set(sector);
}

const BlockReader* DataPathProbe::newest_replica(MachineId machine) const {
    if (!logic_.engine().blocks()->holds(machine)) return nullptr;
    const DataPath path = logic_.engine().data_path(machine);
    // Of a machine that is not replicated nobody claims that the replica has anything.
    if (path == DataPath::Stopped) return nullptr;
    reader_ = logic_.engine().blocks()->reader(machine, std::nullopt);
    return reader_.get();
}

std::vector<std::uint64_t> DataPathProbe::listed_points(MachineId machine) const {
    std::vector<std::uint64_t> ids;
    if (!logic_.engine().blocks()->holds(machine)) return ids;
    for (const auto& point : logic_.engine().blocks()->replica(machine).points()) {
        ids.push_back(point.id);
    }
    return ids;
}

const BlockReader* DataPathProbe::point(MachineId machine, std::uint64_t id) const {
    if (!logic_.engine().blocks()->holds(machine) ||
        !logic_.engine().blocks()->replica(machine).lists(id)) {
        return nullptr;
    }
    reader_ = logic_.engine().blocks()->reader(machine, id);
    return reader_.get();
}

}  // namespace landfall::world
