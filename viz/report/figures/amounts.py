"""Chart of money: what a variant saves and costs in a year, item by item, down to the sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from twin.results.words import Lang
from twin.viz.report.figures.drawing import INK, SOFT, Drawn, frame, words

_ROW_PX = 40
_GAIN, _LOSS, _SUM = "#0072B2", "#D55E00", "#5B6570"


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: words and an amount in yen; of a sum, the sum itself."""

    name: str
    yen: float
    is_sum: bool = False


def waterfall_chart(nth: int, title: str, steps: Sequence[Step], lang: Lang) -> Drawn | None:
    """Amounts one after another, each from where the last ended; sums stand from zero.

    Parameters
    ----------
    nth
        Number of the comparison, for the file's name.
    title
        Words of the comparison.
    steps
        Items and sums in order.
    lang
        Language.
    """
    ja = lang == "ja"
    largest = max((abs(step.yen) for step in steps), default=0.0)
    if not largest:
        return None
    scale, unit = _scale(largest, ja)
    at = 0.0
    rows: list[dict[str, Any]] = []
    texts: list[dict[str, Any]] = []
    for row, step in enumerate(steps):
        start = 0.0 if step.is_sum else at
        at = step.yen if step.is_sum else at + step.yen
        color = _SUM if step.is_sum else _GAIN if step.yen >= 0 else _LOSS
        rows.append({"from": start / scale, "to": at / scale, "y": row + 0.46, "y2": row + 0.82, "color": color})
        sign = "" if step.is_sum else "+" if step.yen > 0 else ""
        told = f"{sign}{step.yen / scale:,.4g}".replace("-", "−")
        texts.append({"y": row + 0.22, "words": words(f"{step.name}：{told}" if ja else f"{step.name}: {told}")})
    ends = [
        min(0.0, *(r[k] for r in rows for k in ("from", "to"))),
        max(0.0, *(r[k] for r in rows for k in ("from", "to"))),
    ]
    margin = (ends[1] - ends[0]) * 0.04 or 1.0
    across = alt.Scale(domain=[ends[0] - margin, ends[1] + margin], nice=False, zero=False)
    axis = alt.Axis(title=unit, tickCount=6, titleY=32, format=",.3~f")
    bare = alt.Axis(title=None, labels=False, ticks=False, domain=False, grid=False)
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, len(steps)], reverse=True, nice=False), axis=bare)
    zero = alt.InlineData(values=[{"from": 0.0, "y": 0.0, "y2": float(len(steps))}])
    hue = alt.Color("color:N", scale=None)
    layers = [
        alt.Chart(alt.InlineData(values=rows)).mark_rect().encode(
            x=alt.X("from:Q", scale=across, axis=axis), x2="to:Q", y=y, y2="y2:Q", color=hue
        ),
        alt.Chart(zero).mark_rule(color=SOFT).encode(x=alt.X("from:Q", scale=across, axis=axis), y=y, y2="y2:Q"),
        alt.Chart(alt.InlineData(values=texts))
        .mark_text(align="left", fontSize=12.5, color=INK)
        .encode(x=alt.value(0), y=y, text="words:N"),
    ]  # fmt: skip
    keys = (
        (_GAIN, "便益" if ja else "benefit"),
        (_LOSS, "不便益・費用" if ja else "loss or cost"),
        (_SUM, "計" if ja else "sum"),
    )
    caption = (
        "年額の平均。貨幣換算していない項目は含まない。"
        if ja
        else "Mean amounts a year; what is not priced is not in it."
    )
    chart = alt.layer(*layers).properties(**frame(_ROW_PX * len(steps), left_px=18))
    return Drawn(
        f"money-{nth}", f"費用と便益の内訳：{title}" if ja else f"Costs and benefits: {title}", caption, chart, keys
    )


def _scale(largest: float, ja: bool) -> tuple[float, str]:
    """Unit in which amounts are told."""
    if ja:
        return (1e8, "億円/年") if largest >= 1e8 else (1e4, "万円/年") if largest >= 1e4 else (1.0, "円/年")
    return (1e6, "million yen a year") if largest >= 1e6 else (1e3, "thousand yen a year")
