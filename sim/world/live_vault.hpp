// sim/world/live_vault.hpp — the vault of a run: what was set up before it, the items in it as they
// come and go, and what somebody takes down.
//
// An item is in the vault from the start of its enabling until its replication was disabled or its
// migration completed, whatever its state in between. Its entry goes by these operations only;
// everything else is removed here, in Site Recovery's order (model/estate/vault.hpp). Machines that
// Scout replicates are in Scout's own list, not in the vault.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "model/estate/estate.hpp"
#include "model/recovery/site_recovery.hpp"

namespace landfall::world {

class LiveVault {
  public:
    /// `estate` has the set-up, which changes; `record` is told what goes.
    LiveVault(Estate& estate, const SiteRecovery& logic, Observer& record,
              std::function<Instant()> now)
        : estate_(estate), logic_(logic), record_(record), now_(std::move(now)) {}

    /// The machine's item may have come or gone.
    void follow(MachineId machine);
    /// The machine may replicate other disks than before.
    void count_disks(MachineId machine);

    /// Nothing: it is gone. A refusal: nothing changed.
    std::optional<SetupRefusal> remove(SetupId object);
    /// All that is left, in order, and the vault; refused while anything is protected.
    std::optional<SetupRefusal> take_down(std::string_view name);

    [[nodiscard]] const VaultSetup& setup() const { return estate_.vault_setup; }

  private:
    void note_gone(const std::vector<SetupId>& gone);

    Estate& estate_;
    const SiteRecovery& logic_;
    Observer& record_;
    std::function<Instant()> now_;
};

}  // namespace landfall::world
