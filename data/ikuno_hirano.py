"""Ikuno and Hirano: two wards of on-demand transit, as a grid that lies on the known lines.

Construction rules: streets every 100 m; those from north to south run along the inner ring road, whose line
is known from the platforms below it; those from east to west run due east, one of them on Nagaikoen-dori.
Each ward is an outline inside its known box with its known area. A stop stands at every third crossing both
ways (300 m). ``README.md`` in this folder says what is known and what is authored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from twin.data.authoring import Point, Sketch, lon_at, metres_between, metres_per_degree, moved, offset_m

_FIRST_ID = 92_000_000_000
_SPACING_M = 100.0
_STOP_EVERY = 3  # crossings, so 300 m
_ZONE_CELLS = 6  # crossings along the side of a town zone, so 600 m
_TERTIARY_EVERY = 5
_STATION_REACH_M = 300.0  # a stop this near bears the station's name

#: Platforms below the inner ring road (national route 479): their centres give its line.
INNER_RING = (
    Point(34.661431, 135.556282),
    Point(34.653503, 135.555039),
    Point(34.642498, 135.553111),
    Point(34.609195, 135.551362),
)
#: The platforms of Kire-Uriwari and Deto lie below Nagaikoen-dori.
NAGAIKOEN_LAT = 34.6091

Cell = tuple[int, int]


class Ward(NamedTuple):
    """A ward: known box, area and people (September 2017), authored outline inside the box."""

    slug: str
    ja: str
    en: str
    south_west: Point
    north_east: Point
    area_km2: float
    population: int
    aged_65_plus: int
    outline: tuple[Point, ...]


WARDS: tuple[Ward, ...] = (
    Ward(
        "ikuno",
        "生野区",
        "Ikuno Ward",
        Point(34.6332, 135.5245),
        Point(34.6657, 135.5639),
        8.37,
        127_601,
        38_196,
        (
            Point(34.6657, 135.5300),
            Point(34.6657, 135.5560),
            Point(34.6630, 135.5639),
            Point(34.6540, 135.5580),
            Point(34.6420, 135.5570),
            Point(34.6332, 135.5520),
            Point(34.6332, 135.5485),
            Point(34.6400, 135.5410),
            Point(34.6470, 135.5310),
            Point(34.6480, 135.5245),
            Point(34.6520, 135.5252),
        ),
    ),
    Ward(
        "hirano",
        "平野区",
        "Hirano Ward",
        Point(34.5869, 135.5407),
        Point(34.6442, 135.5873),
        15.28,
        198_064,
        54_834,
        (
            Point(34.6332, 135.5485),
            Point(34.6332, 135.5520),
            Point(34.6420, 135.5570),
            Point(34.6442, 135.5650),
            Point(34.6350, 135.5712),
            Point(34.6200, 135.5725),
            Point(34.6080, 135.5873),
            Point(34.5990, 135.5840),
            Point(34.5869, 135.5750),
            Point(34.5885, 135.5650),
            Point(34.6000, 135.5524),
            Point(34.6090, 135.5407),
            Point(34.6200, 135.5434),
        ),
    ),
)


class Station(NamedTuple):
    """A station in or beside the wards; ``riders_per_day`` 0 where the table of riders has none."""

    slug: str
    at: Point
    ja: str
    en: str
    ref: str = ""
    riders_per_day: int = 0


STATIONS: tuple[Station, ...] = (
    Station("tsuruhashi", Point(34.665977, 135.529058), "鶴橋", "Tsuruhashi", "S19"),
    Station("momodani", Point(34.658453, 135.527908), "桃谷", "Momodani"),
    Station("teradacho", Point(34.647957, 135.523437), "寺田町", "Teradacho"),
    Station("imazato", Point(34.668717, 135.543999), "今里", "Imazato", "S20"),
    Station("imazato-kintetsu", Point(34.664788, 135.549917), "今里(近鉄)", "Imazato (Kintetsu)"),
    Station("shin-fukae", Point(34.668184, 135.554298), "新深江", "Shin-Fukae", "S21"),
    Station("shoji", INNER_RING[0], "小路", "Shoji", "S22", 9_454),
    Station("kita-tatsumi", INNER_RING[1], "北巽", "Kita-Tatsumi", "S23", 14_383),
    Station("minami-tatsumi", INNER_RING[2], "南巽", "Minami-Tatsumi", "S24", 12_209),
    Station("hirano", Point(34.621273, 135.548573), "平野", "Hirano", "T32", 23_497),
    Station("jr-hirano", Point(34.630842, 135.551612), "平野(JR)", "JR Hirano"),
    Station("kire-uriwari", INNER_RING[3], "喜連瓜破", "Kire-Uriwari", "T33"),
    Station("deto", Point(34.609028, 135.565231), "出戸", "Deto", "T34", 13_368),
    Station("nagahara", Point(34.602903, 135.573671), "長原", "Nagahara", "T35"),
    Station("kami", Point(34.626888, 135.566939), "加美", "Kami"),
)


class MainRoad(NamedTuple):
    """A main road on a line of the grid: the row or column nearest to ``at`` metres or to a point."""

    ja: str
    en: str
    highway: str
    ref: str
    row: int | None = None
    column: int | None = None
    note: str = ""


_BY_MEMORY = "schematic: line of the grid nearest to the remembered course"
MAIN_ROADS: tuple[MainRoad, ...] = (
    MainRoad("内環状線", "Inner Ring Road", "trunk", "479", column=0, note="on the platforms below it"),
    MainRoad("今里筋", "Imazatosuji", "primary", "", column=-12, note="on the platform of Imazato below it"),
    MainRoad("長居公園通", "Nagaikoen-dori", "primary", "", row=0, note="on the platforms below it"),
    MainRoad("国道25号", "National route 25", "trunk", "25", row=15, note=_BY_MEMORY),
    MainRoad("勝山通", "Katsuyama-dori", "secondary", "", row=51, note=_BY_MEMORY),
)


@dataclass
class _Grid:
    """Crossings by (row from Nagaikoen-dori northwards, column from the inner ring road eastwards)."""

    sketch: Sketch
    nodes: dict[Cell, int] = field(default_factory=dict)
    ward: dict[Cell, Ward] = field(default_factory=dict)

    def point(self, cell: Cell) -> Point:
        return self.sketch.point(self.nodes[cell])


def sketch() -> Sketch:
    """Draw the district."""
    grid = _Grid(Sketch(_FIRST_ID))
    for cell, ward in sorted(_cells().items()):
        grid.nodes[cell] = grid.sketch.node(crossing(*cell))
        grid.ward[cell] = ward
    _draw_streets(grid)
    _put_stations(grid.sketch)
    for ward in WARDS:
        cells = [cell for cell in sorted(grid.nodes) if grid.ward[cell] is ward]
        _put_stops(grid, ward, cells)
        _put_zones(grid, ward, cells)
        _put_depot(grid, ward, cells)
    _put_entries(grid)
    return grid.sketch


def crossing(row: int, column: int) -> Point:
    """Position of a crossing of the grid."""
    per_lat, per_lon = metres_per_degree(NAGAIKOEN_LAT)
    lat = NAGAIKOEN_LAT + row * _SPACING_M / per_lat
    return Point(lat, lon_at(INNER_RING, lat) + column * _SPACING_M / per_lon)


def inside(outline: Sequence[Point], at: Point) -> bool:
    """Whether a point lies in a polygon: a ray to the east crosses its edges an odd number of times."""
    odd = False
    for a, b in zip(outline, [*outline[1:], outline[0]], strict=True):
        if (a.lat > at.lat) != (b.lat > at.lat):
            odd ^= at.lon < a.lon + (at.lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon)
    return odd


def area_km2(outline: Sequence[Point]) -> float:
    """Area of a polygon, by the shoelace formula in metres around its first point."""
    metres = [offset_m(outline[0], point) for point in outline]
    pairs = zip(metres, [*metres[1:], metres[0]], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairs)) / 2e6


def _cells() -> dict[Cell, Ward]:
    """Crossings in the wards, without those that no street of the rest reaches."""
    found: dict[Cell, Ward] = {}
    for row in range(-30, 70):
        for column in range(-35, 40):
            at = crossing(row, column)
            ward = next((ward for ward in WARDS if inside(ward.outline, at)), None)
            if ward:
                found[row, column] = ward
    reached, waiting = set(), [(0, 0)]
    while waiting:
        cell = waiting.pop()
        if cell in found and cell not in reached:
            reached.add(cell)
            row, column = cell
            waiting += [(row + 1, column), (row - 1, column), (row, column + 1), (row, column - 1)]
    return {cell: found[cell] for cell in reached}


def _draw_streets(grid: _Grid) -> None:
    """Rows from west to east and columns from south to north, one way wherever the grid is unbroken."""
    rows = sorted({row for row, _ in grid.nodes})
    columns = sorted({column for _, column in grid.nodes})
    main_rows = {road.row: road for road in MAIN_ROADS if road.row is not None}
    main_columns = {road.column: road for road in MAIN_ROADS if road.column is not None}
    for row in rows:
        line = [(row, column) for column in range(columns[0], columns[-1] + 2)]
        _draw_line(grid, line, _street_tags(main_rows.get(row), row))
    for column in columns:
        line = [(row, column) for row in range(rows[0], rows[-1] + 2)]
        _draw_line(grid, line, _street_tags(main_columns.get(column), column))
    for row, column in sorted(grid.nodes):
        # The rule gives 4.5 lights per km2; the prefecture has 12,339 (police, March 2021), 6.5 per km2 with its hills.
        wide_row = row in main_rows or row % _TERTIARY_EVERY == 0
        if wide_row and (column in main_columns or column % _TERTIARY_EVERY == 0):
            tags = {"highway": "traffic_signals", "twin:assumed": "signal"}
            grid.sketch.tag(grid.nodes[row, column], tags)


def _draw_line(grid: _Grid, line: Sequence[Cell], tags: Mapping[str, str]) -> None:
    run: list[int] = []
    for cell in line:  # the last cell of a line lies outside the wards
        if cell in grid.nodes:
            run.append(grid.nodes[cell])
            continue
        if len(run) > 1:
            grid.sketch.way(run, tags)
        run = []


def _street_tags(road: MainRoad | None, line: int) -> dict[str, str]:
    if road is None:
        return {"highway": "tertiary" if line % _TERTIARY_EVERY == 0 else "residential"}
    tags = {"highway": road.highway, "name": road.ja, "name:en": road.en, "note": road.note}
    if road.ref:
        route = f"国道{road.ref}号"
        tags |= {"ref": road.ref} | ({} if route == road.ja else {"alt_name": route})
    # Main roads of this kind have two lanes each way; not found for any of them.
    return {**tags, "lanes": "4", "twin:assumed": "lanes"}


def _put_stations(drawn: Sketch) -> None:
    for station in STATIONS:
        tags = {"railway": "station"} | ({"ref": station.ref} if station.ref else {})
        riders = {"riders_per_day": station.riders_per_day} if station.riders_per_day else {}
        drawn.place("station", station.slug, station.at, ja=station.ja, en=station.en, tags=tags, twin=riders)


def _put_stops(grid: _Grid, ward: Ward, cells: Sequence[Cell]) -> None:
    """Virtual stops on crossings, numbered from the north-west; main roads keep clear of them."""
    mesh = [cell for cell in cells if cell[0] % _STOP_EVERY == 1 and cell[1] % _STOP_EVERY == 1]
    mesh.sort(key=lambda cell: (-cell[0], cell[1]))
    named: dict[Cell, Station] = {}
    for station in STATIONS:
        nearest = min(mesh, key=lambda cell: (metres_between(grid.point(cell), station.at), cell))
        if metres_between(grid.point(nearest), station.at) <= _STATION_REACH_M:
            named.setdefault(nearest, station)
    for number, cell in enumerate(mesh, 1):
        ja, en = f"{ward.ja}{number:03d}", f"{ward.en.removesuffix(' Ward')} {number:03d}"
        twin = {"ward": ward.slug}
        if cell in named:
            station = named[cell]
            ja, en = f"{station.ja}駅前", f"{station.en} Station"
            twin["near_station"] = station.slug
        grid.sketch.place("stop", f"{ward.slug}-{number:03d}", grid.nodes[cell], ja=ja, en=en, twin=twin)


def _put_zones(grid: _Grid, ward: Ward, cells: Sequence[Cell]) -> None:
    """The ward as a zone, and squares of 600 m that share out its people.

    People per crossing fall from 1.5 beside a station towards 1 with a length of 500 m: a guess. Rounding
    goes to the largest remainders, so that the squares add up to the ward.
    """
    share_65 = round(ward.aged_65_plus / ward.population, 4)
    common: dict[str, str | int | float] = {"ward": ward.slug, "age65_share": share_65}
    # Not `population`: whoever adds up the people of all zones shall count each person once.
    whole = {**common, "level": "ward", "ward_population": ward.population, "area_km2": ward.area_km2}
    grid.sketch.place("zone", ward.slug, _middle(grid, cells), ja=ward.ja, en=ward.en, twin=whole)
    squares: dict[Cell, list[Cell]] = {}
    for row, column in cells:
        squares.setdefault((row // _ZONE_CELLS, column // _ZONE_CELLS), []).append((row, column))
    keys = sorted(squares, key=lambda key: (-key[0], key[1]))
    weights = [sum(_density(grid.point(cell)) for cell in squares[key]) for key in keys]
    people = apportion(ward.population, weights)
    for number, (key, count) in enumerate(zip(keys, people, strict=True), 1):
        size_km2 = round(len(squares[key]) * _SPACING_M**2 / 1e6, 2)
        grid.sketch.place(
            "zone",
            f"{ward.slug}-{number:02d}",
            _middle(grid, squares[key]),
            ja=f"{ward.ja} 第{number}区画",
            en=f"{ward.en} square {number}",
            twin={**common, "level": "square", "population": count, "area_km2": size_km2},
        )


def _middle(grid: _Grid, cells: Sequence[Cell]) -> Point:
    """Mean of some crossings, 10 m aside: it may fall on one of them, and shall be a node of its own."""
    points = [grid.point(cell) for cell in cells]
    mean = Point(sum(p.lat for p in points) / len(points), sum(p.lon for p in points) / len(points))
    return moved(mean, east_m=10.0, north_m=10.0)


def _density(at: Point) -> float:
    nearest_m = min(metres_between(at, station.at) for station in STATIONS)
    return 1.0 + 0.5 * math.exp(-nearest_m / 500.0)


def apportion(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to weights that add up to the total (largest remainders first)."""
    exact = [total * weight / sum(weights) for weight in weights]
    out = [math.floor(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (out[i] - exact[i], i))
    for i in order[: total - sum(out)]:
        out[i] += 1
    return out


def _put_depot(grid: _Grid, ward: Ward, cells: Sequence[Cell]) -> None:
    """One depot per ward, at the crossing of small streets nearest to the ward's middle: assumed."""
    zones = {cell for cell in cells if cell[0] % _STOP_EVERY == 2 and cell[1] % _STOP_EVERY == 2}
    mean_row = sum(row for row, _ in cells) / len(cells)
    mean_column = sum(column for _, column in cells) / len(cells)
    middle = min(zones, key=lambda c: (math.hypot(c[0] - mean_row, c[1] - mean_column), c))
    grid.sketch.place(
        "depot",
        f"{ward.slug}-depot",
        grid.nodes[middle],
        ja=f"{ward.ja} 車庫",
        en=f"{ward.en} depot",
        twin={"ward": ward.slug, "assumed": "position"},
    )


def _put_entries(grid: _Grid) -> None:
    """Where traffic enters and leaves: both ends of each main road."""
    for road, slug in zip(MAIN_ROADS, ("inner-ring", "imazatosuji", "nagaikoen", "route-25", "katsuyama"), strict=True):
        cells = sorted(c for c in grid.nodes if (c[0] == road.row if road.row is not None else c[1] == road.column))
        sides = (("west", "西"), ("east", "東")) if road.row is not None else (("south", "南"), ("north", "北"))
        for cell, (side, word) in zip((cells[0], cells[-1]), sides, strict=True):
            ja, en = f"{road.ja} {word}", f"{road.en} {side}"
            grid.sketch.place("entry", f"{slug}-{side}", grid.nodes[cell], ja=ja, en=en)
