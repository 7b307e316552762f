"""Packs of prices as files: a bundled one by its name, or a file beside the scenario."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError

from twin.errors import ScenarioError
from twin.params import Params
from twin.results.pack import Money, Pack
from twin.scenario.language.document import Problems, parse_document, plain, read_text
from twin.scenario.language.paths import PathRefusedError, allowed_path

_DAYS = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:days?|日)")


def _days(text: str) -> str:
    match = _DAYS.fullmatch(text.strip())
    if not match or not 0 < float(match[1]) <= 366:
        raise ValueError(f"{text[:40]!r} is no number of days of a year; write for example 260 days")
    return match[1]


class MoneySpec(Params):
    """What results are priced by."""

    pack: str = Field(min_length=1, max_length=500, description="a bundled pack, or a file beside the scenario")
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = Field(None, description="hash the file must have")
    days_per_year: Annotated[str, AfterValidator(_days)] | None = Field(
        None, description="days a year like the one simulated, e.g. 260 days; kinds of day bring their own"
    )


def bundled() -> dict[str, Path]:
    """Packs that come with the twin, by name."""
    from importlib.resources import files

    found = (Path(str(p)) for p in (files("twin.data") / "packs").iterdir())
    return {path.stem: path for path in found if path.suffix == ".yaml"}


def read_money(spec: MoneySpec, folder: Path, allow_read: Sequence[Path] = ()) -> Money:
    """Read the pack that a scenario names.

    Raises
    ------
    ScenarioError
        If there is none, it is not as it should be, or has another hash than stated.
    """
    known = bundled()
    if spec.pack in known:
        path = known[spec.pack]
    else:
        try:
            path = allowed_path(spec.pack, folder, allow_read)
        except PathRefusedError as refused:
            mend = f"{refused.mend}; bundled packs: {', '.join(sorted(known))}"
            raise ScenarioError(refused.what, where="money.pack", mend=mend) from refused
    money = read_pack(path, float(spec.days_per_year) if spec.days_per_year else None)
    if spec.sha256 is not None and spec.sha256 != money.sha256:
        raise ScenarioError(
            f"the pack has the hash {money.sha256[:12]}…, the scenario states {spec.sha256[:12]}…",
            where=str(path),
            mend="put back the pack that was meant, or state its hash",
        )
    return money


def money_of(pack: Path, days_per_year: str | None = None, stated: float | None = None) -> Money:
    """A bundled pack or a file, with days a year as told, or else as the scenario stated them.

    Raises
    ------
    ScenarioError
        If it is none.
    """
    try:
        told = stated if days_per_year is None else float(_days(days_per_year))
    except ValueError as fault:
        raise ScenarioError(str(fault), mend="write for example 260 days") from fault
    known = bundled()
    if str(pack) not in known and not pack.is_file():
        raise ScenarioError(f"there is no pack {str(pack)!r}", mend=f"bundled packs: {', '.join(sorted(known))}")
    return read_pack(known.get(str(pack), pack), told)


def read_pack(path: Path, days_per_year: float | None = None) -> Money:
    """Read a pack with its hash.

    Raises
    ------
    ScenarioError
        Naming the first key that is wrong.
    """
    problems = Problems(str(path))
    text = read_text(path, problems)
    content = plain(parse_document(text, problems))
    problems.raise_if_any()
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    try:
        return Money(pack=Pack.model_validate(_with_numbers(content)), sha256=digest, days_per_year=days_per_year)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ScenarioError(
            f"the pack is not as it should be: {key[:80]}: {first['msg']}",
            where=str(path),
            mend="a pack has id, title, issued, price_year, page, items: {NAME: {value, unit, grade, source}}",
        ) from fault


def _with_numbers(content: object) -> object:
    """Speeds as numbers: keys of a file are text."""
    if not isinstance(content, dict) or not isinstance(content.get("items"), dict):
        return content
    for item in content["items"].values():
        speeds = item.get("by_speed_kmh") if isinstance(item, dict) else None
        if isinstance(speeds, dict):
            item["by_speed_kmh"] = {float(k) if re.fullmatch(r"[0-9.]+", str(k)) else k: v for k, v in speeds.items()}
    return content
