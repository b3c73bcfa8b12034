# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#       format_version: '1.3'
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # From an inventory to a plan
#
# Two files are enough to begin with: who is there, and what they write. The inventory comes from
# Azure Migrate or RVTools, the churn from a profiler or the hypervisor's statistics. What comes
# out is what Deployment Planner would say, and what it does not: intervals, shares of the time,
# what every machine that cannot be replicated would add, and a simulation of the plan.
#
# Both files are made up here, so that the notebook runs anywhere; put the names of yours in their
# place.

# %%
import os
import random
import tempfile
from pathlib import Path

import landfall as lf
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown, display
from landfall import formatting
from landfall.plot_style import BLUE, GREEN, legend, style

folder = tempfile.TemporaryDirectory()
os.chdir(folder.name)
inventory_file = Path("servers.csv")

# %%
draw = random.Random(5)
header = (
    "*Server name,*Cores,*Memory (In MB),*OS name,Boot type,Number of disks,"
    "Disk 1 size (In GB),Storage in use (In GB),Disk 1 write ops (operations per second)"
)
rows = []
for number in range(1, 41):
    size = draw.choice([64, 128, 256, 512, 1024])
    used = round(size * draw.uniform(0.3, 0.8))
    system = draw.choice(["Windows Server 2019", "Windows Server 2016", "Ubuntu 20.04"])
    cores, memory = draw.choice([(2, 8192), (4, 16384), (8, 32768)])
    writes = draw.randint(20, 300)
    rows.append(f"srv-{number:02},{cores},{memory},{system},BIOS,1,{size},{used},{writes}")
rows[11] = "srv-12,four,16384,Windows Server 2019,BIOS,1,256,100,80"  # somebody's typing
rows[24] = "srv-25,8,32768,Windows Server 2019,BIOS,1,9000,5200,250"  # a disk of 9 TB
inventory_file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")

servers = lf.inventory.load(inventory_file)
assert len(servers.names) == 39
assert len(servers.rejected) == 1
servers.rejected

# %% [markdown]
# A row that cannot be read is listed with its reason, not guessed. Now what they write: two weeks
# in slots of five minutes, with backups at night, some nights more than others.

# %%
noise = np.random.default_rng(5)
DAYS, SLOT_S = 14, 300.0
per_day = int(86_400 / SLOT_S)
slots = DAYS * per_day
hour = ((np.arange(slots) % per_day) * SLOT_S / 3600)[:, None]
machines = len(servers.names)
level = noise.lognormal(11.8, 0.9, machines)
usual = 1 + 0.5 * np.cos(2 * np.pi * (hour - 14) / 24)
night = np.repeat(noise.lognormal(0, 0.4, DAYS), per_day)[:, None]
begins = noise.choice([0, 1, 22, 23], machines)
backup = 6 * night * (((hour - begins) % 24) < 1.5) * (noise.random(machines) < 0.5)
written = level * (usual * noise.lognormal(-0.2, 0.6, (slots, machines)) + backup) * SLOT_S
trace = lf.inventory.Trace(
    written=written,
    names=tuple(servers.names),
    slot_s=SLOT_S,
    start_unix_s=1_375_056_000.0,  # a Monday
    missing=np.zeros(written.shape, bool),
).to_csv("churn.csv")
trace

# %% [markdown]
# ## The plan
#
# Everything that is assumed is an option, with Deployment Planner's defaults: 30 % growth, for
# example.

# %%
options = lf.planner.PlanOptions(initial_replication_goal="48 h")
plan = lf.planner.plan(servers, trace, rpo="15 min", options=options)
plan

# %%
bandwidth = plan.tables["bandwidth"].frame
shares = sorted(bandwidth["share"].unique(), reverse=True)
figure, axes = plt.subplots(figsize=(9, 3.6), layout="constrained")
for offset, (share, colour) in enumerate(zip(shares, (BLUE, GREEN), strict=False)):
    mine = bandwidth[bandwidth["share"] == share].reset_index(drop=True)
    places = np.arange(len(mine)) + 0.16 * (2 * offset - 1)
    spread = np.array([mine["bandwidth"] - mine["low"], mine["high"] - mine["bandwidth"]])
    axes.errorbar(
        places,
        mine["bandwidth"] / 1e6,
        yerr=np.clip(spread, 0, None) / 1e6,
        fmt="o",
        color=colour,
        capsize=4,
        lw=2,
        label=f"{share:g} % of the time",
    )
targets = sorted(bandwidth["rpo_s"].unique())
axes.set_xticks(range(len(targets)), [f"RPO {formatting.duration(t)}" for t in targets])
style(axes, "Bandwidth that the plan asks for, and 90 % prediction")
axes.set_xlim(-0.5, len(targets) - 0.5)
axes.set_ylim(bottom=0)
axes.set_ylabel("Mbit/s")
legend(axes)
plt.show()

# %% [markdown]
# *Dots: what the two weeks needed, with growth. Bars: between what the two weeks to come will
# need, with a chance of 90 %. One number would have hidden how wide that is.*

# %%
for _, mine in bandwidth.groupby("share"):
    ordered = mine.sort_values("rpo_s")["bandwidth"]
    assert (ordered.diff().dropna() <= 1e-6 * ordered.max()).all(), "a looser RPO needs no more"
assert (bandwidth["low"] <= bandwidth["high"]).all()

# %% [markdown]
# ## Who cannot move, and why

# %%
refused = plan.tables["incompatible"].frame
assert "srv-25" in set(refused["machine"])
refused[["machine", "reasons", "adds_100", "adds_cost"]]

# %% [markdown]
# ## How long the first copies take
#
# Machines are copied in batches, each of which has to be through in the time that was set, on
# what the changes of those before it leave of the link.

# %%
batches = plan.tables["batches"].frame
assert batches["machines"].sum() == len(plan.planned)
assert (batches["duration_s"] <= 48 * 3600 + 1).all()
figure, axes = plt.subplots(figsize=(9, 1.4 + 0.4 * len(batches)), layout="constrained")
for row, batch in batches.iterrows():
    axes.barh(row, batch["duration_s"] / 3600, left=batch["starts_s"] / 3600, color=BLUE)
    axes.annotate(
        f"{batch['machines']} machines",
        ((batch["starts_s"] + batch["duration_s"]) / 3600, row),
        (4, 0),
        textcoords="offset points",
        va="center",
    )
style(axes, "Batches of initial replication")
axes.grid(visible=False)
axes.set_yticks(range(len(batches)), [f"batch {name}" for name in batches["batch"]])
axes.invert_yaxis()
axes.margins(x=0.15)
axes.set_xlim(left=0)
axes.set_xlabel("hours since the start")
plt.show()

# %% [markdown]
# *One bar for each batch.*
#
# ## Simulated before it is believed
#
# `plan.simulate` builds a scenario of the planned machines, process servers and link, replays the
# trace and measures for how much of the time the RPO was met.

# %%
shown = plan.simulate(share=0.9, trace_file="replayed.csv")
assert shown.within >= 0.89, "what the plan asks for is enough, within a point"
shown.result.plot.rpo()

# %% [markdown]
# *RPO of the fleet on the link that the plan asks for at 90 % of the time.*
#
# ## To pass on

# %%
saved = plan.save("plan", simulated=[shown])
files = sorted(file.name for file in saved.iterdir())
assert {"report.html", "plan.json", "scenario.json"} <= set(files)
print(", ".join(files))

# %% [markdown]
# ## The finding

# %%
whole, most = plan.bandwidth() / 1e6, plan.bandwidth(share=0.9) / 1e6
ahead = bandwidth[(bandwidth["rpo_s"] == 900) & (bandwidth["share"] == 100)].iloc[0]
copied = batches["starts_s"].iloc[-1] + batches["duration_s"].iloc[-1]
assert plan.options.growth_percent == 30
display(
    Markdown(
        f"""
{len(plan.planned)} of {machines} machines can be replicated; **srv-25** cannot, and one row of the
inventory has to be mended. With 30 % growth an RPO of 15 minutes takes **{whole:,.0f} Mbit/s**
always and {most:,.0f} Mbit/s for 90 % of the time; the next two weeks need between
{ahead["low"] / 1e6:,.0f} and {ahead["high"] / 1e6:,.0f} Mbit/s for it with a chance of 90 %. First
copies take {len(batches)} batches and {formatting.duration(copied)}. Simulated on the smaller link,
all machines were within 15 minutes in **{shown.within:.1%}** of the time.
"""
    )
)
folder.cleanup()
