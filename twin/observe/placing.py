"""Put the sites of all observations of a plan onto the map, once, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.city.city import City
from twin.errors import Problem, ScenarioError
from twin.models import registry
from twin.observe.asked import MOVE, SiteRows
from twin.observe.sensors import Sensor, Site
from twin.observe.sites import SiteError, exits_by_name, links_at, metres_of, zone_at


def put_sites(observed: dict[str, Any] | None, sensors: Mapping[str, Sensor], city: City, file: str) -> None:
    """Fill in where the sites of each observation are in the tables of a run.

    Parameters
    ----------
    observed
        ``observed`` of a plan; changed in place. None: nothing is observed.
    sensors
        Sensors by name, with where they stand.
    city
        The base city; edits leave rows of links in their place.
    file
        For messages.

    Raises
    ------
    ScenarioError
        With every site that is not on the map.
    """
    problems: list[Problem] = []
    for entry in (observed or {}).get("entries", []):
        if not entry.get("sites"):
            continue
        try:
            _put(entry, sensors, city)
        except SiteError as fault:
            problems.append(Problem(fault.what, f"{file}, observed, {entry['id']}", fault.mend))
    if problems:
        raise ScenarioError.of(problems, file)


def _put(entry: dict[str, Any], sensors: Mapping[str, Sensor], city: City) -> None:
    what = registry.observables()[entry["observable"]]
    names = list(entry["sites"])
    found: dict[str, SiteRows]
    if what.layer == "exit":
        own = city.places_of("exit")
        single = list(dict.fromkeys(part for name in names for part in name.split(MOVE)))
        places = exits_by_name(own, single)
        parts = {name: name.split(MOVE) for name in names}
        found = {
            name: SiteRows(places=places[of[-1]], origins=places[of[0]] if what.origin else [])
            for name, of in parts.items()
        }
    else:
        sensor = sensors.get(entry["sensor"] or "")
        if sensor is None:
            raise SiteError(
                f"{names[0]!r} has no place: the observation names no sensor",
                "write seen_as: SENSOR, and under the sensor at: {NAME: {lat: 34.67, lon: 135.50}}",
            )
        found = {name: _found(name, sensor.at, city, what.layer) for name in names}
        if what.layer == "":
            of = {place.id: [place.x_m, place.y_m] for place in city.places}
            entry["place_xy"] = of
    entry["sites"] = {name: rows.model_dump(exclude_defaults=True) for name, rows in found.items()}


def _found(name: str, at: Mapping[str, Site], city: City, layer: str) -> SiteRows:
    bare, _, heading = name.partition("|")
    if bare not in at:
        raise SiteError(
            f"the scenario does not say where {bare!r} stands", f"add at: {{{bare}: {{lat: 34.67, lon: 135.50}}}}"
        )
    site = at[bare]
    if layer == "":
        return zone_at(city, site)
    x_m, y_m = metres_of(city, site)
    try:
        return links_at(city.walk if layer == "walk" else city.drive, x_m, y_m, heading or site.heading, layer)
    except SiteError as fault:
        raise SiteError(f"{bare}: {fault.what}", fault.mend) from fault
