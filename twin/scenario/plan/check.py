"""What a scenario would do, without running it: problems, or what was read, assumed and estimated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import Problem, ScenarioError
from twin.scenario.language.asking import warnings_of
from twin.scenario.language.load import load_scenario
from twin.scenario.language.schema import Scenario
from twin.scenario.plan.assumptions import Assumption
from twin.scenario.plan.estimate import Estimate, estimate_of, refuse_beyond_limits, tables_named

if TYPE_CHECKING:
    from twin.scenario.tables.read import TableData, TableEcho


@dataclass(frozen=True)
class CheckReport:
    """What the check found.

    Attributes
    ----------
    problems
        What is wrong; empty for a scenario that runs. Everything below is then complete.
    scenario
        The checked scenario.
    tables
        Echo of each table.
    assumptions
        Values the writer graded.
    defaults
        Defaults in use by variant; grades M and G are those to look at.
    estimate
        Agents, memory and time.
    warnings
        What the writer should think about.
    """

    file: str
    problems: tuple[Problem, ...] = ()
    scenario: Scenario | None = None
    tables: Mapping[str, TableEcho] | None = None
    assumptions: tuple[Assumption, ...] = ()
    defaults: Mapping[str, tuple[Assumption, ...]] | None = None
    estimate: Estimate | None = None
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the scenario would run."""
        return not self.problems

    def raise_if_wrong(self) -> None:
        """Raise the problems as one error.

        Raises
        ------
        ScenarioError
        """
        if self.problems:
            raise ScenarioError.of(self.problems, self.file)

    def weak_defaults(self) -> list[Assumption]:
        """Defaults of grade M and G in use, each once with the variants it holds in."""
        found: dict[tuple[str, str], Assumption] = {}
        for name, defaults in (self.defaults or {}).items():
            for default in defaults:
                if default.grade not in ("M", "G"):
                    continue
                before = found.get((default.key, default.value_text))
                variants = (*before.variants, name) if before else (name,)
                found[default.key, default.value_text] = replace(default, variants=variants)
        return list(found.values())

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        scenario = self.scenario
        return {
            "ok": self.ok,
            "file": self.file,
            "problems": [{"what": p.what, "where": p.where, "mend": p.mend} for p in self.problems],
            "warnings": list(self.warnings),
            "name": scenario.name if scenario else None,
            "scenario_sha256": scenario.sha256 if scenario else None,
            "variants": [
                {"name": v.name, "label": v.label.to_dict(), "measures": list(v.measures), "models": list(v.models)}
                for v in (scenario.variants.values() if scenario else ())
            ],
            "questions": [
                {
                    "id": q.id,
                    "main": q.main,
                    "ask": q.ask,
                    "checks": len(q.checks),
                    "settings": len(q.settings),
                    "most_replications": q.most_pairs,
                    "most_s": q.most_s,
                }
                for q in (scenario.questions.listed if scenario else ())
            ],
            "looks": scenario.questions.looks if scenario else [],
            "tables": {name: echo.to_dict() for name, echo in (self.tables or {}).items()},
            "assumptions": [a.to_dict() for a in self.assumptions],
            "weak_defaults": [a.to_dict() for a in self.weak_defaults()],
            "estimate": self.estimate.to_dict() if self.estimate else None,
        }


def check_scenario(
    path: Path,
    *,
    allow_read: Sequence[Path] = (),
    seed: int | None = None,
    replications: int | None = None,
    only: str | Sequence[str] | None = None,
) -> CheckReport:
    """Check a scenario file and its tables, and estimate what a run would take.

    Parameters
    ----------
    path, allow_read, seed, replications, only
        As for :func:`twin.scenario.language.load.load_scenario`.

    Raises
    ------
    LimitError
        If it asks for more than the limits allow.
    """
    file = str(path)
    try:
        scenario = load_scenario(path, allow_read=allow_read, seed=seed, replications=replications, only=only)
        tables = _tables_of(scenario)
        scenario.edits_by_variant()
    except ScenarioError as fault:
        return CheckReport(file, fault.problems or (Problem(fault.what, fault.where, fault.mend),))
    estimate = estimate_of(scenario, tables)
    refuse_beyond_limits(scenario, estimate)
    defaults = {name: tuple(scenario.defaults_in_use(name)) for name in scenario.variants}
    return CheckReport(
        file,
        (),
        scenario,
        {name: table.echo for name, table in tables.items()},
        scenario.assumptions,
        defaults,
        estimate,
        tuple(_warnings(scenario, tables)),
    )


def _tables_of(scenario: Scenario) -> dict[str, TableData]:
    """Read the tables, if there are any: numpy is not loaded for a scenario without."""
    if not scenario.tables:
        return {}
    from twin.scenario.tables.read import read_tables

    return read_tables(scenario)


def _warnings(scenario: Scenario, tables: Mapping[str, TableData]) -> Iterator[str]:
    used = {name for variant in scenario.variants.values() for name in tables_named(variant.resolved)}
    used |= {spec.table for spec in scenario.head.observed if spec.table}
    for name, table in tables.items():
        if name not in used:
            yield f"table {name} is used by no model"
        yield from (f"table {name}: {warning}" for warning in table.echo.warnings)
    yield from warnings_of(scenario.questions)
    if scenario.head.uncertainty is not None and not scenario.questions.listed:
        yield "uncertainty is about the answers to questions, and none is asked: nothing is drawn"
    if tables:
        from twin.scenario.plan.demand_clock import outside_clock

        columns = {name: table.columns for name, table in tables.items()}
        yield from outside_clock(
            [variant.resolved for variant in scenario.variants.values()],
            columns,
            scenario.clock.start_s,
            scenario.clock.end_s,
        )
    seen: dict[str, str] = {}
    # Settings of a search may well be variants of the file.
    for variant in scenario.variants.values():
        same = seen.setdefault(repr((variant.models, variant.edits)), variant.name)
        if same != variant.name and not variant.setting:
            yield f"variants {same} and {variant.name} are the same; every difference between them will be 0"
