"""What if, from a moment on: variants that share one past.

A fork takes a checkpoint of finished runs and makes a study of two variants: the sibling that goes on
unchanged, and the one with the change. Both have the same past to the byte, so their difference is the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twin.engine.clock import clock_text
from twin.errors import RunError, ScenarioError
from twin.models import registry
from twin.results.run_folder import Study, file_sha256, run_path
from twin.scenario.language.schema import folder_name
from twin.scenario.language.variants import params_with_changes
from twin.scenario.plan.forks import unforkable_changes
from twin.scenario.plan.plan import INPUTS_FILE, PLAN_FILE, Plan, models_json
from twin.simulate import checkpoints_of


def fork_plan(
    study: Study, variant: str, at_s: float, changes: Mapping[str, Any], name: str
) -> tuple[Plan, list[Path]]:
    """Plan of a fork, and the checkpoint of each replication it begins with.

    Parameters
    ----------
    study
        A finished study whose checkpoints were kept.
    variant
        The variant that is forked; it goes on unchanged beside the fork.
    at_s
        The moment, seconds since midnight of day one; there must be a checkpoint at it.
    changes
        Dotted key -> value as in a scenario file, for example ``{"terminal.lanes.A.count": 5}``.
    name
        Name of the forked variant.

    Raises
    ------
    ScenarioError
        If a change is wrong, or of a parameter that cannot be forked; the key is named.
    RunError
        If there is no checkpoint at the moment.
    """
    for given in {PLAN_FILE, INPUTS_FILE} & set(study.manifest["files"]):
        study.vouched(given)
    parent = Plan.read(study.folder)
    entry = parent.variant(variant)
    try:
        name = folder_name(name)
    except ValueError as fault:
        raise ScenarioError(str(fault), where="--name", mend="for example lunch_open") from fault
    if name == variant:
        raise ScenarioError(f"the fork has the name of its sibling, {name!r}", mend="choose another with --name")
    old = parent.params_of(variant)
    new = params_with_changes(entry["resolved"], changes)
    stuck = [
        f"{model}.{key}"
        for model in registry.ORDER
        if model in old
        for key in unforkable_changes(old[model], new[model])
    ]
    if stuck:
        raise ScenarioError(
            f"{', '.join(stuck)} cannot be changed by a fork: what happened before would have been otherwise",
            where=f"fork of {variant} at {clock_text(at_s)}",
            mend="run it as a variant from the start of the day instead",
        )
    checkpoints = [_checkpoint_at(study, variant, replication, at_s) for replication in range(study.replications)]
    forked = {
        "name": name,
        "label": {},
        "models": models_json(new),
        "resolved": entry["resolved"],
        "edits": entry.get("edits", []),
        "changes": dict(changes),
    }
    content = {
        **parent.content,
        "variants": [entry, forked],
        "replications": study.replications,
        # What the parent asked was of other variants.
        "questions": {},
        "drawn": {},
        # What was counted is a whole day; sensors go on seeing.
        "observed": {**parent.content["observed"], "entries": []} if parent.content.get("observed") else None,
        "parent": {
            "name": parent.name,
            "sibling": variant,
            "at_s": at_s,
            "runs_sha256": [
                file_sha256(study.folder / run_path(variant, r) / "manifest.json") for r in range(study.replications)
            ],
        },
    }
    return Plan(content, parent.tables), checkpoints


def _checkpoint_at(study: Study, variant: str, replication: int, at_s: float) -> Path:
    clock = study.plan["clock"]
    folder = study.folder / run_path(variant, replication)
    every = checkpoints_of(folder)
    tick = round((at_s - clock["start_s"]) / clock["step_s"])
    for path in every:
        if int(path.stem) == tick and clock["start_s"] + tick * clock["step_s"] == at_s:
            return path
    times = [clock_text(clock["start_s"] + int(p.stem) * clock["step_s"]) for p in every]
    there = f"checkpoints stand at {', '.join(times)}" if times else "no checkpoint was kept"
    raise RunError(
        f"there is no checkpoint at {clock_text(at_s)}; {there}",
        where=str(folder),
        mend='run the scenario with --checkpoint-every "30 min" --keep-checkpoints',
    )
