"""Charts of a search: cost against service of every setting tried."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from twin.results.words import UNIT_WORDS, Lang, number
from twin.viz.report.figures.drawing import INK, SOFT, Drawn, frame, value_axis, words

_HEIGHT_PX = 250
_KEEPS, _FAILS, _OPEN = "#0072B2", "#D55E00", "#7B8794"


def frontier_chart(
    outcome: Mapping[str, Any], cost: tuple[str, str], service: tuple[str, str], names: Mapping[str, str], lang: Lang
) -> Drawn | None:
    """Cost against service: a cross of intervals per setting, the front as a line, the bound that service must keep.

    Parameters
    ----------
    outcome
        What a frontier came to, as ``search.json`` has it.
    cost, service
        Words and unit of each.
    names
        Point -> words of the setting.
    lang
        Language.
    """
    ja = lang == "ja"
    factors = [100.0 if unit == "share" else 1.0 for _, unit in (cost, service)]
    rows: list[dict[str, Any]] = []
    for row in outcome["rows"]:
        ends = [row[part][end] for part in ("cost", "service") for end in ("mean", "lo", "hi")]
        if any(e is None or not math.isfinite(e) for e in (ends[0], ends[3])):
            continue
        cost_at, *cost_ends = (factors[0] * _or(e, ends[0]) for e in ends[:3])
        service_at, *service_ends = (factors[1] * _or(e, ends[3]) for e in ends[3:])
        known = bool(outcome.get("decided")) or row["error"] <= 1 - outcome["confidence_wanted"]
        shown = _OPEN if not known else _KEEPS if row["keeps"] else _FAILS
        rows.append(
            {"x": cost_at, "xlo": cost_ends[0], "xhi": cost_ends[1], "y": service_at, "color": shown}
            | {"ylo": service_ends[0], "yhi": service_ends[1]}
            | {"front": bool(row["on_front"]), "words": words(names.get(row["point"], row["point"]))}
        )  # fmt: skip
    if not rows:
        return None
    units = [
        UNIT_WORDS.get(unit, (unit, unit))[0 if ja else 1] if unit != "share" else "%" for _, unit in (cost, service)
    ]
    x_title = f"{cost[0]}（{units[0]}）" if ja and units[0] else f"{cost[0]} ({units[0]})" if units[0] else cost[0]
    span = [min(r["xlo"] for r in rows), max(r["xhi"] for r in rows)]
    margin = (span[1] - span[0]) * 0.08 or 1.0
    bound = factors[1] * float(outcome["bound"])
    tall = [min([r["ylo"] for r in rows] + [bound]), max([r["yhi"] for r in rows] + [bound])]
    high = (tall[1] - tall[0]) * 0.08 or 1.0
    scale_x = alt.Scale(domain=[span[0] - margin, span[1] + margin], nice=False, zero=False)
    scale_y = alt.Scale(domain=[tall[0] - high, tall[1] + high], nice=False, zero=False)
    x_axis, y_axis = alt.Axis(title=words(x_title), tickCount=6, titleY=32, format=",.3~f"), value_axis(units[1])

    def x(field: str) -> alt.X:
        return alt.X(f"{field}:Q", scale=scale_x, axis=x_axis)

    def y(field: str) -> alt.Y:
        return alt.Y(f"{field}:Q", scale=scale_y, axis=y_axis)

    color = alt.Color("color:N", scale=None)
    base = alt.Chart(alt.InlineData(values=rows))
    front = sorted((r for r in rows if r["front"]), key=lambda r: r["x"])
    line = alt.Chart(alt.InlineData(values=[{"x": span[0] - margin, "x2": span[1] + margin, "y": bound}]))
    layers = [
        line.mark_rule(strokeDash=[5, 4], color=SOFT).encode(x=x("x"), x2="x2:Q", y=y("y")),
        alt.Chart(alt.InlineData(values=front)).mark_line(color="#9AA3AD", strokeWidth=1.5).encode(x=x("x"), y=y("y")),
        base.mark_rule(strokeWidth=2).encode(x=x("x"), y=y("ylo"), y2="yhi:Q", color=color),
        base.mark_rule(strokeWidth=2).encode(x=x("xlo"), x2="xhi:Q", y=y("y"), color=color),
        base.mark_point(size=70, filled=True, opacity=1, stroke="#FFFFFF").encode(x=x("x"), y=y("y"), color=color),
    ]
    if len(rows) <= 12:
        layers.append(
            base.mark_text(align="left", dx=7, dy=-9, fontSize=11, color=INK).encode(x=x("x"), y=y("y"), text="words:N")
        )
    side = ("以下" if ja else "at most") if outcome["bound_side"] == "at_most" else ("以上" if ja else "at least")
    told = f"{number(bound)}{'' if units[1] == '%' else ' '}{units[1]}"
    caption = (
        f"縦：{service[0]}、横：{cost[0]}。破線は条件（{told}{side}）、線は95 %区間。"
        if ja
        else (f"Up: {service[0]}; across: {cost[0]}. Dashed: the bound ({side} {told}); lines: 95 % intervals.")
    )
    keys = (
        (_KEEPS, "条件を満たす" if ja else "keeps the bound"),
        (_FAILS, "満たさない" if ja else "does not keep it"),
        (_OPEN, "判断できない" if ja else "cannot be told"),
    )
    heading = "費用とサービスの関係（効率的フロンティア）" if ja else "Cost against service"
    return Drawn("frontier", heading, caption, alt.layer(*layers).properties(**frame(_HEIGHT_PX)), keys)


def _or(value: Any, otherwise: float) -> float:
    return float(value) if value is not None and math.isfinite(value) else otherwise


def sweep_chart(
    name: str,
    kpi: str,
    unit: str,
    rows: Sequence[Mapping[str, Any]],
    names: Mapping[str, str],
    lang: Lang,
    bound: float | None = None,
) -> Drawn | None:
    """One figure at every setting tried, with its interval, a row per setting in the order in which they were set.

    Parameters
    ----------
    name
        File name without ending.
    kpi, unit
        Words and unit of the figure.
    rows
        ``point``, ``mean``, ``lo``, ``hi`` of each setting.
    names
        Point -> words of the setting.
    lang
        Language.
    bound
        What the figure must keep, as a dashed line; None for no line.
    """
    ja = lang == "ja"
    factor = 100.0 if unit == "share" else 1.0
    known = [r for r in rows if r["mean"] is not None and math.isfinite(r["mean"])][:24]
    if not known:
        return None
    values = [
        {"y": nth + 0.66, "mean": factor * r["mean"], "lo": factor * _or(r["lo"], r["mean"]),
         "hi": factor * _or(r["hi"], r["mean"])}
        for nth, r in enumerate(known)
    ]  # fmt: skip
    texts = [{"y": nth + 0.24, "words": words(names.get(r["point"], r["point"]))} for nth, r in enumerate(known)]
    told = "%" if unit == "share" else UNIT_WORDS.get(unit, (unit, unit))[0 if ja else 1]
    line = [] if bound is None else [factor * bound]
    ends = [min([v["lo"] for v in values] + line), max([v["hi"] for v in values] + line)]
    margin = (ends[1] - ends[0]) * 0.05 or 1.0
    scale = alt.Scale(domain=[ends[0] - margin, ends[1] + margin], nice=False, zero=False)
    axis = alt.Axis(title=words(told), tickCount=6, titleY=32)
    bare = alt.Axis(title=None, labels=False, ticks=False, domain=False, grid=False)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, len(known)], reverse=True, nice=False), axis=bare)
    base = alt.Chart(alt.InlineData(values=values))
    layers = [
        base.mark_rule(strokeWidth=3, color=_KEEPS).encode(x=alt.X("lo:Q", scale=scale, axis=axis), x2="hi:Q", y=y),
        base.mark_point(size=60, filled=True, opacity=1, color=_KEEPS, stroke="#FFFFFF").encode(
            x=alt.X("mean:Q", scale=scale, axis=axis), y=y
        ),
        alt.Chart(alt.InlineData(values=texts))
        .mark_text(align="left", fontSize=12, color=INK)
        .encode(x=alt.value(0), y=y, text="words:N"),
    ]
    caption = "丸は平均、線は95 %区間。" if ja else "Dot: mean; line: 95 % interval."
    if line:
        rule = alt.InlineData(values=[{"lo": line[0], "y": 0.0, "y2": float(len(known))}])
        layers.append(
            alt.Chart(rule)
            .mark_rule(strokeDash=[5, 4], color=SOFT)
            .encode(x=alt.X("lo:Q", scale=scale, axis=axis), y=y, y2="y2:Q")
        )
        caption += "破線は条件。" if ja else " Dashed: the bound."
    heading = f"{kpi}：設定ごとの値" if ja else f"{kpi} by setting"
    return Drawn(name, heading, caption, alt.layer(*layers).properties(**frame(40 * len(known), left_px=18)))
