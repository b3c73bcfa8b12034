"""Which price book a scenario is billed by, and the prices of it that the scenario changes.

The keys are those of ``model/economics/<name>.json``, where every price has its source and what it
is worth as evidence; a test compares the two.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field

from .part import Part, as_number
from .quantities import Duration, PositiveDuration, PositiveSize

PriceBookName: TypeAlias = Literal["prices-2018", "prices-2024"]
#: What has a price. The dearest disk tiers are not in the older book.
PriceKey: TypeAlias = Literal[
    "licence_to_azure",
    "licence_to_customer_site",
    "standard_hdd_storage",
    "standard_ssd_storage",
    "premium_disk_p1",
    "premium_disk_p2",
    "premium_disk_p3",
    "premium_disk_p4",
    "premium_disk_p6",
    "premium_disk_p10",
    "premium_disk_p15",
    "premium_disk_p20",
    "premium_disk_p30",
    "premium_disk_p40",
    "premium_disk_p50",
    "premium_disk_p60",
    "premium_disk_p70",
    "premium_disk_p80",
    "cache_storage",
    "recovery_point_storage",
    "transactions",
    "egress_internet",
    "egress_inter_region",
    "egress_inter_zone",
    "egress_aws",
    "machine_hour_linux",
    "machine_hour_windows",
]
Amount: TypeAlias = Annotated[
    float, Field(strict=True, ge=0.0, le=10_000.0), BeforeValidator(as_number)
]


class Prices(Part):
    """What the run is billed by: a price book (USD), with changes."""

    name: PriceBookName | None = Field(
        default=None, description="Name of the price book; null: the one of the profile's year."
    )
    override: dict[PriceKey, Amount] = Field(
        default={}, description="Prices that this scenario changes, in the book's currency."
    )
    free_period: Duration | None = Field(
        default=None,
        description="Seconds of each instance whose licence is free; null: the book's (31 days).",
    )
    billing_month: PositiveDuration | None = Field(
        default=None, description="Seconds of a month on the bill; null: the book's (30 days)."
    )
    request_size: PositiveSize | None = Field(
        default=None, description="Bytes that one storage transaction moves; null: the book's."
    )
    protected_before: Duration = Field(
        default="0 s",
        description="Seconds for which the machines that begin protected have been so before the "
        "run: they count for the free period.",
    )


def _spell_out(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


#: A price book with changes, or only its name.
PricesChoice: TypeAlias = Annotated[
    Prices, BeforeValidator(_spell_out, json_schema_input_type=PriceBookName | Prices)
]
