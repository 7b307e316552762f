"""The tables that the kerb writes."""

from __future__ import annotations

from twin.columns import Table, table

#: Kinds of visits; the place in the list is the code and goes into ids, so that new ones are appended.
KINDS: tuple[str, ...] = ("delivery", "parcel", "pickup")
#: What became of a visit; ``open`` is said of who is there at the end.
REASONS: tuple[str, ...] = ("served", "cut_short", "turned_away")
#: What a driver can do who finds no bay free.
CHOICES: tuple[str, ...] = ("search", "wait", "double_park", "go_away")
#: How a vehicle stands.
MODES: tuple[str, ...] = ("bay", "lane", "waiting")
_KIND_WORDS = tuple(zip(KINDS, ("配送", "宅配", "乗降"), strict=True))
_OUTCOME_WORDS = tuple(zip((*REASONS, "open"), ("完了", "中断", "断念", "滞在中"), strict=True))
_MODE_WORDS = tuple(zip(MODES, ("停車帯", "車線上", "空き待ち"), strict=True))

TABLES: tuple[Table, ...] = (
    table(
        "kerb_visits",
        "One row per vehicle that came to a shop and has driven away, or is there at the end",
        ("id",),
        ("id", "uint64", "", "id of the vehicle"),
        ("kind", "uint8", "", "index into KINDS", _KIND_WORDS),
        ("shop", "int32", "", "shop, counted along the frontages"),
        ("arrive_s", "float64", "s", "when it came to its first pocket, or to its shop"),
        ("settle_s", "float64", "s", "when it last began to stand for its work; nan if it never did"),
        ("leave_s", "float64", "s", "when it drove away; the end of the clock if it is there still"),
        ("tries", "int32", "", "pockets that it came to"),
        ("outcome", "str", "", "served, cut_short, turned_away, or open", _OUTCOME_WORDS),
    ),
    table(
        "kerb_stands",
        "One row per stand of a vehicle: in a bay, in the lane, or waiting in the lane for a bay",
        ("from_s", "id"),
        ("id", "uint64", "", "id of the vehicle"),
        ("kind", "uint8", "", "index into KINDS", _KIND_WORDS),
        ("mode", "str", "", "bay, lane or waiting", _MODE_WORDS),
        ("pocket", "int32", "", "row of kerb_pockets, -1 for none"),
        ("bay", "int32", "", "bay, counted over all pockets; -1 in the lane"),
        ("edge", "int32", "", "edge of the carriageway, row of kerb_edges"),
        ("from_s", "float64", "s", "begin"),
        ("to_s", "float64", "s", "end; the end of the clock if it stands there still"),
        ("dwell_s", "float64", "s", "time that its work takes"),
        ("told", "bool", "", "whether it left because it was told to"),
    ),
    table(
        "kerb_lanes",
        "One row per span in which vehicles took the lane beside an edge of a carriageway",
        ("edge", "from_s"),
        ("edge", "int32", "", "row of kerb_edges"),
        ("from_s", "float64", "s", "when the first came to stand there"),
        ("to_s", "float64", "s", "when the last had left"),
    ),
    table(
        "kerb_edges",
        "Edges of carriageways at which vehicles stop",
        ("edge",),
        ("edge", "int32", "", "number"),
        ("link_index", "int32", "", "drive link"),
        ("side", "str", "", "side of the street"),
        ("lanes_taken", "float64", "lanes", "what those who stand there in the lane take of the link"),
    ),
    table(
        "kerb_pockets",
        "Pockets with bays, and who watches them",
        ("pocket",),
        ("pocket", "int32", "", "number"),
        ("name", "str", "", "name of the stretch, and place along it"),
        ("edge", "int32", "", "row of kerb_edges"),
        ("first_bay", "int32", "", "its first bay"),
        ("bays", "int32", "", "its bays"),
        ("x_m", "float64", "m", "easting in the city's CRS"),
        ("y_m", "float64", "m", "northing in the city's CRS"),
        ("camera", "bool", "", "whether a camera looks at it"),
        ("guard", "bool", "", "whether a guard stands there"),
    ),
    table(
        "kerb_terms",
        "Hours, limit and staff by which the figures of the kerb are reckoned",
        ("name",),
        ("name", "str", "", "open_s, close_s, limit_s, staff_h"),
        ("value", "float64", "", "seconds since midnight of day one, seconds, hours"),
    ),
)
