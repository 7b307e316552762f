"""Words for what files and tables name: keys of parameters, groups, settings, values with units."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from twin.models import registry
from twin.results.words import UNIT_WORDS, Lang, digits_of, number

#: Keys that belong to no model.
_COMMON: dict[str, tuple[str, str]] = {
    "measures.*.cost.build": ("整備費（{0}）", "cost of building ({0})"),
    "measures.*.cost.upkeep": ("維持費（{0}）", "upkeep ({0})"),
    "measures.*.pavement_width": ("歩道の幅（{0}）", "width of the pavement ({0})"),
    "measures.*.furniture": ("施設帯の幅（{0}）", "width of the furniture strip ({0})"),
    "days.*.demand_factor": ("需要の倍率（{0}）", "factor on demand ({0})"),
}
_LEDGER: dict[str, tuple[str, str]] = {
    "entered": ("入った", "entered"),
    "inside": ("域内", "inside"),
    "received": ("受け取った", "received"),
    "handed_over": ("渡した", "handed over"),
    "left": ("出た", "left"),
    "all": ("全体", "all"),
    "mean_day": ("平均の日", "mean day"),
    "worst_day": ("最悪の日", "worst day"),
    "year": ("年間", "year"),
}
#: Words of amounts in files that are no units of figures.
_AMOUNTS: dict[str, tuple[str, str]] = {
    "million yen": ("百万円", "million yen"),
    "million yen/year": ("百万円/年", "million yen/year"),
    "yen/year": ("円/年", "yen/year"),
    "days": ("日", "days"),
    "seats": ("席", "seats"),
    "points": ("ポイント", "points"),
}
_UNITS = {**UNIT_WORDS, **_AMOUNTS}
_AMOUNT = re.compile(r"(-?[\d,.]+) ([a-z][a-z/ -]*)")


@cache
def _keys() -> dict[str, tuple[str, str]]:
    own = {f"{m}.{key}": words for m, told in registry.reported().items() for key, words in told.keys.items()}
    return {**_COMMON, **own}


@cache
def _names() -> dict[str, tuple[str, str]]:
    out = dict(_LEDGER)
    for told in registry.reported().values():
        out.update(told.names)
    return out


def key_words(key: str, lang: Lang, measures: Mapping[str, Any] | None = None) -> str:
    """Words of a parameter's key; the key itself where nobody gave it any.

    Parameters
    ----------
    key
        As in a scenario file, with dots.
    lang
        Language.
    measures
        Measures of the plan, for their labels.
    """
    side = 0 if lang == "ja" else 1
    for pattern, words in _keys().items():
        if not fnmatchcase(key, pattern) or key.count(".") != pattern.count("."):
            continue
        named = [part for part, star in zip(key.split("."), pattern.split("."), strict=True) if star == "*"]
        if not named:
            return words[side]
        name = _labelled(named[0], measures, lang) if pattern.startswith("measures.") else name_words(named[0], lang)
        return words[side].replace("{0}", str(int(name) + 1) if name.isdigit() else name)
    return key


def _labelled(measure: str, measures: Any, lang: Lang) -> str:
    try:
        label = measures[measure]["label"]
        return str(label.get(lang) or label.get("ja") or measure)
    except (KeyError, TypeError, AttributeError):
        return measure


def name_words(name: str, lang: Lang) -> str:
    """Words of a group, an account or an entry; itself where nobody gave it any."""
    head, _, tail = name.partition(":")
    if tail and head == "left":
        return (
            f"{name_words(head, lang)}（{name_words(tail, lang)}）"
            if lang == "ja"
            else f"{head}: {name_words(tail, lang)}"
        )
    return _names().get(name, (name, name))[0 if lang == "ja" else 1]


def group_words(group: str, lang: Lang) -> str:
    """A group beside a figure, in brackets; empty for everybody."""
    if group in ("", "all"):
        return ""
    return f"（{name_words(group, lang)}）" if lang == "ja" else f" ({name_words(group, lang)})"


def amount_words(value: Any, unit: str, lang: Lang) -> str:
    """A number with the words of its unit."""
    told = value if isinstance(value, str) else number(float(value))
    words = unit_words(unit, lang)
    return f"{told}{'' if lang == 'ja' and words and ord(words[0]) > 0x2E7F else ' ' if words else ''}{words}"


def unit_words(unit: str, lang: Lang) -> str:
    """Words of a unit; itself where it has none."""
    return _UNITS.get(unit, (unit, unit))[0 if lang == "ja" else 1]


def value_words(text: str, lang: Lang) -> str:
    """A value as a scenario file has it, its unit in words: ``2300 trucks`` becomes 2,300台."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None or found[2] not in _UNITS:
        return text
    try:
        if lang == "ja" and found[2].startswith("million yen"):
            return yen_words(1e6 * float(found[1].replace(",", ""))) + found[2].removeprefix("million yen").replace(
                "year", "年"
            )
        return amount_words(number(float(found[1].replace(",", ""))), found[2], lang)
    except ValueError:
        return text


def _yen_scale(largest: float, lang: Lang) -> tuple[float, str]:
    """Step in which an amount of money is told: 万 and 億 in Japanese, millions in English."""
    if lang == "en":
        return (1e6, " million yen") if abs(largest) >= 1e6 else (1.0, " yen")
    return (1e8, "億円") if abs(largest) >= 1e8 else (1e4, "万円") if abs(largest) >= 1e4 else (1.0, "円")


def yen_words(yen: float, lang: Lang = "ja", lo: float | None = None, hi: float | None = None) -> str:
    """An amount of money with three figures, and its interval in the same step where it has one."""
    scale, unit = _yen_scale(max((abs(x) for x in (yen, lo, hi) if x is not None), default=0.0), lang)
    told = f"{number(yen / scale)}{unit}"
    if lo is None or hi is None or lo == hi:
        return told
    digits = digits_of(max(abs(lo), abs(hi)) / scale)
    ends = [number(x / scale, digits=digits) for x in (lo, hi)]
    return f"{told}（{ends[0]}〜{ends[1]}）" if lang == "ja" else f"{told} ({ends[0]} to {ends[1]})"


def rate_words(price: str, unit: str, lang: Lang) -> str:
    """A price such as 48.9 yen/min."""
    per = unit.partition("/")[2]
    if lang == "en" or not unit.startswith("yen"):
        return f"{price} {unit}"
    return f"{price}円/{unit_words(per, lang)}" if per else f"{price}円"


def said(text: str, lang: Lang, groups: list[str]) -> str:
    """A sentence with words for its groups, ``[large]`` becoming （大規模事業者）."""
    for group in groups:
        text = text.replace(f" [{group}]", group_words(group, lang))
    return text
