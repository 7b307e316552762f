"""Packs: columns of whole numbers, made small enough to stand inside a page.

A column is kept as differences from row to row (32-bit, little-endian), all columns of a pack one after
the other, then gzip and base64. The page undoes the steps in `assets/scene/packs.js`. Degrees are counted
in millionths from the scene's origin (about 0.1 m), seconds in hundredths from the start of the clock.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

DEGREE_STEP = 1e-6
SECOND_STEP = 0.01
_INT32 = np.iinfo(np.int32)


def pack_columns(columns: Mapping[str, NDArray[np.generic]]) -> dict[str, Any]:
    """Pack columns of whole numbers; a column of unsigned 64-bit ids must be split before.

    Parameters
    ----------
    columns
        Name -> whole numbers, or floats that are whole, within 32 bits.

    Returns
    -------
    dict
        ``columns``: list of [name, length]; ``data``: base64 of the gzipped differences.

    Raises
    ------
    ValueError
        If a value does not fit into 32 bits.
    """
    parts = []
    for name, values in columns.items():
        wide = np.asarray(values).astype(np.int64)
        if len(wide) and (wide.min() < _INT32.min or wide.max() > _INT32.max):
            raise ValueError(f"column {name!r} holds {wide.min()} to {wide.max()}, beyond 32 bits")
        # The difference of two 32-bit numbers may need 33: it wraps, and wraps back when summed up again.
        parts.append(np.diff(wide, prepend=0).astype(np.uint64).astype(np.uint32).astype("<u4").tobytes())
    packed = gzip.compress(b"".join(parts), compresslevel=6, mtime=0)
    return {
        "columns": [[name, len(values)] for name, values in columns.items()],
        "data": base64.b64encode(packed).decode("ascii"),
    }


def unpack_columns(pack: Mapping[str, Any]) -> dict[str, NDArray[np.int32]]:
    """Undo :func:`pack_columns`; the same steps as the page takes."""
    differences = np.frombuffer(gzip.decompress(base64.b64decode(pack["data"])), dtype="<u4")
    out: dict[str, NDArray[np.int32]] = {}
    start = 0
    for name, length in pack["columns"]:
        summed = np.cumsum(differences[start : start + length], dtype=np.uint32)
        out[str(name)] = summed.view(np.int32)
        start += length
    return out


def steps_of(values: NDArray[np.float64], origin: float, step: float) -> NDArray[np.int64]:
    """Nearest whole number of steps from the origin."""
    return np.rint((values - origin) / step).astype(np.int64)
