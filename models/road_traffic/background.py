"""Background cars from an OD table or a gravity model: who leaves when, from where to where, by id.

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
from twin.city.routing import travel_times
from twin.columns import VEHICLE_CLASSES
from twin.engine.draws import event, make_stream, uniforms
from twin.engine.ids import Kind, make_ids
from twin.errors import Problem, ScenarioError, TableError
from twin.models.road_traffic.gravity_cars import GravityCars, draw_gravity_cars
from twin.models.road_traffic.params import BackgroundParams, GravityParams

Columns = Mapping[str, NDArray[np.generic]]
_REQUIRED = ("from_place", "to_place", "from_s", "to_s", "count")
_MEND = "columns from_place, to_place, from_s, to_s, count; vehicle_class if wanted"


class BackgroundCars:
    """Cars of the table in the order in which they leave.

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
        self, params: BackgroundParams, city: City, tables: Mapping[str, Columns], run_seed: np.uint64,
        end_s: float = 86400.0,
    ) -> None:
        self.id: NDArray[np.uint64] = np.empty(0, np.uint64)
        self.depart_s: NDArray[np.float64] = np.empty(0)
        self.vehicle_class: NDArray[np.uint8] = np.empty(0, np.uint8)
        self.from_node: NDArray[np.int32] = np.empty(0, np.int32)
        self.to_node: NDArray[np.int32] = np.empty(0, np.int32)
        if params.od_table:
            self._read(params, city, _table(params.od_table, tables), run_seed)
        elif params.gravity.trips:
            self._read(params, city, gravity_table(params.gravity, city), run_seed)
        if params.balanced_gravity is not None:
            self._add(draw_gravity_cars(params.balanced_gravity, params.factor, city, tables, run_seed, end_s))

    def __len__(self) -> int:
        return len(self.id)

    def first_after(self, time_s: float) -> int:
        """Index of the first car that leaves after a moment."""
        return int(np.searchsorted(self.depart_s, time_s, side="right"))

    def _add(self, cars: GravityCars) -> None:
        """Join the cars of the gravity model to those at hand."""
        self.id, self.depart_s = np.concatenate([self.id, cars.id]), np.concatenate([self.depart_s, cars.depart_s])
        order = np.lexsort((self.id, self.depart_s))
        self.id, self.depart_s = self.id[order], self.depart_s[order]
        self.vehicle_class = np.concatenate([self.vehicle_class, np.zeros(len(cars.id), np.uint8)])[order]
        self.from_node = np.concatenate([self.from_node, cars.from_node])[order]
        self.to_node = np.concatenate([self.to_node, cars.to_node])[order]

    def _read(self, params: BackgroundParams, city: City, table: Columns, run_seed: np.uint64) -> None:
        where = f"road_traffic.background.od_table {params.od_table!r}"
        nodes = _nodes_of_rows(table, city, where)
        classes = _classes_of_rows(table, where)
        count_stream = make_stream(run_seed, "road.background.count")
        depart_stream = make_stream(run_seed, "road.background.depart")
        counts = np.asarray(table["count"], np.float64) * params.factor
        spans = np.column_stack([np.asarray(table[c], np.float64) for c in ("from_s", "to_s")]).tolist()
        parts = []
        for row, count in enumerate(counts.tolist()):
            ids = make_ids(Kind.CAR, row, int(count) + 1)
            # The fraction of a car becomes a whole car by a draw of its own id.
            extra = float(uniforms(count_stream, ids[-1:], event(0))[0]) < count - int(count)
            ids = ids if extra else ids[:-1]
            from_s, to_s = spans[row]
            depart_s = from_s + (to_s - from_s) * uniforms(depart_stream, ids, event(0))
            parts.append((ids, depart_s, np.full(len(ids), row, np.int64)))
        if not parts:
            return
        ids, depart_s, rows = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((ids, depart_s))
        rows = rows[order]
        self.id, self.depart_s = ids[order], depart_s[order]
        self.vehicle_class = classes[rows]
        self.from_node, self.to_node = nodes[0][rows], nodes[1][rows]


def gravity_table(params: GravityParams, city: City) -> Columns:
    """OD table of a gravity model: trips ~ a_i a_j exp(-t_ij / decay), scaled to the number wanted.

    One row per ordered pair of places, in the order of their ids; pairs without a way have no trips.

    Raises
    ------
    ScenarioError
        If fewer than two places of the kinds wanted lie on the drive layer, or none can be reached from another.

    References
    ----------
    Wilson (1971), Environment and Planning 3(1): the production-constrained family; here neither end is constrained.
    """
    places = [p for kind in params.kinds for p in city.places_of(kind) if p.drive_node >= 0]
    places.sort(key=lambda place: place.id)
    attraction = np.array([float(place.attributes.get("attraction", 1.0)) for place in places])
    n = len(places)
    weight = np.zeros((n, n))
    if n >= 2:
        nodes = np.array([place.drive_node for place in places])
        weight = attraction[:, None] * attraction * np.exp(-travel_times(city.drive, nodes, nodes) / params.decay_s)
        weight[nodes[:, None] == nodes] = 0.0
    if not weight.sum() > 0:
        raise ScenarioError(
            f"a gravity model needs two places that can reach each other by car, the city has {n} of "
            f"{', '.join(params.kinds)}",
            where="road_traffic.background.gravity.kinds",
            mend="name kinds of places that the city has, or give an od_table",
        )
    ids = np.array([place.id for place in places])
    return {
        "from_place": np.repeat(ids, n), "to_place": np.tile(ids, n), "from_s": np.full(n * n, params.span[0]),
        "to_s": np.full(n * n, params.span[1]), "count": (weight * params.trips / weight.sum()).ravel(),
    }


def _table(name: str, tables: Mapping[str, Columns]) -> Columns:
    if name not in tables:
        raise TableError(
            f"there is no table {name!r}", where="road_traffic.background.od_table",
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
    bad_count = np.flatnonzero(~(np.isfinite(count) & (count >= 0) & (count < 1 << 32))).tolist()
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
