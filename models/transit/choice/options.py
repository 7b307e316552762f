"""What each way of travelling takes of each traveller: time, money, metres, and the utility of all that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from twin.arrays import Flags, Floats, Ints
from twin.city.city import City, Place, StreetLayer
from twin.city.routing.ways import nearest_node, travel_times
from twin.engine.draws import event, make_stream, uniforms
from twin.errors import CityError
from twin.models.transit.bus.journeys import Journeys, find_journeys
from twin.models.transit.bus.service import BusService
from twin.models.transit.choice.params import BICYCLE, BUS, CAR, MODES, TAXI, VAN, WALK, ChoiceParams
from twin.models.transit.demand.requests import door_offsets_m
from twin.models.transit.fleet.rows import Requests
from twin.models.transit.params import TransitParams


@dataclass(frozen=True)
class Options:
    """Options of n travellers, (n, modes) each; those of the van by what is expected of it.

    Attributes
    ----------
    utility : float64
    available : bool
    time_s : float64
        Door to door.
    yen : float64
        Fares and running costs of the whole party.
    metres : float64
        Driven on the road for this trip by car and taxi; 0 by other ways.
    journeys
        By bus; None where there is none.
    knows_van : (n,) bool
        Who has heard of the vans.
    """

    utility: Floats
    available: Flags
    time_s: Floats
    yen: Floats
    metres: Floats
    journeys: Journeys | None
    knows_van: Flags

    def without(self, mode: int) -> Options:
        """The same with one way fewer."""
        available = self.available.copy()
        available[:, mode] = False
        return replace(self, available=available)


@dataclass(frozen=True)
class Ways:
    """Metres on foot and seconds by car between the stops that stand for doors, and where doors lie for walkers.

    Attributes
    ----------
    layer
        Streets for walkers.
    x_m, y_m : (s,) float64
        The stops.
    metres : (s, s) float64
        Inf where nobody can walk.
    drive_s : (s, s) float64
    """

    layer: StreetLayer
    x_m: Floats
    y_m: Floats
    metres: Floats
    drive_s: Floats

    def nodes_of_doors(self, stop: Ints, east_m: Floats, north_m: Floats) -> Ints:
        """Crossings for walkers that are nearest to doors, given as offsets from their stops."""
        return nearest_node(self.layer, self.x_m[stop] + east_m, self.y_m[stop] + north_m).astype(np.int32)


def ways_between(city: City, stops: Sequence[Place], drive_s: Floats) -> Ways:
    """Ways between stops.

    Raises
    ------
    CityError
        If the city has no streets for walkers.
    """
    layer = city.walk
    if not layer.node_count:
        raise CityError(
            "mode choice needs streets for walkers, and the city has none", where="transit.choice",
            mend="build the city with a walk layer",
        )  # fmt: skip
    x_m, y_m = np.array([stop.x_m for stop in stops]), np.array([stop.y_m for stop in stops])
    node = nearest_node(layer, x_m, y_m)
    return Ways(layer, x_m, y_m, travel_times(layer, node, node, layer.length_m), drive_s)


def make_options(
    params: TransitParams,
    choice: ChoiceParams,
    ways: Ways,
    bus: BusService | None,
    trips: Requests,
    run_seed: np.uint64,
) -> Options:
    """Options of travellers without what is expected of the van; see :func:`with_van`.

    Distances are those on foot between the stops beside the doors; walks to vans and buses are from the doors.
    """
    n = len(trips)
    group, party = trips["age_group"], trips["party"].astype(np.float64)
    metres = ways.metres[trips["origin"], trips["destination"]]
    there = np.isfinite(metres)
    metres = np.where(there, metres, 0.0)
    drive_s = ways.drive_s[trips["origin"], trips["destination"]] * choice.drive_time_factor
    by_road = np.isfinite(drive_s)
    drive_s = np.where(by_road, drive_s, 0.0)
    speed = walk_speeds(params)[group]
    time_s, felt_s, yen, road_m = (np.zeros((n, len(MODES))) for _ in range(4))
    available = np.zeros((n, len(MODES)), np.bool_)

    time_s[:, WALK] = metres / speed
    felt_s[:, WALK] = choice.walk_weight * time_s[:, WALK]
    time_s[:, BICYCLE] = felt_s[:, BICYCLE] = metres / choice.bicycle_mps
    time_s[:, TAXI] = choice.taxi_wait_s + drive_s
    felt_s[:, TAXI] = choice.wait_weight * choice.taxi_wait_s + drive_s
    steps = np.ceil(np.maximum(metres - choice.taxi_first_distance_m, 0.0) / choice.taxi_step_distance_m)
    yen[:, TAXI] = choice.taxi_first_yen + steps * choice.taxi_step_yen
    time_s[:, CAR] = felt_s[:, CAR] = drive_s
    yen[:, CAR] = choice.car_km_yen * metres / 1000 + choice.parking_yen
    road_m[:, TAXI] = road_m[:, CAR] = metres

    available[:, WALK] = there
    has_bicycle, has_car = _owners(choice, trips, run_seed)
    available[:, BICYCLE] = there & has_bicycle
    available[:, TAXI] = by_road
    available[:, CAR] = by_road & has_car
    # Somebody without any way walks all the same: the trip was drawn.
    available[~(there | by_road), WALK] = True
    journeys = None
    if bus is not None:
        nodes = tuple(
            ways.nodes_of_doors(trips[end], *door_offsets_m(params.riders, purpose, trips["id"], run_seed))
            for end, purpose in (("origin", "transit.access"), ("destination", "transit.egress"))
        )
        journeys = journeys_of(bus, choice, nodes, trips, speed)
        available[:, BUS] = np.isfinite(journeys.arrive_s)
        time_s[:, BUS] = np.where(available[:, BUS], journeys.arrive_s - trips["since_s"], 0.0)
        felt_s[:, BUS] = _felt_by_bus(choice, journeys)
        yen[:, BUS] = np.array(bus.params.fares_yen())[group] * journeys.rides * party
    constants = choice.constants
    against_s = np.array(
        [0.0, constants.bicycle_s, constants.bus_s, constants.van_s, constants.taxi_s, constants.car_s]
    )  # fmt: skip
    # Money is shared by the party.
    money_s = yen / party[:, None] / choice.hour_yen * 3600
    utility = -choice.minute_utility / 60 * (felt_s + money_s + against_s)
    stream = make_stream(run_seed, "transit.knows_van")
    knows = uniforms(stream, np.ascontiguousarray(trips["id"]), event(0)) < choice.known.van_share
    return Options(utility, available, time_s, yen, road_m, journeys, knows)


def with_van(
    options: Options, params: TransitParams, choice: ChoiceParams, ways: Ways, trips: Requests, wait_s: Floats,
    longer_s: float,
) -> Options:  # fmt: skip
    """The same with the van, by what is expected of it.

    Parameters
    ----------
    wait_s : (n,) float64
        From asking to boarding, the walk to the stop included.
    longer_s
        How much longer a ride takes than the direct drive.
    """
    direct_s = ways.drive_s[trips["origin"], trips["destination"]] * choice.drive_time_factor
    there = np.isfinite(direct_s) & (trips["origin"] != trips["destination"]) & options.knows_van
    there &= params.fleet.count > 0
    ride_s = np.where(there, direct_s, 0.0) + longer_s
    walk_s = trips["walk_s"] + trips["egress_s"]
    at_stop_s = np.maximum(wait_s - trips["walk_s"], 0.0)
    felt_s = choice.walk_weight * walk_s + choice.wait_weight * at_stop_s + ride_s + choice.constants.van_s
    utility, time_s, yen = (values.copy() for values in (options.utility, options.time_s, options.yen))
    available = options.available.copy()
    yen[:, VAN] = params.fare.mean_yen * trips["party"]
    money_s = params.fare.mean_yen / choice.hour_yen * 3600
    utility[:, VAN] = -choice.minute_utility / 60 * (felt_s + money_s)
    available[:, VAN] = there
    time_s[:, VAN] = np.maximum(wait_s, trips["walk_s"]) + ride_s + trips["egress_s"]
    return replace(options, utility=utility, available=available, time_s=time_s, yen=yen)


def walk_speeds(params: TransitParams) -> Floats:
    """Walking speed of each age group."""
    riders = params.riders
    return np.array([riders.adult_walk_mps, riders.age65_walk_mps, riders.wheelchair_walk_mps])


def journeys_of(
    bus: BusService, choice: ChoiceParams, nodes: Sequence[Ints], trips: Requests, speed: Floats
) -> Journeys:
    """Journeys by bus of travellers who leave when they want to, between two nodes of the walk layer each."""
    rules = bus.params
    access, egress = (bus.ground.walks(node, rules.walk_at_most_m, speed) for node in nodes)
    # A further ride costs its fare and the bother of changing.
    worth_s = choice.change_penalty_s + rules.fare_yen / choice.hour_yen * 3600
    return find_journeys(
        bus.table, np.ascontiguousarray(trips["since_s"]), access, egress, rounds=int(rules.rides_at_most),
        change_s=rules.change_s, ride_worth_s=worth_s,
    )  # fmt: skip


def _felt_by_bus(choice: ChoiceParams, found: Journeys) -> Floats:
    """Seconds of riding that weigh as much as a journey without its fares."""
    at_stop_s = np.minimum(found.first_wait_s, choice.stop_wait_at_most_s)
    elsewhere_s = found.first_wait_s - at_stop_s
    on_foot_s = found.access_s + found.egress_s + found.change_walk_s
    felt: Floats = (
        choice.walk_weight * on_foot_s + choice.wait_weight * (at_stop_s + found.change_wait_s)
        + choice.elsewhere_weight * elsewhere_s + found.on_board_s
        + choice.change_penalty_s * np.maximum(found.rides - 1, 0)
    )  # fmt: skip
    return felt


def _owners(choice: ChoiceParams, trips: Requests, run_seed: np.uint64) -> tuple[Flags, Flags]:
    """Who could take a bicycle, and who a car."""
    stream, group, owners = make_stream(run_seed, "transit.owner"), trips["age_group"], choice.owners
    bicycle = np.array([owners.bicycle_share, owners.bicycle_age65_share, 0.0])[group]
    car = np.array([owners.car_share, owners.car_age65_share, owners.car_age65_share])[group]
    ids = np.ascontiguousarray(trips["id"])
    return uniforms(stream, ids, event(0)) < bicycle, uniforms(stream, ids, event(1)) < car
