"""A small map: on which streets more or fewer pass than in the variant compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import shapely
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.looks import LinkFlow
from twin.results.words import UNIT_WORDS, Lang, number
from twin.viz.report.figures.drawing import TOP_PX, WIDTH_PX, Drawn
from twin.viz.report.figures.measured import Passed

_MARGIN_PX, _MOST_HEIGHT_PX, _LEAST_HEIGHT_PX = 10, 520, 180
#: Links that are coloured: those whose flow changes most.
_MOST_COLOURED = 300
#: Share of the greatest change below which a link is left grey.
_SMALLEST_SHARE = 0.02
_MORE, _FEWER, _STREET = "#0072B2", "#E69F00", "#CBD2D9"


def map_chart(nth: int, flow: LinkFlow, first: Passed, second: Passed, pair: str, lang: Lang) -> Drawn | None:
    """Change of flow between two variants on the city's links.

    Parameters
    ----------
    nth
        Number of the map, for the file's name.
    flow
        What passes.
    first, second
        What passed in each variant, on one plane.
    pair
        Words of the comparison.
    lang
        Language.
    """
    ja = lang == "ja"
    # Edits may have made links or taken them away: lines are found again by where they lie.
    shapes = [*first.shapes, *second.shapes]
    count = len(shapes)
    change = np.concatenate([-_padded(first.counts, len(first.shapes)), _padded(second.counts, len(second.shapes))])
    # Both directions of a street lie on one line: what is told is the sum of both.
    owner = _one_line(shapes)
    total = np.bincount(owner, change, minlength=count)
    largest = float(np.abs(total).max(initial=0.0))
    if largest <= 0:
        return None
    shown = np.argsort(-np.abs(total), kind="stable")[:_MOST_COLOURED]
    shown = shown[np.abs(total[shown]) >= _SMALLEST_SHARE * largest]
    corners = np.concatenate([shapes[i] for i in shown])
    low, high = _window(corners)
    scale = (WIDTH_PX - 2 * _MARGIN_PX) / (high[0] - low[0])
    if (high[1] - low[1]) * scale > _MOST_HEIGHT_PX:
        scale = _MOST_HEIGHT_PX / (high[1] - low[1])
    height = max(_LEAST_HEIGHT_PX, (high[1] - low[1]) * scale)
    width = WIDTH_PX - 2 * _MARGIN_PX
    middle = (low + high) / 2

    def pixels(shape: Floats) -> list[list[float]]:
        placed = (shape - middle) * np.array([scale, -scale]) + np.array([width / 2, height / 2])
        return np.round(
            np.asarray(shapely.get_coordinates(shapely.simplify(shapely.linestrings(placed), 0.3))), 1
        ).tolist()

    every = _inside(shapes, np.unique(owner), middle, width / scale / 2, height / scale / 2)
    features: list[dict[str, Any]] = [_feature([pixels(shapes[i]) for i in every], _STREET, 0.9)]
    for level, width_px in ((0.5, 5.5), (0.2, 3.6), (0.0, 2.2)):
        for color, sign in ((_MORE, 1), (_FEWER, -1)):
            share = sign * total[shown] / largest
            upper = {0.5: 2.0, 0.2: 0.5, 0.0: 0.2}[level]
            chosen = shown[(share > level) & (share <= upper)]
            if len(chosen):
                features.append(_feature([pixels(shapes[i]) for i in chosen], color, width_px))
    chart = (
        alt.Chart(alt.InlineData(values=features))
        .mark_geoshape(filled=False, strokeCap="round", strokeJoin="round", clip=True)
        .encode(
            stroke=alt.Stroke("properties.color:N", scale=None),
            strokeWidth=alt.StrokeWidth("properties.width:Q", scale=None, legend=None),
        )
        .project(type="identity", scale=1, translate=[0, 0])
        .properties(
            width=width,
            height=height,
            autosize="none",
            padding={"left": _MARGIN_PX, "right": _MARGIN_PX, "top": TOP_PX, "bottom": _MARGIN_PX},
        )
    )
    unit = UNIT_WORDS.get(flow.unit, (flow.unit, flow.unit))[0 if ja else 1]
    told = f"{number(largest)}{unit}" if ja else f"{number(largest)} {unit}"
    caption = (
        f"1日の通行量の差（{pair}、両方向計）。太いほど差が大きい（最大{told}）。灰色は差の小さい道。"
        if ja
        else (f"Difference in a day's flow ({pair}, both directions). Thicker: larger, up to {told}.")
    )
    keys = (
        (_MORE, "増える" if ja else "more"),
        (_FEWER, "減る" if ja else "fewer"),
        ("#9AA3AD", "差が小さい" if ja else "little change"),
    )
    heading = f"どこで変わるか：{flow.ja}" if ja else f"Where it changes: {flow.en}"
    return Drawn(f"map-{nth}", heading, caption, chart, keys)


def _padded(values: Floats, count: int) -> Floats:
    out = np.zeros(count)
    kept = min(len(values), count)
    out[:kept] = values[:kept]
    return out


def _one_line(shapes: Sequence[Floats]) -> NDArray[np.int64]:
    """Of each link, the first one that has the same ends and length, in either direction."""
    seen: dict[tuple[Any, ...], int] = {}
    out = np.empty(len(shapes), np.int64)
    for nth, shape in enumerate(shapes):
        ends = sorted((tuple(np.round(shape[0], 1).tolist()), tuple(np.round(shape[-1], 1).tolist())))
        length = round(float(np.hypot(*np.diff(shape, axis=0).T).sum()), 0)
        out[nth] = seen.setdefault((*ends, length), nth)
    return out


def _window(corners: Floats) -> tuple[Floats, Floats]:
    """Where the changes are, with room around; outliers far from the rest do not press it together."""
    low, high = np.quantile(corners, 0.02, axis=0), np.quantile(corners, 0.98, axis=0)
    room = np.maximum((high - low) * 0.08, 60.0)
    return low - room, high + room


def _inside(
    shapes: Sequence[Floats], rows: NDArray[np.int64], middle: Floats, half_x: float, half_y: float
) -> list[int]:
    out = []
    for nth in rows.tolist():
        away = np.abs(shapes[nth] - middle)
        if ((away[:, 0] <= half_x) & (away[:, 1] <= half_y)).any():
            out.append(nth)
    return out


def _feature(lines: list[list[list[float]]], color: str, width: float) -> dict[str, Any]:
    geometry = {"type": "MultiLineString", "coordinates": lines}
    return {"type": "Feature", "geometry": geometry, "properties": {"color": color, "width": width}}
