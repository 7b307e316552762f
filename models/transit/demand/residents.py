"""People of a table of areas, brought to the stops nearest to where they live."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.arrays import Floats
from twin.city.areas import OUTLINE, Table, amounts_of, areas_of
from twin.city.city import City, Place
from twin.errors import TableError
from twin.models.transit.params import Demand


@dataclass(frozen=True)
class Residents:
    """Where the people of a table went.

    Attributes
    ----------
    at_stop : (s,) float64
        People at each stop.
    people, beyond : float
        All people of the table, and those of them who live too far from every stop.
    unknown : int
        Areas of which the table tells no number.
    """

    at_stop: Floats
    people: float
    beyond: float
    unknown: int

    @property
    def told(self) -> str:
        """A line on them for the manifest."""
        near = self.people - self.beyond
        more = f"; of {self.unknown} areas the number is hidden" if self.unknown else ""
        return f"residents: {near:,.0f} of {self.people:,.0f} people of the table live near a stop{more}"


def residents_at(demand: Demand, tables: Mapping[str, Table], city: City, stops: Sequence[Place]) -> Residents:
    """Spread the people of each area evenly over its ground, and each to the nearest stop as the crow flies.

    Every person counts at one stop or is beyond: those at stops and those beyond add up to the table's total.

    Raises
    ------
    TableError
        If the table is none of areas, lacks the column, or nobody in it lives near a stop.
    """
    name, column = demand.residents_table or "", demand.residents_column
    kept, key = city.worked_out, _key(demand, tables, stops)
    if key not in kept:
        kept[key] = _residents(name, column, demand.residents_within_m, tables, city.crs, stops)
    found: Residents = kept[key]
    return found


def _key(demand: Demand, tables: Mapping[str, Table], stops: Sequence[Place]) -> str:
    """Everything that the answer follows from, beside the city: days that are drawn to learn from ask for it again."""
    name = demand.residents_table or ""
    told = hashlib.blake2b(f"{name}|{demand.residents_column}|{demand.residents_within_m!r}".encode(), digest_size=16)
    for part in (name, name + OUTLINE):
        for column, values in sorted(tables.get(part, {}).items()):
            told.update(f"{part}|{column}|{values.dtype}|".encode())
            told.update(np.ascontiguousarray(values).view(np.uint8).data)
    told.update(np.array([[stop.x_m, stop.y_m] for stop in stops], np.float64).view(np.uint8).data)
    return f"transit.residents|{told.hexdigest()}"


def _residents(
    name: str, column: str, within_m: float, tables: Mapping[str, Table], crs: str, stops: Sequence[Place]
) -> Residents:
    areas = areas_of(name, tables, crs)
    amount = amounts_of(name, column, tables, "transit.demand.residents_column")
    known = np.isfinite(amount)
    x_m, y_m, share, _ = areas.spread(np.where(known, amount, 0.0))
    at_stop = np.zeros(len(stops))
    near = np.zeros(len(x_m), np.bool_)
    if len(x_m) and stops:
        from scipy.spatial import cKDTree

        tree = cKDTree(np.array([[stop.x_m, stop.y_m] for stop in stops]))
        away_m, nearest = tree.query(np.column_stack([x_m, y_m]))
        near = away_m <= within_m
        at_stop = np.bincount(nearest[near], share[near], len(stops)).astype(np.float64)
    people = float(amount[known].sum())
    if not near.any():
        raise TableError(
            f"nobody of table {name} lives within {within_m:g} m of a stop, of {people:,.0f} people",
            where="transit.demand.residents_table",
            mend="a table of another city? give the squares or areas that this map covers",
        )
    return Residents(at_stop, people, float(share[~near].sum()), int((~known).sum()))
