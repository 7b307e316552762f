"""Charts of what runs hold: counts over time with bands, and cumulative curves of durations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import altair as alt

from twin.looks import OverTime, Spread
from twin.results.words import UNIT_WORDS, Lang, number
from twin.viz.report.figures.drawing import DASHES, Drawn, frame, value_axis, variant_color, words
from twin.viz.report.figures.measured import Band, Curve

_HEIGHT_PX = 210
#: Share of the longest durations that is cut off: a few would press all others together.
_SHOWN_SHARE = 0.99


def band_chart(
    nth: int, over: OverTime, bands: Mapping[str, Band], labels: Mapping[str, str], lang: Lang, day: str
) -> Drawn:
    """One count over time: a line per variant, its mean over replications, and the band from least to greatest."""
    ja = lang == "ja"
    places = {variant: at for at, variant in enumerate(labels)}
    lines, areas = [], []
    first_s, last_s = _shown(bands)
    for variant, band in bands.items():
        for at_s, mean, lo, hi in zip(band.time_s, band.mean, band.lo, band.hi, strict=True):
            if not first_s <= at_s <= last_s:
                continue
            row = {"hour": round(at_s / 3600, 4), "variant": variant}
            lines.append({**row, "mean": round(float(mean), 3)})
            areas.append({**row, "lo": round(float(lo), 3), "hi": round(float(hi), 3)})
    several = max(band.runs for band in bands.values()) > 1
    hours = [row["hour"] for row in lines]
    marks = _ticks(min(hours), max(hours))
    x = alt.X(
        "hour:Q",
        scale=alt.Scale(domain=[min(hours), max(hours)], nice=False),
        axis=alt.Axis(
            values=marks, labelExpr="datum.value + '時'" if ja else "datum.value + ':00'", title=None, grid=False
        ),
    )
    unit = UNIT_WORDS.get(over.unit, (over.unit, over.unit))[0 if ja else 1]
    y_title = value_axis(unit)
    colour = _scales(list(bands), places)
    layers: list[Any] = []
    if several:
        layers.append(
            alt.Chart(alt.InlineData(values=areas))
            .mark_area(opacity=0.16)
            .encode(x=x, y=alt.Y("lo:Q", axis=y_title), y2="hi:Q", color=colour)
        )
    layers.append(
        alt.Chart(alt.InlineData(values=lines))
        .mark_line(strokeWidth=2.2)
        .encode(x=x, y=alt.Y("mean:Q", axis=y_title), color=colour, strokeDash=_dashes(list(bands), places))
    )
    runs = max(band.runs for band in bands.values())
    caption = (
        f"線は{runs}回の反復の平均、帯は最小から最大。"
        if ja
        else f"Line: mean of {runs} replications; band: least to greatest."
    )
    if not several:
        caption = "反復1回の値。" if ja else "One replication."
    if day:
        caption += f"日の種類：{day}。" if ja else f" Kind of day: {day}."
    heading = f"{over.ja}の時間変化" if ja else f"{over.en} over time"
    chart = alt.layer(*layers).properties(**frame(_HEIGHT_PX))
    return Drawn(f"over-time-{nth}", heading, caption, chart, _keys(list(bands), places, labels))


def curve_chart(
    nth: int, spread: Spread, curves: Mapping[str, Curve], labels: Mapping[str, str], lang: Lang, day: str
) -> Drawn:
    """One duration: for each number of minutes the share whose duration is at most that, a line per variant."""
    ja = lang == "ja"
    places = {variant: at for at, variant in enumerate(labels)}
    most = max(float(c.minutes[int(_SHOWN_SHARE * (len(c.minutes) - 1))]) for c in curves.values()) or 1.0
    rows = []
    for variant, curve in curves.items():
        for share, minutes in zip(curve.share, curve.minutes, strict=True):
            rows.append(
                {
                    "minutes": round(min(float(minutes), most), 4),
                    "share": round(100 * float(share), 2),
                    "variant": variant,
                }
            )
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line(strokeWidth=2.2)
        .encode(
            x=alt.X(
                "minutes:Q",
                scale=alt.Scale(domain=[0, most], nice=False),
                axis=alt.Axis(title="分" if ja else "min", tickCount=6, grid=False, titleY=30),
            ),
            y=alt.Y("share:Q", scale=alt.Scale(domain=[0, 100]), axis=value_axis("%", [0, 25, 50, 75, 95])),
            order="share:Q",
            color=_scales(list(curves), places),
            strokeDash=_dashes(list(curves), places),
        )
        .properties(**frame(_HEIGHT_PX))
    )
    said = []
    for variant, curve in curves.items():
        half, p95 = (number(float(curve.minutes[at])) for at in (50, 95))
        label = labels[variant]
        said.append(
            f"{label}：中央値{half}分、95 %が{p95}分以内"
            if ja
            else f"{label}: median {half} min, 95 % within {p95} min"
        )
    caption = ("横の時間以内だった割合。" if ja else "Share within the time below. ") + (
        "；".join(said) + "。" if ja else "; ".join(said) + "."
    )
    if day:
        caption += f"日の種類：{day}。" if ja else f" Kind of day: {day}."
    heading = f"{spread.ja}の分布（累積）" if ja else f"{spread.en}: cumulative share"
    return Drawn(f"cumulative-{nth}", heading, caption, chart, _keys(list(curves), places, labels))


def _ticks(first: float, last: float) -> list[int]:
    width = last - first
    every = next(step for step in (1, 2, 3, 4, 6, 12) if width / step <= 9 or step == 12)
    return [hour for hour in range(int(first), int(last) + 1) if hour >= first and hour % every == 0]


def _shown(bands: Mapping[str, Band]) -> tuple[float, float]:
    """From when to when there is anything, and half an hour around."""
    moments = [at for band in bands.values() for at in band.time_s[band.hi > 0].tolist()]
    return min(moments, default=0.0) - 1800.0, max(moments, default=0.0) + 1800.0


def _scales(variants: list[str], places: Mapping[str, int]) -> alt.Color:
    return alt.Color(
        "variant:N", legend=None, scale=alt.Scale(domain=variants, range=[variant_color(places[v]) for v in variants])
    )


def _dashes(variants: list[str], places: Mapping[str, int]) -> alt.StrokeDash:
    dashes = [DASHES[places[v] % len(DASHES)] for v in variants]
    return alt.StrokeDash("variant:N", legend=None, scale=alt.Scale(domain=variants, range=dashes))


def _keys(variants: list[str], places: Mapping[str, int], labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((variant_color(places[v]), words(labels[v])) for v in variants)
