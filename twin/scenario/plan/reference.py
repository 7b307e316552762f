"""Every key of a scenario's models and every KPI, made from the code: for ``twin keys`` and the handbook."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from twin.kpi import KpiInfo
from twin.models import registry
from twin.params import GRADES, Params, field_facts, field_range, scenario_key
from twin.results.kpis import infos
from twin.scenario.plan.assumptions import field_text

#: A default of many members is shown by its beginning.
_MOST_LETTERS = 160
#: Bounds as pydantic keeps them -> how they are written.
_BOUNDS = {"gt": "> {}", "ge": "≥ {}", "lt": "< {}", "le": "≤ {}", "multiple_of": "a multiple of {}"}


@dataclass(frozen=True)
class Key:
    """One key of a scenario file.

    Attributes
    ----------
    key
        Dotted; ``NAME`` stands for a name of one's own, ``[]`` for each member of a list.
    default
        As it would stand in a file; empty where a value must be given.
    unit
        Unit of the default, empty for words and switches.
    allowed
        Words or bounds.
    range
        What the default could also be, empty where nothing is stated.
    grade, source
        V read, D derived, M remembered, G guess; and where from.
    fork
        Whether a fork may change it: now, new_only, no.
    doc
        One sentence.
    """

    key: str
    default: str
    unit: str
    allowed: str
    range: str
    grade: str
    source: str
    fork: str
    doc: str

    def to_dict(self) -> dict[str, str]:
        """Plain data."""
        return asdict(self)


def keys_of(prefix: str = "") -> list[Key]:
    """Every key that begins with a prefix, in the order of models and of their declaration."""
    names = [name for name in registry.ORDER if not prefix or name.startswith(prefix.split(".")[0])]
    found = [key for name in names for key in _keys(registry.params_class(name), name)]
    return [key for key in found if key.key.startswith(prefix)]


def _keys(group: type[Params], above: str) -> Iterator[Key]:
    for name, info in group.model_fields.items():
        key = f"{above}.{info.alias or scenario_key(name)}"
        if field_facts(info):
            yield _key(key, info)
        for way, inner in _groups_in(info.annotation, key):
            yield from _keys(inner, way)


def _groups_in(annotation: Any, key: str) -> Iterator[tuple[str, type[Params]]]:
    """Groups of parameters that a field holds, by the way to them."""
    if isinstance(annotation, type) and issubclass(annotation, Params):
        yield key, annotation
        return
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        yield from _groups_in(inside[0], key)
    elif origin is dict:
        yield from _groups_in(inside[1], f"{key}.NAME")
    elif origin in (tuple, list):
        yield from _groups_in(inside[0], f"{key}[]")
    elif origin in (typing.Union, types.UnionType):
        for member in inside:
            yield from _groups_in(member, key)


def _key(key: str, info: FieldInfo) -> Key:
    facts, known = field_facts(info), field_range(info)
    default = info.get_default(call_default_factory=True)
    shown = "" if default is PydanticUndefined else field_text(default, info)
    if len(shown) > _MOST_LETTERS:
        shown = shown[: _MOST_LETTERS - 1] + "…"
    return Key(
        key,
        shown,
        facts["unit"],
        _allowed(info),
        "" if known is None else f"{field_text(known[0], info)} to {field_text(known[1], info)}",
        facts["grade"],
        facts["source"],
        facts["fork"],
        info.description or "",
    )


def _allowed(info: FieldInfo) -> str:
    words = list(_words_in(info.annotation))
    if words:
        return ", ".join(words)
    out = []
    for rule in info.metadata:
        for bound, text in _BOUNDS.items():
            value = getattr(rule, bound, None)
            if value is not None:
                out.append(text.format(field_text(value, info) if bound != "multiple_of" else f"{value:g}"))
    return ", ".join(out)


def _words_in(annotation: Any) -> Iterator[str]:
    origin, inside = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        yield from (str(word).lower() if isinstance(word, bool) else str(word) for word in inside)
    elif origin in (typing.Union, types.UnionType):
        for member in inside:
            yield from _words_in(member)


def kpis_of(prefix: str = "") -> list[KpiInfo]:
    """Every KPI whose name begins with a prefix."""
    return [info for name, info in infos().items() if name.startswith(prefix)]


def keys_markdown() -> str:
    """The page of all keys for the handbook."""
    out = [
        "# Keys of a scenario / シナリオの項目",
        "",
        "Made from the code by `twin keys --markdown`; do not edit. Grades: "
        + ", ".join(f"**{grade}** {words}" for grade, words in GRADES.items())
        + ". `NAME` stands for a name of your own.",
    ]
    for model in registry.ORDER:
        rows = [
            (f"`{key.key}`", _code(key.default), key.allowed, key.range, key.grade, key.source, key.doc)
            for key in _keys(registry.params_class(model), model)
        ]
        head = ("key", "default", "allowed", "range", "grade", "source", "what it is")
        out += ["", f"## {model}", "", *_table(head, rows)]
    return "\n".join(out) + "\n"


def kpis_markdown() -> str:
    """The page of all KPIs for the handbook."""
    better = {"lower": "less ↓", "higher": "more ↑", "neither": "—"}
    out = [
        "# KPIs / 指標",
        "",
        "Made from the code by `twin keys --kpis --markdown`; do not edit. Formulas: `models/<name>/kpis.py`.",
    ]
    for model in registry.ORDER:
        module = registry.kpi_module(model)
        rows = [
            (f"`{info.name}`", info.unit, better[info.better], info.ja, info.en, "yes" if info.additive else "")
            for info in (module.INFOS if module else ())
        ]
        head = ("KPI", "unit", "better", "日本語", "English", "groups add up")
        out += ["", f"## {model}", "", *_table(head, rows)]
    return "\n".join(out) + "\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"

    return [line(head), "|" + "---|" * len(head), *map(line, rows)]
