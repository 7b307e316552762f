"""Truck visits from vessel calls: boxes by id, released, fetched, brought before cut-off, empties back and forth.

Each box is keyed by (vessel, week, serial): one box more changes no other box, and a box moves on the same day
whichever day is simulated. When a box moves follows from one
uniform and the calendar: the hours of the day, the days of the week and holidays, weighted by an exponential law
that begins at its release or ends at its cut-off.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ids, Ints
from twin.engine.draws import make_stream, uniforms
from twin.engine.ids import Kind, make_ids
from twin.models.terminal.demand.params import DAY_S, Vessels, call_key, vessel_of
from twin.models.terminal.params import TerminalParams

#: Weeks of calls, and days of the calendar, around the day that is simulated.
WEEKS = range(-5, 4)
_DAYS = range(-45, 31)

LADEN_OUT, LADEN_IN, EMPTY_OUT, EMPTY_IN = range(4)
_NO_EVENT = np.uint64(0)


@dataclass(frozen=True)
class Wishes:
    """Visits that are wanted on a day, sorted by id; all arrays have one row per visit.

    Attributes
    ----------
    ids : (n,) uint64
    desired_s : (n,) float64
    kind : (n,) int32
        Index into TRUCK_KINDS, -1 if it is to be drawn.
    vessel : (n,) int32
        Index into the names of vessels, -1 if none is known.
    vessels
        Names of the vessels.
    earliest_s, latest_s, known_s : (n,) float64
        Release, cut-off, and when the release is known; -inf, inf and nan where there is none.
    """

    ids: Ids
    desired_s: Floats
    kind: Ints
    vessel: Ints
    vessels: tuple[str, ...]
    earliest_s: Floats
    latest_s: Floats
    known_s: Floats

    def only(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> Wishes:
        """Some of them."""
        return Wishes(
            self.ids[rows], self.desired_s[rows], self.kind[rows], self.vessel[rows], self.vessels,
            self.earliest_s[rows], self.latest_s[rows], self.known_s[rows],
        )  # fmt: skip


class Calendar:
    """When trucks like to come: hours of the day by the profile, days by their factors.

    Parameters
    ----------
    vessels
        Date, weekdays, holidays.
    start_s, end_s, weight : (m,) float64
        Profile of a day.
    """

    def __init__(self, vessels: Vessels, start_s: Floats, end_s: Floats, weight: Floats) -> None:
        starts = np.unique(start_s)
        ends = np.array([end_s[start_s == at].min() for at in starts])
        # A count may reach into the next one; the calendar has no overlaps.
        ends[:-1] = np.minimum(ends[:-1], starts[1:])
        hours = np.array([weight[start_s == at].sum() for at in starts])
        factors = np.array([vessels.day_factor(day) for day in _DAYS])
        days = np.array(_DAYS) * DAY_S
        self._edges = np.stack([days[:, None] + starts, days[:, None] + ends], axis=2).ravel()
        self._weight = (factors[:, None] * hours).ravel()
        self._middle = (self._edges[::2] + self._edges[1::2]) / 2
        self._plain = self._cumulative(np.ones(len(self._middle)))
        self._laws: dict[tuple[float, bool], Floats] = {}

    def _cumulative(self, law: Floats) -> Floats:
        steps = np.zeros(len(self._edges))
        steps[1::2] = self._weight * law
        return np.cumsum(steps)

    def draw(self, u: Floats, from_s: Floats, to_s: Floats, mean_s: float, *, rising: bool = False) -> Floats:
        """Moments between two others.

        Parameters
        ----------
        u : (n,) float64
            Uniforms.
        from_s, to_s : (n,) float64
            A moment falls between these; where the gate is closed all that time, on about the next open day.
        mean_s
            Mean of the exponential law, which falls from ``from_s`` on.
        rising
            The law rises towards ``to_s`` instead.
        """
        if (mean_s, rising) not in self._laws:
            law = np.exp((self._middle if rising else -self._middle) / mean_s)
            self._laws[mean_s, rising] = self._cumulative(law)
        total = self._laws[mean_s, rising]
        low, high = np.interp(from_s, self._edges, total), np.interp(to_s, self._edges, total)
        out = np.interp(low + u * (high - low), total, self._edges)
        closed = high <= low
        if closed.any():
            day = self._plain[-1] / len(_DAYS)
            start = np.interp(from_s[closed], self._edges, self._plain)
            out[closed] = np.interp(start + u[closed] * day, self._plain, self._edges)
        return out


def vessel_wishes(params: TerminalParams, calendar: Calendar, run_seed: np.uint64) -> Wishes:
    """Visits of the day that move the boxes of the calls around it."""
    vessels = params.demand.vessels
    if not vessels:
        raise TypeError("the demand has no vessel calls")
    names = tuple(sorted({vessel_of(name) for name in vessels.calls}))
    parts = []
    for name, call in sorted(vessels.calls.items()):
        vessel = vessel_of(name)
        index = names.index(vessel)
        imports, exports = (round(boxes * params.demand.factor) for boxes in vessels.boxes(call))
        for week, arrival_s in vessels.arrivals_s(call, WEEKS).items():
            origin = 1 << 23 | call_key(vessel) << 7 | vessels.week_key(week)
            # First discharged, then loaded; how many boxes there are of each does not move the others.
            discharged_by_s = call.works_s / 2
            boxes = make_ids(Kind.TRUCK, origin, imports * 4)
            parts += _imports(vessels, calendar, boxes, index, names, arrival_s, discharged_by_s, run_seed)
            boxes = make_ids(Kind.TRUCK, origin, exports * 4)
            parts += _exports(vessels, calendar, boxes, index, names, arrival_s - vessels.cutoff_s, run_seed)
    today = [part.only((part.desired_s >= 0) & (part.desired_s < DAY_S)) for part in parts]
    all_of = Wishes(
        np.concatenate([p.ids for p in today]), np.concatenate([p.desired_s for p in today]),
        np.concatenate([p.kind for p in today]), np.concatenate([p.vessel for p in today]), names,
        np.concatenate([p.earliest_s for p in today]), np.concatenate([p.latest_s for p in today]),
        np.concatenate([p.known_s for p in today]),
    )  # fmt: skip
    return all_of.only(np.argsort(all_of.ids))


def _draw(run_seed: np.uint64, purpose: str, ids: Ids, event: int = 0) -> Floats:
    return uniforms(make_stream(run_seed, f"terminal.vessel.{purpose}"), ids, np.uint64(event))


def _wishes(
    ids: Ids,
    desired_s: Floats,
    kind: int,
    vessel: int,
    names: tuple[str, ...],
    earliest_s: Floats | float = -np.inf,
    latest_s: float = np.inf,
    known_s: Floats | float = np.nan,
) -> Wishes:
    n = len(ids)
    return Wishes(
        ids, desired_s, np.full(n, kind, np.int32), np.full(n, vessel, np.int32), names,
        np.broadcast_to(earliest_s, n).copy(), np.full(n, latest_s), np.broadcast_to(known_s, n).copy(),
    )  # fmt: skip


def _imports(
    vessels: Vessels,
    calendar: Calendar,
    boxes: Ids,
    vessel: int,
    names: tuple[str, ...],
    arrival_s: float,
    discharged_by_s: float,
    run_seed: np.uint64,
) -> list[Wishes]:
    """Boxes discharged: fetched once released, most within the free time; many come back empty."""
    fetch, give_back = boxes[LADEN_OUT::4], boxes[EMPTY_IN::4]
    discharged = arrival_s + discharged_by_s * _draw(run_seed, "discharged", fetch)
    released = discharged - vessels.release_s * np.log(_draw(run_seed, "released", fetch))
    free_s = np.maximum(discharged + vessels.free_time_s, released + DAY_S)
    overdue = _draw(run_seed, "overdue", fetch) < vessels.overdue_share
    from_s, to_s = np.where(overdue, free_s, released), np.where(overdue, free_s + 5 * DAY_S, free_s)
    fetched = calendar.draw(_draw(run_seed, "fetched", fetch), from_s, to_s, vessels.fetched_after_s)
    emptied = fetched - vessels.stuffing_s * np.log(_draw(run_seed, "emptied", give_back))
    u = _draw(run_seed, "given back", give_back)
    back = calendar.draw(u, emptied, emptied + 7 * DAY_S, DAY_S)
    comes_here = _draw(run_seed, "given back", give_back, 1) < vessels.empties_brought
    return [
        _wishes(fetch, fetched, LADEN_OUT, vessel, names, earliest_s=released, known_s=released),
        _wishes(give_back[comes_here], back[comes_here], EMPTY_IN, vessel, names),
    ]


def _exports(
    vessels: Vessels,
    calendar: Calendar,
    boxes: Ids,
    vessel: int,
    names: tuple[str, ...],
    cutoff_s: float,
    run_seed: np.uint64,
) -> list[Wishes]:
    """Boxes loaded: brought before the cut-off; many were fetched here empty."""
    bring, fetch = boxes[LADEN_IN::4], boxes[EMPTY_OUT::4]
    opens_s, closes_s = np.full(len(bring), cutoff_s - vessels.taken_from_s), np.full(len(bring), cutoff_s)
    brought = calendar.draw(_draw(run_seed, "brought", bring), opens_s, closes_s, vessels.brought_before_s, rising=True)
    wanted = brought + vessels.stuffing_s * np.log(_draw(run_seed, "filled", fetch))
    u = _draw(run_seed, "fetched empty", fetch)
    fetched = calendar.draw(u, wanted - 7 * DAY_S, wanted, DAY_S, rising=True)
    from_here = _draw(run_seed, "fetched empty", fetch, 1) < vessels.empties_fetched
    return [
        _wishes(bring, brought, LADEN_IN, vessel, names, latest_s=cutoff_s),
        _wishes(fetch[from_here], fetched[from_here], EMPTY_OUT, vessel, names),
    ]


def match_moves(
    wishes: Wishes, haulier: Ints, share: float, window_s: float, run_seed: np.uint64
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Trucks that bring one box and fetch another: rows of visits, and for each the row it also fetches, or -1.

    In order of time, a truck that brings a box and is willing takes the nearest box its haulier wants to have
    fetched within ``window_s`` and that is released; the fetched box then needs no visit of its own.

    Parameters
    ----------
    wishes
        All moves of the day.
    haulier : (n,) int32
        Who moves each.
    share
        Share of trucks that bring a box and look for one to fetch.
    window_s
        Most time between the two.
    run_seed
        Seed of the run.
    """
    brings = (wishes.kind == LADEN_IN) | (wishes.kind == EMPTY_IN)
    looks = brings & (_draw(run_seed, "dual", wishes.ids) < share)
    fetched: dict[int, list[int]] = {}
    for row in np.flatnonzero(~brings).tolist():
        fetched.setdefault(int(haulier[row]), []).append(row)
    second = np.full(len(wishes.ids), -1, np.intp)
    taken = np.zeros(len(wishes.ids), np.bool_)
    rows = np.flatnonzero(looks)
    for row in rows[np.lexsort((wishes.ids[rows], wishes.desired_s[rows]))].tolist():
        at_s = wishes.desired_s[row]
        near = [
            (abs(wishes.desired_s[other] - at_s), other)
            for other in fetched.get(int(haulier[row]), [])
            if not taken[other] and wishes.earliest_s[other] <= at_s
        ]
        if near and min(near)[0] <= window_s:
            second[row] = min(near)[1]
            taken[second[row]] = True
    stays = np.flatnonzero(~taken)
    return stays, second[stays]
