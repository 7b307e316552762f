"""Draws of what is not known: values with a range, by Latin hypercube, the same draw in every variant.

Each key has a column of its own, made from the scenario's seed and the key: one assumption more leaves the draws of the
others as they were. A column is a Latin hypercube sample of one dimension (McKay, Beckman and Conover 1979,
Technometrics 21(2)); columns of different keys are paired at random, which is what a hypercube of many dimensions does.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from twin.errors import ScenarioError
from twin.results.drawn import Draw, Drawn, Ends
from twin.scenario.language.questions import UncertaintySpec
from twin.scenario.language.schema import Scenario, Variant
from twin.scenario.language.variants import params_with_changes
from twin.scenario.plan.assumptions import Assumption
from twin.units import DIMENSIONS

_NUMBER_UNIT = re.compile(r"\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(.*?)\s*")


@dataclass(frozen=True)
class _Ranged:
    """A value with a range: its numbers in one unit, and whether it must be whole."""

    key: str
    low: float
    value: float
    high: float
    unit: str
    whole: bool
    variants: tuple[str, ...]

    def at(self, share: float) -> float:
        """Value at a share of the range; of whole numbers each has the same chance."""
        if self.whole:
            return float(min(math.floor(self.low + share * (self.high - self.low + 1)), int(self.high)))
        return self.low + share * (self.high - self.low)

    def share(self, number: float) -> float:
        """Place of a value in the range, 0 to 1; of whole numbers the middle of its share."""
        if self.whole:
            return (number - self.low + 0.5) / (self.high - self.low + 1)
        return (number - self.low) / (self.high - self.low) if self.high > self.low else 0.5

    def facts(self) -> dict[str, Any]:
        """Key, unit and range as plain data."""
        return {"key": self.key, "unit": self.unit, "low": self.low, "high": self.high, "whole": self.whole}

    def text(self, number: float) -> str:
        """A value as a scenario file has it."""
        shown = str(int(number)) if self.whole else f"{number:.6g}"
        return f"{shown} {self.unit}".strip()


def drawn_of(scenario: Scenario) -> Drawn:
    """Draws of a scenario's assumptions; none where it asks for none.

    Parameters
    ----------
    scenario
        A checked scenario.

    Raises
    ------
    ScenarioError
        If nothing has a range, or values of a draw cannot stand together.
    """
    spec = scenario.head.uncertainty
    if spec is None or spec.assumptions is None or not scenario.questions.listed:
        return Drawn()
    where = f"{scenario.file or scenario.name}, uncertainty.assumptions"
    ranged, left_out = _ranged(scenario, spec, where)
    asked = dict.fromkeys(name for question in scenario.questions.listed for name in question.variants)
    variants = _runs_of(scenario, asked)
    entries: dict[str, dict[str, Any]] = {}
    columns = {one.key: _column(scenario.seed, one.key, spec.draws) for one in ranged}
    draws = []
    for nth in range(spec.draws):
        numbers = {one.key: one.at(columns[one.key][nth]) for one in ranged}
        made = dict(_made(variants, f"d{nth:03d}", ranged, numbers, entries, where))
        made.update(_followed(scenario, asked, f"d{nth:03d}"))
        draws.append(Draw(values={one.key: one.text(numbers[one.key]) for one in ranged}, made=made))
    main = next(question for question in scenario.questions.listed if question.main)
    moved = _runs_of(scenario, main.variants)
    ends = []
    for nth, one in enumerate(ranged):
        at = [
            {
                **dict(_made(moved, f"e{nth:02d}{word}", [one], {one.key: number}, entries, where)),
                **_followed(scenario, main.variants, f"e{nth:02d}{word}"),
            }
            for word, number in (("low", one.low), ("high", one.high))
        ]
        ends.append(
            Ends(key=one.key, unit=one.unit, low=one.low, value=one.value, high=one.high, at_low=at[0], at_high=at[1])
        )
    most = min(spec.replications, scenario.questions.looks[0])
    return Drawn(replications=most, draws=draws, ends=ends, left_out=left_out, variants=list(entries.values()))


def ranges_of(scenario: Scenario) -> list[_Ranged]:
    """Every value of a scenario that has a range, in the unit of its value.

    Raises
    ------
    ScenarioError
        If none has one.
    """
    return _ranged(scenario, UncertaintySpec(assumptions="every_range"), scenario.file or scenario.name)[0]


def _runs_of(scenario: Scenario, asked: Iterable[str]) -> list[Variant]:
    """Variants to run for what is asked, on every kind of day that it follows from."""
    return [scenario.variants[run] for run in dict.fromkeys(r for name in asked for r in scenario.runs_of(name))]


def _followed(scenario: Scenario, asked: Iterable[str], prefix: str) -> dict[str, str]:
    """Figures that follow from several kinds of day -> the same figures of a draw."""
    return {name: f"{prefix}+{name}" for name in asked if name not in scenario.variants}


def _ranged(scenario: Scenario, spec: UncertaintySpec, where: str) -> tuple[list[_Ranged], list[str]]:
    """Values that are drawn, and the keys with a range that cannot be."""
    found: dict[str, _Ranged] = {}
    left_out = []
    wanted = None if spec.assumptions == "every_range" else spec.assumptions
    for stated in (*scenario.assumptions, *_ranged_defaults(scenario)):
        if stated.low is None or (wanted is not None and stated.key not in wanted):
            continue
        one = _numbers(stated, scenario.variants)
        if one is None:
            left_out.append(stated.key)
        elif stated.key not in found:
            found[stated.key] = one
    missing = [key for key in wanted or () if key not in found]
    if missing:
        there = ", ".join(a.key for a in scenario.assumptions if a.low is not None) or "none"
        raise ScenarioError(f"{missing[0]} has no range to draw from", where=where, mend=f"keys with a range: {there}")
    if not found:
        raise ScenarioError(
            "no value has a range to draw from",
            where=where,
            mend="give ranges: {value: 10 min, range: [5 min, 15 min], grade: G}",
        )
    return list(found.values()), left_out


def _ranged_defaults(scenario: Scenario) -> Iterator[Assumption]:
    """Defaults that their authors gave a range, each once with the variants in which nobody set them."""
    found: dict[str, list[Assumption]] = {}
    for name, variant in scenario.variants.items():
        for default in scenario.defaults_in_use(name):
            if default.low is not None and not variant.setting:
                found.setdefault(default.key, []).append(default)
    for same in found.values():
        yield replace(same[0], variants=tuple(name for default in same for name in default.variants))


def _numbers(stated: Assumption, variants: Mapping[str, Variant]) -> _Ranged | None:
    """Range of an assumption in the unit of its value; None where a variant would not take another value."""
    parts = [_NUMBER_UNIT.fullmatch(text) for text in (stated.value_text, stated.low_text, stated.high_text)]
    holders = [v for v in variants.values() if v.name in stated.variants]
    if any(part is None for part in parts) or not holders or stated.key.split(".", 1)[0] not in holders[0].resolved:
        return None
    (value, unit), (low, low_unit), (high, high_unit) = ((float(p[1]), p[2]) for p in parts if p is not None)
    scale = _scale(low_unit, unit), _scale(high_unit, unit)
    if scale[0] is None or scale[1] is None:
        return None
    low, high = low * scale[0], high * scale[1]
    made_of = tuple(
        v.name
        for v in variants.values()
        if (v.made_of or v.name) in stated.variants and not v.setting.startswith(f"{stated.key} = ")
    )
    for whole in (False, True):
        one = _Ranged(stated.key, low, value, high, unit, whole, made_of)
        middle = one.low + 0.37 * (one.high - one.low)
        try:
            same = params_with_changes(holders[0].resolved, {one.key: _plain(one.text(one.value))})
            params_with_changes(holders[0].resolved, {one.key: _plain(one.text(middle))})
        except ScenarioError:
            continue
        # A member of a default mapping cannot be set alone: the others would go.
        return one if same == holders[0].models else None
    return None


def _scale(unit: str, wanted: str) -> float | None:
    """Factor from one unit to another; None where they do not measure the same."""
    if unit == wanted:
        return 1.0
    both = (units for units in DIMENSIONS.values() if unit in units and wanted in units)
    return next((units[unit] / units[wanted] for units in both), None)


def _column(seed: int, key: str, draws: int) -> list[float]:
    """Latin hypercube sample of one key."""
    from scipy.stats import qmc

    digest = hashlib.blake2b(f"{seed}|{key}".encode(), digest_size=8).digest()
    return [float(x) for x in qmc.LatinHypercube(1, rng=int.from_bytes(digest, "little")).random(draws).ravel()]


def _made(
    variants: list[Variant],
    prefix: str,
    ranged: list[_Ranged],
    numbers: Mapping[str, float],
    entries: dict[str, dict[str, Any]],
    where: str,
) -> Iterator[tuple[str, str]]:
    """Variants with some values set; each is noted once and named after the draw."""
    for variant in variants:
        changes = {one.key: _plain(one.text(numbers[one.key])) for one in ranged if variant.name in one.variants}
        name = f"{prefix}+{variant.name}"
        try:
            params = params_with_changes(variant.resolved, changes)
        except ScenarioError as fault:
            told = ", ".join(f"{key} = {value}" for key, value in changes.items())
            raise ScenarioError(
                f"values of one draw cannot stand together in variant {variant.name}: {fault.what}",
                where=where,
                mend=f"narrow the ranges, or name the keys to draw; drawn were {told}",
            ) from fault
        models = {model: p.model_dump(mode="json", by_alias=False) for model, p in params.items()}
        entries[name] = {"name": name, "label": {}, "models": models, "edits_of": variant.name}
        if variant.day:
            entries[name] |= {"of": f"{prefix}+{variant.of}", "day": variant.day}
        yield variant.name, name


def _plain(text: str) -> Any:
    """A value as a file holds it: a bare number is one, everything else is text."""
    try:
        return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else float(text)
    except ValueError:
        return text


#: A value with a range, for those who draw it themselves.
Ranged = _Ranged


def ranged_values(scenario: Scenario, variant: str, prefixes: Sequence[str] = ()) -> tuple[list[Ranged], list[str]]:
    """Values of a variant that have a range, stated or by their author, and keys with a range that cannot be drawn.

    Parameters
    ----------
    scenario, variant
        Which values.
    prefixes
        Only keys that begin with one of these.
    """
    found, left_out = _ranged(scenario, UncertaintySpec(assumptions="every_range"), scenario.file or scenario.name)
    wanted = [one for one in found if variant in one.variants and one.high > one.low]
    return [one for one in wanted if not prefixes or one.key.startswith(tuple(prefixes))], left_out


def plain_value(text: str) -> Any:
    """A value as a file holds it: a bare number is one, everything else is text."""
    return _plain(text)
