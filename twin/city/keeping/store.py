"""Built cities in folders: ``arrays.npz`` and ``city.json``, written whole or not at all, checked when opened."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, Place, StreetLayer
from twin.city.keeping.digest import FORMAT, city_digest, city_facts, layer_arrays
from twin.city.marks import Marks
from twin.city.reading.layers import empty_layer
from twin.city.reading.road_classes import ROAD_CLASSES
from twin.city.rules import DriveRules, rules_fit
from twin.city.scenery import Scenery, empty_scenery, make_scenery, scenery_arrays, scenery_fits
from twin.errors import CityError
from twin.npz import read_npz, write_npz

_ARRAYS = "arrays.npz"
_FACTS = "city.json"
_MOST_BYTES = 8 << 30
_FINITE = ("x_m", "y_m", "lon_deg", "lat_deg", "vertex_x_m", "vertex_y_m")
_MEND = "build it again: twin city build FILE --out FOLDER"


def is_city_folder(folder: Path) -> bool:
    """Whether a folder looks like a built city."""
    return (folder / _FACTS).is_file() and (folder / _ARRAYS).is_file()


def save_city(city: City, folder: Path | str) -> None:
    """Write a city into a folder; the folder appears only when it is complete.

    An existing built city of that name is replaced; anything else in the way is an error. Equal cities give
    equal bytes.

    Raises
    ------
    CityError
        If something else is in the way, or the folder cannot be written.
    """
    folder = Path(folder)
    if folder.exists() and not is_city_folder(folder) and (not folder.is_dir() or any(folder.iterdir())):
        raise CityError("something else is in the way", where=str(folder), mend="choose another folder")
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        _write(city, partial)
        _move_into_place(partial, folder)
    except OSError as error:
        raise CityError(
            f"the city cannot be written: {error.strerror or error}",
            where=str(folder),
            mend="free some space, or choose a folder you may write to",
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(city: City, folder: Path) -> None:
    arrays = {
        f"{name}.{field}": array
        for name, layer in (("drive", city.drive), ("walk", city.walk))
        for field, array in layer_arrays(layer)
    }
    if city.scenery.feature_count:
        arrays.update({f"scenery.{name}": array for name, array in scenery_arrays(city.scenery).items()})
    if not city.drive.rules.is_plain:
        arrays |= {f"rules.{name}": array for name, array in city.drive.rules.arrays()}
    if city.marks.words:
        arrays |= {f"marks.{name}": array for name, array in city.marks.arrays().items()}
    write_npz(folder / _ARRAYS, arrays)
    facts = {**city_facts(city), "digest": city.digest, "report": city.report}
    if city.marks.words:
        facts["marks"] = list(city.marks.words)
    text = json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True)
    with (folder / _FACTS).open("w", encoding="utf-8", newline="\n") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())


def _move_into_place(partial: Path, folder: Path) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    shutil.rmtree(old, ignore_errors=True)
    folder.rename(old)
    try:
        partial.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def open_city(folder: Path | str) -> City:
    """Open a built city.

    Raises
    ------
    CityError
        If the folder is no built city, is damaged, or was built by another version.
    """
    folder = Path(folder)
    if not is_city_folder(folder):
        raise CityError("this folder is no built city", where=str(folder), mend=_MEND)
    try:
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise CityError(
                f"the city was built in format {facts['format']}, this version reads {FORMAT}",
                where=str(folder),
                mend=_MEND,
            )
        stored = _read_arrays(folder / _ARRAYS)
        layers = _layers(stored, facts)
        city = City(
            name=facts["name"],
            crs=facts["crs"],
            schematic=facts["schematic"],
            attribution=tuple(facts["attribution"]),
            driving_side=facts["driving_side"],
            drive=layers["drive"],
            walk=layers["walk"],
            places=tuple(Place(**place) for place in facts["places"]),
            digest=facts["digest"],
            report=facts["report"],
            scenery=_scenery(stored),
            marks=_marks(stored, facts.get("marks", [])),
        )
        sound = city_digest(city) == city.digest and _fits(city)
    except (OSError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise CityError(f"the built city is damaged: {error}", where=str(folder), mend=_MEND) from error
    if not sound:
        raise CityError("the built city was changed or damaged after it was built", where=str(folder), mend=_MEND)
    return city


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    if path.stat().st_size > _MOST_BYTES:
        raise ValueError(f"its arrays are larger than {_MOST_BYTES >> 30} GiB")
    return read_npz(path)


def _scenery(stored: Mapping[str, NDArray[Any]]) -> Scenery:
    """What stands between the streets; nothing in a city that was built without."""
    model = scenery_arrays(empty_scenery())
    if "scenery.kind" not in stored:
        return empty_scenery()
    for name, like in model.items():
        array = stored[f"scenery.{name}"]
        if array.dtype != like.dtype or array.ndim != 1:
            raise ValueError(f"scenery.{name} has type {array.dtype} and {array.ndim} dimensions")
    return make_scenery(**{name: stored[f"scenery.{name}"] for name in model})


def _marks(stored: Mapping[str, NDArray[Any]], words: Sequence[Any]) -> Marks:
    """What was dropped and assumed; nothing in a city that was built without."""
    if not words:
        return Marks()
    marks = Marks(tuple(map(str, words)), **{name: stored[f"marks.{name}"] for name in Marks().arrays()})
    if not marks.fits():
        raise ValueError("its marks are not sound")
    return marks


def _layers(stored: Mapping[str, NDArray[Any]], facts: dict[str, Any]) -> dict[str, StreetLayer]:
    """Both layers, each array of the type it was declared with."""
    layers: dict[str, StreetLayer] = {}
    for name in ("drive", "walk"):
        model = empty_layer(facts["crs"])
        arrays: dict[str, NDArray[Any]] = {}
        for field, like in layer_arrays(model):
            array = stored[f"{name}.{field}"]
            if array.dtype != like.dtype or array.ndim != 1:
                raise ValueError(f"{name}.{field} has type {array.dtype} and {array.ndim} dimensions")
            arrays[field] = array
        words = facts["layers"][name]
        layers[name] = StreetLayer(
            **arrays,
            names=tuple(words["names"]),
            aliases=dict(words["aliases"]),
            crs=facts["crs"],
            rules=_read_rules(stored) if name == "drive" else DriveRules(),
        )
    return layers


def _read_rules(stored: Mapping[str, NDArray[Any]]) -> DriveRules:
    """Rules of the drive layer; a layer without any has none in its file."""
    arrays: dict[str, NDArray[Any]] = {}
    for name, like in DriveRules().arrays():
        if f"rules.{name}" not in stored:
            continue
        array = stored[f"rules.{name}"]
        if array.dtype != like.dtype or array.ndim != 1:
            raise ValueError(f"rules.{name} has type {array.dtype} and {array.ndim} dimensions")
        array.setflags(write=False)
        arrays[name] = array
    return DriveRules(**arrays)


def _fits(city: City) -> bool:
    """Whether every index points at something: a made-up folder may carry a right digest."""
    places = all(
        -1 <= place.drive_node < max(city.drive.node_count, 0) and -1 <= place.walk_node < city.walk.node_count
        for place in city.places
    )
    return (
        places
        and city.driving_side in ("left", "right")
        and all(map(_layer_fits, (city.drive, city.walk)))
        and rules_fit(city.drive.rules, city.drive.link_count)
        and scenery_fits(city.scenery)
    )


def _layer_fits(layer: StreetLayer) -> bool:
    n, m, k = layer.node_count, layer.link_count, len(layer.vertex_x_m)
    expected = {"link": m, "vertex": k, "node": n}
    expected.update(dict.fromkeys(("x_m", "y_m", "lon_deg", "lat_deg", "signal", "crossing", "node_id"), n))
    expected.update(vertex_ptr=m + 1, out_ptr=n + 1, vertex_x_m=k, vertex_y_m=k)
    if any(len(array) != expected.get(field, m) for field, array in layer_arrays(layer)):
        return False
    out, ptr = layer.out_ptr, layer.vertex_ptr
    if out[0] != 0 or out[-1] != m or ptr[0] != 0 or ptr[-1] != k or (np.diff(out) < 0).any():
        return False
    if m == 0:
        return True
    return bool(
        (np.diff(ptr) >= 2).all()
        and (layer.link_from == np.repeat(np.arange(n), np.diff(out))).all()
        and (layer.link_to >= 0).all()
        and (layer.link_to < n).all()
        and (layer.name_index >= -1).all()
        and (layer.name_index < len(layer.names)).all()
        and (layer.road_class < len(ROAD_CLASSES)).all()
        and np.isfinite(layer.length_m).all()
        and (layer.length_m > 0).all()
        and np.isfinite(layer.free_speed_mps).all()
        and (layer.free_speed_mps > 0).all()
        and all(np.isfinite(getattr(layer, field)).all() for field in _FINITE)
    )
