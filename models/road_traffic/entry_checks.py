"""What another model sends is checked at the door: the vehicle, and that its path can be driven."""

from __future__ import annotations

import numpy as np

from twin.arrays import Ints
from twin.city.city import StreetLayer
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import RowKind
from twin.engine.clock import clock_text
from twin.errors import EngineError
from twin.models.registry import ORDER
from twin.models.road_traffic.fleet import Fleet


def check_entry(row: np.void, path: Ints, fleet: Fleet, drive: StreetLayer) -> None:
    """Refuse a row that is no vehicle, or one that is on the road already.

    Raises
    ------
    EngineError
        Naming the vehicle and what is wrong with it.
    """
    id_, at_s = int(row["id"]), float(row["time_s"])
    fault = ""
    if row["kind"] != RowKind.ROAD_ENTER:
        fault = f"a row of kind {row['kind']} is no entry of a vehicle"
    elif fleet.slot_of(id_) >= 0:
        fault = f"vehicle {id_} enters the road while it is on it"
    elif row["vehicle_class"] >= len(VEHICLE_CLASSES) or not 0 < row["b"] < len(ORDER) or row["bodies"] != 1:
        fault = f"vehicle {id_} has class {row['vehicle_class']}, owner {row['b']} and {row['bodies']} bodies"
    elif not len(path):
        fault = f"vehicle {id_} enters the road with an empty path"
    if fault:
        raise EngineError(
            fault, where=f"road_traffic, {clock_text(at_s)}", mend="this is a fault of the model that sent it"
        )
    check_path(id_, at_s, path, drive)


def check_path(id_: int, at_s: float, path: Ints, drive: StreetLayer) -> None:
    """Refuse a path that names links that do not exist, or that breaks.

    Raises
    ------
    EngineError
        Naming the vehicle and the links.
    """
    where = f"road_traffic, {clock_text(at_s)}"
    mend = "give the rows of drive links in the order in which they are driven"
    if path.min() < 0 or path.max() >= drive.link_count:
        raise EngineError(f"the path of vehicle {id_} names link {path.min()} or {path.max()}", where=where, mend=mend)
    broken = np.flatnonzero(drive.link_to[path[:-1]] != drive.link_from[path[1:]])
    if len(broken):
        first = int(broken[0])
        raise EngineError(
            f"the path of vehicle {id_} breaks between links {path[first]} and {path[first + 1]}",
            where=where,
            mend=mend,
        )
