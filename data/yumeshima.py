"""Yumeshima: the trunk road between bridge and tunnel, the container terminal's gate, the Expo's ends.

Known are the junction, the bridge's line and length, the first signals beyond it, the bus stops, the station
and the tunnel's length. The gate, both yards, the tunnel's portals and all lane counts but those of the
bridge and the tunnel are assumed and say so (``twin:assumed``). How many lanes the gates have is not published: the
map says nothing of it, and the parameters of the terminal hold the one guess. Cars keep left.
"""

from __future__ import annotations

from twin.data.authoring import Point, Sketch, between, metres_between, moved

_FIRST_ID = 93_000_000_000

JUNCTION = Point(34.653515, 135.395152)
JUNCTION_WEST = Point(34.653581, 135.394963)
#: Ends of the bridge's pavement; the bridge of 940 m lies around its middle, on the same line.
BRIDGE_PAVEMENT = (Point(34.657359, 135.398769), Point(34.661057, 135.401215))
BRIDGE_M = 940.0
MAISHIMA_SIGNALS = (Point(34.665087, 135.402447), Point(34.666919, 135.402905))
TERMINAL_BUS_STOP = Point(34.651601, 135.395322)
YOKOREI_BUS_STOP = Point(34.648917, 135.392356)
COSMOSQUARE = Point(34.642617, 135.412203)
TUNNEL_M = 2100.0
STATION = Point(34.652958, 135.390533)
STATION_BUILDING = Point(34.651813, 135.389724)
STATION_ENTRANCES = (Point(34.651921, 135.389896), Point(34.651474, 135.389391))
EAST_GATE = Point(34.650415, 135.389512)
WEST_GATE = Point(34.651656, 135.376978)
TRANSPORT_TERMINALS = (Point(34.652210, 135.378994), Point(34.656093, 135.381903))

# Assumed positions.
_PORTAL = Point(34.6500, 135.3962)
_IN_GATE = Point(34.6514, 135.3982)
_OUT_GATE = Point(34.6508, 135.3982)
_YARD_EAST = Point(34.6527, 135.3972)
_YARD_WEST = Point(34.6557, 135.3962)  # known to lie west of the bridge

YARD_EAST_SPACES, YARD_WEST_SPACES = 280, 160

_RIDERS_PER_DAY = 3_809

_TRUNK = {"highway": "trunk", "name": "夢洲幹線道路", "name:en": "Yumeshima Trunk Road"}
_FOUR_LANES = {"lanes": "4", "twin:assumed": "lanes"}
_ISLAND = {"highway": "tertiary", "note": "road of the island, course authored"}
_GATE_ROAD = {"highway": "unclassified", "hgv": "designated", "oneway": "yes"}


def sketch() -> Sketch:
    """Draw the district."""
    drawn = Sketch(_FIRST_ID)
    junction, fork, terminal_stop = _draw_trunk(drawn)
    _draw_bridge(drawn, junction)
    _draw_tunnel(drawn, fork)
    _draw_terminal(drawn, terminal_stop, fork)
    _draw_west(drawn, junction, fork)
    return drawn


def bridge_ends() -> tuple[Point, Point]:
    """Ends of the bridge, south and north: its length around the middle of the known line."""
    south, north = BRIDGE_PAVEMENT
    over = (BRIDGE_M / metres_between(south, north) - 1.0) / 2
    return between(south, north, -over), between(south, north, 1.0 + over)


def tunnel_line() -> tuple[Point, Point]:
    """Portals of the tunnel: from the assumed one on the island its length towards Cosmosquare, and past it."""
    return _PORTAL, between(_PORTAL, COSMOSQUARE, TUNNEL_M / metres_between(_PORTAL, COSMOSQUARE))


def _draw_trunk(drawn: Sketch) -> tuple[int, int, int]:
    """Junction, fork to the tunnel, and the node before the container terminal."""
    junction = drawn.node(JUNCTION, {"highway": "traffic_signals"})
    # The road is drawn through the bus stop, though it stands at the kerb: so the stop lies on the network.
    before = drawn.place(
        "stop",
        "container-terminal-mae",
        TERMINAL_BUS_STOP,
        ja="夢洲コンテナターミナル前",
        en="Yumeshima Container Terminal",
        tags={"public_transport": "stop_position"},
    )
    fork = drawn.node(Point(34.6504, 135.3953), {"highway": "traffic_signals", "twin:assumed": "signal"})
    drawn.way([junction, before, fork], {**_TRUNK, **_FOUR_LANES})
    return junction, fork, before


def _draw_bridge(drawn: Sketch, junction: int) -> None:
    """Over the bridge to Maishima; the northern yard lies west of its foot."""
    south, north = (drawn.node(end) for end in bridge_ends())
    yard_road = drawn.node(between(JUNCTION, drawn.point(south), 0.85))
    signals = [drawn.node(point, {"highway": "traffic_signals"}) for point in MAISHIMA_SIGNALS]
    entry = drawn.node(moved(MAISHIMA_SIGNALS[1], north_m=300.0, east_m=40.0))
    drawn.way([junction, yard_road, south], {**_TRUNK, **_FOUR_LANES})
    drawn.way(
        [south, north],
        {
            "highway": "trunk",
            "name": "夢舞大橋",
            "name:en": "Yumemai Bridge",
            "bridge": "yes",
            "layer": "1",
            "lanes": "6",
        },
    )
    drawn.way([north, *signals, entry], {"highway": "trunk", "note": "Maishima, course authored", **_FOUR_LANES})
    drawn.place("entry", "bridge", entry, ja="夢舞大橋(舞洲)方面", en="Yumemai Bridge, Maishima")
    _draw_yard(
        drawn,
        "yard-west",
        _YARD_WEST,
        YARD_WEST_SPACES,
        yard_road,
        yard_road,
        "夢洲 西待機場",
        "Yumeshima west holding yard",
    )


def _draw_tunnel(drawn: Sketch, fork: int) -> None:
    portals = [drawn.node(point) for point in tunnel_line()]
    entry = drawn.node(between(*tunnel_line(), 1.0 + 300.0 / TUNNEL_M))
    drawn.way([fork, portals[0]], {**_TRUNK, **_FOUR_LANES})
    drawn.way(
        portals,
        {
            "highway": "trunk",
            "name": "夢咲トンネル",
            "name:en": "Yumesaki Tunnel",
            "tunnel": "yes",
            "layer": "-1",
            "lanes": "4",
            "foot": "no",
            "hazmat": "no",
            "twin:assumed": "course",
        },
    )
    drawn.way([portals[1], entry], {"highway": "trunk", "foot": "no", "note": "Sakishima, authored", **_FOUR_LANES})
    drawn.place("entry", "tunnel", entry, ja="夢咲トンネル(咲洲)方面", en="Yumesaki Tunnel, Sakishima")


def _draw_terminal(drawn: Sketch, before: int, fork: int) -> None:
    """A one-way loop: from the trunk road past the eastern yard to the in-gate, the quay, the out-gate, back."""
    start = drawn.point(before)
    turn = drawn.node(Point(_IN_GATE.lat, start.lon + 0.0011))
    in_gate = drawn.place(
        "gate",
        "in-gate",
        _IN_GATE,
        ja="夢洲コンテナターミナル 入場ゲート",
        en="Yumeshima container terminal, in-gate",
        twin={"assumed": "position", "direction": "in"},
    )
    out_gate = drawn.place(
        "gate",
        "out-gate",
        _OUT_GATE,
        ja="夢洲コンテナターミナル 退場ゲート",
        en="Yumeshima container terminal, out-gate",
        twin={"assumed": "position", "direction": "out"},
    )
    inside = drawn.place(
        "poi",
        "container-terminal",
        Point(34.6511, 135.4010),
        ja="夢洲コンテナターミナル (DICT)",
        en="Dream Island Container Terminal (DICT)",
        twin={"category": "terminal", "attraction": 0},
    )
    back = drawn.node(Point(_OUT_GATE.lat, start.lon + 0.0006))
    name = {"name": "ターミナルゲート道路", "note": "name and course authored"}
    road = {**_GATE_ROAD, **name, "lanes": "2", "twin:assumed": "lanes;course"}
    drawn.way([before, turn, in_gate], road)
    within = {**_GATE_ROAD, "foot": "no", "note": "inside the terminal, authored", "twin:assumed": "course"}
    drawn.way([in_gate, inside], within)
    drawn.way([inside, out_gate], within)
    drawn.way([out_gate, back, fork], road)
    _draw_yard(
        drawn, "yard-east", _YARD_EAST, YARD_EAST_SPACES, before, turn, "夢洲 東待機場", "Yumeshima east holding yard"
    )


def _draw_yard(drawn: Sketch, slug: str, at: Point, capacity: int, into: int, out: int, ja: str, en: str) -> None:
    """A holding yard with its way in and its way out."""
    twin: dict[str, str | int | float] = {"assumed": "position", "capacity": capacity}
    yard = drawn.place("yard", slug, at, ja=ja, en=en, twin=twin, tags={"hgv": "designated"})
    tags = {"highway": "unclassified", "hgv": "designated", "twin:assumed": "course"}
    if into == out:
        drawn.way([into, yard], tags)
        return
    drawn.way([into, yard], {**tags, "oneway": "yes"})
    drawn.way([yard, out], {**tags, "oneway": "yes"})


def _draw_west(drawn: Sketch, junction: int, fork: int) -> None:
    """Roads to the station, the Expo's gates and the transport terminals."""
    west = drawn.node(JUNCTION_WEST, {"highway": "traffic_signals"})
    station_road = drawn.node(Point(34.6537, 135.3893))
    north_west = drawn.node(Point(34.6570, 135.3822))
    far_west = drawn.node(Point(34.6530, 135.3780))
    south_west = drawn.node(Point(34.6475, 135.3880))
    yokorei = drawn.place(
        "stop",
        "yokorei-mae",
        YOKOREI_BUS_STOP,
        ja="夢洲ヨコレイ前",
        en="Yumeshima Yokorei",
        tags={"public_transport": "stop_position"},
    )
    drawn.way([junction, west, station_road, north_west, far_west], _ISLAND)
    drawn.way([fork, yokorei, south_west, far_west], _ISLAND)
    drawn.place(
        "station",
        "yumeshima",
        STATION,
        ja="夢洲",
        en="Yumeshima",
        twin={"riders_per_day": _RIDERS_PER_DAY},
        tags={"railway": "station", "ref": "C09"},
    )
    walk = {"highway": "footway", "width": "6", "twin:assumed": "width;course"}
    square = drawn.node(STATION_BUILDING)
    exits = [
        drawn.place(
            "exit",
            f"yumeshima-{number}",
            at,
            ja=f"夢洲 {number}番出口",
            en=f"Yumeshima exit {number}",
            twin={"station": "yumeshima", "riders": round(_RIDERS_PER_DAY / len(STATION_ENTRANCES))},
            tags={"railway": "subway_entrance", "ref": f"夢洲-{number}"},
        )
        for number, at in enumerate(STATION_ENTRANCES, 1)
    ]
    east_gate = drawn.place(
        "poi",
        "expo-east-gate",
        EAST_GATE,
        ja="万博 東ゲート",
        en="Expo east gate",
        twin={"category": "culture", "attraction": 5},
    )
    for node in exits:
        drawn.way([square, node], walk)
    drawn.way([square, station_road], walk)
    drawn.way([exits[1], east_gate], walk)
    drawn.way([east_gate, south_west], walk)
    west_gate = drawn.place(
        "poi",
        "expo-west-gate",
        WEST_GATE,
        ja="万博 西ゲート",
        en="Expo west gate",
        twin={"category": "culture", "attraction": 5},
    )
    drawn.way([far_west, west_gate], walk)
    beside = (far_west, north_west)
    for number, (at, node) in enumerate(zip(TRANSPORT_TERMINALS, beside, strict=True), 1):
        terminal = drawn.place(
            "poi",
            f"transport-terminal-{number}",
            at,
            ja=f"交通ターミナル{number}",
            en=f"Transport terminal {number}",
            twin={"category": "transport", "attraction": 0},
        )
        drawn.way([node, terminal], {"highway": "unclassified", "twin:assumed": "course"})
