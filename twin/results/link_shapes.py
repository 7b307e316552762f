"""Shapes of the links of a run's city, each in the order that tables of links count in."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.errors import RunError
from twin.npz import read_npz
from twin.results.run_folder import Run


@dataclass(frozen=True)
class LinkShapes:
    """One layer of a run's city.

    Attributes
    ----------
    ptr : (m + 1,) int64
        Link i has the corners ``ptr[i]:ptr[i + 1]``.
    lon_deg, lat_deg : (k,) float64
    names : list of str
        Name of each link's street; empty where it has none.
    crs
        The city's CRS, as EPSG code.
    """

    ptr: NDArray[np.int64]
    lon_deg: Floats
    lat_deg: Floats
    names: list[str]
    crs: str

    def lines(self, east: Floats, north: Floats) -> list[Floats]:
        """Of each link its corners in a projection, (n, 2)."""
        corners = np.stack([east, north], axis=1)
        return [corners[a:b] for a, b in zip(self.ptr[:-1].tolist(), self.ptr[1:].tolist(), strict=True)]

    def metres(self, middle: tuple[float, float]) -> list[Floats]:
        """Of each link its corners in metres east and north of a place, for pictures: a degree is taken as a square."""
        per_degree = np.pi * 6_378_137.0 / 180.0
        east = (self.lon_deg - middle[0]) * per_degree * np.cos(np.radians(middle[1]))
        return self.lines(east, (self.lat_deg - middle[1]) * per_degree)


def link_shapes(run: Run, layer: str) -> LinkShapes | None:
    """Shapes of a layer; None where the run has no such layer.

    Raises
    ------
    RunError
        If the file is missing, was changed or does not fit together.
    """
    path = run.vouched("geometry.npz")
    try:
        arrays = read_npz(path)
        if f"{layer}/vertex_ptr" not in arrays:
            return None
        ptr = arrays[f"{layer}/vertex_ptr"].astype(np.int64)
        lon, lat = (arrays[f"{layer}/vertex_{part}"].astype(np.float64) for part in ("lon_deg", "lat_deg"))
        index, names = arrays[f"{layer}/name_index"].astype(np.int64), arrays[f"{layer}/names"].astype(np.str_)
        listed = [str(names[i]) if 0 <= i < len(names) else "" for i in index.tolist()]
        whole = ptr[0] == 0 and ptr[-1] == len(lon) == len(lat) and len(listed) == len(ptr) - 1
        if not whole or (np.diff(ptr) < 2).any():
            raise ValueError("its arrays do not fit together")
        return LinkShapes(ptr, lon, lat, listed, str(arrays["crs"]))
    except (OSError, KeyError, ValueError, IndexError) as fault:
        raise RunError(
            f"the street shapes cannot be read: {fault}", where=str(path), mend="run the scenario again"
        ) from fault
