"""Pavements of Midosuji on both sides, crossings at the signals, station exits and points of interest.

Construction rules: a pavement runs in the middle between the building line (22 m from the axis) and its kerb;
it is cut at corners beside each cross street; walkers cross Midosuji only at signals. Each kerb of a cross street
has a pavement of its own from its corner to the next crossing of that street, so that nobody changes sides but on
the crossing beside Midosuji or a block away. Exits and doors lie on
the inner side of the building line, 25 m from the axis or 6 m beside the pavement of national route 176, each
on a path of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise

from twin.data import midosuji_table as table
from twin.data.authoring import Point, Sketch, between, metres_between, moved, offset_m

_DOOR_M = 25.0  # from the axis
_SHORTEST_PATH_M = 6.0  # shorter ones are drawn into junctions when the map is read
_EXIT_SPACING_M = 45.0
_SLOT_M = 8.0  # least distance of doors from one another and from corners
_SHORTEST_BLOCK_M = 45.0  # shorter blocks get no point of interest
#: Pavements of cross streets by class of street, and stairs of exits: guesses. At the 2 m that a map without widths is
#: given, a few paths would have to carry what whole pavements carry.
_KERB_WIDTH_M = {
    "trunk": 5.0,
    "primary": 5.0,
    "secondary": 4.0,
    "tertiary": 3.5,
    "residential": 3.0,
    "living_street": 5.0,
}
_EXIT_WIDTH_M = 4.0
_CLASS_OF = {row.slug: row.highway for row in table.ROWS}
_SIDES = {"west": -1, "east": 1}
_SIDE_JA = {"west": "西側", "east": "東側"}


@dataclass(frozen=True)
class Junction:
    """A place along Midosuji where its pavements have corners.

    Attributes
    ----------
    half_m
        Metres from the axis to the middle of the pavement.
    corner_m
        Metres from the middle of the cross street to its corners, along the axis; 0 where nothing crosses.
    far_ends
        Side -> nodes of the cross street where the pavements from the northern and the southern corner end.
    ends_at
        Side -> node that the pavement of that side leads to, where it begins or ends.
    bridge_after, wide
        Whether the block to the south is a bridge, has wide pavements.
    """

    slug: str
    centre: Point
    half_m: float
    corner_m: float
    signal: bool = False
    ja: str = ""
    en: str = ""
    far_ends: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    ends_at: Mapping[str, int] = field(default_factory=dict)
    bridge_after: bool = False
    wide: bool = False


@dataclass(frozen=True)
class _Door:
    """An exit or a point of interest that will stand along a block."""

    kind: str
    slug: str
    ja: str
    en: str
    twin: dict[str, str | int | float]
    tags: dict[str, str]


@dataclass
class _Block:
    """One side of the street between two junctions, with what will stand there by metres from its north end."""

    side: str
    north: Junction
    south: Junction
    ends: tuple[int, int]
    length_m: float
    doors: dict[float, _Door] = field(default_factory=dict)

    def free_slot(self, wanted_m: float) -> float | None:
        """Nearest free place to the wanted one, in steps; None if the block is full."""
        inner = self.length_m - 2 * _SLOT_M
        if inner <= 0:
            return None
        wanted_m = min(max(wanted_m, _SLOT_M), self.length_m - _SLOT_M)
        steps = [0.0] + [sign * step * _SLOT_M for step in range(1, 40) for sign in (1, -1)]
        for step in steps:
            at = round(wanted_m + step, 3)
            inside = _SLOT_M <= at <= self.length_m - _SLOT_M
            if inside and all(abs(at - other) >= _SLOT_M - 1e-6 for other in self.doors):
                return at
        return None


def draw_pavements(sketch: Sketch, junctions: Sequence[Junction], nodes: Mapping[tuple[str, str], int]) -> None:
    """Draw all that people walk on along Midosuji, and the places they come from and go to."""
    corners = {(i, side): _corners(sketch, junctions, i, side) for i in range(len(junctions)) for side in _SIDES}
    for i, junction in enumerate(junctions):
        _draw_crossings(sketch, junction, {side: corners[i, side] for side in _SIDES})
    blocks = [
        _block(sketch, junctions[i], junctions[i + 1], side, (corners[i, side][1], corners[i + 1, side][0]))
        for i in range(len(junctions) - 1)
        for side in _SIDES
    ]
    _put_exits(blocks, junctions)
    _put_points_of_interest(blocks)
    for block in blocks:
        _draw_block(sketch, block)
    _draw_arcade(sketch, nodes)
    _put_offices(sketch, nodes)


def _axis_frame(junctions: Sequence[Junction], i: int) -> tuple[float, float]:
    """Unit vector (east, north) along the axis southwards at a junction."""
    before, after = junctions[max(i - 1, 0)].centre, junctions[min(i + 1, len(junctions) - 1)].centre
    east, north = offset_m(before, after)
    norm = math.hypot(east, north)
    return east / norm, north / norm


def _corners(sketch: Sketch, junctions: Sequence[Junction], i: int, side: str) -> tuple[int, int]:
    """Northern and southern corner of one side; the same node where nothing crosses."""
    junction = junctions[i]
    along_east, along_north = _axis_frame(junctions, i)
    # Facing south, the left hand points east: (-north, east) of the unit vector.
    across = _SIDES[side] * junction.half_m
    points = [
        moved(
            junction.centre,
            east_m=-along_north * across + along_east * along,
            north_m=along_east * across + along_north * along,
        )
        for along in ((-junction.corner_m, junction.corner_m) if junction.corner_m else (0.0,))
    ]
    made = [sketch.node(point) for point in points]
    return made[0], made[-1]


def _draw_crossings(sketch: Sketch, junction: Junction, corners: Mapping[str, tuple[int, int]]) -> None:
    """Crossings over Midosuji at signals, over the cross street everywhere, and a pavement along each of its kerbs."""
    kind = "traffic_signals" if junction.signal else "unmarked"
    crossing = {"highway": "footway", "footway": "crossing", "crossing": kind, "width": "6", "twin:assumed": "width"}
    if junction.signal:
        for end in (0, 1):
            sketch.way([corners["west"][end], corners["east"][end]], crossing)
    for side, far in junction.far_ends.items():
        sketch.way(corners[side], crossing)
        width = {"width": f"{_KERB_WIDTH_M[_CLASS_OF.get(junction.slug, 'residential')]:g}", "twin:assumed": "width"}
        for end in (0, 1):
            sketch.way([far[end], corners[side][end]], {"highway": "footway", "footway": "sidewalk", **width})
    for side, node in junction.ends_at.items():
        sketch.way([corners[side][1], node], {"highway": "footway", "footway": "sidewalk"})


def _block(sketch: Sketch, north: Junction, south: Junction, side: str, ends: tuple[int, int]) -> _Block:
    length_m = metres_between(sketch.point(ends[0]), sketch.point(ends[1]))
    return _Block(side, north, south, ends, length_m)


def _put_exits(blocks: Sequence[_Block], junctions: Sequence[Junction]) -> None:
    """Exits of each station, west and east in turn, outwards from the middle of the platform every 45 m.

    Each exit carries an equal share of the station's riders.
    """
    chain_m = [0.0, *accumulate(metres_between(a.centre, b.centre) for a, b in pairwise(junctions))]
    for station in table.STATIONS:
        middle_m = _chainage(junctions, chain_m, station.at.lat)
        for k in range(station.exits):
            ring, side = (k // 2 + 1) // 2, tuple(_SIDES)[k % 2]
            at_m = middle_m + ring * _EXIT_SPACING_M * (1 if k // 2 % 2 else -1)
            block, slot = _place_near(blocks, chain_m, junctions, side, at_m, middle_m)
            block.doors[slot] = _Door(
                "exit",
                f"{station.slug}-{k + 1}",
                f"{station.ja} {k + 1}番出口",
                f"{station.en} exit {k + 1}",
                {"station": station.slug, "riders": round(station.riders_per_day / station.exits)},
                {"railway": "subway_entrance", "ref": f"{station.ja}-{k + 1}"},
            )


def _chainage(junctions: Sequence[Junction], chain_m: Sequence[float], lat: float) -> float:
    """Metres along the axis at a latitude; the axis always runs south."""
    for i, (a, b) in enumerate(pairwise(junctions)):
        if lat >= b.centre.lat:
            share = (a.centre.lat - lat) / (a.centre.lat - b.centre.lat)
            return chain_m[i] + share * (chain_m[i + 1] - chain_m[i])
    return chain_m[-1]


def _place_near(
    blocks: Sequence[_Block],
    chain_m: Sequence[float],
    junctions: Sequence[Junction],
    side: str,
    at_m: float,
    middle_m: float,
) -> tuple[_Block, float]:
    """Block and free slot nearest to a chainage, moving towards the platform where there is no room."""
    step = _SLOT_M if at_m < middle_m else -_SLOT_M
    for tries in range(100):
        here_m = at_m + step * tries
        i = sum(1 for mark in chain_m[1:-1] if mark <= here_m)
        block = blocks[2 * i + tuple(_SIDES).index(side)]
        if not junctions[i].bridge_after:
            slot = block.free_slot(here_m - chain_m[i] - junctions[i].corner_m)
            if slot is not None:
                return block, slot
    raise ValueError(f"no room for an exit at {at_m:.0f} m on the {side} side")


def _put_points_of_interest(blocks: Sequence[_Block]) -> None:
    """One point of interest in the middle of each block, what it is in turn from its quarter."""
    turn: dict[float, int] = {}
    for block in blocks:
        if block.length_m < _SHORTEST_BLOCK_M or block.north.bridge_after or not block.north.ja:
            continue
        middle_lat = (block.north.centre.lat + block.south.centre.lat) / 2
        limit, kinds = next(quarter for quarter in table.QUARTERS if middle_lat >= quarter[0])
        category, attraction = kinds[turn.get(limit, 0) % len(kinds)]
        turn[limit] = turn.get(limit, 0) + 1
        slot = block.free_slot(block.length_m / 2)
        if slot is None:
            continue
        seats = table.SEATS_PER_WIDE_BLOCK if block.north.wide else table.SEATS_PER_BLOCK
        block.doors[slot] = _Door(
            "poi",
            f"{block.north.slug}-{block.side}",
            f"{block.north.ja}南 {_SIDE_JA[block.side]} {table.CATEGORY_JA[category]}",
            f"South of {block.north.en}, {block.side} side, {category}",
            {"category": category, "attraction": attraction, "seats": seats},
            {},
        )


def _draw_block(sketch: Sketch, block: _Block) -> None:
    """The pavement of a block with the doors along it."""
    north, south = (sketch.point(end) for end in block.ends)
    east_m, north_m = offset_m(north, south)
    reach_m = max(_DOOR_M - block.north.half_m, _SHORTEST_PATH_M)
    outward = _SIDES[block.side] * reach_m / math.hypot(east_m, north_m)
    refs = [block.ends[0]]
    for at_m, door in sorted(block.doors.items()):
        kerb = between(north, south, at_m / block.length_m)
        refs.append(sketch.node(kerb))
        at = moved(kerb, east_m=-north_m * outward, north_m=east_m * outward)
        node = sketch.place(door.kind, door.slug, at, ja=door.ja, en=door.en, twin=door.twin, tags=door.tags)
        door_m = {"width": f"{_EXIT_WIDTH_M:g}", "twin:assumed": "width"} if door.kind == "exit" else {}
        sketch.way([refs[-1], node], {"highway": "footway", **door_m})
    refs.append(block.ends[1])
    width_m = table.WIDE_PAVEMENT_M if block.north.wide else table.PAVEMENT_M
    tags = {
        "highway": "footway",
        "footway": "sidewalk",
        "width": f"{width_m:g}",
        "twin:side": block.side,
        "name": "御堂筋",
        "name:en": "Midosuji",
    }
    sketch.way(refs, {**tags, "bridge": "yes", "layer": "1"} if block.north.bridge_after else tags)


def _draw_arcade(sketch: Sketch, nodes: Mapping[tuple[str, str], int]) -> None:
    """Shinsaibashisuji from Nagahori-dori to the river, Ebisubashisuji beyond: roofed walking streets."""
    slugs = [row.slug for row in table.ROWS]
    run = table.ROWS[slugs.index("nagahori") :]
    for upper, lower in pairwise(run):
        south = upper.slug in ("dotonbori", "sennichimae")
        name, name_en = ("戎橋筋", "Ebisubashisuji") if south else ("心斎橋筋", "Shinsaibashisuji")
        tags = {
            "highway": "pedestrian",
            "width": "11",
            "twin:assumed": "width",
            "note": "name remembered",
            "name": name,
            "name:en": name_en,
        }
        ends = [nodes[row.slug, "e1"] for row in (upper, lower)]
        if upper.slug == "soemoncho":
            sketch.way(ends, {**tags, "bridge": "yes", "layer": "1", "bridge:name": "戎橋"})
            continue
        north, low = (sketch.point(end) for end in ends)
        doors = []
        for share, side, category, attraction in ((1 / 3, "west", "shop", 8.0), (2 / 3, "east", "food", 6.0)):
            doors.append(sketch.node(between(north, low, share)))
            door = moved(sketch.point(doors[-1]), east_m=8.0 * _SIDES[side])
            ja = f"{name} {upper.ja}南 {_SIDE_JA[side]} {table.CATEGORY_JA[category]}"
            en = f"{name_en}, south of {upper.en}, {side} side, {category}"
            twin: dict[str, str | int | float] = {"category": category, "attraction": attraction, "seats": 0}
            node = sketch.place("poi", f"arcade-{upper.slug}-{side}", door, ja=ja, en=en, twin=twin)
            sketch.way([doors[-1], node], {"highway": "footway"})
        sketch.way([ends[0], *doors, ends[1]], {**tags, "covered": "yes"})


def _put_offices(sketch: Sketch, nodes: Mapping[tuple[str, str], int]) -> None:
    """Workplaces and eating places inside the blocks of Semba, at every second crossing of the grid."""
    columns = {"w2": ("西", "west"), "e2": ("丼池筋", "Dobuikesuji"), "e4": ("東", "east")}
    rows = [row for row in table.ROWS if row.zone == "semba" and row.highway == "residential"]
    for number, row in enumerate(rows):
        for column, (ja, en) in columns.items():
            category, attraction = ("office", 3.0) if (number + len(column + ja)) % 2 else ("food", 3.0)
            sketch.place(
                "poi",
                f"{row.slug}-{column}",
                nodes[row.slug, column],
                ja=f"{row.ja} {ja} {table.CATEGORY_JA[category]}",
                en=f"{row.en} {en}, {category}",
                twin={"category": category, "attraction": attraction, "seats": 0},
            )
