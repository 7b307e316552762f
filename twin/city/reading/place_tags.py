"""Which tagged things are places: stops, stations, exits, gates, yards, zones, entries, points of interest."""

from __future__ import annotations

import re
from typing import Any

from twin.city.reading.raw_map import RawPlace
from twin.city.reading.tags import Tags, clean
from twin.errors import CityError

KINDS: tuple[str, ...] = ("stop", "station", "exit", "gate", "yard", "zone", "poi", "entry", "depot")

#: Tag keys by which a thing may be a place; readers skip whatever has none of them.
PLACE_KEYS: tuple[str, ...] = (
    "twin:place",
    "highway",
    "public_transport",
    "railway",
    "barrier",
    "amenity",
    "shop",
    "tourism",
)
_POI_AMENITIES: dict[str, str] = {
    "restaurant": "food",
    "cafe": "food",
    "fast_food": "food",
    "bar": "food",
    "pub": "food",
    "food_court": "food",
    "theatre": "culture",
    "cinema": "culture",
    "library": "culture",
    "arts_centre": "culture",
    "community_centre": "civic",
    "townhall": "civic",
    "post_office": "civic",
    "bank": "civic",
    "hospital": "health",
    "clinic": "health",
    "doctors": "health",
    "pharmacy": "health",
    "dentist": "health",
    "school": "education",
    "university": "education",
    "college": "education",
    "kindergarten": "education",
    "place_of_worship": "culture",
    "marketplace": "shop",
}
_TOURISM_CULTURE = frozenset(
    {"museum", "gallery", "attraction", "viewpoint", "artwork", "theme_park", "zoo", "aquarium"}
)
_KEPT_TAGS = ("capacity", "lanes", "seats", "attraction", "category", "ref", "layer", "level", "wheelchair", "operator")
_NUMBER = re.compile(r"[+-]?(?:\d{1,15}(?:\.\d{1,12})?|\.\d{1,12})")
_NO_WORD = re.compile(r"[^\w.-]+")


def slug(text: str) -> str:
    """Text as part of an id: letters of any script, digits, ``_ . -``; the rest becomes one hyphen."""
    return _NO_WORD.sub("-", clean(text)).strip("-.")


def _value(text: str) -> Any:
    """Number where the tag is one, else the word."""
    text = clean(text)
    if _NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)
    return text


#: What stops at a station that is tagged by the newer words alone.
_TRAINS = ("train", "subway", "light_rail", "tram", "monorail")


def place_kind(tags: Tags) -> tuple[str, str] | None:
    """Kind and category of a tagged thing; None if it is no place. The category is empty but for pois."""
    if "twin:place" in tags:
        return clean(tags["twin:place"]), clean(tags.get("twin:category", ""))
    railway, amenity = tags.get("railway"), tags.get("amenity", "")
    if tags.get("highway") == "bus_stop":
        return "stop", ""
    if tags.get("public_transport") == "platform" and not railway and tags.get("train", tags.get("subway")) != "yes":
        return "stop", ""
    if railway in ("station", "halt"):
        return "station", ""
    if tags.get("public_transport") == "station" and any(tags.get(key) == "yes" for key in _TRAINS):
        return "station", ""
    if railway in ("subway_entrance", "train_station_entrance"):
        return "exit", ""
    if tags.get("barrier") in ("toll_booth", "gate", "lift_gate") and (
        tags.get("hgv", "no") != "no" or any(key.startswith("twin:") for key in tags)
    ):
        return "gate", ""
    if amenity == "parking" and tags.get("hgv") in ("yes", "designated"):
        return "yard", ""
    if tags.get("shop", "no") not in ("no", "vacant"):
        return "poi", "shop"
    if amenity in _POI_AMENITIES:
        return "poi", _POI_AMENITIES[amenity]
    if tags.get("tourism", "no") not in ("no", "information"):
        return "poi", "culture" if tags["tourism"] in _TOURISM_CULTURE else "tourism"
    return None


def read_place(tags: Tags, origin: str, map_id: str, lon_deg: float, lat_deg: float, row: int) -> RawPlace | None:
    """Place from the tags of a node, or of a way with its centre; None if it is none.

    Parameters
    ----------
    origin
        ``node 12`` or ``way 12``, for messages.
    map_id
        Id used where no ``twin:id`` is given, unique among places of a kind.
    row
        Row of the node if it is part of a way, else -1.

    Raises
    ------
    CityError
        If ``twin:place`` names a kind there is not.
    """
    found = place_kind(tags)
    if found is None:
        return None
    kind, category = found
    authored = "twin:place" in tags
    if authored and kind not in KINDS:
        raise CityError(
            f"{kind!r} is no kind of place", where=f"{origin}, twin:place", mend="kinds: " + ", ".join(KINDS)
        )
    attributes = {key: _value(tags[key]) for key in _KEPT_TAGS if key in tags}
    if kind == "yard" and "capacity:hgv" in tags:
        attributes["capacity"] = _value(tags["capacity:hgv"])
    for key in sorted(tags):
        if key.startswith("twin:") and key not in ("twin:place", "twin:id"):
            attributes[key.removeprefix("twin:")] = _value(tags[key])
    if category and "category" not in attributes:
        attributes["category"] = category
    name_en = clean(tags.get("name:en", ""))
    name_ja = clean(tags.get("name:ja", tags.get("name", "")))
    chosen = slug(tags.get("twin:id", "")) or (slug(name_en or name_ja) if authored else "") or map_id
    return RawPlace(kind, chosen, authored, name_ja, name_en, lon_deg, lat_deg, row, attributes, origin)
