"""What happens in a scenario, and what must hold at its end: timeline entries and expectations."""

from __future__ import annotations

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
    "failover",
    "commit",
    "complete_migration",
    "disable_replication",
    "resynchronize",
    "power_off",
    "resize_disk",
    "replace_disk",
    "restart_target",
]
ReachedState: TypeAlias = Literal["protected", "failed_over", "committed", "migrated"]

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
#: The keys of a step that events of disks must have, and no other step.
_DISK_KEYS = {"disk": ("resize_disk", "replace_disk"), "size": ("resize_disk",)}
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


class Step(Part, json_schema_extra=exactly_one("at", "when")):
    """An entry of the timeline: an operation on machines, at a time or when a state is reached."""

    at: Duration | None = Field(
        default=None, description="When, in seconds since the start of the run."
    )
    when: When | None = Field(default=None, description="When, as a condition. Give this or `at`.")
    delay: Duration = Field(default="0 s", description="Seconds to wait after `when` is met.")
    do: Operation = Field(
        description='What to do. "power_off", "resize_disk", "replace_disk" and "restart_target" '
        "are events of the world: the source machine loses its power and starts again at once, so "
        "that it must be resynchronized; a disk of it grows; a disk is swapped for an empty one; "
        "the replica side crashes and recovers (block fidelity). The rest are operations of Site "
        "Recovery."
    )
    machines: Selection = Field(default="all", description="On which machines.")
    shutdown: Flag = Field(
        default=True, description="Failover: shut the source down first and send its last changes."
    )
    recovery_point: Literal["latest", "latest_processed"] = Field(
        default="latest",
        description='Failover: "latest" processes all data first (lowest RPO), '
        '"latest_processed" takes the last point that is ready (lowest RTO).',
    )
    disk: Reference | None = Field(
        default=None, description="Resize and replace disk: name of the disk."
    )
    size: PositiveSize | None = Field(
        default=None, description="Resize disk: its new size in bytes, larger than before."
    )

    @model_validator(mode="after")
    def _keys_go_together(self) -> Step:
        if (self.at is None) == (self.when is None):
            raise clash(codes.KEYS_CLASH, 'must have either "at" or "when"')
        if self.at is not None and self.delay:
            raise clash(codes.KEYS_CLASH, '"delay" goes with "when"; add it to "at" here', "delay")
        if self.do != "failover":
            for key, default in (("shutdown", True), ("recovery_point", "latest")):
                if getattr(self, key) != default:
                    raise clash(codes.KEYS_CLASH, 'goes only with "do": "failover"', key)
        for key, events in _DISK_KEYS.items():
            given = getattr(self, key) is not None
            if given and self.do not in events:
                words = " or ".join(f'"{event}"' for event in events)
                raise clash(codes.KEYS_CLASH, f'goes only with "do": {words}', key)
            if not given and self.do in events:
                raise clash(codes.MISSING_KEY, "this key is required", key)
        return self


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
