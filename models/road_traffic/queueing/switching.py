"""Lights of the queueing network that go over to another plan while vehicles stand before them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.city.lights.plans import Window
from twin.models.road_traffic.queueing.arrays import Road
from twin.models.road_traffic.queueing.loading import Loading


def switch_lights(loading: Loading, windows: Mapping[tuple[int, int | None], Window], at_s: float) -> None:
    """Let other plans run from a moment on that has been driven up to.

    Whoever stands before a light is looked at anew at that moment: what was foreseen went by the old plan.

    Parameters
    ----------
    loading
        The network and its vehicles.
    windows
        Link, and link of the movement or None for all -> green.
    at_s
        The moment.
    """
    road = loading.road
    for (link, to_link), window in windows.items():
        lines = _lines_of(road, link, to_link)
        road.lines["cycle_s"][lines] = window.cycle_s
        road.lines["green_s"][lines] = window.green_s
        road.lines["offset_s"][lines] = window.offset_s
        # Nobody who could not go before goes before now.
        mine = np.isin(road.queues["line"], lines)
        road.queues["ready_s"][mine] = np.maximum(road.queues["ready_s"][mine], at_s)
        node = road.links["to_node"][link]
        road.node_next_s[node] = min(float(road.node_next_s[node]), at_s)
    loading.back_to(at_s)


def red_wait_s(road: Road) -> NDArray[np.float64]:
    """(m,) float64: mean wait for green of who arrives at any moment of the cycle and finds no queue."""
    line = road.lines[road.links["queue"]]
    red_s = line["cycle_s"] - line["green_s"]
    return np.asarray(red_s**2 / np.where(line["cycle_s"] > 0, 2 * line["cycle_s"], np.inf))


def _lines_of(road: Road, link: int, to_link: int | None) -> NDArray[np.intp]:
    """Lines at the end of a link, or that of one of its movements."""
    if to_link is None:
        return np.unique(road.queues["line"][road.queues["link"] == link]).astype(np.intp)
    moves = road.moves[int(road.links["move_start"][link]) : int(road.links["move_end"][link])]
    queues = moves["queue"][moves["to_link"] == to_link]
    return np.unique(road.queues["line"][queues]).astype(np.intp)
