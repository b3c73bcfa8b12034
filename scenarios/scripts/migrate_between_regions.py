"""Migrate Azure machines between regions as the guide of 2018 does it, as a script.

They are replicated through a configuration server, like physical servers in their virtual network.
Only migration is supported: a test failover, an unplanned failover, Complete Migration, and no way
back. The script does by hand what the timeline of gallery:migrate-between-regions says, and ends on
the same result.

    python scenarios/scripts/migrate_between_regions.py
"""

from __future__ import annotations

import landfall as lf
from landfall.formatting import clock


def show(sim: lf.Simulation, step: str) -> None:
    """Print the replicated items as the vault shows them now."""
    print(f"\n{clock(sim.now)}  {step}\n")
    print(sim.vault.items.table.to_string(index=False, na_rep="–", float_format="{:.0f}".format))


def migrate(sim: lf.Simulation) -> lf.Result:
    """Carry out the migration of all machines; return the result of the run."""
    vault = sim.vault

    # The scenario has the vault, and its configuration server registers at half past midnight.
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
    show(sim, "The quick test failover is cleaned up")

    sim.run_for("1 h")
    for item in vault.items.values():
        item.failover()
    sim.run_until(when="failed_over")
    show(sim, "The unplanned failover is done: the machines run in Azure")

    sim.run_for("10 min")
    print("\nIs there a way back?\n")
    for item in vault.items.values():
        try:
            item.failback()
        except lf.OperationRefused as refused:
            print(f"  {item.name}: {refused.why}")

    sim.run_for("20 min")
    jobs = [item.complete_migration() for item in vault.items.values()]
    sim.wait(jobs)
    show(sim, "Complete Migration: replication is removed")
    print(f"\nSite Recovery jobs\n\n{vault.jobs.table.to_string(index=False)}")
    return sim.finish()


def main() -> None:
    """Run the script and print what happened."""
    with lf.open("gallery:migrate-between-regions", timeline=False) as sim:
        result = migrate(sim)
    billed = max(result.billing["to_s"])
    print(f"\nBilled until {clock(billed)} of {clock(result.simulated_s)}\n\n{result}")


if __name__ == "__main__":
    main()
