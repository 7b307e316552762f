"""Several districts as one city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from twin.city.city import City, Place, StreetLayer
from twin.city.keeping.digest import city_digest
from twin.city.marks import join_marks
from twin.city.rules import joined_rules
from twin.city.scenery import join_scenery
from twin.errors import CityError


def join_cities(cities: Sequence[City]) -> City:
    """One city from districts that lie side by side; no street is added between them.

    Nodes and links of each district follow those of the one before it, so that an index within a district
    moves by a fixed number.

    Parameters
    ----------
    cities
        In the order wanted; one is returned as it is.

    Raises
    ------
    CityError
        If there is none, or if two differ in CRS or driving side, share a name or overlap.
    """
    if not cities:
        raise CityError("no district is named", mend="name at least one, e.g. osaka_midosuji")
    if len(cities) == 1:
        return cities[0]
    first = cities[0]
    for city in cities[1:]:
        for what, ours, theirs in (
            ("CRS", first.crs, city.crs),
            ("driving side", first.driving_side, city.driving_side),
        ):
            if ours != theirs:
                option = f"--crs {ours}" if what == "CRS" else f"--driving-side {ours}"
                raise CityError(
                    f"{first.name} and {city.name} differ in {what}: {ours} and {theirs}",
                    mend=f"build {city.name} again with `twin city build FILE --out FOLDER {option}`",
                )
    districts = [part for city in cities for part in city.name.split("+")]
    for name in districts:
        if districts.count(name) > 1:
            raise CityError(f"the district {name!r} is named twice", mend="name each district once")
    places: list[Place] = []
    drive_offset = walk_offset = 0
    for city in cities:
        places.extend(_shifted(place, drive_offset, walk_offset) for place in city.places)
        drive_offset += city.drive.node_count
        walk_offset += city.walk.node_count
    joined = City(
        name="+".join(districts),
        crs=first.crs,
        schematic=any(city.schematic for city in cities),
        attribution=tuple(dict.fromkeys(line for city in cities for line in city.attribution)),
        driving_side=first.driving_side,
        drive=_join_layers([city.drive for city in cities], "drive", cities),
        walk=_join_layers([city.walk for city in cities], "walk", cities),
        places=tuple(sorted(places, key=lambda place: place.id)),
        digest="",
        scenery=join_scenery([city.scenery for city in cities]),
        marks=join_marks([city.marks for city in cities]),
        report={
            "districts": {
                name: report
                for city in cities
                for name, report in city.report.get("districts", {city.name: city.report}).items()
            }
        },
    )
    return replace(joined, digest=city_digest(joined))


def _shifted(place: Place, drive_offset: int, walk_offset: int) -> Place:
    """The same place, its nodes counted in the joined layers."""
    return replace(
        place,
        drive_node=place.drive_node + drive_offset if place.drive_node >= 0 else -1,
        walk_node=place.walk_node + walk_offset if place.walk_node >= 0 else -1,
    )


def _join_layers(layers: Sequence[StreetLayer], which: str, cities: Sequence[City]) -> StreetLayer:
    ids, counts = np.unique(np.concatenate([layer.node_id for layer in layers]), return_counts=True)
    if (counts > 1).any():
        shared = int(ids[counts > 1][0])
        owners = [c.name for c, layer in zip(cities, layers, strict=True) if shared in layer.node_id]
        raise CityError(
            f"{' and '.join(owners)} overlap: {int((counts > 1).sum())} {which} nodes are in both, e.g. node {shared}",
            mend="build one city from one map that covers both",
        )
    names = sorted({name for layer in layers for name in layer.names})
    position = {name: i for i, name in enumerate(names)}
    node_offset = np.cumsum([0, *(layer.node_count for layer in layers)]).tolist()
    link_offset = np.cumsum([0, *(layer.link_count for layer in layers)]).tolist()
    vertex_offset = np.cumsum([0, *(len(layer.vertex_x_m) for layer in layers)]).tolist()

    def chain(field: str) -> np.ndarray:
        return np.concatenate([getattr(layer, field) for layer in layers])

    def shifted(field: str, offsets: Sequence[int]) -> np.ndarray:
        """Indices moved; pointers lose the 0 at which each later district starts."""
        parts = [
            getattr(layer, field) + np.array(k, getattr(layer, field).dtype)
            for layer, k in zip(layers, offsets, strict=False)
        ]
        return np.concatenate([part[1:] if i and field.endswith("_ptr") else part for i, part in enumerate(parts)])

    renamed = [
        np.array([*(position[name] for name in layer.names), -1], np.int32)[layer.name_index] for layer in layers
    ]
    plain = (
        "node_id",
        "x_m",
        "y_m",
        "lon_deg",
        "lat_deg",
        "signal",
        "crossing",
        "length_m",
        "free_speed_mps",
        "lanes",
        "road_class",
        "way_id",
        "width_m",
        "flags",
        "vertex_x_m",
        "vertex_y_m",
    )
    return StreetLayer(
        **{field: chain(field) for field in plain},
        link_from=shifted("link_from", node_offset),
        link_to=shifted("link_to", node_offset),
        out_ptr=shifted("out_ptr", link_offset),
        vertex_ptr=shifted("vertex_ptr", vertex_offset),
        name_index=np.concatenate(renamed),
        names=tuple(names),
        aliases=_join_aliases(layers, set(names)),
        crs=layers[0].crs,
        rules=joined_rules([(layer.rules, layer.link_count) for layer in layers]),
    )


def _join_aliases(layers: Sequence[StreetLayer], names: set[str]) -> dict[str, str]:
    """Aliases that mean the same street in every district that has them, and are no street's own name."""
    meant: dict[str, set[str]] = {}
    for layer in layers:
        for alias, name in layer.aliases.items():
            meant.setdefault(alias, set()).add(name)
    return {a: min(meant[a]) for a in sorted(meant) if len(meant[a]) == 1 and a not in names}
