// sim/world/engine_uploads.hpp — what the bill reads of the engine.
#pragma once

#include "model/recovery/site_recovery.hpp"
#include "sim/record/billing_feed.hpp"

namespace landfall::world {

class EngineUploads : public record::UploadCounter {
  public:
    /// `logic` may be made later, before anything is asked.
    explicit EngineUploads(const SiteRecovery& logic) : logic_(logic) {}

    [[nodiscard]] Bytes uploaded(MachineId machine) const override {
        return logic_.engine().uploaded(machine);
    }
    [[nodiscard]] bool replicates(DiskId disk) const override {
        return logic_.engine().replicates(disk);
    }
    [[nodiscard]] ProcessServerId server_of(MachineId machine) const override {
        return logic_.engine().server_of(machine);
    }

  private:
    const SiteRecovery& logic_;
};

}  // namespace landfall::world
