"""From the drive layer of a city to a queueing network: capacities, turn queues, changes with hours."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import City
from twin.columns import VEHICLE_CLASSES
from twin.models.road_traffic.free_flow.form import class_speeds
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.queueing.network import RoadNetwork
from twin.models.road_traffic.queueing.signals import add_signals, turns_apart


def driven_lengths_m(params: RoadParams, city: City) -> Floats:
    """(m,) float64: length of each drive link as the network has it, lengthened to ``shortest_link_s``."""
    fastest_mps = city.drive.free_speed_mps.copy()
    for change in city.timed:
        fastest_mps[change.link_index] = max(fastest_mps[change.link_index], change.speed_mps)
    return np.asarray(np.maximum(city.drive.length_m, fastest_mps * params.shortest_link_s))


def notes(params: RoadParams, city: City) -> list[str]:
    """What a reader of the results should know of the network."""
    drive = city.drive
    added_m = driven_lengths_m(params, city) - drive.length_m
    longer = int(np.count_nonzero(added_m > 0))
    if not longer:
        return []
    what = f"{longer} of {drive.link_count} drive links were lengthened to {params.shortest_link_s:g} s of driving"
    return [f"{what}, by {added_m.sum():.0f} m in all, the most by {added_m.max():.1f} m"]


def street_network(
    params: RoadParams, city: City, tables: Mapping[str, Mapping[str, NDArray[np.generic]]]
) -> RoadNetwork:
    """Queueing network of a city's drive layer with its edits; link i of the network is link i of the layer.

    Links that are driven in less than ``shortest_link_s`` are lengthened to it, and links shorter than the
    largest vehicle hold one; :func:`notes` reports the former. Approaches of several lanes with several ways on get
    a queue per way, with shared storage: on such streets a turner does not hold up those beside him.
    """
    drive = city.drive
    sizes = tuple(float(getattr(params.class_sizes, name)) for name in VEHICLE_CLASSES)
    network = RoadNetwork(
        class_size=sizes,
        class_speed_mps=class_speeds(params).tolist(),
        release_after_s=params.release_after_s or np.inf,
        whole_storage=True,
    )
    # A link that an edit closed for good keeps its number; no way leads over it, whatever it is like.
    is_open = drive.free_speed_mps > 0
    speed_mps = np.where(is_open, drive.free_speed_mps, params.class_speeds.car_mps)
    length_m = driven_lengths_m(params, city)
    for node in range(drive.node_count):
        network.node_index[node] = node
    lanes = np.maximum(drive.lanes, 1).astype(np.float64)
    network.add_links(
        drive.link_from.tolist(),
        drive.link_to.tolist(),
        length_m,
        speed_mps=speed_mps,
        lanes=lanes,
        jam_density_per_m=1.0 / params.jam_spacing_m,
        wave_speed_mps=params.jam_spacing_m / params.reaction_time_s,
        merge_weight=lanes,
    )
    for link in np.flatnonzero(is_open & (lanes >= 2)).tolist():
        for to in turns_apart(drive, link):
            network.add_turn_queue(link, [to])
    add_signals(params, city, network, tables)
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
