"""How fast this machine is, and what it has measured of runs like the one that is estimated.

Three things make an estimate hold: the speed of the machine, measured once in a tenth of a second and kept; what
runs of the same form took here, kept after each run; and whether their kernels lie compiled in the cache.
All of it stands beside the compiled kernels and goes with them; nothing of it can be seen in a result.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.cache import compiled_folder, running_sources
from twin.models import registry
from twin.scenario.plan.estimate import Estimate

#: Processor seconds that the work of :func:`_work` took where the rates of the estimate were measured.
_REFERENCE_S = 0.095
#: Processor seconds per step and link of a road with queues, there.
_QUEUE_S = 2.5e-7
_KEPT_S = 30 * 86400.0
#: A run counts for the next estimate as much as all before it.
_WEIGHT = 0.5


@dataclass(frozen=True)
class Known:
    """What this machine knows of runs of one form.

    Attributes
    ----------
    ratio
        Processor seconds they took, over those estimated by the number of agents and steps; 0 if none was made.
    compiled
        Whether their kernels are compiled.
    """

    ratio: float
    compiled: bool


def machine_factor() -> float:
    """Time this machine takes for what took 1 where the rates were measured."""
    kept = _read("machine")
    if time.time() - float(kept.get("measured_at", 0.0)) < _KEPT_S and 0.01 < float(kept.get("factor", 0.0)) < 100:
        return float(kept["factor"])
    factor = min(_work() for _ in range(3)) / _REFERENCE_S
    _write("machine", {"factor": factor, "measured_at": time.time()})
    return factor


def _work() -> float:
    """Processor seconds of a fixed piece of work: half the interpreter, half sorted arrays, as a run is."""
    began = time.process_time()
    total = 0
    for i in range(800_000):
        total += i & 7
    values = np.arange(400_000, dtype=np.float64) * 7919 % 400_009
    for _ in range(3):
        np.sort(values)
    return time.process_time() - began


def form_of(models: Mapping[str, Any]) -> str:
    """Name of the form of a run: which models, switched how, whatever their numbers."""
    said = json.dumps(_form(models), sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _form(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _form(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return ["some"] if value else []
    return value if isinstance(value, bool | None) else type(value).__name__ if not isinstance(value, str) else value


def known_of(models: Mapping[str, Any]) -> Known:
    """What is known of runs of a form."""
    kept = _read(form_of(models))
    ratio = kept.get("ratio", 0.0)
    sound = isinstance(ratio, int | float) and 0.01 < ratio < 100
    return Known(float(ratio) if sound else 0.0, kept.get("sources") == running_sources())


def learn(models: Mapping[str, Any], estimated_s: float, cpu_s: float, *, warm: bool) -> None:
    """Keep what a run took; one that compiled says only that its kernels are compiled now.

    Parameters
    ----------
    models
        Parameters of its models.
    estimated_s, cpu_s
        Processor seconds estimated for this machine without what it had learned, and taken.
    warm
        Whether nothing was compiled in it.
    """
    known = _read(form_of(models))
    ratio = float(known.get("ratio", 0.0))
    if warm and estimated_s > 0 and cpu_s > 0:
        ratio = ratio * (1 - _WEIGHT) + cpu_s / estimated_s * _WEIGHT if ratio else cpu_s / estimated_s
    _write(form_of(models), {"ratio": ratio, "sources": running_sources()})


def compiled_ahead() -> frozenset[str]:
    """Keys of the kernels that were compiled ahead of runs from the sources as they are."""
    kept = _read("ahead")
    return frozenset(map(str, kept.get("kernels", []))) if kept.get("sources") == running_sources() else frozenset()


def note_compiled_ahead(keys: Sequence[str]) -> None:
    """Remember kernels that were compiled ahead."""
    _write("ahead", {"sources": running_sources(), "kernels": sorted(compiled_ahead() | set(keys))})


def on_this_machine(
    estimate: Estimate, models: Mapping[str, Mapping[str, Any]], replications: int, steps: float, drive_links: int
) -> Estimate:
    """An estimate in this machine's seconds, and what compiling comes on top.

    Parameters
    ----------
    estimate
        In seconds of the machine where the rates were measured.
    models
        Parameters of the models of each variant.
    replications
        Runs per variant.
    steps, drive_links
        Common steps of a run, and links of the drive layer: queues are looked at link by link.
    """
    factor = machine_factor()
    run_times: dict[str, float] = {}
    compile_s: dict[str, float] = {}
    for variant, params in models.items():
        known = known_of(params)
        first_s = estimate.run_times_s[variant]
        if params.get("road_traffic", {}).get("form") == "queueing":
            first_s += steps * drive_links * _QUEUE_S
        run_times[variant] = factor * (estimate.run_times_s[variant] * known.ratio if known.ratio else first_s)
        if not known.compiled:
            compile_s.update({name: registry.card(name).compile_s * factor for name in params})
    return estimate.with_times(run_times, sum(compile_s.values()), factor, replications)


def _path(name: str) -> Any:
    return compiled_folder() / "speed" / f"{name}.json"


def _read(name: str) -> dict[str, Any]:
    try:
        content = json.loads(_path(name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(name: str, content: Mapping[str, Any]) -> None:
    path = _path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}")
        beside.write_text(json.dumps(content), encoding="utf-8")
        os.replace(beside, path)
    except OSError:
        return  # a full disk or a read-only home: the next estimate is as good as the first
