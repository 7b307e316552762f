"""Public text formats of static problems: dial-a-ride after Cordeau, pick-up and delivery after Li and Lim."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.models.transit.planning.problem import Floats, Ints, Problem


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
    ids: Ints


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
    head, rows = _numbers(text, (5,), (7,))
    vehicles, _, duty, places, ride = head
    has_end = rows.shape[0] > 2 and rows.shape[0] % 2 == 0
    inner = rows[1:-1] if has_end else rows[1:]
    n = inner.shape[0] // 2
    if n == 0 or inner.shape[0] % 2 or not (inner[:n, 4] > 0).all() or not (inner[n:, 4] == -inner[:n, 4]).all():
        raise ValueError("expected the depot, all pick-ups with loads above 0, then their set-downs with the same loads")
    order = np.append(np.stack([np.arange(n), np.arange(n, 2 * n)], 1).ravel(), 2 * n)
    table = np.vstack([inner, rows[:1]])[order]
    if has_end:
        table[-1, 6] = min(table[-1, 6], rows[-1, 6])
    return _instance(table[:, 0], table[:, 1:3], table[:, 5], table[:, 6], table[:, 3], inner[:n, 4],
                     np.full(n, ride), places, duty, int(vehicles))


def read_pickup_delivery(text: str) -> Instance:
    """Problem of a file in the format of Li and Lim.

    The header holds vehicles, places and speed (which is not used, as on the public lists); each line after it id, x,
    y, load, earliest, latest, service, id of the pick-up (0 for a pick-up) and of the set-down (0 for a set-down).

    Raises
    ------
    ValueError
        If the text is not of this form.
    """
    head, rows = _numbers(text, (2, 3), (9,))
    by_id = {int(row[0]): row for row in rows}
    picks = [row for row in rows[1:] if row[7] == 0 and row[8] != 0]
    if not picks or 2 * len(picks) + 1 != len(by_id) or not all(int(row[8]) in by_id for row in picks):
        raise ValueError("expected the depot, and for each pick-up the id of its set-down")
    table = np.array([row for pick in picks for row in (pick, by_id[int(pick[8])])] + [rows[0]])
    load = table[0:-1:2, 3]
    return _instance(table[:, 0], table[:, 1:3], table[:, 4], table[:, 5], table[:, 6], load,
                     np.full(load.size, np.inf), head[1], np.inf, int(head[0]))


def _numbers(text: str, head_sizes: tuple[int, ...], row_sizes: tuple[int, ...]) -> tuple[list[float], Floats]:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    try:
        head = [float(word) for word in lines[0]]
        rows = np.array([[float(word) for word in line] for line in lines[1:]])
    except (IndexError, ValueError) as fault:
        raise ValueError(f"not a table of numbers: {fault}") from fault
    if len(head) not in head_sizes or rows.ndim != 2 or rows.shape[1] not in row_sizes:
        raise ValueError(f"expected {head_sizes[-1]} numbers in the first line and {row_sizes[-1]} in each other")
    if not np.isfinite(rows).all():
        raise ValueError("every number must be finite")
    return head, rows


def _instance(ids: Floats, xy: Floats, early: Floats, late: Floats, service: Floats, load: Floats, ride_max: Floats,
              capacity: float, duty_max: float, vehicles: int) -> Instance:
    between = np.hypot(xy[:, None, 0] - xy[None, :, 0], xy[:, None, 1] - xy[None, :, 1])
    problem = Problem(between, early.copy(), late.copy(), service, load, ride_max, float(capacity), float(duty_max),
                      vehicles)
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
