"""What a scenario would do, without running it: problems, or what was read, assumed and estimated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twin.errors import LimitError, Problem, ScenarioError
from twin.params import Params, field_facts
from twin.scenario.assumptions import Assumption
from twin.scenario.forks import unforkable_changes
from twin.scenario.load import load_scenario
from twin.scenario.schema import Scenario, Variant
from twin.units import number_text

if TYPE_CHECKING:
    from twin.scenario.tables import TableData, TableEcho

__all__ = ["CheckReport", "Estimate", "check_scenario", "estimate_of", "refuse_beyond_limits", "unforkable_changes"]

#: Units of parameters that count bodies, for models that offer no estimate of their own.
_BODY_UNITS = frozenset({
    "people", "person", "trucks", "vehicles", "vans", "cars", "requests", "walkers", "visitors", "riders",
    "people/day", "trucks/day", "requests/day",
})
_COUNT_COLUMNS = ("trucks", "count", "people", "vehicles", "visitors", "requests", "party", "out")
# Rounded from single runs of the starters on two shared cores: a process with the libraries loaded, rows of
# arrays and tables per agent, the work of one agent's day, and of one step of one model. Good to a factor of two.
_PROCESS_BYTES = 330e6
_AGENT_BYTES = 3500.0
_STARTUP_S = 4.0
_AGENT_S = 1.2e-4
_MODEL_STEP_S = 60e-6


@dataclass(frozen=True)
class Estimate:
    """Rough size of a study, good to a factor of two.

    Attributes
    ----------
    agents
        Travellers and vehicles of one run, by variant.
    memory_bytes
        Of one process.
    run_time_s
        Of one run of the largest variant.
    time_s
        Of the whole study on one worker.
    runs
        Variants times replications.
    """

    agents: dict[str, float]
    memory_bytes: float
    run_time_s: float
    time_s: float
    runs: int

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "agents": self.agents, "memory_bytes": self.memory_bytes, "run_time_s": self.run_time_s,
            "time_s": self.time_s, "runs": self.runs,
        }


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
            "tables": {name: echo.to_dict() for name, echo in (self.tables or {}).items()},
            "assumptions": [a.to_dict() for a in self.assumptions],
            "weak_defaults": [a.to_dict() for a in self.weak_defaults()],
            "estimate": self.estimate.to_dict() if self.estimate else None,
        }


def check_scenario(
    path: Path, *, allow_read: Sequence[Path] = (), seed: int | None = None, replications: int | None = None,
    only: str | Sequence[str] | None = None,
) -> CheckReport:
    """Check a scenario file and its tables, and estimate what a run would take.

    Parameters
    ----------
    path, allow_read, seed, replications, only
        As for :func:`twin.scenario.load.load_scenario`.

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
        file, (), scenario, {name: table.echo for name, table in tables.items()}, scenario.assumptions, defaults,
        estimate, tuple(_warnings(scenario, tables)),
    )


def _tables_of(scenario: Scenario) -> dict[str, TableData]:
    """Read the tables, if there are any: numpy is not loaded for a scenario without."""
    if not scenario.tables:
        return {}
    from twin.scenario.tables import read_tables

    return read_tables(scenario)


def _warnings(scenario: Scenario, tables: Mapping[str, TableData]) -> Iterator[str]:
    used = {name for variant in scenario.variants.values() for name in tables_named(variant.resolved)}
    for name, table in tables.items():
        if name not in used:
            yield f"table {name} is used by no model"
        yield from (f"table {name}: {warning}" for warning in table.echo.warnings)
    seen: dict[str, str] = {}
    for variant in scenario.variants.values():
        same = seen.setdefault(repr((variant.models, variant.edits)), variant.name)
        if same != variant.name:
            yield f"variants {same} and {variant.name} are the same; every difference between them will be 0"


def tables_named(resolved: Any) -> Iterator[str]:
    """Names under ``table:`` and ``…_table:`` anywhere in resolved sections."""
    if isinstance(resolved, dict):
        for key, value in resolved.items():
            if isinstance(value, str) and (key == "table" or key.endswith("_table")):
                yield value
            else:
                yield from tables_named(value)
    elif isinstance(resolved, list):
        for value in resolved:
            yield from tables_named(value)


def estimate_of(scenario: Scenario, tables: Mapping[str, TableData]) -> Estimate:
    """Agents, memory and time of a study, before anything is allocated.

    Parameters
    ----------
    scenario
        The checked scenario.
    tables
        Its tables as read.
    """
    agents = {name: _agents_of(variant, tables) for name, variant in scenario.variants.items()}
    most = max(agents.values(), default=0.0)
    steps = (scenario.clock.end_s - scenario.clock.start_s) / scenario.clock.step_s
    run_times = {
        name: agents[name] * _AGENT_S + steps * _MODEL_STEP_S * len(variant.models)
        for name, variant in scenario.variants.items()
    }
    cells = sum(column.nbytes for table in tables.values() for column in table.columns.values())
    return Estimate(
        agents, _PROCESS_BYTES + most * _AGENT_BYTES + 2 * cells, max(run_times.values(), default=0.0),
        _STARTUP_S + sum(run_times.values()) * scenario.replications, len(agents) * scenario.replications,
    )


def _agents_of(variant: Variant, tables: Mapping[str, TableData]) -> float:
    total = 0.0
    for params in variant.models.values():
        offered = getattr(params, "estimate_agents", None)
        total += float(offered()) if callable(offered) else _bodies_in(params)
    for name in sorted(set(tables_named(variant.resolved))):
        if name in tables:
            total += _bodies_of_table(tables[name])
    return total


def _bodies_of_table(table: TableData) -> float:
    """Sum of the column of counts; rows where there is none."""
    for column in _COUNT_COLUMNS:
        if column in table.echo.totals:
            return max(table.echo.totals[column] * table.echo.scaled.get(column, 1.0), 0.0)
    return float(table.echo.rows)


def _bodies_in(value: Any, unit: str = "") -> float:
    """Sum of all parameters that count bodies."""
    if isinstance(value, Params):
        return sum(
            _bodies_in(getattr(value, name), field_facts(info).get("unit", ""))
            for name, info in type(value).model_fields.items()
        )
    if isinstance(value, dict):
        return sum(_bodies_in(member, unit) for member in value.values())
    if isinstance(value, tuple | list):
        return sum(_bodies_in(member, unit) for member in value)
    counts = unit in _BODY_UNITS and isinstance(value, int | float) and not isinstance(value, bool)
    return max(float(value), 0.0) if counts else 0.0


def refuse_beyond_limits(scenario: Scenario, estimate: Estimate) -> None:
    """Refuse a study whose estimate passes the scenario's limits, before anything is allocated.

    Raises
    ------
    LimitError
        Naming the variant, the limit and the way to raise it.
    """
    limits = scenario.limits
    for name, agents in estimate.agents.items():
        if not agents <= limits.agents:
            raise LimitError(
                f"variant {name} asks for about {number_text(agents)} agents, the limit is "
                f"{number_text(limits.agents)}",
                where=f"{scenario.file or scenario.name}, limits.agents",
                mend="ask for fewer travellers and vehicles, or raise limits: {agents: …}",
            )
    if not estimate.memory_bytes <= limits.memory_bytes:
        raise LimitError(
            f"a run would take about {estimate.memory_bytes / 1e9:.1f} GB, the limit is "
            f"{limits.memory_bytes / 1e9:.1f} GB",
            where=f"{scenario.file or scenario.name}, limits.memory",
            mend="ask for fewer agents, or raise limits: {memory: …}",
        )
