"""Background cars from an OD table, a gravity model, or both: who leaves when, from where to where, by id.

The table has one row per pair of places and span of time. Its columns: ``from_place`` and ``to_place`` (ids of
places of the city), ``from_s`` and ``to_s``, ``count``, and optionally ``vehicle_class`` (a word of
``VEHICLE_CLASSES``). Car n of row r has the id (r, n) whatever the other rows hold, and its departure is drawn
by that id, so a table with one row more, or a count one higher, leaves every other car as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.columns import VEHICLE_CLASSES
from twin.engine.draws import event, make_stream, uniforms
from twin.engine.ids import SERIALS
from twin.errors import Problem, TableError
from twin.models.road_traffic.background.whole_cars import whole_cars
from twin.models.road_traffic.gravity.cars import FIRST_ORIGIN, draw_gravity_cars
from twin.models.road_traffic.params import BackgroundParams

Columns = Mapping[str, NDArray[np.generic]]
_REQUIRED = ("from_place", "to_place", "from_s", "to_s", "count")
_MEND = "columns from_place, to_place, from_s, to_s, count; vehicle_class if wanted"


class BackgroundCars:
    """Cars in the order in which they leave.

    Attributes
    ----------
    id : (n,) uint64
    depart_s : (n,) float64
        Ascending; ties by id.
    vehicle_class : (n,) uint8
    from_node, to_node : (n,) int32
        Nodes of the drive layer.
    """

    def __init__(
        self,
        params: BackgroundParams,
        city: City,
        tables: Mapping[str, Columns],
        run_seed: np.uint64,
        end_s: float = 86400.0,
    ) -> None:
        self.id: NDArray[np.uint64] = np.empty(0, np.uint64)
        self.depart_s: NDArray[np.float64] = np.empty(0)
        self.vehicle_class: NDArray[np.uint8] = np.empty(0, np.uint8)
        self.from_node: NDArray[np.int32] = np.empty(0, np.int32)
        self.to_node: NDArray[np.int32] = np.empty(0, np.int32)
        if params.od_table:
            self._add_table(params, city, _table(params.od_table, tables), run_seed)
        if params.gravity is not None:
            cars = draw_gravity_cars(params.gravity, params.factor, city, tables, run_seed, end_s)
            classes = np.zeros(len(cars.id), np.uint8)
            self._add(cars.id, cars.depart_s, classes, cars.from_node, cars.to_node)

    def __len__(self) -> int:
        return len(self.id)

    def first_after(self, time_s: float) -> int:
        """Index of the first car that leaves after a moment."""
        return int(np.searchsorted(self.depart_s, time_s, side="right"))

    def _add(
        self,
        ids: NDArray[np.uint64],
        depart_s: NDArray[np.float64],
        vehicle_class: NDArray[np.uint8],
        from_node: NDArray[np.int32],
        to_node: NDArray[np.int32],
    ) -> None:
        """Join cars to those at hand, by departure."""
        ids, depart_s = np.concatenate([self.id, ids]), np.concatenate([self.depart_s, depart_s])
        order = np.lexsort((ids, depart_s))
        self.id, self.depart_s = ids[order], depart_s[order]
        self.vehicle_class = np.concatenate([self.vehicle_class, vehicle_class])[order]
        self.from_node = np.concatenate([self.from_node, from_node])[order]
        self.to_node = np.concatenate([self.to_node, to_node])[order]

    def _add_table(self, params: BackgroundParams, city: City, table: Columns, run_seed: np.uint64) -> None:
        where = f"road_traffic.background.od_table {params.od_table!r}"
        from_node, to_node = _nodes_of_rows(table, city, where)
        classes = _classes_of_rows(table, where)
        count = np.asarray(table["count"], np.float64) * params.factor
        if len(count) > FIRST_ORIGIN or count.max(initial=0.0) >= SERIALS:
            raise TableError(
                f"the OD table has {len(count):,} rows and up to {count.max():,.0f} cars in one, "
                f"more than {FIRST_ORIGIN:,} or {SERIALS - 1:,}",
                where=where,
                mend="give it fewer rows, or smaller counts or a smaller factor",
            )
        ids, row = whole_cars(count, np.arange(len(count)), 0, make_stream(run_seed, "road.background.count"))
        from_s, to_s = (np.asarray(table[c], np.float64) for c in ("from_s", "to_s"))
        share = uniforms(make_stream(run_seed, "road.background.depart"), ids, event(0))
        depart_s = from_s[row] + (to_s - from_s)[row] * share
        self._add(ids, depart_s, classes[row], from_node[row], to_node[row])


def _table(name: str, tables: Mapping[str, Columns]) -> Columns:
    if name not in tables:
        raise TableError(
            f"there is no table {name!r}",
            where="road_traffic.background.od_table",
            mend=f"name one of {', '.join(sorted(tables)) or 'the tables under tables:'}",
        )
    table = tables[name]
    missing = [c for c in _REQUIRED if c not in table]
    if missing:
        raise TableError(
            f"the OD table {name!r} has no column {', '.join(missing)}", where=f"tables.{name}", mend=_MEND
        )
    _check_numbers(name, table)
    return table


def _check_numbers(name: str, table: Columns) -> None:
    from_s, to_s = np.asarray(table["from_s"], np.float64), np.asarray(table["to_s"], np.float64)
    count = np.asarray(table["count"], np.float64)
    bad_count = np.flatnonzero(~(np.isfinite(count) & (count >= 0) & (count < SERIALS))).tolist()
    bad_span = np.flatnonzero(~(np.isfinite(from_s) & np.isfinite(to_s) & (from_s <= to_s))).tolist()
    problems = [
        Problem(f"count must be a number of at least 0, got {count[row]:g}", f"{name}, row {row + 1}")
        for row in bad_count
    ] + [
        Problem(f"from_s must not be after to_s, got {from_s[row]:g} and {to_s[row]:g}", f"{name}, row {row + 1}")
        for row in bad_span
    ]
    if problems:
        raise TableError.of(problems, name)


def _nodes_of_rows(table: Columns, city: City, where: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    problems: list[Problem] = []
    out = []
    for column in ("from_place", "to_place"):
        nodes = np.empty(len(table[column]), np.int32)
        for row, place_id in enumerate(np.asarray(table[column]).astype(str).tolist()):
            place = city.place_by_id.get(place_id)
            nodes[row] = -1 if place is None else place.drive_node
            if place is None:
                problems.append(Problem(f"{column} {place_id!r} is no place of the city", f"{where}, row {row + 1}"))
            elif place.drive_node < 0:
                problems.append(Problem(f"{column} {place_id!r} is off the drive layer", f"{where}, row {row + 1}"))
        out.append(nodes)
    if problems:
        raise TableError.of(problems[:20], where)
    return out[0], out[1]


def _classes_of_rows(table: Columns, where: str) -> NDArray[np.uint8]:
    if "vehicle_class" not in table:
        return np.zeros(len(table["count"]), np.uint8)
    words = np.asarray(table["vehicle_class"]).astype(str).tolist()
    unknown = sorted({word for word in words if word not in VEHICLE_CLASSES})
    if unknown:
        raise TableError(
            f"unknown vehicle_class {', '.join(unknown)}", where=where, mend=f"one of {', '.join(VEHICLE_CLASSES)}"
        )
    return np.array([VEHICLE_CLASSES.index(word) for word in words], np.uint8)
