"""From a chart to SVG and PNG, the same bytes whatever fonts the machine has.

The typesetter of charts measures words with the fonts it finds. So that a page can be checked elsewhere, nothing is
laid out by what it measures: margins are stated, names are marks of their own, and axes have a stated extent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from twin.errors import RunError, printable
from twin.viz.charts import FONT

if TYPE_CHECKING:
    import altair

#: Width of a chart and its margins in pixels: two stand side by side on a screen, one fills a phone.
WIDTH_PX, LEFT_PX, RIGHT_PX, TOP_PX, BOTTOM_PX = 480, 56, 18, 26, 44
INK, SOFT, LINE = "#17202A", "#4A5663", "#DDE3E8"
#: Lines by variant: colours that stay apart for every common kind of colour vision, and dashes that repeat them.
COLORS = ("#5B6570", "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
DASHES: tuple[list[int], ...] = ([1, 0], [1, 0], [7, 3], [2, 3], [9, 3, 2, 3], [4, 4])
_EXTRA = "report"
_TOOLS = ("altair", "vl-convert-python")
_ID = re.compile(r'(id="|url\(#|href="#)([\w-]+)')
_ROLE = re.compile(r' (?:role="graphics-[\w-]+"|aria-roledescription="[^"]*")')


@dataclass(frozen=True)
class Drawn:
    """One chart of a study in one language.

    Attributes
    ----------
    name
        File name without ending.
    heading, caption
        What it shows, and how to read it; text, not markup.
    chart
        The chart.
    keys
        Colour, dash and words of each line, for the key beside the chart.
    wide
        Whether it takes the whole width of the page.
    """

    name: str
    heading: str
    caption: str
    chart: altair.Chart | altair.LayerChart | altair.FacetChart
    keys: tuple[tuple[str, str], ...] = field(default=())
    wide: bool = False


def tools() -> str | None:
    """The libraries that draw, with their versions; None where they are not installed."""
    try:
        return ", ".join(f"{name} {version(name)}" for name in _TOOLS)
    except PackageNotFoundError:
        return None


def need_tools(what: str) -> None:
    """Refuse where the libraries that draw are missing.

    Raises
    ------
    RunError
        If they are.
    """
    if tools() is None:
        raise RunError(
            f"{what} needs Vega-Altair and vl-convert, which are not installed",
            where="twin report",
            mend=f'pip install "osaka-twin[{_EXTRA}]"',
        )


def frame(height_px: float, *, left_px: float = LEFT_PX, width_px: float = WIDTH_PX) -> dict[str, Any]:
    """Size and margins of a chart, as properties."""
    return {
        "width": width_px - left_px - RIGHT_PX,
        "height": height_px,
        "autosize": "none",
        "padding": {"left": left_px, "right": RIGHT_PX, "top": TOP_PX, "bottom": BOTTOM_PX},
    }


def words(text: str) -> str:
    """Words of strangers for a chart: no marks that reorder or hide what is read."""
    return printable(text)


def variant_color(nth: int) -> str:
    """Colour of a variant by its place; the first, which is mostly today, is grey."""
    return COLORS[nth % len(COLORS)]


def svg_of(drawn: Drawn, *, titled: bool = False, prefix: str = "") -> str:
    """The chart as one ``<svg>`` element.

    Parameters
    ----------
    drawn
        The chart.
    titled
        Whether heading and key stand inside it, as a file of its own needs.
    prefix
        Goes before its ids, where several charts of one name stand in one page.
    """
    import vl_convert

    svg = str(vl_convert.vegalite_to_svg(_specification(drawn, titled)))
    # One picture with its heading for a screen reader: the marks' own roles have no words.
    svg = _ROLE.sub("", svg).replace(
        "<svg ", f'<svg role="img" aria-label="{escape(words(drawn.heading), quote=True)}" ', 1
    )
    return _named_apart(svg, f"{prefix}{drawn.name}")


def png_of(drawn: Drawn, *, scale: float = 2.0) -> bytes:
    """The chart as a PNG with its heading and key."""
    import vl_convert

    return bytes(vl_convert.svg_to_png(svg_of(drawn, titled=True), scale=scale))


def _specification(drawn: Drawn, titled: bool) -> dict[str, Any]:
    chart = drawn.chart.configure(font=FONT, aria=False, background="#FFFFFF")
    chart = chart.configure_view(stroke=None)
    axis = {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "titleFontWeight": "normal",
        "labelFontSize": 12,
        "titleFontSize": 12,
    }
    chart = chart.configure_axis(
        domainColor=SOFT, gridColor=LINE, tickColor=SOFT, labelOverlap=False, minExtent=24, maxExtent=24, **axis
    )
    found: dict[str, Any] = chart.to_dict()
    if titled:
        margin = found["padding"]
        lines = [words(drawn.heading)] + [f"{'■'} {words(text)}" for _, text in drawn.keys]
        found["padding"] = {**margin, "top": margin["top"] + 30 + 17 * len(drawn.keys)}
        found["layer"] = [*found.get("layer", [])] if "layer" in found else [_alone(found)]
        for nth, line in enumerate(lines):
            color = INK if nth == 0 else drawn.keys[nth - 1][0]
            found["layer"].append(_line_above(line, nth, len(lines), color, margin))
    return found


def _alone(found: dict[str, Any]) -> dict[str, Any]:
    """The parts of a chart that go into a layer, taken out of it."""
    return {key: found.pop(key) for key in ("mark", "encoding", "transform", "params") if key in found}


def _line_above(text: str, nth: int, count: int, color: str, margin: Mapping[str, float]) -> dict[str, Any]:
    mark = {
        "type": "text",
        "align": "left",
        "baseline": "top",
        "fontSize": 15 if nth == 0 else 12,
        "fontWeight": 600 if nth == 0 else 400,
        "color": color,
        "x": -margin["left"] + 8,
        "y": -margin["top"] - 30 - 17 * (count - 1) + (10 if nth == 0 else 16 + 17 * nth),
    }
    return {
        "data": {"values": [{"words": text}]},
        "mark": mark,
        "encoding": {"text": {"field": "words", "type": "nominal"}},
    }


def _named_apart(svg: str, name: str) -> str:
    """Ids that are the chart's own and numbered as they come: the library counts through its whole life."""
    seen: dict[str, str] = {}

    def own(found: re.Match[str]) -> str:
        return found[1] + seen.setdefault(found[2], f"{name}-{len(seen)}")

    return _ID.sub(own, svg)


def value_axis(unit: str, values: list[float] | None = None) -> altair.Axis:
    """Axis of values that rise, with its unit above it."""
    import altair as alt

    place: dict[str, Any] = {
        "titleAngle": 0,
        "titleAlign": "right",
        "titleBaseline": "bottom",
        "titleX": -8,
        "titleY": -8,
    }
    more: dict[str, Any] = {"tickCount": 5} if values is None else {"values": values}
    return alt.Axis(title=words(unit) or None, format=",.3~f", **place, **more)
