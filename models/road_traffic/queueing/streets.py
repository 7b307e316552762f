"""From the drive layer of a city to a queueing network: capacities, turn queues, default signals."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, SignalPlan, StreetLayer
from twin.columns import VEHICLE_CLASSES
from twin.errors import Problem, ScenarioError, TableError
from twin.models.road_traffic.free_flow import class_speeds
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.queueing.network import RoadNetwork

Floats = NDArray[np.float64]

_log = logging.getLogger(__name__)


def street_network(
    params: RoadParams, city: City, tables: Mapping[str, Mapping[str, NDArray[np.generic]]]
) -> RoadNetwork:
    """Queueing network of a city's drive layer with its edits; link i of the network is link i of the layer.

    Links that are driven in less than ``shortest_link_s`` are lengthened to it, and links shorter than the
    largest vehicle hold one; the log reports the former. Approaches of several lanes with several ways on get
    a queue per way, with shared storage: on such streets a turner does not hold up those beside him.
    """
    drive = city.drive
    sizes = tuple(float(getattr(params.class_sizes, name)) for name in VEHICLE_CLASSES)
    network = RoadNetwork(
        class_size=sizes, class_speed_mps=class_speeds(params).tolist(),
        release_after_s=params.release_after_s or np.inf,
    )
    # A link that an edit closed for good keeps its number; no way leads over it, whatever it is like.
    is_open = drive.free_speed_mps > 0
    speed_mps = np.where(is_open, drive.free_speed_mps, params.class_speeds.car_mps)
    fastest_mps = drive.free_speed_mps.copy()
    for change in city.timed:
        fastest_mps[change.link_index] = max(fastest_mps[change.link_index], change.speed_mps)
    shortest_m = fastest_mps * params.shortest_link_s
    length_m = np.maximum(drive.length_m, shortest_m)
    longer = length_m > drive.length_m
    if longer.any():
        _log.info(
            "%d of %d drive links were lengthened to %g s, by %.0f m in all", int(longer.sum()), drive.link_count,
            params.shortest_link_s, float((length_m - drive.length_m).sum()),
        )
    for node in range(drive.node_count):
        network.node_index[node] = node
    lanes = np.maximum(drive.lanes, 1).astype(np.float64)
    network.add_links(
        drive.link_from.tolist(), drive.link_to.tolist(), length_m, speed_mps=speed_mps, lanes=lanes,
        jam_density_per_m=1.0 / params.jam_spacing_m, wave_speed_mps=params.jam_spacing_m / params.reaction_time_s,
        merge_weight=lanes,
    )
    out_count = np.diff(drive.out_ptr)
    for link in np.flatnonzero(is_open & (lanes >= 2) & (out_count[drive.link_to] >= 2)).tolist():
        node = int(drive.link_to[link])
        onward = range(int(drive.out_ptr[node]), int(drive.out_ptr[node + 1]))
        for to in onward:
            network.add_turn_queue(link, [to])
    if params.signals.default_plan:
        _add_default_signals(params, drive, network, lanes)
    if params.signals.table:
        _add_signals_of_table(params.signals.table, drive, network, tables)
    for plan in city.signal_plans:
        _add_signal_plan(plan, params.signals.lost_time_s, drive, network)
    _add_changes(city, network, speed_mps, lanes)
    return network


def _add_changes(city: City, network: RoadNetwork, speed_mps: Floats, lanes: Floats) -> None:
    """Edits with hours as changes of the network at their moments."""
    now = {
        link: (float(lanes[link]), float(speed_mps[link]), True)
        for link in {change.link_index for change in city.timed}
    }
    for change in sorted(city.timed, key=lambda c: (c.time_s, c.link_index)):
        link, at_s = change.link_index, change.time_s
        before, after = now[link], (float(max(change.lanes, 1)), change.speed_mps, change.is_open)
        if after[0] != before[0]:
            network.set_lanes(link, at_s, after[0])
        if after[1] != before[1]:
            network.set_speed(link, at_s, after[1])
        if before[2] and not after[2]:
            network.close_entry(link, at_s, np.inf)
        elif after[2] and not before[2]:
            network.open_entry(link, at_s)
        now[link] = after


def _add_signal_plan(plan: SignalPlan, lost_time_s: float, drive: StreetLayer, network: RoadNetwork) -> None:
    """Plan of an edit: green for one street, then for the others, with the lost time after each.

    Raises
    ------
    ScenarioError
        If it leaves the others no green.
    """
    links = np.flatnonzero((drive.link_to == plan.node_index) & (drive.free_speed_mps > 0))
    street = drive.aliases.get(plan.street, plan.street)
    index = drive.names.index(street) if street in drive.names else -2
    along = drive.name_index[links] == index
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
    name: str, drive: StreetLayer, network: RoadNetwork, tables: Mapping[str, Mapping[str, NDArray[np.generic]]]
) -> None:
    """Plans of the scenario: one row per signal and street that leads to it; a later row replaces an earlier one."""
    where = f"road_traffic.signals.table {name!r}"
    table = tables.get(name, {})
    missing = [c for c in ("node_id", "street", "cycle_s", "green_s", "offset_s") if c not in table]
    if missing:
        raise TableError(
            f"the table of signals has no column {', '.join(missing)}" if table else f"there is no table {name!r}",
            where=where, mend="columns node_id, street, cycle_s, green_s, offset_s",
        )
    node_of = {int(node_id): node for node, node_id in enumerate(drive.node_id.tolist())}
    streets = np.asarray(table["street"]).astype(str).tolist()
    plans = zip(*(np.asarray(table[c], np.float64).tolist() for c in ("cycle_s", "green_s", "offset_s")), strict=True)
    problems = []
    for row, (node_id, street, (cycle_s, green_s, offset_s)) in enumerate(
        zip(np.asarray(table["node_id"]).astype(np.int64).tolist(), streets, plans, strict=True)
    ):
        links = np.flatnonzero(drive.link_to == node_of.get(node_id, -1))
        street = drive.aliases.get(street, street)
        if street:
            index = drive.names.index(street) if street in drive.names else -2
            links = links[drive.name_index[links] == index]
        if not len(links):
            problems.append(Problem(f"no street {street!r} leads to a node {node_id}", f"{where}, row {row + 1}"))
        elif not (np.isfinite(offset_s) and cycle_s > 0 and 0 < green_s <= cycle_s):
            problems.append(Problem(
                f"a signal needs 0 < green <= cycle, got green {green_s:g} s of {cycle_s:g} s, offset {offset_s:g} s",
                f"{where}, row {row + 1}",
            ))
        else:
            for link in links.tolist():
                network.add_signal(link, cycle_s=cycle_s, green_s=green_s, offset_s=offset_s)
    if problems:
        raise TableError.of(problems, where)


def _add_default_signals(params: RoadParams, drive: StreetLayer, network: RoadNetwork, lanes: Floats) -> None:
    """Two phases at every signal of the map: along its widest approach, and across it.

    Approaches within 45 degrees of the axis of the widest one share its phase. Green is split by the widest approach of
    each phase, after the lost time of each. A signal with one phase only (a crossing for walkers) is green for the
    share set.
    """
    plan = params.signals
    last = drive.vertex_ptr[1:] - 1
    dx = drive.vertex_x_m[last] - drive.vertex_x_m[last - 1]
    dy = drive.vertex_y_m[last] - drive.vertex_y_m[last - 1]
    axis = np.arctan2(dy, dx)
    order = np.argsort(drive.link_to, kind="stable")
    starts = np.searchsorted(drive.link_to[order], np.arange(drive.node_count + 1))
    for node in np.flatnonzero(drive.signal).tolist():
        links = order[starts[node] : starts[node + 1]]
        links = links[drive.free_speed_mps[links] > 0]
        if not len(links):
            continue
        widest = links[np.argmax(lanes[links])]
        along = np.abs(np.cos(axis[links] - axis[widest])) >= np.cos(np.pi / 4)
        usable_s = plan.cycle_s - 2 * plan.lost_time_s
        if along.all():
            phases = [(links, 0.0, plan.cycle_s * plan.crossing_green)]
        else:
            first, second = lanes[links[along]].max(), lanes[links[~along]].max()
            green_s = usable_s * first / (first + second)
            phases = [
                (links[along], 0.0, green_s),
                (links[~along], green_s + plan.lost_time_s, usable_s - green_s),
            ]
        for members, from_s, green_s in phases:
            for link in members.tolist():
                network.add_signal(link, cycle_s=plan.cycle_s, green_s=green_s, offset_s=from_s)
