"""Midosuji in tables: known positions, the streets that cross, stations, what stands along the street.

Positions are known points unless the line says otherwise. ``basis`` says how far a name can be trusted:
``known`` (read beside the point), ``inferred`` (from the order of streets) or ``remembered``.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from twin.data.authoring import Point

Basis = Literal["known", "inferred", "remembered"]
Zone = Literal["umeda", "sonezaki", "dojima", "nakanoshima", "semba", "namba"]


class Row(NamedTuple):
    """A street that crosses Midosuji, from west to east.

    Attributes
    ----------
    slug
        Word for ids.
    axis
        Where it crosses the main roadway; for a street with two carriageways the northern one.
    highway, lanes
        Class; lanes in all, 0 where nothing is said.
    oneway
        1 eastbound, -1 westbound, 0 both.
    signal
        Whether traffic lights stand there.
    south
        Where the southern carriageway crosses, for a street with two of them.
    """

    slug: str
    axis: Point
    ja: str
    en: str
    basis: Basis
    zone: Zone
    highway: str = "residential"
    lanes: int = 0
    oneway: int = 0
    signal: bool = True
    south: Point | None = None


UMEDA_JUNCTION = Point(34.701810, 135.498422)  # southbound side of national route 176
UMEDA_JUNCTION_NORTHBOUND = Point(34.701805, 135.498254)
SONEZAKI_BEND = Point(34.700791, 135.499611)
SONEZAKI_WEST_OF_AXIS = Point(34.698309, 135.500420)  # on the northern carriageway of Sonezaki-dori
#: End of the 200 m Namba to Nambanishiguchi: bearing and place are ours, the length is known.
NAMBA_NISHIGUCHI = Point(34.665650, 135.499640)

YOTSUBASHI_X_SONEZAKI = Point(34.698345, 135.495557)
SHIN_MIDOSUJI_X_MIYAKOJIMA = Point(34.704132, 135.501796)
SHIN_MIDOSUJI_X_OGIMACHI = Point(34.702100, 135.501890)
SHIN_MIDOSUJI_X_SONEZAKI = Point(34.698200, 135.502120)
SHIN_MIDOSUJI_X_SONEZAKI_SOUTH = Point(34.698050, 135.501890)
SONEZAKI_X_TENJINBASHI = Point(34.697464, 135.511019)
UMEDA_PLATFORM = Point(34.703413, 135.497587)
#: The platforms of Nakatsu and Umeda lie below national route 176.
ROUTE_176_LINE = (Point(34.711040, 135.496831), UMEDA_PLATFORM)

#: Platforms lie under the street they are named for: their centres give its line.
YOTSUBASHI_LINE = (
    Point(34.701700, 135.495800),  # authored: meets the street in front of Osaka station
    Point(34.699483, 135.495649),
    YOTSUBASHI_X_SONEZAKI,
    Point(34.691497, 135.496339),
    Point(34.682772, 135.496897),
    Point(34.674036, 135.496757),
    Point(34.666332, 135.497597),
)
#: Platforms beside the crossings of Sakaisuji with Chuo-odori and Sennichimae-dori.
SAKAISUJI_LINE = (Point(34.681876, 135.506934), Point(34.667130, 135.506411))

R, T = "residential", "tertiary"
ROWS: tuple[Row, ...] = (
    Row("teramachi", Point(34.699528, 135.500100), "寺町通", "Teramachi-dori", "known", "sonezaki", T),
    Row(
        "tsuyunoten",
        Point(34.698692, 135.500435),
        "露天神表門筋",
        "Tsuyunoten-omotemon-suji",
        "known",
        "sonezaki",
        signal=False,
    ),
    Row(
        "sonezaki",
        Point(34.698311, 135.500592),
        "曽根崎通",
        "Sonezaki-dori",
        "known",
        "dojima",
        "trunk",
        4,
        south=Point(34.698150, 135.500585),
    ),
    Row(
        "eirakucho-kita",
        Point(34.697476, 135.500848),
        "永楽町北通",
        "Eirakucho-kita-dori",
        "known",
        "dojima",
        signal=False,
    ),
    Row("eirakucho", Point(34.697168, 135.500966), "永楽町通", "Eirakucho-dori", "known", "dojima", signal=False),
    Row("shinchi-hon", Point(34.696687, 135.501156), "新地本通", "Shinchi-hon-dori", "known", "dojima"),
    Row("dojima-kami", Point(34.696151, 135.501307), "堂島上通", "Dojima-kami-dori", "known", "dojima", T),
    Row(
        "dojima-funadaiku",
        Point(34.695694, 135.501275),
        "堂島船大工通",
        "Dojima-funadaiku-dori",
        "known",
        "dojima",
        signal=False,
    ),
    Row("dojimahama", Point(34.695241, 135.501223), "堂島浜通", "Dojimahama-dori", "known", "dojima", T),
    Row("nakanoshima", Point(34.694270, 135.501114), "中之島通", "Nakanoshima-dori", "known", "nakanoshima", T),
    Row("higoshimamachi", Point(34.693330, 135.501024), "肥後島町通", "Higoshimamachi-dori", "known", "nakanoshima", T),
    Row("tosabori", Point(34.692528, 135.500961), "土佐堀通", "Tosabori-dori", "inferred", "semba", "secondary", 4),
    Row("kitahama", Point(34.691515, 135.500942), "北浜通", "Kitahama-dori", "remembered", "semba", R, 1, 1),
    Row("imabashi", Point(34.690720, 135.500933), "今橋通", "Imabashi-dori", "remembered", "semba", R, 1, -1),
    Row("koraibashi", Point(34.689939, 135.500918), "高麗橋通", "Koraibashi-dori", "remembered", "semba", R, 1, 1),
    Row("fushimimachi", Point(34.689194, 135.500906), "伏見町通", "Fushimimachi-dori", "remembered", "semba", R, 1, -1),
    Row("doshomachi", Point(34.688495, 135.500869), "道修町通", "Doshomachi-dori", "remembered", "semba", R, 1, 1),
    Row("hiranomachi", Point(34.687730, 135.500834), "平野町通", "Hiranomachi-dori", "inferred", "semba", R, 1, -1),
    Row("awajimachi", Point(34.686922, 135.500791), "淡路町通", "Awajimachi-dori", "inferred", "semba", R, 1, 1),
    Row("kawaramachi", Point(34.686089, 135.500753), "瓦町通", "Kawaramachi-dori", "inferred", "semba", R, 1, -1),
    Row("bingomachi", Point(34.685282, 135.500713), "備後町通", "Bingomachi-dori", "inferred", "semba", R, 1, 1),
    Row("hommachi", Point(34.683597, 135.500635), "本町通", "Hommachi-dori", "inferred", "semba", "secondary", 4),
    Row("chuo-north", Point(34.682236, 135.500548), "中央大通", "Chuo-odori", "inferred", "semba", "primary", 4, 1),
    Row("chuo-south", Point(34.681691, 135.500578), "中央大通", "Chuo-odori", "inferred", "semba", "primary", 4, -1),
    Row(
        "kita-kyuhojimachi",
        Point(34.680110, 135.5005),
        "北久宝寺町通",
        "Kita-kyuhojimachi-dori",
        "remembered",
        "semba",
        R,
        1,
        1,
    ),
    Row(
        "minami-kyuhojimachi",
        Point(34.679326, 135.5004),
        "南久宝寺町通",
        "Minami-kyuhojimachi-dori",
        "remembered",
        "semba",
        R,
        1,
        -1,
    ),
    Row("bakuromachi", Point(34.678518, 135.5005), "博労町通", "Bakuromachi-dori", "remembered", "semba", R, 1, 1),
    Row("junkeimachi", Point(34.677695, 135.500415), "順慶町通", "Junkeimachi-dori", "remembered", "semba", R, 1, -1),
    Row("andojimachi", Point(34.676856, 135.500380), "安堂寺町通", "Andojimachi-dori", "remembered", "semba", R, 1, 1),
    Row("shiomachi", Point(34.675953, 135.500354), "塩町通", "Shiomachi-dori", "remembered", "semba", R, 1, -1),
    Row("nagahori", Point(34.675104, 135.500348), "長堀通", "Nagahori-dori", "inferred", "semba", "primary", 6),
    Row("unagidani", Point(34.674307, 135.500350), "鰻谷通", "Unagidani-dori", "remembered", "semba", R, 1, 1),
    Row("daihoji", Point(34.673530, 135.500346), "大宝寺通", "Daihoji-dori", "remembered", "semba", R, 1, -1),
    Row("shimizumachi", Point(34.672855, 135.500345), "清水町通", "Shimizumachi-dori", "remembered", "semba", R, 1, 1),
    Row("suomachi", Point(34.672080, 135.500346), "周防町通", "Suomachi-dori", "remembered", "semba", T, 2),
    Row(
        "hachimanmachi", Point(34.671230, 135.500339), "八幡町通", "Hachimanmachi-dori", "remembered", "semba", R, 1, -1
    ),
    Row("soemoncho", Point(34.669502, 135.5003), "宗右衛門町通", "Soemoncho-dori", "remembered", "semba"),
    Row("dotonbori", Point(34.668713, 135.500339), "道頓堀", "Dotonbori", "inferred", "namba", "living_street"),
    Row("sennichimae", Point(34.667133, 135.500349), "千日前通", "Sennichimae-dori", "inferred", "namba", "primary", 6),
    Row("namba", Point(34.666245, 135.500423), "", "", "inferred", "namba", "secondary", 4),
)

#: The first and last street between which side lanes run (state before the Nagahori to Dotonbori works).
SIDE_LANES = ("kitahama", "hachimanmachi")
#: From this street south the pavements are 14 m wide.
WIDE_FROM = "dotonbori"
SIDE_LANE_OFFSET_M = 13.2  # between neighbouring lines of signals
HALF_STREET_M = 22.0  # Midosuji is 44 m wide
PAVEMENT_M = 6.0
WIDE_PAVEMENT_M = 14.0


class Station(NamedTuple):
    """A station; ``riders_per_day`` 0 where the table of riders has none, ``exits`` 0 off Midosuji."""

    slug: str
    at: Point
    ja: str
    en: str
    ref: str = ""
    riders_per_day: int = 0
    exits: int = 0


#: 46 exits stand between Yodoyabashi and Namba; how they divide, and the 14 of Umeda, is a guess.
STATIONS: tuple[Station, ...] = (
    Station("umeda", UMEDA_PLATFORM, "梅田", "Umeda", "M16", 434_981, 14),
    Station("yodoyabashi", Point(34.691637, 135.500954), "淀屋橋", "Yodoyabashi", "M17", 215_475, 10),
    Station("hommachi", Point(34.683542, 135.500671), "本町", "Hommachi", "M18", 213_894, 12),
    Station("shinsaibashi", Point(34.674518, 135.500357), "心斎橋", "Shinsaibashi", "M19", 190_018, 10),
    Station("namba", Point(34.666156, 135.500271), "なんば", "Namba", "M20", 367_846, 14),
    Station("higashi-umeda", Point(34.700593, 135.499815), "東梅田", "Higashi-Umeda", "T20"),
    Station("yotsubashi", Point(34.674036, 135.496757), "四ツ橋", "Yotsubashi", "Y14"),
    Station("sakaisuji-hommachi", Point(34.681876, 135.506934), "堺筋本町", "Sakaisuji-Hommachi", "C17"),
    Station("nippombashi", Point(34.667130, 135.506411), "日本橋", "Nippombashi", "S17"),
    Station("jr-osaka", Point(34.702398, 135.495188), "大阪", "JR Osaka"),
    Station("hankyu-osaka-umeda", Point(34.705514, 135.498311), "大阪梅田(阪急)", "Hankyu Osaka-Umeda"),
    Station("nankai-namba", Point(34.663570, 135.501949), "難波(南海)", "Nankai Namba"),
)

CATEGORY_JA = {"shop": "店舗", "food": "飲食", "culture": "文化", "office": "業務", "park": "緑地", "seat": "休憩"}

#: Along Midosuji, from north to south: southern limit in degrees, and what stands there block by block in
#: turn, as (category, attraction). Guesses of what the quarters are known for.
QUARTERS: tuple[tuple[float, tuple[tuple[str, float], ...]], ...] = (
    (34.6985, (("shop", 9.0), ("food", 8.0), ("shop", 7.0), ("office", 5.0))),
    (34.6950, (("food", 6.0), ("office", 5.0), ("food", 7.0), ("shop", 4.0))),
    (34.6925, (("culture", 6.0), ("park", 5.0), ("office", 4.0))),
    (34.6838, (("office", 5.0), ("office", 4.0), ("food", 4.0), ("culture", 3.0))),
    (34.6753, (("shop", 5.0), ("office", 4.0), ("food", 5.0), ("shop", 4.0))),
    (34.6700, (("shop", 10.0), ("shop", 9.0), ("food", 7.0), ("shop", 8.0))),
    (0.0, (("food", 10.0), ("shop", 9.0), ("culture", 7.0), ("seat", 4.0))),
)
SEATS_PER_WIDE_BLOCK = 24  # a guess, as the 4 of every other block elsewhere
SEATS_PER_BLOCK = 4
