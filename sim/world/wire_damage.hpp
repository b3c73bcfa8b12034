// sim/world/wire_damage.hpp — flips a bit of what a disk sends next, where a scenario wants it.
#pragma once

#include <set>

#include "model/environment/block_ports.hpp"
#include "sim/kernel/random_streams.hpp"

namespace landfall::world {

class WireDamage : public WireTap {
  public:
    explicit WireDamage(std::uint64_t seed) : draws_(seed, "wire", "damage") {}

    /// The next changes of the disk will be damaged on their way.
    void damage_next(DiskId disk) { armed_.insert(disk); }

    void in_cache(DiskId, std::vector<std::byte>&) override {}
    void on_wire(DiskId disk, std::vector<std::byte>& envelope) override {
        if (envelope.empty() || armed_.erase(disk) == 0) return;
        const std::uint64_t bit = draws_.below(8 * envelope.size());
        envelope[bit / 8] ^= std::byte{1} << (bit % 8);
    }

  private:
    kernel::RandomStream draws_;
    std::set<DiskId> armed_;
};

}  // namespace landfall::world
