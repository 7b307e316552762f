"""Drawn lines and polygons: which links lie in them or along them."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape as geometry_of
from shapely.geometry.base import BaseGeometry

from twin.city.city import City, StreetLayer
from twin.city.editing.streets import Links, middles
from twin.city.editing.types import EditFault, Feature, Where
from twin.city.reading.projection import project
from twin.errors import CityError

#: What a geometry that is none makes of its readers.
_UNSOUND = (CityError, ValueError, TypeError, KeyError, AttributeError, IndexError, shapely.errors.ShapelyError)
#: A link follows a line if it turns from it by less than this.
_ALONG_DEG = 30.0


def in_metres(city: City, feature: Feature, key: str) -> BaseGeometry:
    """A feature in the city's metres.

    Raises
    ------
    EditFault
        If it is no line or polygon, or not sound.
    """
    try:
        drawn = shapely.force_2d(geometry_of(dict(feature.geometry)))
        kind = drawn.geom_type.removeprefix("Multi")
        if kind not in ("LineString", "Polygon") or drawn.is_empty:
            raise ValueError(f"it is a {drawn.geom_type}")
        metres = shapely.transform(drawn, lambda xy: np.column_stack(project(city.crs, xy[:, 0], xy[:, 1])))
    except _UNSOUND as fault:
        raise EditFault(
            f"the feature {feature.id!r} is no line or polygon: {str(fault).splitlines()[0]}",
            key,
            "draw a line along the street, or a polygon around it",
        ) from fault
    return shapely.make_valid(metres) if kind == "Polygon" else metres


def lines_of(layer: StreetLayer) -> NDArray[np.object_]:
    """(m,) shapely lines of all links."""
    owner = np.repeat(np.arange(layer.link_count), np.diff(layer.vertex_ptr))
    return np.asarray(shapely.linestrings(np.column_stack([layer.vertex_x_m, layer.vertex_y_m]), indices=owner))


def links_of_feature(layer: StreetLayer, drawn: BaseGeometry, within_m: float) -> Links:
    """Links of which half or more lies in a polygon, or along a line and near it.

    Parameters
    ----------
    layer
        Either layer.
    drawn
        In metres.
    within_m
        How far from a line a link may lie.
    """
    is_line = drawn.geom_type.endswith("LineString")
    area = drawn.buffer(within_m, cap_style="flat") if is_line else drawn
    west, south, east, north = area.bounds
    lines = lines_of(layer)
    boxes = shapely.bounds(lines)
    overlap = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    near = np.flatnonzero(overlap)
    shapely.prepare(area)
    lengths = shapely.length(lines[near])
    taken = near[shapely.length(shapely.intersection(lines[near], area)) >= 0.5 * lengths]
    return taken[_along(layer, taken, drawn)] if is_line else taken


def _along(layer: StreetLayer, links: Links, line: BaseGeometry) -> NDArray[np.bool_]:
    """Which links run along a line rather than across it, forth or back."""
    kept = np.zeros(len(links), np.bool_)
    pieces = np.asarray(shapely.get_parts(line))
    for row, link in enumerate(links.tolist()):
        x_m, y_m, east, north = (float(v[0]) for v in middles(layer, np.array([link])))
        point = shapely.Point(x_m, y_m)
        piece = pieces[int(np.argmin(shapely.distance(pieces, point)))]
        at = shapely.line_locate_point(piece, point)
        before, after = (shapely.line_interpolate_point(piece, np.clip(at + d, 0, piece.length)) for d in (-1.0, 1.0))
        step = np.array([after.x - before.x, after.y - before.y])
        size = float(np.hypot(*step))
        kept[row] = size > 0 and abs(step[0] * east + step[1] * north) / size >= np.cos(np.radians(_ALONG_DEG))
    return kept


def find_features(city: City, where: Where, key: str) -> list[BaseGeometry]:
    """Drawn features of an edit in metres."""
    return [in_metres(city, feature, f"{key}.id") for feature in where.features]


def links_of_features(layer: StreetLayer, drawn: list[BaseGeometry], where: Where, key: str) -> Links:
    """Links of every feature together.

    Raises
    ------
    EditFault
        If one of the features holds no link; the nearest is named.
    """
    found: list[Links] = []
    for feature, area in zip(where.features, drawn, strict=True):
        links = links_of_feature(layer, area, where.within_m)
        if not len(links):
            raise EditFault(
                f"no link lies in or along the feature {feature.id!r} of {where.layer}",
                f"{key}.id",
                _nearest(layer, area),
            )
        found.append(links)
    return np.unique(np.concatenate(found))


def _nearest(layer: StreetLayer, area: BaseGeometry) -> str:
    if not layer.link_count:
        return "the layer has no links"
    distances = shapely.distance(lines_of(layer), area)
    link = int(np.argmin(distances))
    name = layer.names[layer.name_index[link]] if layer.name_index[link] >= 0 else "a street without a name"
    return (
        f"the nearest, way {layer.way_id[link]} of {name}, lies {distances[link]:.0f} m from it: "
        "draw it there, check its CRS, or raise within"
    )
