"""Parameters: frozen, typed, each with unit, source, grade and fork rule.

A field is declared once, with everything the check, the schema, the result pages and the fork need::

    class WalkParams(Params):
        walk_speed_mps: Speed = quantity(1.34, "m/s", source="Weidmann (1993)", grade="V", gt=0, le=3)

In a scenario file the key carries no unit suffix and the value does: ``walk_speed: 1.34 m/s``. In Python the
field's own name takes the number in SI units, or text with a unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from twin.units import refuse_other_noun

Grade = Literal["V", "D", "M", "G"]
Fork = Literal["now", "new_only", "no"]

GRADES: dict[str, str] = {
    "V": "read in the source named",
    "D": "derived from numbers that were read",
    "M": "remembered, not re-read",
    "G": "guess",
}

_UNIT_SUFFIX = re.compile(r"_(s|m|m2|mps|per_s|per_h|per_m|per_m2|deg|yen|g|l|kg|bytes)$")


def scenario_key(field_name: str) -> str:
    """Key of a field in a scenario file: the field's name without its unit suffix."""
    return _UNIT_SUFFIX.sub("", field_name)


class Params(BaseModel):
    """Frozen base of all parameters; unknown keys are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, alias_generator=scenario_key, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _counts_what_is_due(cls, value: Any, info: ValidationInfo) -> Any:
        facts = field_facts(cls.model_fields[info.field_name]) if info.field_name in cls.model_fields else {}
        refuse_other_noun(value, facts.get("unit", ""))
        return value


def quantity(
    default: Any = ...,
    unit: str = "",
    *,
    source: str,
    grade: Grade,
    fork: Fork = "no",
    doc: str = "",
    default_factory: Callable[[], Any] | None = None,
    between: tuple[float, float] | Mapping[str, tuple[float, float]] | None = None,
    **bounds: Any,
) -> Any:
    """Declare a parameter.

    Parameters
    ----------
    default
        The documented default, in SI units.
    unit
        Unit shown to people, for example ``"s"`` or ``"trucks"``; empty for words and switches.
    source
        Where the default comes from.
    grade
        V read, D derived, M remembered, G guess.
    fork
        May a fork change it: ``now`` at once, ``new_only`` for travellers who enter after the fork,
        ``no`` not at all.
    doc
        One sentence for the schema and the help.
    between
        What the default could also be, lowest and highest, in SI units; of a mapping, by the dotted key of a member
        (``{"A.count": (8, 12)}``).
    **bounds
        ``gt``, ``ge``, ``lt``, ``le``, ``min_length`` … as pydantic takes them.
    """
    extra: JsonDict = {"unit": unit, "source": source, "grade": grade, "fork": fork}
    if isinstance(between, tuple):
        extra["range"] = list(between)
    elif between is not None:
        extra["range"] = {member: list(ends) for member, ends in between.items()}
    if default_factory is not None:
        bounds["default_factory"] = default_factory
    else:
        bounds["default"] = default
    return Field(description=doc or None, json_schema_extra=extra, **bounds)


def field_facts(field: FieldInfo) -> dict[str, str]:
    """Unit, source, grade and fork rule of a declared parameter; empty for a nested group."""
    extra = field.json_schema_extra
    return {k: str(v) for k, v in extra.items() if k != "range"} if isinstance(extra, dict) else {}


def field_range(field: FieldInfo, member: str = "") -> tuple[float, float] | None:
    """What a default could also be, lowest and highest, in SI units; None where nothing is declared.

    Parameters
    ----------
    field
        A declared parameter.
    member
        Dotted key within a mapping, for example ``"A.count"``.
    """
    extra = field.json_schema_extra
    found = extra.get("range") if isinstance(extra, dict) else None
    if isinstance(found, dict):
        found = found.get(member)
    elif member:
        return None
    if not isinstance(found, list):
        return None
    low, high = found
    return low, high  # type: ignore[return-value]
