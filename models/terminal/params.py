"""Parameters of the container-terminal gate, each with its source and grade."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from twin.booking.params import Early, Late, Then, rule
from twin.models.terminal.booking.params import BookingChoice, QuotaRules, check_slots
from twin.models.terminal.demand.params import Vessels
from twin.models.terminal.gate.params import (
    GateService,
    HoldingYard,
    LaneClosure,
    LaneGroup,
    OutGate,
    Oversize,
    Trouble,
    Yard,
)
from twin.params import Params, quantity
from twin.units import (
    CarbonPerLitre,
    ClockSpan,
    ClockTime,
    Count,
    FuelRate,
    MassRate,
    Metres,
    Seconds,
    Share,
    Speed,
    Yen,
)  # fmt: skip

_TODAY = "choice: today's gate, without the measure"
_SCENARIO = "given by the scenario"
_NO_JAPANESE_VALUE = "guess: no published Japanese value found"

#: Trucks per hour of a working-day guess: 2,300 trucks, a tenth in line at 08:30, least at noon.
_GUESSED_DAY: dict[float, float] = {
    27000.0: 138.0, 30600.0: 322.0, 34200.0: 345.0, 37800.0: 299.0, 41400.0: 92.0, 45000.0: 184.0,
    48600.0: 299.0, 52200.0: 322.0, 55800.0: 299.0,
}  # fmt: skip


class KindShares(Params):
    """What the trucks come for; shares are scaled to their sum."""

    laden_out: Share = quantity(0.35, "%", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0)
    laden_in: Share = quantity(0.25, "%", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0)
    empty_out: Share = quantity(0.15, "%", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0)
    empty_in: Share = quantity(0.25, "%", source=_NO_JAPANESE_VALUE, grade="G", fork="new_only", ge=0)

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if self.laden_out + self.laden_in + self.empty_out + self.empty_in <= 0:
            raise ValueError("the shares of the kinds of moves are all 0; give at least one")
        return self


class Demand(Params):
    """Trucks that want to come, by the hour at which they would reach the line."""

    table: str = quantity(
        "",
        source=_SCENARIO,
        grade="D",
        fork="new_only",
        doc="table with columns hour_start_s, trucks and, if wanted, hour_end_s and kind",
    )
    hourly: dict[ClockTime, Count] = quantity(
        unit="trucks",
        source="guess: a synthetic day; neither DICT's total nor its profile is published",
        grade="G",
        fork="new_only",
        default_factory=lambda: dict(_GUESSED_DAY),
        doc="trucks by start of the hour; used where no table is named",
    )
    hour_s: Seconds = quantity(3600.0, "s", source="choice: hourly counts", grade="D", gt=0, le=86400)
    day_total: Count | None = quantity(
        None,
        "trucks",
        source="choice: the counts as they stand",
        grade="D",
        fork="new_only",
        ge=0,
        le=200_000,
        doc="the counts are scaled to this total",
    )
    factor: float = quantity(
        1.0,
        source="choice: an ordinary day",
        grade="D",
        fork="new_only",
        ge=0,
        le=20,
        doc="every count is multiplied by this, for example before long holidays",
    )
    law: Literal["poisson", "fixed"] = quantity(
        "poisson",
        source="choice: hauliers decide independently",
        grade="D",
        fork="new_only",
        doc="poisson: counts vary from day to day; fixed: exactly the counts, at random moments of the hour",
    )
    kinds: KindShares = KindShares()
    dual_share: Share = quantity(
        0.2,
        "%",
        source=_NO_JAPANESE_VALUE,
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="share of visits with two moves: a box in and a box out; with vessels, of trucks that bring a box and "
        "look for one to fetch",
    )
    vessels: Literal[False] | Vessels = quantity(
        False,
        source="choice: counts by the hour",
        grade="D",
        fork="new_only",
        doc="visits from vessel calls; the counts then only say which hours of the day trucks prefer",
    )

    @model_validator(mode="after")
    def _one_total(self) -> Self:
        if self.vessels and self.day_total is not None:
            raise ValueError(
                "demand.day_total scales counts by the hour, but the trucks come from vessel calls; "
                "leave it out, and change the boxes or demand.factor"
            )
        return self

    @field_validator("hourly")
    @classmethod
    def _counts(cls, hourly: dict[float, float]) -> dict[float, float]:
        for hour, trucks in hourly.items():
            if trucks < 0 or hour < 0:
                raise ValueError(f"{trucks:g} trucks at {hour:g} s: neither may be negative")
        return hourly


def _yumeshima_yards() -> dict[str, HoldingYard]:
    return {
        "yard-east": HoldingYard(spaces=280, place="yard-east"),
        "yard-west": HoldingYard(spaces=160, place="yard-west"),
    }


class QueueOnRoad(Params):
    """How trucks that find no space stand on the public road."""

    along: str = quantity("", source=_SCENARIO, grade="D", fork="no", doc="name of the street, for people")
    spacing_m: Metres = quantity(
        15.0,
        "m",
        source="a container truck in a standing queue: 1 over its jam density",
        grade="D",
        fork="no",
        gt=5,
        le=50,
    )
    free_speed_mps: Speed = quantity(
        50 / 3.6,
        "m/s",
        source="guess: free-flow speed of container trucks on the trunk road",
        grade="G",
        fork="no",
        gt=0,
        le=40,
    )
    reaction_s: Seconds = quantity(
        3.0,
        "s",
        source="three car units of 1 s each: backward wave of 5 m/s",
        grade="D",
        fork="no",
        gt=0,
        le=20,
        doc="time by which a truck follows the one ahead when a queue sets off",
    )
    lanes: int = quantity(1, source="guess: trucks queue in the kerb lane", grade="G", fork="no", ge=1, le=6)
    kerb_spaces: int = quantity(
        10,
        "trucks",
        source="guess: 150 m of kerb before the gate",
        grade="G",
        fork="no",
        ge=1,
        le=1000,
        doc="trucks that stand before the gate without being in anybody's way, once the yards are full; beyond them "
        "trucks stand on the links of a road with queues; so few places that lanes wait for them slow the gate. "
        "Only used with road traffic in the form queueing",
    )
    flow_memory_s: Seconds = quantity(
        600.0,
        "s",
        source="choice: flows into and out of the queue are averaged over ten minutes",
        grade="D",
        fork="no",
        gt=0,
        le=7200,
    )


class Quota(QuotaRules):
    """Booking slots with a quota: the switch that flattens arrivals."""

    per_slot: Count = rule(
        "per_slot", 180.0, source="guess: 60 % of a day of 2,300 trucks over its slots", grade="G", unit="trucks"
    )
    slots: dict[ClockTime, Count] = rule(
        "slots", source="choice: the same quota in every slot", grade="D", unit="trucks"
    )
    max_shift_s: Seconds = rule(
        "max_shift_s", 14400.0, source="guess: a haulier moves a visit by half a day's opening at most", grade="G"
    )
    later_weight: float = rule(
        "later_weight", 1.0, source="guess: an hour later is as bad as an hour earlier", grade="G"
    )
    unplaced: Then = rule("unplaced", "comes_ordinary", source="guess", grade="G")
    penalty: bool = quantity(
        False,
        source="choice: none, as at the first trials",
        grade="D",
        fork="new_only",
        doc="no-shows and trucks outside their window are punished",
    )
    on_time: Share = rule("on_time", 0.72, source="Sydney Port Botany before penalties (2009)", grade="V")
    on_time_with_penalty: Share = rule(
        "on_time", 0.95, source="Sydney Port Botany with penalties (2011/12)", grade="V", between=(0.72, 0.95)
    )
    no_show: Share = rule(
        "no_show", 0.10, source="guess within 3-40 % published abroad", grade="G", between=(0.03, 0.4)
    )
    no_show_with_penalty: Share = rule("no_show", 0.03, source="guess: the least of the published shares", grade="G")
    no_show_then: Then = rule(
        "no_show_then", "comes_ordinary", source="guess: the box is fetched later, unbooked", grade="G"
    )
    grace_early_s: Seconds = rule(
        "grace_early_s", 1800.0, source=_NO_JAPANESE_VALUE, grade="G", between=(600.0, 3600.0)
    )
    grace_late_s: Seconds = rule("grace_late_s", 1800.0, source=_NO_JAPANESE_VALUE, grade="G", between=(600.0, 3600.0))
    early: Early = rule("early", "waits", source=_NO_JAPANESE_VALUE, grade="G")
    late_goes_to: Late = rule("late_goes_to", "ordinary", source=_NO_JAPANESE_VALUE, grade="G")


class CheckedDocuments(Params):
    """Documents matched before arrival and a card touch: the switch that makes the gate faster."""

    service_factor: Share = quantity(
        0.4,
        "%",
        source="published -20 % (Yokohama) to -60..-80 % (Yokohama IN, Kobe)",
        grade="V",
        fork="new_only",
        between=(0.2, 0.8),
        gt=0,
        le=2,
        doc="gate service of a checked truck over that of an unchecked one",
    )


class ApproachSignal(Params):
    """The yard learns of the truck before it comes: the switch that makes the yard faster."""

    lead_s: Seconds = quantity(
        900.0,
        "s",
        source="CONPAS: approach detection gives about 15 min for pre-marshalling",
        grade="V",
        ge=0,
        le=86400,
        doc="how long before it joins the line the yard learns of a truck",
    )
    marshalling_s: Seconds = quantity(
        900.0,
        "s",
        source="guess: the 15 min that detection gives are what marshalling takes",
        grade="G",
        ge=0,
        le=86400,
        doc="time from the signal until the box lies free; before that only part of the work is done",
    )
    rehandle_factor: Share = quantity(
        0.5,
        "%",
        source="guess",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="rehandles left to do once marshalling is over; less time saves in proportion",
    )


class Conpas(Params):
    """Four separate switches; all off is today."""

    booked_share: Share = quantity(
        0.6,
        "%",
        source="guess: the planner's question",
        grade="G",
        fork="new_only",
        between=(0.3, 0.9),
        ge=0,
        le=1,
        doc="share of trucks whose haulier takes part, once any switch is on",
    )
    booked_share_cap: Share = quantity(
        1.0,
        "%",
        source="choice: no cap",
        grade="D",
        fork="no",
        ge=0,
        le=1,
        doc="most bookings of a day, over its expected trucks; no booking is taken beyond it",
    )
    quota: Literal[False] | Quota = quantity(False, source=_TODAY, grade="D", fork="new_only")
    reserved_lane: bool = quantity(
        False, source=_TODAY, grade="D", fork="no", doc="booked trucks have a line of their own, see the lanes' kinds"
    )
    checked_documents: Literal[False] | CheckedDocuments = quantity(False, source=_TODAY, grade="D", fork="new_only")
    approach_signal: Literal[False] | ApproachSignal = quantity(False, source=_TODAY, grade="D", fork="new_only")

    @field_validator("quota", "checked_documents", "approach_signal", mode="before")
    @classmethod
    def _on_means_defaults(cls, value: Any) -> Any:
        return {} if value is True else value

    @model_validator(mode="after")
    def _cap(self) -> Self:
        if self.booked_share > self.booked_share_cap:
            raise ValueError(
                f"a booked share of {self.booked_share:.0%} is above its cap of {self.booked_share_cap:.0%}; "
                "lower booked_share or raise booked_share_cap"
            )
        return self

    @property
    def any_switch(self) -> bool:
        """Whether anybody takes part at all."""
        return bool(self.quota or self.reserved_lane or self.checked_documents or self.approach_signal)


class HaulierType(BookingChoice):
    """Hauliers of one size."""

    hauliers: int = quantity(source="guess", grade="G", fork="no", ge=1, le=5000)
    truck_share: Share = quantity(unit="%", source="guess", grade="G", fork="new_only", ge=0)
    choice_scale_s: Seconds = quantity(
        1200.0,
        "s",
        source="guess: how much taste varies between slots, in seconds of shift",
        grade="G",
        fork="new_only",
        ge=0,
    )
    wait_weight: float = quantity(
        2.0, source="guess: a minute in line weighs like two minutes of shift", grade="G", fork="new_only", ge=0
    )
    flexible: Share = quantity(
        0.0,
        "%",
        source="choice: ordinary trucks come when they are wanted",
        grade="D",
        fork="new_only",
        ge=0,
        le=1,
        doc="share of unbooked trucks that choose their hour by the waits their haulier expects",
    )


def _haulier_types() -> dict[str, HaulierType]:
    return {
        "large": HaulierType(hauliers=12, truck_share=0.5, choice_scale_s=900.0, book_lead_s=64800.0),
        "small": HaulierType(hauliers=44, truck_share=0.35, choice_scale_s=1200.0),
        "owner_driver": HaulierType(hauliers=60, truck_share=0.15, choice_scale_s=1800.0, book_lead_s=21600.0),
    }


class Learning(Params):
    """Days that hauliers live through before the day that is recorded."""

    days: int = quantity(
        0,
        source="choice: hauliers expect no wait",
        grade="D",
        fork="no",
        ge=0,
        le=1000,
        doc="days of the gate alone, each with its own luck, after each of which hauliers know their waits better",
    )
    rate: Share = quantity(
        0.2,
        "%",
        source="guess: last week counts",
        grade="G",
        fork="no",
        gt=0,
        le=1,
        doc="weight of the newest day in what a haulier expects",
    )
    suspend_after: int = quantity(
        15,
        "points",
        source="Yokohama: 15 missed bookings lead to a sanction",
        grade="V",
        fork="no",
        ge=1,
        doc="penalty points after which a haulier may not book, where there is a penalty: 1 for a missed booking, "
        "late_cancel_points for one cancelled too late",
    )
    suspended_days: int = quantity(
        5, "days", source="guess: the text on the sanction is cut off", grade="G", fork="no", ge=1, le=1000
    )


class Money(Params):
    """What waiting costs, burns and emits."""

    fee_after_s: Seconds = quantity(1800.0, "s", source="MLIT notice 209 of 2024: the first 30 min are free", grade="V")
    fee_yen: Yen = quantity(2220.0, "yen", source="MLIT notice 209 of 2024, trailer, each further 30 min", grade="V")
    fee_late_after_s: Seconds = quantity(7200.0, "s", source="MLIT notice 209 of 2024: beyond 2 h", grade="V")
    fee_late_yen: Yen = quantity(2670.0, "yen", source="MLIT notice 209 of 2024, trailer, beyond 2 h", grade="V")
    idle_fuel_per_s: FuelRate = quantity(
        1.5 / 3600,
        "L/s",
        source="Environment Agency of Japan (1997): 0.22-0.30 L per 10 min, 10-t truck",
        grade="V",
        ge=0,
        doc="idling",
    )
    fuel_co2: CarbonPerLitre = quantity(
        2.6, "kg/L", source="Ministry of the Environment: 160-220 g carbon per 10 min of idling", grade="V", ge=0
    )
    idle_nox_per_s: MassRate = quantity(
        0.030 / 3600, "kg/s", source="order of magnitude of the EPA 2008 idling sheet", grade="M", ge=0
    )


class Hours(Params):
    """How much working time drivers have left when they set out."""

    left_mean_s: Seconds = quantity(14400.0, "s", source="guess", grade="G", fork="new_only", gt=0)
    left_sd_s: Seconds = quantity(5400.0, "s", source="guess", grade="G", fork="new_only", ge=0)


def _todays_lanes() -> dict[str, LaneGroup]:
    """The in-gate of today, for every scenario; B is reserved once ``conpas.reserved_lane`` is on."""
    return {"A": LaneGroup(count=10), "B": LaneGroup(count=6, kind="reserved")}


class TerminalParams(Params):
    """The container-terminal gate: demand, lanes, yards, and what CONPAS changes."""

    demand: Demand = Demand()
    opening: tuple[ClockSpan, ...] = quantity(
        ((30600.0, 41400.0), (46800.0, 59400.0)),
        "",
        source="gate hours of the Sakishima terminals (Japan Maritime Daily, 15 April 2019); DICT alike is a guess",
        grade="G",
        fork="now",
        min_length=1,
    )
    last_truck_rule: Literal["serve_all_in_line", "close_at_once"] = quantity(
        "serve_all_in_line",
        source="16:30 sign at Tokyo and Yokohama (Cargo News 2019)",
        grade="V",
        fork="now",
        doc="serve_all_in_line: the sign hangs on the last truck, all ahead of it are served",
    )
    at_closure: Literal["finish", "suspend"] = quantity(
        "finish",
        source="choice: a truck in a lane is finished",
        grade="D",
        fork="no",
        doc="suspend: trucks in the lanes go back to the head of the line and resume when it opens",
    )
    open_on_if_line: Count | None = quantity(
        None,
        "trucks",
        source="choice: lanes close on time",
        grade="D",
        fork="now",
        ge=0,
        doc="the operator keeps lanes open through a break if more trucks than this are in line when it begins",
    )
    lanes: dict[str, LaneGroup] = quantity(
        source="guess: 16 lanes, which just serve 2,300 trucks of 2.75 min in the opening hours; DICT's number is not "
        "published. The 6 of B are those that would be reserved",
        grade="G",
        fork="now",
        default_factory=_todays_lanes,
        between={"A.count": (8, 12), "B.count": (4, 8)},
        min_length=1,
        doc="groups of lanes by name; a scenario that gives any gives all",
    )
    lane_closures: dict[str, LaneClosure] = quantity(source="choice: none", grade="D", fork="now", default_factory=dict)
    queues: Literal["common", "own"] = quantity(
        "common",
        source="guess: one line, from which guards call trucks",
        grade="G",
        fork="no",
        doc="own: every lane has its line; a truck joins the one with the fewest trucks, in the lane or before it",
    )
    jockeying: bool = quantity(
        False,
        source="choice: trucks stay in the line they joined",
        grade="D",
        fork="now",
        doc="with queues: own, the last truck of a line moves to the lane beside it when that has fewer trucks",
    )
    jockey_difference: int = quantity(
        2,
        "trucks",
        source="guess: who would be served sooner moves",
        grade="G",
        fork="now",
        ge=2,
        le=1000,
        doc="by how many trucks the other lane must have fewer",
    )
    oversize: Oversize = Oversize()
    service: GateService = GateService()
    move_up_s: Seconds = quantity(
        15.0, "s", source="guess; that it must exist: Fleming, Huynh", grade="G", fork="now", ge=0, le=600
    )
    trouble: Literal[False] | Trouble = quantity(
        default_factory=Trouble, source="NCFRP Report 11", grade="G", fork="no"
    )
    holding_yards: dict[str, HoldingYard] = quantity(
        source="Osaka City and Kaiji Press: about 280 and 160 spaces since January 2022",
        grade="V",
        fork="no",
        default_factory=_yumeshima_yards,
    )
    queue_on_road: QueueOnRoad = QueueOnRoad()
    conpas: Conpas = Conpas()
    yard: Literal[False] | Yard = quantity(default_factory=Yard, source="guess", grade="G", fork="no")
    out_gate: Literal[False] | OutGate = quantity(default_factory=OutGate, source="guess", grade="G", fork="no")
    hauliers: dict[str, HaulierType] = quantity(
        source="guess; 56 firms took part at Tokyo in February 2023",
        grade="G",
        fork="no",
        default_factory=_haulier_types,
        min_length=1,
    )
    learning: Learning = Learning()
    hours: Hours = Hours()
    money: Money = Money()
    approach: Literal["auto", "road", "none"] = quantity(
        "auto",
        source="choice: over the road where the city has one",
        grade="D",
        fork="no",
        doc="road: trucks drive from an entry to the gate and back; none: they appear at the line",
    )
    entry_shares: dict[str, Share] = quantity(
        unit="%",
        source="guess: every entry alike",
        grade="G",
        fork="new_only",
        default_factory=dict,
        doc="share of trucks by entry; empty for equal shares",
    )
    travel_noise_s: Seconds = quantity(
        0.0,
        "s",
        source="guess: none; how much drives to Yumeshima take longer or shorter than planned was not found",
        grade="G",
        fork="new_only",
        ge=0,
        le=7200,
        doc="standard deviation of what the way to the island takes longer or shorter than planned, before the roads "
        "of the map",
    )
    announce_s: Seconds = quantity(
        60.0,
        "s",
        source="choice: the drive from the out-gate to the island road; the route is chosen that long "
        "before the road is entered",
        grade="G",
        fork="no",
        gt=0,
        le=3600,
    )
    call_forward_s: Seconds = quantity(
        30.0,
        "s",
        source="guess: the drive from the head of the queue on the road to a space that has become free",
        grade="G",
        fork="no",
        gt=0,
        le=600,
        doc="how long after a truck has left its space the next may come off the road; road traffic in the form "
        "queueing, where clock.step must not be longer",
    )

    @field_validator("trouble", "yard", "out_gate", mode="before")
    @classmethod
    def _on_means_defaults(cls, value: Any) -> Any:
        return {} if value is True else value

    @model_validator(mode="after")
    def _calendar(self) -> Self:
        for where, spans in [("opening", self.opening)] + [
            (f"lanes.{name}.opening", group.opening) for name, group in self.lanes.items() if group.opening is not None
        ]:
            if not spans:
                raise ValueError(f"{where}: lanes that never open; give at least one span, e.g. 08:30-11:30")
            for before, after in pairwise(spans):
                if after[0] < before[1]:
                    raise ValueError(f"{where}: {_clock(after)} begins before {_clock(before)} ends")
        if not any(group.count for group in self.lanes.values()):
            raise ValueError("lanes: every group has 0 lanes; give at least one lane")
        for name, closure in self.lane_closures.items():
            if closure.lanes not in self.lanes:
                raise ValueError(
                    f"lane_closures.{name}: no group of lanes is named {closure.lanes!r}; "
                    f"known: {', '.join(self.lanes)}"
                )
        return self

    @model_validator(mode="after")
    def _served_to_the_end(self) -> Self:
        kinds = {g.kind for g in self.lanes.values() if g.count and self.last_open_s(g) >= self.closing_s}
        if self.has_oversize_lanes and "oversize" not in kinds:
            raise ValueError("lanes: no lane of kind oversize is open at the last closing; oversize trucks need one")
        sorts_out = bool(self.trouble and self.trouble.at == "gate_lane")
        if sorts_out != any(g.kind == "trouble" for g in self.lanes.values()):
            raise ValueError("lanes of kind trouble and trouble.at: gate_lane go together; give both or neither")
        if sorts_out and "trouble" not in kinds:
            raise ValueError("lanes: no lane of kind trouble is open at the last closing; trucks in trouble need one")
        kinds -= {"oversize", "trouble"}
        if not self.conpas.reserved_lane:
            if not kinds:
                raise ValueError(f"lanes: none is open at the last closing, {_clock((self.closing_s,) * 2)[:5]}")
            return self
        if not kinds & {"reserved", "booked_first"}:
            raise ValueError(
                "conpas.reserved_lane is on, but no lane of kind reserved or booked_first is open at the last closing"
            )
        if not kinds & {"ordinary", "booked_first", "mixed"}:
            raise ValueError(
                "conpas.reserved_lane leaves ordinary trucks no lane at the last closing; "
                "keep one lane ordinary, mixed or booked_first"
            )
        return self

    @model_validator(mode="after")
    def _slots_in_hours(self) -> Self:
        quota = self.conpas.quota
        if quota:
            check_slots(quota, quota.slots, self.opening)
            known = self.demand.vessels.calls if self.demand.vessels else {}
            from_table = bool(self.demand.vessels and self.demand.vessels.table)
            for name, limit in quota.limits.items():
                if limit.vessel and limit.vessel not in known and not from_table:
                    raise ValueError(
                        f"conpas.quota.limits.{name}: demand.vessels has no call named {limit.vessel!r}; "
                        f"known: {', '.join(known) or 'none'}"
                    )
        return self

    @property
    def closing_s(self) -> float:
        """The last closing of the day, when the sign is hung on the last truck."""
        return self.opening[-1][1]

    @property
    def has_oversize_lanes(self) -> bool:
        """Whether oversize trucks have lanes of their own."""
        return any(group.kind == "oversize" and group.count for group in self.lanes.values())

    def last_open_s(self, group: LaneGroup) -> float:
        """The last closing of a group of lanes."""
        return (group.opening or self.opening)[-1][1]

    def estimate_agents(self) -> float:
        """Trucks of a day, from the parameters alone."""
        if self.demand.vessels:
            return self.demand.vessels.estimate_visits() * self.demand.factor
        return (self.demand.day_total or sum(self.demand.hourly.values())) * self.demand.factor


def _clock(span: tuple[float, float]) -> str:
    return "-".join(f"{int(t) // 3600:02d}:{int(t) % 3600 // 60:02d}" for t in span)
