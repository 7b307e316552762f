"""Maps from OpenStreetMap's servers through OSMnx, whose cache folder answers where there is no internet.

OSMnx makes graphs of what it fetches, and a graph holds no turn restriction, square or building. Here its client alone
is used (rate limits, cache, place names); an answer is read like a file of Overpass, so that a downloaded city is the
city of the same map from a file.
"""

from __future__ import annotations

import socket
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twin.city.reading.overpass_json import overpass_map
from twin.city.reading.raw_map import RawMap
from twin.errors import CityError

Progress = Callable[[str, float], None]

#: Relations that reach far beyond any district and that no city is made of.
_FAR_REACHING = "route|route_master|network|superroute|boundary"
_MOST_KM2 = 2_500.0
_OFFLINE = (
    "download an extract on a machine with internet, then `twin city build FILE`; or give --cache the folder of "
    "answers that such a machine has kept"
)


def query_of(area: str) -> str:
    """Overpass query for the map of an area: its nodes, ways that pass it, whole, and relations of these.

    Parameters
    ----------
    area
        Filter of Overpass, for example ``34.66,135.49,34.71,135.51`` or ``poly:"34.66 135.49 …"``.
    """
    return (
        f"way({area})->.w;node({area})->.n;"
        f'(rel(bw.w)["type"!~"^({_FAR_REACHING})$"];rel(bn.n)["type"!~"^({_FAR_REACHING})$"];)->.r;'
        "(.n;node(w.w);.w;.r;);out body;"
    )


def download_place(place: str, progress: Progress, cache: Path | None = None) -> RawMap:
    """Raw map of a named place.

    Parameters
    ----------
    cache
        Folder in which OSMnx keeps answers; by default that of its settings.

    Raises
    ------
    CityError
        If there is no connection and no kept answer, or no such place, or it is larger than a city.
    """
    progress("looking up the place", 0.0)
    with _online(place, cache) as ox:
        outline = ox.geocode_to_gdf(place).union_all()
        if outline.geom_type not in ("Polygon", "MultiPolygon"):
            raise CityError(
                "this place is a point without an area", where=place,
                mend="name a district such as 'Ikuno Ward, Osaka, Japan', or give --bbox",
            )  # fmt: skip
        return _fetched(ox, outline, place, progress)


def download_bbox(bbox: tuple[float, float, float, float], progress: Progress, cache: Path | None = None) -> RawMap:
    """Raw map of a box (west, south, east, north in degrees); see :func:`download_place`."""
    from shapely import box

    where = f"bbox {bbox}"
    with _online(where, cache) as ox:
        return _fetched(ox, box(*bbox), where, progress)


def _fetched(ox: Any, outline: Any, where: str, progress: Progress) -> RawMap:
    """Map of an outline, in one answer or, where it is large, in several."""
    import math

    west, south, east, north = outline.bounds
    across_km = 111.2 * math.cos(math.radians((south + north) / 2))
    if outline.area * across_km * 111.2 > _MOST_KM2:
        raise CityError(
            f"the area of {outline.area * across_km * 111.2:,.0f} km2 is larger than {_MOST_KM2:,.0f} km2",
            where=where, mend="give a smaller one, or download an extract and cut it: twin city build FILE --clip BOX",
        )  # fmt: skip
    settings = ox._overpass._make_overpass_settings()
    pieces = ox._overpass._make_overpass_polygon_coord_strs(outline)
    elements: dict[tuple[str, int], Any] = {}
    first: dict[str, Any] = {}
    for number, corners in enumerate(pieces):
        progress("downloading the map", number / len(pieces) / 2)
        question = OrderedDict(data=f"{settings};{query_of(f'poly:{chr(34)}{corners}{chr(34)}')}")
        _refuse_offline(ox, question, where)
        answer = ox._overpass._overpass_request(question)
        if "remark" in answer:
            first.setdefault("remark", answer["remark"])
        first = {**answer, **first}
        for element in answer.get("elements", ()):
            elements.setdefault((str(element.get("type")), int(element.get("id", 0))), element)
    if not elements:
        raise CityError(
            "OpenStreetMap has no streets for this place", where=where, mend="give a larger box, or another place"
        )
    raw = overpass_map({**first, "elements": list(elements.values())}, where)
    raw.bounds_deg = (west, south, east, north)
    return raw


def _refuse_offline(ox: Any, question: OrderedDict[str, Any], where: str) -> None:
    """Refuse at once where no answer is kept and no server can be reached: OSMnx would pause a minute first."""
    import requests

    url = ox.settings.overpass_url.rstrip("/") + "/interpreter"
    kept = ox._http._check_cache(str(requests.Request("GET", url, params=question).prepare().url))
    if kept is not None and ox.settings.use_cache:
        return
    host = urlsplit(url).hostname or ""
    try:
        with socket.create_connection((host, urlsplit(url).port or 443), timeout=ox.settings.requests_timeout):
            return
    except OSError as error:
        raise CityError(f"the map cannot be downloaded: no connection to {host}", where=where, mend=_OFFLINE) from error


@contextmanager
def _online(where: str, cache: Path | None) -> Iterator[Any]:
    """OSMnx with a cache folder; whatever goes wrong on the line becomes one clear error."""
    import osmnx as ox
    import requests

    settings = {"use_cache": True, "cache_folder": str(cache) if cache is not None else ox.settings.cache_folder}
    before = {key: getattr(ox.settings, key) for key in settings}
    try:
        for key, value in settings.items():
            setattr(ox.settings, key, value)
        yield ox
    except (requests.exceptions.RequestException, ConnectionError, TimeoutError) as error:
        raise CityError(
            "the map cannot be downloaded: no connection to OpenStreetMap", where=where, mend=_OFFLINE
        ) from error
    except OSError as error:
        raise CityError(
            f"the folder of kept answers cannot be used: {error}", where=where, mend="give another with --cache"
        ) from error
    except (ValueError, TypeError, ox._errors.InsufficientResponseError, ox._errors.ResponseStatusCodeError) as error:
        raise CityError(
            f"OpenStreetMap has no map for this place: {str(error)[:200]}",
            where=where,
            mend="check the spelling, e.g. 'Ikuno Ward, Osaka, Japan', or give a larger box",
        ) from error
    finally:
        for key, value in before.items():
            setattr(ox.settings, key, value)
