"""What a container terminal does over the day: which lanes of the in-gate serve, and how many boxes lie in the yard.

Both come from the table of visits. Where lanes and stacks stand is authored (``port``); the number of boxes at the
start of the day is not known, so that a picture shows how far stacks have risen or fallen since, on an assumed level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.viz.packs import SECOND_STEP, pack_columns, steps_of
from twin.viz.run_view import Columns, RunView, Traces
from twin.viz.shapes import Frame

#: Middle to middle of neighbouring lanes of an in-gate: a lane and the island with its booth (guessed, G).
LANE_PITCH_M = 5.0
_MOST_LANES = 60
#: ``TRUCK_KINDS`` that bring boxes, the others fetch them; see the table ``terminal_visits``.
_BRINGS = (1, 3)


@dataclass(frozen=True)
class GateLanes:
    """The lanes of an in-gate, side by side across the way in.

    Attributes
    ----------
    at_m : (n, 2) float64
        Middle of each lane at its booth, in metres of a frame.
    angle_rad
        Direction in which trucks drive through, from east.
    """

    at_m: Floats
    angle_rad: float


def gate_lanes(run: RunView, gate: Floats, way_in: Floats, frame: Frame) -> GateLanes | None:
    """Lay the lanes of a run out about its gate.

    Parameters
    ----------
    gate
        Longitude and latitude of the gate.
    way_in : (k, 2) float64
        Points from the gate backwards along the road; none gives lanes that lead east.
    frame
        Frame of the metres.
    """
    count = sum(_lanes_of_groups(run.tables.get("terminal_constants")))
    if not 0 < count <= _MOST_LANES:
        return None
    middle = frame.metres(np.asarray(gate)[None])[0]
    back = frame.metres(way_in) if len(way_in) else np.empty((0, 2))
    far = back[np.hypot(*(back - middle).T) > 15.0][:1]
    way = middle - far[0] if len(far) else np.array([1.0, 0.0])
    way = way / np.hypot(*way)
    left = np.array([-way[1], way[0]])
    across = (np.arange(count) - (count - 1) / 2) * LANE_PITCH_M
    return GateLanes(middle - across[:, None] * left, float(np.arctan2(way[1], way[0])))


def _lanes_of_groups(constants: Columns | None) -> list[int]:
    """Lanes of each group, in the order of the groups' numbers."""
    if constants is None:
        return []
    named = zip(constants["name"].tolist(), constants["value"].tolist(), strict=True)
    groups = {int(n.split(":")[1]): int(v) for n, v in named if str(n).startswith("lane:") and v >= 0}
    return [groups[k] for k in sorted(groups)]


def terminal_packs(run: RunView) -> dict[str, dict[str, Any]]:
    """Packs ``gate`` (lane, start, end, class of every service) and ``boxes`` (time, net boxes brought); none without.

    Lanes are counted from 0 through all groups. Rows of ``gate`` are sorted by lane and start.
    """
    visits = run.tables.get("terminal_visits")
    if visits is None or not len(visits["id"]):
        return {}
    groups = _lanes_of_groups(run.tables.get("terminal_constants"))
    first = np.concatenate([[0], np.cumsum(groups)]).astype(np.int64)
    group, lane = visits["lane_group"].astype(np.int64), visits["lane"].astype(np.int64)
    start, end = visits["gate_start_s"].astype(np.float64), visits["gate_end_s"].astype(np.float64)
    served = (group >= 0) & (group < len(groups)) & (lane >= 0) & np.isfinite(start) & np.isfinite(end)
    number = np.where(served, first[np.where(served, group, 0)] + lane, 0)
    rows = np.flatnonzero(served)
    rows = rows[np.lexsort((start[rows], number[rows]))]
    out_s = visits["out_s"].astype(np.float64)
    done = np.flatnonzero(served & np.isfinite(out_s))
    done = done[np.argsort(out_s[done], kind="stable")]
    comes, leaves = carried(visits)
    return {
        "gate": pack_columns(
            {
                "lane": number[rows],
                "start": steps_of(start[rows], run.from_s, SECOND_STEP),
                "end": steps_of(end[rows], run.from_s, SECOND_STEP),
                "state": _states(run)[np.minimum(visits["served_as"][rows], 1)],
                "box": comes[rows],
            }
        ),
        "boxes": pack_columns(
            {
                "time": steps_of(out_s[done], run.from_s, SECOND_STEP),
                "net": np.cumsum(comes[done].astype(np.int64) - leaves[done]),
            }
        ),
        "line": _line(run, visits, comes),
    }


def carried(visits: Columns) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether each truck has a box when it comes, and when it leaves: one with two moves brings one and fetches one."""
    brings = np.isin(visits["kind"], _BRINGS)
    both = visits["moves_count"].astype(np.int64) > 1
    # Who is turned away leaves as it came.
    served = np.isfinite(visits["gate_start_s"].astype(np.float64))
    comes = brings | both
    return comes, np.where(served, ~brings | both, comes)


def _line(run: RunView, visits: Columns, comes: NDArray[np.bool_]) -> dict[str, Any]:
    """How many wait in the line over time, and how many of them came without a box."""
    join, start, out = (visits[name].astype(np.float64) for name in ("join_s", "gate_start_s", "out_s"))
    end = np.where(np.isfinite(start), start, out)
    known = np.isfinite(join) & np.isfinite(end)
    time_s = np.concatenate([join[known], end[known]])
    change = np.repeat([1, -1], known.sum())
    bare = np.tile(~comes[known], 2) * change
    order = np.argsort(time_s, kind="stable")
    return pack_columns(
        {
            "time": steps_of(time_s[order], run.from_s, SECOND_STEP),
            "trucks": np.cumsum(change[order]),
            "bare": np.cumsum(bare[order]),
        }
    )


def _states(run: RunView) -> NDArray[np.int64]:
    """States of the body ``truck`` in which trucks of the two classes, ordinary and booked, are shown."""
    names = run.body_states.get("truck", ())
    return np.array([names.index(c) if c in names else 0 for c in ("ordinary", "booked")], np.int64)


def waits_of_trips(
    run: RunView, traces: Traces, first: NDArray[np.int64]
) -> tuple[Floats, Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """From when to when the truck of each trip is in the line, at the gate or inside, and drawn as one of those.

    A run does not say where in the terminal a truck is; its path leads straight from the in-gate to the out-gate.

    Parameters
    ----------
    first
        Row of ``traces`` at which each trip begins.

    Returns
    -------
    from_s, to_s : (n,) float64
        Both -1 where the trip is of nobody in the table.
    comes, leaves : (n,) bool
        Whether it has a box before and after; true where the trip is of nobody in the table.
    """
    none, always = np.full(len(first), -1.0), np.ones(len(first), np.bool_)
    visits = run.tables.get("terminal_visits")
    if visits is None or not len(visits["id"]) or not len(first):
        return none, none.copy(), always, always.copy()
    order = np.argsort(visits["id"], kind="stable")
    ids = visits["id"][order].astype(np.uint64)
    at = np.minimum(np.searchsorted(ids, traces.id[first]), len(ids) - 1)
    known = ids[at] == traces.id[first]
    row = order[at]
    join, end = (visits[name].astype(np.float64)[row] for name in ("join_s", "out_s"))
    comes, leaves = (np.where(known, has[row], always) for has in carried(visits))
    known &= np.isfinite(join) & np.isfinite(end)
    return np.where(known, join, none), np.where(known, end, none), comes, leaves
