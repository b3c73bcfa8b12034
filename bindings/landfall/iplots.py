"""Interactive pictures of a result with Plotly: what `result.iplot` offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import LandfallError
from .job_path import critical_path
from .plot_plan import plan_job
from .report.chart import Chart
from .report.chart_plotly import coloured, plotly_figure
from .report.link_chart import links_chart
from .report.run_charts import backlog_chart, cost_chart, plan_chart, rpo_chart, timeline_chart

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from .result import Result

__all__ = ["InteractivePlots"]


class InteractivePlots:
    """Interactive pictures of one result, for notebooks: each returns a figure of Plotly.

    The same as :attr:`landfall.Result.plot` where both have one. They need the package Plotly:
    ``pip install landfall[iplot]``.
    """

    def __init__(self, result: Result) -> None:
        self._result = result

    def rpo(self) -> go.Figure:
        """Draw the RPO over time: of each machine, or how the fleet is spread."""
        return _figure(rpo_chart(self._result), "no machine was protected")

    def timeline(self) -> go.Figure:
        """Draw the jobs of each machine; those on the critical path have a dark frame."""
        chart = timeline_chart(self._result, critical_path(self._result))
        return _figure(chart, "no jobs")

    def plan(self, plan: str | None = None, *, job_id: int | None = None) -> go.Figure:
        """Draw one run of a recovery plan, by default the latest of any plan."""
        job = plan_job(self._result.tables, plan, job_id)
        chart = None if job is None else plan_chart(self._result, job, "Recovery plan")
        return _figure(chart, "the plan has not run")

    def backlog(self) -> go.Figure:
        """Draw what waits at each stage on the way to Azure, stacked."""
        return _figure(backlog_chart(self._result), "no samples")

    def links(self) -> go.Figure:
        """Draw how full the links were over time."""
        return _figure(links_chart(self._result), "no link carried anything")

    def cost(self) -> go.Figure:
        """Draw the cost by month and meter."""
        return _figure(cost_chart(self._result), "nothing was billed")


def _figure(chart: Chart | None, empty: str) -> go.Figure:
    try:
        import plotly.graph_objects as go
    except ImportError as error:
        message = "interactive pictures need the package plotly: pip install 'landfall[iplot]'"
        raise LandfallError(message) from error
    if chart is None:
        figure = go.Figure()
        figure.add_annotation(text=empty, showarrow=False, xref="paper", yref="paper", x=0.5, y=0.5)
        return figure
    made: dict[str, Any] = coloured(plotly_figure(chart))
    # The page writes the title itself; a figure that stands alone carries it, above the legend.
    made["layout"] |= {"title": {"text": chart.title}, "margin": {"t": 90}}
    return go.Figure(**made)
