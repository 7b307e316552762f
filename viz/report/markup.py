"""Pieces of the page: headings, tables, chips, and strips that show an interval beside its numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from twin.results.words import Lang
from twin.viz.palette import BLUE, ORANGE, VERDICTS, VERMILLION, ink_on
from twin.viz.report.words import safe, word

_CHIPS = {"holds": BLUE, "reached": BLUE, "found": BLUE, "does not hold": VERMILLION, "not reached": VERMILLION,
          "no setting holds": VERMILLION}  # fmt: skip
_QUIET = "#5B6570"
_STRIP_PX = (240, 34)


def heading(key: str, lang: Lang) -> str:
    """A section's heading."""
    return f"<h2>{safe(word(key, lang))}</h2>"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[int] = (), note: str = "") -> str:
    """A table of cells that are markup already; headings and note are text."""

    def cells(tag: str, row: Sequence[str]) -> str:
        return "".join(f"<{tag}{' class=n' if at in numeric else ''}>{cell}</{tag}>" for at, cell in enumerate(row))

    caption = f"<caption>{safe(note)}</caption>" if note else ""
    head = f"<thead><tr>{cells('th', [safe(h) for h in headings])}</tr></thead>"
    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide" tabindex="0"><table>{caption}{head}<tbody>{body}</tbody></table></div>'


def chip(verdict: str, told: str) -> str:
    """A verdict in its colour; the words say it too."""
    look = VERDICTS.get(verdict)
    color = _CHIPS.get(verdict, look.color if look else _QUIET)
    return chip_of(color, told) if told else ""


def chip_of(color: str, told: str) -> str:
    """A word on a colour."""
    return f'<span class="chip" style="background:{color};color:{ink_on(color)}">{safe(told)}</span>'


def verdict_color(verdict: str) -> str:
    """Colour of a verdict."""
    look = VERDICTS.get(verdict)
    return _CHIPS.get(verdict, look.color if look else _QUIET)


def strip(
    spans: Sequence[tuple[float | None, float | None, str]], mean: float | None, zero: float | None, color: str = BLUE
) -> str:
    """Intervals as bars on one line each, with the mean as a dot on the first; no words, so that it fits any width.

    Parameters
    ----------
    spans
        Low, high and colour of each bar; a bar without an end is not drawn.
    mean
        The mean; None where it is unknown.
    zero
        Where the dashed line stands: no difference, or the bound; None for no line.
    color
        Of the dot.
    """
    known = [v for lo, hi, _ in spans for v in (lo, hi) if v is not None and math.isfinite(v)]
    known += [v for v in (mean, zero) if v is not None and math.isfinite(v)]
    if not known:
        return ""
    x = _placer(known)
    rows = [(lo, hi, c) for lo, hi, c in spans if lo is not None and hi is not None]
    each = _STRIP_PX[1] / max(len(rows), 1)
    parts = [] if zero is None else [_dashed(x(zero))]
    for nth, (lo, hi, bar) in enumerate(rows):
        y = each * (nth + 0.5)
        parts.append(
            f'<path d="M{x(lo):.1f} {y:.1f}H{x(hi):.1f}M{x(lo):.1f} {y - 5:.1f}v10M{x(hi):.1f} {y - 5:.1f}v10" '
            f'stroke="{bar}" stroke-width="3" fill="none"/>'
        )
    if mean is not None and math.isfinite(mean):
        parts.append(f'<circle cx="{x(mean):.1f}" cy="{each / 2:.1f}" r="5.5" fill="{color}" stroke="#fff"/>')
    return _svg(parts)


def dots(values: Sequence[float], every: Sequence[float], color: str) -> str:
    """Every replication as a dot on the scale of all variants, with the mean as a bar."""
    kept = [v for v in values if math.isfinite(v)]
    known = [v for v in every if math.isfinite(v)]
    if not kept:
        return ""
    x, y = _placer(known), _STRIP_PX[1] / 2
    parts = [f'<circle cx="{x(v):.1f}" cy="{y}" r="4" fill="{color}" fill-opacity="0.5"/>' for v in kept]
    parts.append(f'<path d="M{x(sum(kept) / len(kept)):.1f} {y - 11}v22" stroke="#17202A" stroke-width="2.4"/>')
    return _svg(parts)


def _placer(known: Sequence[float]) -> _Place:
    return _Place(min(known), max(known))


class _Place:
    """Where a value stands on a strip."""

    def __init__(self, least: float, most: float) -> None:
        margin = (most - least) * 0.06 or abs(most) * 0.06 or 1.0
        self._least, self._width = least - margin, most - least + 2 * margin

    def __call__(self, value: float) -> float:
        return (value - self._least) / self._width * _STRIP_PX[0]


def _dashed(x: float) -> str:
    return f'<path d="M{x:.1f} 0v{_STRIP_PX[1]}" stroke="#566270" stroke-dasharray="3 3"/>'


def _svg(parts: Sequence[str]) -> str:
    width, height = _STRIP_PX
    return (
        f'<svg class="strip" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" aria-hidden="true">{"".join(parts)}</svg>'
    )


def rows_of_strips(rows: Sequence[tuple[str, str, str]]) -> str:
    """Rows of name, strip and numbers, which stand below one another on a phone; all are markup already."""
    body = "".join(
        f'<div class="row"><div class="name">{name}</div><div>{picture}</div><div class="told">{told}</div></div>'
        for name, picture, told in rows
    )
    return f'<div class="rows">{body}</div>'


def both_ranges(luck: str, assumed: str, lang: Lang) -> str:
    """The two ranges in numbers, each with the mark of its bar."""
    parts = [(BLUE, word("luck", lang), luck), (ORANGE, word("assumed", lang), assumed)]
    return "<br>".join(
        f'<span class="mark" style="background:{color}"></span>{safe(name)} {safe(told)}'
        for color, name, told in parts
        if told
    )


def spans_of(
    luck: Mapping[str, float | None], assumed: Mapping[str, float | None] | None
) -> list[tuple[float | None, float | None, str]]:
    """Bars of both ranges."""
    out: list[tuple[float | None, float | None, str]] = [(luck["lo"], luck["hi"], BLUE)]
    if assumed:
        out.append((assumed["lo"], assumed["hi"], ORANGE))
    return out
