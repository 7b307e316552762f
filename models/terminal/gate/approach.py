"""The way to the gate and back: trucks drive on the road layer between an entry of the map and the gate."""

from __future__ import annotations

import numpy as np

from twin.arrays import Floats, Ids, Ints
from twin.city.city import City, Place
from twin.city.routing.ways import shortest_path
from twin.columns import VEHICLE_CLASSES
from twin.engine.channels import Channels, RowKind, Rows
from twin.errors import CityError, ScenarioError
from twin.models.registry import CODES
from twin.models.terminal.params import TerminalParams

ROAD = "road_traffic"
_TRUCK = VEHICLE_CLASSES.index("container_truck")


class Approach:
    """Places and routes of the trucks.

    Parameters
    ----------
    city
        Streets and places.
    params
        Names of entries and their shares.

    Attributes
    ----------
    entries
        Places where trucks enter the map, in the order of ``params.entry_shares``, else of their ids.
    in_gate, out_gate
        Where the road ends and where it begins again.

    Raises
    ------
    CityError
        If the city has no gate or no entry.
    ScenarioError
        If an entry of the parameters is unknown.
    """

    def __init__(self, city: City, params: TerminalParams) -> None:
        self._city, self._layer = city, city.drive
        gates = city.places_of("gate")
        self.in_gate = _gate(gates, "in-gate")
        self.out_gate = _gate(gates, "out-gate")
        self.entries = _entries(city, self.in_gate.id.split("/")[0], params)
        self._found: dict[tuple[int, int], tuple[object, Ints]] = {}
        #: Where the road keeps trucks back: the one link by which all reach the in-gate; -1 if any will do.
        self.gate_link = -1
        free = [self._layer.free_time_s[self.inbound(i, None)].sum() for i in range(len(self.entries))]
        self.free_time_s: Floats = np.array(free, np.float64)

    def inbound(self, entry: int, link_time_s: Floats | None) -> Ints:
        """Links from an entry to the in-gate, by the link times given or at free flow."""
        place = self.entries[entry]
        if self.gate_link < 0:
            return self._path(place, self.in_gate, (place.drive_node, self.in_gate.drive_node), link_time_s)
        head = int(self._layer.link_from[self.gate_link])
        way = self._path(place, self.in_gate, (place.drive_node, head), link_time_s)
        return np.append(way, np.int32(self.gate_link))

    def keep_to_one_gate(self) -> None:
        """Let all trucks come by the last link of the way from the first entry: places are given out at its end."""
        self.gate_link = int(self.inbound(0, None)[-1])

    def outbound(self, entry: int, link_time_s: Floats | None) -> Ints:
        """Links from the out-gate back to an entry."""
        place = self.entries[entry]
        return self._path(self.out_gate, place, (self.out_gate.drive_node, place.drive_node), link_time_s)

    def _path(self, origin: Place, destination: Place, ends: tuple[int, int], link_time_s: Floats | None) -> Ints:
        # Boards stay as they are, so a path found on one holds for everybody who asks on the same one.
        known = self._found.get(ends)
        if known is None or known[0] is not link_time_s:
            lawful_s = self._city.lawful_times_s("container_truck", link_time_s)
            links = shortest_path(
                self._layer, *ends, lawful_s, names=(origin.id, destination.id), vehicle_class="container_truck"
            )
            if not len(links) and self.gate_link < 0:
                raise CityError(
                    f"{origin.id} and {destination.id} lie at the same node of the streets",
                    where="terminal.approach",
                    mend="move one of them on the map, or set terminal.approach to none",
                )
            known = self._found[ends] = (link_time_s, links)
        return known[1]


def send(channels: Channels, ids: Ids, enter_s: Floats, paths: list[Ints]) -> None:
    """Announce trucks to the road: each enters at its exact time and comes back to the terminal."""
    rows = Rows.of(
        len(ids), paths=paths, time_s=enter_s, kind=RowKind.ROAD_ENTER, id=ids, bodies=1, vehicle_class=_TRUCK,
        a=[path[0] for path in paths], b=CODES["terminal"],
    )  # fmt: skip
    channels.send(ROAD, rows)


def grant(channels: Channels, link: int, ids: Ids, from_s: Floats, places: int = 1) -> None:
    """Tell the road of free places at the end of the gate road: so many more for each id, from its moment on."""
    orders = Rows.of(
        len(ids), time_s=from_s, kind=RowKind.ROAD_CREDIT, id=ids, a=link, b=CODES["terminal"], amount=places
    )
    channels.send_orders(ROAD, orders)


def _gate(gates: list[Place], slug: str) -> Place:
    for place in gates:
        if place.id.rsplit("/", 1)[-1] == slug:
            return place
    raise CityError(
        f"the city has no gate named {slug!r}; its gates: {', '.join(g.id for g in gates) or 'none'}",
        where="terminal.approach",
        mend="tag a node twin:place=gate and twin:id=" + slug + ", or set terminal.approach to none",
    )


def other_lanes(gate: Place, lanes: int, key: str) -> list[str]:
    """What to say where the map gives a gate another number of lanes than the parameters; theirs are simulated."""
    mapped = gate.attributes.get("lanes")
    if mapped is None or str(mapped) == str(lanes):
        return []
    words = f"the map gives {gate.id} {mapped} lanes, terminal.{key} has {lanes}: simulated are {lanes}; "
    return [words + "set the parameter, or mend the map"]


def _entries(city: City, district: str, params: TerminalParams) -> list[Place]:
    places = city.places_of("entry", district + "/")
    if not places:
        raise CityError(
            f"the district {district} has no place where trucks enter the map",
            where="terminal.approach",
            mend="tag a node twin:place=entry, or set terminal.approach to none",
        )
    if not params.entry_shares:
        return places
    by_slug = {place.id.rsplit("/", 1)[-1]: place for place in places} | {place.id: place for place in places}
    for name in params.entry_shares:
        if name not in by_slug:
            raise ScenarioError(
                f"no entry of the city is named {name!r}",
                where="terminal.entry_shares",
                mend=f"known entries: {', '.join(p.id.rsplit('/', 1)[-1] for p in places)}",
            )
    return [by_slug[name] for name in params.entry_shares]
