"""Streets that are walked only: arcades, squares, paths in parks; which links of the walk layer an edit means there."""

from __future__ import annotations

import numpy as np

from twin.city.city import City
from twin.city.editing.features import find_features, links_of_feature, links_of_features
from twin.city.editing.streets import Links, find_section, find_street, heads_for, links_named
from twin.city.editing.types import Edit, EditFault


def walked_only(city: City, edit: Edit) -> Links | None:
    """Walk links of a place that no street of the drive layer is part of; None where one is.

    Raises
    ------
    EditFault
        If neither layer has such a street, or the edit asks for sides or lanes of a street that has none.
    """
    where, key, walk = edit.where, f"{edit.key}.where", city.walk
    if where.names:
        if len(links_named(city.drive, where.names)):
            return None
        if not len(links_named(walk, where.names)):
            # Names of both layers are offered, those of the drive layer first.
            find_street(city.drive, where, key, also=walk)
        links = find_section(walk, find_street(walk, where, key), where, key).links
        if where.features:
            links = np.intersect1d(links, links_of_features(walk, find_features(city, where, key), where, key))
    else:
        drawn = find_features(city, where, key)
        if any(len(links_of_feature(city.drive, area, where.within_m)) for area in drawn):
            return None
        links = links_of_features(walk, drawn, where, key)
    what = where.street or f"{where.layer} {', '.join(f.id for f in where.features)}"
    if where.sides or where.lanes != "all":
        raise EditFault(
            f"{what} is walked only: it has neither sides nor lanes", key, "leave sides and lanes out, or draw the part"
        )
    meant = np.array([link for link in links.tolist() if heads_for(walk, link, where.direction)], np.int64)
    if not len(meant):
        raise EditFault(f"the section of {what} has no link", key, "name other crossings, or draw the section")
    return meant
