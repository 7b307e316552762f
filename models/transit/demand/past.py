"""Past days for the forecast: from a table of past requests, or drawn as other days of the same demand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.arrays import Ints
from twin.city.city import City, Place
from twin.engine.draws import make_stream
from twin.errors import TableError
from twin.models.transit.demand.requests import Table, make_requests, stop_rows_of
from twin.models.transit.dispatch.forecast import Day, cells_of, deviance, learn, learn_naively
from twin.models.transit.dispatch.rebalancing import Rebalancing
from twin.models.transit.params import RebalancingParams, TransitParams

_DAY_S = 86400.0


def past_days(
    params: TransitParams,
    past: RebalancingParams,
    city: City,
    stops: Sequence[Place],
    tables: Mapping[str, Table],
    run_seed: np.uint64,
) -> tuple[list[Day], list[Day]]:
    """Days to learn from and days held out.

    Raises
    ------
    TableError
        If the table is missing, lacks a column, names no stop, or tells of one day only.
    """
    if past.table is not None:
        days = _of_table(past.table, tables, stops)
        half = (len(days) + 1) // 2
        return days[:half], days[half:]
    days = []
    for n in range(2 * int(past.past_days)):
        seed = make_stream(run_seed, f"transit.past_day.{n}")
        rows = make_requests(params, city, stops, {}, seed, 0.0, _DAY_S - 1.0)
        days.append(Day(rows["asked_s"].copy(), rows["origin"].copy()))
    return days[: int(past.past_days)], days[int(past.past_days) :]


def _of_table(name: str, tables: Mapping[str, Table], stops: Sequence[Place]) -> list[Day]:
    where = "transit.dispatch.rebalancing.table"
    if name not in tables:
        raise TableError(f"no table is named {name!r}", where=where, mend="declare it under tables")
    table = tables[name]
    missing = [column for column in ("day", "time", "from_stop") if column not in table]
    if missing:
        raise TableError(f"the table {name!r} lacks {', '.join(missing)}", where=where, mend="map it under columns")
    origin = stop_rows_of(table, "from_stop", stops, name)
    day, asked_s = np.asarray(table["day"]), np.asarray(table["time"], np.float64)
    days = [Day(asked_s[day == one], origin[day == one]) for one in np.unique(day)]
    if len(days) < 2:
        raise TableError(
            f"the table {name!r} tells of {len(days)} day", where=where,
            mend="give two days at least: one to learn from, one to judge the forecast by",
        )  # fmt: skip
    return days


def make_rebalancing(
    params: TransitParams,
    city: City,
    stops: Sequence[Place],
    asked: int,
    tables: Mapping[str, Table],
    run_seed: np.uint64,
    between_s: np.ndarray,
) -> tuple[Rebalancing | None, str]:
    """Rebalancing with a forecast learned from past days, and a line that says how good the forecast is; or None.

    Trips are asked for at the first ``asked`` stops.
    """
    past = params.dispatch.rebalancing
    if past is None:
        return None, ""
    learned, held_out = past_days(params, past, city, stops[:asked], tables, run_seed)
    x_m, y_m = np.array([s.x_m for s in stops]), np.array([s.y_m for s in stops])
    cell = cells_of(x_m, y_m, past.cell_m)
    rate = learn(learned, cell)
    own, naive = deviance(rate, held_out, cell), deviance(learn_naively(learned, cell), held_out, cell)
    note = (
        f"forecast of requests: learned from {len(learned)} past days; deviance on {len(held_out)} days held out "
        f"{own:.4f} a cell and slot, that of plain means {naive:.4f}"
    )
    hub = _hubs(cell, learned, between_s)
    return Rebalancing(rate, cell, hub, past.horizon_s, past.longest_s), note


def _hubs(cell: Ints, days: Sequence[Day], between_s: np.ndarray) -> Ints:
    """Stop of each cell with the least mean drive to where its requests were asked."""
    weight = np.bincount(np.concatenate([day.origin for day in days]), minlength=len(cell)) + 1e-3
    hubs = []
    for k in range(int(cell.max()) + 1):
        mine = np.flatnonzero(cell == k)
        far = np.nan_to_num(between_s[np.ix_(mine, mine)], posinf=1e6)
        hubs.append(mine[int(np.argmin(far @ weight[mine]))])
    return np.array(hubs, np.int32)
