"""Two runs on one page: under one camera and one clock, what the city has once, and how they differ."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from twin.errors import RunError
from twin.results.kpis import infos
from twin.results.run_folder import Run
from twin.viz.chapters import chapters_of
from twin.viz.map_layers import POINT_BUDGET, SceneParts, build_scene
from twin.viz.palette import VERDICTS
from twin.viz.run_view import read_run_view
from twin.viz.street_changes import street_changes

#: Figures on the page; the report has them all.
MOST_FIGURES = 6


def two_runs_scene(
    first: Run,
    second: Run,
    *,
    sentences: Sequence[Mapping[str, str]] = (),
    differences: Sequence[Mapping[str, Any]] = (),
    point_budget: int = POINT_BUDGET,
) -> SceneParts:
    """Content of a page with two runs.

    Parameters
    ----------
    first, second
        Runs of one city and one clock.
    sentences
        What a study answered, each in both languages.
    differences
        Rows of :func:`twin.api.compare` for the two variants, second less first; without them the page shows the
        figures of the two runs alone and says so.
    point_budget
        Most points of paths in the page, both runs together.

    Raises
    ------
    RunError
        If the runs are of different cities or clocks, or damaged.
    """
    seen = (read_run_view(first), read_run_view(second))
    check_comparable(first, second)
    parts = build_scene(seen[0], point_budget=point_budget // 2)
    origin = (parts.facts["origin"][0], parts.facts["origin"][1])
    other = build_scene(seen[1], point_budget=point_budget // 2, origin=origin)
    for run, view, of in ((first, seen[0], parts), (second, seen[1], other)):
        of.facts["chapters"] = chapters_of(run, view)
        if first.variant == second.variant:
            n = run.replication
            of.facts["variant"] = {
                "ja": f"{view.variant['ja']}・試行{n}",
                "en": f"{view.variant['en']}, replication {n}",
            }
    _same_states(parts.facts["bodies"], other.facts["bodies"])
    more = {
        "second": {
            "spec": None if other.spec == parts.spec else other.spec,
            # The city is the same: what both have to the byte stands in the page once.
            "packs": {name: pack for name, pack in other.packs.items() if parts.packs.get(name) != pack},
            "has": sorted(other.packs),
            "facts": {key: fact for key, fact in other.facts.items() if parts.facts.get(key) != fact},
        },
        "difference": {"layers": street_changes((first, seen[0]), (second, seen[1]), origin)},
        "answer": {
            "sentences": [dict(sentence) for sentence in sentences],
            "figures": _figures(first, second, differences),
            "of_study": any(row["n"] > 1 for row in differences),
        },
    }
    return SceneParts(parts.spec, parts.packs, parts.facts, more)


def check_comparable(first: Run, second: Run) -> None:
    """Refuse two runs that no one camera and clock can show.

    Raises
    ------
    RunError
        With both values.
    """
    where = f"{first.folder}, {second.folder}"
    mend = "name two variants of one study, or two runs of scenarios with the same city and clock"
    cities = [run.manifest["city"] for run in (first, second)]
    for key, words in (("name", "cities"), ("crs", "coordinate systems of their cities")):
        a, b = (str(city.get(key)) for city in cities)
        if a != b:
            raise RunError(f"the two runs have different {words}, {a} and {b}", where=where, mend=mend)
    clocks = [run.manifest["clock"] for run in (first, second)]
    spans = [f"{_clock(clock['start_s'])} to {_clock(clock['end_s'])}" for clock in clocks]
    if any(clocks[0][key] != clocks[1][key] for key in ("start_s", "end_s")):
        raise RunError(f"the two runs have different clocks, {spans[0]} and {spans[1]}", where=where, mend=mend)


def _clock(at_s: float) -> str:
    return f"{int(at_s) // 3600:02d}:{int(at_s) // 60 % 60:02d}"


def _same_states(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> None:
    """Give a kind of body the same list of states in both runs; the place in it is the code."""
    ours = {fact["name"]: fact for fact in first}
    for fact in second:
        mine = ours.get(fact["name"])
        if mine is not None:
            longer = max(mine["states"], fact["states"], key=len)
            mine["states"] = fact["states"] = longer


def _figures(first: Run, second: Run, differences: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Headline figures of both, those that differ first, as text for people."""
    known = infos()
    values = [_values(run) for run in (first, second)]
    by_kpi = {row["kpi"]: row for row in differences if row["group"] == "all"}
    out = []
    for name, info in known.items():
        if not info.headline or name not in values[0] or name not in values[1]:
            continue
        row = by_kpi.get(name)
        if row is not None:
            a, b, change = row["first_mean"], row["second_mean"], row["mean"]
        else:
            a, b = values[0][name], values[1][name]
            change = b - a
        if not (math.isfinite(a) and math.isfinite(b)):
            continue
        several = row is not None and row["n"] > 1
        verdict = VERDICTS.get(str(row["verdict"])) if row is not None and several else None
        out.append(
            {
                "ja": info.ja,
                "en": info.en,
                "unit": info.unit,
                "a": _short(a),
                "b": _short(b),
                "change": _minus(f"{'+' if change > 0 else ''}{_short(change)}"),
                "interval": _interval(row) if row is not None and several else "",
                "verdict": {"ja": verdict.ja, "en": verdict.en} if verdict else None,
                "moved": abs(change) / max(abs(a), abs(b), 1e-300),
            }
        )
    # Those that moved most, by their own size; the report has the rest.
    out.sort(key=lambda figure: -figure["moved"])
    return [{key: value for key, value in figure.items() if key != "moved"} for figure in out[:MOST_FIGURES]]


def _values(run: Run) -> dict[str, float]:
    kpis = run.kpis()
    rows = zip(kpis["kpi"].tolist(), kpis["group"].tolist(), kpis["value"].tolist(), strict=True)
    return {str(kpi): float(value) for kpi, group, value in rows if group == "all"}


def _interval(row: Mapping[str, Any]) -> str:
    """The 95 % interval; nothing where there is none."""
    if not math.isfinite(row["lo"]) or row["lo"] == row["hi"]:
        return ""
    return _minus(f"[{_short(row['lo'])}, {_short(row['hi'])}]")


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _short(value: float) -> str:
    if value == 0:
        return "0"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
