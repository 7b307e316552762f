"""The guesses of a variant that can be moved one at a time: values with a range, and defaults that are guesses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from pydantic.fields import FieldInfo

from twin.errors import ScenarioError
from twin.params import Params, field_facts, scenario_key
from twin.scenario.assumptions import field_text
from twin.scenario.schema import Scenario
from twin.scenario.variants import params_with_changes

#: A guess without a range is moved by this share either way; whole numbers by at least 1.
MOVED_BY = 0.25
_GUESSED = ("G", "M")


@dataclass(frozen=True)
class Guess:
    """One number that is not known, and the parameters of the variant at either end of it.

    Attributes
    ----------
    key
        Dotted key as in a scenario file.
    value_text, low_text, high_text
        The value and its ends as people read them; an end that the parameter may not take is the value itself.
    grade, source
        What is known of it.
    basis
        ``range`` where the writer gave one, ``quarter`` where a default is moved by a quarter.
    low, high
        Parameters by model; None where the end is the value itself.
    """

    key: str
    value_text: str
    low_text: str
    high_text: str
    grade: str
    source: str
    basis: Literal["range", "quarter"]
    low: dict[str, Params] | None
    high: dict[str, Params] | None


def guesses_of(scenario: Scenario, variant: str, *, prefix: str = "", stated_only: bool = False) -> list[Guess]:
    """Guesses of a variant: values with a range first, then defaults graded G or M, each in the order of the file.

    Parameters
    ----------
    scenario
        A checked scenario.
    variant
        One of its variants.
    prefix
        Only keys that begin so, for example ``terminal.conpas``.
    stated_only
        Only values for which the file gives a range.

    Raises
    ------
    ScenarioError
        If the scenario has no such variant.
    """
    if variant not in scenario.variants:
        raise ScenarioError(f"there is no variant {variant!r}", where=scenario.file or scenario.name,
                            mend=f"variants here: {', '.join(scenario.variants)}")
    resolved = scenario.variants[variant].resolved
    out = []
    for stated in scenario.assumptions:
        if stated.low is None or variant not in stated.variants or not stated.key.startswith(prefix):
            continue
        if stated.key.split(".", 1)[0] in resolved:
            ends = stated.low_text, stated.high_text
            out.append(_guess(resolved, stated.key, stated.value_text, ends, stated.grade, stated.source, "range"))
    if stated_only:
        return out
    for name, params in scenario.variants[variant].models.items():
        for key, value, info in _guessed_numbers(params, name):
            if key.startswith(prefix) and name in resolved:
                facts = field_facts(info)
                ends = field_text(_moved(value, -1), info), field_text(_moved(value, 1), info)
                text = field_text(value, info)
                out.append(_guess(resolved, key, text, ends, facts["grade"], facts["source"], "quarter"))
    return out


def _guess(
    resolved: dict[str, Any], key: str, text: str, ends: tuple[str, str], grade: str, source: str,
    basis: Literal["range", "quarter"],
) -> Guess:
    low, high = (_params_at(resolved, key, end) if end != text else None for end in ends)
    low_text, high_text = (end if params else text for end, params in zip(ends, (low, high), strict=True))
    return Guess(key, text, low_text, high_text, grade, source, basis, low, high)


def _params_at(resolved: dict[str, Any], key: str, text: str) -> dict[str, Params] | None:
    """Parameters with one value changed; None if the parameter may not take it."""
    value: Any = text
    with suppress(ValueError):
        value = float(text) if "." in text else int(text)
    try:
        return params_with_changes(resolved, {key: value})
    except ScenarioError:
        return None


def _moved(value: float, direction: int) -> float:
    if isinstance(value, int):
        return value + direction * max(round(value * MOVED_BY), 1)
    return value * (1 + direction * MOVED_BY)


def _guessed_numbers(params: Params, key: str) -> Iterator[tuple[str, float, FieldInfo]]:
    """Defaults in use that are guessed numbers, nested groups included.

    Members of a mapping that is itself a default are left out: a file can only exchange it as a whole.
    """
    for name, info in type(params).model_fields.items():
        value = getattr(params, name)
        child = f"{key}.{info.alias or scenario_key(name)}"
        was_set = name in params.model_fields_set
        if isinstance(value, Params):
            yield from _guessed_numbers(value, child)
        elif isinstance(value, dict) and was_set:
            for member, group in value.items():
                if isinstance(group, Params):
                    yield from _guessed_numbers(group, f"{child}.{member}")
        elif not was_set and _is_number(value) and value and field_facts(info).get("grade") in _GUESSED:
            yield child, value, info


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
