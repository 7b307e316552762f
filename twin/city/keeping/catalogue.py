"""Finding cities: bundled districts by name, built folders, map files built once and kept."""

from __future__ import annotations

import difflib
import hashlib
import importlib.metadata
import importlib.resources
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from twin.city.city import City
from twin.city.keeping.join import join_cities
from twin.city.keeping.store import is_city_folder, open_city, save_city
from twin.city.reading.importer import build_city
from twin.errors import CityError

_BUNDLE = "twin.data"
_ENDINGS = (".osm", ".osm.gz")
_KEPT_CITIES = 32
_CHUNK_BYTES = 1 << 20


def list_cities() -> list[str]:
    """Names of the bundled districts, sorted."""
    with importlib.resources.as_file(importlib.resources.files(_BUNDLE)) as root:
        return sorted(folder.name for folder in root.iterdir() if _bundled_map(root, folder.name) is not None)


def _bundled_map(root: Path, name: str) -> Path | None:
    """Map file of a bundled district, or None."""
    found = (root / name / f"{name}{ending}" for ending in _ENDINGS)
    return next((path for path in found if path.is_file()), None)


def find_city(
    spec: str | Path | Sequence[str | Path],
    base_dir: Path | str = ".",
    *,
    progress: Callable[[str, float], None] | None = None,
) -> City:
    """City as a scenario names it.

    Parameters
    ----------
    spec
        A bundled district's name, a folder made by ``twin city build``, a map file, or a list of these, which
        are joined.
    base_dir
        Folder from which relative paths count.
    progress
        Called while a map is being built.

    Raises
    ------
    CityError
        If nothing of that name is found, or it cannot be read or joined.
    """
    if not isinstance(spec, str | Path):
        cities: list[City] = []
        for part in spec:
            cities.append(_found(part, base_dir, progress, cities[0].crs if cities else None))
        return join_cities(cities)
    return _found(spec, base_dir, progress, None)


def _found(
    spec: str | Path, base_dir: Path | str, progress: Callable[[str, float], None] | None, crs: str | None
) -> City:
    """One city; a map file that would be laid on another grid is laid on the one given, that of its neighbour."""
    path, name = _locate(spec, base_dir)
    if path.is_dir():
        return open_city(path)
    city = _built_once(path, name, progress)
    return city if crs in (None, city.crs) else _built_once(path, name, progress, crs)


def check_city(spec: str | Path | Sequence[str | Path], base_dir: Path | str = ".") -> None:
    """Check that there is something for every name :func:`find_city` would look for; builds and opens nothing.

    Raises
    ------
    CityError
        Naming the first that is missing.
    """
    for part in [spec] if isinstance(spec, str | Path) else spec:
        _locate(part, base_dir)


def _locate(spec: str | Path, base_dir: Path | str) -> tuple[Path, str | None]:
    """Map file or built city of a name, and the name itself if it is that of a bundled district."""
    # Only a bare name can be a bundled one; a path never leaves the bundle's folder this way.
    if isinstance(spec, str) and spec.isidentifier():
        with importlib.resources.as_file(importlib.resources.files(_BUNDLE)) as root:
            bundled = _bundled_map(root, spec)
            if bundled is not None:
                return bundled, spec
    path = Path(base_dir) / spec
    try:
        if path.is_dir() or path.is_file():
            return path, None
    except (OSError, ValueError) as fault:
        raise CityError(
            f"the city {str(spec)[:80]!r} cannot be read: {fault}"[:300], mend="name a map file or a district"
        ) from fault
    names = list_cities()
    near = difflib.get_close_matches(str(spec), names, 1)
    raise CityError(
        f"there is no city {str(spec)!r}",
        where=str(path),
        mend=(f"did you mean {near[0]}? " if near else "")
        + f"name a map file, a built city's folder or a bundled district ({', '.join(names)})",
    )


@cache
def _importer_digest() -> str:
    """Digest of what turns a map into a city: our own files, and the libraries that read and project."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    for library in ("numpy", "osmium", "pyproj", "scipy", "shapely"):
        digest.update(f"{library} {importlib.metadata.version(library)}".encode())
    return digest.hexdigest()


def _cache_folder() -> Path:
    return Path(os.environ.get("TWIN_CACHE_DIR") or platformdirs.user_cache_dir("osaka-twin"))


def downloads_folder() -> Path:
    """Where answers of map servers are kept, unless a command names another folder."""
    return _cache_folder() / "downloads"


def _built_once(
    source: Path, name: str | None, progress: Callable[[str, float], None] | None, crs: str | None = None
) -> City:
    """City of a map file, from the cache if the same file was built before by the same importer."""
    root = _cache_folder() / "cities"
    digest = hashlib.sha256(f"{_importer_digest()} {name or source.name} {crs or ''}".encode())
    try:
        with source.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                digest.update(chunk)
    except OSError as error:
        raise CityError(
            f"the map cannot be read: {error.strerror}", where=str(source), mend="check its permissions"
        ) from error
    folder = root / digest.hexdigest()[:32]
    if is_city_folder(folder):
        try:
            return open_city(folder)
        except CityError:
            pass  # a damaged cache is no reason to fail: it is written anew below
    city = build_city(source, name=name, crs=crs, progress=progress)
    try:
        save_city(city, folder)
        _prune(root)
    except (CityError, OSError):
        pass  # a read-only home or a full disk: the city in memory is as good, only built again next time
    return city


def _prune(root: Path) -> None:
    """Drop the oldest cities beyond those kept."""
    folders = sorted((p for p in root.iterdir() if is_city_folder(p)), key=lambda p: p.stat().st_mtime)
    for folder in folders[:-_KEPT_CITIES]:
        shutil.rmtree(folder, ignore_errors=True)


def city_info(city: City) -> dict[str, Any]:
    """What a city holds, in numbers.

    Returns
    -------
    dict
        ``name``, ``drive_nodes``, ``drive_edges`` (directed), ``drive_km``, ``walk_nodes``, ``walk_edges``,
        ``signals`` (drive nodes with lights; of the walk layer if there is no drive layer), ``driving_side``,
        ``crs``, ``bbox`` (west, south, east, north in degrees), ``schematic``, ``attribution``, ``places``
        (count by kind), ``scenery`` (count by kind).
    """
    drive, walk = city.drive, city.walk
    lon = np.concatenate([drive.lon_deg, walk.lon_deg])
    lat = np.concatenate([drive.lat_deg, walk.lat_deg])
    west, east = float(lon.min()), float(lon.max())
    if east - west > 180:  # across the 180th meridian, as in GeoJSON: west is the greater
        west, east = float(lon[lon > 0].min()), float(lon[lon < 0].max())
    return {
        "name": city.name,
        "drive_nodes": drive.node_count,
        "drive_edges": drive.link_count,
        "drive_km": round(float(drive.length_m.sum()) / 1000, 3),
        "walk_nodes": walk.node_count,
        "walk_edges": walk.link_count,
        "signals": int((drive if drive.node_count else walk).signal.sum()),
        "driving_side": city.driving_side,
        "crs": city.crs,
        "bbox": [west, float(lat.min()), east, float(lat.max())],
        "schematic": city.schematic,
        "attribution": list(city.attribution),
        "places": dict(sorted(Counter(place.kind for place in city.places).items())),
        "scenery": city.scenery.counts(),
    }
