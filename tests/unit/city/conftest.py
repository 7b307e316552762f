"""Small maps written in place, and the real ones where they are at hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from twin.city.city import City
from twin.city.keeping.build import build_city
from twin.city.reading.params import CityBuildParams

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data"

#: One metre in degrees near Osaka, to within a few per cent: tests measure in the projected CRS.
LAT_M = 1 / 110_940
LON_M = 1 / 91_600
ORIGIN = (135.5, 34.68)


class MapText:
    """OSM XML piece by piece; positions are metres east and north of a point in Osaka."""

    def __init__(self, generator: str = "test", origin: tuple[float, float] = ORIGIN) -> None:
        self.generator = generator
        self.origin = origin
        self.nodes: list[str] = []
        self.ways: list[str] = []
        self.relations: list[str] = []

    def node(self, node_id: int, x_m: float, y_m: float, **tags: str) -> int:
        lon, lat = self.origin[0] + x_m * LON_M, self.origin[1] + y_m * LAT_M
        self.nodes.append(f'<node id="{node_id}" lon="{lon:.7f}" lat="{lat:.7f}">{_tags(tags)}</node>')
        return node_id

    def way(self, way_id: int, refs: Sequence[int], **tags: str) -> None:
        inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
        self.ways.append(f'<way id="{way_id}">{inner}{_tags(tags)}</way>')

    def relation(self, relation_id: int, members: Sequence[tuple[str, int, str]], **tags: str) -> None:
        """Members are (``node``, ``way`` or ``relation``, id, role)."""
        inner = "".join(f'<member type="{kind}" ref="{ref}" role="{role}"/>' for kind, ref, role in members)
        self.relations.append(f'<relation id="{relation_id}">{inner}{_tags(tags)}</relation>')

    def ring(self, way_id: int, corners: Sequence[tuple[float, float]], first_node: int, **tags: str) -> list[int]:
        """Closed way through fresh nodes at the corners; gives their ids."""
        ids = [self.node(first_node + i, x, y) for i, (x, y) in enumerate(corners)]
        self.way(way_id, [*ids, ids[0]], **tags)
        return ids

    def text(self) -> str:
        body = "\n".join([*self.nodes, *self.ways, *self.relations])
        head = f'<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="{self.generator}">'
        return f"{head}\n{body}\n</osm>\n"


def _tags(tags: dict[str, str]) -> str:
    """Keyword names stand for tag keys: ``twin__place`` is ``twin:place``."""
    return "".join(f"<tag k={quoteattr(k.replace('__', ':'))} v={quoteattr(v)}/>" for k, v in tags.items())


@pytest.fixture
def osm() -> MapText:
    return MapText()


@pytest.fixture
def build(tmp_path: Path) -> Callable[..., City]:
    """Build a city from a map text; settings by keyword."""

    def build_text(text: MapText, name: str = "town", **settings: object) -> City:
        path = tmp_path / f"{name}.osm"
        path.write_text(text.text(), encoding="utf-8")
        options = {key: settings.pop(key) for key in ("crs", "driving_side") if key in settings}
        return build_city(path, params=CityBuildParams(**settings), **options)

    return build_text


@pytest.fixture
def cross(osm: MapText) -> MapText:
    """Two streets of 200 m that cross in their middle; 御堂筋 has a limit and four lanes."""
    osm.node(1, 0, 0, highway="traffic_signals")
    for node_id, x_m, y_m in ((2, -100, 0), (3, 100, 0), (4, 0, -100), (5, 0, 100)):
        osm.node(node_id, x_m, y_m)
    osm.way(10, [2, 1, 3], highway="primary", name="御堂筋", name__en="Midosuji", lanes="4", maxspeed="50")
    osm.way(11, [4, 1, 5], highway="residential", name="平野町通")
    return osm


def shared(name: str) -> Path:
    """A real file beside the project, or a skip that says why."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"the real map {name} is not beside this checkout ({SHARED})")
    return path


@pytest.fixture
def real() -> Callable[[str], Path]:
    return shared
