"""The guesses of a variant that can be moved one at a time: values with a range, and defaults that are guesses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from pydantic.fields import FieldInfo

from twin.errors import ScenarioError
from twin.params import Params, field_facts, field_range, scenario_key
from twin.scenario.language.schema import Scenario
from twin.scenario.language.variants import params_with_changes
from twin.scenario.plan.assumptions import field_text

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
        ``range`` where the writer of the file or the author of the default gave one, ``quarter`` where a default is
        moved by a quarter.
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
    """Guesses of a variant: values with a range first, then defaults that have a range or are graded G or M.

    Each in the order of the file.

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
        raise ScenarioError(
            f"there is no variant {variant!r}",
            where=scenario.file or scenario.name,
            mend=f"variants here: {', '.join(scenario.variants)}",
        )
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
        for found in _guessed_numbers(params, name):
            if found.key.startswith(prefix) and name in resolved:
                info = found.info
                known = found.known
                low, high = known or (_moved(found.value, -1), _moved(found.value, 1))
                ends = field_text(low, info), field_text(high, info)
                text = field_text(found.value, info)
                grade, source = found.facts["grade"], found.facts["source"]
                basis: Literal["range", "quarter"] = "range" if known else "quarter"
                out.append(_guess(resolved, found.key, text, ends, grade, source, basis, found.restated))
    return out


def _guess(
    resolved: dict[str, Any],
    key: str,
    text: str,
    ends: tuple[str, str],
    grade: str,
    source: str,
    basis: Literal["range", "quarter"],
    restated: Mapping[str, Any] | None = None,
) -> Guess:
    also = dict(restated or {})
    low, high = (_params_at(resolved, also | {key: _value(end)}) if end != text else None for end in ends)
    low_text, high_text = (end if params else text for end, params in zip(ends, (low, high), strict=True))
    return Guess(key, text, low_text, high_text, grade, source, basis, low, high)


def _value(text: str) -> Any:
    """A value as a file holds it: a bare number is one, everything else is text."""
    with suppress(ValueError):
        return float(text) if "." in text else int(text)
    return text


def _params_at(resolved: dict[str, Any], changes: dict[str, Any]) -> dict[str, Params] | None:
    """Parameters with some values changed; None if a parameter may not take its value."""
    try:
        return params_with_changes(resolved, changes)
    except ScenarioError:
        return None


def _moved(value: float, direction: int) -> float:
    if isinstance(value, int):
        return value + direction * max(round(value * MOVED_BY), 1)
    return value * (1 + direction * MOVED_BY)


@dataclass(frozen=True)
class _Found:
    """A guessed number in use.

    ``restated`` are the changes that write the default mapping it belongs to into a file, which holds a mapping as a
    whole or not at all. ``known`` is the range its author declared.
    """

    key: str
    value: float
    info: FieldInfo
    facts: Mapping[str, str]
    restated: Mapping[str, Any]
    known: tuple[float, float] | None = None


def _guessed_numbers(params: Params, key: str) -> Iterator[_Found]:
    """Defaults in use that are guessed numbers, nested groups and members of default mappings included."""
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
        elif isinstance(value, dict):
            yield from _in_default_mapping(value, child, info)
        elif not was_set and (_is_guessed(value, field_facts(info)) or (_is_number(value) and field_range(info))):
            yield _Found(child, value, info, field_facts(info), {}, field_range(info))


def _in_default_mapping(members: dict[str, Any], key: str, mapping: FieldInfo) -> Iterator[_Found]:
    """Guessed numbers of the groups in a mapping that is a default; what the mapping sets has the mapping's grade."""
    groups = {f"{key}.{member}": group for member, group in members.items() if isinstance(group, Params)}
    restated = {
        f"{at}.{info.alias or scenario_key(name)}": _value(field_text(getattr(group, name), info))
        for at, group in groups.items()
        for name, info in type(group).model_fields.items()
        if name in group.model_fields_set
    }
    for at, group in groups.items():
        for name, info in type(group).model_fields.items():
            value, below = getattr(group, name), info.alias or scenario_key(name)
            own = field_facts(mapping if name in group.model_fields_set else info)
            known = field_range(mapping, f"{at.removeprefix(f'{key}.')}.{below}") or field_range(info)
            if _is_guessed(value, own):
                yield _Found(f"{at}.{below}", value, info, own, restated, known)


def _is_guessed(value: Any, facts: Mapping[str, str]) -> bool:
    return _is_number(value) and bool(value) and facts.get("grade") in _GUESSED


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
