// sim/world/live_vault.cpp — items in and out, and taking down.
#include "sim/world/live_vault.hpp"

#include <string>

#include "model/estate/enabling.hpp"

namespace landfall::world {

namespace {

bool is_in_vault(ProtectionState state) {
    return state != ProtectionState::UnprotectedStatesBegin &&
           state != ProtectionState::UnprotectedStatesEnd &&
           state != ProtectionState::MigrationComplete;
}

}  // namespace

void LiveVault::follow(MachineId machine) {
    const SetupId mapping = mapping_of(estate_, machine);
    if (mapping.is_none()) return;
    VaultSetup& setup = estate_.vault_setup;
    const std::string& name = estate_.machine(machine).name;
    const SetupId item = setup.item_of(name, mapping);
    const bool belongs = is_in_vault(logic_.protection_state(machine));
    if (belongs && item.is_none()) {
        // One whose mapping is gone fails its prerequisites, and was never in the vault.
        setup.protect(name, mapping, disks_to_protect(estate_, machine), now_());
    } else if (!belongs && !item.is_none()) {
        const auto refusal = setup.remove(item);
        LANDFALL_CHECK(!refusal, "nothing uses an item");
    }
}

void LiveVault::count_disks(MachineId leg) {
    const MachineId machine = estate_.item_of(leg);
    const SetupId mapping = mapping_of(estate_, machine);
    if (mapping.is_none()) return;
    const SetupId item = setup().item_of(estate_.machine(machine).name, mapping);
    if (item.is_none()) return;
    const Machine& facts = estate_.machine(leg);
    std::int64_t disks = 0;
    for (std::uint32_t k = 0; k < facts.disk_count; ++k) {
        disks += logic_.engine().replicates(DiskId(facts.first_disk.value + k)) ? 1 : 0;
    }
    estate_.vault_setup.set_disks(item, disks);
}

std::optional<SetupRefusal> LiveVault::remove(SetupId id) {
    if (setup().is_alive(id) && setup().object(id).kind == SetupKind::Item) {
        return SetupRefusal{
            "protected item " + setup().object(id).name + " goes when its replication is disabled",
            {},
            "SR/site-recovery-manage-registration-and-protection.md"};
    }
    auto refusal = estate_.vault_setup.remove(id);
    if (!refusal) note_gone({id});
    return refusal;
}

std::optional<SetupRefusal> LiveVault::take_down(std::string_view name) {
    const std::vector<SetupId> order = setup().deletion_order();
    auto refusal = estate_.vault_setup.take_down();
    if (refusal) return refusal;
    note_gone(order);
    record_.noted("vault_deleted", name, "");
    return std::nullopt;
}

void LiveVault::note_gone(const std::vector<SetupId>& gone) {
    for (const SetupId id : gone) {
        const SetupObject& object = setup().object(id);
        record_.noted("removed_from_vault", object.name, name_of(object.kind));
    }
}

}  // namespace landfall::world
