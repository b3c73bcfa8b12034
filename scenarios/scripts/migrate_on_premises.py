"""Migrate on-premises machines to Azure: the six steps of the guide of 2018, as a script.

A Hyper-V machine of a host without VMM, one of a VMM cloud, a VMware machine and a physical server
go to Azure for good. The script does by hand what the timeline of gallery:migrate-on-premises says,
and ends on the same result. Where the guide leaves a choice, it asks the vault what is allowed.

    python scenarios/scripts/migrate_on_premises.py
"""

from __future__ import annotations

import landfall as lf
from landfall.formatting import clock


def show(sim: lf.Simulation, step: str) -> None:
    """Print the replicated items as the vault shows them now."""
    print(f"\n{clock(sim.now)}  {step}\n")
    print(sim.vault.items.table.to_string(index=False, na_rep="–", float_format="{:.0f}".format))


def migrate(sim: lf.Simulation) -> lf.Result:
    """Carry out steps 3 to 6 on all machines; return the result of the run."""
    vault = sim.vault

    # 1, 2: The scenario has the vault, and its management servers register at half past midnight.
    sim.run_until("2 h")
    show(sim, "Steps 1 and 2: the vault is set up, the management servers are registered")

    # 3: Enable replication for the machines you want to migrate.
    for machine in vault.items:
        vault.enable(machine)
    sim.run_until(when="protected")
    show(sim, "Step 3: replication is enabled, and the initial replication is done")

    # 4: After the initial migration, run a quick test failover.
    sim.run_for("1 h")
    for item in vault.items.values():
        item.test_failover(recovery_point="latest_processed")
    sim.run_until(when="test_failed_over")
    show(sim, "Step 4: the test machines run; clean up once they were looked at")
    sim.run_for("30 min")
    for item in vault.items.values():
        item.cleanup_test_failover("everything works as it should")

    # 5: A planned failover where it is supported, an unplanned one elsewhere.
    sim.run_until("10 h")
    for item in vault.items.values():
        if "PlannedFailover" in item.allowed_operations:
            item.planned_failover()
        else:
            item.failover()
    sim.run_until(when="failed_over")
    show(sim, "Step 5: all machines run in Azure")

    # 6: You don't need to commit: Complete Migration for each machine.
    sim.run_for("1 h")
    jobs = [item.complete_migration() for item in vault.items.values()]
    sim.run_for("30 s")
    show(sim, "Step 6: Complete Migration, half a minute after it was selected")
    for job in jobs:
        tasks = ", ".join(f"{task.name}: {task.state}" for task in job.tasks)
        print(f"  job {job.number} ({job.machine}) {job.state}: {tasks}")
    sim.wait(jobs)
    show(sim, "Step 6: replication is removed")
    print(f"\nSite Recovery jobs\n\n{vault.jobs.table.to_string(index=False)}")
    return sim.finish()


def show_bill(result: lf.Result) -> None:
    """Print for each machine when it was migrated and until when it is billed."""
    bill = result.billing.groupby("machine")["to_s"].max()
    jobs = result.jobs[result.jobs["operation"] == "Complete migration"].set_index("machine")
    print(f"\nBilling, in a run of {clock(result.simulated_s)}\n")
    for machine, ended in jobs["end_s"].items():
        print(f"  {machine}: migrated at {clock(ended)}, billed until {clock(bill[machine])}")


def main() -> None:
    """Run the script and print what happened."""
    with lf.open("gallery:migrate-on-premises", timeline=False) as sim:
        result = migrate(sim)
    show_bill(result)
    print(f"\n{result}")


if __name__ == "__main__":
    main()
