"""Charts of differences: every pair of replications, and what every assumption alone would change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from twin.results.words import UNIT_WORDS, Lang
from twin.viz.palette import VERDICTS
from twin.viz.report.figures.drawing import INK, SOFT, Drawn, frame, words

_ROW_PX = 50
#: Room left of the plot: names stand above their rows.
_LEFT_PX = 18


def pairs_chart(
    kpi: str,
    unit: str,
    rows: Sequence[Mapping[str, Any]],
    pairs: Sequence[Sequence[float]],
    names: Sequence[str],
    lang: Lang,
) -> Drawn | None:
    """Differences of one figure: a dot per pair of replications, mean and 95 % interval, a line per comparison.

    Parameters
    ----------
    kpi, unit
        Words and unit of the figure.
    rows
        Rows of differences: mean, lo, hi, verdict.
    pairs
        Of each row, the difference in every replication; nan where undefined.
    names
        Words of each row.
    lang
        Language.
    """
    factor = 100.0 if unit == "share" else 1.0
    dots, spans, texts = [], [], []
    for nth, (row, own, name) in enumerate(zip(rows, pairs, names, strict=True)):
        known = [factor * v for v in own if math.isfinite(v)]
        for at, value in enumerate(known):
            # Dots side by side by their place, so that equal ones are seen as many.
            dots.append({"x": round(value, 6), "y": nth + 0.62 + 0.03 * (at % 9 - 4)})
        look = VERDICTS.get(str(row["verdict"]), VERDICTS[""])
        if _finite(row["lo"]) and _finite(row["hi"]):
            spans.append(
                {
                    "lo": factor * row["lo"],
                    "hi": factor * row["hi"],
                    "mean": factor * row["mean"],
                    "y": nth + 0.62,
                    "color": look.color,
                }
            )
        texts.append({"y": nth + 0.2, "words": words(name)})
    if not dots:
        return None
    plane = _Plane([d["x"] for d in dots] + [s[k] for s in spans for k in ("lo", "hi")], len(rows), unit, lang)
    base, color = alt.Chart(alt.InlineData(values=spans)), alt.Color("color:N", scale=None)
    layers = [
        plane.zero(),
        alt.Chart(alt.InlineData(values=dots))
        .mark_circle(size=26, opacity=0.4, color=SOFT)
        .encode(x=plane.x("x"), y=plane.y),
        base.mark_rule(strokeWidth=3.2).encode(x=plane.x("lo"), x2="hi:Q", y=plane.y, color=color),
        base.mark_point(size=70, filled=True, opacity=1, stroke="#FFFFFF").encode(
            x=plane.x("mean"), y=plane.y, color=color
        ),
        plane.names(texts),
    ]
    ja = lang == "ja"
    caption = (
        "点は反復ごとの差（同じ乱数どうし）、線は平均の95 %区間、丸は平均。破線は差なし。"
        if ja
        else ("Dots: each pair with the same luck; line: 95 % interval of the mean; dashed: no difference.")
    )
    heading = f"{kpi}：対の差" if ja else f"{kpi}: paired differences"
    chart = alt.layer(*layers).properties(**frame(_ROW_PX * len(rows), left_px=_LEFT_PX))
    return Drawn("paired-differences", heading, caption, chart)


def tornado_chart(kpi: str, unit: str, bars: Sequence[Mapping[str, Any]], lang: Lang) -> Drawn | None:
    """What each assumption alone does to a figure, from one end of its range to the other, the widest first.

    Parameters
    ----------
    kpi, unit
        Words and unit of the figure.
    bars
        ``name`` (words with both ends), ``at_low`` and ``at_high``: change of the figure at either end.
    lang
        Language.
    """
    factor = 100.0 if unit == "share" else 1.0
    wide = sorted(bars, key=lambda bar: -abs(bar["at_high"] - bar["at_low"]))[:8]
    wide = [bar for bar in wide if bar["at_high"] != 0.0 or bar["at_low"] != 0.0]
    if not wide:
        return None
    values, texts = [], []
    for nth, bar in enumerate(wide):
        for end, color in (("at_low", "#E69F00"), ("at_high", "#0072B2")):
            values.append({"from": 0.0, "to": factor * bar[end], "y": nth + 0.48, "y2": nth + 0.8, "color": color})
        texts.append({"y": nth + 0.2, "words": words(bar["name"])})
    plane = _Plane([v["to"] for v in values], len(wide), unit, lang)
    layers = [
        alt.Chart(alt.InlineData(values=values))
        .mark_rect(opacity=0.9)
        .encode(x=plane.x("from"), x2="to:Q", y=plane.y, y2="y2:Q", color=alt.Color("color:N", scale=None)),
        plane.zero(),
        plane.names(texts),
    ]
    ja = lang == "ja"
    caption = (
        "前提を一つずつ範囲の端へ動かしたときの変化。"
        if ja
        else "Change when one assumption alone moves to an end of its range."
    )
    keys = (("#E69F00", "範囲の下端" if ja else "lower end"), ("#0072B2", "範囲の上端" if ja else "upper end"))
    heading = f"{kpi}：どの前提が効くか" if ja else f"{kpi}: which assumptions matter"
    chart = alt.layer(*layers).properties(**frame(_ROW_PX * len(wide), left_px=_LEFT_PX))
    return Drawn("tornado", heading, caption, chart, keys)


class _Plane:
    """Differences across, rows down; every layer shares its axes."""

    def __init__(self, values: Sequence[float], count: int, unit: str, lang: Lang) -> None:
        least, most = min([*values, 0.0]), max([*values, 0.0])
        margin = (most - least) * 0.04 or 1.0
        told = UNIT_WORDS.get(unit, (unit, unit))[0 if lang == "ja" else 1]
        self._count = count
        self._scale = alt.Scale(domain=[least - margin, most + margin], nice=False, zero=False)
        self._axis = alt.Axis(title=f"差（{told}）" if lang == "ja" else f"difference ({told})", tickCount=6, titleY=32)
        bare = alt.Axis(title=None, labels=False, ticks=False, domain=False, grid=False)
        self.y = alt.Y("y:Q", scale=alt.Scale(domain=[0, count], reverse=True, nice=False), axis=bare)

    def x(self, field: str) -> alt.X:
        """A field across."""
        return alt.X(f"{field}:Q", scale=self._scale, axis=self._axis)

    def zero(self) -> alt.Chart:
        """The line of no difference."""
        ends = alt.InlineData(values=[{"x": 0.0, "y": 0.0, "y2": float(self._count)}])
        return alt.Chart(ends).mark_rule(strokeDash=[4, 3], color=SOFT).encode(x=self.x("x"), y=self.y, y2="y2:Q")

    def names(self, texts: Sequence[Mapping[str, Any]]) -> alt.Chart:
        """Names above their rows, from the left edge."""
        chart = alt.Chart(alt.InlineData(values=list(texts))).mark_text(align="left", fontSize=12.5, color=INK)
        return chart.encode(x=alt.value(0), y=self.y, text=alt.Text("words:N"))


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)
