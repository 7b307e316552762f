"""What a scenario is: the parts of the file around the models, and the checked whole."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from twin.params import Params
from twin.results.asked import Questions
from twin.results.days import Days
from twin.scenario.language.days import CalendarSpec, DaySpec
from twin.scenario.language.edits import LayerSpec, NameSpec
from twin.scenario.language.label import Label, LabelField
from twin.scenario.language.observed import ObservedSpec, Sensors
from twin.scenario.language.output import OutputSpec
from twin.scenario.language.packs import MoneySpec, read_money
from twin.scenario.language.questions import QuestionSpec, UncertaintySpec
from twin.scenario.language.schema_vary import VarySpec
from twin.scenario.plan.assumptions import Assumption, unset_fields
from twin.units import Bytes, ClockTime, Count, Seconds, Share, Yen, YenPerYear

VERSION = 1
#: Keys other versions will understand; until then they are errors that say so.
NOT_YET = ("areas", "circulation_kpi")
#: What is written in the place of words that planners wished for, where there is something.
HEAD_MENDS = {
    "circulation_kpi": "it belongs to the walkers: write pedestrian: {circulation_kpi: {...}}",
    "areas": "name the area of the walkers in pedestrian.circulation_kpi, that of the vans in transit.area",
}
MEASURE_NOT_YET = ("from_date", "bays")
_AFTER_END_S = 6 * 3600.0
_SCENARIO_NAME = re.compile(r"[^\W_][\w-]{0,59}")
_NAME = re.compile(r"\w[\w+-]{0,39}")
#: Names that Windows keeps for devices, with any ending.
_DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))}


def folder_name(text: str) -> str:
    """Name that can be a folder everywhere: letters (of any script), digits, ``_ + -``.

    Raises
    ------
    ValueError
        With the reason.
    """
    text = unicodedata.normalize("NFC", text)
    if text.casefold() in _DEVICES:
        raise ValueError(f"{text!r} is a device name on Windows; choose another name")
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text[:60]!r} cannot name a folder; use up to 40 letters, digits, _ + -, no spaces or dots")
    return text


def scenario_name(text: str) -> str:
    """Short name of a scenario, in letters of any script; its studies lie in a folder of :func:`short_folder`.

    Raises
    ------
    ValueError
        With the reason.
    """
    text = unicodedata.normalize("NFC", text)
    if text.casefold() in _DEVICES:
        raise ValueError(f"{text!r} is a device name on Windows; choose another name")
    if not _SCENARIO_NAME.fullmatch(text):
        raise ValueError(
            f"{text[:60]!r} is no short name; use up to 60 letters, digits, - and _, such as ikuno-fleet or どの台数"
        )
    return text


def short_folder(name: str) -> str:
    """Folder of a scenario's studies: its name where that is ASCII, else ``study-`` and the head of its hash.

    A path on Windows ends at 260 characters and an archive may lose other scripts, so folders are short and plain.
    """
    if name.isascii():
        return name
    return f"study-{hashlib.sha256(unicodedata.normalize('NFC', name).encode()).hexdigest()[:8]}"


class ClockSpec(Params):
    """When a run begins and ends, in seconds since midnight of day one."""

    start_s: ClockTime = Field(alias="from", ge=0, description="start of the clock", examples=["05:00"])
    end_s: ClockTime = Field(alias="to", le=7 * 86400, description="after it no new demand enters", examples=["24:00"])
    then: Literal["until_empty", "stop"] = Field(
        "until_empty", description="go on until everybody has left, or stop with whoever is inside"
    )
    latest_s: ClockTime | None = Field(
        None, alias="latest", description="end even if somebody is still inside; 6 h after `to` if not given"
    )
    step_s: Seconds = Field(5.0, alias="step", ge=0.1, le=3600, description="length of a common step")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end_s <= self.start_s:
            raise ValueError("the clock ends before it starts; after midnight write 24:30")
        if self.latest_s is not None and self.latest_s < self.end_s:
            raise ValueError("latest lies before the end of the clock; after midnight write 24:30")
        return self

    @property
    def last_s(self) -> float:
        """The instant after which nothing happens any more."""
        if self.then == "stop":
            return self.end_s
        return self.end_s + _AFTER_END_S if self.latest_s is None else self.latest_s


class RecordSpec(Params):
    """What is recorded beside the results."""

    traces_share: Share = Field(
        0.1, alias="traces", ge=0, le=1, description="share of bodies whose path is kept for pictures"
    )
    checkpoint_s: Seconds | None = Field(
        None, alias="checkpoint", gt=0, description="simulated time between checkpoints; none if not given"
    )


class LimitsSpec(Params):
    """What a run may use; it is refused or stopped beyond."""

    agents: Count = Field(10e6, gt=0, le=1e9, description="travellers and vehicles of one run")
    memory_bytes: Bytes = Field(8e9, alias="memory", gt=0, description="memory of one run")
    time_s: Seconds | None = Field(None, alias="time", gt=0, description="wall time of one run")
    disk_bytes: Bytes = Field(20e9, alias="disk", gt=0, description="size of the study's folder")


class Cost(Params):
    """What a measure costs."""

    build_yen: Yen | None = Field(None, alias="build", ge=0, description="once")
    upkeep_yen_per_year: YenPerYear | None = Field(None, alias="upkeep", ge=0, description="every year")


class MeasureSpec(Params):
    """A named, labelled, costed set of changes; the changes themselves are resolved apart."""

    label: LabelField = Label()
    cost: Cost | Yen | None = Field(None, description="once as an amount, or {build, upkeep}")


class VariantSpec(Params):
    """How a variant is made: measures on the base or on another variant, then its own changes."""

    label: LabelField = Label()
    measures: tuple[str, ...] = Field((), alias="with", description="measures it consists of")
    parent: str | None = Field(None, alias="from", description="variant it starts from; the base if not given")

    @field_validator("measures")
    @classmethod
    def _once_each(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"measure {twice!r} is named twice; name it once")
        return names


TimeForm = Literal["hhmm", "seconds", "hhmmss", "h.mm", "hours", "minutes", "excel", "unix"]
CountedAt = Literal["line_join", "holding_yard_in", "gate_in", "gate_out"]


class DayTotal(Params):
    """Total a column is scaled to; the factor is shown by the check."""

    column: str
    total: Count = Field(gt=0)


#: What a table may be beside plain rows, and what is said of plain rows alone.
_TABLE_KINDS = ("gtfs_day", "mesh", "areas", "hours_across")
_OF_ROWS = ("header_row", "values", "drop_rows", "hour_labels", "time_as", "gaps", "counted_at", "day_total")


class TableSpec(Params):
    """A table of the user's: where it is, and what its headings and words mean."""

    file: str = Field(min_length=1, max_length=500, description="CSV, xlsx or Parquet beside the scenario")
    sheet: str | None = Field(None, description="sheet of a workbook; needed if it has more than one")
    header_row: int | None = Field(
        None, ge=1, le=1000, description="row of the headings, counted from 1; found by the headings if not given"
    )
    encoding: Literal["detect", "utf-8", "cp932"] = Field("detect", description="encoding of a CSV")
    columns: dict[str, str] = Field(default_factory=dict, description="our name -> heading in the file")
    values: dict[str, dict[str, bool | int | float | str]] = Field(
        default_factory=dict, description="column -> word in the file -> our word"
    )
    units: dict[str, str] = Field(
        default_factory=dict, description="column -> unit of its numbers, or text, clock or date"
    )
    drop_rows: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="column -> words whose rows are dropped, beside 合計, 小計, 計 and total"
    )
    hour_labels: Literal["start_of_hour", "end_of_hour"] = Field(
        "start_of_hour", description="whether `8` means 8:00-9:00 or 7:00-8:00"
    )
    time_as: TimeForm | dict[str, TimeForm] | None = Field(
        None,
        description="what bare numbers in columns of times are: hhmm (0805), hhmmss (080500), h.mm (8.05), hours "
        "(8.083), minutes, seconds (29100), excel (0.336806 or 46136.336806), unix; for all columns, or by column",
    )
    gaps: Literal["error", "zero", "keep_and_report"] = Field("error", description="what an empty number means")
    counted_at: CountedAt | None = Field(None, description="where vehicles were counted; gate counts hide the queue")
    day_total: Count | DayTotal | None = Field(None, description="scale the counts to this total")
    gtfs_day: dt.date | None = Field(
        None, description="the file is a GTFS feed, a .zip or a folder: read the timetable of this day"
    )
    mesh: bool = Field(
        False, description="the file is a grid square statistic as e-Stat gives it: KEY_CODE and what was counted"
    )
    areas: str | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="the file holds polygons (GeoJSON, GeoPackage, Shapefile, also zipped): the field that names them",
    )
    hours_across: str | None = Field(
        None,
        pattern=r"^[A-Za-z_]\w{0,59}$",
        description="hours stand in the headings (7時台, 8時台, …), as in a road census: our name of the numbers below",
    )
    added_over: str | None = Field(
        None,
        max_length=200,
        description="with hours_across: heading of a column whose rows are added up, such as 車種 (小型車 and 大型車)",
    )
    source: str = Field("", description="where the table comes from")
    licence: str = Field("", max_length=300, description="under which it may be used; every output carries it")
    as_of: str = Field(
        "",
        pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?)?$",
        description="date, month or year of the data; every output carries it",
    )
    grade: Literal["", "V", "D", "M", "G"] = Field("", description="V read, D derived, M remembered, G guess")
    note: str = ""

    @field_validator("as_of", mode="before")
    @classmethod
    def _a_year_is_a_date(cls, value: Any) -> Any:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @model_validator(mode="after")
    def _feeds_name_their_columns(self) -> TableSpec:
        given = [
            name
            for name in ("sheet", "header_row", "columns", "values", "units", "drop_rows", "time_as", "day_total")
            if name in self.model_fields_set
        ]
        if self.gtfs_day is not None and given:
            raise ValueError(f"a GTFS feed names its own columns; leave {', '.join(given)} out, or gtfs_day")
        return self

    @model_validator(mode="after")
    def _one_kind(self) -> TableSpec:
        kinds = [name for name in _TABLE_KINDS if getattr(self, name)]
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(kinds)} are both given, and the file is of one kind; keep one")
        if self.added_over and not self.hours_across:
            raise ValueError("added_over goes with hours_across; leave it out")
        if self.mesh or self.areas:
            strange = [name for name in _OF_ROWS if name in self.model_fields_set]
            if strange:
                raise ValueError(f"{kinds[0]} has no use for {', '.join(strange)}; leave them out")
        return self

    @field_validator("columns")
    @classmethod
    def _plain_names(cls, columns: dict[str, str]) -> dict[str, str]:
        for name in columns:
            if not re.fullmatch(r"\w{1,60}", name):
                raise ValueError(f"{name!r} is no name for a column; use letters, digits and _")
        return columns


class CalibrationSpec(Params):
    """A calibration that a scenario stands on: its values take the place of those in the base."""

    file: str = Field(min_length=1, max_length=500, description="calibration.json as twin calibrate wrote it")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{8,64}$", description="hash of the file, or how it begins; another file is refused"
    )


class ScenarioHead(Params):
    """The parts of a scenario around the models, checked; measures and variants without their changes."""

    twin: Literal[1] = Field(description="version of the scenario language")
    name: Annotated[str, AfterValidator(scenario_name)] = Field(
        description="short name, in letters of any script; where it is ASCII the folder of its studies has it too"
    )
    title: LabelField = Field(Label(), description="title for people")
    author: str = Field("", max_length=200, description="who answers for it")
    city: str | tuple[str, ...] = Field(
        description="a bundled district, a map file or a built city; a list joins districts",
        examples=["osaka_ikuno_hirano"],
    )
    seed: int = Field(1, ge=0, le=2**63 - 1, description="base of all draws")
    replications: int = Field(1, ge=1, le=100_000, description="runs per variant, paired across variants")
    clock: ClockSpec = Field(description="when a run begins and ends")
    tables: dict[str, TableSpec] = Field(default_factory=dict, max_length=100, description="tables by name")
    names: dict[str, NameSpec] = Field(default_factory=dict, max_length=500, description="streets with aliases")
    layers: dict[str, LayerSpec] = Field(default_factory=dict, max_length=100, description="drawings by name")
    measures: dict[str, MeasureSpec] = Field(default_factory=dict, max_length=200, description="sets of changes")
    variants: dict[str, VariantSpec] = Field(default_factory=dict, max_length=200, description="what is compared")
    days: dict[str, DaySpec] = Field(default_factory=dict, max_length=40, description="kinds of day and their weights")
    calendar: CalendarSpec | None = Field(None, description="the fiscal year that weights are of")
    questions: tuple[QuestionSpec, ...] = Field(
        (), max_length=50, description="what is asked; runs are added until it is answered or the budget is spent"
    )
    money: MoneySpec | None = Field(None, description="what results are priced by; there is no default")
    vary: VarySpec | None = Field(None, description="settings that twin sweep, frontier and optimise try")
    uncertainty: UncertaintySpec | None = Field(None, description="what is drawn beside luck")
    sensors: Sensors = Field(default_factory=dict, max_length=100, description="who counts, with what errors, by name")
    observed: tuple[ObservedSpec, ...] = Field(
        (), max_length=200, description="what was counted or measured today; the first variant is held against it"
    )
    calibration: str | CalibrationSpec | None = Field(
        None, description="calibration.json on which the scenario stands, or {file, sha256}"
    )
    record: RecordSpec = Field(RecordSpec(), description="what is recorded")
    output: OutputSpec = Field(OutputSpec(), description="what pictures add, and what tables and reports leave out")
    limits: LimitsSpec = Field(LimitsSpec(), description="what a run may use")

    @field_validator("city")
    @classmethod
    def _some_city(cls, city: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not city or not all(part.strip() for part in ([city] if isinstance(city, str) else city)):
            raise ValueError("no city is named; write for example osaka_ikuno_hirano")
        return city

    @field_validator("variants")
    @classmethod
    def _variants_name_folders(cls, variants: dict[str, VariantSpec]) -> dict[str, VariantSpec]:
        seen: dict[str, str] = {}
        for name in variants:
            folded = folder_name(name).casefold()
            if folded in seen:
                raise ValueError(f"{seen[folded]!r} and {name!r} would be one folder on Windows; rename one")
            seen[folded] = name
        return variants

    @field_validator("days")
    @classmethod
    def _days_name_folders(cls, days: dict[str, DaySpec]) -> dict[str, DaySpec]:
        for name in days:
            folder_name(name)
        return days

    @field_validator("questions")
    @classmethod
    def _one_id_each(cls, questions: tuple[QuestionSpec, ...]) -> tuple[QuestionSpec, ...]:
        ids = [question.id for question in questions]
        twice = next((name for name in ids if ids.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two questions have the id {twice!r}; rename one")
        if sum(question.main for question in questions) > 1:
            raise ValueError("more than one question is the main one; keep main: true at one of them")
        return questions

    @field_validator("tables")
    @classmethod
    def _table_names(cls, tables: dict[str, TableSpec]) -> dict[str, TableSpec]:
        for name in tables:
            folder_name(name)
        return tables


@dataclass(frozen=True)
class Variant:
    """One variant, resolved and checked.

    Attributes
    ----------
    name, label
        Its name, and words for people.
    measures
        Every measure in it, inherited ones first.
    models
        Parameters by model, in the fixed order of the models.
    resolved
        The model sections as one file would say them: plain values with units, gradings taken out.
    edits
        Edits of the city by its measures, as plain data; see :mod:`twin.scenario.language.edits`.
    setting
        What a search set in it; empty for a variant of the file.
    made_of
        The variant that a search set it in.
    of, day
        The variant of the file and the kind of day that it is; empty where the scenario has one day.
    """

    name: str
    label: Label
    measures: tuple[str, ...]
    models: dict[str, Params]
    resolved: dict[str, Any]
    edits: tuple[dict[str, Any], ...] = ()
    setting: str = ""
    made_of: str = ""
    of: str = ""
    day: str = ""


@dataclass(frozen=True)
class Scenario:
    """A checked scenario.

    Attributes
    ----------
    head
        Everything around the models, as the file says it (with the overrides of the command line).
    variants
        Resolved variants by name, in the order of the file; those left out by ``only`` are not here.
    assumptions
        Values the writer graded.
    folder
        Folder of the scenario file; tables and map files are found from here.
    allow_read
        Further folders tables may be read from.
    source
        The file as it was read.
    questions
        What is asked, as plain checks, and when it is looked at.
    days
        Kinds of day with their weights; each variant then stands in ``variants`` once per kind.
    stands_on
        Name, hash and values of the calibration that it stands on; empty without.
    lines
        Path of a node below ``layers`` and ``measures`` -> line and column, for faults that show only on the map.
    file
        Its path as the caller gave it, for messages.
    """

    head: ScenarioHead
    variants: dict[str, Variant]
    assumptions: tuple[Assumption, ...]
    folder: Path
    allow_read: tuple[Path, ...] = ()
    source: bytes = b""
    file: str = ""
    lines: dict[str, tuple[int, int]] = field(default_factory=dict, repr=False)
    questions: Questions = field(default_factory=Questions)
    days: Days = field(default_factory=Days)
    stands_on: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Short name."""
        return self.head.name

    @property
    def title(self) -> Label:
        """Title for people; the name where none is given."""
        return self.head.title if self.head.title.ja else Label(ja=self.name, en=self.name)

    @property
    def author(self) -> str:
        """Who answers for it."""
        return self.head.author

    @property
    def city(self) -> str | list[str]:
        """City as written: one, or a list of districts to join."""
        return self.head.city if isinstance(self.head.city, str) else list(self.head.city)

    @property
    def seed(self) -> int:
        """Base of all draws."""
        return self.head.seed

    @property
    def replications(self) -> int:
        """Runs per variant; with questions that decide it themselves, as many as their budgets allow."""
        return self.questions.looks[-1] if self.questions.looks else self.head.replications

    @property
    def clock(self) -> ClockSpec:
        """When a run begins and ends."""
        return self.head.clock

    @property
    def tables(self) -> dict[str, TableSpec]:
        """Tables by name, as declared."""
        return self.head.tables

    @property
    def measures(self) -> dict[str, MeasureSpec]:
        """Measures by name: label and cost."""
        return self.head.measures

    @property
    def record(self) -> RecordSpec:
        """What is recorded."""
        return self.head.record

    @property
    def limits(self) -> LimitsSpec:
        """What a run may use."""
        return self.head.limits

    def defaults_in_use(self, variant: str) -> list[Assumption]:
        """Defaults that nobody set in a variant, with value, grade and source, in the order of the models."""
        found: list[Assumption] = []
        for name, params in self.variants[variant].models.items():
            found.extend(replace(default, variants=(variant,)) for default in unset_fields(params, name))
        return found

    def content(self) -> dict[str, Any]:
        """Everything that determines the results, as plain JSON in SI units; no path of this machine."""
        head = self.head
        return {
            "format": 1,
            "twin": VERSION,
            "name": head.name,
            "title": self.title.to_dict(),
            "author": head.author,
            "city": [_portable(part) for part in ([head.city] if isinstance(head.city, str) else head.city)],
            "seed": head.seed,
            "replications": self.replications,
            "questions": self.questions.model_dump(mode="json"),
            "uncertainty": head.uncertainty.model_dump(mode="json") if head.uncertainty else None,
            "clock": {
                "start_s": head.clock.start_s,
                "end_s": head.clock.end_s,
                "then": head.clock.then,
                "latest_s": head.clock.last_s,
                "step_s": head.clock.step_s,
            },
            **self._observing(),
            "record": head.record.model_dump(mode="json"),
            # A scenario without chapters of its own has the plan that it always had.
            **({"chapters": head.output.to_list()} if head.output.chapters else {}),
            "limits": head.limits.model_dump(mode="json"),
            "tables": {name: _table_json(spec) for name, spec in head.tables.items()},
            "layers": {
                name: {**spec.model_dump(mode="json"), "file": _portable(spec.file)}
                for name, spec in head.layers.items()
            },
            "measures": {name: spec.model_dump(mode="json") for name, spec in head.measures.items()},
            "variants": [
                {
                    "name": v.name,
                    "label": v.label.to_dict(),
                    "measures": list(v.measures),
                    "resolved": v.resolved,
                    "models": {name: p.model_dump(mode="json", by_alias=False) for name, p in v.models.items()},
                    "edits": list(v.edits),
                    "setting": v.setting,
                    **({"of": v.of, "day": v.day} if v.day else {}),
                }
                for v in self.variants.values()
            ],
            **({"days": self.days.model_dump(mode="json")} if self.days else {}),
            # A line moves with every comment above it and means nothing.
            "assumptions": [{k: v for k, v in a.to_dict().items() if k != "line"} for a in self.assumptions],
        }

    def money_json(self) -> dict[str, Any] | None:
        """The pack of prices as the plan holds it; None where the scenario names none."""
        spec = self.head.money
        if spec is None:
            return None
        return read_money(spec, self.folder, self.allow_read).model_dump(mode="json")

    def runs_of(self, name: str) -> list[str]:
        """Variants to run for a figure's name: itself, or on every kind of day for one that follows from them."""
        if name in self.variants:
            return [name]
        variant, _ = self.days.split(name)
        return [v.name for v in self.variants.values() if v.of == variant]

    def _observing(self) -> dict[str, Any]:
        """Sensors, observations, what is published; nothing where there is none: other scenarios keep their hash."""
        head, out = self.head, dict[str, Any]()
        if head.output.privacy is not None:
            out["output"] = {"privacy": head.output.privacy.model_dump(mode="json")}
        if head.sensors:
            out["sensors"] = {name: one.model_dump(mode="json") for name, one in head.sensors.items()}
        if self.stands_on:
            out["calibration"] = self.stands_on
        if head.observed:
            out["observed"] = [one.model_dump(mode="json") for one in head.observed]
        return out

    def edits_by_variant(self) -> tuple[dict[str, list[dict[str, Any]]], dict[str, str]]:
        """Edits of the city with the drawings they name, and the SHA-256 of every layer; reads the layers' files.

        Raises
        ------
        ScenarioError
            With every layer that cannot be read and every feature that is missing.
        """
        from twin.scenario.tables.layers import read_layers, with_features

        file = self.file or self.name
        found, hashes = read_layers(self.head.layers, self.folder, self.allow_read, file, self.lines)
        return {name: with_features(v.edits, found, file, self.lines) for name, v in self.variants.items()}, hashes

    def to_json(self) -> str:
        """Canonical JSON of :meth:`content`: sorted keys, no spaces, kanji as they are."""
        return json.dumps(self.content(), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def sha256(self) -> str:
        """Hash of the scenario: of its meaning, not of its comments or its place on the disk."""
        return hashlib.sha256(self.to_json().encode("utf-8")).hexdigest()


def _portable(path: str) -> str:
    """Path as written, without what only this machine knows."""
    text = path.replace("\\", "/")
    absolute = text.startswith("/") or re.match(r"[A-Za-z]:", text)
    return text.rsplit("/", 1)[-1] if absolute else text.removeprefix("./")


def _table_json(spec: TableSpec) -> dict[str, Any]:
    # Plans of tables that say none of these stay as they were.
    left_out = {name for name in (*_TABLE_KINDS, "added_over", "licence", "as_of") if not getattr(spec, name)}
    return {**spec.model_dump(mode="json", exclude=left_out), "file": _portable(spec.file)}
