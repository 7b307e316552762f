"""Background cars without or beside an OD table: a doubly constrained gravity model, scaled to counts.

Each zone sends and receives cars by its residents, each entry by its lanes (or its counted ``vehicles_per_day``):
over a day as many arrive at a place as leave it. Trips between two places fall with free-flow time t as
(t / decay) ** power * exp(-t / decay); factors per row and column make the sums right (Furness). Counts then tilt
the trips as little as possible: of all tables near the counts the one of least relative entropy is taken.

References
----------
Wilson (1967), Transportation Research 1(3) (entropy and the gravity model). Furness (1965), Traffic Engineering
and Control 7. Van Zuylen and Willumsen (1980), Transportation Research B 14(3) (tables from counts).
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import City, Place
from twin.city.routing.ways import Tree, next_link_to, travel_times
from twin.errors import CityError, ScenarioError, TableError
from twin.models.road_traffic.background.count_posts import CountPosts, read_posts
from twin.models.road_traffic.gravity import kernels
from twin.models.road_traffic.gravity.params import GravityParams
from twin.models.road_traffic.gravity.residents import zones_of_areas

Columns = Mapping[str, NDArray[np.generic]]

_LOG = logging.getLogger(__name__)
_DAY_S, _HOUR_S, _HOURS = 86400.0, 3600.0, 24
_WHERE = "road_traffic.background.gravity"
_BALANCED, _MOST_ROUNDS = 1e-10, 10_000
_MET, _MOST_NEWTON_STEPS = 1e-10, 200


@dataclass(frozen=True, eq=False)
class GravityDemand:
    """Cars of a day between places.

    Attributes
    ----------
    places : (n,) tuple of Place
        By id.
    trips : (n, n) float64
        Cars per day from row to column; 0 between places at the same node.
    time_s : (n, n) float64
        Free-flow time; inf where no way leads.
    profile : (24,) float64
        Share of the day's cars that leave in each hour; sums to 1.
    counted, fitted : (k,) float64
        Counts of the table, and cars that the model sends over each post in the same span.
    """

    places: tuple[Place, ...]
    trips: Floats
    time_s: Floats
    profile: Floats
    counted: Floats
    fitted: Floats

    def share_of_day(self, quantile: Floats) -> Floats:
        """(k,) float64: moments of departure as shares of the day, from quantiles in (0, 1) of the profile."""
        cumulative = np.concatenate([[0.0], np.cumsum(self.profile)])
        # Hours in which nobody leaves would make the curve flat: the moment after them is taken.
        hour = np.minimum(np.searchsorted(cumulative[1:], quantile, side="right"), _HOURS - 1)
        hour = np.where(self.profile[hour] > 0, hour, np.flatnonzero(self.profile)[-1])
        into = np.clip((quantile - cumulative[hour]) / self.profile[hour], 0.0, 1.0)
        return np.asarray((hour + into) / _HOURS, np.float64)

    def od_table(self) -> dict[str, NDArray[np.generic]]:
        """The same as an OD table: one row per pair and hour with cars, columns as background.od_table takes them."""
        first, last = np.nonzero(self.trips)
        hours = np.flatnonzero(self.profile)
        ids = np.array([place.id for place in self.places])
        pairs = len(first)
        return {
            "from_place": np.repeat(ids[first], len(hours)),
            "to_place": np.repeat(ids[last], len(hours)),
            "from_s": np.tile(hours * _HOUR_S, pairs),
            "to_s": np.tile((hours + 1) * _HOUR_S, pairs),
            "count": (self.trips[first, last][:, None] * self.profile[hours]).ravel(),
        }


def gravity_demand(params: GravityParams, city: City, tables: Mapping[str, Columns]) -> GravityDemand:
    """Cars of a day between the zones and entries of a city.

    Parameters
    ----------
    params
        Volumes, deterrence, profile, name of the table of counts.
    city
        Its drive layer and places are used.
    tables
        Tables of the scenario.

    Raises
    ------
    CityError
        If the city has no places to drive between, or one of them is too large for the rest.
    TableError
        If the table of counts is missing or wrong.
    """
    places, volume = place_volumes(params, city, tables)
    nodes = np.array([place.drive_node for place in places], np.int32)
    time_s = travel_times(city.drive, nodes, nodes)
    weight = deterrence(time_s, params.decay_s, params.decay_power)
    weight[nodes[:, None] == nodes[None, :]] = 0.0
    leaves, comes = (volume * np.array([_sends(place, way) for place in places]) for way in ("in", "out"))
    if comes.sum() > 0:
        # What comes in by one-way roads goes out by others: together they carry as much out as in.
        comes *= leaves.sum() / comes.sum()
    trips = furness(weight, leaves, comes, [place.id for place in places])
    if params.day_total is not None:
        trips *= params.day_total / trips.sum()
    profile = np.array(params.hourly_profile) / sum(params.hourly_profile)
    counted = fitted = np.empty(0)
    if params.counts_table:
        if params.counts_table not in tables:
            raise TableError(
                f"there is no table {params.counts_table!r}",
                where=f"{_WHERE}.counts_table",
                mend="declare it under tables:",
            )
        posts = read_posts(params.counts_table, tables[params.counts_table], city)
        counted = posts.count
        trips, fitted = _scaled(trips, posts, city, nodes, profile, params.count_slack)
    return GravityDemand(tuple(places), trips, time_s, profile, counted, fitted)


def place_volumes(
    params: GravityParams, city: City, tables: Mapping[str, Columns] | None = None
) -> tuple[list[Place], Floats]:
    """Zones with residents and entries, and the cars that leave each per day (as many arrive).

    Areas of a table with people take the place of the zones of the map, where ``params`` name one.

    Raises
    ------
    CityError
        If fewer than two places have any.
    """
    drive = city.drive
    lanes = np.bincount(drive.link_from, weights=drive.lanes, minlength=drive.node_count) + np.bincount(
        drive.link_to, weights=drive.lanes, minlength=drive.node_count
    )
    places, volume = [], []
    if params.residents_table is None:
        zones = city.places_of("zone")
    else:
        zones = zones_of_areas(params.residents_table, params.residents_column, city, tables or {})
    for place in sorted([*zones, *city.places_of("entry")], key=lambda p: p.id):
        if place.drive_node < 0 or (params.area and not place.id.startswith(params.area)):
            continue
        if place.kind == "zone":
            cars = _number(place, "population") * params.trips_per_resident
        elif "vehicles_per_day" in place.attributes:
            cars = _number(place, "vehicles_per_day")
        else:
            cars = float(lanes[place.drive_node]) / 2 * params.entry_lane_day
        if cars > 0:
            places.append(place)
            volume.append(cars)
    if len(places) < 2:
        raise CityError(
            f"background cars need two places to drive between; {len(places)} zones or entries of the map have any",
            where=_WHERE,
            mend="give zones of the map a population, or draw entries, or give an od_table",
        )
    return places, np.array(volume)


def _sends(place: Place, way: str) -> float:
    """1 if traffic enters (``in``) or leaves (``out``) the map at a place, 0 if its road runs the other way only."""
    return float(place.attributes.get("direction", "both") in ("both", way))


def _number(place: Place, key: str) -> float:
    value = place.attributes.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12:
        raise CityError(f"{key} of {place.id} must be a number of at least 0, got {value!r}", where=_WHERE)
    return float(value)


def deterrence(time_s: Floats, decay_s: float, power: float) -> Floats:
    """Weight of trips by free-flow time: (t / decay) ** power * exp(-t / decay); 0 at no time and at inf.

    Falls with time wherever t is beyond power * decay, hence everywhere for powers up to 0.
    """
    ratio = time_s / decay_s
    usable = (ratio > 0) & np.isfinite(ratio)
    ratio = np.where(usable, ratio, 1.0)
    return np.where(usable, ratio**power * np.exp(-ratio), 0.0)


def furness(weight: Floats, rows: Floats, columns: Floats, names: list[str]) -> Floats:
    """Table (n, n) proportional to ``weight`` by row and column, with the given sums to 1e-10.

    Raises
    ------
    CityError
        If the sums cannot be met: a place has nowhere to go, or more trips than all others can take.
    """
    lonely = np.flatnonzero(((rows > 0) & ~(weight > 0).any(axis=1)) | ((columns > 0) & ~(weight > 0).any(axis=0)))
    if lonely.size:
        raise CityError(
            f"{names[int(lonely[0])]} cannot be reached from any other zone or entry, or reaches none",
            where=_WHERE,
            mend="leave it out by area: [...], or join its streets to the rest",
        )
    trips = np.empty_like(weight)
    if kernels.balance(weight, rows, columns, _BALANCED, _MOST_ROUNDS, trips) < 0:
        largest = int(np.argmax(rows))
        raise CityError(
            f"the trips of {names[largest]} ({rows[largest]:g} of {rows.sum():g} a day) find no match in the places it "
            "can reach: one place can have half of all trips at most",
            where=_WHERE,
            mend="give it fewer (vehicles_per_day of an entry, population of a zone), or the others more",
        )
    return trips


def _scaled(
    trips: Floats, posts: CountPosts, city: City, nodes: NDArray[np.int32], profile: Floats, slack: float
) -> tuple[Floats, Floats]:
    """Trips after the fit, and what each post then counts in its span."""
    share = _span_shares(posts.span_s, profile)
    idle = np.flatnonzero((share <= 0) & (posts.count > 0))
    if idle.size:
        raise ScenarioError(
            f"{posts.count[idle[0]]:g} vehicles were counted in hours in which the profile lets nobody leave",
            where=f"{_WHERE}.counts_table, row {idle[0] + 1}",
            mend="give those hours a weight in hourly_profile",
        )
    crosses = crossings(posts, city, nodes)
    seen = (crosses & (trips > 0).ravel()[:, None]).any(axis=0)
    for post in np.flatnonzero(~seen & (posts.count > 0)).tolist():
        _LOG.warning("count %d lies on no shortest way between zones or entries and is left out", post + 1)
    used = np.flatnonzero(seen & (share > 0))
    day_count = posts.count[used] / share[used]
    scaled = fit_counts(trips.ravel(), crosses[:, used], day_count, slack).reshape(trips.shape)
    fitted = np.array([float(scaled.ravel()[crosses[:, post]].sum()) for post in range(len(posts.count))]) * share
    return scaled, fitted


def _span_shares(span_s: Floats, profile: Floats) -> Floats:
    """Share of a day's departures in each span; short drives leave and pass a post in nearly the same hour."""
    cumulative = np.concatenate([[0.0], np.cumsum(profile)])
    at = np.arange(_HOURS + 1) * _HOUR_S
    return np.asarray(np.interp(span_s[:, 1], at, cumulative) - np.interp(span_s[:, 0], at, cumulative), np.float64)


def crossings(posts: CountPosts, city: City, nodes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(n * n, posts) bool: whether the shortest free-flow way of a pair (row by row) crosses a post."""
    drive, n = city.drive, len(nodes)
    link = np.concatenate([np.empty(0, np.int64), *posts.links])
    post = np.repeat(np.arange(len(posts.links)), [len(links) for links in posts.links])
    order = np.argsort(link, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(link, minlength=drive.link_count))])
    out = np.zeros((n, n, len(posts.links)), np.bool_)
    for column, node in enumerate(nodes.tolist()):
        one = np.zeros((n, len(posts.links)), np.bool_)
        if drive.rules.is_plain:
            tree = next_link_to(drive, node)
            kernels.mark_crossings(tree, drive.link_to, nodes, node, ptr, post[order], one)
        else:
            ways = Tree(drive, node)
            for row, start in enumerate(nodes.tolist()):
                path = ways.path(start)
                for link in path.tolist() if path is not None else ():
                    one[row, post[order][ptr[link] : ptr[link + 1]]] = True
        out[:, column] = one
    return out.reshape(n * n, -1)


def fit_counts(trips: Floats, crosses: NDArray[np.bool_], count: Floats, slack: float) -> Floats:
    """Trips near the counts that differ least from those given.

    Minimises the relative entropy of the new trips plus, for each post, (flow - count)^2 / (2 slack count). Each
    pair is multiplied by the exp of the multipliers of the posts it crosses, and a post misses its count by slack
    times its multiplier, relatively: counts that agree are met as slack goes to 0, counts that contradict each
    other are shared out. The dual is concave; Newton steps with backtracking reach its top from anywhere.

    Parameters
    ----------
    trips : (pairs,) float64
    crosses : (pairs, posts) bool
    count : (posts,) float64
        At least 0.
    slack
        Greater than 0.

    Raises
    ------
    ScenarioError
        If the steps do not end, which counts that contradict each other beyond all measure could cause.
    """
    pair_ptr = np.concatenate([[0], np.cumsum(crosses.sum(axis=1))]).astype(np.int64)
    pair_posts = np.nonzero(crosses)[1]
    give = slack * np.maximum(count, 1.0)  # a count of 0 would give no room at all
    multiplier, out = np.zeros(len(count)), np.empty_like(trips)
    shared = np.empty((len(count), len(count)))
    total = kernels.tilt(trips, pair_ptr, pair_posts, multiplier, out)
    value = -total
    for _ in range(_MOST_NEWTON_STEPS):
        kernels.shared_flows(out, pair_ptr, pair_posts, shared)
        gradient = count - np.diag(shared) - give * multiplier
        if not len(count) or np.abs(gradient / np.maximum(count, 1.0)).max() <= _MET:
            return out
        shared[np.diag_indices(len(count))] += give
        step = gradient.copy()
        if kernels.solve_positive(shared, step) >= 0:
            break
        rise, length = float((gradient * step).sum()), 1.0
        while length > 1e-12:
            trial = multiplier + length * step
            trial_value = float((count * trial - give * trial**2 / 2).sum()) - kernels.tilt(
                trips, pair_ptr, pair_posts, trial, out
            )
            if trial_value >= value + 1e-4 * length * rise - 1e-12 * abs(value):
                break
            length /= 2
        multiplier, value = trial, trial_value
    raise ScenarioError(
        f"the trips cannot be scaled to the {len(count)} counts",
        where=f"{_WHERE}.counts_table",
        mend="look for counts of one street that contradict each other, or raise count_slack",
    )
