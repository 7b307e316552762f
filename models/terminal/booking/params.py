"""Parameters of the booking system beyond its slots, and of what hauliers weigh when they book."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from twin.booking.params import BookingRules, Then, check_places, check_starts, rule
from twin.params import Params, quantity
from twin.units import ClockTime, Count, Seconds, Share

_NOT_FOUND = "guess: found in no document on CONPAS"
_NONE = "choice: none"
_SCENARIO = "given by the scenario"

#: Limits of a quota beside the one for all; a visit carries one bit for each.
MOST_LIMITS = 30


class QuotaLimit(Params):
    """A limit on bookings of one kind within the quota of each slot: by direction, laden or empty, vessel."""

    direction: Literal["any", "in", "out"] = quantity("any", source=_SCENARIO, grade="D", fork="new_only")
    load: Literal["any", "laden", "empty"] = quantity("any", source=_SCENARIO, grade="D", fork="new_only")
    vessel: str = quantity(
        "", source=_SCENARIO, grade="D", fork="new_only", doc="name of a vessel in demand.vessels.calls; empty for all"
    )
    per_slot: Count = quantity(unit="trucks", source=_SCENARIO, grade="G", fork="new_only", ge=0, le=100_000)
    slots: dict[ClockTime, Count] = quantity(
        unit="trucks",
        source="choice: the same limit in every slot",
        grade="D",
        fork="new_only",
        default_factory=dict,
        doc="limit of single slots, by their start",
    )

    @field_validator("slots")
    @classmethod
    def _none_negative(cls, slots: dict[float, float]) -> dict[float, float]:
        return check_places(slots)


class LiveRelease(Params):
    """Places nobody uses go to trucks that found none, while the line at the gate is short."""

    if_line_below: Count = quantity(
        30.0,
        "trucks",
        source=_NOT_FOUND,
        grade="G",
        fork="no",
        ge=0,
        doc="trucks in line below which the operator opens unused places, when the booking of a slot closes",
    )
    notice_s: Seconds = quantity(
        1800.0,
        "s",
        source=_NOT_FOUND,
        grade="G",
        fork="no",
        gt=0,
        le=21600,
        doc="least time from the offer to the arrival of the truck that takes it",
    )
    missed_too: bool = quantity(
        True,
        source=_NOT_FOUND,
        grade="G",
        fork="no",
        doc="also as many places as bookings of past slots were missed or cancelled too late",
    )


class QuotaRules(BookingRules):
    """Rules of a booking system with quotas: when books open, what can be taken back, what is given again."""

    slot_s: Seconds = rule("slot_s", 3600.0, source="CONPAS at Tokyo Oi: one-hour slots", grade="V")
    offset_s: Seconds = rule("offset_s", 0.0, source="choice: slots begin when the gate opens", grade="D")
    overlap_s: Seconds = rule(
        "overlap_s",
        0.0,
        source="choice: slots follow one another",
        grade="D",
        doc="part of a slot that the next one shares; Sydney proposed zones that start every half hour",
    )
    limits: dict[str, QuotaLimit] = quantity(
        source="choice: one quota for all",
        grade="D",
        fork="new_only",
        default_factory=dict,
        max_length=MOST_LIMITS,
        doc="limits by direction, load or vessel, each within the quota of the slot",
    )
    opens_s: ClockTime = rule("opens_s", 43200.0, source=_NOT_FOUND, grade="G")
    opens_days_before: int = rule(
        "opens_days_before", 1, source="Yokohama pre-trial 2013: booked by the day before", grade="V"
    )
    closes_before_s: Seconds = rule("closes_before_s", 0.0, source=_NOT_FOUND, grade="G")
    cancel_before_s: Seconds = rule("cancel_before_s", 3600.0, source=_NOT_FOUND, grade="G")
    cancel_share: Share = rule("cancel_share", 0.0, source=_NONE, grade="D")
    cancel_lead_s: Seconds = rule("cancel_lead_s", 10800.0, source=_NOT_FOUND, grade="G")
    cancelled_then: Then = rule(
        "cancelled_then", "comes_ordinary", source="guess: the box is moved on the same day", grade="G"
    )
    provisional_share: Share = quantity(
        0.0,
        "%",
        source=_NONE,
        grade="D",
        fork="new_only",
        ge=0,
        le=1,
        doc="share of laden boxes fetched whose release is not known at booking (booked under the bill of lading)",
    )
    release_delay_s: Seconds = quantity(
        14400.0,
        "s",
        source="guess: customs release of a box booked under its bill of lading",
        grade="G",
        fork="new_only",
        gt=0,
        doc="mean time from booking to release (exponential); vessels give their own",
    )
    confirm_before_s: Seconds = quantity(
        3600.0,
        "s",
        source=_NOT_FOUND,
        grade="G",
        fork="new_only",
        ge=0,
        le=172800,
        doc="a provisional booking lapses if the box is not released by then before the slot",
    )
    double_share: Share = quantity(
        0.0,
        "%",
        source=_NONE,
        grade="D",
        fork="new_only",
        ge=0,
        le=1,
        doc="share of trucks that take a second slot and give it back later",
    )
    double_lapse: Share = quantity(
        0.3,
        "%",
        source="guess",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="share of second slots that are never given back",
    )
    waiting_list: bool = rule(
        "waiting_list", True, source="guess: who finds no place keeps looking until the slot closes", grade="G"
    )
    release: Literal[False] | LiveRelease = quantity(False, source=_NONE, grade="D", fork="no")
    late_cancel_points: int = quantity(
        0,
        "points",
        source="choice: only missed bookings count",
        grade="D",
        fork="no",
        ge=0,
        le=100,
        doc="penalty points of a booking cancelled too late, where there is a penalty; a missed one has 1",
    )

    @field_validator("release", mode="before")
    @classmethod
    def _on_means_defaults(cls, value: object) -> object:
        return {} if value is True else value


class BookingChoice(Params):
    """When a haulier books and what it weighs beside shift, wait and taste."""

    book_lead_s: Seconds = quantity(
        43200.0,
        "s",
        source="guess: most book on the day before",
        grade="G",
        fork="new_only",
        ge=0,
        doc="mean time from booking to the wanted moment (exponential, not before the books open)",
    )
    delivery_slack_s: Seconds = quantity(
        10800.0,
        "s",
        source="guess: a consignee takes a box within a half-day",
        grade="G",
        fork="new_only",
        ge=0,
        doc="mean time by which a fetched laden box may be later than wanted at its consignee (exponential)",
    )
    delivery_weight: float = quantity(
        1.0,
        source="guess: a minute late at the consignee weighs like a minute of shift more",
        grade="G",
        fork="new_only",
        ge=0,
        le=100,
    )
    hours_weight: float = quantity(
        1.0,
        source="guess: a minute beyond the driver's hours weighs like a minute of shift more",
        grade="G",
        fork="new_only",
        ge=0,
        le=100,
    )
    penalty_s: Seconds = quantity(
        1800.0,
        "s",
        source="guess: a penalty point weighs like half an hour of shift",
        grade="G",
        fork="new_only",
        ge=0,
        doc="what a missed slot weighs, where there is a penalty",
    )
    miss_scale_s: Seconds = quantity(
        14400.0,
        "s",
        source="guess: the farther from the wanted moment, the likelier missed",
        grade="G",
        fork="new_only",
        gt=0,
        doc="shift at which a slot is missed with probability 63 %, as the haulier sees it",
    )


def check_slots(quota: QuotaRules, own: dict[float, float], opening: tuple[tuple[float, float], ...]) -> None:
    """Refuse places for slots that the opening hours do not have.

    Raises
    ------
    ValueError
        Naming the slot, and those there are.
    """
    starts = [start for start, _ in quota.spans(opening)]
    if not starts:
        raise ValueError(
            f"conpas.quota.offset: slots that begin {quota.offset_s:g} s after opening lie outside the opening hours"
        )
    check_starts("conpas.quota.slots", own, starts)
    for name, limit in quota.limits.items():
        check_starts(f"conpas.quota.limits.{name}.slots", limit.slots, starts)
