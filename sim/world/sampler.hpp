// sim/world/sampler.hpp — looks at the fleet at regular times: tables `fleet`, `backlog`,
// `link_use`.
#pragma once

#include <vector>

#include "model/recovery/site_recovery.hpp"
#include "sim/record/recorder.hpp"
#include "sim/world/link_sampler.hpp"
#include "sim/world/way_home.hpp"

namespace landfall::world {

class Sampler {
  public:
    Sampler(const Assembly& parts, const World& world, const SiteRecovery& logic,
            const record::Recorder& recorder)
        : estate_(parts.estate),
          world_(world),
          logic_(logic),
          recorder_(recorder),
          servers_(parts.estate, logic),
          links_(parts.link_uses, parts.estate, world) {}

    /// Adds one row to `fleet`, one per process server to `backlog`, one per direction of a link to
    /// `link_use`.
    void take();
    std::vector<record::Table> take_tables();

  private:
    const Estate& estate_;
    const World& world_;
    const SiteRecovery& logic_;
    const record::Recorder& recorder_;
    ServersInUse servers_;
    LinkSampler links_;

    struct {
        std::vector<double> t_s;
        std::vector<std::int64_t> protected_machines;
        std::vector<double> rpo_s_worst;
        std::vector<double> rpo_s_mean;
    } fleet_;
    struct {
        std::vector<double> t_s;
        std::vector<std::int32_t> server;
        std::vector<std::int64_t> source_bytes;
        std::vector<std::int64_t> server_bytes;
        std::vector<std::int64_t> logs_waiting_bytes;
        std::vector<std::int64_t> copy_bytes;
        std::vector<std::int64_t> cache_free_percent;
        record::NameColumn health;
    } backlog_;
};

}  // namespace landfall::world
