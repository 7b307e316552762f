"""Settings to vary, of the file or of the command line (``--vary "KEY=4..20 step 2"``), and the axes they come to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from twin.errors import ScenarioError
from twin.results.searched import Axis
from twin.scenario.language.questions import Amount
from twin.scenario.language.schema_vary import SpanSpec, VarySpec
from twin.scenario.language.variants import params_with_changes

__all__ = ["SpanSpec", "VarySpec", "axes_of", "parsed"]

_SPAN = re.compile(r"\s*(.+?)\s*\.\.\s*(.+?)(?:\s+step\s+(.+?))?\s*")
_MOST_VALUES = 1000


def parsed(texts: list[str]) -> dict[str, tuple[Amount, ...] | SpanSpec]:
    """Settings of the command line.

    Raises
    ------
    ScenarioError
        For the first one that is none.
    """
    out: dict[str, tuple[Amount, ...] | SpanSpec] = {}
    for text in texts:
        key, equals, right = text.partition("=")
        span = _SPAN.fullmatch(right)
        mend = 'write --vary "terminal.lanes.A.count=4..12 step 2", or --vary "KEY=[4, 6, 8]"'
        if not equals or not key.strip():
            raise ScenarioError(f"--vary {text!r} sets no key", mend=mend)
        if right.strip().startswith("["):
            out[key.strip()] = tuple(_plain(part) for part in right.strip().strip("[]").split(",") if part.strip())
        elif span:
            try:
                out[key.strip()] = SpanSpec.model_validate(
                    {"from": _plain(span[1]), "to": _plain(span[2]), "step": _plain(span[3]) if span[3] else None}
                )
            except ValidationError as fault:
                raise ScenarioError(f"--vary {text!r}: {fault.errors()[0]['msg']}", mend=mend) from fault
        else:
            raise ScenarioError(f"--vary {text!r} is neither a span nor a list", mend=mend)
    return out


def _plain(text: str) -> Amount:
    text = text.strip()
    try:
        return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else float(text)
    except ValueError:
        return text


def axes_of(keys: Mapping[str, tuple[Amount, ...] | SpanSpec], resolved: Mapping[str, Any]) -> list[Axis]:
    """Axes of a search, each setting tried on the variant that is set.

    Parameters
    ----------
    keys
        Key -> listed settings or a span.
    resolved
        The variant that is set, as one file would say it.

    Raises
    ------
    ScenarioError
        For the first setting that the variant cannot take.
    """
    return [_axis(key, spec, resolved) for key, spec in keys.items()]


def _axis(key: str, spec: tuple[Amount, ...] | SpanSpec, resolved: Mapping[str, Any]) -> Axis:
    if not isinstance(spec, SpanSpec):
        _try(key, spec, resolved)
        return Axis(key=key, values=list(spec))
    parts = [_number_and_unit(x) for x in (spec.start, spec.end, spec.step if spec.step is not None else spec.start)]
    if any(part is None for part in parts):
        raise ScenarioError(
            f"{key}: from, to and step must be numbers with one unit", mend="write {from: 4, to: 20, step: 1}"
        )
    (start, unit), (end, end_unit), (step, step_unit) = (part for part in parts if part is not None)
    if len({unit, end_unit, step_unit}) > 1:
        raise ScenarioError(f"{key}: from, to and step have different units", mend=f"write all in {unit or 'no unit'}")
    if end <= start or (spec.step is not None and step <= 0):
        raise ScenarioError(
            f"{key}: the span is empty", mend="from is the smallest setting, to the largest, step above 0"
        )
    if spec.step is not None:
        count = int((end - start) / step) + 1
        if count > _MOST_VALUES:
            raise ScenarioError(f"{key} has {count} settings, at most {_MOST_VALUES} will do", mend="use a longer step")
        values = [_written(start + i * step, unit) for i in range(count)]
        _try(key, values, resolved)
        return Axis(key=key, unit=unit, values=values)
    _try(key, [_written(start, unit), _written(end, unit)], resolved)
    axis = Axis(key=key, unit=unit, low=float(start), high=float(end))
    try:
        params_with_changes(dict(resolved), {key: axis.written(float(start + (end - start) * Fraction(37, 100)))})
    except ScenarioError:
        return axis.model_copy(update={"whole": True})
    return axis


def _try(key: str, values: Iterator[Amount] | list[Amount] | tuple[Amount, ...], resolved: Mapping[str, Any]) -> None:
    for value in values:
        try:
            params_with_changes(dict(resolved), {key: value})
        except ScenarioError as fault:
            first = fault.problems[0] if fault.problems else fault
            raise ScenarioError(
                f"{key} cannot be {value}: {first.what}", mend=first.mend or "narrow the span"
            ) from fault


def _number_and_unit(value: Amount) -> tuple[Fraction, str] | None:
    number, _, unit = str(value).strip().partition(" ")
    try:
        return Fraction(number), unit.strip()
    except (ValueError, ZeroDivisionError):
        return None


def _written(number: Fraction, unit: str) -> Amount:
    plain: int | float = int(number) if number.denominator == 1 else float(number)
    return f"{plain} {unit}" if unit else plain
