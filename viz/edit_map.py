"""One self-contained HTML page with a flat map of every edit: no script, no network, every word as text.

Variants and languages are switched by radio buttons and style sheets alone, so the page opens anywhere, also
where scripts and WebGL are switched off, and prints as it is.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any, Literal

from twin.errors import RunError
from twin.looks import BOTH
from twin.viz.palette import BLACK, BLUE, BLUISH_GREEN, ORANGE, REDDISH_PURPLE, SKY_BLUE, VERMILLION, YELLOW

Lang = Literal["ja", "en"]

#: Kind of an edit -> colour, dash pattern, Japanese, English. Dashes repeat what the colour says.
KINDS: dict[str, tuple[str, str, str, str]] = {
    "closed": (VERMILLION, "9 5", "通行止め", "closed"),
    "fewer_lanes": (ORANGE, "14 4", "車線減", "fewer lanes"),
    "more_lanes": (BLUISH_GREEN, "", "車線増", "more lanes"),
    "speed": (BLUE, "3 4", "速度変更", "another speed"),
    "access": (YELLOW, "12 4 3 4", "通行車種の変更", "other vehicles admitted"),
    "pavement": (REDDISH_PURPLE, "", "歩道拡幅", "wider pavement"),
    "along": (BLACK, "2 4", "歩道沿いの施策", "along the pavement"),
    "new": (SKY_BLUE, "", "新設", "new link"),
}
_MARK_WORDS = ("荷さばき枠など", "bays and other points")
_SIGNAL_WORDS = ("信号現示の変更", "another signal plan")
_WIDTH_PX = 860.0
#: Least and greatest height of a map by its width.
_SHAPES = (0.45, 1.25)
_HEADINGS: tuple[tuple[str, str, str], ...] = (
    ("layer", "層", "layer"),
    ("street", "通り", "street"),
    ("way_id", "ウェイ", "way"),
    ("from_node", "始点", "from node"),
    ("to_node", "終点", "to node"),
    ("lanes", "車線数", "lanes"),
    ("speed_kmh", "速度 km/h", "speed km/h"),
    ("width_m", "歩道幅 m", "pavement m"),
    ("open", "通行", "open"),
    ("closed_to", "通行不可", "closed to"),
    ("along", "歩道沿い", "along it"),
    ("hours", "時間帯", "hours"),
    ("measure", "施策", "measure"),
)
_WORDS = {"drive": ("車道", "drive"), "walk": ("歩道", "walk"), True: ("可", "open"), False: ("不可", "closed")}


def write_edit_map(content: Mapping[str, Any], out: Path, *, lang: Lang = "ja") -> Path:
    """Write the page.

    Parameters
    ----------
    content
        As for :func:`edit_page`.
    out
        File to write; found whole or not at all.
    lang
        Language in which the page opens; it carries both.

    Raises
    ------
    RunError
        If the file cannot be written.
    """
    beside = out.with_name(out.name + ".tmp")
    try:
        beside.write_text(edit_page(content, lang=lang), encoding="utf-8", newline="\n")
        os.replace(beside, out)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise RunError(
            f"the map cannot be written: {fault}", where=str(out), mend="choose another folder with --out"
        ) from fault
    return out


def edit_page(content: Mapping[str, Any], *, lang: Lang = "ja") -> str:
    """Text of the page; the same for the same content.

    Parameters
    ----------
    content
        ``title`` {ja, en}; ``city`` {name, crs, schematic, attribution}; ``variants``: list of ``name``,
        ``label`` {ja, en}, ``rows``, ``signals``, ``matches``, ``cut_off``, ``links`` {drive, walk} (how many
        there are), ``picture`` as :func:`twin.city.editing.table.edit_picture` gives it.
    lang
        Language in which the page opens.
    """
    variants = content["variants"]
    style = _style(len(variants))
    policy = f"default-src 'none'; style-src {_hash_source(style)}; img-src data:; base-uri 'none'; form-action 'none'"
    first = next((i for i, v in enumerate(variants) if v["rows"] or v["signals"] or v["picture"]["marks"]), 0)
    radios = "".join(_radio("lang", f"lang-{code}", code == lang) for code in ("ja", "en"))
    radios += "".join(_radio("variant", f"v{i}", i == first) for i in range(len(variants)))
    tabs = "".join(f'<label for="v{i}">{_both(**v["label"])}</label>' for i, v in enumerate(variants))
    title = content["title"]
    return (
        f'<!DOCTYPE html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(str(title[lang]))}</title>\n<style>{style}</style>\n</head>\n<body>\n{radios}\n"
        '<header><p class="langs"><label for="lang-ja">日本語</label><label for="lang-en">English</label></p>'
        f"<h1>{_both(title['ja'], title['en'])}</h1>{_city_line(content['city'])}</header>\n"
        f"<nav>{tabs}</nav>\n<main>{''.join(_variant(i, v) for i, v in enumerate(variants))}</main>\n"
        f"<footer>{escape(' · '.join(str(a) for a in content['city']['attribution']))}</footer>\n</body>\n</html>\n"
    )


def _radio(name: str, id_: str, checked: bool) -> str:
    return f'<input type="radio" name="{name}" id="{id_}"{" checked" if checked else ""}>'


def _both(ja: Any, en: Any) -> str:
    """Words in both languages, of which the page shows one."""
    return f'<span class="ja">{escape(str(ja))}</span><span class="en">{escape(str(en))}</span>'


def _city_line(city: Mapping[str, Any]) -> str:
    badge = f'<b class="badge">{_both("模式図", "schematic")}</b> ' if city["schematic"] else ""
    return f'<p class="soft">{badge}{escape(str(city["name"]))} · {escape(str(city["crs"]))}</p>'


def _variant(number: int, variant: Mapping[str, Any]) -> str:
    rows, picture = variant["rows"], variant["picture"]
    drive = len({row["link_index"] for row in rows if row["layer"] == "drive"})
    walk = len({row["link_index"] for row in rows if row["layer"] == "walk"})
    if not rows and not variant["signals"] and not picture["marks"]:
        body = f"<p>{_both('編集なし。都市は元のまま。', 'No edit: the city is as it was.')}</p>"
    else:
        left = (variant["links"]["drive"] - drive, variant["links"]["walk"] - walk)
        said = _both(
            f"車道リンク {drive} 本、歩道リンク {walk} 本を変更。"
            f"ほかの車道 {left[0]} 本・歩道 {left[1]} 本は変更なし（照合済み）。",
            f"{drive} drive links and {walk} walk links are touched. Nothing else changed: the other {left[0]} drive "
            f"and {left[1]} walk links are the same, as compared array by array.",
        )
        body = (
            f"<p>{said}</p>{_matches(variant['matches'])}{_cut_off(variant['cut_off'])}"
            f"{_legend(picture, bool(variant['signals']))}{_svg(variant)}"
            f"{_table(rows)}{_signals(variant['signals'])}"
        )
    return f'<section class="variant v{number}"><h2>{_both(**variant["label"])}</h2>{body}</section>\n'


def _matches(matches: Sequence[Mapping[str, Any]]) -> str:
    items = ""
    for match in matches:
        found = ", ".join(f"{name or '–'} ({count})" for name, count in match["found"].items())
        others = ", ".join(match["left_alone"])
        apart = _both(f"。別の通りとして対象外：{others}", f"; other streets, left alone: {others}") if others else ""
        links = _both(f"{match['links']} 本", f"{match['links']} links")
        items += (
            f"<li><b>{escape(match['measure'])}</b> · {escape(match['written'])} → {escape(found)}, {links}{apart}</li>"
        )
    return f'<ul class="matches">{items}</ul>'


def _cut_off(places: Sequence[str]) -> str:
    if not places:
        return ""
    listed = ", ".join(places[:20]) + (" …" if len(places) > 20 else "")
    words = _both(f"車で行けなくなる場所 {len(places)} か所：", f"{len(places)} places can no longer be driven to: ")
    return f'<p class="warn">{words}{escape(listed)}</p>'


def _legend(picture: Mapping[str, Any], signals: bool) -> str:
    kinds = [kind for kind in KINDS if any(link["kind"] == kind for link in picture["links"])]
    items = "".join(
        '<li><svg width="44" height="10" aria-hidden="true">'
        f'<line class="k-{kind}" x1="2" y1="5" x2="42" y2="5"/></svg> {_both(*KINDS[kind][2:])}</li>'
        for kind in kinds
    )
    if signals:
        items += (
            '<li><svg width="20" height="14" aria-hidden="true"><path class="signal" d="M10 2l5 5-5 5-5-5z"/>'
            f"</svg> {_both(*_SIGNAL_WORDS)}</li>"
        )
    if picture["marks"]:
        items += (
            '<li><svg width="14" height="14" aria-hidden="true"><rect class="mark" x="3" y="3" width="8" height="8"/>'
            f"</svg> {_both(*_MARK_WORDS)} ({len(picture['marks'])})</li>"
        )
    return f'<ul class="legend">{items}</ul>'


class _Frame:
    """From metres to pixels; a narrow area is shown with more around it."""

    def __init__(self, bounds: Sequence[float]) -> None:
        west, south, east, north = bounds
        width_m, height_m = max(east - west, 1.0), max(north - south, 1.0)
        shape = min(max(height_m / width_m, _SHAPES[0]), _SHAPES[1])
        across_m = max(width_m, height_m / shape)
        self.scale = _WIDTH_PX / across_m
        self.height_px = _WIDTH_PX * shape
        self._left_m = (west + east) / 2 - across_m / 2
        self._top_m = (south + north) / 2 + across_m * shape / 2

    def point(self, x_m: float, y_m: float) -> tuple[float, float]:
        return (x_m - self._left_m) * self.scale, (self._top_m - y_m) * self.scale

    def path(self, points: Sequence[Sequence[float]]) -> str:
        return "M" + "L".join("{:.1f} {:.1f}".format(*self.point(x_m, y_m)) for x_m, y_m in points)


def _svg(variant: Mapping[str, Any]) -> str:
    picture, frame = variant["picture"], _Frame(variant["picture"]["bounds"])
    parts = [
        f'<path class="{name}" d="{"".join(frame.path(p) for p in picture[source])}"/>'
        for source, name in (("paths", "around-walk"), ("streets", "around"))
        if picture[source]
    ]
    for link in picture["links"]:
        row, points = variant["rows"][link["row"]], link["points"]
        # Drawn from the same end, the dashes of both directions of a street fall on one another.
        path = frame.path(points if points[0] <= points[-1] else points[::-1])
        parts.append(f'<path class="k-{link["kind"]}" d="{path}"><title>{escape(_tip(row))}</title></path>')
    for (x_m, y_m), signal in zip(picture["signals"], variant["signals"], strict=True):
        x, y = frame.point(x_m, y_m)
        tip = f"{signal['street']}: {signal['cycle_s']:g} s, {signal['green_share']:.0%}, +{signal['offset_s']:g} s"
        parts.append(f'<path class="signal" d="M{x:.1f} {y - 6:.1f}l6 6-6 6-6-6z"><title>{escape(tip)}</title></path>')
    for mark in picture["marks"]:
        x, y = frame.point(mark["x_m"], mark["y_m"])
        tip = escape(f"{mark['ja']} / {mark['en']}")
        parts.append(
            f'<rect class="mark" x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8"><title>{tip}</title></rect>'
        )
    parts.extend(_names(frame, picture["names"]))
    bar_m = next(m for m in (1000, 500, 200, 100, 50, 20, 10) if m * frame.scale <= _WIDTH_PX / 4 or m == 10)
    end = 16 + bar_m * frame.scale
    low = frame.height_px - 16
    parts.append(f'<path class="bar" d="M16 {low:.1f}H{end:.1f}"/><text x="16" y="{low - 6:.1f}">{bar_m} m</text>')
    label = escape(f"{variant['label']['ja']} / {variant['label']['en']}")
    return (
        f'<svg class="map" viewBox="0 0 {_WIDTH_PX:g} {frame.height_px:.1f}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg>"
    )


def _names(frame: _Frame, names: Sequence[Mapping[str, Any]]) -> list[str]:
    """Street names, the longest streets first; one that would cover another is left out."""
    taken: list[tuple[float, float, float]] = []
    out = []
    for name in names:
        x, y = frame.point(name["x_m"], name["y_m"])
        half = 6.5 * len(name["text"])
        if any(abs(y - y0) < 14 and abs(x - x0) < half + half0 for x0, y0, half0 in taken):
            continue
        if not (half < x < _WIDTH_PX - half and 14 < y < frame.height_px - 8):
            continue
        taken.append((x, y, half))
        out.append(f'<text class="name" x="{x:.1f}" y="{y + 4:.1f}">{escape(name["text"])}</text>')
    return out


def _tip(row: Mapping[str, Any]) -> str:
    said = [f"{row['street'] or '–'} · way {row['way_id']} · {row['from_node']} → {row['to_node']}"]
    for key, ja, en in _HEADINGS[5:11]:
        if row.get(f"new_{key}") is not None:
            said.append(f"{ja} / {en}: {_word(row[f'old_{key}'], 'en')} → {_word(row[f'new_{key}'], 'en')}")
    said.append(f"{row['measure']} {row['hours']}".strip())
    return "\n".join(said)


def _word(value: Any, lang: Lang) -> str:
    if isinstance(value, bool):
        return _WORDS[value][0 if lang == "ja" else 1]
    if isinstance(value, str) and BOTH in value:
        ja, _, en = value.partition(BOTH)
        return ja if lang == "ja" else en
    return "–" if value is None or value == "" else f"{value:g}" if isinstance(value, float) else str(value)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Every touched link; columns that nothing touches are left out."""
    if not rows:
        return ""
    shown = [h for h in _HEADINGS if h[0] in rows[0] or any(row.get(f"new_{h[0]}") is not None for row in rows)]
    shown = [h for h in shown if h[0] != "hours" or any(row["hours"] for row in rows)]
    head = "".join(f"<th>{_both(ja, en)}</th>" for _, ja, en in shown)
    body = "".join("<tr>" + "".join(f"<td>{_cell(row, key)}</td>" for key, _, _ in shown) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(row: Mapping[str, Any], key: str) -> str:
    if key == "layer":
        return _both(*_WORDS[row[key]])
    if f"new_{key}" not in row:
        return escape(_word(row[key], "en"))
    old, new = row[f"old_{key}"], row[f"new_{key}"]
    if new is None:
        return ""
    return _both(*(f"{_word(old, lang)} → {_word(new, lang)}" for lang in ("ja", "en")))


def _signals(signals: Sequence[Mapping[str, Any]]) -> str:
    if not signals:
        return ""
    heads = (
        ("通り", "street"),
        ("ノード", "node"),
        ("周期 秒", "cycle s"),
        ("青時間比", "green share"),
        ("オフセット 秒", "offset s"),
        ("施策", "measure"),
    )
    keys = ("street", "node", "cycle_s", "green_share", "offset_s", "measure")
    head = "".join(f"<th>{_both(*words)}</th>" for words in heads)
    cells = ("".join(f"<td>{escape(_word(s[key], 'en'))}</td>" for key in keys) for s in signals)
    body = "".join(f"<tr>{row}</tr>" for row in cells)
    return (
        f'<h3>{_both(*_SIGNAL_WORDS)}</h3><div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _style(variants: int) -> str:
    """Style sheet; which variant and language are seen follows the radio buttons."""
    kinds = "".join(
        f".k-{kind}{{stroke:{color};stroke-width:5;fill:none;stroke-linecap:butt;"
        f"{f'stroke-dasharray:{dash};' if dash else ''}}}"
        for kind, (color, dash, _, _) in KINDS.items()
    )
    tabs = "".join(
        f"#v{i}:checked~main .v{i}{{display:block}}#v{i}:checked~nav label[for=v{i}]{{background:{BLUE};color:#fff}}"
        f"#v{i}:focus-visible~nav label[for=v{i}]{{outline:3px solid {ORANGE}}}"
        for i in range(variants)
    )
    return (
        "*{box-sizing:border-box}body{margin:0 auto;max-width:1100px;padding:16px;color:#17202a;background:#fff;"
        'font:15px/1.5 "Hiragino Sans","Yu Gothic UI","Noto Sans CJK JP","Noto Sans JP",Meiryo,system-ui,sans-serif}'
        "body>input{position:absolute;opacity:0;pointer-events:none}"
        "h1{font-size:22px;margin:0}h2{font-size:18px}h3{font-size:16px}.soft,footer{color:#566270;font-size:13px}"
        ".badge{background:#e69f00;color:#231700;border-radius:99px;padding:1px 9px}.langs{float:right;margin:0}"
        "label{cursor:pointer;padding:4px 10px;border-radius:8px}nav{display:flex;flex-wrap:wrap;gap:6px;margin:12px 0}"
        "nav label{background:#edf0f3}.variant{display:none}#lang-ja:checked~* .en,#lang-en:checked~* .ja{display:none}"
        "#lang-ja:checked~header label[for=lang-ja],#lang-en:checked~header label[for=lang-en]"
        "{text-decoration:underline}"
        ".legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:4px 18px}.matches{padding-left:18px}"
        f".warn{{border-left:5px solid {VERMILLION};padding-left:10px}}"
        ".map{width:100%;height:auto;border:1px solid #cfd6dd;background:#f7f9fa;border-radius:10px}"
        ".around{stroke:#b8c1ca;stroke-width:2.5;fill:none}.around-walk{stroke:#dde3e8;stroke-width:1.2;fill:none}"
        f".mark{{fill:{BLUE};stroke:#fff;stroke-width:1.5}}"
        f".signal{{fill:{BLACK};stroke:#fff;stroke-width:1.5}}.bar{{stroke:#17202a;stroke-width:3}}"
        ".map text{font-size:12px;fill:#17202a}"
        ".name{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:3px}"
        ".scroll{overflow-x:auto;margin-top:14px}table{border-collapse:collapse;font-size:13px;"
        "font-variant-numeric:tabular-nums}th,td{border-bottom:1px solid #dde3e8;padding:3px 9px;text-align:left;"
        "white-space:nowrap}th{background:#f2f4f6}@media print{nav,.langs{display:none}}" + kinds + tabs
    )


def _hash_source(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
