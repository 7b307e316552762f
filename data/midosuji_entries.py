"""Where traffic enters and leaves the map of Midosuji."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from twin.data.authoring import Sketch, between, moved

EDGE_M = 150.0  # how far main streets go beyond the outermost street they cross, to their entry
ASSUMED_SIGNAL = {"highway": "traffic_signals", "twin:assumed": "signal"}

#: Entries beyond the ends of streets: street, side of the map, name.
_ENTRY_STREETS: tuple[tuple[str, str, str, str], ...] = (
    ("tosabori", "west", "土佐堀通 西", "Tosabori-dori west"),
    ("tosabori", "east", "土佐堀通 東", "Tosabori-dori east"),
    ("hommachi", "west", "本町通 西", "Hommachi-dori west"),
    ("hommachi", "east", "本町通 東", "Hommachi-dori east"),
    ("nagahori", "west", "長堀通 西", "Nagahori-dori west"),
    ("nagahori", "east", "長堀通 東", "Nagahori-dori east"),
    ("sennichimae", "west", "千日前通 西", "Sennichimae-dori west"),
    ("sennichimae", "east", "千日前通 東", "Sennichimae-dori east"),
)


def draw_entries(
    drawn: Sketch,
    nodes: Mapping[tuple[str, str], int],
    chains: Mapping[str, Sequence[int]],
    tags: Mapping[str, Mapping[str, str]],
) -> None:
    """Draw the ends of the main streets, and the entries at them.

    Parameters
    ----------
    nodes, chains
        Crossings by (street, column), nodes of each street from west to east.
    tags
        Tags of each street across.
    """
    for street, side, ja, en in _ENTRY_STREETS:
        end = chains[street][0 if side == "west" else -1]
        outside = drawn.node(moved(drawn.point(end), east_m=EDGE_M if side == "east" else -EDGE_M))
        drawn.tag(end, ASSUMED_SIGNAL)
        drawn.way([end, outside], tags[street])
        drawn.place("entry", f"{street}-{side}", outside, ja=ja, en=en)
    # Pairs of carriageways meet outside; cars keep left, so the northern one runs east.
    for north, south, slug, ja, en in (
        ("sonezaki-north", "sonezaki-south", "sonezaki", "曽根崎通", "Sonezaki-dori"),
        ("chuo-north", "chuo-south", "chuo", "中央大通", "Chuo-odori"),
    ):
        for side in ("west", "east") if slug == "chuo" else ("west",):
            here = [chains[street][0 if side == "west" else -1] for street in (north, south)]
            middle = between(drawn.point(here[0]), drawn.point(here[1]), 0.5)
            outside = drawn.node(moved(middle, east_m=EDGE_M if side == "east" else -EDGE_M))
            inward, outward = (here[0], here[1]) if side == "west" else (here[1], here[0])
            way = {**tags["chuo-north" if slug == "chuo" else slug], "oneway": "yes"}
            drawn.way([outside, inward], way)
            drawn.way([outward, outside], way)
            for node in here:
                drawn.tag(node, ASSUMED_SIGNAL)
            word = {"west": "西", "east": "東"}[side]
            drawn.place("entry", f"{slug}-{side}", outside, ja=f"{ja} {word}", en=f"{en} {side}")
    _name_other_entries(drawn, nodes)


def _name_other_entries(drawn: Sketch, nodes: Mapping[tuple[str, str], int]) -> None:
    east = []
    for street, name in (("umeda", "扇町通"), ("miyakojima", "都島通")):
        end = nodes[street, "shin"]
        east.append(drawn.node(moved(drawn.point(end), east_m=EDGE_M)))
        drawn.way([end, east[-1]], {"highway": "secondary", "name": name})
    for slug, node, ja, en in (
        ("route-176-north", nodes["umeda", "route-176"], "国道176号 北", "National route 176 north"),
        ("shin-midosuji-north", nodes["umeda", "shin-north"], "新御堂筋 北", "Shin-Midosuji north"),
        ("sonezaki-east", nodes["sonezaki-north", "sakaisuji"], "曽根崎通 東", "Sonezaki-dori east"),
        ("ogimachi-east", east[0], "扇町通 東", "Ogimachi-dori east"),
        ("miyakojima-east", east[1], "都島通 東", "Miyakojima-dori east"),
        ("namba-west", nodes["nishiguchi", "west"], "なんば西口 西", "Nambanishiguchi west"),
        ("namba-south", nodes["nishiguchi", "south"], "なんば西口 南", "Nambanishiguchi south"),
        ("sakaisuji-south", nodes["nishiguchi", "sakaisuji"], "堺筋 南", "Sakaisuji south"),
    ):
        drawn.place("entry", slug, node, ja=ja, en=en)
