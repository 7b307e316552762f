"""Midosuji from Umeda to Namba: the street itself on known points, an authored grid on both sides.

Construction rules between the known points: cross streets run due east and west; three streets at equal
distances lie between Yotsubashisuji and Midosuji, five between Midosuji and Sakaisuji; only named bridges
cross a river. ``README.md`` in this folder says what is known and what is authored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from operator import itemgetter

from twin.data import midosuji_table as table
from twin.data.authoring import Point, Sketch, between, lon_at, metres_between, moved, offset_m
from twin.data.midosuji_entries import ASSUMED_SIGNAL, EDGE_M, draw_entries
from twin.data.midosuji_table import ROWS, Row
from twin.data.midosuji_walk import Junction, draw_pavements

_FIRST_ID = 91_000_000_000
_MIDOSUJI = {
    "highway": "trunk",
    "name": "御堂筋",
    "name:en": "Midosuji",
    "alt_name": "みどうすじ",
    "oneway": "yes",
    "sidewalk": "separate",
}
_SHIN_MIDOSUJI = {"highway": "trunk", "name": "新御堂筋", "name:en": "Shin-Midosuji", "foot": "no"}
_ROUTE_176 = {
    "highway": "trunk",
    "name": "国道176号",
    "name:en": "National route 176",
    "ref": "176",
    "oneway": "yes",
    "sidewalk": "separate",
}
_BASIS_NOTES = {
    "known": {},
    "inferred": {"note": "name inferred from the order of streets"},
    "remembered": {"note": "name remembered, not checked"},
}
_SIGNAL = {"highway": "traffic_signals"}

#: Streets across, by zone: those west and those east of Midosuji, outwards to the edge.
_WEST = ("w3", "w2", "w1", "yotsubashi")
_COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "sonezaki": (_WEST, ("half", "shin")),
    "dojima": (_WEST, ("e2", "e3")),
    "nakanoshima": (("yotsubashi",), ("sakaisuji",)),
    "semba": (_WEST, ("e1", "e2", "e3", "e4", "e5", "sakaisuji")),
    "namba": (_WEST, ("e1", "e2", "e3", "e4", "e5", "sakaisuji")),
}
#: Last street north of each river, and the columns that bridge it beside Midosuji itself.
_RIVERS = {
    "dojimahama": ("yotsubashi",),
    "higoshimamachi": ("yotsubashi", "sakaisuji"),
    "soemoncho": ("yotsubashi", "w2", "e1", "e3", "sakaisuji"),
}
_COLUMN_TAGS: dict[str, dict[str, str]] = {
    "yotsubashi": {"highway": "primary", "name": "四つ橋筋", "name:en": "Yotsubashisuji", "lanes": "4"},
    "sakaisuji": {"highway": "primary", "name": "堺筋", "name:en": "Sakaisuji", "lanes": "3"},
    "e1": {"highway": "residential", "name": "心斎橋筋", "name:en": "Shinsaibashisuji"},
    "e2": {"highway": "residential", "name": "丼池筋", "name:en": "Dobuikesuji"},
    "e3": {"highway": "residential", "name": "三休橋筋", "name:en": "Sankyubashisuji"},
}
_REMEMBERED_ONEWAY = {"oneway": "yes", "twin:assumed": "lanes;oneway", "note": "northbound as remembered"}


@dataclass
class _Streets:
    """The streets under construction.

    Attributes
    ----------
    nodes
        Crossings by (street across, column); the column ``axis`` is Midosuji.
    chains
        Nodes of each street across, from west to east, as drawn for cars.
    far_ends
        Nodes where pavements beside Midosuji's cross streets end, by (street, "west" or "east").
    """

    sketch: Sketch
    nodes: dict[tuple[str, str], int] = field(default_factory=dict)
    chains: dict[str, list[int]] = field(default_factory=dict)
    far_ends: dict[tuple[str, str], int] = field(default_factory=dict)


def sketch() -> Sketch:
    """Draw the district."""
    streets = _Streets(Sketch(_FIRST_ID))
    for row in ROWS:
        _draw_row(streets, row)
    _draw_sonezaki_east(streets)
    _draw_umeda(streets)
    _draw_columns(streets)
    _draw_main_roadway(streets)
    _draw_namba_end(streets)
    draw_entries(streets.sketch, streets.nodes, streets.chains, {row.slug: _row_tags(row) for row in ROWS})
    _draw_stations(streets.sketch)
    draw_pavements(streets.sketch, _junctions(streets), streets.nodes)
    return streets.sketch


def axis_line() -> tuple[Point, ...]:
    """Known points of the main roadway from the junction at Umeda to the last signal at Namba."""
    points = [table.UMEDA_JUNCTION, table.SONEZAKI_BEND]
    for row in ROWS:
        points += [row.axis, row.south] if row.south else [row.axis]
    return tuple(points)


def _column_lon(column: str, lat: float) -> float:
    """Longitude of a street along Midosuji, by the construction rules above."""
    west, axis = lon_at(table.YOTSUBASHI_LINE, lat), lon_at(axis_line(), lat)
    if column == "yotsubashi":
        return west
    if column == "sakaisuji":
        # North of Tosabori-dori the street turns towards its junction with Sonezaki-dori.
        bend = Point(34.692528, lon_at(table.SAKAISUJI_LINE, 34.692528))
        return lon_at((table.SONEZAKI_X_TENJINBASHI, bend, *table.SAKAISUJI_LINE), lat)
    share = int(column[1])
    if column[0] == "w":
        return west + (axis - west) * share / 4
    return axis + (lon_at(table.SAKAISUJI_LINE, lat) - axis) * share / 6


def _towards(start: Point, end: Point, metres: float) -> Point:
    return between(start, end, metres / metres_between(start, end))


def _row_tags(row: Row) -> dict[str, str]:
    tags = {"highway": row.highway, **_BASIS_NOTES[row.basis]}
    if row.ja:
        tags |= {"name": row.ja, "name:en": row.en}
    else:
        tags = {"highway": row.highway, "note": "street in front of the station, name not known"}
    assumed = []
    if row.lanes:
        tags["lanes"] = str(row.lanes)
        assumed.append("lanes")
    if row.oneway:
        tags["oneway"] = "yes" if row.oneway > 0 else "-1"
        if row.highway == "residential":
            assumed.append("oneway")
    return {**tags, "twin:assumed": ";".join(assumed)} if assumed else tags


def _draw_row(streets: _Streets, row: Row) -> None:
    """One street across Midosuji; both carriageways of Sonezaki-dori."""
    if row.slug == "sonezaki":
        _draw_carriageway(streets, row, "north", row.axis, 1, ("half", "shin"))
        _draw_carriageway(streets, row, "south", row.south or row.axis, -1, ("shin", "e2", "e3"))
        return
    lat = row.axis.lat
    west, east = _COLUMNS[row.zone]
    columns = [*reversed(west), "axis", *east]
    for column in columns:
        streets.nodes[row.slug, column] = streets.sketch.node(_crossing_point(row, column, lat))
    _draw_across(streets, row.slug, columns, _row_tags(row), signal=_signal_tags(row), sides=_has_side_lanes(row))


def _crossing_point(row: Row, column: str, lat: float) -> Point:
    if column == "axis":
        return row.axis
    shin = lon_at((table.SHIN_MIDOSUJI_X_OGIMACHI, table.SHIN_MIDOSUJI_X_SONEZAKI), lat)
    if column == "shin":
        return Point(lat, shin)
    return Point(lat, (row.axis.lon + shin) / 2 if column == "half" else _column_lon(column, lat))


def _draw_carriageway(streets: _Streets, row: Row, half: str, axis: Point, direction: int, east: Sequence[str]) -> None:
    """One carriageway of Sonezaki-dori on its known points, streets joining it on the lines between."""
    lag = row.axis.lat - axis.lat
    start = Point(table.YOTSUBASHI_X_SONEZAKI.lat - lag, table.YOTSUBASHI_X_SONEZAKI.lon)
    street = f"sonezaki-{half}"
    shin = table.SHIN_MIDOSUJI_X_SONEZAKI if half == "north" else table.SHIN_MIDOSUJI_X_SONEZAKI_SOUTH
    columns = ["yotsubashi", "w1", "w2", "w3", *(["bend"] if half == "north" else []), "axis", *east]
    known = {"yotsubashi": start, "axis": axis, "shin": shin, "bend": table.SONEZAKI_WEST_OF_AXIS}
    far = table.SONEZAKI_X_TENJINBASHI
    for column in columns:
        if column in known:
            point = known[column]
        elif column[0] == "w":
            point = between(start, axis, int(column[1]) / 4)
        elif column == "half":
            point = between(axis, shin, 0.5)
        else:
            lon = _column_lon(column, axis.lat)
            point = between(shin, far, (lon - shin.lon) / (far.lon - shin.lon))
        streets.nodes[street, column] = streets.sketch.node(point)
    tags = {**_row_tags(row), "oneway": "yes" if direction > 0 else "-1", "ref": "2"}
    _draw_across(streets, street, columns, tags, signal=_signal_tags(row), sides=False)


def _draw_across(
    streets: _Streets,
    street: str,
    columns: Sequence[str],
    tags: Mapping[str, str],
    *,
    signal: Mapping[str, str],
    sides: bool,
) -> None:
    """Join the crossings of a street; beside Midosuji people walk on its pavements, not on the carriageway.

    One way carries both kerbs of a street where they are far from lights. In the blocks next to Midosuji each kerb
    has a pavement of its own: a node that both hang on would lead around the lights between them.
    """
    centre = columns.index("axis")
    drawn = streets.sketch
    chain = [streets.nodes[street, column] for column in columns]
    axis = drawn.point(chain[centre])
    beside = 1 if "bend" not in columns else 2
    last, first = centre - beside, centre + 1
    middle = chain[last : first + 1]
    if sides:
        lanes = [drawn.node(moved(axis, east_m=sign * table.SIDE_LANE_OFFSET_M), _SIGNAL) for sign in (-1, 1)]
        streets.nodes[street, "side-west"], streets.nodes[street, "side-east"] = lanes
        middle = [chain[last], lanes[0], chain[centre], lanes[1], chain[first]]
    drawn.tag(chain[centre], signal)
    said_once = {key: value for key, value in tags.items() if key not in ("note", "twin:assumed")}
    for outer in (chain[: last + 1], chain[first:]):
        if len(outer) > 1:
            drawn.way(outer, tags)
    drawn.way(middle, {**said_once, "foot": "no"})
    streets.far_ends[street, "west"], streets.far_ends[street, "east"] = chain[last], chain[first]
    streets.chains[street] = chain


def _signal_tags(row: Row) -> dict[str, str]:
    """Lights on the main roadway: known from Higoshimamachi-dori southwards, assumed north of it."""
    known = row.zone in ("semba", "namba") or row.slug == "higoshimamachi"
    return {} if not row.signal else _SIGNAL if known else ASSUMED_SIGNAL


def _has_side_lanes(row: Row) -> bool:
    slugs = [r.slug for r in ROWS]
    first, last = (slugs.index(slug) for slug in table.SIDE_LANES)
    return first <= slugs.index(row.slug) <= last


def _half_walk_m(street: str) -> float:
    """Metres from the axis to the middle of the pavement."""
    slugs = [row.slug for row in ROWS]
    wide = street in slugs and slugs.index(street) >= slugs.index(table.WIDE_FROM)
    return table.HALF_STREET_M - (table.WIDE_PAVEMENT_M if wide else table.PAVEMENT_M) / 2


def _draw_sonezaki_east(streets: _Streets) -> None:
    """East of the last column both carriageways of Sonezaki-dori become one line to Tenjinbashisuji."""
    row = next(r for r in ROWS if r.slug == "sonezaki")
    drawn = streets.sketch
    shin, far = table.SHIN_MIDOSUJI_X_SONEZAKI_SOUTH, table.SONEZAKI_X_TENJINBASHI
    merge = drawn.node(between(shin, far, 0.4))
    end = drawn.node(far, _SIGNAL)
    tags = {**_row_tags(row), "ref": "2"}
    drawn.way([streets.chains["sonezaki-north"][-1], merge], {**tags, "oneway": "yes"})
    drawn.way([merge, streets.chains["sonezaki-south"][-1]], {**tags, "oneway": "yes"})
    drawn.way([merge, end], tags)
    streets.nodes["sonezaki-north", "sakaisuji"] = end


def _draw_umeda(streets: _Streets) -> None:
    """The junction at Umeda, national route 176 and Shin-Midosuji."""
    drawn = streets.sketch
    south, north = drawn.node(table.UMEDA_JUNCTION, ASSUMED_SIGNAL), drawn.node(table.UMEDA_JUNCTION_NORTHBOUND)
    shin = drawn.node(table.SHIN_MIDOSUJI_X_OGIMACHI, ASSUMED_SIGNAL)
    corner = drawn.node(table.YOTSUBASHI_LINE[0])
    lat = table.YOTSUBASHI_LINE[0].lat
    middle = drawn.node(Point(lat, _column_lon("w2", lat)))
    half = drawn.node(between(table.UMEDA_JUNCTION, table.SHIN_MIDOSUJI_X_OGIMACHI, 0.5))
    east = drawn.node(_towards(table.UMEDA_JUNCTION, drawn.point(half), 40.0))
    front = {"highway": "secondary", "note": "street in front of Osaka station, authored"}
    ogimachi = {"highway": "secondary", "name": "扇町通", "name:en": "Ogimachi-dori"}
    drawn.way([corner, middle], front)
    drawn.way([middle, north, south, east], {**front, "foot": "no"})
    drawn.way([east, half], {**ogimachi, "foot": "no"})
    drawn.way([half, shin], ogimachi)
    for column, node in (("yotsubashi", corner), ("w2", middle), ("half", half), ("shin", shin), ("axis", south)):
        streets.nodes["umeda", column] = node
    streets.far_ends["umeda", "west"], streets.far_ends["umeda", "east"] = middle, half

    # The two carriageways keep their 15 m between the junction and Miyakojima-dori, past the platforms.
    lat = table.SHIN_MIDOSUJI_X_MIYAKOJIMA.lat
    crossing = Point(lat, lon_at(table.ROUTE_176_LINE, lat))
    lanes = [[drawn.node(moved(at, east_m=sign * 7.7)) for at in (table.UMEDA_PLATFORM, crossing)] for sign in (1, -1)]
    miyako = drawn.node(table.SHIN_MIDOSUJI_X_MIYAKOJIMA, ASSUMED_SIGNAL)
    entry = drawn.node(Point(34.7060, lon_at(table.ROUTE_176_LINE, 34.7060)))
    drawn.way([entry, lanes[0][1], lanes[0][0], south], {**_ROUTE_176, "lanes": "4", "twin:assumed": "lanes"})
    drawn.way([north, lanes[1][0], lanes[1][1], entry], {**_ROUTE_176, "lanes": "4", "twin:assumed": "lanes"})
    drawn.way([lanes[1][1], lanes[0][1]], {"highway": "secondary", "name": "都島通", "foot": "no"})
    kerb = drawn.node(_towards(drawn.point(lanes[0][1]), drawn.point(miyako), 40.0))
    drawn.way([lanes[0][1], kerb], {"highway": "secondary", "name": "都島通", "foot": "no"})
    drawn.way([kerb, miyako], {"highway": "secondary", "name": "都島通", "name:en": "Miyakojima-dori"})
    streets.far_ends["miyakojima", "east"] = kerb
    streets.nodes["umeda", "route-176"] = entry
    streets.nodes["miyakojima", "shin"] = miyako
    _draw_shin_midosuji(streets, miyako, shin)


def _draw_shin_midosuji(streets: _Streets, miyako: int, ogimachi: int) -> None:
    drawn = streets.sketch
    entry = drawn.node(Point(34.7060, 135.50175))
    assumed = {**_SHIN_MIDOSUJI, "lanes": "4", "twin:assumed": "lanes"}
    names = ("teramachi", "tsuyunoten", "sonezaki-north", "sonezaki-south")
    across = [streets.nodes[name, "shin"] for name in names]
    drawn.way([entry, miyako, ogimachi, *across], assumed)
    # The ramp passes above the streets between Sonezaki-dori and Dojima-kami-dori.
    drawn.way(
        [across[-1], streets.nodes["dojima-kami", "axis"]],
        {**_SHIN_MIDOSUJI, "oneway": "yes", "lanes": "2", "bridge": "yes", "layer": "1", "twin:assumed": "lanes"},
    )
    streets.nodes["umeda", "shin-north"] = entry


def _column_runs(column: str, streets: _Streets) -> list[list[str]]:
    """Streets across that a column meets, from north to south, cut where no bridge leads on."""
    order = ["umeda"]
    for row in ROWS:
        order += ["sonezaki-north", "sonezaki-south"] if row.slug == "sonezaki" else [row.slug]
    runs: list[list[str]] = [[]]
    for street in order:
        if (street, column) in streets.nodes:
            runs[-1].append(street)
        if column not in _RIVERS.get(street, (column,)):
            runs.append([])
    return [run for run in runs if len(run) > 1]


def _draw_columns(streets: _Streets) -> None:
    """Streets along Midosuji, each way as long as its tags stay the same."""
    for column in ("yotsubashi", "w1", "w2", "w3", "half", "e1", "e2", "e3", "e4", "e5", "sakaisuji"):
        for run in _column_runs(column, streets):
            blocks = [(upper, lower, _column_tags(column, upper)) for upper, lower in pairwise(run)]
            for tags, group in groupby(blocks, key=itemgetter(2)):
                same = list(group)
                across = [*(lower for _, lower, _ in reversed(same)), same[0][0]]
                if tags:
                    streets.sketch.way([streets.nodes[street, column] for street in across], tags)


def _column_tags(column: str, upper: str) -> dict[str, str]:
    """Tags of a street along Midosuji in the block south of a street across, drawn northwards; empty for the arcade."""
    bridge = {"bridge": "yes", "layer": "1"} if upper in _RIVERS else {}
    if column in ("yotsubashi", "sakaisuji"):
        return {**_COLUMN_TAGS[column], **_REMEMBERED_ONEWAY, **bridge}
    if column == "e1" and _is_arcade(upper):
        return {}
    # North of the rivers the columns only continue the spacing: the names belong to Semba.
    if column in _COLUMN_TAGS and upper in {row.slug for row in ROWS if row.zone in ("semba", "namba")}:
        return {**_COLUMN_TAGS[column], "note": "name remembered, position by equal spacing", **bridge}
    return {"highway": "residential", **bridge}


def _is_arcade(street: str) -> bool:
    """Whether Shinsaibashisuji is a walking street south of this one; drawn with the pavements."""
    slugs = [row.slug for row in ROWS]
    return street in slugs and slugs.index(street) >= slugs.index("nagahori")


def _draw_main_roadway(streets: _Streets) -> None:
    """The main roadway by stretches of equal lanes, and the side lanes."""
    drawn = streets.sketch
    bend = drawn.node(table.SONEZAKI_BEND)
    order = [streets.nodes["umeda", "axis"], bend]
    index: dict[str, int] = {}
    for row in ROWS:
        halves = ("sonezaki-north", "sonezaki-south") if row.slug == "sonezaki" else (row.slug,)
        order += [streets.nodes[half, "axis"] for half in halves]
        index[row.slug] = len(order) - 1
    # Side lanes leave and join the main roadway 40 m inside the blocks next to them.
    first, last = (index[slug] for slug in table.SIDE_LANES)
    leave = drawn.node(_towards(drawn.point(order[first - 1]), drawn.point(order[first]), 40.0))
    join = drawn.node(_towards(drawn.point(order[last + 1]), drawn.point(order[last]), 40.0))
    main = [*order[:first], leave, *order[first : last + 1], join, *order[last + 1 :]]
    position = {node: place for place, node in enumerate(main)}

    def stretch(start: str, end: str, lanes: int, **more: str) -> None:
        ends = [0 if slug == "umeda" else position[streets.nodes[slug, "axis"]] for slug in (start, end)]
        drawn.way(main[ends[0] : ends[1] + 1], {**_MIDOSUJI, "lanes": str(lanes), **more})

    def bridge(name: str) -> dict[str, str]:
        return {"bridge": "yes", "layer": "1", "bridge:name": name}

    stretch("umeda", "dojimahama", 8)
    stretch("dojimahama", "nakanoshima", 8, **bridge("大江橋"))
    stretch("nakanoshima", "higoshimamachi", 8)
    stretch("higoshimamachi", "tosabori", 8, **bridge("淀屋橋"))
    stretch("tosabori", "soemoncho", 4)
    stretch("soemoncho", "dotonbori", 4, **bridge("道頓堀橋"))
    stretch("dotonbori", "sennichimae", 5)
    stretch("sennichimae", "namba", 4)
    slugs = [row.slug for row in ROWS if _has_side_lanes(row)]
    for side in ("west", "east"):
        tags = {**_MIDOSUJI, "highway": "secondary_link", "lanes": "1", "twin:part": "side_lane", "twin:side": side}
        drawn.way([leave, *(streets.nodes[slug, f"side-{side}"] for slug in slugs), join], tags)


def _draw_namba_end(streets: _Streets) -> None:
    """The bend at Namba: Midosuji ends at Nambanishiguchi and leaves the map to the west."""
    drawn = streets.sketch
    end = drawn.node(table.NAMBA_NISHIGUCHI, {**ASSUMED_SIGNAL, "name": "なんば西口", "note": "position assumed"})
    lat = table.NAMBA_NISHIGUCHI.lat
    corner = drawn.node(Point(lat, _column_lon("yotsubashi", lat)))
    west = drawn.node(moved(drawn.point(corner), east_m=-EDGE_M))
    south = drawn.node(moved(drawn.point(corner), north_m=-EDGE_M))
    drawn.way([streets.nodes["namba", "axis"], end], {**_MIDOSUJI, "lanes": "4"})
    onward = {"highway": "trunk", "note": "continuation, authored"}
    drawn.way([end, corner], {**onward, "oneway": "yes", "lanes": "4", "twin:assumed": "lanes"})
    drawn.way([corner, west], onward)
    drawn.way([corner, south], onward)
    yotsubashi = {**_COLUMN_TAGS["yotsubashi"], **_REMEMBERED_ONEWAY}
    drawn.way([corner, streets.nodes["namba", "yotsubashi"]], yotsubashi)
    sakai = streets.nodes["namba", "sakaisuji"]
    below = drawn.node(moved(drawn.point(sakai), north_m=-EDGE_M))
    drawn.way([below, sakai], {"highway": "primary", "name": "堺筋", "name:en": "Sakaisuji"})
    streets.nodes.update(
        {
            ("nishiguchi", "axis"): end,
            ("nishiguchi", "west"): west,
            ("nishiguchi", "south"): south,
            ("nishiguchi", "sakaisuji"): below,
            ("nishiguchi", "corner"): corner,
        }
    )


def _draw_stations(drawn: Sketch) -> None:
    """Platform centres; they snap to the pavements above."""
    for station in table.STATIONS:
        tags = {"railway": "station"} | ({"ref": station.ref} if station.ref else {})
        riders = {"riders_per_day": station.riders_per_day} if station.riders_per_day else {}
        # A platform may lie exactly where a street crossing is known: it is a node of its own, 1 m aside.
        drawn.place(
            "station", station.slug, moved(station.at, east_m=1.0), ja=station.ja, en=station.en, tags=tags, twin=riders
        )


def _junctions(streets: _Streets) -> list[Junction]:
    """Corners that pavements pass, from north to south."""
    lat = table.SHIN_MIDOSUJI_X_MIYAKOJIMA.lat
    start = Point(lat, lon_at(table.ROUTE_176_LINE, lat))
    out = [
        Junction("route-176", start, 27.0, 0.0, ends_at={"east": streets.far_ends["miyakojima", "east"]}),
        Junction("umeda-platform", table.UMEDA_PLATFORM, 27.0, 0.0),
        Junction(
            "umeda",
            between(table.UMEDA_JUNCTION, table.UMEDA_JUNCTION_NORTHBOUND, 0.5),
            27.0,
            12.0,
            signal=True,
            ja="梅田",
            en="Umeda",
            far_ends={s: (streets.far_ends["umeda", s],) * 2 for s in ("west", "east")},
        ),
        Junction("bend", table.SONEZAKI_BEND, _half_walk_m(""), 0.0),
    ]
    for row in ROWS:
        halves = ("sonezaki-north", "sonezaki-south") if row.south else (row.slug, row.slug)
        centre = between(row.axis, row.south, 0.5) if row.south else row.axis
        main = row.highway in ("trunk", "primary", "secondary")
        # Half a carriageway, or both of Sonezaki-dori, and the width of the crossing beside it.
        corner_m = 8.0 + (offset_m(row.south, row.axis)[1] / 2 if row.south else 4.0 if main else 0.0)
        half_m = _half_walk_m(row.slug)
        ends = {s: (streets.far_ends[halves[0], s], streets.far_ends[halves[1], s]) for s in ("west", "east")}
        out.append(
            Junction(
                row.slug,
                centre,
                half_m,
                corner_m,
                signal=row.signal,
                ja=row.ja or "なんば",
                en=row.en or "Namba",
                far_ends=ends,
                bridge_after=row.slug in _RIVERS,
                wide=half_m < _half_walk_m(""),
            )
        )
    out.append(
        Junction(
            "nishiguchi",
            table.NAMBA_NISHIGUCHI,
            _half_walk_m("namba"),
            0.0,
            ja="なんば西口",
            en="Nambanishiguchi",
            wide=True,
            ends_at={"west": streets.nodes["nishiguchi", "corner"]},
        )
    )
    return out
