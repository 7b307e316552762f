"""A first scenario of one's own: commented, running as it stands, with the schema for editors beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from twin.errors import RunError, ScenarioError
from twin.models import registry
from twin.params import GRADES, Params, field_facts, scenario_key
from twin.scenario.language.json_schema import json_schema
from twin.scenario.language.schema import VERSION, scenario_name
from twin.scenario.plan.assumptions import field_text
from twin.units import dimension_of

__all__ = ["KINDS", "SCHEMA_FILE", "Kind", "json_schema", "new_scenario", "starter_text"]

SCHEMA_FILE = "scenario.schema.json"
_WIDTH = 100


@dataclass(frozen=True)
class Kind:
    """What a starter is about: districts, models, clock, and as many replications as take a minute or so."""

    city: str
    models: tuple[str, ...]
    start: str
    end: str
    title_ja: str
    title_en: str
    replications: int = 4


def _kinds() -> dict[str, Kind]:
    """Models of this package that have a starter together, then each that has one, alone or with the road it needs."""
    shown = {of.name: of.starter for of in registry.cards() if of.starter}
    ours = [starter for name, starter in shown.items() if name in registry.BUILT_IN]
    kinds = {
        "osaka": Kind(
            f"[{', '.join(starter.city for starter in ours)}]",
            tuple(name for name in registry.BUILT_IN if name in shown or registry.card(name).carries),
            min(starter.start for starter in ours),
            max(starter.end for starter in ours),
            "大阪：三つの仕組み",
            "Osaka: three systems on one clock",
            replications=2,
        )
    }
    roads = tuple(of.name for of in registry.cards() if of.carries)
    for name, starter in shown.items():
        models = (*roads, name) if registry.card(name).drives else (name,)
        kinds[name] = Kind(
            starter.city, models, starter.start, starter.end, starter.title_ja, starter.title_en, starter.replications
        )
    return kinds


KINDS: dict[str, Kind] = _kinds()


def new_scenario(name: str, folder: Path, kind: str = "osaka") -> Path:
    """Write ``NAME.yaml`` and the schema into a folder, which is made if need be.

    Parameters
    ----------
    name
        Short name of the scenario, in letters of any script.
    folder
        Where to write.
    kind
        A key of :data:`KINDS`.

    Returns
    -------
    Path
        The scenario file.

    Raises
    ------
    ScenarioError
        If the name or the kind is none.
    RunError
        If the file exists, or the folder cannot be written.
    """
    if kind not in KINDS:
        raise ScenarioError(f"there is no starter {kind!r}", mend=f"choose one of {', '.join(KINDS)}")
    try:
        name = scenario_name(name)
    except ValueError as fault:
        raise ScenarioError(str(fault), mend="for example ikuno-fleet") from fault
    path = folder / f"{name}.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        schema = json.dumps(json_schema(), ensure_ascii=False, indent=1) + "\n"
        with path.open("x", encoding="utf-8", newline="\n") as stream:
            stream.write(starter_text(name, kind))
        (folder / SCHEMA_FILE).write_text(schema, encoding="utf-8", newline="\n")
    except FileExistsError as fault:
        raise RunError(f"{path.name} exists already", where=str(path), mend="choose another name") from fault
    except OSError as fault:
        raise RunError(
            f"the scenario cannot be written: {fault.strerror or fault}",
            where=str(path),
            mend="choose a folder you may write to",
        ) from fault
    return path


def starter_text(name: str, kind: str) -> str:
    """Text of a starter scenario.

    Parameters
    ----------
    name
        Name of the scenario.
    kind
        A key of :data:`KINDS`.
    """
    what = KINDS[kind]
    lines = [
        f"# yaml-language-server: $schema=./{SCHEMA_FILE}",
        f"# Check it with: twin check {name}.yaml    Run it with: twin run {name}.yaml",
        "# Values carry units: 10 min, 20 km/h, 60 %, 08:30; 24:30 is half past midnight.",
        "# Any value may say what is known of it: {value: 10 min, range: [5 min, 15 min], grade: G, source: 聞き取り}",
        "# Grades: " + ", ".join(f"{letter} {words}" for letter, words in GRADES.items()) + ".",
        "",
        f"twin: {VERSION}",
        f"name: {name}",
        f'title: {{ja: {what.title_ja}, en: "{what.title_en}"}}',
        f"city: {what.city}        # bundled districts; or a map file or a built city beside this file",
        "seed: 1",
        f"replications: {what.replications}        # runs per variant, paired: more of them narrow the intervals",
        f"clock: {{from: {what.start}, to: {what.end}, then: until_empty}}",
        "",
        "# Below, every key that is commented out shows its default; remove the # to change it.",
    ]
    for model in what.models:
        lines += ["", *_section(model, what)]
    lines += ["", *_variants(what)]
    return "\n".join(lines) + "\n"


def _section(name: str, what: Kind) -> Iterator[str]:
    model: type[Params] = registry.params_class(name)
    first = (model.__doc__ or name).strip().split("\n")[0]
    yield f"{name}:        # {first}"
    given = {}
    if name in KINDS and KINDS[name].city != what.city and "area" in model.model_fields:
        # No street joins the districts: a model that serves an area keeps to the one it is shown with alone.
        given["area"] = f"[{KINDS[name].city}/]"
    yield from _keys(model(), "  ", given)


def _keys(params: Params, indent: str, given: Mapping[str, str] | None = None) -> Iterator[str]:
    """Every parameter of a group as a commented line, but for those given a value; groups within are opened."""
    for name, info in type(params).model_fields.items():
        if given and name in given:
            yield f"{indent}{info.alias or scenario_key(name)}: {given[name]}        # {info.description or ''}"
            continue
        key, value = info.alias or scenario_key(name), getattr(params, name)
        if isinstance(value, Params):
            # A group in which nothing is shown would be an empty one when its comment is removed.
            below = list(_keys(value, indent + "  "))
            shown = any(": …  " not in line for line in below)
            yield f"{indent}# {key}:" + ("" if shown else " …        # with the keys below")
            yield from below
            continue
        # A default of nothing, or of more than a line, is told but not shown.
        text = field_text(value, info) if value not in (None, "") else "…"
        facts = field_facts(info)
        unit = facts.get("unit", "") if dimension_of(info.annotation, info.metadata) is None else ""
        grade = f"({facts['grade']})" if "grade" in facts else ""
        told = "  ".join(part for part in (info.description or "", unit, grade) if part)
        yield f"{indent}# {key}: {text if len(text) <= _WIDTH else '…'}        # {told}"


def _variants(what: Kind) -> Iterator[str]:
    """The measures that the models show, and the variants without and with each."""
    starters = ((name, registry.card(name).starter) for name in what.models)
    taken = [(name, example) for name, starter in starters if starter for example in starter.examples]
    if not taken:
        return
    yield "# A measure is a named, labelled set of changes; a variant is a list of measures."
    yield "measures:"
    for model, e in taken:
        yield f'  {e.name}: {{label: {{ja: {e.ja}, en: "{e.en}"}}, set: {{{model}.{e.key}: {e.value}}}}}'
    yield ""
    yield "variants:"
    yield "  today: {label: {ja: 現況, en: Today}}"
    for _, e in taken:
        yield f'  {e.name}: {{label: {{ja: {e.ja}, en: "{e.en}"}}, with: [{e.name}]}}'


def scenario_file(given: Path) -> Path:
    """The file named, or the shipped scenario of that bare name."""
    if given.exists() or given.suffix or len(given.parts) != 1:
        return given
    from importlib.resources import files

    shipped = Path(str(files("twin.scenarios") / f"{given.name}.yaml"))
    return shipped if shipped.is_file() else given
