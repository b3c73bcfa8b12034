"""Inventories, churn traces and networks from files of other tools.

::

    import landfall as lf

    servers = lf.inventory.load("rvtools.xlsx")
    servers.rejected  # what was not taken, with reasons
    servers.notes  # what was assumed

Nothing is guessed silently: a unit that a file does not state is asked for, a value that does not
fit is listed with sheet, row and column, and what is unknown is ``None``. Files come from anywhere,
so each has limits (:class:`Limits`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lazily import lazily

if TYPE_CHECKING:
    from .azure_migrate import from_azure_migrate
    from .block_traces import trace_from_blocks
    from .matching import match_trace
    from .model import Inventory, Nic, Note, Rejected, Server, ServerDisk
    from .networks import Edge, EdgeArrays, Network, Node, network_from_graphml
    from .reading import Limits
    from .recognise import load
    from .rvtools import from_rvtools
    from .trace import Trace
    from .trace_files import trace_from_bitbrains, trace_from_long, trace_from_wide

_HOMES = {
    "azure_migrate": "from_azure_migrate",
    "block_traces": "trace_from_blocks",
    "matching": "match_trace",
    "model": "Inventory Nic Note Rejected Server ServerDisk",
    "networks": "Edge EdgeArrays Network Node network_from_graphml",
    "reading": "Limits",
    "recognise": "load",
    "rvtools": "from_rvtools",
    "trace": "Trace",
    "trace_files": "trace_from_bitbrains trace_from_long trace_from_wide",
}
__getattr__, __dir__ = lazily(__name__, _HOMES)

__all__ = [
    "Edge",
    "EdgeArrays",
    "Inventory",
    "Limits",
    "Network",
    "Nic",
    "Node",
    "Note",
    "Rejected",
    "Server",
    "ServerDisk",
    "Trace",
    "from_azure_migrate",
    "from_rvtools",
    "load",
    "match_trace",
    "network_from_graphml",
    "trace_from_bitbrains",
    "trace_from_blocks",
    "trace_from_long",
    "trace_from_wide",
]
