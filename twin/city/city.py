"""The city as models see it: streets, places and routes, read-only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Flags, Floats, Ints, Longs
from twin.city.marks import Marks
from twin.city.rules import DriveRules
from twin.city.scenery import Scenery, empty_scenery
from twin.city.street_life import StreetLife
from twin.columns import VEHICLE_CLASSES

if TYPE_CHECKING:  # networkx alone would take most of the time in which a built city opens
    import networkx as nx
    from scipy.spatial import cKDTree

    from twin.city.routing.trips import Trip


#: Bits of ``StreetLayer.flags``.
TUNNEL = 1
BRIDGE = 2
STEPS = 4
COVERED = 8
CROSSING = 16
STEP_FREE = 32
SIGNALISED = 64


@dataclass(frozen=True)
class StreetLayer:
    """Nodes and directed links of one layer (drive or walk), as arrays in metres.

    Attributes
    ----------
    node_id : (n,) int64
        Id in the map.
    x_m, y_m : (n,) float64
        Position in the city's projected CRS.
    lon_deg, lat_deg : (n,) float64
    signal, crossing : (n,) bool
        Drive layer: the junction has traffic lights, the node a pedestrian crossing. Walk layer: a crossing
        with lights, a crossing of any kind, begins, ends or passes here.
    link_from, link_to : (m,) int32
        Node indices. Links are sorted by (from, to, way id), so that CSR needs no permutation.
    length_m : (m,) float64
    free_speed_mps : (m,) float64
        0 on a link that an edit closed for good: it takes forever, so no way leads over it.
    lanes : (m,) int16
        Lanes in the direction of the link; 0 on walk links and on links that an edit closed for good.
    road_class : (m,) uint8
        Index into ``twin.city.reading.road_classes.ROAD_CLASSES``.
    name_index : (m,) int32
        Index into ``names``; -1 without a name.
    way_id : (m,) int64
    width_m : (m,) float64
        Clear width of a walk link, from tags or by class; nan on drive links.
    flags : (m,) uint8
        Bits ``TUNNEL``, ``BRIDGE``, ``STEPS``, ``COVERED`` (by a roof, a building or the ground),
        ``CROSSING``, ``STEP_FREE`` (said to be so in the map) and ``SIGNALISED``: whoever enters the link
        waits for green.
        A crossing cut in two by the road it crosses is signalised where one leaves the kerb, not half-way.
    vertex_ptr : (m + 1,) int64
        Shape of link i is ``vertex_x_m[vertex_ptr[i]:vertex_ptr[i + 1]]`` (both ends included).
    vertex_x_m, vertex_y_m : (k,) float64
    out_ptr : (n + 1,) int64
        Links leaving node i are ``out_ptr[i] .. out_ptr[i + 1] - 1``.
    names : tuple of str
        Street names as written on signs.
    aliases : mapping
        Alias -> name, for streets with more than one name.
    crs : str
        Projected CRS of the metres, as in :class:`City`.
    rules : DriveRules
        Drive layer: who may use its links and when, and which turns are banned. Routing obeys them.
    """

    node_id: Longs
    x_m: Floats
    y_m: Floats
    lon_deg: Floats
    lat_deg: Floats
    signal: Flags
    crossing: Flags
    link_from: Ints
    link_to: Ints
    length_m: Floats
    free_speed_mps: Floats
    lanes: NDArray[np.int16]
    road_class: NDArray[np.uint8]
    name_index: Ints
    way_id: Longs
    width_m: Floats
    flags: NDArray[np.uint8]
    vertex_ptr: Longs
    vertex_x_m: Floats
    vertex_y_m: Floats
    out_ptr: Longs
    names: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)
    crs: str = ""
    rules: DriveRules = field(default_factory=DriveRules)

    def __post_init__(self) -> None:
        # A layer is shared by all who hold the city; and kernels are compiled once for arrays that nobody writes,
        # not again for those of a city that was joined or built a moment ago.
        for value in vars(self).values():
            if isinstance(value, np.ndarray):
                value.setflags(write=False)

    @property
    def node_count(self) -> int:
        """Number of nodes."""
        return len(self.node_id)

    @property
    def link_count(self) -> int:
        """Number of directed links."""
        return len(self.link_from)

    @cached_property
    def free_time_s(self) -> Floats:
        """(m,) float64: seconds over each link at free-flow speed; inf on a closed one."""
        with np.errstate(divide="ignore"):
            return self.length_m / self.free_speed_mps

    @cached_property
    def out_links(self) -> Ints:
        """Every link by the node it leaves: simply 0, 1, 2 …, as links are sorted so."""
        return np.arange(self.link_count, dtype=np.int32)

    @cached_property
    def in_links(self) -> tuple[Longs, Ints]:
        """Links by the node they enter: ``links[ptr[i]:ptr[i + 1]]`` enter node i, ascending."""
        ptr = np.zeros(self.node_count + 1, np.int64)
        np.cumsum(np.bincount(self.link_to, minlength=self.node_count), out=ptr[1:])
        return ptr, np.argsort(self.link_to, kind="stable").astype(np.int32)

    @cached_property
    def reverse_links(self) -> Ints:
        """(m,) int32: the link back along the same street; -1 on a one-way street."""
        from twin.city.routing.turns import reverse_links

        return reverse_links(self)

    @cached_property
    def turn_graphs(self) -> dict[Any, Any]:
        """What routing has worked out from the rules; see :func:`twin.city.routing.turns.turn_graph`."""
        return {}

    @cached_property
    def node_tree(self) -> cKDTree:
        """Search tree over the nodes, in metres."""
        from scipy.spatial import cKDTree

        return cKDTree(np.column_stack([self.x_m, self.y_m]))

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The same layer as a networkx graph in OSMnx's conventions (x, y, length, name, …)."""
        from twin.city.keeping.graph import layer_graph

        return layer_graph(self)


@dataclass(frozen=True)
class Place:
    """A stop, station, exit, gate, yard, zone or point of interest.

    Attributes
    ----------
    id
        Unique in the city, for example ``"osaka_ikuno/stop/ikuno-012"``.
    kind
        ``stop``, ``station``, ``exit``, ``gate``, ``yard``, ``zone``, ``poi`` or ``entry`` (where traffic
        enters the map).
    name_ja, name_en
        As written on signs; empty where unknown.
    drive_node, walk_node
        Nearest node of each layer, -1 where the layer is empty.
    attributes
        Numbers and words from the map: ``capacity``, ``lanes``, ``attraction``, ``category``, ``ref`` …
    """

    id: str
    kind: str
    name_ja: str
    name_en: str
    x_m: float
    y_m: float
    lon_deg: float
    lat_deg: float
    drive_node: int
    walk_node: int
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LinkChange:
    """State of a drive link from a moment on, by an edit that holds for some hours only.

    Attributes
    ----------
    link_index
        Row of the drive layer.
    time_s
        Seconds since midnight of day one.
    lanes, speed_mps
        Lanes and free-flow speed from then on; a closed link keeps both.
    capacity_factor
        Lanes by those of the layer's arrays; 0 while closed.
    is_open
        Whether one may drive onto it.
    closed_to
        Classes of ``twin.columns.VEHICLE_CLASSES`` that may not.
    """

    link_index: int
    time_s: float
    lanes: int
    speed_mps: float
    capacity_factor: float
    is_open: bool
    closed_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class SignalPlan:
    """Fixed-time plan of the lights at a node of the drive layer, by an edit.

    Attributes
    ----------
    node_index
        Row of the drive layer's nodes.
    street
        Street whose movements have the green share; the others have what is left of the cycle.
    cycle_s, offset_s
        Length of the cycle; start of that street's green in it, counted from midnight.
    green_share
        Share of the cycle that is green for the street.
    """

    node_index: int
    street: str
    cycle_s: float
    green_share: float
    offset_s: float


@dataclass(frozen=True)
class City:
    """Everything models are given of the city.

    Attributes
    ----------
    name
        Names of the districts, joined by ``+``.
    crs
        Projected CRS of all metres, for example ``"EPSG:6674"``.
    schematic
        Whether any district is authored rather than surveyed; every output says so.
    attribution
        What every picture and table owes its sources.
    driving_side
        ``"left"`` or ``"right"``.
    digest
        Hash of the built arrays and of the three tables below; goes into the manifest.
    timed
        Drive links whose state changes with the hours, by time and link; only edits make such rows.
    closed_to
        Drive link -> vehicle classes that may never use it, by an edit.
    signal_plans
        Plans that edits gave to lights; the others keep the road layer's default.
    scenery
        Buildings, water, green, railways and land use of the map, for pictures, frontage and shade.
    street_life
        Seats, places, green, events, signs, roofs and one-way walking along walk links, by edits.
    """

    name: str
    crs: str
    schematic: bool
    attribution: tuple[str, ...]
    driving_side: str
    drive: StreetLayer
    walk: StreetLayer
    places: tuple[Place, ...]
    digest: str
    report: Mapping[str, Any] = field(default_factory=dict)
    timed: tuple[LinkChange, ...] = ()
    closed_to: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    signal_plans: tuple[SignalPlan, ...] = ()
    scenery: Scenery = field(default_factory=empty_scenery)
    street_life: tuple[StreetLife, ...] = ()
    marks: Marks = field(default_factory=Marks)

    def places_of(self, kind: str, prefix: str = "") -> list[Place]:
        """Places of a kind, in the order of their ids; ``prefix`` keeps one district."""
        found = (p for p in self.places if p.kind == kind and p.id.startswith(prefix))
        return sorted(found, key=lambda place: place.id)

    @cached_property
    def place_by_id(self) -> dict[str, Place]:
        """Places by id."""
        return {place.id: place for place in self.places}

    def lawful_times_s(self, vehicle_class: str, time_s: Floats | None = None) -> Floats:
        """(m,) float64: seconds over each drive link for a class, by default at free flow; inf where it never may."""
        lawful = np.array(self.drive.free_time_s if time_s is None else time_s, np.float64)
        if len(self.drive.rules.closed):
            lawful[self.drive.rules.closed >> VEHICLE_CLASSES.index(vehicle_class) & 1 > 0] = np.inf
        lawful[[link for link, classes in self.closed_to.items() if vehicle_class in classes]] = np.inf
        return lawful

    def fastest_trip(
        self, from_id: int, to_id: int, *, layer: str = "drive", vehicle_class: str = "car", at_s: float | None = None
    ) -> Trip:
        """Fastest way between two nodes of the map; see :func:`twin.city.routing.trips.fastest_trip`."""
        from twin.city.routing.trips import fastest_trip

        return fastest_trip(self, from_id, to_id, layer=layer, vehicle_class=vehicle_class, at_s=at_s)

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What models have worked out from this city and their parameters alone, by a key that says both.

        Replications of one variant share it as long as the city is in memory; nothing in it may be changed.
        """
        return {}
