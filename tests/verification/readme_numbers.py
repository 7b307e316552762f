"""Figures of the READMEs, made anew: ``python -m tests.verification.readme_numbers [NAME ...] [--list] [--exact]``.

Each is made by the command that stands beside it in its README. What the README says and what the command says now are
printed one above the other, line by line. Figures that the scenario determines must be the same to the letter; speeds
and what else benchmarks print must lie as near as ``readme_speeds.py`` says, speeds within a factor of three: else the
exit code is 1. The rest is shown, and the reader decides.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.verification.readme_speeds import HELD, hold
from tests.verification.terminal_tables import TABLES
from twin.results.run_folder import open_any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Figure:
    """Figures of a README that one command makes.

    Attributes
    ----------
    readme
        Its path in the project.
    command
        As it stands there.
    make
        Runs it and gives the lines that the README should hold (exact) or may be held against (speeds).
    paragraph
        How the paragraph begins that holds them; the table after the command if empty.
    is_exact
        Whether the scenario determines them.
    measure
        In place of ``make``: what a benchmark prints, as objects.
    """

    readme: str
    command: str
    make: Callable[[], list[str]] = list
    paragraph: str = ""
    is_exact: bool = True
    measure: Callable[[], list[dict[str, Any]]] | None = None

    def said(self) -> list[str]:
        """The table, or the paragraph, of the README."""
        text = (ROOT / self.readme).read_text(encoding="utf-8")
        if self.command not in text:
            raise SystemExit(f"{self.readme} does not name its command: {self.command}")
        if self.paragraph:
            return (self.paragraph + text.split(self.paragraph, 1)[1]).split("\n\n", 1)[0].splitlines()
        for block in text.split(self.command, 1)[1].split("\n\n"):
            lines = block.strip("\n").splitlines()
            if lines and lines[0].startswith("|"):
                return [line for line in lines[2:] if line.startswith("|")]
        return []


def _program(*arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def _study(*arguments: str) -> dict[tuple[str, str, str], float]:
    """KPIs of the first replication of a study that ``twin run`` makes: (variant, KPI, group) -> value."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "study"
        _program("-m", "twin", "run", *arguments, "--out", str(out))
        rows = open_any(out).kpis
    first = rows[rows["replication"] == 0]
    keys = zip(first["variant"], first["kpi"], first["group"], strict=True)
    return dict(zip(keys, first["value"].tolist(), strict=True))


def trunk() -> list[str]:
    """What the holding yards spare the trunk road."""
    value = _study("scenarios/yumeshima_trunk.yaml", "--lean")
    labels = {
        "ample": "2,000 (`ample`)",
        "today": "440, today (`today`)",
        "before": "200, as before December 2021 (`before`)",
        "none": "none (`none`)",
        "before_lunch": "200, gate open over lunch (`before_lunch`)",
    }
    return [
        f"| {label} | {value[name, 'terminal.wait_mean_min', 'all']:.1f} min "
        f"| {value[name, 'terminal.queue_max_trucks', 'all']:.0f} "
        f"| {value[name, 'terminal.queue_on_road_max_trucks', 'all']:.0f} "
        f"| {value[name, 'road.delay_mean_s', 'car']:,.0f} s "
        f"| {value[name, 'road.street_blocked_min', '夢洲幹線道路']:.0f} min |"
        for name, label in labels.items()
    ]


def weekday() -> list[str]:
    """Vans of the shipped weekday; the last column of the README is what was published."""
    value = _study("scenarios/osaka_weekday.yaml", "--only", "today", "--replications", "1")

    def row(label: str, kpi: str, show: Callable[[float], str]) -> str:
        cells = [show(value["today", kpi, ward]) for ward in ("ikuno", "hirano", "all")]
        return f"| {label} | {' | '.join(cells)} |"

    return [
        row("van while it drives, lights included, km/h", "transit.speed_driving_mps", lambda v: f"{3.6 * v:.1f}"),
        row("van with riders, its stops included, km/h", "transit.speed_loaded_mps", lambda v: f"{3.6 * v:.1f}"),
        row("loaded time, share of hours on duty", "transit.loaded_time_share", lambda v: f"{100 * v:.1f} %"),
        row("riders carried", "transit.riders_count", lambda v: f"{v:.0f}"),
    ]


def _json_cases(*arguments: str) -> list[dict[str, Any]]:
    """What a benchmark says, an object for each of its cases."""
    cases: list[dict[str, Any]] = []
    for line in _program(*arguments).splitlines():
        said = json.loads(line) if line.startswith(("{", "[")) else []
        cases += said if isinstance(said, list) else [said]
    return cases


def _lines_of(cases: Sequence[dict[str, Any]]) -> list[str]:
    """One figure a line."""
    return [
        f"{name}: {value:,.6g}" if isinstance(value, float) else f"{name}: {value}"
        for one in cases
        for name, value in one.items()
    ]


def _bench(readme: str, script: str, *options: str) -> Figure:
    command = " ".join(["python", f"tests/benchmarks/{script}", *options])
    return Figure(
        readme, command, is_exact=False, measure=lambda: _json_cases(f"tests/benchmarks/{script}", *options, "--json")
    )


FIGURES: dict[str, Figure] = {
    **{
        f"terminal.{name}": Figure(
            "models/terminal/README.md",
            f"python -m tests.verification.terminal_tables {name}",
            lambda name=name: list(TABLES[name]()),
        )
        for name in TABLES
    },
    "terminal.trunk": Figure("models/terminal/README.md", "twin run scenarios/yumeshima_trunk.yaml --lean", trunk),
    "transit.weekday": Figure(
        "models/transit/README.md", "twin run scenarios/osaka_weekday.yaml --only today --out /tmp/weekday", weekday
    ),
    "transit.plans": Figure(
        "models/transit/README.md",
        "python tests/benchmarks/bench_plans.py",
        lambda: _program("tests/benchmarks/bench_plans.py").splitlines(),
    ),
    "transit.speed": _bench("models/transit/README.md", "bench_transit.py", "--case", "ward", "--rung", "2"),
    **{
        f"pedestrian.{case}": _bench("models/pedestrian/README.md", "bench_pedestrian.py", "--case", case)
        for case in ("grid", "midosuji")
    },
    **{
        f"pedestrian.{name}": Figure(
            "models/pedestrian/README.md",
            f"python -m tests.verification.midosuji_tables {name}",
            lambda name=name: _program("-m", "tests.verification.midosuji_tables", name).splitlines(),
            is_exact=False,
        )
        for name in ("day", "trials")
    },
    "road.routes": _bench("models/road_traffic/README.md", "bench_routes.py", "--case", "Anaheim"),
    "road.weekday": _bench("models/road_traffic/README.md", "bench_weekday.py", "--case", "full"),
    **{
        f"road.{case}": _bench("models/road_traffic/README.md", "bench_road.py", "--case", case)
        for case in ("g20_10k", "g20_100k", "osm", "big")
    },
    "road.equilibrium": _bench("models/road_traffic/equilibrium/README.md", "bench_equilibrium.py"),
    **{
        f"terminal.{case}": _bench("models/terminal/README.md", "bench_terminal.py", "--case", case)
        for case in ("visits", "peers")
    },
}


def beside(said: list[str], made: list[str]) -> Iterator[str]:
    """Lines of both: the same once, others one above the other; columns that the command does not know do not count."""
    for row in range(max(len(said), len(made))):
        old = said[row] if row < len(said) else ""
        new = made[row] if row < len(made) else ""
        if old == new or (new.endswith("|") and old.startswith(new[:-1].rstrip() + " |")):
            yield f"  same    {old}"
        else:
            yield f"  README  {old}"
            yield f"  now     {new}"


def check(name: str) -> bool:
    """Print a figure's old and new lines; returns False if they must be the same, or near, and are not."""
    figure = FIGURES[name]
    said = figure.said()
    began = time.monotonic()
    cases = figure.measure() if figure.measure else []
    made = _lines_of(cases) if figure.measure else figure.make()
    print(f"{name}: {figure.readme}, {figure.command} ({time.monotonic() - began:.0f} s)")
    if not figure.is_exact:
        print("\n".join([*(f"  README  {line}" for line in said), *(f"  now     {line}" for line in made)]), flush=True)
        lines, near = hold(HELD.get(name, ()), (ROOT / figure.readme).read_text(encoding="utf-8"), cases)
        print("\n".join(lines), flush=True)
        return near
    lines = list(beside(said, made))
    print("\n".join(lines), flush=True)
    return all(line.startswith("  same") for line in lines) and bool(lines)


def main() -> int:
    """Make the figures named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.verification.readme_numbers", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="of --list; all without")
    parser.add_argument("--list", action="store_true", help="names and commands, nothing run")
    parser.add_argument("--exact", action="store_true", help="only those that the scenario determines, no speeds")
    given = parser.parse_args()
    names = given.names or [name for name, figure in FIGURES.items() if figure.is_exact or not given.exact]
    unknown = sorted(set(names) - FIGURES.keys())
    if unknown:
        parser.error(f"no figure is called {unknown[0]}; there are {', '.join(FIGURES)}")
    if given.list:
        print("\n".join(f"{name:20} {FIGURES[name].command}" for name in names))
        return 0
    held = [check(name) for name in names]
    return int(not all(held))


if __name__ == "__main__":
    sys.exit(main())
