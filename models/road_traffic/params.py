"""Parameters of the road layer, with their sources."""

from __future__ import annotations

from itertools import combinations
from typing import Literal, Self

from pydantic import model_validator

from twin.models.road_traffic.day_to_day.params import DaysParams
from twin.models.road_traffic.equilibrium.params import StaticLinkParams
from twin.models.road_traffic.gravity.params import GravityParams
from twin.models.road_traffic.records.params import FuelParams
from twin.params import Params, quantity
from twin.units import ClockSpan, Count, Metres, Seconds, Share, Speed

_DAY_S = 86400.0


class SpeedFactor(Params):
    """Share of the free-flow speed that is driven during some hours of every day."""

    hours: ClockSpan = quantity(source="the scenario", grade="G", doc="hours of every day, for example 07:00-09:00")
    factor: Share = quantity(unit="%", source="the scenario", grade="G", gt=0, le=2, doc="share of the free-flow speed")
    road_classes: tuple[str, ...] = quantity(
        (), source="choice: all streets", grade="D", doc="OSM highway classes it holds for; empty for all streets"
    )
    streets: tuple[str, ...] = quantity(
        (),
        source="choice: all streets",
        grade="D",
        doc="names of the streets it holds for, as on the map; goes before factors that name no street",
    )

    @model_validator(mode="after")
    def _within_a_day(self) -> Self:
        if self.hours[1] > _DAY_S:
            raise ValueError("the hours of a speed factor repeat every day and must end by 24:00; split them in two")
        return self

    def shares_streets(self, other: SpeedFactor) -> bool:
        """Whether both may set the factor of one street; a factor that names streets goes before one that does not."""
        if bool(self.streets) != bool(other.streets):
            return False
        classes = not self.road_classes or not other.road_classes or set(self.road_classes) & set(other.road_classes)
        return bool(classes) and (not self.streets or bool(set(self.streets) & set(other.streets)))


class ClassSpeeds(Params):
    """Highest speed of each class of vehicle; a street's own free-flow speed still binds."""

    car_mps: Speed = quantity(
        60 / 3.6,
        "m/s",
        source="Road Traffic Act enforcement order art. 11: 60 km/h where no sign says else",
        grade="M",
        fork="new_only",
        gt=0,
        le=60,
    )
    van_mps: Speed = quantity(60 / 3.6, "m/s", source="as cars", grade="M", fork="new_only", gt=0, le=60)
    small_truck_mps: Speed = quantity(60 / 3.6, "m/s", source="as cars", grade="M", fork="new_only", gt=0, le=60)
    container_truck_mps: Speed = quantity(
        50 / 3.6, "m/s", source="guess: below the limit when laden", grade="G", fork="new_only", gt=0, le=60
    )
    bus_mps: Speed = quantity(
        50 / 3.6, "m/s", source="guess: below the limit with standing riders", grade="G", fork="new_only", gt=0, le=60
    )


class ClassSizes(Params):
    """Room and headway of each class in car units; used by the queueing form."""

    car: Count = quantity(1.0, source="the unit", grade="D", gt=0, le=10)
    van: Count = quantity(1.0, source="guess: a van of 5 m queues like a car", grade="G", gt=0, le=10)
    small_truck: Count = quantity(1.5, source="guess", grade="G", gt=0, le=10)
    container_truck: Count = quantity(
        3.0, source="guess: tractor and 40-foot chassis, about three cars long", grade="G", gt=0, le=10
    )
    bus: Count = quantity(2.0, source="remembered: usual passenger-car equivalent of a bus", grade="M", gt=0, le=10)


class SignalParams(Params):
    """Default plan at the signals of the map; used by both forms."""

    default_plan: bool = quantity(
        True,
        source="choice: maps tell where signals are, not how they run",
        grade="D",
        doc="two phases at every junction with lights on the map, green by the width of the approaches, long "
        "enough for those who cross on foot",
    )
    coordinated: bool = quantity(
        True,
        source="choice: lights of main streets are coordinated as a rule; driving times give the offsets "
        "(Little, Martin and Morgan 1966), the rule itself is a guess for any given street",
        grade="G",
        doc="offsets of the default plan follow the free-flow time along the street of the widest approach; "
        "0 or half a cycle where it runs both ways",
    )
    junction_m: Metres = quantity(
        40.0,
        "m",
        source="guess: wider than two carriageways and a median, shorter than a block",
        grade="G",
        ge=0,
        le=100,
        doc="links up to this length between two lights are inside one junction, which has one plan and stops nobody "
        "inside; 0 for a plan per node",
    )
    table: str = quantity(
        "",
        source="the scenario",
        grade="D",
        doc="table of plans in place of the default: node_id (OSM id of the signal), street (name of the approach, "
        "empty for all), cycle_s, green_s, offset_s, and to_street where a row is the plan of the movements towards "
        "one street alone; equal cycles and offsets along a street make a green wave",
    )
    cycle_s: Seconds = quantity(100.0, "s", source="guess: urban main streets", grade="G", ge=20, le=300)
    street_cycles: dict[str, Seconds] = quantity(
        default_factory=dict,
        unit="s",
        source="choice: every street runs cycle",
        grade="D",
        doc="cycle of all junctions along a street, by its name on the map, for cars and walkers; where two such "
        "streets cross, the longer one holds",
    )
    lost_time_s: Seconds = quantity(
        5.0, "s", source="remembered: yellow and all-red less what is driven in them", grade="M", ge=0, le=9
    )
    walk_speed_mps: Speed = quantity(
        1.0,
        "m/s",
        source="Osaka Prefectural Police: green lets a walker at 1.0 m/s cross; the clearance after it, "
        "half the crossing at that speed, is remembered",
        grade="V",
        gt=0,
        le=2,
        doc="no stage of the default plan is shorter than walkers of this speed need to cross the other street",
    )
    crossing_green: Share = quantity(
        0.6,
        "%",
        source="guess: signals that only guard a crossing",
        grade="G",
        gt=0,
        le=1,
        doc="green share of a signal whose approaches all lie on one axis",
    )

    @model_validator(mode="after")
    def _cycles_as_cycle(self) -> Self:
        for street, cycle_s in self.street_cycles.items():
            if not 20 <= cycle_s <= 300:
                raise ValueError(f"the cycle of {street} must lie between 20 s and 300 s, got {cycle_s:g} s")
        return self


class CrossingParams(Params):
    """Time lost at crossings without lights, and by turning anywhere; used by the free-flow form.

    Whoever slows from v to u and speeds up again at the rate a loses (v - u)^2 / (a v).
    """

    lose_time: bool = quantity(
        True,
        source="choice: a driver who meets no other still turns, stops and looks",
        grade="D",
        doc="whether crossings without lights, and turns, cost time",
    )
    turn_mps: Speed = quantity(
        10 / 3.6,
        "km/h",
        source="remembered: slow in turns (Road Traffic Act art. 34), which the police take for 10 km/h or less",
        grade="M",
        gt=0,
        le=60,
        doc="speed in a turn of more than 45 degrees",
    )
    unseen_mps: Speed = quantity(
        10 / 3.6,
        "km/h",
        source="remembered: slow where sides cannot be seen and nobody has priority (Road Traffic "
        "Act art. 42); the police take slow for 10 km/h or less",
        grade="M",
        gt=0,
        le=60,
        doc="speed over a crossing of streets of one rank without lights",
    )
    look_s: Seconds = quantity(
        2.0,
        "s",
        source="guess: standing at a stop line to look both ways",
        grade="G",
        ge=0,
        le=60,
        doc="time at the stop before a main street (trunk to tertiary), on top of stopping and starting",
    )
    rate_mps2: float = quantity(
        1.5,
        "m/s2",
        source="guess: with passengers on board; design guides take 1 to 2",
        grade="G",
        gt=0,
        le=10,
        doc="rate of slowing down and of speeding up",
    )


class BackgroundParams(Params):
    """Cars that are nobody's: from an OD table of the scenario, a gravity model over the map, or both."""

    od_table: str = quantity(
        "",
        source="the scenario",
        grade="D",
        fork="no",
        doc="table with columns from_place, to_place, from_s, to_s, count and, if wanted, vehicle_class",
    )
    gravity: GravityParams | None = quantity(
        None,
        source="choice: no cars that nobody asked for",
        grade="D",
        fork="no",
        doc="cars of a day between zones and entries: sums per place kept, scaled to counts if there are any; {} "
        "takes the defaults; adds to od_table if both are given",
    )
    days: DaysParams | None = quantity(
        None,
        source="choice: a day of its own, on which cars know what they learned on the way",
        grade="D",
        fork="no",
        doc="cars repeat their day before the run until none could have come much sooner, and then drive the ways they "
        "learned; {} takes the defaults; queueing form",
    )
    static: StaticLinkParams | None = quantity(
        None,
        source="choice: at the start of the clock cars know empty streets",
        grade="D",
        fork="no",
        doc="before the first times are measured, cars choose by those of a static user equilibrium of the cars of the "
        "first hour; {} takes the defaults; queueing form",
    )
    replan_share: Share = quantity(
        0.25,
        "%",
        source="guess: drivers who follow live traffic information",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="share of cars under way that look for a new way whenever link times are measured; queueing form",
    )
    route_spread: Share = quantity(
        0.5,
        "%",
        source="guess: a driver's idea of a link is off by a fifth (standard deviation)",
        grade="G",
        fork="new_only",
        ge=0,
        lt=1,
        doc="every car chooses by link times of its own within 1 ± this of those known, half by street and half by "
        "link; 0 sends all the same way; queueing form",
    )
    news_every_s: Seconds = quantity(
        120.0,
        "s",
        source="choice: short against trips, so that routes shift little by little",
        grade="D",
        fork="no",
        ge=30,
        le=3600,
        doc="how often cars that choose their way learn of link times just measured; queueing form",
    )
    news_weight: Share = quantity(
        0.1,
        "%",
        source="guess: with the interval, a memory of twenty minutes",
        grade="G",
        fork="new_only",
        gt=0,
        le=1,
        doc="weight of the link times just measured in those by which cars choose; the rest is what they knew; "
        "queueing form",
    )
    factor: Share = quantity(
        1.0,
        "%",
        source="choice: the demand as it stands",
        grade="D",
        fork="new_only",
        ge=0,
        le=10,
        doc="every count of the table and every trip of the gravity model is multiplied by this",
    )


class RoadParams(Params):
    """How vehicles drive on the drive layer."""

    form: Literal["free_flow", "queueing"] = quantity(
        "free_flow",
        source="choice: the simplest form unless queues matter",
        grade="D",
        fork="no",
        doc="free_flow: every vehicle at its own speed, with lights and crossings but no other traffic; queueing: "
        "link transmission with queues and spillback",
    )
    speed_factors: tuple[SpeedFactor, ...] = quantity(
        (),
        source="choice: free flow unless the scenario says else",
        grade="D",
        fork="new_only",
        doc="share of the free-flow speed by hour and class of street",
    )
    class_speeds: ClassSpeeds = ClassSpeeds()
    class_sizes: ClassSizes = ClassSizes()
    jam_spacing_m: Metres = quantity(
        7.0,
        "m",
        source="remembered: 140 to 150 cars per km and lane in a standing queue",
        grade="M",
        ge=4,
        le=15,
        doc="length of lane a car takes in a standing queue; queueing form",
    )
    reaction_time_s: Seconds = quantity(
        1.4,
        "s",
        source="derived: with the spacing a wave of 5 m/s and about 1,900 cars/h and lane at 50 km/h",
        grade="D",
        ge=0.5,
        le=4,
        doc="time gap at which a queue starts; queueing form",
    )
    shortest_link_s: Seconds = quantity(
        1.0,
        "s",
        source="choice: shorter links would need finer steps and hold no vehicle",
        grade="D",
        ge=0.1,
        le=5,
        doc="links driven in less are lengthened to it; queueing form",
    )
    release_after_s: Seconds = quantity(
        0.0,
        "s",
        source="choice: a gridlock is a result",
        grade="D",
        ge=0,
        le=86400,
        doc="a vehicle blocked for longer by a full link is let in by force and counted; 0 for never; queueing form",
    )
    signals: SignalParams = SignalParams()
    crossings: CrossingParams = CrossingParams()
    fuel: FuelParams = FuelParams()
    background: BackgroundParams = BackgroundParams()
    watched_streets: tuple[str, ...] = quantity(
        (),
        source="choice: none",
        grade="D",
        fork="no",
        doc="streets, by name on the map, whose metres of queue and minutes blocked are told in results",
    )
    board_every_s: Seconds = quantity(
        600.0,
        "s",
        source="choice: long enough to measure; other models plan anew at every change",
        grade="D",
        fork="no",
        ge=30,
        le=3600,
        doc="how often measured link times are published; used by the queueing form",
    )

    @model_validator(mode="after")
    def _days_need_queues(self) -> Self:
        if self.background.days is not None and self.form != "queueing":
            raise ValueError("background.days needs form: queueing; in free flow no other way is ever quicker")
        return self

    @model_validator(mode="after")
    def _static_needs_queues(self) -> Self:
        if self.background.static is not None and self.form != "queueing":
            raise ValueError("background.static needs form: queueing; in free flow no street is slower for traffic")
        return self

    @model_validator(mode="after")
    def _no_overlap(self) -> Self:
        for one, other in combinations(sorted(self.speed_factors, key=lambda f: f.hours), 2):
            if other.hours[0] < one.hours[1] and one.shares_streets(other):
                raise ValueError(
                    f"two speed factors overlap: {_clock(one.hours)} and {_clock(other.hours)}; "
                    "let one end where the next begins"
                )
        return self


def _clock(span: tuple[float, float]) -> str:
    return "-".join(f"{int(t) // 3600:02d}:{int(t) % 3600 // 60:02d}" for t in span)
