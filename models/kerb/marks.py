"""Pockets of bays for flat maps: where they lie, and who watches them."""

from __future__ import annotations

from twin.city.city import City
from twin.looks import MapMark
from twin.models.kerb.layout import lay_out
from twin.models.kerb.params import KerbParams
from twin.models.kerb.side import CAMERAS, GUARDS, watched_pockets


def map_marks(params: KerbParams, city: City) -> list[MapMark]:
    """One mark per pocket, with its bays; none where nothing stops.

    Raises
    ------
    ScenarioError
        If a street, a crossing or a side is not on the map.
    """
    if not params.frontages:
        return []
    layout = lay_out(params, city)
    watched = watched_pockets(params, layout)
    marks = []
    for i, name in enumerate(layout.pockets.name):
        bays = int(layout.bay_ptr[i + 1] - layout.bay_ptr[i])
        ja, en = f"{name}：荷さばき枠{bays}台", f"{name}: {bays} bays"
        if watched[i, CAMERAS]:
            ja, en = f"{ja}、AIカメラ", f"{en}, AI camera"
        if watched[i, GUARDS]:
            ja, en = f"{ja}、誘導員", f"{en}, guard"
        marks.append(MapMark(float(layout.pockets.x_m[i]), float(layout.pockets.y_m[i]), ja, en))
    return marks
