"""Chapters of a run: what its models tell from their tables, and what its scenario adds; each with clock and camera.

Which models there are is read from the run; each model's own ``story.py``, named on its card, says what happened.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.columns import TABLES
from twin.errors import RunError
from twin.models import registry
from twin.results.run_folder import Run
from twin.story import Chapter, Spot, Told
from twin.viz.run_view import PlaceMark, RunView, Streets

#: Chapters of one run in a page; more are a list, not a story.
MOST_CHAPTERS = 12
_METRES_PER_DEGREE = 111_320.0
_MEND = "copy the run folder anew, or run the scenario again"


def chapters_of(run: Run, seen: RunView) -> list[dict[str, Any]]:
    """Chapters by time: ``at_s, ja, en``, ``bounds`` [west, south, east, north], and ``own`` if the scenario wrote it.

    Parameters
    ----------
    run
        A finished run.
    seen
        What the picture has of it.
    """
    models = run.manifest.get("models") or {}
    told: list[Chapter] = []
    for name in models if isinstance(models, Mapping) else ():
        teller = registry.teller(str(name))
        params = models[name]
        if teller is None:
            continue
        try:
            told += teller(_told(run, seen, params if isinstance(params, Mapping) else {}))
        except (ArithmeticError, LookupError, TypeError, ValueError) as fault:
            # A run folder may come from a stranger: numbers that no run writes are a fault of the folder.
            raise RunError(
                f"what happened in {name} cannot be told: {fault}", where=str(run.folder / "tables"), mend=_MEND
            ) from fault
    within = [c for c in told if seen.from_s <= c.at_s <= seen.to_s]
    own = _own_chapters(run, seen)
    # The heaviest stay; of equal ones the earlier, so that the same run always tells the same story.
    kept = sorted(within, key=lambda c: (-c.weight, c.at_s, c.ja))[: max(0, MOST_CHAPTERS - len(own))]
    written = [*((c, False) for c in kept), *((c, True) for c in own)]
    frames = _Frames(run, seen)
    return [
        {"at_s": float(c.at_s), "ja": c.ja, "en": c.en, "bounds": frames.of(c.spot), "own": by_scenario}
        for c, by_scenario in sorted(written, key=lambda pair: (pair[0].at_s, pair[0].ja))
    ]


def _told(run: Run, seen: RunView, params: Mapping[str, Any]) -> Told:
    def table(name: str) -> Mapping[str, NDArray[np.generic]]:
        columns = run.table(name) if name in run.tables and name in TABLES else {}
        # A run of an earlier version may lack a column; then its table tells nothing rather than half.
        if columns and not all(_is_as_declared(columns.get(c.name), c.dtype) for c in TABLES[name].columns):
            return {}
        return columns

    def street(layer: str, link: int) -> str:
        names = seen.street_names.get(layer, ())
        return str(names[link]) if 0 <= link < len(names) else ""

    return Told(table, params, street, seen.from_s, seen.to_s)


def _is_as_declared(values: NDArray[np.generic] | None, dtype: str) -> bool:
    return values is not None and (values.dtype.kind in "iufb") == (dtype != "str")


def _own_chapters(run: Run, seen: RunView) -> list[Chapter]:
    """Chapters of the scenario as the run keeps them, those of the clock of the picture."""
    found = run.manifest.get("chapters", [])
    out = []
    for item in found if isinstance(found, Sequence) else ():
        try:
            spot = Spot("place", str(item["place"]), reach_m=float(item["reach_m"])) if item.get("place") else Spot()
            out.append(Chapter(float(item["at_s"]), str(item["label"]["ja"]), str(item["label"]["en"]), spot, math.inf))
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise RunError(
                f"a chapter of the scenario cannot be read: {fault!r}",
                where=str(run.folder / "manifest.json"),
                mend=_MEND,
            ) from fault
    return [c for c in out if seen.from_s <= c.at_s <= seen.to_s]


class _Frames:
    """From spots to the corners that a camera frames."""

    def __init__(self, run: Run, seen: RunView) -> None:
        self.run, self.seen = run, seen

    def of(self, spot: Spot) -> list[float] | None:
        """West, south, east and north in degrees; None for the whole city, or where the run lacks the spot."""
        points = self._points(spot)
        if points is None or not len(points):
            return None
        (west, south), (east, north) = points.min(axis=0), points.max(axis=0)
        up = spot.reach_m / _METRES_PER_DEGREE
        aside = up / math.cos(math.radians((south + north) / 2))
        return [round(float(v), 6) for v in (west - aside, south - up, east + aside, north + up)]

    def _points(self, spot: Spot) -> NDArray[np.float64] | None:
        if spot.kind == "metres":
            return self._from_metres(spot.x_m, spot.y_m)
        if spot.kind in ("drive", "walk"):
            return _vertices(self.seen.drive if spot.kind == "drive" else self.seen.walk, spot.link_index)
        if spot.kind in ("place", "places"):
            marks = [p for p in self.seen.places if _is_meant(p, spot)]
            return np.array([[p.lon_deg, p.lat_deg] for p in marks]).reshape(-1, 2)
        return None

    def _from_metres(self, x_m: float, y_m: float) -> NDArray[np.float64] | None:
        from pyproj import Transformer

        lon, lat = Transformer.from_crs(self.run.manifest["city"]["crs"], "EPSG:4326", always_xy=True).transform(
            x_m, y_m
        )
        return np.array([[lon, lat]]) if math.isfinite(lon) and math.isfinite(lat) else None


def _is_meant(place: PlaceMark, spot: Spot) -> bool:
    """By kind, or by id: in full, or as the scenario of one district writes it."""
    if spot.kind == "places":
        return place.kind == spot.name
    return place.id == spot.name or place.id.endswith(f"/{spot.name}")


def _vertices(streets: Streets, link: int) -> NDArray[np.float64] | None:
    if not 0 <= link < len(streets.lanes):
        return None
    rows = slice(int(streets.vertex_ptr[link]), int(streets.vertex_ptr[link + 1]))
    return np.stack([streets.lon_deg[rows], streets.lat_deg[rows]], axis=1)
