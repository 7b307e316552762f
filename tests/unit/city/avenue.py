"""An avenue with side lanes and pavements, a street of like name beside it, and three cross streets; metres.

御堂筋    x = 0, southwards, 4 lanes; side lanes x = -13 and 13; pavements x = -20 and 20, all y = 300 … 0
新御堂筋  x = 150, northwards, 2 lanes
西筋      x = -150, both ways, 2 lanes each
北通 y = 300, 中通 y = 200, 南通 y = 0, both ways
"""

from __future__ import annotations

from tests.unit.city.conftest import MapText

ROWS = {"北通": 300, "中通": 200, "南通": 0}
COLUMNS = {
    "西筋": -150,
    "pavement-west": -20,
    "side-west": -13,
    "御堂筋": 0,
    "side-east": 13,
    "pavement-east": 20,
    "新御堂筋": 150,
}


def avenue() -> MapText:
    """The map."""
    text = MapText()
    node = {}
    for i, (row, y_m) in enumerate(ROWS.items()):
        for k, (column, x_m) in enumerate(COLUMNS.items()):
            lights = {"highway": "traffic_signals"} if column == "御堂筋" else {}
            node[row, column] = text.node(100 * i + k + 1, x_m, y_m, **lights)
    for i, row in enumerate(ROWS):
        text.way(10 + i, [node[row, column] for column in COLUMNS], highway="tertiary", name=row, lanes="2")
    main = {"highway": "trunk", "name": "御堂筋", "name__en": "Midosuji", "oneway": "yes", "maxspeed": "50"}

    def down(column: str) -> list[int]:
        return [node[row, column] for row in ROWS]

    text.way(1, down("御堂筋"), **main, lanes="4", foot="no")
    for way, side in ((2, "west"), (3, "east")):
        text.way(way, down(f"side-{side}"), **{**main, "highway": "secondary_link"}, lanes="1", foot="no")
    shin = {**main, "name": "新御堂筋", "name__en": "Shin-Midosuji"}
    text.way(4, down("新御堂筋")[::-1], **shin, lanes="2", foot="no")
    text.way(5, down("西筋"), highway="secondary", name="西筋", lanes="4", maxspeed="40")
    for way, side in ((6, "west"), (7, "east")):
        text.way(way, down(f"pavement-{side}"), highway="footway", footway="sidewalk", name="御堂筋", width="6")
    return text
