"""What happens in a scenario, and what must hold at its end: timeline entries and expectations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias, get_args

from pydantic import (
    Field,
    PlainSerializer,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
    field_validator,
    model_validator,
)

from . import codes
from .part import Flag, Part, Reference, as_number, clash, exactly_one
from .quantities import DURATION, SIZE, Dimension, Duration, PositiveSize, parse

Operation: TypeAlias = Literal[
    "enable_replication",
    "disable_replication",
    "remove_replication",
    "test_failover",
    "cleanup_test_failover",
    "planned_failover",
    "failover",
    "change_recovery_point",
    "commit",
    "cancel_failover",
    "reprotect",
    "failback",
    "complete_failback",
    "resynchronize",
    "complete_migration",
    "add_disk",
    "remove_disk",
    "switch_process_server",
    "pause_replication",
    "resume_replication",
    "restart_job",
    "resume_job",
    "cancel_job",
    "power_off",
    "resize_disk",
    "replace_disk",
    "restart_target",
    "orchestrator_outage",
]
ReachedState: TypeAlias = Literal[
    "protected",
    "test_failed_over",
    "test_cleaned_up",
    "failed_over",
    "committed",
    "reprotected",
    "failed_back",
    "migrated",
]

_DURATION_METRICS = Literal[
    "rpo_s_mean",
    "rpo_s_p50",
    "rpo_s_p95",
    "rpo_s_p99",
    "rpo_s_max",
    "rpo_s_end",
    "initial_replication_s",
    "migration_duration_s",
    "downtime_s",
    "rto_s",
    "protected_s",
    "no_sample_s",
]
_SIZE_METRICS = Literal["data_loss_bytes", "written_bytes", "wan_bytes"]
_COUNT_METRICS = Literal["recovery_points", "resyncs", "cost_total", "licence_days"]
_TEXT_METRICS = Literal["state"]
Metric: TypeAlias = Literal[_DURATION_METRICS, _SIZE_METRICS, _COUNT_METRICS, _TEXT_METRICS]

#: The metrics that exist for the fleet as a whole.
TOTALS = (
    "rpo_s_mean",
    "rpo_s_p50",
    "rpo_s_p95",
    "rpo_s_p99",
    "rpo_s_max",
    "initial_replication_s",
    "migration_duration_s",
    "downtime_s",
    "data_loss_bytes",
    "wan_bytes",
    "cost_total",
    "licence_days",
)
#: States of a protected item, in Site Recovery's own words: what the column `state` holds.
STATES = (
    "UnprotectedStatesBegin",
    "EnablingProtection",
    "EnablingFailed",
    "InitialReplicationInProgress",
    "Protected",
    "PlannedFailoverInitiated",
    "PlannedFailoverFailed",
    "PlannedFailoverCommitRequired",
    "PlannedFailoverStatesBegin",
    "UnplannedFailoverInitiated",
    "UnplannedFailoverFailed",
    "UnplannedFailoverCommitPendingStatesBegin",
    "UnplannedFailoverCommitted",
    "ChangeRecoveryPointInitiated",
    "CommitFailoverInProgress",
    "CancelFailoverStatesEnd",
    "ReprotectInitiated",
    "ReprotectFailed",
    "DisablingProtection",
    "UnprotectedStatesEnd",
    "MigrationComplete",
)
#: The words of the timeline for some of them.
STATES_BY_WORD = {
    "protected": "Protected",
    "failed_over": "UnplannedFailoverCommitPendingStatesBegin",
    "committed": "UnplannedFailoverCommitted",
    "migrated": "MigrationComplete",
}
_FAILOVERS = ("test_failover", "planned_failover", "failover", "change_recovery_point", "failback")
#: Keys that a step of these operations must have, and no other step may.
_NEEDED_KEYS = {
    "disk": ("resize_disk", "replace_disk", "add_disk", "remove_disk"),
    "size": ("resize_disk",),
    "process_server": ("switch_process_server",),
    "lasts": ("orchestrator_outage",),
}
#: Keys that a step of these operations may have, and no other step.
_OPTIONAL_KEYS = {
    "shutdown": ("failover",),
    "recovery_point": _FAILOVERS,
    "data_sync": ("failback", "planned_failover"),
    "location": ("failback", "reprotect", "planned_failover"),
    "test_network": ("test_failover",),
    "comments": ("cleanup_test_failover", "resume_job", "complete_failback"),
}
#: What happens to the world, or to the service as a whole: nobody can refuse it.
_EVENTS = ("power_off", "resize_disk", "replace_disk", "restart_target", "orchestrator_outage")
_RULES = ("at_most", "at_least", "equals")

Limit: TypeAlias = int | float | str | None


def _selection(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    if isinstance(value, str):
        return "all" if value == "all" else handler([value])
    return handler(value)


if TYPE_CHECKING:
    Selection: TypeAlias = Any
else:
    #: Which machines: "all", one name or pattern (* and ?), or a list of these.
    Selection = Annotated[
        tuple[Reference, ...],
        Field(min_length=1),
        WrapValidator(_selection),
        PlainSerializer(lambda value: value, return_type=Any),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "string", "minLength": 1, "maxLength": 80},
                    {
                        "type": "array",
                        "minItems": 1,
                        "items": {"type": "string", "minLength": 1, "maxLength": 80},
                    },
                ],
                "examples": ["all", "web-*", ["db", "app-?"]],
            }
        ),
    ]


class When(Part):
    """A condition: machines have reached a state."""

    state: ReachedState = Field(description="The state to reach.")
    of: Literal["each", "all"] = Field(
        default="each",
        description='"each": every machine on its own; "all": all once the last one has.',
    )


class PointInTime(Part):
    """A recovery point by its date."""

    at: Duration = Field(
        description="Source time, in seconds since the start of the run: the newest recovery point "
        "that is not later."
    )


PointChoice: TypeAlias = (
    Literal["latest", "latest_processed", "latest_app_consistent"] | PointInTime
)


class Step(Part, json_schema_extra=exactly_one("at", "when")):
    """An entry of the timeline: an operation on machines, at a time or when a state is reached."""

    at: Duration | None = Field(
        default=None, description="When, in seconds since the start of the run."
    )
    when: When | None = Field(default=None, description="When, as a condition. Give this or `at`.")
    delay: Duration = Field(default="0 s", description="Seconds to wait after `when` is met.")
    do: Operation = Field(
        description='What to do. "power_off", "resize_disk", "replace_disk", "restart_target" and '
        '"orchestrator_outage" are events of the world: the source machine loses its power and '
        "starts again at once, so that it must be resynchronized; a disk of it grows; a disk is "
        "swapped for an empty one; the replica side crashes and recovers (block fidelity); the "
        "service that carries out jobs is away for a while. The rest are operations of Site "
        'Recovery; "restart_job", "resume_job" and "cancel_job" are about the latest job of a '
        "machine."
    )
    machines: Selection = Field(default="all", description="On which machines.")
    shutdown: Flag = Field(
        default=True, description="Failover: shut the source down first and send its last changes."
    )
    recovery_point: PointChoice = Field(
        default="latest",
        description='Failovers: "latest" processes all data first (lowest RPO), '
        '"latest_processed" takes the last point that is ready (lowest RTO), '
        '"latest_app_consistent" the last such point, {"at": ...} the one of that time.',
    )
    data_sync: Literal["minimise_downtime", "full_download"] = Field(
        default="minimise_downtime",
        description="Failback: send the changes before the machine in Azure is shut down, or shut "
        "it down first and download whole disks.",
    )
    location: Literal["original", "alternate"] = Field(
        default="original", description="Failback and reprotect: to which machine."
    )
    test_network: Reference | None = Field(
        default=None, description="Test failover: name of the network of the test machine."
    )
    disk: Reference | None = Field(
        default=None, description="Operations and events of a disk: its name."
    )
    size: PositiveSize | None = Field(
        default=None, description="Resize disk: its new size in bytes, larger than before."
    )
    process_server: Reference | None = Field(
        default=None, description="Switch process server: name of the new one."
    )
    comments: Annotated[str, Field(strict=True, max_length=1024)] | None = Field(
        default=None, description="Cleanup of a test, and resuming: notes for the record."
    )
    lasts: Duration | None = Field(
        default=None, description="Orchestrator outage: for how many seconds."
    )
    refused: Literal[True, False, "either"] = Field(
        default=False,
        description="true: expect that Site Recovery refuses it; the run records the refusal and "
        'goes on, and fails if the operation starts. "either": go on whatever the answer is.',
    )

    @model_validator(mode="after")
    def _keys_go_together(self) -> Step:
        if (self.at is None) == (self.when is None):
            raise clash(codes.KEYS_CLASH, 'must have either "at" or "when"')
        if self.at is not None and self.delay:
            raise clash(codes.KEYS_CLASH, '"delay" goes with "when"; add it to "at" here', "delay")
        for key, operations in (_NEEDED_KEYS | _OPTIONAL_KEYS).items():
            given = getattr(self, key) != type(self).model_fields[key].default
            if given and self.do not in operations:
                raise clash(codes.KEYS_CLASH, f'goes only with "do": {_either(operations)}', key)
            if not given and self.do in _NEEDED_KEYS.get(key, ()):
                raise clash(codes.MISSING_KEY, "this key is required", key)
        if self.refused and self.do in _EVENTS:
            raise clash(codes.KEYS_CLASH, "an event of the world cannot be refused", "refused")
        return self


def _either(words: Sequence[str]) -> str:
    quoted = [f'"{word}"' for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def _limit_schema(*kinds: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [*kinds, {"type": "null"}]}


def _measured_schema(dimension: Dimension) -> tuple[dict[str, Any], dict[str, Any]]:
    number = {"type": "number", "minimum": 0, "maximum": dimension.maximum}
    return number, dimension.text_schema()


def _rules_by_metric() -> dict[str, Any]:
    """Return the schema that ties the values of the rules to the kind of the metric."""
    kinds = {
        _DURATION_METRICS: _measured_schema(DURATION),
        _SIZE_METRICS: _measured_schema(SIZE),
        _COUNT_METRICS: ({"type": "number", "minimum": 0},),
    }
    branches: list[dict[str, Any]] = [
        {
            "properties": {
                "metric": {"enum": list(get_args(metrics))},
                **{rule: _limit_schema(*values) for rule in _RULES},
            }
        }
        for metrics, values in kinds.items()
    ]
    state = {"enum": [*STATES_BY_WORD, *STATES]}
    none = {"type": "null"}
    branches.append(
        {
            "properties": {
                "metric": {"const": "state"},
                "at_most": none,
                "at_least": none,
                "equals": state,
            }
        }
    )
    totals = [
        {"properties": {"of": {"const": "each"}}},
        {"required": ["of"], "properties": {"metric": {"enum": list(TOTALS)}}},
    ]
    return {"allOf": [exactly_one(*_RULES), {"anyOf": branches}, {"anyOf": totals}]}


class Expectation(Part, json_schema_extra=_rules_by_metric()):
    """What must hold at the end of the run: a metric, whose, and one rule for its value.

    A duration or size may be a text with a unit; as a number it is in seconds or bytes.
    """

    metric: Metric = Field(description="Column of the `machines` table, or a total.")
    machines: Selection = Field(default="all", description="Judged on every one of these machines.")
    of: Literal["each", "total"] = Field(
        default="each",
        description='"each": every machine by itself; "total": the fleet as a whole.',
    )
    at_most: Limit = Field(default=None, description="Largest value that passes.")
    at_least: Limit = Field(default=None, description="Smallest value that passes.")
    equals: Limit = Field(
        default=None,
        description='The value that passes; for the metric "state" a state of Site Recovery, or '
        '"protected", "failed_over", "committed" or "migrated" for it.',
    )

    @field_validator(*_RULES, mode="plain", json_schema_input_type=float | str | None)
    @classmethod
    def _in_unit_of_metric(cls, value: object, info: ValidationInfo) -> int | float | str | None:
        metric = info.data.get("metric")
        if value is None or metric is None:  # a wrong metric is a problem of its own
            return None
        if metric == "state":
            return _state(value, info.field_name)
        if metric in get_args(_COUNT_METRICS):
            return _count(value)
        return parse(value, SIZE if metric in get_args(_SIZE_METRICS) else DURATION)

    @model_validator(mode="after")
    def _keys_go_together(self) -> Expectation:
        given = [rule for rule in _RULES if getattr(self, rule) is not None]
        if len(given) != 1:
            raise clash(
                codes.KEYS_CLASH, 'must have exactly one of "at_most", "at_least", "equals"'
            )
        if self.of == "total" and self.metric not in TOTALS:
            raise clash(
                codes.KEYS_CLASH, 'this metric has no total ("of": "total")', "metric", TOTALS
            )
        return self


def _count(value: object) -> int | float:
    number = as_number(value)
    if isinstance(number, bool) or not isinstance(number, int | float) or not number >= 0:
        raise clash(codes.WRONG_TYPE, "must be a number, 0 or more")
    return number


def _state(value: object, rule: str | None) -> str:
    if rule != "equals":
        raise clash(codes.KEYS_CLASH, 'goes not with the metric "state"; "equals" does')
    if not isinstance(value, str):
        raise clash(codes.WRONG_TYPE, "must be the name of a state, a text")
    state = STATES_BY_WORD.get(value, value)
    if state not in STATES:
        message = "must be the name of a state"
        raise clash(codes.UNKNOWN_CHOICE, message, allowed=[*STATES_BY_WORD, *STATES])
    return state
