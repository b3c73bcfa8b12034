"""The tables of a result as data frames, each with its columns and their units."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ResultFrames"]


class ResultFrames(ABC):
    """One property for each table of a run; what the columns mean: ``result.columns(name)``."""

    @abstractmethod
    def _frame(self, name: str) -> pd.DataFrame:
        """Return the table of that name."""

    @property
    def machines(self) -> pd.DataFrame:
        """One row per machine: how it fared.

        ``machine``, ``process_server``, ``state``; in seconds ``initial_replication_s``,
        ``rpo_s_mean``, ``rpo_s_p50``, ``rpo_s_p95``, ``rpo_s_p99``, ``rpo_s_max``, ``rpo_s_end``
        (RPO weighted by time over ``protected_s``), ``downtime_s``, ``rto_s``,
        ``migration_duration_s``, ``no_sample_s``; ``cost_total`` (in the price book's currency) and
        ``licence_days`` (paid for); in bytes ``data_loss_bytes``,
        ``written_bytes``, ``wan_bytes``; counts ``recovery_points``
        (kept at the end), ``recovery_points_published``, ``resyncs``.
        """
        return self._frame("machines")

    @property
    def rpo(self) -> pd.DataFrame:
        """Steps of each machine's RPO: ``t_s``, ``machine``, ``rpo_s_before``, ``rpo_s_after``.

        Between two steps the RPO rises by one second per second. All times in seconds.
        """
        return self._frame("rpo")

    @property
    def jobs(self) -> pd.DataFrame:
        """One row per operation on a machine or a recovery plan.

        ``job_id``, ``machine``, ``operation``, ``state``, ``start_s``, ``end_s``, ``cause``,
        ``parent_job``, ``plan``, ``description``, ``allowed_actions``.
        """
        return self._frame("jobs")

    @property
    def tasks(self) -> pd.DataFrame:
        """The tasks of the jobs: ``job_id``, ``task``, ``state``, ``start_s``, ``end_s``."""
        return self._frame("tasks")

    @property
    def plan_tasks(self) -> pd.DataFrame:
        """The tasks of recovery plans, stage by stage; see ``columns("plan_tasks")``."""
        return self._frame("plan_tasks")

    @property
    def copies(self) -> pd.DataFrame:
        """Copies of disks: ``machine``, ``disk``, ``kind``, ``start_s``, ``end_s``, ``bytes``.

        Initial replication, the compare of a resynchronization, and the catch-up after either.
        """
        return self._frame("copies")

    @property
    def copy_progress(self) -> pd.DataFrame:
        """How far copies are, every 30 minutes: ``t_s``, ``machine``, ``disk``, ``percent``.

        ``transferred_bytes``, and ``recent_bytes`` of them in the last 15 minutes; ``health``, such
        as ``InProgress``, ``SlowProgress`` or ``Queued``.
        """
        return self._frame("copy_progress")

    @property
    def events(self) -> pd.DataFrame:
        """What happened, in order: ``t_s`` (seconds), ``kind``, ``subject``, ``detail``."""
        return self._frame("events")

    @property
    def fleet(self) -> pd.DataFrame:
        """The fleet over time: ``t_s``, ``protected_machines``, ``rpo_s_worst``, ``rpo_s_mean``."""
        return self._frame("fleet")

    @property
    def backlog(self) -> pd.DataFrame:
        """What waits where, per process server over time.

        ``t_s`` in seconds, ``process_server``; in bytes ``source_bytes``, ``process_server_bytes``
        (``copy_bytes`` of it are copies), ``logs_waiting_bytes``; ``cache_free_percent``;
        ``health``.
        """
        return self._frame("backlog")

    @property
    def recovery_points(self) -> pd.DataFrame:
        """Recovery points: ``machine``, ``t_s``, ``published_s``, ``processed_s``, ``kind``."""
        return self._frame("recovery_points")

    @property
    def links(self) -> pd.DataFrame:
        """Bytes that each link carried: ``link``, ``direction``, ``bytes``."""
        return self._frame("links")

    @property
    def link_use(self) -> pd.DataFrame:
        """How full each link was over time: ``t_s``, ``link``, ``direction``.

        Since the row before: ``bytes`` arrived of ``capacity_bytes`` that it could have carried;
        nothing could get through for ``closed_s`` seconds.
        """
        return self._frame("link_use")

    @property
    def routes(self) -> pd.DataFrame:
        """Which links an upload crosses: ``process_server``, ``link``, ``direction``."""
        return self._frame("routes")

    @property
    def billing(self) -> pd.DataFrame:
        """The bill, line by line: who is billed what, for which time, at which price.

        ``machine``, ``meter``, ``price`` (its key), ``month``; ``from_s``, ``to_s`` (seconds);
        ``quantity`` of ``unit`` at ``unit_price`` makes ``amount``, in ``currency``;
        ``amount_micros`` is the same in whole millionths; ``standing`` and ``source`` say what the
        price rests on. Totals: ``result.totals["cost_total"]`` and ``result.summary["billing"]``.
        """
        return self._frame("billing")

    @property
    def target_use(self) -> pd.DataFrame:
        """What was in use of Azure: ``t_s``, ``region``, ``quantity``, ``used``, ``quota``.

        Steps: one row for each quantity that changed. A quota that is missing is not bounded.
        """
        return self._frame("target_use")

    @property
    def health(self) -> pd.DataFrame:
        """Health as steps: a subject's rows of one instant hold from then on, until its next ones.

        ``t_s`` (seconds), ``kind`` and ``subject``, ``health``; for each reason, worst first,
        ``code``, ``message`` and ``since_s``. A subject that is well has one row without a reason.
        """
        return self._frame("health")

    @property
    def alerts(self) -> pd.DataFrame:
        """E-mail alerts of the run: ``t_s`` (seconds), ``alert``, ``subject``, ``message``."""
        return self._frame("alerts")

    @property
    def oracles(self) -> pd.DataFrame:
        """What was checked, one row per oracle.

        ``oracle``, ``name``, ``statement``, ``source``; counts ``checked``, ``compared``
        (sectors), ``violations``. Oracles of the control plane watch every run, those of the data
        path one with a machine at block fidelity, of which :attr:`proof` has the totals. Empty when
        the scenario turns them off.
        """
        return self._frame("oracles")

    @property
    def violations(self) -> pd.DataFrame:
        """What oracles found wrong: ``t_s`` (seconds), ``oracle``, ``machine``, ``text``.

        A run keeps the first of them; :attr:`violation_count` counts all.
        """
        return self._frame("violations")

    @property
    def fold(self) -> pd.DataFrame:
        """How far writes fall on one another: ``written_bytes`` and ``distinct_bytes``, by disk.

        Measured at block fidelity, empty without; a disk's ``fold`` in a scenario takes it.
        """
        return self._frame("fold")
