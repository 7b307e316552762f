"""What crosses between models: the fields of a row, and each kind of row or order declared once.

A row carries a body, a vehicle or a traveller, from the model that hands it over to the model that takes it; an order
asks for something and carries nobody. The ledger holds vehicles and travellers apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np

#: What a row may carry.
Body = Literal["vehicle", "traveller"]

#: One crossing. ``bodies`` is 1 when a traveller or vehicle is in the row, 0 for an announcement or order.
#: ``a``, ``b``, ``amount`` and ``since_s`` mean what the kind says; see :data:`ROW_MEANINGS`.
ROW_DTYPE = np.dtype(
    [
        ("time_s", "<f8"),
        ("kind", "<u2"),
        ("id", "<u8"),
        ("bodies", "<u2"),
        ("vehicle_class", "<u2"),
        ("a", "<i4"),
        ("b", "<i4"),
        ("amount", "<f8"),
        ("since_s", "<f8"),
    ]
)


class RowKind(IntEnum):
    """Kinds of rows and orders; the numbers also order rows that fall on the same instant."""

    ROAD_ENTER = 10
    ROAD_LEAVE = 11
    ROAD_REPATH = 20
    ROAD_CREDIT = 21
    ROAD_LANES = 22
    RIDE_ENTER = 30
    RIDE_LEAVE = 31


@dataclass(frozen=True)
class RowMeaning:
    """What a kind of row says.

    Attributes
    ----------
    body
        What it carries; None for an order.
    meaning
        Who sends it to whom, and what happens at its time.
    fields
        Meaning of the fields it uses beyond ``time_s``, ``id`` and ``bodies``; ``path`` is that of :class:`Rows`.
    """

    body: Body | None
    meaning: str
    fields: dict[str, str]


ROW_MEANINGS: dict[RowKind, RowMeaning] = {
    RowKind.ROAD_ENTER: RowMeaning(
        "vehicle",
        "to the road: a vehicle enters",
        {
            "vehicle_class": "index into columns.VEHICLE_CLASSES",
            "a": "first link",
            "b": "code of the model that gets it back",
            "path": "drive links in order, the first is a",
        },
    ),
    RowKind.ROAD_LEAVE: RowMeaning(
        "vehicle",
        "from the road: the vehicle has driven the whole path",
        {
            "a": "last link",
            "b": "code of the model that owns it",
            "amount": "when it entered the road, s",
            "since_s": "since when it stood in the queue to the end of its way, the row's time if it did not, s",
        },
    ),
    RowKind.ROAD_REPATH: RowMeaning(
        None,
        "order to the road: replace the rest of a vehicle's path",
        {"path": "new drive links after the current one"},
    ),
    RowKind.ROAD_CREDIT: RowMeaning(
        None,
        "order to the road: places are free at the end of a link from this time on; from the first such order on ways "
        "of these vehicles end there only against a place",
        {"a": "link", "b": "code of the model whose vehicles may take them", "amount": "places"},
    ),
    RowKind.ROAD_LANES: RowMeaning(
        None,
        "order to the road: vehicles that stand on a link take more of its lanes from this time on, or fewer",
        {"a": "link", "b": "code of the model that sends it", "amount": "lanes more; below 0 fewer"},
    ),
    RowKind.RIDE_ENTER: RowMeaning(
        "traveller",
        "to a carrier: a traveller on foot stands at a stop and wants to ride; until it comes back it is the carrier's",
        {
            "a": "place where it stands, index into City.places",
            "b": "code of the model that gets it back",
            "amount": "when it was announced, s",
            "path": "places to go to in order; the first is a, the last is where it wants to get off",
        },
    ),
    RowKind.RIDE_LEAVE: RowMeaning(
        "traveller",
        "from a carrier: the traveller is on foot again, carried or not",
        {
            "a": "place where it stands, index into City.places",
            "b": "code of the model that owns it",
            "amount": "when it was handed over, s",
            "since_s": "when it boarded, nan if it was not carried, s",
        },
    ),
}

#: Kinds of rows that carry travellers; all others carry vehicles.
TRAVELLER_KINDS: tuple[int, ...] = tuple(
    int(kind) for kind, said in ROW_MEANINGS.items() if said.body == "traveller"
)  # fmt: skip
