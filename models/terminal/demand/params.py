"""Parameters of demand from vessel calls: what is discharged and loaded, and when trucks fetch and bring it."""

from __future__ import annotations

import datetime
from itertools import pairwise
from typing import Literal, Self
from zlib import crc32

from pydantic import field_validator, model_validator

from twin.params import Params, quantity
from twin.units import ClockTime, Count, Seconds, Share

Weekday = Literal["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
WEEKDAYS: tuple[Weekday, ...] = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

DAY_S = 86400.0
WEEK_S = 7 * DAY_S

_SCENARIO = "given by the scenario"
_NO_JAPANESE_VALUE = "guess: no published Japanese value found"
_GATE_DAYS: dict[Weekday, float] = {"Mon": 1.0, "Tue": 1.0, "Wed": 1.0, "Thu": 1.0, "Fri": 1.0, "Sat": 0.4, "Sun": 0.0}


class VesselCall(Params):
    """A vessel at the quay: every week on a weekday, or once on a date."""

    weekday: Weekday | None = quantity(
        None, source=_SCENARIO, grade="D", fork="new_only", doc="day of its arrival in every week"
    )
    date: str = quantity("", source=_SCENARIO, grade="D", fork="new_only", doc="day of its only arrival, as YYYY-MM-DD")
    arrives_s: ClockTime = quantity(28800.0, "", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0, le=86400)
    works_s: Seconds = quantity(
        57600.0,
        "s",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        gt=0,
        le=604800,
        doc="how long it is worked: the first half discharged, the second half loaded",
    )
    berth: str = quantity("C10", source=_SCENARIO, grade="D", fork="new_only", doc="one of demand.vessels.berths")
    discharge: Count = quantity(0.0, "boxes", source=_SCENARIO, grade="G", fork="new_only", ge=0, le=100_000)
    load: Count = quantity(0.0, "boxes", source=_SCENARIO, grade="G", fork="new_only", ge=0, le=100_000)
    discharge_laden: Share = quantity(
        0.92,
        "%",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="laden boxes among those discharged; empties stay in the terminal until they are fetched",
    )
    load_laden: Share = quantity(0.47, "%", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0, le=1)

    @field_validator("date")
    @classmethod
    def _is_date(cls, text: str) -> str:
        return check_date(text) if text else text

    @model_validator(mode="after")
    def _one_day(self) -> Self:
        if bool(self.date) == bool(self.weekday):
            raise ValueError("a vessel call needs a weekday (it comes every week) or a date (it comes once), not both")
        return self


class Vessels(Params):
    """Vessel calls around the day that is simulated, and how their boxes come and go by truck."""

    date: str = quantity(source=_SCENARIO, grade="D", fork="no", doc="the day that is simulated, as YYYY-MM-DD")
    calls: dict[str, VesselCall] = quantity(
        source=_SCENARIO, grade="G", fork="new_only", default_factory=dict, doc="by name of the vessel"
    )
    table: str = quantity(
        "",
        source=_SCENARIO,
        grade="D",
        fork="new_only",
        doc="table of calls beside those named here: columns vessel, date, arrive_s, discharge_boxes, load_boxes and, "
        "if wanted, berth and works_s; boxes of a day come from calls up to five weeks before and four after it",
    )
    berths: tuple[str, ...] = quantity(
        ("C10", "C11", "C12"), source="DICT: C10 to C12 operated as one since 2009", grade="V", fork="no", min_length=1
    )
    counted_in: Literal["boxes", "teu"] = quantity(
        "boxes", source="choice: boxes", grade="D", fork="new_only", doc="unit of discharge and load"
    )
    teu_per_box: float = quantity(
        1.6,
        "TEU/box",
        source="ConFlowGen: interview at a German terminal; Japan not found",
        grade="V",
        fork="new_only",
        gt=0,
        le=2,
    )
    weekday_factors: dict[Weekday, float] = quantity(
        source="guess: open half of Saturday, closed on Sunday",
        grade="G",
        fork="new_only",
        default_factory=lambda: dict(_GATE_DAYS),
        doc="how trucks prefer the days; a day that is missing counts 1",
    )
    holidays: tuple[str, ...] = quantity(
        (), source="choice: none", grade="D", fork="new_only", doc="dates as YYYY-MM-DD"
    )
    holiday_factor: float = quantity(
        0.0,
        source="choice: the gate is closed; its boxes crowd the days around",
        grade="D",
        fork="new_only",
        ge=0,
        le=10,
        doc="as weekday_factors, for holidays",
    )
    release_s: Seconds = quantity(
        86400.0,
        "s",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        gt=0,
        doc="mean time from discharge to customs release (exponential)",
    )
    fetched_after_s: Seconds = quantity(
        172800.0,
        "s",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=21600,
        doc="mean time from release to fetching, of those fetched within the free time",
    )
    free_time_s: Seconds = quantity(
        604800.0,
        "s",
        source="remembered: about a week of free storage for imports",
        grade="M",
        fork="new_only",
        gt=0,
        doc="free storage from discharge on",
    )
    overdue_share: Share = quantity(
        0.08,
        "%",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="laden boxes fetched after their free time",
    )
    cutoff_s: Seconds = quantity(
        86400.0,
        "s",
        source="remembered: the yard stops taking exports a day before the vessel",
        grade="M",
        fork="new_only",
        ge=0,
        le=864000,
        doc="cut-off for exports before the vessel arrives",
    )
    taken_from_s: Seconds = quantity(
        604800.0,
        "s",
        source="remembered: exports are taken from about a week before the cut-off",
        grade="M",
        fork="new_only",
        gt=0,
    )
    brought_before_s: Seconds = quantity(
        129600.0,
        "s",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=21600,
        doc="mean time from bringing an export to its cut-off",
    )
    empties_brought: Share = quantity(
        0.8,
        "%",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="imports whose empty box comes back to this terminal",
    )
    empties_fetched: Share = quantity(
        0.8,
        "%",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="exports whose empty box is fetched from this terminal",
    )
    stuffing_s: Seconds = quantity(
        172800.0,
        "s",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        gt=0,
        doc="mean time a box is away to be emptied or filled (exponential)",
    )
    dual_window_s: Seconds = quantity(
        7200.0,
        "s",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=0,
        doc="a truck that brings a box also fetches one its haulier wants within this time; see demand.dual_share",
    )
    cranes_per_block: int = quantity(
        1, source="guess: a vessel takes one crane of each block behind its berth", grade="G", fork="now", ge=0, le=20
    )

    @field_validator("date", "holidays")
    @classmethod
    def _are_dates(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for text in (value,) if isinstance(value, str) else value:
            check_date(text)
        return value

    @model_validator(mode="after")
    def _have_boxes(self) -> Self:
        if not self.calls and not self.table:
            raise ValueError("demand.vessels has no calls; name at least one vessel with boxes to discharge or load")
        check_calls(self.calls, self.berths)
        if any(factor < 0 for factor in self.weekday_factors.values()):
            raise ValueError(f"weekday_factors: {self.weekday_factors}: none may be negative")
        if self.day_factor(0) <= 0:
            raise ValueError(f"no truck comes on {self.date}: its weekday or holiday factor is 0; choose another date")
        return self

    def day_factor(self, days: int) -> float:
        """How trucks prefer the day so many days after the one that is simulated."""
        today = datetime.date.fromisoformat(self.date)
        day = datetime.date.fromordinal(today.toordinal() + days)
        if day.isoformat() in self.holidays:
            return self.holiday_factor
        return self.weekday_factors.get(WEEKDAYS[day.weekday()], 1.0)

    def arrivals_s(self, call: VesselCall, weeks: range) -> dict[int, float]:
        """Arrivals of a call, by week from the one of the day that is simulated; s since its midnight."""
        today = datetime.date.fromisoformat(self.date)
        monday_s = -today.weekday() * DAY_S
        if call.date:
            arrival_s = (datetime.date.fromisoformat(call.date) - today).days * DAY_S + call.arrives_s
            week = int((arrival_s - monday_s) // WEEK_S)
            return {week: arrival_s} if week in weeks else {}
        first_s = monday_s + WEEKDAYS.index(call.weekday or "Mon") * DAY_S + call.arrives_s
        return {week: first_s + week * WEEK_S for week in weeks}

    def week_key(self, week: int) -> int:
        """7 bits that stand for a calendar week in the ids of boxes, the same whichever day is simulated."""
        today = datetime.date.fromisoformat(self.date)
        return ((today.toordinal() - today.weekday()) // 7 + week) % 128

    def boxes(self, call: VesselCall) -> tuple[float, float]:
        """Laden boxes discharged and loaded."""
        per_unit = 1 / self.teu_per_box if self.counted_in == "teu" else 1.0
        return call.discharge * call.discharge_laden * per_unit, call.load * call.load_laden * per_unit

    def estimate_visits(self) -> float:
        """About how many moves of boxes fall on the day that is simulated."""
        # A berth plan is read later; for its size a week of the guessed terminal stands in.
        weekly = 15_000.0 if self.table else 0.0
        for call in self.calls.values():
            imports, exports = self.boxes(call)
            moves = imports * (1 + self.empties_brought) + exports * (1 + self.empties_fetched)
            weekly += moves / (1 if call.weekday else 4)
        return weekly * self.day_factor(0) / max(sum(self.day_factor(day) for day in range(-3, 4)), 1e-9)


def call_key(name: str) -> int:
    """16 bits that stand for the name of a vessel in the ids of its boxes."""
    return crc32(name.encode()) & 0xFFFF


def check_date(text: str) -> str:
    """Refuse what is no date.

    Raises
    ------
    ValueError
        With the text.
    """
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is no date; write YYYY-MM-DD, e.g. 2026-06-09") from None
    return text


def check_calls(calls: dict[str, VesselCall], berths: tuple[str, ...]) -> None:
    """Refuse calls without boxes, at unknown berths, or whose boxes could not be told apart.

    Raises
    ------
    ValueError
        With the vessel.
    """
    for name, call in calls.items():
        if call.discharge + call.load <= 0:
            raise ValueError(f"vessel call {name!r} has no boxes; give discharge or load, e.g. 400 boxes")
        if call.berth not in berths:
            raise ValueError(f"vessel call {name!r}: no berth is named {call.berth!r}; known: {', '.join(berths)}")
    names = sorted({vessel_of(name) for name in calls}, key=call_key)
    for name, other in pairwise(names):
        if call_key(name) == call_key(other):
            raise ValueError(f"vessel calls {name!r} and {other!r} cannot be told apart; rename one of them")


def vessel_of(call: str) -> str:
    """Vessel of a call: its name, without the date that a row of a table puts behind it."""
    return call.partition("@")[0]
