"""Who wants to come: trucks by id from hourly counts, what they come for, and with whom.

Each truck is keyed by (hour, kind, serial), or by the box it moves where demand comes from vessel calls: one
more adds one truck and leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ids, Ints
from twin.engine.draws import make_stream, poisson_counts, uniforms
from twin.engine.ids import Kind, first_ids
from twin.errors import TableError
from twin.models.terminal import names
from twin.models.terminal.demand import kernels
from twin.models.terminal.demand.vessels import Calendar, Wishes, match_moves, vessel_wishes
from twin.models.terminal.gate.state import BLANK, empty_rows
from twin.models.terminal.params import TerminalParams
from twin.models.terminal.tables import TRUCK_KINDS

Columns = Mapping[str, NDArray[np.generic]]

_NO_KIND = -1
_NO_EVENT = np.uint64(0)
_MOST_TRUCKS = 1_000_000


@dataclass(frozen=True)
class Counts:
    """Expected trucks by hour and kind, sorted by start and kind; all arrays have one row per count.

    Attributes
    ----------
    start_s, end_s : (m,) float64
    trucks : (m,) float64
    kind : (m,) int32
        Index into :data:`TRUCK_KINDS`, -1 if the count holds every kind.
    """

    start_s: Floats
    end_s: Floats
    trucks: Floats
    kind: Ints


@dataclass(frozen=True)
class Trucks:
    """Trucks that want to come, sorted by id.

    Attributes
    ----------
    ids : (n,) uint64
    desired_s : (n,) float64
        When the truck would reach the line if nothing stood in its way.
    haulier, haulier_type : (n,) int32
    time_s, word, code
        Rows of visits in the form of the kernel.
    vessel : (n,) int32
        Index into ``vessels`` of the vessel whose box it moves, -1 if none is known.
    vessels
        Names of the vessels.
    earliest_s, latest_s : (n,) float64
        Release of the box it fetches, and cut-off for the one it brings; infinite where neither binds.
    known_s : (n,) float64
        When the release of its box becomes known; nan where the demand does not say.
    expected
        Trucks that such a day has on average.
    """

    ids: Ids
    desired_s: Floats
    haulier: Ints
    haulier_type: Ints
    time_s: Floats
    word: Ints
    code: NDArray[np.int8]
    vessel: Ints
    vessels: tuple[str, ...]
    earliest_s: Floats
    latest_s: Floats
    known_s: Floats
    expected: float


def read_counts(params: TerminalParams, tables: Mapping[str, Columns]) -> Counts:
    """Expected trucks by hour from the scenario's table or the parameters, scaled as asked.

    Raises
    ------
    TableError
        If the table is missing, lacks a column, or holds what is no count of trucks in a day.
    """
    demand = params.demand
    if demand.table:
        start, end, trucks, kind = _table_counts(demand.table, tables, demand.hour_s)
    else:
        start = np.array(sorted(demand.hourly))
        end = start + demand.hour_s
        trucks = np.array([demand.hourly[t] for t in start.tolist()])
        kind = np.full(len(start), _NO_KIND, np.int32)
    total = float(trucks.sum())
    scale = demand.factor
    if demand.day_total is not None:
        if total <= 0:
            raise TableError(
                "the counts of trucks are all 0 and cannot be scaled to demand.day_total",
                where="terminal.demand",
                mend="give trucks in at least one hour",
            )
        scale *= demand.day_total / total
    order = np.lexsort((kind, start))
    if float(trucks.sum()) * scale > _MOST_TRUCKS:
        raise TableError(
            f"{total * scale:.0f} trucks in a day are more than {_MOST_TRUCKS}",
            where="terminal.demand",
            mend="check the counts, demand.day_total and demand.factor",
        )
    return Counts(start[order], end[order], trucks[order] * scale, kind[order])


def _table_counts(name: str, tables: Mapping[str, Columns], hour_s: float) -> tuple[Floats, Floats, Floats, Ints]:
    where = f"table {name}"
    if name not in tables:
        raise TableError(
            f"terminal.demand.table names {name!r}, which the scenario does not have",
            where="terminal.demand.table",
            mend=f"known tables: {', '.join(sorted(tables)) or 'none'}",
        )
    table = tables[name]
    for column in ("hour_start_s", "trucks"):
        if column not in table:
            raise TableError(
                f"the column {column} is missing; the table has {', '.join(table)}",
                where=where,
                mend="map a heading of the file to it under columns",
            )
    start = np.asarray(table["hour_start_s"], np.float64)
    end = np.asarray(table["hour_end_s"], np.float64) if "hour_end_s" in table else start + hour_s
    trucks = np.asarray(table["trucks"], np.float64)
    for row in range(len(start)):
        good = np.isfinite(start[row]) and np.isfinite(trucks[row])
        if not (good and trucks[row] >= 0 and end[row] > start[row] >= 0):
            raise TableError(
                f"row {row + 1} is no count of trucks in an hour: {trucks[row]:g} trucks from {start[row]:g} s to "
                f"{end[row]:g} s",
                where=where,
                mend="give a start, a later end and at least 0 trucks",
            )
    kind = _kind_codes(table, where) if "kind" in table else np.full(len(start), _NO_KIND, np.int32)
    keys = list(zip(start.tolist(), kind.tolist(), strict=True))
    if len(set(keys)) < len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise TableError(
            f"the hour from {twice[0] / 3600:g} h is counted twice",
            where=where,
            mend="keep one row per hour and kind; pick one date where the file has several",
        )
    return start, end, trucks, kind


def _kind_codes(table: Columns, where: str) -> Ints:
    words = [str(word) for word in table["kind"]]
    unknown = sorted(set(words) - set(TRUCK_KINDS))
    if unknown:
        raise TableError(
            f"unknown kind of move: {', '.join(unknown)}",
            where=where,
            mend=f"map the words of the file under values to {', '.join(TRUCK_KINDS)}",
        )
    return np.array([TRUCK_KINDS.index(word) for word in words], np.int32)


def check_hours(params: TerminalParams, counts: Counts) -> None:
    """Refuse a day most of whose trucks come when no gate is open: the times are of another zone.

    Raises
    ------
    TableError
        With the share of trucks that fall into the opening hours.
    """
    total = float(counts.trucks.sum())
    first = params.opening[0][0] - 3 * 3600.0
    near = (counts.end_s > first) & (counts.start_s < params.closing_s)
    share = float(counts.trucks[near].sum()) / total if total > 0 else 1.0
    if share < 0.5:
        raise TableError(
            f"only {share:.0%} of the trucks come from 3 h before opening until closing",
            where="terminal.demand",
            mend="give Japan Standard Time (UTC+9) and check terminal.opening",
        )


def make_trucks(params: TerminalParams, counts: Counts, run_seed: np.uint64, entries: int) -> Trucks:
    """The trucks of a run.

    Parameters
    ----------
    params
        Demand, hauliers and what trucks come for.
    counts
        As :func:`read_counts` gives them.
    run_seed
        Seed of the run.
    entries
        Places at which trucks enter the map; their shares are ``params.entry_shares`` in that order.
    """
    if params.demand.vessels:
        calendar = Calendar(params.demand.vessels, counts.start_s, counts.end_s, counts.trucks)
        wishes = vessel_wishes(params, calendar, run_seed)
        haulier = np.empty(len(wishes.ids), np.int32)
        kernels.pick_hauliers(wishes.ids, make_stream(run_seed, "terminal.haulier"), *_haulier_types(params), haulier)
        window_s = params.demand.vessels.dual_window_s
        stays, fetches = match_moves(wishes, haulier, params.demand.dual_share, window_s, run_seed)
        also = np.where(fetches >= 0, wishes.kind[fetches], np.int32(_NO_KIND))
        expected, wishes = float(len(stays)), wishes.only(stays)
    else:
        also = np.empty(0, np.int32)
        wishes, expected = _hourly_wishes(params, counts, run_seed), float(counts.trucks.sum())
    n = len(wishes.ids)
    time_s, word, code = empty_rows(n)
    haulier_type = np.empty(n, np.int32)
    kinds = params.demand.kinds
    kernels.make_rows(
        wishes.ids, wishes.desired_s, wishes.kind, also,
        np.array([make_stream(run_seed, f"terminal.{purpose}") for purpose in kernels.PURPOSES]), _numbers(params),
        *_haulier_types(params), np.cumsum([kinds.laden_out, kinds.laden_in, kinds.empty_out, kinds.empty_in]),
        np.cumsum((list(params.entry_shares.values()) or [1.0] * entries) if entries else np.zeros(0)),
        np.array([yard.refuse for yard in params.holding_yards.values()]), *BLANK, time_s, word, code, haulier_type,
    )  # fmt: skip
    return Trucks(
        wishes.ids, wishes.desired_s, word[:, names.HAULIER], haulier_type, time_s, word, code, wishes.vessel,
        wishes.vessels, wishes.earliest_s, wishes.latest_s, wishes.known_s, expected,
    )  # fmt: skip


def _hourly_wishes(params: TerminalParams, counts: Counts, run_seed: np.uint64) -> Wishes:
    """Visits from counts by the hour, at random moments of it."""
    origins = counts.start_s.astype(np.int64) * 8 + counts.kind + 1
    keys = first_ids(Kind.DEMAND_SLOT, origins)
    stream = make_stream(run_seed, "terminal.demand")
    if params.demand.law == "poisson":
        numbers = poisson_counts(stream, keys, counts.trucks)
    else:
        # A fraction of a truck comes with that probability.
        whole = np.floor(counts.trucks)
        numbers = (whole + (uniforms(stream, keys, _NO_EVENT) < counts.trucks - whole)).astype(np.int64)
    n = int(numbers.sum())
    ids, desired_s, kind = np.empty(n, np.uint64), np.empty(n), np.empty(n, np.int32)
    kernels.wish_by_hour(
        first_ids(Kind.TRUCK, origins),
        numbers,
        counts.start_s,
        counts.end_s,
        counts.kind,
        make_stream(run_seed, "terminal.desired"),
        ids,
        desired_s,
        kind,
    )
    return Wishes(
        ids, desired_s, kind, np.full(n, -1, np.int32), (), np.full(n, -np.inf), np.full(n, np.inf), np.full(n, np.nan)
    )  # fmt: skip


def _haulier_types(params: TerminalParams) -> tuple[Floats, NDArray[np.int64], NDArray[np.int64]]:
    """Cumulative shares of the types of hauliers, the first haulier of each, and how many it has."""
    types = list(params.hauliers.values())
    sizes = np.array([t.hauliers for t in types], np.int64)
    return np.cumsum([t.truck_share for t in types]), np.cumsum(sizes) - sizes, sizes


def _numbers(params: TerminalParams) -> Floats:
    kinds = params.demand.kinds
    out = np.zeros(kernels.NUMBERS)
    out[kernels.DUAL] = params.demand.dual_share
    out[[kernels.FETCHED, kernels.FETCHED_LADEN]] = kinds.laden_out + kinds.empty_out, kinds.laden_out
    out[kernels.BLOCKS] = params.yard.blocks if params.yard else 0
    out[kernels.TROUBLE_SHARE] = params.trouble.share if params.trouble else 0.0
    out[kernels.OVERSIZE_SHARE] = params.oversize.share if params.has_oversize_lanes else 0.0
    out[[kernels.HOURS_MEAN, kernels.HOURS_SD]] = params.hours.left_mean_s, params.hours.left_sd_s
    return out
