"""Public text formats of static problems: dial-a-ride after Cordeau, pick-up and delivery after Li and Lim."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.arrays import Floats, Longs
from twin.models.transit.planning.problem import Problem

#: Whole numbers up to here are exact as floats.
_LARGEST_ID = 2.0**53


@dataclass(frozen=True)
class Instance:
    """A problem, and the ids that its file gives to the nodes.

    Attributes
    ----------
    problem
        The problem, its windows tightened.
    ids : (nodes,) int64
        Id in the file of each node; the depot last.
    """

    problem: Problem
    ids: Longs


def read_dial_a_ride(text: str) -> Instance:
    """Problem of a file in Cordeau's format.

    The header holds vehicles, a count, longest duty, places and longest ride; each line after it id, x, y, service,
    load, earliest and latest. The depot comes first and may come again at the end; half of the others are pick-ups,
    then their set-downs follow in the same order. Driving costs and takes the Euclidean distance.

    Raises
    ------
    ValueError
        If the text is not of this form.
    """
    head, rows = _numbers(text, (5,), 7)
    vehicles, said, duty, places, ride = head
    has_end = rows.shape[0] > 2 and rows.shape[0] % 2 == 0
    inner = rows[1:-1] if has_end else rows[1:]
    n = inner.shape[0] // 2
    if n == 0 or said not in (n, 2 * n):
        raise ValueError(
            f"the first line says {said:g} requests or tasks, the file has lines for {n} requests; "
            "expected the depot, all pick-ups, then their set-downs, and the depot again or not"
        )
    if has_end and (rows[0, 1:3] != rows[-1, 1:3]).any():
        raise ValueError(f"the depot at the end (id {rows[-1, 0]:g}) lies elsewhere than the first one")
    for k in range(n):
        if inner[k, 4] < 0 or inner[n + k, 4] != -inner[k, 4]:
            raise ValueError(
                f"id {inner[k, 0]:g} picks up {inner[k, 4]:g} and id {inner[n + k, 0]:g} sets down "
                f"{-inner[n + k, 4]:g}; expected the same load twice, not below 0, all pick-ups before all set-downs"
            )
    order = np.append(np.stack([np.arange(n), np.arange(n, 2 * n)], 1).ravel(), 2 * n)
    table = np.vstack([inner, rows[:1]])[order]
    if has_end:
        table[-1, 6] = min(table[-1, 6], rows[-1, 6])
    return _instance(
        table[:, 0],
        table[:, 1:3],
        table[:, 5],
        table[:, 6],
        table[:, 3],
        inner[:n, 4],
        np.full(n, ride),
        places,
        duty,
        vehicles,
    )


def read_pickup_delivery(text: str) -> Instance:
    """Problem of a file in the format of Li and Lim.

    The header holds vehicles, places and speed (which is not used, as on the public lists); each line after it id, x,
    y, load, earliest, latest, service, id of the pick-up (0 for a pick-up) and of the set-down (0 for a set-down).

    Raises
    ------
    ValueError
        If the text is not of this form.
    """
    head, rows = _numbers(text, (2, 3), 9)
    by_id = {row[0]: row for row in rows}
    picks = [row for row in rows[1:] if row[8] != 0]
    if not picks or 2 * len(picks) + 1 != rows.shape[0]:
        raise ValueError(
            f"{len(picks)} pick-ups in {rows.shape[0]} lines; expected the depot, and for each pick-up "
            "the id of its set-down in the last column, 0 for a set-down"
        )
    for pick in picks:
        drop = by_id.get(pick[8])
        if pick[7] != 0 or drop is None or drop[7] != pick[0] or drop[8] != 0:
            raise ValueError(f"pick-up {pick[0]:g} and its set-down {pick[8]:g} do not name each other")
        if pick[3] < 0 or drop[3] != -pick[3]:
            raise ValueError(
                f"id {pick[0]:g} picks up {pick[3]:g} and id {drop[0]:g} sets down {-drop[3]:g}; "
                "expected the same load twice, not below 0"
            )
    table = np.array([row for pick in picks for row in (pick, by_id[pick[8]])] + [rows[0]])
    load = table[0:-1:2, 3]
    return _instance(
        table[:, 0],
        table[:, 1:3],
        table[:, 4],
        table[:, 5],
        table[:, 6],
        load,
        np.full(load.size, np.inf),
        head[1],
        np.inf,
        head[0],
    )


def _numbers(text: str, head_sizes: tuple[int, ...], row_size: int) -> tuple[list[float], Floats]:
    """First line and the others as finite numbers."""
    rows: list[list[float]] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        sizes = (row_size,) if rows else head_sizes
        if len(words) not in sizes:
            raise ValueError(f"line {number} has {len(words)} numbers, expected {' or '.join(map(str, sizes))}")
        try:
            values = [float(word) for word in words]
        except ValueError as fault:
            raise ValueError(f"line {number} holds what is not a number: {fault}") from fault
        if not np.isfinite(values).all():
            raise ValueError(f"line {number} holds a number that is not finite")
        rows.append(values)
    if len(rows) < 2:
        raise ValueError("no lines of nodes: expected a line of limits, then one line for each node")
    return rows[0], np.array(rows[1:])


def _instance(
    ids: Floats,
    xy: Floats,
    early: Floats,
    late: Floats,
    service: Floats,
    load: Floats,
    ride_max: Floats,
    capacity: float,
    duty_max: float,
    vehicles: float,
) -> Instance:
    if (ids != np.floor(ids)).any() or (np.abs(ids) > _LARGEST_ID).any() or np.unique(ids).size < ids.size:
        raise ValueError("ids must be whole numbers, each once")
    if vehicles != int(vehicles) or vehicles < 1:
        raise ValueError(f"vehicles must be a whole number above 0, got {vehicles:g}")
    if capacity < 0 or duty_max < 0 or (ride_max < 0).any() or (service < 0).any():
        raise ValueError("places, limits and times of service must not be below 0")
    closed = np.flatnonzero(early > late)
    if closed.size:
        raise ValueError(f"the window of id {ids[closed[0]]:g} closes before it opens")
    between = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    # More vehicles than requests are never used.
    problem = Problem(
        between,
        early.copy(),
        late.copy(),
        service,
        load,
        ride_max,
        float(capacity),
        float(duty_max),
        min(int(vehicles), load.size),
    )
    return Instance(tightened(problem), ids.astype(np.int64))


def tightened(problem: Problem) -> Problem:
    """The same problem with windows cut to what ride limits and the depot leave of them (Cordeau 2006, section 5.1)."""
    n = problem.requests
    pick, drop, depot = np.arange(0, 2 * n, 2), np.arange(1, 2 * n, 2), problem.depot
    early, late, service = problem.early.copy(), problem.late.copy(), problem.service
    direct = problem.between[pick, drop]
    for _ in range(2):
        early[:depot] = np.maximum(early[:depot], early[depot] + service[depot] + problem.between[depot, :depot])
        late[:depot] = np.minimum(late[:depot], late[depot] - service[:depot] - problem.between[:depot, depot])
        early[drop] = np.maximum(early[drop], early[pick] + service[pick] + direct)
        late[drop] = np.minimum(late[drop], late[pick] + service[pick] + problem.ride_max)
        early[pick] = np.maximum(early[pick], early[drop] - problem.ride_max - service[pick])
        late[pick] = np.minimum(late[pick], late[drop] - direct - service[pick])
    return replace(problem, early=early, late=late)
