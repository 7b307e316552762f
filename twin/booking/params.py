"""Rules of booking, each declared once: unit, bounds, meaning, what a fork may change.

A model takes them along by inheriting :class:`BookingRules`, and states the default, source and grade of its own place
where it knows them: ``closes_before_s: Seconds = rule("closes_before_s", 0.0, source="…", grade="V")``.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from twin.params import Grade, Params, quantity
from twin.units import ClockTime, Count, Seconds, Share

_GUESS = "guess: rules differ from place to place"
_CHOICE = "choice: none"

Early = Literal["waits", "ordinary", "admitted", "turned_away"]
Late = Literal["ordinary", "turned_away", "admitted", "rebook"]
Then = Literal["comes_ordinary", "stays_away"]

#: What holds of a rule wherever it is used.
_RULES: dict[str, dict[str, Any]] = {
    "slot_s": {"unit": "s", "ge": 300, "le": 86400},
    "offset_s": {
        "unit": "s", "ge": 0, "le": 86400, "doc": "time from each opening of the gate to its first slot",
    },
    "overlap_s": {"unit": "s", "ge": 0, "le": 86400, "doc": "part of a slot that the next one shares"},
    "per_slot": {"unit": "people", "fork": "new_only", "ge": 0, "le": 100_000},
    "slots": {"unit": "people", "fork": "new_only", "default_factory": dict,
              "doc": "quota of single slots, by their start"},
    "overbooking": {"unit": "%", "fork": "new_only", "ge": 0, "le": 2, "doc": "places given beyond the quota"},
    "opens_s": {"fork": "new_only", "ge": 0, "le": 86400, "doc": "when the books open"},
    "opens_days_before": {"unit": "days", "fork": "new_only", "ge": 0, "le": 60},
    "closes_before_s": {
        "unit": "s", "ge": 0, "le": 172800, "doc": "a slot can be booked until so long before it begins",
    },
    "cancel_before_s": {
        "unit": "s", "fork": "new_only", "ge": 0, "le": 172800,
        "doc": "a booking cancelled by then frees its place; later the place is lost",
    },
    "cancel_share": {"unit": "%", "fork": "new_only", "ge": 0, "le": 1, "doc": "share of bookings that are cancelled"},
    "cancel_lead_s": {
        "unit": "s", "fork": "new_only", "gt": 0,
        "doc": "mean time from a cancellation to the start of the slot (exponential)",
    },
    "cancelled_then": {"fork": "new_only"},
    "waiting_list": {
        "fork": "new_only", "doc": "freed places go to those who found none, in the order in which they asked",
    },
    "max_shift_s": {"unit": "s", "fork": "new_only", "ge": 0},
    "later_weight": {
        "fork": "new_only", "gt": 0, "le": 100,
        "doc": "how much worse a later slot is than an earlier one at the same distance",
    },
    "unplaced": {"fork": "new_only", "doc": "what somebody does who finds no slot; stays_away: comes another day"},
    "on_time": {
        "unit": "%", "fork": "new_only", "ge": 0, "le": 1,
        "doc": "share of those with a booking who come in their slot; the others come when it suits them",
    },
    "no_show": {"unit": "%", "fork": "new_only", "ge": 0, "le": 1},
    "no_show_then": {"fork": "new_only"},
    "bunching": {
        "fork": "new_only", "ge": 1, "le": 20,
        "doc": "position within the slot is a uniform draw to this power; above 1 people bunch at its start",
    },
    "grace_early_s": {"unit": "s", "ge": 0},
    "grace_late_s": {"unit": "s", "ge": 0},
    "early": {"doc": "what somebody does who comes before the window"},
    "late_goes_to": {
        "doc": "what somebody does who comes after the window; rebook: the next slot that has a place, else no booking",
    },
}  # fmt: skip


def rule(name: str, default: Any = None, *, source: str, grade: Grade, **more: Any) -> Any:
    """Declare a rule of booking as a parameter, with the default of a place and where it comes from.

    Parameters
    ----------
    name
        One of the fields of :class:`BookingRules`.
    default
        In SI units; not read where a rule has a factory.
    source, grade
        As :func:`twin.params.quantity`.
    **more
        What the place says otherwise: ``unit``, ``doc``, ``between``.

    Raises
    ------
    KeyError
        If there is no such rule.
    """
    return quantity(default, source=source, grade=grade, **{**_RULES[name], **more})


class SlotRules(Params):
    """Slots of a day, and the deadlines of their books."""

    slot_s: Seconds = rule("slot_s", 3600.0, source=_GUESS, grade="G")
    offset_s: Seconds = rule("offset_s", 0.0, source="choice: slots begin at the opening", grade="D")
    overlap_s: Seconds = rule("overlap_s", 0.0, source="choice: slots follow one another", grade="D")
    opens_s: ClockTime = rule("opens_s", 43200.0, source=_GUESS, grade="G")
    opens_days_before: int = rule("opens_days_before", 1, source=_GUESS, grade="G")
    closes_before_s: Seconds = rule("closes_before_s", 0.0, source=_GUESS, grade="G")
    cancel_before_s: Seconds = rule("cancel_before_s", 3600.0, source=_GUESS, grade="G")
    cancel_share: Share = rule("cancel_share", 0.0, source=_CHOICE, grade="D")
    cancel_lead_s: Seconds = rule("cancel_lead_s", 10800.0, source=_GUESS, grade="G")
    cancelled_then: Then = rule("cancelled_then", "comes_ordinary", source=_GUESS, grade="G")
    waiting_list: bool = rule("waiting_list", True, source=_GUESS, grade="G")

    @model_validator(mode="after")
    def _slots_go_on(self) -> Self:
        if self.overlap_s >= self.slot_s:
            raise ValueError(
                f"overlap of {self.overlap_s:g} s is not shorter than the slot of {self.slot_s:g} s; "
                "slots would never move on"
            )
        return self

    @property
    def books_open_s(self) -> float:
        """When the books open, in seconds since midnight of day one: negative on the days before."""
        return self.opens_s - 86400.0 * self.opens_days_before

    def spans(self, opening: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
        """Booking slots of a day with these opening hours."""
        return slot_spans(opening, self.slot_s, self.offset_s, self.overlap_s)


class BookingRules(SlotRules):
    """Slots with a quota: who gets a place, who comes, and what is told to those outside their window."""

    per_slot: Count = rule("per_slot", 10.0, source=_GUESS, grade="G")
    slots: dict[ClockTime, Count] = rule("slots", source="choice: the same quota in every slot", grade="D")
    overbooking: Share = rule("overbooking", 0.0, source=_CHOICE, grade="D")
    max_shift_s: Seconds = rule("max_shift_s", 14400.0, source=_GUESS, grade="G")
    later_weight: float = rule("later_weight", 1.0, source="guess: later is as bad as earlier", grade="G")
    unplaced: Then = rule("unplaced", "comes_ordinary", source=_GUESS, grade="G")
    on_time: Share = rule("on_time", 0.9, source=_GUESS, grade="G")
    no_show: Share = rule("no_show", 0.1, source=_GUESS, grade="G")
    no_show_then: Then = rule("no_show_then", "stays_away", source=_GUESS, grade="G")
    bunching: float = rule("bunching", 1.0, source="choice: evenly within the slot", grade="D")
    grace_early_s: Seconds = rule("grace_early_s", 900.0, source=_GUESS, grade="G")
    grace_late_s: Seconds = rule("grace_late_s", 900.0, source=_GUESS, grade="G")
    early: Early = rule("early", "waits", source=_GUESS, grade="G")
    late_goes_to: Late = rule("late_goes_to", "ordinary", source=_GUESS, grade="G")

    @field_validator("slots")
    @classmethod
    def _none_negative(cls, slots: dict[float, float]) -> dict[float, float]:
        return check_places(slots)


def check_places(slots: dict[float, float]) -> dict[float, float]:
    """Refuse negative places.

    Raises
    ------
    ValueError
        With the slot.
    """
    for start, places in slots.items():
        if places < 0:
            raise ValueError(f"{places:g} places in the slot at {clock(start)}; give 0 or more")
    return slots


def check_starts(key: str, slots: dict[float, float], starts: list[float]) -> None:
    """Refuse places for slots that the opening hours do not have.

    Parameters
    ----------
    key
        Where they stand in a scenario.
    slots
        Places by the start of the slot.
    starts
        Starts of the slots there are.

    Raises
    ------
    ValueError
        Naming the slot, and those there are.
    """
    for start in slots:
        if start not in starts:
            raise ValueError(
                f"{key}: {clock(start)} is not the start of a slot in the opening hours; "
                f"slots start at {', '.join(map(clock, starts))}"
            )


def slot_spans(
    opening: tuple[tuple[float, float], ...], slot_s: float, offset_s: float = 0.0, overlap_s: float = 0.0
) -> list[tuple[float, float]]:
    """Booking slots: one after the other from each opening, the last cut at its end.

    Parameters
    ----------
    opening
        Spans of opening, s.
    slot_s
        Length of a slot.
    offset_s
        From the start of a span to its first slot.
    overlap_s
        Part of a slot that the next one shares; shorter than the slot.
    """
    slots = []
    for start, end in opening:
        at = start + offset_s
        while at < end:
            slots.append((at, min(at + slot_s, end)))
            if at + slot_s >= end:
                break
            at += slot_s - overlap_s
    return slots


def clock(time_s: float) -> str:
    """A moment as HH:MM."""
    return f"{int(time_s) // 3600:02d}:{int(time_s) % 3600 // 60:02d}"
