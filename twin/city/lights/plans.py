"""Plans of the lights of a city: the default of each junction, those of edits, and what they leave to walkers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import City, SignalPlan, StreetLayer
from twin.city.lights.crossings import Crossings, find_crossings
from twin.city.lights.junctions import Junctions, green_centres
from twin.errors import ScenarioError

Links = NDArray[np.intp]

#: Approaches and crossings within this angle of a stage's axis move in it.
_SAME_AXIS = float(np.cos(np.pi / 4))
#: However wide a crossing for walkers is, the cars that wait for it keep this share.
_LEAST_CAR_SHARE = 0.2
#: Walkers start in this many seconds at least, even where the plan leaves less than a crossing needs.
_LEAST_WALK_GREEN_S = 5.0


class Window(NamedTuple):
    """Green of a light: ``green_s`` from ``offset_s`` on in every cycle, counted from midnight."""

    cycle_s: float
    green_s: float
    offset_s: float


@dataclass(frozen=True)
class PlanRules:
    """How lights run that no table and no edit gives a plan.

    The defaults are those of the road model's parameters ``signals``, where their sources stand; a test compares them.

    Attributes
    ----------
    cycle_s, lost_time_s
        Length of the cycle, and what is lost of it after each of the two stages.
    crossing_green
        Green share of a junction whose approaches all lie on one axis.
    coordinated
        Whether offsets follow the driving time along the street of the widest approach.
    junction_m
        Links up to this length between two lights are inside one junction; crossings up to this far belong to it.
    car_mps
        Speed of the wave of green where the street allows more.
    walk_speed_mps
        A walker of this speed is across while walkers have green.
    street_cycles
        Street -> cycle of every junction on it; where two such streets cross, the longer one.
    """

    cycle_s: float = 100.0
    lost_time_s: float = 5.0
    crossing_green: float = 0.6
    coordinated: bool = True
    junction_m: float = 40.0
    car_mps: float = 60 / 3.6
    walk_speed_mps: float = 1.0
    street_cycles: Mapping[str, float] = field(default_factory=dict)

    def clearance_s(self, length_m: Floats) -> Floats:
        """Seconds before the end of a stage in which nobody starts to cross any more.

        Who is half-way when green ends finishes at the same speed; the lost time of the stage counts towards it.
        """
        out: Floats = np.maximum(length_m / 2 / self.walk_speed_mps - self.lost_time_s, 0.0)
        return out

    def stage_s(self, length_m: Floats) -> Floats:
        """Least stage for a crossing: green in which one crosses it, then the clearance."""
        out: Floats = length_m / self.walk_speed_mps + self.clearance_s(length_m)
        return out


@dataclass(frozen=True)
class WalkLights:
    """Lights as walkers see them, for each link of the walk layer.

    Attributes
    ----------
    cycle_s, green_s, offset_s : (m,) float64
        Cycle, time in which one may start, and its begin in the cycle. A cycle of 0 means no plan: a link without
        lights, or a crossing that belongs to no junction of the drive layer.
    """

    cycle_s: Floats
    green_s: Floats
    offset_s: Floats

    def as_rows(self) -> Floats:
        """(3, m) float64: cycle, green, offset."""
        return np.stack([self.cycle_s, self.green_s, self.offset_s])


class CityLights:
    """Lights of a city's streets under some rules.

    Parameters
    ----------
    city
        Both layers and the plans that edits gave.
    rules
        How the other lights run.

    Attributes
    ----------
    junctions
        Nodes with lights that share a plan.
    """

    def __init__(self, city: City, rules: PlanRules) -> None:
        self._city, self._rules = city, rules
        self.junctions = Junctions(city.drive, city.drive.free_speed_mps > 0, rules.junction_m)

    @cached_property
    def crossings(self) -> Crossings:
        """Crossings with lights of the walk layer, with their junctions."""
        return find_crossings(self._city.walk, self._city.drive, self.junctions, self._rules.junction_m)

    def default_plans(self) -> dict[int, Window]:
        """Two stages at every junction with lights: along its widest approach, and across it.

        Approaches within 45 degrees of the axis of the widest one share its stage. Green is split by the widest
        approach of each stage, after the lost time of each; walkers cross a street in the stage of the other, and no
        stage is shorter than they need. A junction with one stage only (a crossing for walkers) is green for the
        share set, or for what walkers leave. The middle of the first stage follows the wave of the street of the
        widest approach that has a name.

        Returns
        -------
        dict
            Drive link that leads to a junction -> its green.

        Raises
        ------
        ScenarioError
            If a street with a cycle of its own is not on the map.
        """
        drive, rules = self._city.drive, self._rules
        street_cycles = self._street_cycles()
        lanes = np.maximum(drive.lanes, 1).astype(np.float64)
        axis = _axis_at_end(drive)
        waves = _Waves(drive, self.junctions, rules.car_mps)
        out: dict[int, Window] = {}
        for links in self.junctions.groups():
            own = [street_cycles[k] for k in drive.name_index[links].tolist() if k in street_cycles]
            cycle_s = max(own, default=rules.cycle_s)
            usable_s = cycle_s - 2 * rules.lost_time_s
            widest = links[np.argmax(lanes[links])]
            along = _parallel(axis[links], axis[widest])
            first = links[along]
            needs_s = self._walkers_need_s(int(self.junctions.of_node[drive.link_to[widest]]), float(axis[widest]))
            if along.all():
                most_s = max(usable_s - needs_s[1], _LEAST_CAR_SHARE * cycle_s)
                green_s = min(max(cycle_s * rules.crossing_green, needs_s[0]), most_s)
            else:
                widths = lanes[first].max(), lanes[links[~along]].max()
                green_s = _split(usable_s, usable_s * widths[0] / sum(widths), needs_s)
            by_width = first[np.argsort(-lanes[first], kind="stable")]
            centre_s = waves.centre_s(by_width, cycle_s) if rules.coordinated else None
            from_s = 0.0 if centre_s is None else float((centre_s - green_s / 2) % cycle_s)
            out.update((link, Window(cycle_s, green_s, from_s)) for link in first.tolist())
            second = Window(cycle_s, usable_s - green_s, from_s + green_s + rules.lost_time_s)
            out.update((link, second) for link in links[~along].tolist())
        return out

    def _street_cycles(self) -> dict[int, float]:
        """Name index -> cycle of the streets that have their own."""
        drive = self._city.drive
        out = {street_index(drive, street): cycle_s for street, cycle_s in self._rules.street_cycles.items()}
        if -2 in out:
            missing = [street for street in self._rules.street_cycles if street_index(drive, street) == -2]
            raise ScenarioError(
                f"no street for cars is called {', '.join(missing)}",
                where="signals.street_cycles",
                mend="write the name as on the map, or one of its aliases",
            )
        return out

    def _walkers_need_s(self, junction: int, axis: float) -> tuple[float, float]:
        """Least seconds of the stage along an axis and of that across it, for those who walk the same way."""
        mine = self.crossings.junction == junction
        stage_s = self._rules.stage_s(self.crossings.length_m[mine])
        along = _parallel(self.crossings.axis[mine], axis)
        return float(stage_s[along].max(initial=0.0)), float(stage_s[~along].max(initial=0.0))

    def edited_plans(self) -> list[dict[int, Window]]:
        """Plans of edits, one after the other: green for one street, then for the others, lost time after each.

        Raises
        ------
        ScenarioError
            If one leaves the others no green.
        """
        return [self._edited(plan) for plan in self._city.signal_plans]

    def _edited(self, plan: SignalPlan) -> dict[int, Window]:
        drive, lost_time_s = self._city.drive, self._rules.lost_time_s
        links = self.approaches(plan.node_index)
        along = drive.name_index[links] == street_index(drive, plan.street)
        green_s = plan.cycle_s * plan.green_share
        others_s = plan.cycle_s - green_s - 2 * lost_time_s
        if not along.all() and others_s <= 0:
            raise ScenarioError(
                f"a green share of {100 * plan.green_share:g} % for {plan.street} leaves the other approaches "
                f"{others_s:g} s of a cycle of {plan.cycle_s:g} s, after a lost time of {lost_time_s:g} s per phase",
                where=f"signal plan at node {drive.node_id[plan.node_index]}",
                mend="make the share smaller",
            )
        first = Window(plan.cycle_s, green_s, plan.offset_s)
        second = Window(plan.cycle_s, others_s, plan.offset_s + green_s + lost_time_s)
        return {link: first if same else second for link, same in zip(links.tolist(), along.tolist(), strict=True)}

    def approaches(self, node: int) -> Links:
        """Approaches of the junction of a node; at a node without lights on the map, the links that lead to it."""
        drive = self._city.drive
        if node < 0:
            return np.empty(0, np.intp)
        if drive.signal[node]:
            return self.junctions.approaches_of(node)
        return np.flatnonzero((drive.link_to == node) & (drive.free_speed_mps > 0))

    def plans(self) -> dict[int, Window]:
        """Default plans, and those of edits in their place."""
        out = self.default_plans()
        for edited in self.edited_plans():
            out.update(edited)
        return out

    def walk_lights(self, windows: Mapping[int, Iterable[Window]]) -> WalkLights:
        """What walkers are left: the longest time in which no approach that they cross has green.

        Of it goes the lost time at both ends and the clearance. Where no approach is crossed, as over a street that
        only leads away, walkers move with those beside them.

        Parameters
        ----------
        windows
            Drive link -> its greens; several where movements have greens of their own.
        """
        walk, drive, rules, found = self._city.walk, self._city.drive, self._rules, self.crossings
        cycle_s, green_s, offset_s = (np.zeros(walk.link_count) for _ in range(3))
        axis = _axis_at_end(drive)
        groups = {int(self.junctions.of_node[drive.link_to[links[0]]]): links for links in self.junctions.groups()}
        clear_s = rules.clearance_s(found.length_m)
        for row in np.flatnonzero(found.junction >= 0).tolist():
            links = groups[int(found.junction[row])]
            beside = _parallel(axis[links], float(found.axis[row]))
            crossed = [w for link in links[~beside].tolist() for w in windows.get(link, ())]
            parallel = [w for link in links[beside].tolist() for w in windows.get(link, ())]
            if crossed:
                cycle, from_s, free_s = longest_gap(crossed)
                from_s, free_s = from_s + rules.lost_time_s, free_s - 2 * rules.lost_time_s
            elif parallel:
                cycle, free_s, from_s = max(parallel, key=lambda w: w.green_s)
            else:
                continue
            if free_s <= 0:
                continue
            link = int(found.link[row])
            cycle_s[link], offset_s[link] = cycle, from_s % cycle
            green_s[link] = max(free_s - clear_s[row], min(_LEAST_WALK_GREEN_S, free_s))
        return WalkLights(cycle_s, green_s, offset_s)


def longest_gap(windows: Sequence[Window]) -> tuple[float, float, float]:
    """Cycle, start and length of the longest time of red in all of some greens of one cycle.

    Greens of another cycle than the first are passed over: with two cycles at one junction nothing is free for long.
    """
    cycle_s = windows[0].cycle_s
    spans = sorted((w.offset_s % cycle_s, w.green_s) for w in windows if w.cycle_s == cycle_s)
    best_from_s, best_s = 0.0, 0.0
    end_s = spans[0][0] + spans[0][1]
    for from_s, green_s in [*spans[1:], (spans[0][0] + cycle_s, 0.0)]:
        if from_s - end_s > best_s:
            best_from_s, best_s = end_s, from_s - end_s
        end_s = max(end_s, from_s + green_s)
    return cycle_s, best_from_s, best_s


def street_index(drive: StreetLayer, street: str) -> int:
    """Row of ``drive.names`` of a street or its alias; -2 if there is none."""
    name = drive.aliases.get(street, street)
    return drive.names.index(name) if name in drive.names else -2


def _axis_at_end(drive: StreetLayer) -> Floats:
    """Direction in radians in which each link arrives."""
    last = drive.vertex_ptr[1:] - 1
    dx = drive.vertex_x_m[last] - drive.vertex_x_m[last - 1]
    dy = drive.vertex_y_m[last] - drive.vertex_y_m[last - 1]
    out: Floats = np.arctan2(dy, dx)
    return out


def _parallel(axes: Floats, axis: float) -> NDArray[np.bool_]:
    out: NDArray[np.bool_] = np.abs(np.cos(axes - axis)) >= _SAME_AXIS
    return out


def _split(usable_s: float, wanted_s: float, needs_s: tuple[float, float]) -> float:
    """Green of the first of two stages: as wanted, but as long as walkers need in either.

    Where they need more than there is, both stages give in the same proportion; no need takes a street its last share.
    """
    most_s = (1 - _LEAST_CAR_SHARE) * usable_s
    first_s, second_s = (min(need_s, most_s) for need_s in needs_s)
    if first_s + second_s > usable_s:
        return usable_s * first_s / (first_s + second_s)
    return float(min(max(wanted_s, first_s), usable_s - second_s))


class _Waves:
    """Middles of green by street, worked out when first asked for."""

    def __init__(self, drive: StreetLayer, junctions: Junctions, car_mps: float) -> None:
        self._drive, self._junctions = drive, junctions
        self._open = drive.free_speed_mps > 0
        speed_mps = np.minimum(np.where(self._open, drive.free_speed_mps, car_mps), car_mps)
        self._time_s = drive.length_m / speed_mps
        self._of_name: dict[tuple[int, float], dict[int, float]] = {}

    def centre_s(self, links: Links, cycle_s: float) -> float | None:
        """Middle of green for the first of some approaches that has a name; None if none has."""
        drive = self._drive
        named = links[drive.name_index[links] >= 0]
        if not len(named):
            return None
        key = int(drive.name_index[named[0]]), cycle_s
        if key not in self._of_name:
            street = np.flatnonzero(self._open & (drive.name_index == key[0]))
            self._of_name[key] = green_centres(drive, street, self._junctions, self._time_s, cycle_s)
        return self._of_name[key][int(self._junctions.of_node[drive.link_to[named[0]]])]
