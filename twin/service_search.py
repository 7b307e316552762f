"""Verbs that search over settings: sweep, frontier, sensitivity, optimise. Each is a study that can be resumed."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from twin import api
from twin.api import PathLike, checked_workers, free_folder
from twin.errors import ScenarioError

if TYPE_CHECKING:
    from twin.experiments.pool import MakeExecutor
    from twin.experiments.study import OnStudyProgress
    from twin.results.run_folder import Study
    from twin.results.searched import Axis, Figure, Point, Search
    from twin.scenario.language.schema import Scenario

Vary = Mapping[str, Any]
_MOST_POINTS = 10_000


@dataclass(frozen=True)
class Place:
    """Where a search is kept and who does its runs.

    Attributes
    ----------
    out
        Folder of the study; by default ``runs/NAME-METHOD``, with a number if that exists.
    workers
        Processes; the result does not depend on their number.
    on_progress
        Called with (share done, runs done, runs in all).
    executor
        Makes who does the runs; this machine without it.
    """

    out: PathLike | None = None
    workers: int = 1
    on_progress: OnStudyProgress | None = None
    executor: MakeExecutor | None = None


def executor_of(cluster: str) -> MakeExecutor | None:
    """Who does runs at a cluster's address; nobody but this machine without one."""
    if not cluster:
        return None
    from twin.experiments.cluster import cluster_executor

    return cluster_executor(cluster)


class Searcher:
    """A scenario whose settings are searched.

    Parameters
    ----------
    scenario
        The YAML file, or what :func:`twin.load` gave.
    vary
        Key -> settings; the ``vary`` of the file if not given.
    base
        The variant that is set; that of ``vary``, or the first one.
    allow_read
        As in :func:`twin.load`.

    Raises
    ------
    ScenarioError
        If there is nothing to vary, or a setting cannot be taken.
    """

    def __init__(
        self,
        scenario: PathLike | Scenario,
        *,
        vary: Vary | None = None,
        base: str | None = None,
        seed: int | None = None,
        allow_read: Sequence[PathLike] = (),
    ) -> None:
        loaded = (
            api.load(scenario, seed=seed, allow_read=allow_read)
            if isinstance(scenario, str | os.PathLike)
            else scenario
        )
        spec = loaded.head.vary
        compared = list(dict.fromkeys(v.of or name for name, v in loaded.variants.items() if not v.setting))
        self.base = base or (spec.base if spec else None) or compared[0]
        if self.base not in compared:
            raise ScenarioError(f"there is no variant {self.base!r}", mend=f"variants here: {', '.join(compared)}")
        runs = {name: v for name, v in loaded.variants.items() if self.base in (name, v.of)}
        self.scenario = _unasked(loaded, runs)
        self.keys: Vary = vary if vary else (spec.keys if spec else {})
        self.spec = spec

    def axes(self) -> list[Axis]:
        """What is set."""
        from twin.scenario.language.vary import axes_of

        if not self.keys:
            raise ScenarioError(
                "there is nothing to vary",
                where=self.scenario.file,
                mend="add vary: {keys: {KEY: {from: 4, to: 20, step: 2}}}, or say --vary 'KEY=4..20 step 2'",
            )
        return axes_of(self.keys, self._first.resolved)

    def ranged(self) -> list[Axis]:
        """Spans of ``vary``, or else every value that has a range."""
        from twin.results.searched import Axis
        from twin.scenario.plan.draws import ranges_of

        if self.keys:
            axes = self.axes()
            listed = next((axis.key for axis in axes if axis.values), None)
            if listed is not None:
                raise ScenarioError(
                    f"{listed} is a list, and a span is due", mend="write {from: 4, to: 20} without step"
                )
            return axes
        return [
            Axis(key=one.key, unit=one.unit, low=one.low, high=one.high, whole=one.whole)
            for one in ranges_of(self.scenario)
        ]

    @property
    def _first(self) -> Any:
        return next(iter(self.scenario.variants.values()))

    def figure(self, kpi: str, group: str = "all", day: str | None = None) -> Figure:
        """A figure that exists; of several kinds of day the mean day if none is named.

        Raises
        ------
        ScenarioError
            If there is none of that name.
        """
        from twin.results.days import MEAN_DAY
        from twin.results.kpis import infos
        from twin.results.searched import Figure
        from twin.scenario.language.observed import phones_among
        from twin.scenario.language.validate import nearest

        days = self.scenario.days
        wanted = day if day is not None else MEAN_DAY if days else ""
        if wanted and wanted not in days.every:
            raise ScenarioError(
                f"there is no kind of day {wanted!r}", mend=nearest(wanted, days.every) or "leave it out"
            )
        if kpi.startswith("setting:"):
            return Figure(kpi=kpi, day=wanted, better="lower")
        known = infos(phones_among(self.scenario.head.sensors))
        if kpi not in known:
            raise ScenarioError(f"there is no figure {kpi!r}", mend=nearest(kpi, known))
        return Figure(kpi=kpi, group=group, day=wanted, unit=known[kpi].unit, better=known[kpi].better)

    def headlines(self) -> list[Figure]:
        """Headline figures of the models of the variant."""
        from twin.results.kpis import infos

        mine = [m.split("_")[0] for m in self._first.models]
        return [self.figure(n) for n, info in infos().items() if info.headline and n.split(".")[0] in mine]

    def run(self, search: Search, place: Place) -> Study:
        """Run a search to its end."""
        from twin.experiments.study import StudyOptions, run_new
        from twin.scenario.language.schema import short_folder
        from twin.scenario.plan.plan import Plan

        plan, city = api.plan_and_city(self.scenario)
        content = {**plan.content, "search": search.model_dump(mode="json")}
        name = f"{short_folder(plan.name)}-{search.method}"
        target = Path(place.out) if place.out is not None else free_folder(Path("runs"), name)
        how = StudyOptions(checked_workers(place.workers), lean=True, executor=place.executor)
        return run_new(Plan(content, plan.tables), city, target, how, place.on_progress, source=self.scenario.source)


def _unasked(loaded: Scenario, runs: Mapping[str, Any]) -> Scenario:
    from twin.results.asked import Questions

    return replace(loaded, variants=dict(runs), questions=Questions())


def sweep(
    searcher: Searcher,
    *,
    sample: int | None = None,
    replications: int | None = None,
    kpis: Sequence[str] = (),
    place: Place | None = None,
) -> Study:
    """Every combination of settings, or a Latin hypercube of ``sample`` points, with paired replications.

    Raises
    ------
    ScenarioError
        If a grid has a span without a step, or too many points.
    """
    from twin.experiments.searching.sampling import grid, latin_hypercube
    from twin.results.searched import Search

    spec, axes = searcher.spec, searcher.axes()
    count = sample or (spec.sample if spec is not None else None)
    seed = searcher.scenario.seed
    if count is None:
        span = next((axis.key for axis in axes if not axis.values), None)
        if span is not None:
            raise ScenarioError(f"{span} has no step", mend="add step: 1, or take a Latin hypercube by --sample 50")
        number = 1
        for axis in axes:
            number *= len(axis.values)
        if number > _MOST_POINTS:
            raise ScenarioError(
                f"the grid has {number} points, at most {_MOST_POINTS} will do",
                mend="use longer steps, or --sample 100",
            )
        points = grid(axes)
    else:
        points = latin_hypercube(axes, count, seed)
    asked = kpis or (() if spec is None or spec.kpi is None else [spec.kpi] if isinstance(spec.kpi, str) else spec.kpi)
    search = Search(
        method="sweep",
        base=searcher.base,
        axes=axes,
        points=points,
        figures=[searcher.figure(kpi) for kpi in asked] or searcher.headlines(),
        replications=replications or (spec.replications if spec is not None else 10),
        seed=seed,
    )
    return searcher.run(search, place or Place())


def frontier(
    searcher: Searcher,
    cost: str,
    service: str,
    *,
    at_most: str | float | None = None,
    at_least: str | float | None = None,
    group: str = "all",
    day: str | None = None,
    confidence: float = 0.95,
    replications: int = 8,
    most_runs: int = 2000,
    sample: int | None = None,
    place: Place | None = None,
) -> Study:
    """Cost against service over settings, the knee, and the smallest setting that keeps a bound of the service.

    Parameters
    ----------
    searcher
        What is set.
    cost
        A figure, or ``setting:KEY`` for a setting itself, for example the number of vans.
    service
        A figure.
    at_most, at_least
        Its bound, as in a question: ``5 %``, ``15 min``; one of the two.

    Raises
    ------
    ScenarioError
        If a figure or the bound is none.
    """
    from twin.experiments.searching.sampling import grid, latin_hypercube
    from twin.results.searched import Search
    from twin.scenario.language.questions import AmountError, amount_of

    if (at_most is None) == (at_least is None):
        raise ScenarioError("a frontier needs one bound of the service", mend="say --at-most 5 %, or --at-least 95 %")
    axes, figure = searcher.axes(), searcher.figure(service, group, day)
    side: Literal["at_most", "at_least"] = "at_most" if at_most is not None else "at_least"
    try:
        bound, _ = amount_of(at_most if at_most is not None else at_least or 0.0, figure.unit)
    except AmountError as fault:
        raise ScenarioError(fault.what, mend=fault.mend) from fault
    span = next((axis.key for axis in axes if not axis.values), None)
    if span is not None and sample is None:
        raise ScenarioError(f"{span} has no step", mend="add step: 1, or take a Latin hypercube by --sample 50")
    seed = searcher.scenario.seed
    points = grid(axes) if sample is None else latin_hypercube(axes, sample, seed)
    search = Search(
        method="frontier",
        base=searcher.base,
        axes=axes,
        points=points[:_MOST_POINTS],
        figures=[searcher.figure(cost, day=day), figure],
        replications=replications,
        most_runs=most_runs,
        confidence=confidence,
        bound=bound,
        bound_side=side,
        seed=seed,
    )
    return searcher.run(search, place or Place())


def sensitivity(
    searcher: Searcher,
    kpi: str,
    method: Literal["morris", "sobol", "tornado"] = "morris",
    *,
    group: str = "all",
    day: str | None = None,
    sampled: int = 10,
    replications: int = 2,
    place: Place | None = None,
) -> Study:
    """On which values a figure depends: Morris, Sobol (SALib), or each alone, every point with the same luck.

    Parameters
    ----------
    sampled
        Trajectories of Morris, or base samples of Sobol (a power of two; runs are that times axes plus two).
    """
    from twin.experiments.searching.sampling import ends
    from twin.experiments.searching.sampling import sampled as points_of
    from twin.results.searched import Search

    if method not in ("morris", "sobol", "tornado"):
        raise ScenarioError(f"there is no method {method!r}", mend="morris, sobol or tornado")
    if method == "sobol" and (sampled < 2 or sampled & (sampled - 1)):
        raise ScenarioError(f"Sobol needs a power of two, got {sampled}", mend="say --sampled 64")
    axes, seed = searcher.ranged(), searcher.scenario.seed
    points: list[Point] = ends(axes) if method == "tornado" else points_of(method, axes, sampled, 4, seed % 2**32)
    if len(points) > _MOST_POINTS:
        raise ScenarioError(f"the sample has {len(points)} points, at most {_MOST_POINTS} will do", mend="sample less")
    search = Search(
        method=method,
        base=searcher.base,
        axes=axes,
        points=points,
        figures=[searcher.figure(kpi, group, day)],
        replications=replications,
        sampled=sampled,
        seed=seed % 2**32,
    )
    return searcher.run(search, place or Place())


def optimise(
    searcher: Searcher,
    kpi: str,
    *,
    group: str = "all",
    day: str | None = None,
    delta: str | float,
    trials: int = 64,
    finalists: int = 5,
    replications: int = 4,
    most_runs: int = 2000,
    confidence: float = 0.95,
    better: Literal["lower", "higher"] | None = None,
    place: Place | None = None,
) -> Study:
    """The best setting of a figure: Optuna proposes, ranking and selection chooses among the finalists.

    Parameters
    ----------
    delta
        Smallest difference that matters, in the unit of the figure: ``1 min``.
    """
    from twin.results.searched import Search
    from twin.scenario.language.questions import AmountError, amount_of

    figure = searcher.figure(kpi, group, day)
    if better is not None:
        figure = figure.model_copy(update={"better": better})
    if figure.better == "neither":
        raise ScenarioError(f"{kpi} has no direction of its own", mend="say --better lower, or --better higher")
    try:
        size, _ = amount_of(delta, figure.unit)
    except AmountError as fault:
        raise ScenarioError(fault.what, mend=fault.mend) from fault
    if size <= 0:
        raise ScenarioError("the smallest difference that matters must be above 0", mend="say --delta '1 min'")
    search = Search(
        method="optimise",
        base=searcher.base,
        axes=searcher.axes(),
        figures=[figure],
        replications=replications,
        most_runs=most_runs,
        confidence=confidence,
        delta=size,
        trials=trials,
        finalists=finalists,
        seed=searcher.scenario.seed % 2**32,
    )
    return searcher.run(search, place or Place())
