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
# # What if the circuit fails
#
# Sixty machines in Leeds are protected over one circuit to Azure. Circuits fail. This notebook
# asks, in this order:
#
# 1. where the network is weak, and what is left of it when something fails;
# 2. what an outage of three hours does to the RPO, and for how long afterwards;
# 3. what a second path is worth, and how large it has to be;
# 4. which other faults would break the promise of an RPO of one hour, found by the test lab.

# %%
import landfall as lf
import matplotlib.pyplot as plt
import networkx as nx
import numpy as np
from IPython.display import Markdown, display
from landfall import formatting, planning
from landfall.lab import Lab
from landfall.plot_style import BLUE, GREEN, INK, ORANGE, OUTAGE, PINK, legend, style

MBIT = 1e6
scenario = lf.load("gallery:wan-outage")
scenario

# %% [markdown]
# ## The network
#
# The circuit goes from Leeds to an exchange by one provider's point of presence; a VPN over the
# internet could take another way. Numbers are capacities in Mbit/s.

# %%
network = [
    ("Leeds", "PoP A", 200),  # the circuit
    ("Leeds", "PoP B", 60),  # the VPN
    ("York", "PoP A", 100),
    ("PoP A", "exchange", 1000),
    ("PoP B", "exchange", 500),
    ("exchange", "UK South", 500),
]
links = [(one, other, mbit * MBIT) for one, other, mbit in network]
names = [f"{one} – {other}" for one, other, _ in network]
narrow = planning.bottleneck(links, "Leeds", "UK South")
weak = planning.single_points_of_failure(links, "Leeds", "UK South")
failures = planning.link_failures(links, "Leeds", "UK South")

assert narrow.bits_per_second == 260 * MBIT, "both ways out of Leeds together"
assert narrow.links == (0, 1)
assert weak.sites == ("exchange",)
assert [names[link] for link in weak.links] == ["exchange – UK South"]

# %%
places = {
    "Leeds": (0, 1),
    "York": (0, 2),
    "PoP A": (1.2, 1.6),
    "PoP B": (1.2, 0.4),
    "exchange": (2.4, 1),
    "UK South": (3.6, 1),
}
graph = nx.Graph()
graph.add_weighted_edges_from(network)
colours = []
for one, other in graph.edges:
    number = next(k for k, row in enumerate(network) if {one, other} == set(row[:2]))
    colours.append(PINK if number in weak.links else ORANGE if number in narrow.links else OUTAGE)
figure, axes = plt.subplots(figsize=(9, 3.4), layout="constrained")
nx.draw_networkx_edges(graph, places, ax=axes, edge_color=colours, width=4, node_size=2600)
nx.draw_networkx_nodes(
    graph,
    places,
    ax=axes,
    node_size=2600,
    node_color=[PINK if site in weak.sites else "white" for site in graph],
    edgecolors=INK,
)
nx.draw_networkx_labels(graph, places, ax=axes, font_size=9, font_color=INK)
nx.draw_networkx_edge_labels(
    graph, places, nx.get_edge_attributes(graph, "weight"), ax=axes, font_size=9
)
axes.set_title(
    "From Leeds to UK South: bottleneck and single points of failure",
    loc="left",
    fontsize=11,
    fontweight="bold",
    color=INK,
)
for colour, text in ((ORANGE, "minimum cut"), (PINK, "single point of failure"), (OUTAGE, "other")):
    axes.plot([], [], color=colour, lw=4, label=text)
axes.margins(0.12)
axes.axis("off")
legend(axes)
plt.show()

# %% [markdown]
# *Capacities in Mbit/s. Only more on the orange links, both of them ways out of Leeds, lets more
# through; without a pink site or link nothing gets through at all.*

# %%
machines, policy = scenario.machines[0], scenario.policies[0]
ratio = scenario.process_servers[0].compression_ratio
demand = machines.count * machines.churn.rate * 8 / ratio
rows = "\n".join(
    f"| {names[failure.links[0]]} | {failure.bits_per_second / MBIT:,.0f} | "
    f"{'yes' if failure.bits_per_second >= demand else '**no**'} |"
    for failure in failures
)
display(
    Markdown(
        f"Replication needs {demand / MBIT:.1f} Mbit/s on average.\n\n"
        f"| fails | left (Mbit/s) | enough |\n|---|---|---|\n{rows}"
    )
)
left = {names[failure.links[0]]: failure.bits_per_second for failure in failures}
assert left["exchange – UK South"] == 0
assert left["Leeds – PoP A"] == 60 * MBIT < demand < left["Leeds – PoP B"]

# %% [markdown]
# ## Three hours without the circuit
#
# The scenario knows the circuit only: it is down from 12:00 to 15:00.

# %%
alone = scenario.run(progress=False)
alone.plot.rpo()

# %%
alone.plot.backlog()

# %% [markdown]
# *Above: the RPO rises by a minute a minute. Below: changes wait at the process server, and its
# cache fills. After the outage the backlog drains at what the circuit carries beyond the demand.*

# %%
why = alone.why()
why

# %% [markdown]
# A pencil says the same: with outage $L$, demand $c$ and bandwidth $B$ the backlog drains in $c L
# / (B - c)$.

# %%
OUTAGE_S = 3 * 3600.0
BEGIN_S = 12 * 3600.0
payload = scenario.links[0].bandwidth * scenario.network.bandwidth_factor
drain_s = demand * OUTAGE_S / (payload - demand)
breach = why[0]
assert breach.causes[0].kind == "link down"
assert breach.causes[0].share > 0.9
worst_s = alone.summary["totals"]["rpo_s"]["max"]
assert OUTAGE_S <= worst_s <= OUTAGE_S + 600, "the outage, and the age of the last point before it"
back_s = breach.to_s - (BEGIN_S + OUTAGE_S)
# RPO is below the threshold again a little before the last of the backlog is through.
assert drain_s - policy.rpo_threshold <= back_s <= drain_s + 600

# %% [markdown]
# ## A second path
#
# Routes of a simulation are fixed, so a failover path is told as what it does to the traffic:
# nothing gets through for two minutes while routing converges (an assumption), then what the
# backup carries.

# %%
CONVERGE_S = 120.0


def with_backup(mbit: float) -> lf.Scenario:
    """Return the scenario with a backup path that carries so much while the circuit is down."""
    circuit = scenario.links[0]
    faults = [
        lf.Fault(kind="link_outage", link=circuit.name, at=BEGIN_S, lasts=CONVERGE_S),
        lf.Fault(
            kind="bandwidth_drop",
            link=circuit.name,
            at=BEGIN_S + CONVERGE_S,
            lasts=OUTAGE_S - CONVERGE_S,
            factor=mbit * MBIT / circuit.bandwidth,
        ),
    ]
    return scenario.with_(
        {"/links/0/outages": [], "/expect": []}, faults=faults, name=f"backup of {mbit} Mbit/s"
    )


sizes = [20, 40, 60, 80, 100]
backed = lf.run_many([with_backup(mbit) for mbit in sizes], progress=False)
worst = {
    0: worst_s,
    **{m: run.summary["totals"]["rpo_s"]["max"] for m, run in zip(sizes, backed, strict=True)},
}

# %%
figure, (left_axes, right_axes) = plt.subplots(
    1, 2, figsize=(11, 3.8), layout="constrained", width_ratios=[3, 2]
)
shown = {"none": alone, "20 Mbit/s": backed[0], "40 Mbit/s": backed[1], "80 Mbit/s": backed[3]}
for (name, run), colour in zip(shown.items(), (INK, ORANGE, BLUE, GREEN), strict=True):
    fleet = run.tables["fleet"]
    left_axes.plot(fleet["t_s"] / 3600, fleet["rpo_s_worst"] / 60, color=colour, label=name)
left_axes.axvspan(12, 15, color=OUTAGE, alpha=0.5, lw=0, label="circuit down")
style(left_axes, "Worst RPO of the fleet, by backup")
left_axes.set_xlim(11, 18)
left_axes.set_ylim(bottom=0)
left_axes.set_xlabel("time of day (hours)")
left_axes.set_ylabel("RPO (minutes)")
left_axes.legend(frameon=False, fontsize=9, loc="upper left")
right_axes.plot(list(worst), np.array(list(worst.values())) / 60, "o-", color=BLUE)
right_axes.axhline(60, color=INK, lw=1, ls="--")
right_axes.annotate("target 1 h", (100, 60), (0, 3), textcoords="offset points", ha="right")
right_axes.axvline(demand / MBIT, color=OUTAGE, lw=1.5, ls=":")
right_axes.annotate("demand", (demand / MBIT, 150), (4, 0), textcoords="offset points")
style(right_axes, "Worst RPO by size of the backup")
right_axes.set_ylim(bottom=0)
right_axes.set_xlabel("backup path (Mbit/s)")
right_axes.set_ylabel("worst RPO (minutes)")
plt.show()

# %% [markdown]
# *Left: the RPO while the circuit is down. A backup that is too small only slows its rise. Right:
# the worst RPO falls in a straight line until the backup carries the demand; more brings
# nothing.*

# %%
# What waits at the end is the part of the outage that the backup did not carry.
for mbit in (20, 40):
    carried = mbit * MBIT * scenario.network.bandwidth_factor / demand
    expected_s = (OUTAGE_S - CONVERGE_S) * (1 - carried)
    assert expected_s <= worst[mbit] <= expected_s + CONVERGE_S + 600, (mbit, worst[mbit])
assert max(worst[80], worst[100]) < 900
assert list(worst.values()) == sorted(worst.values(), reverse=True)
enough = min(mbit for mbit, seconds in worst.items() if seconds <= 3600)
assert enough == 60

# %% [markdown]
# ## What else would break an RPO of an hour
#
# An outage at noon is one case. The lab tries many: faults of the network at any time, alone and
# together, as *swarms* in which each run leaves out some kinds, so that rare meetings come up.
# When a rule breaks, the case is made as small as it gets. Six machines on a tenth of the circuit
# stand for the sixty.

# %%
small = scenario.with_(
    {
        "/links/0/outages": [],
        "/links/0/bandwidth": "20 Mbit/s",
        "/machines/0/count": 6,
        "/expect": [{"metric": "rpo_s_max", "at_most": "1 h"}],
    },
    name="a tenth of Leeds",
)
KINDS = "link_outage one_way_outage bandwidth_drop circuit_flap latency_spike clog connection_reset"
lab = Lab(small, faults=KINDS.split(), expectations=True)
report = lab.explore(seeds=60, explorer="swarm", progress=False)
broke = sum(report.violations.values())
days = formatting.duration(report.simulated_s)
print(f"{report.runs} runs, {days} simulated: {broke} broke the rule")
report.heat_map()

# %% [markdown]
# *How often each kind of fault met a machine in each phase of its replication. What was never
# met, "–", was not tested.*

# %%
assert list(report.violations) == ["expect/rpo_s_max"], "no oracle failed, only our own promise"
failure = report.failures[0]
smallest = failure.smallest.faults
assert len(smallest) == 1, "one fault is enough"
fault = failure.scenario.faults[0]
assert fault.lasts > 3600 - 900, "nothing shorter than the promise breaks it"
explained = failure.replay().why(rpo="1 h")
assert explained, "the smallest case breaks the rule again when it is run by itself"
display(Markdown(f"The smallest case: **{smallest[0]}**."))
explained

# %% [markdown]
# `report.failures[0].scenario` is that case as an ordinary scenario: a regression test from now
# on.
#
# ## The finding

# %%
assert worst[0] > 3600 >= worst[60]
threshold, time = formatting.duration(policy.rpo_threshold), formatting.duration
display(
    Markdown(
        f"""
A three-hour outage of the circuit takes the worst RPO to **{time(worst_s)}**, and it takes
{time(back_s)} more until it is below {threshold} again. A VPN of **{enough} Mbit/s** keeps it to
{time(worst[enough])}; from the demand of {demand / MBIT:.0f} Mbit/s on, more brings nothing.
Neither helps against the **{weak.sites[0]}** and its link to the region, a single point of failure
for both paths. Of {report.runs} runs under random faults of the network {broke} broke an RPO of one
hour, one fault was enough for it, and no other rule failed.
"""
    )
)
