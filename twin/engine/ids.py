"""Ids given at the source, from separate ranges per kind: they key every draw.

An id is kind (8 bits), origin (24 bits) and serial (32 bits). The origin is where the traveller comes
from (a table row, a station exit, an hour); the serial counts within it. Sorting, merging or leaving out
others never changes an id.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class Kind(IntEnum):
    """Kinds of things that have ids."""

    CAR = 1
    VAN = 2
    BUS = 3
    TRUCK = 4
    WALKER = 5
    REQUEST = 6
    HAULIER = 7
    DEMAND_SLOT = 8
    BOOKING = 9
    KERB_VISIT = 10


#: Serials that fit into one origin, origins into one kind, and kinds.
SERIALS = 1 << 32
ORIGINS = 1 << 24
KINDS = 1 << 8
#: Kinds from here on belong to models of installed packages.
FIRST_INSTALLED = 64


def make_id(kind: int, origin: int, serial: int) -> np.uint64:
    """One id.

    Raises
    ------
    ValueError
        If the kind needs more than 8 bits, the origin more than 24 or the serial more than 32.
    """
    if not 0 < kind < KINDS or not 0 <= origin < ORIGINS or not 0 <= serial < SERIALS:
        raise ValueError(f"kind {kind}, origin {origin} or serial {serial} out of range")
    return np.uint64(int(kind) << 56 | origin << 32 | serial)


def make_ids(kind: int, origin: int, count: int, first_serial: int = 0) -> NDArray[np.uint64]:
    """Ids of ``count`` serials in a row, from one origin."""
    base = int(make_id(kind, origin, first_serial))
    make_id(kind, origin, first_serial + max(count - 1, 0))
    return np.arange(base, base + count, dtype=np.uint64)


def first_ids(kind: int, origins: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The id with serial 0 of each origin: (m,) int64 in, (m,) uint64 out.

    Raises
    ------
    ValueError
        If an origin needs more than 24 bits.
    """
    for origin in (origins.min(initial=0), origins.max(initial=0)):
        make_id(kind, int(origin), 0)
    return np.uint64(int(kind) << 56) | origins.astype(np.uint64) << np.uint64(32)


def origins_of(ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Origin of each id: (n,) uint64 in, (n,) uint64 out."""
    return (ids >> np.uint64(32)) & np.uint64(ORIGINS - 1)


def serials_of(ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Serial of each id: (n,) uint64 in, (n,) uint64 out."""
    return ids & np.uint64(SERIALS - 1)


def kinds_of(ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Kind of each id: (n,) uint64 in, (n,) uint64 out."""
    return ids >> np.uint64(56)


def requests_of(ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Id of the request of each traveller: of kind ``REQUEST``, with origin and serial of the traveller.

    Requests of walkers and those of a demand never meet as long as their origins differ.
    """
    return (ids & np.uint64((1 << 56) - 1)) | np.uint64(int(Kind.REQUEST) << 56)
