"""A city as it was read, on one page that needs no network: lanes, one-ways, bans, lights, edges, what went and why.

Everything drawn is a link, node or place of the built city, or something of the map that was dropped, and tells its
OSM id when it is clicked; ways of which something is assumed say what. The build report stands beside the map.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from twin.errors import RunError

Lang = Literal["ja", "en"]

_WORDS = {
    "title": ("都市の読み取り結果", "The city as read"),
    "hint": (
        "ドラッグで移動、ホイールで拡大、クリックで OSM の番号",
        "drag to move, wheel to zoom, click for the OSM id",
    ),
    "drive": ("車道（太さは車線数）", "carriageways, as wide as their lanes"),
    "walk": ("歩行", "ways on foot"),
    "oneway": ("一方通行", "one-way"),
    "closed": ("通行できない車種あり", "closed to some vehicles"),
    "bans": ("禁止される進行", "banned turns"),
    "lights": ("信号", "lights"),
    "entries": ("地図の端の出入口", "entries at the edge of the map"),
    "places": ("場所", "places"),
    "dropped": ("落としたもの・使わなかったもの", "dropped or passed over"),
    "assumed": ("値を仮定した道（破線）", "ways with assumed values, dashed"),
    "nowhere": ("位置の分からないもの", "without a position in the file"),
    "report": ("読み取りの報告：読んだもの、落としたもの、仮定したもの", "What was read, dropped and assumed"),
}
_OFF_AT_FIRST = frozenset({"places", "assumed"})
#: Elements without a position that are named for each reason; the rest is counted.
_SHOWN = 40


def write_city_map(city: dict[str, Any], out: Path, *, lang: Lang = "ja") -> Path:
    """Write the page of a city; ``city`` as made by :func:`twin.city.keeping.picture.city_picture`.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    beside = out.with_name(out.name + ".tmp")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(city_page(city, lang=lang), encoding="utf-8", newline="\n")
        os.replace(beside, out)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise RunError(
            f"the map cannot be written: {fault}", where=str(out), mend="choose another folder with --out"
        ) from fault
    return out


def city_page(city: dict[str, Any], *, lang: Lang = "ja") -> str:
    """Text of the page; the same for the same city."""
    folder = files("twin.viz") / "assets" / "city_map"
    script = (folder / "city_map.js").read_text(encoding="utf-8")
    style = (folder / "city_map.css").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; script-src {_hashed(script)}; style-src {_hashed(style)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    k = 0 if lang == "ja" else 1
    switches = "".join(
        f'<label><input type="checkbox" data-part="{part}"{"" if part in _OFF_AT_FIRST else " checked"}>'
        f'<span class="mark {part}"></span>{escape(_WORDS[part][k])}</label>'
        for part in ("drive", "walk", "oneway", "closed", "bans", "lights", "entries", "places", "dropped", "assumed")
    )
    lines = _unplaced(city["drawn"], _WORDS["nowhere"][k])
    lines += "".join(f"<li>{escape(str(line))}</li>" for line in city["report"])
    facts = escape(" · ".join([city["name"], city["crs"], *city["attribution"]]))
    title = escape(f"{city['name']} – {_WORDS['title'][k]}")
    data = json.dumps(city["drawn"], separators=(",", ":"), ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f'<main><canvas id="map" tabindex="0" aria-label="{title}"></canvas></main>\n'
        f"<aside><h1>{title}</h1><p>{facts}</p><p>{escape(_WORDS['hint'][k])}</p><div>{switches}</div>"
        f'<output id="told"></output><h2>{escape(_WORDS["report"][k])}</h2><ul>{lines}</ul></aside>\n'
        f'<script type="application/json" id="data">{data}</script>\n<script>{script}</script>\n</body>\n</html>\n'
    )


def _unplaced(drawn: dict[str, Any], title: str) -> str:
    """Elements that were dropped and lie nowhere on the map, such as relations without members."""
    kinds = ("node", "way", "relation")
    rows = [(drawn["words"][d[2]], f"{kinds[d[0]]} {d[1]}") for d in drawn["dropped"] if len(d) == 3]
    said: dict[str, list[str]] = {}
    for words, element in rows:
        said.setdefault(words, []).append(element)
    items = ""
    for words, elements in sorted(said.items()):
        more = f" … ({len(elements):,})" if len(elements) > _SHOWN else ""
        items += f"<li>{escape(words)}: {escape(', '.join(elements[:_SHOWN]))}{more}</li>"
    return f"<li>{escape(title)}<ul>{items}</ul></li>" if items else ""


def _hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode()}'"
