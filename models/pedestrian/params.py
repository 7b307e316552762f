"""Parameters of walking around: who comes, how they walk and cross, what they choose; with sources.

The weights of choice are guesses that wait for a calibration: no counted or surveyed number stands behind
them. Compare variants by differences, not by levels, until a scenario brings its own.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from twin.params import Params, quantity
from twin.units import Count, Metres, Seconds, Share, Speed

#: Visitor classes; the place in this list goes into ids, so new classes are appended.
CLASSES: tuple[str, ...] = ("commuter", "shopper", "diner", "tourist", "passer_through", "resident")
ClassName = Literal["commuter", "shopper", "diner", "tourist", "passer_through", "resident"]

_MIN = 60.0
_HOURS = 24
_MENU_SOURCE = "choice of the time-budget model: 2 to 90 min"
_GUESS = "guess, no count or survey behind it"
_MIX = (
    "guess: 350,000 a day between Umeda and Namba, of some 710,000 who alight at its five stations of the line; who "
    "stays below ground, changes trains or walks elsewhere is unknown. The mix lets the schematic district start near "
    "40 %"
)
_PARTIES = "guess; some 55 to 70 % of people in shopping streets walk in groups (Moussaid et al. 2010)"
_NO_STOP = "guess: who comes for something does it, if there is time at all"
_SIZE = "guess: choice grows with the log of size, weight below 1"


def _minutes(*values: float) -> tuple[float, ...]:
    return tuple(v * _MIN for v in values)


def _profile(**weights: float) -> tuple[float, ...]:
    """24 hourly weights; ``h08=3`` is the weight from 08:00 to 09:00."""
    return tuple(weights.get(f"h{hour:02d}", 0.0) for hour in range(_HOURS))


_WORK = _profile(h06=1, h07=4, h08=9, h09=6, h10=2, h11=1, h12=2, h13=2, h14=1, h15=1, h16=1)
_SHOPS = _profile(h09=1, h10=4, h11=6, h12=7, h13=8, h14=8, h15=8, h16=7, h17=6, h18=5, h19=3, h20=1)
_MEALS = _profile(h10=1, h11=6, h12=6, h13=3, h14=1, h15=1, h16=2, h17=6, h18=9, h19=8, h20=5, h21=2)
_SIGHTS = _profile(h08=1, h09=4, h10=7, h11=8, h12=7, h13=7, h14=7, h15=7, h16=7, h17=7, h18=6, h19=5, h20=3, h21=1)
_ALL_DAY = _profile(
    h05=1,
    h06=2,
    h07=6,
    h08=9,
    h09=5,
    h10=4,
    h11=4,
    h12=5,
    h13=4,
    h14=4,
    h15=4,
    h16=5,
    h17=8,
    h18=9,
    h19=7,
    h20=5,
    h21=4,
    h22=3,
    h23=1,
)


class VisitorClass(Params):
    """One class of visitors: how many, when, with how much time, and what they stop for."""

    visitors_per_day: Count = quantity(
        0.0,
        "people",
        source=_GUESS,
        grade="G",
        fork="new_only",
        ge=0,
        le=5e6,
        doc="mean number who arrive at the exits on a whole day of 24 h",
    )
    arrival_profile: tuple[float, ...] = quantity(
        _ALL_DAY,
        source=_GUESS,
        grade="G",
        fork="new_only",
        min_length=_HOURS,
        max_length=6 * _HOURS,
        doc="24 weights, one per hour of the day, or 144, one per ten minutes",
    )
    budget_mean_s: Seconds = quantity(
        60 * _MIN,
        "s",
        source=_GUESS,
        grade="G",
        fork="new_only",
        ge=300,
        le=43200,
        doc="mean of the lognormal time budget before it is cut to 5-720 min",
    )
    budget_cv: Share = quantity(
        0.5,
        source=_GUESS,
        grade="G",
        fork="new_only",
        ge=0.01,
        le=3,
        doc="standard deviation of the time budget by its mean",
    )
    walk_speed_mps: Speed = quantity(
        1.34,
        "m/s",
        source="Weidmann (1993), mean free speed",
        grade="M",
        fork="no",
        ge=0.5,
        le=2.2,
        doc="mean free walking speed",
    )
    stay_durations_s: tuple[Seconds, ...] = quantity(
        _minutes(2, 5, 10, 20, 30, 45, 60, 90),
        "s",
        source=_MENU_SOURCE,
        grade="D",
        fork="now",
        max_length=16,
        doc="lengths of stay to choose from; none for people who only pass",
    )
    typical_stay_s: Seconds = quantity(
        20 * _MIN,
        "s",
        source=_GUESS,
        grade="G",
        fork="now",
        gt=0,
        doc="length of stay whose value is that of the place alone",
    )
    duration_weight: float = quantity(
        0.6,
        source=_GUESS,
        grade="G",
        fork="now",
        ge=0,
        le=20,
        doc="value of a longer stay: this times the log of its length by the typical one",
    )
    attraction_weight: float = quantity(
        0.8, source=_SIZE, grade="G", fork="now", ge=0, le=10, doc="value of a place: this times log(1 + attraction)"
    )
    stop_cost: float = quantity(
        1.0, source=_GUESS, grade="G", fork="now", ge=-20, le=20, doc="effort of making a stop at all"
    )
    interests: dict[str, float] = quantity(
        default_factory=dict,
        source=_GUESS,
        grade="G",
        fork="now",
        doc="how much of a category's attraction counts for this class; `other` for categories not named",
    )
    no_stop_cost: float = quantity(
        0.0,
        source=_GUESS,
        grade="G",
        fork="now",
        ge=0,
        le=100,
        doc="cost of leaving without having stopped anywhere; only those whose time allows no stop then do so",
    )
    party_shares: tuple[float, ...] = quantity(
        (1.0,),
        source="choice: everybody walks alone",
        grade="G",
        fork="new_only",
        min_length=1,
        max_length=8,
        doc="shares of parties of 1, 2, 3 ... people, who walk and decide as one",
    )
    through_m: Metres = quantity(
        0.0,
        "m",
        source="choice: no class but passers-through is bound for somewhere",
        grade="D",
        fork="new_only",
        ge=0,
        le=5000,
        doc="most usual walk of those who are bound for a station when they come; 0: they leave wherever it suits",
    )

    @property
    def party_mean(self) -> float:
        """Mean number of people in a party."""
        shares = self.party_shares
        return sum((i + 1) * s for i, s in enumerate(shares)) / sum(shares)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if len(self.arrival_profile) not in (_HOURS, 6 * _HOURS):
            raise ValueError(f"arrival_profile must hold 24 or 144 weights, got {len(self.arrival_profile)}")
        if any(not s >= 0 for s in self.party_shares) or sum(self.party_shares) <= 0:
            raise ValueError(f"party_shares must hold shares of at least 0, not all 0, got {self.party_shares}")
        if any(not w >= 0 for w in self.arrival_profile) or sum(self.arrival_profile) <= 0:
            raise ValueError(f"arrival_profile must hold weights of at least 0, not all 0, got {self.arrival_profile}")
        if any(not d > 0 for d in self.stay_durations_s):
            raise ValueError(f"stay_durations must be longer than 0, got {self.stay_durations_s}")
        if any(b <= a for a, b in pairwise(self.stay_durations_s)):
            raise ValueError(f"stay_durations must grow from one to the next, got {self.stay_durations_s}")
        for category, weight in self.interests.items():
            if not 0 <= weight <= 100:
                raise ValueError(f"interests.{category} must lie between 0 and 100, got {weight}")
        return self


class Commuter(VisitorClass):
    """People who work in the area."""

    visitors_per_day: Count = quantity(150000.0, "people", source=_MIX, grade="G", fork="new_only", ge=0, le=5e6)
    arrival_profile: tuple[float, ...] = quantity(
        _WORK, source=_GUESS, grade="G", fork="new_only", min_length=_HOURS, max_length=6 * _HOURS
    )
    budget_mean_s: Seconds = quantity(570 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", ge=300, le=43200)
    budget_cv: Share = quantity(0.15, source=_GUESS, grade="G", fork="new_only", ge=0.01, le=3)
    stay_durations_s: tuple[Seconds, ...] = quantity(
        _minutes(10, 30, 60, 240, 360, 480, 540, 600, 660), "s", source=_GUESS, grade="G", fork="now", max_length=16
    )
    typical_stay_s: Seconds = quantity(480 * _MIN, "s", source=_GUESS, grade="G", fork="now", gt=0)
    duration_weight: float = quantity(20.0, source=_GUESS, grade="G", fork="now", ge=0, le=20)
    stop_cost: float = quantity(
        -4.0, source="guess: people come in order to work", grade="G", fork="now", ge=-20, le=20
    )
    interests: dict[str, float] = quantity(
        default_factory=lambda: {"office": 1.0, "food": 0.02, "other": 0.01}, source=_GUESS, grade="G", fork="now"
    )
    no_stop_cost: float = quantity(30.0, source=_NO_STOP, grade="G", fork="now", ge=0, le=100)


class Shopper(VisitorClass):
    """People who come to shop."""

    visitors_per_day: Count = quantity(55000.0, "people", source=_MIX, grade="G", fork="new_only", ge=0, le=5e6)
    arrival_profile: tuple[float, ...] = quantity(
        _SHOPS, source=_GUESS, grade="G", fork="new_only", min_length=_HOURS, max_length=6 * _HOURS
    )
    budget_mean_s: Seconds = quantity(110 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", ge=300, le=43200)
    budget_cv: Share = quantity(0.6, source=_GUESS, grade="G", fork="new_only", ge=0.01, le=3)
    duration_weight: float = quantity(1.2, source=_GUESS, grade="G", fork="now", ge=0, le=20)
    stop_cost: float = quantity(3.0, source=_GUESS, grade="G", fork="now", ge=-20, le=20)
    interests: dict[str, float] = quantity(
        default_factory=lambda: {"shop": 1.0, "food": 0.4, "culture": 0.2, "event": 0.5, "office": 0.0, "other": 0.2},
        source=_GUESS,
        grade="G",
        fork="now",
    )
    no_stop_cost: float = quantity(6.0, source=_NO_STOP, grade="G", fork="now", ge=0, le=100)
    party_shares: tuple[float, ...] = quantity(
        (0.55, 0.32, 0.08, 0.05), source=_PARTIES, grade="G", fork="new_only", min_length=1, max_length=8
    )


class Diner(VisitorClass):
    """People who come for a meal or a drink."""

    visitors_per_day: Count = quantity(30000.0, "people", source=_MIX, grade="G", fork="new_only", ge=0, le=5e6)
    arrival_profile: tuple[float, ...] = quantity(
        _MEALS, source=_GUESS, grade="G", fork="new_only", min_length=_HOURS, max_length=6 * _HOURS
    )
    budget_mean_s: Seconds = quantity(95 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", ge=300, le=43200)
    typical_stay_s: Seconds = quantity(60 * _MIN, "s", source=_GUESS, grade="G", fork="now", gt=0)
    duration_weight: float = quantity(1.5, source=_GUESS, grade="G", fork="now", ge=0, le=20)
    stop_cost: float = quantity(1.0, source=_GUESS, grade="G", fork="now", ge=-20, le=20)
    interests: dict[str, float] = quantity(
        default_factory=lambda: {"food": 1.0, "event": 0.5, "office": 0.0, "other": 0.1},
        source=_GUESS,
        grade="G",
        fork="now",
    )
    no_stop_cost: float = quantity(6.0, source=_NO_STOP, grade="G", fork="now", ge=0, le=100)
    party_shares: tuple[float, ...] = quantity(
        (0.35, 0.4, 0.13, 0.12), source=_PARTIES, grade="G", fork="new_only", min_length=1, max_length=8
    )


class Tourist(VisitorClass):
    """Visitors from elsewhere who look around."""

    visitors_per_day: Count = quantity(25000.0, "people", source=_MIX, grade="G", fork="new_only", ge=0, le=5e6)
    arrival_profile: tuple[float, ...] = quantity(
        _SIGHTS, source=_GUESS, grade="G", fork="new_only", min_length=_HOURS, max_length=6 * _HOURS
    )
    budget_mean_s: Seconds = quantity(150 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", ge=300, le=43200)
    budget_cv: Share = quantity(0.6, source=_GUESS, grade="G", fork="new_only", ge=0.01, le=3)
    duration_weight: float = quantity(1.2, source=_GUESS, grade="G", fork="now", ge=0, le=20)
    stop_cost: float = quantity(3.0, source=_GUESS, grade="G", fork="now", ge=-20, le=20)
    interests: dict[str, float] = quantity(
        default_factory=lambda: {
            "event": 1.0,
            "culture": 1.0,
            "tourism": 1.0,
            "food": 0.5,
            "shop": 0.5,
            "office": 0.0,
            "other": 0.5,
        },
        source=_GUESS,
        grade="G",
        fork="now",
    )
    no_stop_cost: float = quantity(6.0, source=_NO_STOP, grade="G", fork="now", ge=0, le=100)
    party_shares: tuple[float, ...] = quantity(
        (0.3, 0.4, 0.15, 0.15), source=_PARTIES, grade="G", fork="new_only", min_length=1, max_length=8
    )


class PasserThrough(VisitorClass):
    """People who only cross the area, from one exit to another."""

    visitors_per_day: Count = quantity(80000.0, "people", source=_MIX, grade="G", fork="new_only", ge=0, le=5e6)
    budget_mean_s: Seconds = quantity(30 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", ge=300, le=43200)
    stay_durations_s: tuple[Seconds, ...] = quantity(
        _minutes(2, 5, 10), "s", source="guess: a short stop on the way", grade="G", fork="now", max_length=16
    )
    typical_stay_s: Seconds = quantity(5 * _MIN, "s", source=_GUESS, grade="G", fork="now", gt=0)
    stop_cost: float = quantity(6.0, source=_GUESS, grade="G", fork="now", ge=-20, le=20)
    through_m: Metres = quantity(
        500.0, "m", source="guess: half the way between stations of the line", grade="G", fork="new_only", ge=0, le=5000
    )
    party_shares: tuple[float, ...] = quantity(
        (0.85, 0.13, 0.02), source=_PARTIES, grade="G", fork="new_only", min_length=1, max_length=8
    )


class Resident(VisitorClass):
    """People who live in the area and come home."""

    visitors_per_day: Count = quantity(10000.0, "people", source=_MIX, grade="G", fork="new_only", ge=0, le=5e6)
    budget_mean_s: Seconds = quantity(500 * _MIN, "s", source=_GUESS, grade="G", fork="new_only", ge=300, le=43200)
    budget_cv: Share = quantity(0.3, source=_GUESS, grade="G", fork="new_only", ge=0.01, le=3)
    stay_durations_s: tuple[Seconds, ...] = quantity(
        _minutes(10, 30, 60, 120, 240, 360, 480, 600, 660), "s", source=_GUESS, grade="G", fork="now", max_length=16
    )
    typical_stay_s: Seconds = quantity(360 * _MIN, "s", source=_GUESS, grade="G", fork="now", gt=0)
    duration_weight: float = quantity(20.0, source=_GUESS, grade="G", fork="now", ge=0, le=20)
    stop_cost: float = quantity(
        -4.0, source="guess: people come in order to be at home", grade="G", fork="now", ge=-20, le=20
    )
    no_stop_cost: float = quantity(30.0, source=_NO_STOP, grade="G", fork="now", ge=0, le=100)
    party_shares: tuple[float, ...] = quantity(
        (0.8, 0.2), source=_PARTIES, grade="G", fork="new_only", min_length=1, max_length=8
    )


class VisitorClasses(Params):
    """The six classes of visitors."""

    commuter: Commuter = Field(default_factory=Commuter)
    shopper: Shopper = Field(default_factory=Shopper)
    diner: Diner = Field(default_factory=Diner)
    tourist: Tourist = Field(default_factory=Tourist)
    passer_through: PasserThrough = Field(default_factory=PasserThrough)
    resident: Resident = Field(default_factory=Resident)

    def in_order(self) -> tuple[VisitorClass, ...]:
        """The classes in the order of :data:`CLASSES`."""
        return tuple(getattr(self, name) for name in CLASSES)


class WalkParams(Params):
    """How people move on links."""

    speed_sd_mps: Speed = quantity(
        0.26,
        "m/s",
        source="Weidmann (1993), spread of free speeds",
        grade="M",
        fork="new_only",
        ge=0,
        le=1,
        doc="standard deviation of personal free speeds, cut to 0.5-2.2 m/s",
    )
    default_width_m: Metres = quantity(
        3.0, "m", source=_GUESS, grade="G", gt=0.8, le=100, doc="width of walk links whose width the map does not say"
    )
    kerb_m: Metres = quantity(
        0.5, "m", source="Highway Capacity Manual practice: shy distance to the kerb", grade="M", ge=0, le=5
    )
    wall_m: Metres = quantity(
        0.3, "m", source="Highway Capacity Manual practice: shy distance to the wall", grade="M", ge=0, le=5
    )
    furniture_m: Metres = quantity(
        0.0,
        "m",
        source="choice: widths of the map are taken as clear",
        grade="G",
        ge=0,
        le=20,
        doc="width taken by furniture on every walk link",
    )
    stairs_share: Share = quantity(
        0.5,
        "%",
        source="stairs near 0.6 to 0.7 m/s horizontally against 1.34 m/s on the level",
        grade="M",
        gt=0,
        le=1,
        doc="speed on steps as a share of the speed on the level",
    )
    storage_per_m2: float = quantity(
        5.4,
        "/m2",
        source="Weidmann (1993), density at which nobody moves",
        grade="M",
        ge=1,
        le=20,
        doc="people a link holds per m2 of clear width; whoever finds it full waits on the link behind",
    )
    release_after_s: Seconds = quantity(
        0.0,
        "s",
        source="choice: nobody is moved by force",
        grade="D",
        ge=0,
        le=86400,
        doc="who has stood this long before a full link is let on at the next ten minutes, and counted; 0: never",
    )
    counterflow_share: Share = quantity(
        0.85,
        "%",
        source="guess in the direction of Zhang and Seyfried: lower capacity of two-way streams above 1 /m2",
        grade="G",
        fork="now",
        gt=0,
        le=1,
        doc="speed above 1 /m2 where the weaker direction carries over 20 %, as a share of the one-way speed",
    )


class CrossingParams(Params):
    """Fixed-time lights where a walk link needs green to be entered.

    A crossing beside a junction with lights has the plan of that junction: what the road model says of it, or without
    a road model the same default plan with the cycle and the design speed given here. The other lengths are those of
    crossings that stand alone, where the drive layer has no light within 40 m.
    """

    cycle_s: Seconds = quantity(
        100.0,
        "s",
        source="as the default plan of the road: guess for urban main streets; for Midosuji 150 s, from "
        "platoons 152 s apart at Yodoyabashi",
        grade="G",
        fork="now",
        gt=0,
        le=600,
        doc="cycle of lights without a road model; with one, road_traffic.signals holds for cars and walkers",
    )
    design_speed_mps: Speed = quantity(
        1.0,
        "m/s",
        source="Osaka Prefectural Police: green lets a walker at 1.0 m/s cross",
        grade="V",
        fork="now",
        gt=0,
        le=2,
        doc="green of a wide crossing is its length at this speed",
    )
    side_length_m: Metres = quantity(
        20.0,
        "m",
        source=_GUESS,
        grade="G",
        fork="now",
        ge=0,
        le=200,
        doc="lone crossings up to this length run beside the main street and share its green",
    )
    side_green_s: Seconds = quantity(
        60.0,
        "s",
        source="guess: the cycle less 40 s for those who drive across",
        grade="G",
        fork="now",
        gt=0,
        le=600,
        doc="green of such lone side crossings",
    )

    @model_validator(mode="after")
    def _green_fits(self) -> Self:
        if self.side_green_s > self.cycle_s:
            raise ValueError(f"side_green of {self.side_green_s:g} s is longer than the cycle of {self.cycle_s:g} s")
        return self


class ChoiceParams(Params):
    """Weights of what people choose, in units of the scale of taste; per minute where a time is weighed."""

    step_s: Seconds = quantity(
        60.0,
        "s",
        source="choice: whole minutes left",
        grade="D",
        ge=10,
        le=600,
        doc="grain of the minutes left over which plans are made",
    )
    scale: float = quantity(
        1.0,
        source="choice: the scale is not identified apart from the weights",
        grade="D",
        fork="now",
        gt=0.01,
        le=100,
        doc="spread of unobserved taste",
    )
    walk_weight_per_min: float = quantity(
        0.22,
        "/min",
        source="-0.27 per 100 m at 1.34 m/s; the unit of length behind -0.27 was not read",
        grade="G",
        fork="now",
        gt=0,
        le=10,
        doc="cost of a minute of walking",
    )
    wait_weight_per_min: float = quantity(
        0.33,
        "/min",
        source="guess: 1.5 times walking",
        grade="G",
        fork="now",
        ge=0,
        le=10,
        doc="cost of a minute of waiting at a crossing",
    )
    crossing_weight: float = quantity(
        0.1,
        source=_GUESS,
        grade="G",
        fork="now",
        ge=0,
        le=10,
        doc="cost of crossing a carriageway beside the wait, with or without lights; "
        "half of it at each junction of a street without pavements that is walked along",
    )
    width_weight_per_m: float = quantity(
        0.0004,
        "/m",
        source=_GUESS,
        grade="G",
        fork="now",
        ge=0,
        le=0.1,
        doc="value per metre walked of each log unit of clear width above 4 m",
    )
    seat_weight: float = quantity(
        0.15,
        source=_GUESS,
        grade="G",
        fork="now",
        ge=0,
        le=10,
        doc="value of seats at a place: this times log(1 + seats)",
    )
    exit_weight: float = quantity(
        0.5,
        source=_SIZE,
        grade="G",
        fork="now",
        ge=0,
        le=10,
        doc="value of an exit to leave by: this times the log of its share of riders",
    )
    unused_minute_value: float = quantity(
        0.02,
        "/min",
        source=_GUESS,
        grade="G",
        fork="now",
        ge=0,
        le=10,
        doc="value of a minute of the budget that is not used",
    )
    seat_local_per_m: float = quantity(
        0.0001,
        "/m",
        source="guess; seats and greenery moved the choice of ways little in Oyama (2024)",
        grade="G",
        ge=0,
        le=0.1,
        doc="where ways are chosen, per metre: this times log(1 + seats per 100 m) of a measure",
    )
    green_local_per_m: float = quantity(
        0.0002,
        "/m",
        source="guess; greenery near 0 in the studies that were told of",
        grade="G",
        ge=0,
        le=0.1,
        doc="where ways are chosen, per metre planted by a measure",
    )
    arcade_weight_per_m: float = quantity(
        0.0005, "/m", source=_GUESS, grade="G", ge=0, le=0.1, doc="value per metre walked under a roof of a measure"
    )
    sign_local: float = quantity(
        0.1,
        source="guess: signs raise the odds of a place by a tenth",
        grade="G",
        ge=0,
        le=5,
        doc="where the next place is chosen, added for places that signs tell of",
    )
    exit_pull: float = quantity(
        0.5,
        source="guess: people come by the station near what they come for",
        grade="G",
        fork="new_only",
        ge=0,
        le=5,
        doc="a class is split over exits by riders times (1 + attraction for it near the exit) to this power",
    )
    exit_reach_m: Metres = quantity(
        300.0,
        "m",
        source=_GUESS,
        grade="G",
        fork="new_only",
        gt=0,
        le=5000,
        doc="walk over which the attraction of a place near an exit falls to 37 %",
    )
    way_scale: float = quantity(
        0.1,
        source="guess: as much as 37 m of walking; a recursive logit on the links that lead closer",
        grade="G",
        fork="no",
        ge=0,
        le=10,
        doc="spread of taste between ways of one pair of places, in the unit of costs; 0: all take the least-cost way",
    )
    stay_places_most: int = quantity(
        120,
        source="choice: keeps the plans of a class near a second",
        grade="D",
        ge=1,
        le=2000,
        doc="places near one another are merged until no more than this are left",
    )


_OPEN_ALL_DAY = (1.0,) * _HOURS


def _open(start: int, end: int) -> tuple[float, ...]:
    return tuple(1.0 if start <= hour < end else 0.0 for hour in range(_HOURS))


class PlaceKind(Params):
    """Places of one category: when they attract, and how many they hold."""

    by_hour: tuple[float, ...] = quantity(
        _OPEN_ALL_DAY,
        source=_GUESS,
        grade="G",
        fork="no",
        min_length=_HOURS,
        max_length=_HOURS,
        doc="share of the attraction in each hour of the day; 0: closed, and stays end before",
    )
    holds_per_attraction: float = quantity(
        0.0,
        "people",
        source="not known: no count of seats or floors was found",
        grade="G",
        fork="no",
        ge=0,
        le=1e6,
        doc="people a place holds per unit of attraction, the rest are turned away; 0: no limit",
    )


def _usual_kinds() -> dict[str, PlaceKind]:
    return {
        "shop": PlaceKind(by_hour=_open(10, 21)),
        "food": PlaceKind(by_hour=_open(11, 24)),
        "culture": PlaceKind(by_hour=_open(10, 20)),
    }


class PlaceParams(Params):
    """Hours, capacity and attraction by hour of places, by category."""

    hours: bool = quantity(
        False,
        source="choice: without hours a day is planned once; with them once per three hours, some seconds more",
        grade="D",
        doc="whether kinds hold; without them every place is open all day and holds everybody",
    )
    kinds: dict[str, PlaceKind] = quantity(
        default_factory=_usual_kinds,
        source="guess: usual opening hours of shops, restaurants and museums",
        grade="G",
        doc="by category; categories that are not named are open all day and hold everybody",
    )


class InsideParams(Params):
    """Who is inside when the clock starts."""

    warm_up_s: Seconds = quantity(
        0.0,
        "s",
        source="choice: nobody came before the clock starts",
        grade="D",
        fork="no",
        ge=0,
        le=86400,
        doc="arrivals of this long before the clock's start are walked first; whoever is still there is inside then",
    )
    residents: Count = quantity(
        0.0,
        "people",
        source="not known: the night population of the area was not found",
        grade="G",
        fork="no",
        ge=0,
        le=1e6,
        doc="residents at home when the clock starts who leave in the day; they count as inside, not in the shares",
    )
    leaving_profile: tuple[float, ...] = quantity(
        _profile(h05=1, h06=4, h07=8, h08=8, h09=4, h10=3, h11=2, h12=2, h13=2, h14=2, h15=1, h16=1, h17=1, h18=1),
        source=_GUESS,
        grade="G",
        fork="no",
        min_length=_HOURS,
        max_length=_HOURS,
        doc="24 weights: the hour in which residents leave home",
    )


class FeedbackParams(Params):
    """Crowding of the day, fed back into plans by successive averages."""

    rounds: int = quantity(
        0,
        source="choice: plans know free walking times only; 4 rounds bring crowded days below 1 %",
        grade="D",
        fork="no",
        ge=0,
        le=50,
        doc="days walked beforehand at most, each with the mean of the times met so far; none: no feedback",
    )
    residual: Share = quantity(
        0.01,
        "%",
        source="choice: the residual below which flows are called settled",
        grade="D",
        fork="no",
        gt=0,
        le=1,
        doc="stop when planned and met person-times on links differ by less than this",
    )
    first_times: float = quantity(
        1.0,
        source="choice: free times; another start tells whether the end depends on it",
        grade="D",
        fork="no",
        ge=1,
        le=10,
        doc="walking times expected on the first day, as a multiple of the free times",
    )


class MoreExit(Params):
    """An exit that the map does not have."""

    at: tuple[float, float] = Field(description="[longitude, latitude] in degrees, within 100 m of a pavement")
    riders: Count = Field(
        ge=0, le=5e6, description="riders a day, as of the exits of the map", examples=["60000 people"]
    )
    station: str = Field("", max_length=60, description="station it belongs to; its own name if not given")

    @field_validator("at")
    @classmethod
    def _on_earth(cls, value: tuple[float, float]) -> tuple[float, float]:
        if not (-180 <= value[0] <= 180 and -85 <= value[1] <= 85):
            raise ValueError(f"{list(value)} is no [longitude, latitude] in degrees")
        return value


class CirculationKpi(Params):
    """How the circulation share is counted; bounds are inclusive."""

    stay_from_s: Seconds = quantity(900.0, "s", source="city plan: stays of 15 to 180 min circulate", grade="V", ge=0)
    stay_to_s: Seconds = quantity(10800.0, "s", source="city plan: stays of 15 to 180 min circulate", grade="V", gt=0)
    leave_out: tuple[ClassName, ...] = quantity(
        (), source="choice: everyone is counted", grade="D", doc="classes left out of shares and head counts"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.stay_to_s < self.stay_from_s:
            raise ValueError(f"stay_to of {self.stay_to_s:g} s is below stay_from of {self.stay_from_s:g} s")
        return self


class PedestrianParams(Params):
    """Walking around: visitors enter at station exits, choose places and lengths of stay, and leave."""

    classes: VisitorClasses = Field(default_factory=VisitorClasses)
    arrivals_table: str = quantity(
        "",
        source="the scenario",
        grade="D",
        fork="new_only",
        doc="table with columns exit, time (or hour), count and, if wanted, class; replaces visitors_per_day",
    )
    visitors_factor: Share = quantity(
        1.0,
        "%",
        source="choice: the numbers as they stand",
        grade="D",
        fork="new_only",
        ge=0,
        le=20,
        doc="all numbers of visitors are multiplied by this",
    )
    sample_share: Share = quantity(
        1.0,
        "%",
        source="choice: everybody is walked",
        grade="D",
        ge=0.001,
        le=1,
        doc="share of the visitors that are walked; each walker then stands for 1 / share people in all counts, "
        "densities and crowding. For quick first runs: a small sample makes crowding a little too bumpy",
    )
    district: str = quantity(
        "", source="choice: every place of the map", grade="D", doc="keep only exits and places whose id begins so"
    )
    more_exits: dict[str, MoreExit] = quantity(
        default_factory=dict,
        source="choice: the exits of the map",
        grade="D",
        fork="no",
        doc="by name: exits of other lines and the like; they share the visitors with those of the map by riders",
    )
    walk: WalkParams = Field(default_factory=WalkParams)
    crossings: CrossingParams = Field(default_factory=CrossingParams)
    choice: ChoiceParams = Field(default_factory=ChoiceParams)
    places: PlaceParams = Field(default_factory=PlaceParams)
    inside: InsideParams = Field(default_factory=InsideParams)
    feedback: FeedbackParams = Field(default_factory=FeedbackParams)
    circulation_kpi: CirculationKpi = Field(default_factory=CirculationKpi)

    @property
    def people_per_walker(self) -> float:
        """How many people each walker stands for."""
        return 1.0 / self.sample_share
