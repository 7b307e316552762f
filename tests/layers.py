"""Layers of streets with other values here and there: a layer is read-only, since all who hold a city share it."""

from __future__ import annotations

import dataclasses

from twin.city.city import StreetLayer


def put(layer: StreetLayer, column: str, index, value) -> StreetLayer:
    """The layer with other values in one of its columns.

    Parameters
    ----------
    index, value
        As in ``array[index] = value``.
    """
    array = getattr(layer, column).copy()
    array[index] = value
    return dataclasses.replace(layer, **{column: array})
