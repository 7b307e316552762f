"""Parameters of on-demand transit: fleet, promise, dwell, riders, demand, dispatch."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from pydantic import field_validator, model_validator

from twin.models.transit.bus.params import BusParams, ReachParams
from twin.models.transit.choice.params import ChoiceParams
from twin.models.transit.service.params import Booking, Costs, Fare, VanType
from twin.params import Params, quantity
from twin.units import ClockSpan, Count, Metres, Seconds, Share, Speed

#: Strategies of this package, and the group of entry points by which others add theirs.
BUILT_IN_STRATEGIES = ("cheapest_insertion", "first_come", "reoptimise", "assignment")
STRATEGY_GROUP = "osaka_twin.transit_strategies"

#: Relative demand by hour of the day, 0 to 23. Day-time service for errands, clinics and stations: a plateau
#: from 9 to 17 and little in the evening. A guess of ours; no published profile was found.
HOURLY_PROFILE: tuple[float, ...] = (
    0, 0, 0, 0, 0, 0, 2, 5, 7, 9, 9, 8, 7, 8, 8, 8, 8, 7, 6, 4, 3, 2, 1, 0,
)  # fmt: skip


class Detour(Params):
    """Longest ride that is promised: ``times_direct`` x the direct ride + ``plus``."""

    times_direct: float = quantity(
        1.5,
        "",
        source="FleetPy examples allow 40 % more; our choice",
        grade="G",
        fork="new_only",
        ge=1,
        le=10,
        doc="Factor on the direct ride.",
    )
    plus_s: Seconds = quantity(
        300.0,
        "s",
        source="our choice",
        grade="G",
        fork="new_only",
        ge=0,
        le=86400,
        doc="Time on top; it also covers the dwell at the first stop.",
    )


class Promise(Params):
    """What a rider is told when a request is accepted; it is kept as long as the road keeps its times."""

    wait_at_most_s: Seconds = quantity(
        900.0,
        "s",
        source="FleetPy examples use 5 min; our choice, to be swept from 10 to 30 min",
        grade="G",
        fork="new_only",
        gt=0,
        le=86400,
        doc="From asking to boarding.",
    )
    detour: Detour = Detour()
    other_stop_walk_at_most_m: Metres = quantity(
        0.0,
        "m",
        source="choice: no other stop is offered",
        grade="G",
        ge=0,
        le=2000,
        doc="A refusal also tells the nearest other stop within so many metres of their own from which they could have "
        "been served as asked; nobody is sent there.",
    )


class FleetParams(Params):
    """Vans and where they stand."""

    count: Count = quantity(
        10.0,
        "vans",
        source="plan of 39 cut to 10 vans at the start in Ikuno and Hirano (traport.biz)",
        grade="V",
        fork="now",
        ge=0,
        le=100_000,
        multiple_of=1,
        doc="Vans in service.",
    )
    seats: Count = quantity(
        8.0,
        "seats",
        source="one-box van for 8 passengers (creators.yahoo.co.jp/aya/0100160836)",
        grade="V",
        ge=1,
        le=100,
        multiple_of=1,
        doc="Passengers a van can carry.",
    )
    depots: tuple[str, ...] = quantity(
        (),
        "",
        source="not published; the depots of the map, else vans spread evenly over the stops",
        grade="G",
        doc="Ids of the depots or stops where vans start and end their day, in turn; a depot counts as its "
        "nearest stop.",
    )
    types: dict[str, VanType] = quantity(
        default_factory=dict,
        source="choice: vans are alike, and a wheelchair takes a seat",
        grade="D",
        fork="no",
        doc="Types of vans by name, each with count, seats, wheelchair_spaces, step_free and shifts; in place of count "
        "and seats.",
    )
    acknowledge_s: Seconds = quantity(
        10.0,
        "s",
        source="our guess",
        grade="G",
        ge=0,
        le=3600,
        doc="From the order to a standing van until it drives off.",
    )

    @model_validator(mode="before")
    @classmethod
    def _types_count(cls, data: Any) -> Any:
        """The number of vans is that of the types, where there are any."""
        types = data.get("types") if isinstance(data, dict) else None
        if not types:
            return data
        made = {name: one if isinstance(one, VanType) else VanType.model_validate(one) for name, one in types.items()}
        # A plan holds both, and they agree.
        if data.get("count") not in (None, sum(one.count for one in made.values())):
            raise ValueError("count and types are both given; each type has its own count, so leave count out")
        return {**data, "types": made, "count": sum(one.count for one in made.values())}


class Dwell(Params):
    """Time a van stands at a stop."""

    per_stop_s: Seconds = quantity(
        30.0,
        "s",
        source="default of FleetPy; a MATSim example has 60 s",
        grade="V",
        ge=0,
        le=3600,
        doc="Doors, belts, pulling out; once per visit.",
    )
    per_boarder_s: Seconds = quantity(
        5.0, "s", source="our guess", grade="G", ge=0, le=600, doc="More for every boarding passenger."
    )
    wheelchair_s: Seconds = quantity(
        180.0,
        "s",
        source="our guess",
        grade="G",
        ge=0,
        le=3600,
        doc="More when a wheelchair boards, and again when it alights.",
    )


class Riders(Params):
    """Who rides and how they walk to the stop."""

    age65_share: Share = quantity(
        0.3121,
        "%",
        source="share of residents of 65 and older, Ikuno 2020 (renovism.com); that riders are like "
        "residents is a guess",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
    )
    wheelchair_share: Share = quantity(
        0.01,
        "%",
        source="our guess",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="Requests with a wheelchair, whatever the age.",
    )
    adult_walk_mps: Speed = quantity(1.2, "m/s", source="our guess", grade="G", fork="new_only", gt=0, le=3)
    age65_walk_mps: Speed = quantity(
        1.0,
        "m/s",
        source="pedestrian signals assume 1.0 m/s (newsdig.tbs.co.jp 1487682); that people of 65 and "
        "older walk so is a guess",
        grade="G",
        fork="new_only",
        gt=0,
        le=3,
    )
    wheelchair_walk_mps: Speed = quantity(0.8, "m/s", source="our guess", grade="G", fork="new_only", gt=0, le=3)
    two_share: Share = quantity(
        0.15,
        "%",
        source="our guess; 1,675 rides for 2,410 people in Shiojiri make 1.44 a ride",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="Requests for two people.",
    )
    three_share: Share = quantity(
        0.05, "%", source="our guess", grade="G", fork="new_only", ge=0, le=1, doc="Requests for three people."
    )
    stop_spacing_m: Metres = quantity(
        300.0,
        "m",
        source="stops on a mesh of about 300 m (saitoshika-west.com 7742)",
        grade="V",
        fork="new_only",
        ge=0,
        le=10_000,
        doc="Doors lie evenly in a square of this side around their stop; people walk along its streets.",
    )

    @property
    def mean_party(self) -> float:
        """People per request."""
        return 1.0 + self.two_share + 2.0 * self.three_share

    @model_validator(mode="after")
    def _shares_fit(self) -> Riders:
        if self.age65_share + self.wheelchair_share > 1:
            raise ValueError(
                f"age65_share {self.age65_share:g} and wheelchair_share {self.wheelchair_share:g} make more than 100 %"
            )
        if self.two_share + self.three_share > 1:
            raise ValueError(f"two_share {self.two_share:g} and three_share {self.three_share:g} make more than 100 %")
        return self


class Stops(Params):
    """Where people board and alight."""

    table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        doc="Name of a table with id, lat, lon and, if known, name; without it the stops of the map.",
    )
    mesh_m: Metres | None = quantity(
        None,
        "m",
        source="the scenario; about 300 m in Osaka (saitoshika-west.com 7742)",
        grade="D",
        gt=0,
        le=10_000,
        doc="Lay virtual stops on a square mesh over the streets, in place of those of the map.",
    )

    @model_validator(mode="after")
    def _one_source(self) -> Stops:
        if self.table is not None and self.mesh_m is not None:
            raise ValueError(f"stops come from the table {self.table!r} or from a mesh, not from both; give one")
        return self


def riders_or_requests(data: Any) -> Any:
    """Let requests_per_day take the place of riders_per_day; both together would be two demands."""
    if isinstance(data, dict) and data.get("requests_per_day") is not None:
        if data.get("riders_per_day") is not None:
            raise ValueError(
                "riders_per_day and requests_per_day are both given; keep one: a request carries a party of riders"
            )
        return {**data, "riders_per_day": None}
    return data


class Demand(Params):
    """Requests from a table, or drawn."""

    table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        doc="Name of a table with time, from_stop, to_stop and, if known, "
        "party, age_group and id; without it requests are drawn.",
    )
    riders_per_day: Count | None = quantity(
        234.0,
        "people",
        source="riders to the end of 2022 by days: Ikuno about 100 and Hirano about 134 a day "
        "(Osaka Metro release 2023-01-24)",
        grade="D",
        fork="new_only",
        ge=0,
        le=10_000_000,
        doc="Mean number of people of a whole day; by the mean party they make requests. Ignored with a table.",
    )
    requests_per_day: Count | None = quantity(
        None,
        "requests",
        source="the scenario",
        grade="D",
        fork="new_only",
        ge=0,
        le=10_000_000,
        doc="Mean number of requests of a whole day, in place of riders_per_day.",
    )
    hourly_profile: tuple[float, ...] = quantity(
        HOURLY_PROFILE,
        "",
        source="our guess",
        grade="G",
        fork="new_only",
        doc="24 relative weights, from hour 0 to hour 23.",
    )
    residents_table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        fork="no",
        doc="Name of a table of areas with people (grid squares by mesh: true, or polygons by areas: FIELD), in "
        "place of the zones of the map: people count at the stop nearest to where they live.",
    )
    residents_column: str = quantity(
        "people",
        "",
        source="the scenario",
        grade="D",
        fork="no",
        min_length=1,
        doc="Column of that table with the people.",
    )
    residents_within_m: Metres = quantity(
        1000.0,
        "m",
        source="our choice: as far as zones of the map count",
        grade="G",
        fork="no",
        gt=0,
        le=20_000,
        doc="People of that table who live farther than this from every stop, as the crow flies, do not count.",
    )
    station_share: Share = quantity(
        0.3,
        "%",
        source="our guess; 32.4 % of those with mobility trouble say the station is too far",
        grade="G",
        fork="new_only",
        ge=0,
        le=1,
        doc="Trip ends at stops beside stations, by their riders; the rest follows "
        "residents. Ignored where the map has no stations or no residents.",
    )
    shortest_trip_m: Metres = quantity(
        500.0,
        "m",
        source="our guess; nearer goals are walked to",
        grade="G",
        fork="new_only",
        ge=0,
        le=100_000,
        doc="As the crow flies.",
    )

    allow_unreachable: bool = quantity(
        False,
        "",
        source="choice: a trip that no street allows is a mistake in the area, as a rule",
        grade="D",
        doc="Whether trips are drawn between stops without a way by road; they are asked for and refused.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_number(cls, data: Any) -> Any:
        return riders_or_requests(data)

    @field_validator("hourly_profile")
    @classmethod
    def _a_day_of_hours(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if len(value) != 24:
            raise ValueError(f"hourly_profile has {len(value)} values; give 24, from hour 0 to hour 23")
        if min(value) < 0 or not sum(value) > 0:
            raise ValueError(f"hourly_profile must not be negative and must not be all 0, got {value}")
        return value


class Zone(Params):
    """A part of the area that is served apart: its trips stay in it, and so do its vans."""

    area: tuple[str, ...] = quantity(
        (), "", source="the scenario", grade="D", doc="Prefixes of the ids of its stops; no stop may lie in two zones."
    )
    inside: tuple[str, ...] = quantity(
        (),
        "",
        source="the scenario",
        grade="D",
        doc="Names of areas of zones_table (wards, 町丁目) in which its stops lie, in place of prefixes.",
    )
    riders_per_day: Count | None = quantity(
        None,
        "people",
        source="the scenario",
        grade="D",
        fork="new_only",
        ge=0,
        le=10_000_000,
        doc="Mean number of people of a whole day; ignored with a table.",
    )
    requests_per_day: Count | None = quantity(
        None,
        "requests",
        source="the scenario",
        grade="D",
        fork="new_only",
        ge=0,
        le=10_000_000,
        doc="Mean number of requests of a whole day, in place of riders_per_day.",
    )
    fleet_weight: float = quantity(
        1.0,
        "",
        source="choice: as many vans as any other zone",
        grade="G",
        fork="no",
        ge=0,
        le=1_000_000,
        doc="Vans are shared out in proportion to it, the next one to the zone that has fewest for its weight.",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_number(cls, data: Any) -> Any:
        return riders_or_requests(data)

    @model_validator(mode="after")
    def _one_ground(self) -> Zone:
        if bool(self.area) == bool(self.inside):
            raise ValueError(
                "give area: prefixes of ids of stops, or inside: names of areas of zones_table; one of them"
            )
        return self


class RebalancingParams(Params):
    """Idle vans go to where requests are expected, by a forecast learned from past days."""

    every_s: Seconds = quantity(
        600.0, "s", source="our choice", grade="G", fork="now", ge=60, le=86400, doc="How often idle vans are sent."
    )
    horizon_s: Seconds = quantity(
        1800.0, "s", source="our choice", grade="G", fork="now", ge=60, le=86400, doc="How far the forecast looks."
    )
    longest_s: Seconds = quantity(
        600.0, "s", source="our choice", grade="G", fork="now", gt=0, le=86400, doc="Longest drive of an idle van."
    )
    cell_m: Metres = quantity(
        1000.0, "m", source="our choice", grade="G", fork="no", gt=0, le=100_000, doc="Side of the forecast's cells."
    )
    past_days: Count = quantity(
        10.0,
        "days",
        source="our choice: two working weeks",
        grade="G",
        fork="no",
        ge=2,
        le=1000,
        multiple_of=1,
        doc="Days that the forecast learns from where demand is drawn: other days of the same demand, never the day "
        "of the run. As many again are held out to judge it.",
    )
    table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        fork="no",
        doc="Name of a table of past requests with day, time and from_stop, in place of drawn days; its later half of "
        "days is held out to judge the forecast.",
    )


class ForecastParams(Params):
    """Plans ahead go by the times that the road expects by the hour, and leave the road a part of each promise."""

    table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        fork="no",
        doc="Name of a table of past days of the road to learn link times from, with from_s, link_index, outflow_count "
        "and time_mean_s, as road_links of a run in the same city; without it, what the road says of its hours, which "
        "it knows in free flow only.",
    )
    reserve_s: Seconds = quantity(
        120.0,
        "s",
        source="our choice: lights and turns make one drive in a hundred of `ikuno_fleet` 140 s longer than its mean",
        grade="G",
        fork="now",
        ge=0,
        le=3600,
        doc="What plans leave of the longest wait and of the longest ride for lights that are red longer than on "
        "average, and for what turning costs.",
    )
    reserve_weight: float = quantity(
        5.0,
        "",
        source="our choice",
        grade="G",
        fork="now",
        ge=0,
        le=1000,
        doc="What a second costs that a plan made anew takes of these reserves, in seconds of a van.",
    )


class DispatchParams(Params):
    """How requests are given to vans."""

    strategy: str = quantity(
        "cheapest_insertion",
        "",
        source="our choice",
        grade="D",
        fork="now",
        doc="cheapest_insertion shares rides; first_come puts every request at the end of a van's plan; reoptimise "
        "makes all plans anew every period by ruin and recreate; assignment matches requests, trips and vans anew by "
        "an integer programme (up to about 100 vans). Or the name of an entry point of the group "
        "osaka_twin.transit_strategies.",
    )
    rider_time_weight: float = quantity(
        0.6,
        "",
        source="our choice: on the two grid cases of the benchmark it serves more and waits less than 0.3, "
        "for 5 % more kilometres",
        grade="G",
        fork="now",
        ge=0,
        le=100,
        doc="Worth of one second of a rider, in seconds of a van.",
    )
    waiting_weight: float | None = quantity(
        None,
        "",
        source="the strategy's own: 0 for cheapest_insertion and first_come (our choice), 1 for reoptimise and "
        "assignment: waiting is valued 1.5 to 2.5 times riding (Wardman 2004, Transport Policy 11(4))",
        grade="M",
        fork="now",
        ge=0,
        le=100,
        doc="Worth of a second of waiting on top of that of a rider's second.",
    )
    every_s: Seconds = quantity(
        30.0,
        "s",
        source="our choice: 10 s and 60 s were no better on the grid day of the benchmark",
        grade="G",
        fork="now",
        ge=1,
        le=3600,
        doc="How often plans are made anew by strategies that do so.",
    )
    steps: Count = quantity(
        3.0,
        "steps",
        source="our choice: 20 steps brought 3 % shorter waits on the grid day of the benchmark",
        grade="G",
        fork="now",
        ge=0,
        le=100_000,
        multiple_of=1,
        doc="Steps of ruin and recreate for each request that may change its van, each time plans are made anew.",
    )
    tries: Count = quantity(
        50.0,
        "steps",
        source="our choice",
        grade="G",
        fork="now",
        ge=0,
        le=100_000,
        multiple_of=1,
        doc="Ways to move others that are tried for a request that fits nowhere, by strategies that make plans anew.",
    )
    turning: bool | None = quantity(
        None,
        "",
        source="the strategy's own: reoptimise and assignment turn vans under way, the others do not",
        grade="D",
        fork="now",
        doc="Whether a van under way may be sent elsewhere from the next stop on its way.",
    )
    forecast: ForecastParams | None = quantity(
        None,
        "",
        source="choice: plans ahead rest on the times of the moment",
        grade="D",
        fork="now",
        doc="Plans ahead know the hours in which the road is slow, and leave it a part of each promise; give "
        "`forecast: {}` for its defaults.",
    )
    rebalancing: RebalancingParams | None = quantity(
        None,
        "",
        source="choice: vans stay where their last rider got off",
        grade="D",
        fork="no",
        doc="Sends idle vans ahead of demand; give `rebalancing: {}` for its defaults.",
    )

    @field_validator("strategy")
    @classmethod
    def _a_known_strategy(cls, value: str) -> str:
        known = {*BUILT_IN_STRATEGIES, *(point.name for point in entry_points(group=STRATEGY_GROUP))}
        if value not in known:
            raise ValueError(f"no strategy is named {value!r}; known: {', '.join(sorted(known))}")
        return value


class TransitParams(Params):
    """AI on-demand transit: vans between virtual stops, dispatched as requests come in."""

    area: tuple[str, ...] = quantity(
        (), "", source="the scenario", grade="D", doc="Prefixes of the ids of the stops that are served; all if empty."
    )
    stops: Stops = Stops()
    zones: dict[str, Zone] = quantity(
        default_factory=dict,
        source="choice: one service",
        grade="D",
        doc="Parts of the area that are served apart, by name: trips stay in their zone, and each van belongs to one. "
        "In place of area and of the demand of the day.",
    )
    zones_table: str | None = quantity(
        None,
        "",
        source="the scenario",
        grade="D",
        fork="no",
        doc="Name of a table of areas (polygons by areas: FIELD, or squares by mesh: true) that zones name by inside.",
    )
    hours: ClockSpan = quantity(
        (21600.0, 82800.0),
        "",
        source="daily 6:00-23:00 (creators.yahoo.co.jp/aya/0100160836)",
        grade="V",
        fork="now",
        doc="Requests are taken in these hours of every day; rides under way are finished.",
    )
    promise: Promise = Promise()
    fleet: FleetParams = FleetParams()
    dwell: Dwell = Dwell()
    riders: Riders = Riders()
    demand: Demand = Demand()
    dispatch: DispatchParams = DispatchParams()
    booking: Booking = Booking()
    fare: Fare = Fare()
    costs: Costs = Costs()
    bus: BusParams | None = quantity(
        None,
        "",
        source="choice: no bus beside the vans",
        grade="D",
        fork="no",
        doc="Buses on fixed routes in the same run, by a GTFS feed or a list of lines with headways.",
    )
    choice: ChoiceParams | None = quantity(
        None,
        "",
        source="choice: demand is that of the vans, whatever waits are",
        grade="D",
        fork="no",
        doc="Everybody who travels in the area chooses among walking, bicycle, bus, van, taxi and car.",
    )

    reach: ReachParams | None = quantity(
        None,
        "",
        source="choice: not asked for",
        grade="D",
        fork="no",
        doc="Counts cells within reach from door to door, on foot, by bus and by van; `reach: {}` for its defaults.",
    )

    @field_validator("fleet", mode="before")
    @classmethod
    def _a_number_is_a_count(cls, value: Any) -> Any:
        if isinstance(value, int | float | str) and not isinstance(value, bool):
            return {"count": value}
        return value

    @field_validator("hours")
    @classmethod
    def _within_a_day(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] >= 86400 or value[1] - value[0] > 86400:
            raise ValueError(f"hours must begin on day one and last 24 h at most, got {value[0]:g} s to {value[1]:g} s")
        return value

    @model_validator(mode="after")
    def _zones_fit(self) -> TransitParams:
        if not self.zones:
            if self.zones_table is not None:
                raise ValueError(
                    "zones_table has no use without zones; name areas of it under zones: {NAME: {inside: […]}}"
                )
            return self
        reserved = sorted({"all", "adult", "age_65", "wheelchair", "app", "phone", ""} & set(self.zones))
        if reserved:
            raise ValueError(f"a zone cannot be named {reserved[0]!r}: results use the word for a group of riders")
        if any(zone.inside for zone in self.zones.values()) != (self.zones_table is not None):
            raise ValueError("zones_table and inside go together: inside of a zone names areas of the table")
        if self.area:
            raise ValueError("area and zones are both given; zones have areas of their own, so leave area out")
        if not self.demand.table:
            silent = [
                name
                for name, zone in self.zones.items()
                if zone.riders_per_day is None and zone.requests_per_day is None
            ]
            if silent:
                raise ValueError(f"zone {silent[0]} has no demand; give its riders_per_day or requests_per_day")
        if not any(zone.fleet_weight > 0 for zone in self.zones.values()):
            raise ValueError("no zone has a fleet_weight above 0, so that no van could serve anybody")
        return self

    @model_validator(mode="after")
    def _choice_fits(self) -> TransitParams:
        if self.choice is None:
            return self
        if self.zones:
            raise ValueError("choice knows no zones that are served apart; give area, or leave choice out")
        if (self.choice.travellers_per_day is None) == (self.demand.table is None):
            raise ValueError(
                "choice needs choice.travellers_per_day, or the trips of a table named by demand.table; give one"
            )
        if self.dispatch.rebalancing is not None and self.dispatch.rebalancing.table is None:
            raise ValueError(
                "rebalancing would learn from all who travel, not from those who ask for a van; name past requests by "
                "dispatch.rebalancing.table"
            )
        return self

    def travelling(self) -> TransitParams:
        """The same with the demand of all who travel in place of that of the vans."""
        if self.choice is None or self.choice.travellers_per_day is None:
            return self
        # Trips are those of people, as riders are.
        demand = self.demand.model_copy(
            update={"riders_per_day": self.choice.travellers_per_day, "requests_per_day": None}
        )
        return self.model_copy(update={"demand": demand, "choice": None})

    def requests_per_day(self, zone: str = "") -> float:
        """Mean number of requests a day, of one zone if there are any; riders make fewer, by the mean party."""
        demand = self.zones[zone] if zone else self.demand
        if demand.requests_per_day is not None:
            return demand.requests_per_day
        return (demand.riders_per_day or 0.0) / self.riders.mean_party

    @property
    def lead_s(self) -> float:
        """Least time between deciding on a drive and driving off."""
        return min(self.fleet.acknowledge_s, self.dwell.per_stop_s)

    def estimate_agents(self) -> float:
        """Vans, and riders, requests or trips of a day as they are given, for the estimate before a run."""
        if self.choice is not None and self.choice.travellers_per_day is not None:
            # Most of them are a row and no more.
            return self.fleet.count + self.choice.travellers_per_day / 20
        return self.fleet.count + (
            0.0
            if self.demand.table
            else sum(
                given.riders_per_day or given.requests_per_day or 0.0 for given in self.zones.values() or (self.demand,)
            )
        )
