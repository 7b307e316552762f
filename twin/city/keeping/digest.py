"""The hash of a city: its arrays, names and places, so that a damaged or edited one is noticed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, Place, StreetLayer
from twin.city.scenery import scenery_arrays

#: Bumped when the meaning of an array changes; an older built city is then built anew.
FORMAT = 1

_PLACE_FIELDS = tuple(field.name for field in fields(Place))


def layer_arrays(layer: StreetLayer) -> Iterator[tuple[str, NDArray[Any]]]:
    """Arrays of a layer by name, in the order of their declaration."""
    for field in fields(layer):
        value = getattr(layer, field.name)
        if isinstance(value, np.ndarray):
            yield field.name, value


def city_facts(city: City) -> dict[str, Any]:
    """All of a city that is no array, as plain values for JSON; without digest and report."""
    return {
        "format": FORMAT,
        "name": city.name,
        "crs": city.crs,
        "schematic": city.schematic,
        "attribution": list(city.attribution),
        "driving_side": city.driving_side,
        "layers": {
            name: {"names": list(layer.names), "aliases": dict(layer.aliases)}
            for name, layer in (("drive", city.drive), ("walk", city.walk))
        },
        # dataclasses.asdict would copy every attribute deeply; with thousands of shops that is felt.
        "places": [{name: getattr(place, name) for name in _PLACE_FIELDS} for place in city.places],
    }


def city_digest(city: City) -> str:
    """SHA-256 over facts and arrays, as hexadecimal digits."""
    digest = hashlib.sha256()
    digest.update(json.dumps(city_facts(city), ensure_ascii=False, sort_keys=True).encode())
    tables = [layer_arrays(city.drive), layer_arrays(city.walk)]
    if city.scenery.feature_count:  # a city without scenery is what it was before there was any
        tables.append(iter(scenery_arrays(city.scenery).items()))
    for table in tables:
        for name, array in table:
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)  # its own memory: a copy of a city is felt
    if not city.drive.rules.is_plain:
        for name, array in city.drive.rules.arrays():
            digest.update(f"rules.{name} {array.dtype.str} {array.shape}".encode())
            digest.update(np.ascontiguousarray(array).data)  # its own memory: a copy of a city is felt
    return digest.hexdigest()
