"""What of shared vans can be counted or timed."""

from __future__ import annotations

from twin.observables import Observable

_AGES: dict[str, tuple[str, ...]] = {"age_group": ()}
_SERVED = ("outcome", "served")

OBSERVABLES: tuple[Observable, ...] = (
    Observable(
        "transit.requests_count",
        "passages",
        "requests",
        "transit_requests",
        "asked_s",
        "予約申込件数",
        "requests asked",
        sensors=("ticket",),
        id="id",
        groups={**_AGES, "outcome": ()},
    ),
    Observable(
        "transit.riders_count",
        "passages",
        "people",
        "transit_requests",
        "pickup_s",
        "乗車人数",
        "people who board",
        sensors=("ticket", "gate_count", "camera"),
        id="id",
        weight="party",
        groups=_AGES,
        only=_SERVED,
    ),
    Observable(
        "transit.refused_part",
        "part",
        "share",
        "transit_requests",
        "asked_s",
        "断りの割合",
        "share of requests refused",
        sensors=("ticket",),
        id="id",
        groups=_AGES,
        part=("outcome", "refused"),
    ),
)
