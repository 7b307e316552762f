"""Check a finished study from outside: hashes, versions, what follows from the figures, and a sample of runs anew."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from twin import __version__
from twin.city.keeping.build import open_city
from twin.columns import KPI_COLUMNS
from twin.experiments.outcome import outcome_of
from twin.experiments.priced import priced
from twin.experiments.searching.growth import outcome_from
from twin.results.day_figures import with_days
from twin.results.days import run_name
from twin.results.kpis import infos_of
from twin.results.recorder import Columns
from twin.results.run_folder import ANSWERS, DRAWS, MANIFEST, OBSERVED, OUTSIDE, Run, Study, file_sha256
from twin.scenario.plan.plan import Plan
from twin.simulate import simulate

#: Where versions differ, smooth figures agree to this share.
_NEARLY = 1e-9


@dataclass(frozen=True)
class Verified:
    """What was checked, and what was found wrong.

    Attributes
    ----------
    files, runs, rows
        Files whose hash was taken, runs done anew, and figures of them that were compared.
    faults
        Each in one sentence; none for a sound study.
    notes
        What could not be checked, and why.
    """

    files: int
    runs: int
    rows: int
    faults: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong."""
        return not self.faults


def verify(folder: Path, *, sample: int = 2) -> Verified:
    """Check a finished study.

    Parameters
    ----------
    folder
        The study.
    sample
        Runs to do anew, spread over variants and replications.

    Raises
    ------
    RunError
        If the folder is no finished study.
    """
    study = Study(folder)
    faults, notes = [], []
    files, changed = _hashes(study)
    faults += changed
    faults += _versions(study)
    runs = rows = 0
    if changed:
        notes.append("files were changed: what follows from them was not checked")
    else:
        plan = Plan.read(study.folder)
        faults += _follows(study, plan)
        if study.manifest.get("parent"):
            notes.append("a fork begins in the middle of its parent's day: no run was done anew")
        else:
            runs, rows, differing = _again(study, plan, sample)
            faults += differing
    return Verified(files, runs, rows, tuple(faults), tuple(notes))


def _hashes(study: Study) -> tuple[int, list[str]]:
    """Every file that the manifests vouch for, of the study and of its runs."""
    count, faults = 0, []
    for relative, digest in study.manifest["files"].items():
        count += 1
        faults += _compared(study.folder, relative, digest)
    for relative, digest in study.manifest["runs"].items():
        wrong = _compared(study.folder, f"{relative}/{MANIFEST}", digest)
        faults += wrong
        count += 1
        if wrong:
            continue
        for name, own in Run(study.folder / relative).manifest["files"].items():
            count += 1
            faults += _compared(study.folder, f"{relative}/{name}", own)
    vouched = {*study.manifest["files"], *OUTSIDE}
    strange = [
        p.name
        for p in sorted(study.folder.iterdir())
        if p.is_file() and p.name not in vouched and p.suffix in (".parquet", ".json", ".npz")
    ]
    return count, faults + [f"{name}: no manifest vouches for this file" for name in strange]


def _compared(folder: Path, relative: str, digest: str) -> list[str]:
    path = folder / relative
    if not path.is_file():
        return [f"{relative}: the file is missing"]
    return [] if file_sha256(path) == digest else [f"{relative}: not as it was written"]


def _versions(study: Study) -> list[str]:
    made = {"twin": study.manifest.get("twin"), **study.manifest.get("versions", {})}
    here = {"twin": __version__, "python": platform.python_version(), "machine": platform.machine()}
    for name in made:
        if name not in here:
            try:
                here[name] = version(name)
            except ModuleNotFoundError:
                here[name] = "absent"
    return [f"made with {name} {then}, here is {here[name]}" for name, then in made.items() if here[name] != then]


def _follows(study: Study, plan: Plan) -> Iterator[str]:
    """What the study says that does not follow from its figures."""
    kpis = study.columns("kpis")
    if not study.manifest["lean"]:
        for variant, day, replication in _every(study):
            own = _rows_of(kpis, variant, day, replication)
            if not _equal(own, study.run(variant, replication, day).kpis()):
                yield f"kpis.parquet: variant {variant}, replication {replication} is not what its run says"
    if plan.days:
        own_days = np.isin(kpis["day"], plan.days.names)
        if not _equal(
            with_days({name: values[own_days] for name, values in kpis.items()}, plan.days, infos_of(plan.content)),
            kpis,
        ):
            yield "kpis.parquet: the mean day, the worst day or the year does not follow from the kinds of day"
    drawn = study.columns(Path(DRAWS).stem) if DRAWS in study.manifest["files"] else None
    outcome = outcome_of(plan, kpis, drawn, study.replications)
    if not _equal(outcome.differences, study.columns("differences")):
        yield "differences.parquet: the differences do not follow from the figures"
    if study.search and json.dumps(outcome_from(plan, kpis), sort_keys=True) != json.dumps(
        study.search["outcome"], sort_keys=True
    ):
        yield "search.json: the answer of the search does not follow from the figures"
    if plan.money is not None and not study.search:
        paid = priced(plan, kpis, study.replications, plan.money)
        if json.dumps(paid, sort_keys=True) != json.dumps(study.money, sort_keys=True):
            yield "money.json: the amounts do not follow from the figures and the pack"
    told = study.answers if ANSWERS in study.manifest["files"] else {}
    if json.dumps(outcome.answers, sort_keys=True) != json.dumps(told, sort_keys=True):
        yield "answers.json: the answers do not follow from the figures"
    seen = study.reproduction if OBSERVED in study.manifest["files"] else {}
    if json.dumps(outcome.reproduction, sort_keys=True) != json.dumps(seen, sort_keys=True):
        yield "observed.json: what it says of today does not follow from the figures"


def _every(study: Study) -> list[tuple[str, str, int]]:
    """Variant, kind of day and replication of every run."""
    if study.search:
        kpis = study.columns("kpis")
        rows = zip(*(kpis[name].tolist() for name in ("variant", "day", "replication")), strict=True)
        return sorted({(v, day, r) for v, day, r in rows if day in study.days})
    return [(v, day, r) for r in range(study.replications) for v in study.variants for day in study.days]


def _rows_of(kpis: Columns, variant: str, day: str, replication: int) -> Columns:
    rows = (kpis["variant"] == variant) & (kpis["day"] == day) & (kpis["replication"] == replication)
    return {c.name: kpis[c.name][rows] for c in KPI_COLUMNS}


def _equal(first: Columns, second: Columns) -> bool:
    if set(first) != set(second):
        return False
    return all(
        np.array_equal(values, second[name], equal_nan=np.issubdtype(values.dtype, np.floating))
        for name, values in first.items()
    )


def _again(study: Study, plan: Plan, sample: int) -> tuple[int, int, list[str]]:
    """Do a sample of runs anew; their figures must be those of the study."""
    every = _every(study)
    count = min(sample, len(every))
    chosen = [every[round(i * (len(every) - 1) / max(count - 1, 1))] for i in range(count)]
    city = open_city(study.folder / "city")
    rows, faults = 0, []
    kpis = study.columns("kpis")
    for variant, day, replication in dict.fromkeys(chosen):
        own = _rows_of(kpis, variant, day, replication)
        keys = zip(own["kpi"].tolist(), own["group"].tolist(), strict=True)
        told = dict(zip(keys, own["value"].tolist(), strict=True))
        found = {(k.kpi, k.group): k.value for k in simulate(plan, run_name(variant, day), replication, city).kpis}
        rows += len(found)
        wrong = [key for key in {**told, **found} if not _same(told.get(key), found.get(key))]
        if wrong:
            kpi, group = wrong[0]
            now, then = found.get(wrong[0]), told.get(wrong[0])
            faults.append(
                f"variant {variant}, replication {replication} done anew: {kpi} [{group}] is {now}, the "
                f"study says {then}, and {len(wrong) - 1} more differ"
            )
    return len(dict.fromkeys(chosen)), rows, faults


def _same(told: Any, found: Any) -> bool:
    if told is None or found is None:
        return False
    return bool(told == found or (math.isnan(told) and math.isnan(found)) or math.isclose(told, found, rel_tol=_NEARLY))
