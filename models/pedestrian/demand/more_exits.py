"""Exits that the map does not have: stations of other lines, bus terminals, car parks, named by the scenario."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from twin.city.city import City, Place
from twin.city.reading.projection import project
from twin.errors import ScenarioError
from twin.models.pedestrian.params import MoreExit

#: An exit must lie this near to a node of the walk layer.
_REACH_M = 100.0
#: Attribute of an exit that a scenario adds.
ADDED = "added"


def with_more_exits(city: City, more: Mapping[str, MoreExit]) -> City:
    """The city with further exits; the very same without any.

    Raises
    ------
    ScenarioError
        If one lies off the walk layer, or has the name of an exit of the map.
    """
    if not more:
        return city
    key = f"pedestrian.more_exits/{[(name, exit_.model_dump_json()) for name, exit_ in more.items()]}"
    if key not in city.worked_out:
        places = [_place(city, name, exit_) for name, exit_ in more.items()]
        city.worked_out[key] = replace(city, places=(*city.places, *places))
    found: City = city.worked_out[key]
    return found


def _place(city: City, name: str, exit_: MoreExit) -> Place:
    where, layer = f"pedestrian.more_exits.{name}", city.walk
    lon_deg, lat_deg = exit_.at
    x_m, y_m = (float(v[0]) for v in project(city.crs, [lon_deg], [lat_deg]))
    apart_m = np.hypot(layer.x_m - x_m, layer.y_m - y_m)
    node = int(np.argmin(apart_m))
    if apart_m[node] > _REACH_M:
        raise ScenarioError(
            f"the exit {name} lies {apart_m[node]:.0f} m from the nearest pavement of the map",
            where=f"{where}.at",
            mend=f"write [longitude, latitude] of a place within {_REACH_M:g} m of one",
        )
    id_ = f"{city.name}/exit/{name}"
    if id_ in city.place_by_id:
        raise ScenarioError(f"the map has an exit {name} already", where=where, mend="give it another name")
    attributes = {"ref": name, "riders": exit_.riders, "station": exit_.station or name, ADDED: 1}
    return Place(id_, "exit", name, name, x_m, y_m, lon_deg, lat_deg, -1, node, attributes)
