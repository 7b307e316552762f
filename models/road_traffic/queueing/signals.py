"""Signal plans of a city's streets: the default, those of a table, those of edits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, SignalPlan, StreetLayer
from twin.errors import Problem, ScenarioError, TableError
from twin.models.road_traffic.params import RoadParams, SignalParams
from twin.models.road_traffic.queueing.junctions import Junctions, green_centres

Links = NDArray[np.intp]


class TakesSignals(Protocol):
    """Whatever stops vehicles at the ends of links: the queueing network, and the lights of free flow."""

    def add_signal(
        self, link: int, *, cycle_s: float, green_s: float, offset_s: float = 0.0, to_link: int | None = None
    ) -> None:
        """Put a fixed-time signal at the end of a link; green holds over [offset, offset + green) in every cycle."""
        ...


def add_signals(
    params: RoadParams, city: City, network: TakesSignals, tables: Mapping[str, Mapping[str, NDArray[np.generic]]]
) -> None:
    """Give the lights of the map their plans; those of the table replace the default, those of edits replace both.

    Lights stand where one enters a junction; its inner links are free.
    """
    drive, signals = city.drive, params.signals
    junctions = Junctions(drive, drive.free_speed_mps > 0, signals.junction_m)
    if signals.default_plan:
        _add_default_signals(signals, drive, network, junctions, params.class_speeds.car_mps)
    if signals.table:
        _add_signals_of_table(signals.table, drive, network, junctions, tables)
    for plan in city.signal_plans:
        _add_signal_plan(plan, signals.lost_time_s, drive, network, junctions)


def _street_index(drive: StreetLayer, street: str) -> int:
    name = drive.aliases.get(street, street)
    return drive.names.index(name) if name in drive.names else -2


def _add_signal_plan(
    plan: SignalPlan, lost_time_s: float, drive: StreetLayer, network: TakesSignals, junctions: Junctions
) -> None:
    """Plan of an edit: green for one street, then for the others, with the lost time after each.

    Raises
    ------
    ScenarioError
        If it leaves the others no green.
    """
    links = _approaches(drive, junctions, plan.node_index)
    along = drive.name_index[links] == _street_index(drive, plan.street)
    green_s = plan.cycle_s * plan.green_share
    others_s = plan.cycle_s - green_s - 2 * lost_time_s
    if not along.all() and others_s <= 0:
        raise ScenarioError(
            f"a green share of {100 * plan.green_share:g} % for {plan.street} leaves the other approaches "
            f"{others_s:g} s of a cycle of {plan.cycle_s:g} s, after a lost time of {lost_time_s:g} s per phase",
            where=f"signal plan at node {drive.node_id[plan.node_index]}", mend="make the share smaller",
        )
    for link in links[along].tolist():
        network.add_signal(link, cycle_s=plan.cycle_s, green_s=green_s, offset_s=plan.offset_s)
    for link in links[~along].tolist():
        network.add_signal(
            link, cycle_s=plan.cycle_s, green_s=others_s, offset_s=plan.offset_s + green_s + lost_time_s
        )


def _add_signals_of_table(
    name: str, drive: StreetLayer, network: TakesSignals, junctions: Junctions,
    tables: Mapping[str, Mapping[str, NDArray[np.generic]]],
) -> None:
    """Plans of the scenario: one row per signal and street that leads to it; a later row replaces an earlier one.

    With ``to_street`` a row is the plan of the movements towards that street alone.
    """
    where = f"road_traffic.signals.table {name!r}"
    table = tables.get(name, {})
    missing = [c for c in ("node_id", "street", "cycle_s", "green_s", "offset_s") if c not in table]
    if missing:
        raise TableError(
            f"the table of signals has no column {', '.join(missing)}" if table else f"there is no table {name!r}",
            where=where, mend="columns node_id, street, cycle_s, green_s, offset_s, and to_street for single movements",
        )
    node_of = {int(node_id): node for node, node_id in enumerate(drive.node_id.tolist())}
    words = {c: np.asarray(table[c]).astype(str).tolist() for c in ("street", "to_street") if c in table}
    towards = words.get("to_street", [""] * len(words["street"]))
    plans = zip(*(np.asarray(table[c], np.float64).tolist() for c in ("cycle_s", "green_s", "offset_s")), strict=True)
    problems = []
    for row, (node_id, street, to_street, (cycle_s, green_s, offset_s)) in enumerate(
        zip(np.asarray(table["node_id"]).astype(np.int64).tolist(), words["street"], towards, plans, strict=True)
    ):
        links = _approaches(drive, junctions, node_of.get(node_id, -1))
        if street:
            links = links[drive.name_index[links] == _street_index(drive, street)]
        fault = ""
        ends: list[tuple[int, int | None]] = [(link, None) for link in links.tolist()]
        if not ends:
            fault = f"no street {street!r} leads to a node {node_id}"
        elif not (np.isfinite(offset_s) and cycle_s > 0 and 0 < green_s <= cycle_s):
            fault = (
                f"a signal needs 0 < green <= cycle, got green {green_s:g} s of {cycle_s:g} s, offset {offset_s:g} s"
            )
        elif to_street:
            ends = [(link, to) for link in links.tolist() for to in turns_apart(drive, link)
                    if drive.name_index[to] == _street_index(drive, to_street)]
            if not ends:
                fault = (
                    f"no approach {street!r} of node {node_id} has a queue of its own towards {to_street!r}: "
                    "only those of two lanes or more with several ways on have"
                )
        if fault:
            problems.append(Problem(fault, f"{where}, row {row + 1}"))
            continue
        for link, to_link in ends:
            network.add_signal(link, cycle_s=cycle_s, green_s=green_s, offset_s=offset_s, to_link=to_link)
    if problems:
        raise TableError.of(problems, where)


def turns_apart(drive: StreetLayer, link: int) -> list[int]:
    """Links onward from a link for each of which it has a queue of its own; none from a single lane or one way on."""
    node = int(drive.link_to[link])
    onward = list(range(int(drive.out_ptr[node]), int(drive.out_ptr[node + 1])))
    return onward if drive.free_speed_mps[link] > 0 and drive.lanes[link] >= 2 and len(onward) >= 2 else []


def _approaches(drive: StreetLayer, junctions: Junctions, node: int) -> Links:
    """Approaches of the junction of a node; at a node without lights on the map, the links that lead to it."""
    if node < 0:
        return np.empty(0, np.intp)
    if drive.signal[node]:
        return junctions.approaches_of(node)
    return np.flatnonzero((drive.link_to == node) & (drive.free_speed_mps > 0))


def _add_default_signals(
    params: SignalParams, drive: StreetLayer, network: TakesSignals, junctions: Junctions, car_mps: float
) -> None:
    """Two phases at every junction with lights: along its widest approach, and across it.

    Approaches within 45 degrees of the axis of the widest one share its phase. Green is split by the widest approach of
    each phase, after the lost time of each. A signal with one phase only (a crossing for walkers) is green for the
    share set. The middle of the first phase follows the wave of the street of the widest approach that has a name.
    """
    lanes = np.maximum(drive.lanes, 1).astype(np.float64)
    last = drive.vertex_ptr[1:] - 1
    dx = drive.vertex_x_m[last] - drive.vertex_x_m[last - 1]
    dy = drive.vertex_y_m[last] - drive.vertex_y_m[last - 1]
    axis = np.arctan2(dy, dx)
    waves = _Waves(drive, junctions, car_mps, params.cycle_s)
    usable_s = params.cycle_s - 2 * params.lost_time_s
    for links in junctions.groups():
        widest = links[np.argmax(lanes[links])]
        along = np.abs(np.cos(axis[links] - axis[widest])) >= np.cos(np.pi / 4)
        first = links[along]
        if along.all():
            green_s = params.cycle_s * params.crossing_green
        else:
            widths = lanes[first].max(), lanes[links[~along]].max()
            green_s = usable_s * widths[0] / sum(widths)
        centre_s = waves.centre_s(first[np.argsort(-lanes[first], kind="stable")]) if params.coordinated else None
        from_s = 0.0 if centre_s is None else float((centre_s - green_s / 2) % params.cycle_s)
        for link in first.tolist():
            network.add_signal(link, cycle_s=params.cycle_s, green_s=green_s, offset_s=from_s)
        for link in links[~along].tolist():
            network.add_signal(
                link, cycle_s=params.cycle_s, green_s=usable_s - green_s,
                offset_s=from_s + green_s + params.lost_time_s,
            )


class _Waves:
    """Middles of green by street, worked out when first asked for."""

    def __init__(self, drive: StreetLayer, junctions: Junctions, car_mps: float, cycle_s: float) -> None:
        self._drive, self._junctions, self._cycle_s = drive, junctions, cycle_s
        self._open = drive.free_speed_mps > 0
        speed_mps = np.minimum(np.where(self._open, drive.free_speed_mps, car_mps), car_mps)
        self._time_s = drive.length_m / speed_mps
        self._of_name: dict[int, dict[int, float]] = {}

    def centre_s(self, links: Links) -> float | None:
        """Middle of green for the first of some approaches that has a name; None if none has."""
        drive = self._drive
        named = links[drive.name_index[links] >= 0]
        if not len(named):
            return None
        name = int(drive.name_index[named[0]])
        if name not in self._of_name:
            street = np.flatnonzero(self._open & (drive.name_index == name))
            self._of_name[name] = green_centres(drive, street, self._junctions, self._time_s, self._cycle_s)
        return self._of_name[name][int(self._junctions.of_node[drive.link_to[named[0]]])]
