"""How observations are written: what was counted or measured, by which sensor, and what is held out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from twin.models import registry
from twin.observe.sensors import Beacon, Gps, Sensor
from twin.params import Params
from twin.scenario.language.document import Listing, Mark, Node, Problems
from twin.scenario.language.document import Mapping as Tree
from twin.scenario.language.label import Label, LabelField
from twin.scenario.language.questions import Amount, AmountError, amount_of
from twin.scenario.language.validate import nearest
from twin.units import Share

_ID = re.compile(r"\w[\w-]{0,39}")
#: Keys that other versions will understand, and what is written in their place today.
OBSERVED_NOT_YET = {
    "from": "leave it out",
    "to": "leave it out",
    "compare": "leave it out; lengths are compared as means by hour or group",
    "change_in_2013_trial": "run the trial as a variant, and write its value with variant: NAME",
}
#: Figures that a table cannot hold, and what is counted in their place.
_IN_PLACE_OF = {
    "pedestrian.stay_share": "pedestrian.dwell_share",
    "pedestrian.link_flow_10min": "pedestrian.link_flow_count",
    "transit.refused_share": "transit.refused_part",
    "terminal.join_to_out_min": "terminal.gate_wait_min",
}


def _plain_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError(f"{text[:60]!r} is no id; use up to 40 letters, digits, _ and -")
    return text


Id = Annotated[str, AfterValidator(_plain_id)]
#: Sensors by name.
Sensors = dict[Id, Sensor]


class ObservedSpec(Params):
    """One observation: a value of a figure, or a table of counts, shares or lengths."""

    id: Id | None = Field(None, description="short name; the figure's own if not given")
    label: LabelField = Field(Label(), description="words for people")
    kpi: str = Field(min_length=1, max_length=100, description="figure, or what of a model can be counted in tables")
    variant: str | None = Field(None, description="variant that is today; the first one if not given")
    day: str | None = Field(None, description="kind of day on which it was counted, where the scenario has several")
    group: str = Field("all", description="group of the figure")
    value: Amount | None = Field(None, description="the value, with its unit")
    spread: Amount | None = Field(
        None, description="standard error of the value, or of each number of a table as an amount or as %"
    )
    days: int = Field(1, ge=1, le=10_000, description="days of which the numbers are means; luck shrinks with them")
    table: str | None = Field(None, description="table of the numbers")
    count: str | tuple[str, ...] = Field(
        "count", description="column of the numbers; several, if they are headings: [north, south]"
    )
    by: str | tuple[str, ...] = Field((), description="columns that say where and of whom: camera, exit, zone, class")
    seen_as: str | None = Field(None, description="sensor that saw it; the run is compared as that sensor sees it")
    hold_out: Share | tuple[str, ...] | None = Field(
        None, description="share of the sensors, or their names, that calibration never looks at"
    )
    source: str = Field("", max_length=1000, description="where it comes from")
    grade: Literal["", "V", "D", "M", "G"] = Field("", description="V read, D derived, M remembered, G guess")
    note: str = Field("", max_length=1000)

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.value is None) == (self.table is None):
            raise ValueError("an observation has either value: with its unit, or table: with its name")
        if self.table is None and (self.by or self.hold_out is not None or self.count != "count"):
            raise ValueError("by, count and hold_out go with a table")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that say where and of whom."""
        return (self.by,) if isinstance(self.by, str) else self.by

    @property
    def numbers(self) -> tuple[str, ...]:
        """Columns of the numbers."""
        return (self.count,) if isinstance(self.count, str) else self.count


def ids_of(specs: Iterable[ObservedSpec]) -> list[str]:
    """Id of each observation: its own, else the figure's last word, with a number where it is taken."""
    out: list[str] = []
    for spec in specs:
        base = spec.id or spec.kpi.rsplit(".", 1)[-1][:36]
        name, number = base, 1
        while name in out:
            number += 1
            name = f"{base}-{number}"
        out.append(name)
    return out


def without_not_yet(node: Node | None, problems: Problems) -> Node | None:
    """Observations without the keys that are not yet understood, which are told."""
    if not isinstance(node, Listing):
        return node
    items = []
    for item in node.items:
        if isinstance(item, Tree):
            for key in [key for key in item.entries if key in OBSERVED_NOT_YET]:
                where = f"{item.path}.{key}"
                what = f"{key} is not yet understood by this version"
                problems.add(what, item.key_marks[key], where, OBSERVED_NOT_YET[key])
            entries = {key: child for key, child in item.entries.items() if key not in OBSERVED_NOT_YET}
            item = Tree(entries, item.key_marks, item.mark, item.path)
        items.append(item)
    return Listing(tuple(items), node.mark, node.path)


def check_observed(
    specs: Iterable[ObservedSpec],
    sensors: Mapping[str, Sensor],
    tables: Mapping[str, object],
    variants: Mapping[str, Mapping[str, object]],
    days: Sequence[str],
    tree: Tree,
    problems: Problems,
) -> None:
    """Check what can be told without reading a table: names and units.

    Parameters
    ----------
    specs, sensors, tables
        As the file declares them.
    variants
        Variant -> its models.
    days
        Kinds of day; none where the scenario has one.
    tree
        The file, for the places of faults.
    problems
        Receives what is wrong.
    """
    specs = tuple(specs)
    if not specs:
        return
    from twin.results.kpis import infos

    listed, known = tree.entries.get("observed"), infos()
    models = dict.fromkeys(name for of in variants.values() for name in of)
    taken: set[str] = set()
    for index, spec in enumerate(specs):
        item = listed.items[index] if isinstance(listed, Listing) and index < len(listed.items) else listed

        def add(what: str, mend: str, key: str = "", item: Node | None = item) -> None:
            at = item.entries[key] if isinstance(item, Tree) and key in item.entries else item
            mark, path = (at.mark, at.path) if at is not None else (Mark(1, 1), "observed")
            problems.add(what, mark, path, mend)

        if spec.id is not None and spec.id in taken:
            add(f"two observations have the id {spec.id!r}", "rename one", "id")
        taken.add(spec.id or "")
        if spec.variant is not None and spec.variant not in variants:
            add(f"there is no variant {spec.variant!r}", nearest(spec.variant, variants), "variant")
        if days and spec.day is None:
            add("the scenario has several kinds of day", f"say on which it was counted, for example day: {days[0]}")
        elif spec.day is not None and spec.day not in days:
            add(f"there is no kind of day {spec.day!r}", nearest(spec.day, days) or "leave day out", "day")
        if spec.seen_as is not None and spec.seen_as not in sensors:
            add(*_no_sensor(spec.seen_as, sensors), "seen_as")
            continue
        model = spec.kpi.split(".", 1)[0]
        if spec.table is None:
            if spec.kpi not in known:
                add(f"there is no figure {spec.kpi!r}", nearest(spec.kpi, known), "kpi")
                continue
            _check_value(spec, known[spec.kpi].unit, sensors, add)
        else:
            if spec.table not in tables:
                add(f"there is no table {spec.table!r}", nearest(spec.table, tables), "table")
            if spec.kpi not in registry.observables():
                instead = _IN_PLACE_OF.get(spec.kpi)
                mend = f"write kpi: {instead}" if instead else nearest(spec.kpi, registry.observables())
                listed_words = ", ".join(name for name in registry.observables() if name.startswith(f"{model}."))
                add(f"a table cannot hold {spec.kpi!r}; it can hold {listed_words or 'nothing of it'}", mend, "kpi")
                continue
            kinds = registry.observables()[spec.kpi].sensors
            if spec.seen_as is not None and sensors[spec.seen_as].kind not in kinds:
                add(
                    f"a sensor of kind {sensors[spec.seen_as].kind} cannot see {spec.kpi}",
                    f"kinds that can: {', '.join(kinds) or 'none'}",
                    "seen_as",
                )
        if not any(name == model or name.startswith(f"{model}_") for name in models):
            add(f"no model of this scenario gives {spec.kpi}", f"models here: {', '.join(models)}", "kpi")


def _check_value(spec: ObservedSpec, unit: str, sensors: Mapping[str, Sensor], add: object) -> None:
    assert callable(add)  # noqa: S101  (for the type checker)
    for key, value, relative in (("value", spec.value, False), ("spread", spec.spread, True)):
        if value is None:
            continue
        try:
            amount_of(value, unit, relative_allowed=relative)
        except AmountError as fault:
            add(fault.what, fault.mend, key)
    wrong = fault_of_sight(spec.kpi, spec.seen_as, sensors) if spec.seen_as is not None else None
    if wrong is not None:
        add(*wrong, "seen_as")


def fault_of_sight(kpi: str, sensor: str, sensors: Mapping[str, Sensor]) -> tuple[str, str] | None:
    """What is wrong with a figure as a sensor sees it, and how to mend it; None where nothing is."""
    if sensor not in sensors:
        return _no_sensor(sensor, sensors)
    of = registry.stays(kpi.split(".", 1)[0])
    if sensor in phones_among(sensors) and of is not None and kpi in of.kpis:
        return None
    told = ", ".join(of.kpis) if of else "nothing of that model"
    if sensor in phones_among(sensors):
        return f"phones do not tell {kpi}", f"what phones tell: {told}; leave seen_as out for others"
    return (
        f"a sensor of kind {sensors[sensor].kind} counts and tells no figure such as {kpi}",
        f"name one of kind gps or beacon, which tell {told}",
    )


def phones_among(sensors: Mapping[str, Sensor]) -> list[str]:
    """Sensors that tell figures, by name."""
    return [name for name, sensor in sensors.items() if isinstance(sensor, Gps | Beacon)]


def _no_sensor(name: str, sensors: Mapping[str, Sensor]) -> tuple[str, str]:
    mend = nearest(name, sensors) or "declare it: sensors: {gps: {kind: gps, every: 5 min}}"
    return f"there is no sensor {name!r}", mend


def in_unit(value: Amount, unit: str) -> float:
    """A value that was checked, in the unit of its figure."""
    return amount_of(value, unit, relative_allowed=True)[0]
