"""Move Azure machines to another region as it is done today, by a script.

Azure to Azure replication needs no server in between. There is no Complete Migration any more: the
failover is committed, replication is disabled, and the vault is deleted. The script does by hand
what the timeline of gallery:move-between-regions says, and ends on the same result.

    python scenarios/scripts/move_between_regions.py
"""

from __future__ import annotations

import landfall as lf
from landfall.formatting import clock


def show(sim: lf.Simulation, step: str) -> None:
    """Print the replicated items as the vault shows them now."""
    print(f"\n{clock(sim.now)}  {step}\n")
    print(sim.vault.items.table.to_string(index=False, na_rep="–", float_format="{:.0f}".format))


def move(sim: lf.Simulation) -> lf.Result:
    """Carry out the move of all machines; return the result of the run."""
    vault = sim.vault
    sim.run_until("2 h")
    for machine in vault.items:
        vault.enable(machine)
    sim.run_until(when="protected")
    show(sim, "Replication is enabled, and the initial replication is done")

    sim.run_for("1 h")
    for item in vault.items.values():
        item.test_failover(recovery_point="latest_processed")
    sim.run_until(when="test_failed_over")
    sim.run_for("30 min")
    for item in vault.items.values():
        item.cleanup_test_failover("everything works as it should")
    sim.run_until(when="test_cleaned_up")

    sim.run_for("1 h")
    for item in vault.items.values():
        item.failover(shut_down_source=True)
    sim.run_until(when="failed_over")
    show(sim, "The machines run in the other region")

    sim.run_for("10 min")
    print("\nIs there a Complete Migration?\n")
    for item in vault.items.values():
        try:
            item.complete_migration()
        except lf.OperationRefused as refused:
            print(f"  {item.name}: {refused.why}")

    sim.run_for("20 min")
    for item in vault.items.values():
        item.commit()
    sim.run_until(when="committed")
    committed = sim.now
    show(sim, "The failover is committed")
    sim.run_for("20 min")
    try:
        vault.delete()
    except lf.SetupRefused as refused:
        print(f"\nThe vault stays: {refused.why}")
    sim.run_for("10 min")
    sim.wait([item.disable() for item in vault.items.values()])
    show(sim, "Replication is disabled")
    sim.run_until(committed + 3600)
    print(f"\nWhat is left in the vault\n\n{vault.setup.to_string(index=False)}")
    vault.delete()
    print(f"\nSite Recovery jobs\n\n{vault.jobs.table.to_string(index=False)}")
    return sim.finish()


def main() -> None:
    """Run the script and print what happened."""
    with lf.open("gallery:move-between-regions", timeline=False) as sim:
        result = move(sim)
    billed = max(result.billing["to_s"])
    print(f"\nBilled until {clock(billed)} of {clock(result.simulated_s)}\n\n{result}")


if __name__ == "__main__":
    main()
