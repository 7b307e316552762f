"""The plan of a study: the resolved scenario as plain JSON and arrays, enough to run without the user's files.

It is written into the study's folder before anything runs, and is all that workers, ``twin resume`` and
``twin fork`` read. Parameters stand in it in SI units, so that reading it back needs no unit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from twin.errors import RunError
from twin.models import registry
from twin.npz import read_npz, write_npz
from twin.params import Params
from twin.results.asked import Questions
from twin.results.days import Days, run_name
from twin.results.drawn import Drawn
from twin.results.pack import Money
from twin.results.searched import MadePoints, Search
from twin.scenario.plan.observed_part import ObservedPart

if TYPE_CHECKING:
    from twin.scenario.language.schema import Scenario

PLAN_FORMAT = 1
PLAN_FILE = "plan.json"
INPUTS_FILE = "inputs.npz"
POINTS_FILE = "points.json"

#: Two weeks: a clock may end after a week, and `latest` lies somewhat behind it.
_MOST_S = 14 * 86400.0

#: Plans of single points, and parameters of variants, that are kept.
_MOST_KEPT = 64

TableColumns = dict[str, dict[str, NDArray[np.generic]]]


class _Part(BaseModel):
    """Part of a plan as it is read back: whoever sent the folder may have changed it."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)


class _ClockPart(_Part):
    start_s: Annotated[float, Field(ge=0)]
    end_s: float
    latest_s: Annotated[float, Field(le=_MOST_S)]
    step_s: Annotated[float, Field(ge=0.01, le=3600)]
    then: Literal["until_empty", "stop"]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.start_s < self.end_s <= self.latest_s:
            raise ValueError("the clock runs backwards")
        return self


class _RecordPart(_Part):
    traces_share: Annotated[float, Field(ge=0, le=1)]


class _WordsPart(_Part):
    ja: Annotated[str, Field(max_length=500)]
    en: Annotated[str, Field(max_length=500)]


class _ChapterPart(_Part):
    at_s: Annotated[float, Field(ge=0, le=_MOST_S)]
    label: _WordsPart
    place: Annotated[str, Field(max_length=200)]
    reach_m: Annotated[float, Field(gt=0, le=1e5)]


class _LimitsPart(_Part):
    time_s: Annotated[float, Field(gt=0)] | None = None


class _ParentPart(_Part):
    sibling: str


class _VariantPart(_Part):
    name: Annotated[str, Field(pattern=r"^\w[\w+-]{0,39}$")]
    label: dict[str, str] = {}
    models: Annotated[dict[str, dict[str, Any]], Field(min_length=1)]
    of: str = ""
    day: str = ""

    @model_validator(mode="after")
    def _known_models(self) -> Self:
        for model, values in self.models.items():
            if model not in registry.ORDER:
                raise ValueError(f"there is no model {model[:40]!r}")
            registry.params_class(model).model_validate(values)
        return self


class _PointPart(_Part):
    of: str
    changes: dict[str, str | int | float | bool]


class _Content(_Part):
    name: str
    title: dict[str, str]
    scenario_sha256: str
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    replications: Annotated[int, Field(ge=1, le=100_000)]
    clock: _ClockPart
    record: _RecordPart
    chapters: Annotated[list[_ChapterPart], Field(max_length=30)] = []
    limits: _LimitsPart
    variants: Annotated[list[_VariantPart], Field(min_length=1)]
    parent: _ParentPart | None = None
    questions: Questions = Questions()
    drawn: Drawn = Drawn()
    days: Days = Days()
    search: Search | None = None
    money: Money | None = None
    observed: ObservedPart | None = None

    @model_validator(mode="after")
    def _one_folder_each(self) -> Self:
        for made in self.drawn.variants:
            _VariantPart.model_validate({**made, "name": str(made.get("name"))[:40]})
        if len({variant.name.casefold() for variant in self.variants}) < len(self.variants):
            raise ValueError("two variants have one name")
        return self


@dataclass(frozen=True)
class Plan:
    """What a study runs.

    Attributes
    ----------
    content
        JSON: ``name, title, scenario_sha256, city, seed, replications, clock, record, limits, variants,
        assumptions, tables, parent, warnings``.
    tables
        Tables of the scenario: name -> column -> array.
    points
        Points of a search: run name -> the variant that is set and its changes.
    """

    content: dict[str, Any]
    tables: TableColumns = field(default_factory=dict)
    points: MadePoints = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.content["name"])

    @property
    def variants(self) -> list[str]:
        """Names of the variants, in order."""
        return [v["name"] for v in self.content["variants"]]

    @property
    def compared(self) -> list[str]:
        """Names of the variants that are compared: those of the runs, or without their kinds of day."""
        return list(dict.fromkeys(v.get("of") or v["name"] for v in self.content["variants"]))

    @property
    def days(self) -> Days:
        """Kinds of day; none where the scenario has one."""
        return Days.model_validate(self.content.get("days", {}))

    def run_of(self, name: str) -> tuple[str, str]:
        """Variant and kind of day of a run's name."""
        entry = self.variant(name)
        return str(entry.get("of") or name), str(entry.get("day", ""))

    @property
    def replications(self) -> int:
        """Number of replications of each variant."""
        return int(self.content["replications"])

    @property
    def questions(self) -> Questions:
        """What is asked, and when it is looked at."""
        return Questions.model_validate(self.content.get("questions", {}))

    @property
    def drawn(self) -> Drawn:
        """Draws of the assumptions, and the variants made of them."""
        return Drawn.model_validate(self.content.get("drawn", {}))

    @property
    def observed(self) -> dict[str, Any]:
        """Sensors and observations as plain data; empty where the scenario has none."""
        found = self.content.get("observed") or {}
        return dict(found) if isinstance(found, dict) else {}

    @property
    def labels(self) -> dict[str, dict[str, str]]:
        """Words for people, by variant, and by variant and day where there are kinds of day."""
        own = {v["name"]: v.get("label", {}) for v in self.content["variants"]}
        days = self.days
        if not days:
            return own
        out = dict(own)
        for v in self.content["variants"]:
            words, behind = v.get("label", {}), days.words(v["day"])
            out[v["of"]] = {
                "ja": words.get("ja", "").removesuffix(f"（{behind['ja']}）"),
                "en": words.get("en", "").removesuffix(f" ({behind['en']})"),
            }
        for variant in self.compared:
            for day in days.every:
                words = days.words(day)
                out.setdefault(
                    run_name(variant, day),
                    {"ja": f"{out[variant]['ja']}（{words['ja']}）", "en": f"{out[variant]['en']} ({words['en']})"},
                )
        return out

    def variant(self, name: str) -> dict[str, Any]:
        """One variant's entry.

        Raises
        ------
        RunError
            If there is none of that name.
        """
        for entry in (*self.content["variants"], *self.content.get("drawn", {}).get("variants", ())):
            if entry["name"] == name:
                return dict(entry)
        if name in self.points:
            return self._point(name)
        raise RunError(
            f"there is no variant {name!r}", where=self.name, mend=f"variants here: {', '.join(self.variants)}"
        )

    def _point(self, name: str) -> dict[str, Any]:
        """Entry of a point of a search, made from the variant that is set."""
        from twin.scenario.language.variants import params_with_changes

        made = self.points[name]
        base = self.variant(str(made["of"]))
        params = params_with_changes(base["resolved"], dict(made["changes"])) if made["changes"] else None
        text = ", ".join(f"{key} = {value}" for key, value in made["changes"].items()) or "as it stands"
        day = base.get("day", "")
        return {
            **base,
            "name": name,
            "label": {"ja": text, "en": text},
            "models": base["models"] if params is None else models_json(params),
            **({"of": name.removesuffix(f"+{day}"), "day": day} if day else {}),
        }

    def with_points(self, points: MadePoints) -> Plan:
        """The plan with points of a search."""
        return Plan(self.content, self.tables, {**self.points, **points})

    def at_point(self, name: str, of: str, changes: Mapping[str, str | int | float | bool]) -> Plan:
        """The plan of one point alone: its parameters are made once, however often they are asked for."""
        kept, asked = self._at_points, (name, of, tuple(changes.items()))
        if asked not in kept:
            entry = self.with_points({name: {"of": of, "changes": changes}}).variant(name)
            if len(kept) >= _MOST_KEPT:
                kept.pop(next(iter(kept)))
            kept[asked] = Plan({**self.content, "variants": [entry]}, self.tables)
        return kept[asked]

    @cached_property
    def _at_points(self) -> dict[tuple[Any, ...], Plan]:
        """Plans of the last points asked for: replications of a point follow each other."""
        return {}

    @property
    def money(self) -> Money | None:
        """What results are priced by; None where the scenario names no pack."""
        found = self.content.get("money")
        return None if found is None else Money.model_validate(found)

    @property
    def costs(self) -> dict[str, dict[str, float]]:
        """Variant -> build and upkeep of its measures, those that state a cost."""
        out: dict[str, dict[str, float]] = {}
        for v in self.content["variants"]:
            name = v.get("of") or v["name"]
            for measure in v.get("measures", []):
                cost = self.content.get("measures", {}).get(measure, {}).get("cost")
                parts = cost if isinstance(cost, dict) else {} if cost is None else {"build_yen": cost}
                if name not in out or not v.get("day") or v["day"] == self.days.names[0]:
                    for key, value in parts.items():
                        out.setdefault(name, {})[key] = out.get(name, {}).get(key, 0.0) + float(value or 0.0)
        return out

    @property
    def search(self) -> Search | None:
        """What is searched; None for an ordinary study."""
        found = self.content.get("search")
        return None if found is None else Search.model_validate(found)

    def params_of(self, variant: str) -> dict[str, Params]:
        """Parameters of a variant's models, in the fixed order of the models."""
        kept = self._params
        if variant not in kept:
            models = self.variant(variant)["models"]
            if len(kept) >= _MOST_KEPT:
                kept.pop(next(iter(kept)))
            kept[variant] = {
                name: registry.params_class(name).model_validate(models[name])
                for name in registry.ORDER
                if name in models
            }
        return dict(kept[variant])

    @cached_property
    def _params(self) -> dict[str, dict[str, Params]]:
        """Parameters of the last variants asked for; frozen, so that runs may share them."""
        return {}

    def write(self, folder: Path) -> None:
        """Write ``plan.json`` and ``inputs.npz``."""
        text = json.dumps(self.content, ensure_ascii=False, sort_keys=True, indent=1)
        (folder / PLAN_FILE).write_text(text + "\n", encoding="utf-8", newline="\n")
        if self.tables:
            arrays = {
                f"{table}|{column}": values
                for table, columns in self.tables.items()
                for column, values in columns.items()
            }
            write_npz(folder / INPUTS_FILE, arrays)

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Read a plan back.

        Raises
        ------
        RunError
            If it is missing, damaged, or was changed into something no scenario can say.
        """
        try:
            content = json.loads((folder / PLAN_FILE).read_text(encoding="utf-8"))
            tables: TableColumns = {}
            if (folder / INPUTS_FILE).is_file():
                for key, values in read_npz(folder / INPUTS_FILE).items():
                    table, column = key.split("|")
                    tables.setdefault(table, {})[column] = values
        except (OSError, ValueError, RecursionError) as fault:
            raise RunError(
                f"the plan cannot be read: {fault}",
                where=str(folder),
                mend="delete the folder and run the scenario again",
            ) from fault
        if not isinstance(content, dict) or content.get("format") != PLAN_FORMAT:
            raise RunError(
                "the plan is of another format",
                where=str(folder / PLAN_FILE),
                mend="read it with the version of twin that made it",
            )
        _check_content(content, folder / PLAN_FILE)
        return cls(content, tables, _points_in(folder / POINTS_FILE))


def _points_in(path: Path) -> dict[str, dict[str, Any]]:
    """Points that a finished search went to."""
    if not path.is_file():
        return {}
    try:
        found = TypeAdapter(dict[str, _PointPart]).validate_json(path.read_text(encoding="utf-8"), strict=True)
    except (OSError, ValueError) as fault:
        raise RunError(
            f"the points of the search cannot be read: {str(fault).splitlines()[0]}",
            where=str(path),
            mend="copy the folder anew, or run the search again",
        ) from fault
    return {name: point.model_dump() for name, point in found.items()}


def _check_content(content: Mapping[str, Any], path: Path) -> None:
    try:
        _Content.model_validate(content)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise RunError(
            f"the plan is damaged or was changed: {key[:80]}: {first['msg'].splitlines()[0]}",
            where=str(path),
            mend="delete the folder and run the scenario again",
        ) from fault


def make_plan(scenario: Scenario) -> Plan:
    """Plan of a study: its scenario as JSON, and its tables as arrays.

    Raises
    ------
    TableError
        With every problem in the tables.
    LimitError
        If it asks for more than the limits allow.
    """
    from twin.scenario.plan.demand_clock import outside_clock
    from twin.scenario.plan.draws import drawn_of
    from twin.scenario.plan.estimate import estimate_of, refuse_beyond_limits
    from twin.scenario.plan.observed import observed_of
    from twin.scenario.tables.read import read_tables

    tables = read_tables(scenario)
    estimate = estimate_of(scenario, tables)
    refuse_beyond_limits(scenario, estimate)
    content = scenario.content()
    content["estimate"] = {"run_times_s": estimate.run_times_s}
    content["scenario_sha256"] = scenario.sha256
    content["parent"] = None
    edits, hashes = scenario.edits_by_variant()
    for variant in content["variants"]:
        variant["edits"] = edits[variant["name"]]
    drawn = drawn_of(scenario).model_dump(mode="json")
    for made in drawn["variants"]:
        made["edits"] = edits[made.pop("edits_of")]
    content["drawn"] = drawn
    if (money := scenario.money_json()) is not None:
        content["money"] = money
    if scenario.head.sensors or scenario.head.observed:
        content["observed"] = observed_of(scenario, tables)
    for name, digest in hashes.items():
        content["layers"][name]["sha256"] = digest
    content["defaults"] = {name: [a.to_dict() for a in scenario.defaults_in_use(name)] for name in scenario.variants}
    for name, table in tables.items():
        content["tables"][name].update(sha256=table.sha256, echo=table.echo.to_dict())
        if table.told:
            content["tables"][name]["told"] = table.told
    columns = {name: dict(table.columns) for name, table in tables.items()}
    columns |= {name + part: more for name, table in tables.items() for part, more in table.more.items()}
    content["warnings"] = outside_clock(
        [variant.resolved for variant in scenario.variants.values()],
        columns,
        scenario.clock.start_s,
        scenario.clock.end_s,
    )
    # As it comes back from disk, so that a model built here and one built by a worker meet mappings in one order.
    return Plan(json.loads(json.dumps(content, sort_keys=True)), columns)


def models_json(params: Mapping[str, Params]) -> dict[str, Any]:
    """Parameters of models as JSON in SI units, by field name."""
    return {name: p.model_dump(mode="json", by_alias=False) for name, p in params.items()}
