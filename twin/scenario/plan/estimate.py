"""How large a study is, before anything is allocated; and what is beyond its limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from twin.errors import LimitError
from twin.models import registry
from twin.params import Params, field_facts
from twin.units import number_text

if TYPE_CHECKING:
    from twin.scenario.language.schema import Scenario, Variant
    from twin.scenario.tables.read import TableData

#: Units of parameters that count bodies, for models that offer no estimate of their own.
_BODY_UNITS = frozenset(
    {
        "people",
        "person",
        "trucks",
        "vehicles",
        "vans",
        "cars",
        "requests",
        "walkers",
        "visitors",
        "riders",
        "people/day",
        "trucks/day",
        "requests/day",
    }
)
_COUNT_COLUMNS = ("trucks", "count", "people", "vehicles", "visitors", "requests", "party", "out")
# Rounded from single runs of the starters on two shared cores: a process with the libraries loaded, and rows of
# arrays and tables per agent. Good to a factor of two.
_PROCESS_BYTES = 330e6
_AGENT_BYTES = 3500.0
# Processor seconds of the same runs: libraries and city, what a run begins with, one step of one model.
_STARTUP_S = 3.0
_RUN_S = 0.4
_MODEL_STEP_S = 60e-6


@dataclass(frozen=True)
class Estimate:
    """Rough size of a study.

    Attributes
    ----------
    agents
        Travellers and vehicles of one run, by variant.
    memory_bytes
        Of one process.
    run_time_s
        Of one run of the largest variant.
    time_s
        Of the whole study on one worker, with all kernels compiled.
    runs
        Variants times replications.
    run_times_s
        Of one run of each variant.
    compile_s
        What comes on top at the first run, while kernels are compiled; 0 where they are.
    machine_factor
        Time this machine takes for what takes 1 where the rates were measured; 1 where it was not measured.
    """

    agents: dict[str, float]
    memory_bytes: float
    run_time_s: float
    time_s: float
    runs: int
    run_times_s: dict[str, float]
    compile_s: float = 0.0
    machine_factor: float = 1.0

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "agents": self.agents,
            "memory_bytes": self.memory_bytes,
            "run_time_s": self.run_time_s,
            "time_s": self.time_s,
            "runs": self.runs,
            "run_times_s": self.run_times_s,
            "compile_s": self.compile_s,
            "cold_time_s": self.time_s + self.compile_s,
            "machine_factor": self.machine_factor,
        }

    def with_times(
        self, run_times_s: dict[str, float], compile_s: float, machine_factor: float, replications: int
    ) -> Estimate:
        """The same size with times of this machine."""
        total_s = _STARTUP_S * machine_factor + sum(run_times_s.values()) * replications
        longest_s = max(run_times_s.values(), default=0.0)
        return replace(
            self,
            run_times_s=run_times_s,
            run_time_s=longest_s,
            time_s=total_s,
            compile_s=compile_s,
            machine_factor=machine_factor,
        )


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
    by_model = {name: _agents_of(variant, tables) for name, variant in scenario.variants.items()}
    agents = {name: sum(counts.values()) for name, counts in by_model.items()}
    most = max(agents.values(), default=0.0)
    steps = (scenario.clock.end_s - scenario.clock.start_s) / scenario.clock.step_s
    run_times = {
        name: _RUN_S
        + steps * _MODEL_STEP_S * len(counts)
        + sum(count * registry.card(model).agent_s for model, count in counts.items())
        for name, counts in by_model.items()
    }
    cells = sum(
        column.nbytes
        for table in tables.values()
        for columns in (table.columns, *table.more.values())
        for column in columns.values()
    )
    return Estimate(
        agents,
        _PROCESS_BYTES + most * _AGENT_BYTES + 2 * cells,
        max(run_times.values(), default=0.0),
        _STARTUP_S + sum(run_times.values()) * scenario.replications,
        len(agents) * scenario.replications,
        run_times,
    )


def _agents_of(variant: Variant, tables: Mapping[str, TableData]) -> dict[str, float]:
    """Travellers and vehicles of one run, by model; a table counts for the first model that names it."""
    out: dict[str, float] = {}
    seen: set[str] = set()
    for model, params in variant.models.items():
        offered = registry.estimator(model)
        out[model] = float(offered(params)) if offered else _bodies_in(params)
        named = set(tables_named(variant.resolved.get(model, {}))) & tables.keys() - seen
        out[model] += sum(_bodies_of_table(tables[name]) for name in sorted(named))
        seen |= named
    return out


def _bodies_of_table(table: TableData) -> float:
    """Sum of the column of counts; rows where there is none. Areas are ground, on which nobody moves."""
    if "area" in table.columns and "west" in table.columns:
        return 0.0
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
