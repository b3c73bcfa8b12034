"""Recovery plans: machines in groups, and the scripts, runbooks and people around them."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import Field, model_validator

from . import codes
from .part import Flag, Many, Name, Number, Part, Text, clash
from .part import Reference as _Reference
from .quantities import Duration, PositiveDuration
from .timeline import Selection

FailoverWord: TypeAlias = Literal["test", "planned", "unplanned"]
DirectionWord: TypeAlias = Literal["primary_to_recovery", "recovery_to_primary"]

#: Which kinds of action take a key; the value it has where it is not given.
_KEYS_OF: dict[str, tuple[tuple[str, ...], Any]] = {
    "runbook": (("runbook",), None),
    "path": (("script",), None),
    "description": (("manual",), ""),
    "takes": (("script", "manual"), None),
    "succeeds": (("script",), True),
    "failure_probability": (("script",), 0.0),
    "timeout": (("script", "runbook"), None),
    "location": (("script", "runbook"), "recovery"),
}
_REQUIRED = {"runbook": ("runbook",), "path": ("script",)}


class Runbook(Part):
    """A runbook of the Automation account, and how its runs go."""

    name: Name = Field(description="Name, unique among runbooks.")
    takes: Duration = Field(default="1 min", description="Seconds that a run takes.")
    succeeds: Flag = Field(default=True, description="Whether a run succeeds.")
    failure_probability: Number = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of its runs that fail all the same, drawn from the seed.",
    )


class PlanAction(Part):
    """A script, a runbook, or something that a person does."""

    do: Literal["script", "runbook", "manual"] = Field(
        description='"script": run by the VMM server; "runbook": in the Automation account; '
        '"manual": the plan waits until somebody has done it.'
    )
    name: Name = Field(description="What the job list calls it.")
    runbook: _Reference | None = Field(default=None, description="Runbook: its name.")
    path: _Reference | None = Field(default=None, description="Script: where it is.")
    description: Text = Field(default="", description="Manual: what to do.")
    takes: Duration | None = Field(
        default=None,
        description="Script: seconds that a run takes; null: 1 min. Manual: seconds until somebody "
        "resumes the job; null: the timeline resumes it.",
    )
    succeeds: Flag = Field(default=True, description="Script: whether a run succeeds.")
    failure_probability: Number = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Script: share of its runs that fail all the same, drawn from the seed.",
    )
    timeout: PositiveDuration | None = Field(
        default=None,
        description="Script, runbook: seconds after which it has failed; null: the profile's.",
    )
    location: Literal["primary", "recovery"] = Field(
        default="recovery", description="Script, runbook: on which side it runs."
    )
    failover_types: Many[FailoverWord] = Field(
        default=("test", "planned", "unplanned"),
        min_length=1,
        description="The failovers that it belongs to.",
    )
    directions: Many[DirectionWord] = Field(
        default=("primary_to_recovery",),
        min_length=1,
        description="The directions that it belongs to.",
    )

    @model_validator(mode="after")
    def _keys_go_together(self) -> PlanAction:
        for key, (kinds, default) in _KEYS_OF.items():
            if self.do not in kinds and getattr(self, key) != default:
                words = " or ".join(f'"{kind}"' for kind in kinds)
                raise clash(codes.KEYS_CLASH, f'goes only with "do": {words}', key)
            if self.do in _REQUIRED.get(key, ()) and getattr(self, key) is None:
                raise clash(codes.MISSING_KEY, "this key is required", key)
        return self


class PlanSteps(Part):
    """What is done before and after a step that all groups share, one thing after another."""

    before: Many[PlanAction] = Field(default=(), description="Before it.")
    after: Many[PlanAction] = Field(default=(), description="After it.")


class PlanGroup(Part):
    """Machines that are started together, and what is done before and after that."""

    machines: Selection = Field(description="The machines of the group.")
    before: Many[PlanAction] = Field(default=(), description="Before its machines start.")
    after: Many[PlanAction] = Field(default=(), description="After its machines have started.")


class Dependency(Part):
    """Machines that are started after others."""

    machines: Selection = Field(description="The machines that wait.")
    on: Selection = Field(description="The machines that they wait for.")


class RecoveryPlan(Part):
    """A recovery plan: fails its machines over together, and starts them group by group."""

    name: Name = Field(description="Name, unique among recovery plans.")
    groups: Many[PlanGroup] = Field(min_length=1, description="The groups, in the order of start.")
    dependencies: Many[Dependency] = Field(
        default=(), description="Which machines are started after which; checked for circles."
    )
    shutdown: PlanSteps = Field(
        default=PlanSteps(), description="Around the shutdown of the sources; not in a test."
    )
    failover: PlanSteps = Field(
        default=PlanSteps(),
        description="Around the failover of all groups: what comes before everything stands here.",
    )
    groups_gate: Literal["start", "failover"] = Field(
        default="start",
        description='"start": all groups fail over at once and start one after another; '
        '"failover": a group fails over only when the one before has started.',
    )
