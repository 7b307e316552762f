"""Where sensors stand on the map: links under cameras and loops, exits by the names people write, zones of phones."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

import numpy as np

from twin.city.city import City, Place, StreetLayer
from twin.city.exit_names import folded_exit, names_of
from twin.observe.asked import SiteRows
from twin.observe.sensors import Site

#: A camera farther from every link than this stands somewhere else.
MOST_M = 60.0
#: A link goes the way of a heading if its bearing is within 45 degrees of it.
_TOWARDS = {"east": (1.0, 0.0), "north": (0.0, 1.0), "west": (-1.0, 0.0), "south": (0.0, -1.0)}
_HALF_RIGHT = 0.7071


class SiteError(ValueError):
    """A site that is not on the map, with what is near it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def links_at(layer: StreetLayer, x_m: float, y_m: float, heading: str, kind: str) -> SiteRows:
    """Links of the street nearest to a sensor, in the direction it counts, and those of the other direction.

    Parameters
    ----------
    layer
        Walk or drive layer.
    x_m, y_m
        Where the sensor stands, in the metres of the city.
    heading
        north, east, south or west; empty for both ways.
    kind
        Word for messages.

    Raises
    ------
    SiteError
        If no street is within 60 m, or none there goes that way.
    """
    from_x, from_y = layer.x_m[layer.link_from], layer.y_m[layer.link_from]
    dx, dy = layer.x_m[layer.link_to] - from_x, layer.y_m[layer.link_to] - from_y
    square = np.maximum(dx * dx + dy * dy, 1e-9)
    along = np.clip(((x_m - from_x) * dx + (y_m - from_y) * dy) / square, 0.0, 1.0)
    away = np.hypot(from_x + along * dx - x_m, from_y + along * dy - y_m)
    long = np.sqrt(square)
    if heading:
        east, north = _TOWARDS[heading]
        away = np.where(np.abs(dx * east + dy * north) / long >= _HALF_RIGHT, away, np.inf)
    nearest = int(np.argmin(away)) if len(away) else -1
    if nearest < 0 or not away[nearest] <= MOST_M:
        far = f", the nearest is {away[nearest]:.0f} m away" if nearest >= 0 and np.isfinite(away[nearest]) else ""
        way = f" that goes {heading}" if heading else ""
        raise SiteError(
            f"no {kind} link{way} within {MOST_M:.0f} m{far}", "check lat and lon, and the heading of the street"
        )
    ends = layer.link_from[nearest], layer.link_to[nearest]
    one = np.flatnonzero((layer.link_from == ends[0]) & (layer.link_to == ends[1])).tolist()
    other = np.flatnonzero((layer.link_from == ends[1]) & (layer.link_to == ends[0])).tolist()
    if not heading:
        return SiteRows(links=[*one, *other], back=[*one, *other])
    east, north = _TOWARDS[heading]
    ahead = dx[nearest] * east + dy[nearest] * north > 0
    rows = SiteRows(links=one if ahead else other, back=other if ahead else one)
    if not rows.links:
        raise SiteError(f"the nearest {kind} link is one-way against {heading}", "turn the heading")
    return rows


def zone_at(city: City, site: Site) -> SiteRows:
    """Circle of a zone in the metres of the city."""
    x_m, y_m = metres_of(city, site)
    return SiteRows(x_m=x_m, y_m=y_m, radius_m=site.radius_m)


def metres_of(city: City, site: Site) -> tuple[float, float]:
    """Easting and northing of a site."""
    from pyproj import Transformer

    x, y = Transformer.from_crs("EPSG:4326", city.crs, always_xy=True).transform(site.lon, site.lat)
    return float(x), float(y)


def exits_by_name(places: Iterable[Place], names: Iterable[str]) -> dict[str, list[str]]:
    """Places of each exit that a table names, by id, by name or number; of a station, all its exits.

    Parameters
    ----------
    places
        Exits of the city.
    names
        As written by hand.

    Returns
    -------
    dict
        Name as written -> ids of the places.

    Raises
    ------
    SiteError
        If a name is that of no exit or of several, or two names are one exit.
    """
    known: dict[str, dict[str, Place]] = {}
    stations: dict[str, dict[str, Place]] = {}
    for place in places:
        station = str(place.attributes.get("station", ""))
        for text in (station, place.name_ja.partition(" ")[0] if station else ""):
            if folded_exit(text):
                stations.setdefault(folded_exit(text), {})[place.id] = place
        for text in names_of(place):
            if folded_exit(text):
                known.setdefault(folded_exit(text), {})[place.id] = place
    out: dict[str, list[str]] = {}
    taken: dict[str, str] = {}
    for name in names:
        folded = folded_exit(name)
        found = known.get(folded, {})
        if not found and folded in stations:
            found = stations[folded]
        elif len(found) != 1:
            raise _unclear(name, found, known)
        for place_id in found:
            if place_id in taken:
                raise SiteError(
                    f"{taken[place_id]!r} and {name!r} are one exit, {place_id}", "write it one way, or add the rows up"
                )
            taken[place_id] = name
        out[name] = list(found)
    return out


def _unclear(name: str, found: Mapping[str, Place], known: Mapping[str, Mapping[str, Place]]) -> SiteError:
    if found:
        listed = ", ".join(place.name_ja or place.id for place in list(found.values())[:4])
        return SiteError(f"exit {name!r} may be {listed}", "write the station too, or the id of the exit")
    near = difflib.get_close_matches(folded_exit(name), list(known), n=3, cutoff=0.4)
    listed = ", ".join((p := next(iter(known[key].values()))).name_ja or p.id for key in near)
    return SiteError(
        f"there is no exit {name!r}", f"nearest: {listed}" if listed else "write its number as on the sign"
    )
