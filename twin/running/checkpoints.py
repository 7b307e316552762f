"""Checkpoints of a run: when they are due, how they are written, and how a run takes up where one stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.engine.checkpoint import read_checkpoint, write_checkpoint
from twin.engine.city_model import CityModel
from twin.engine.sim_model import State
from twin.errors import RunError
from twin.results.recorder import Recorder

#: Steps between two looks of the recorder; keeps the models' own buffers small.
COLLECT_STEPS = 240


@dataclass(frozen=True)
class ForkPoint:
    """The past a fork begins with.

    Attributes
    ----------
    state
        The parent's state at the fork.
    parts_folder, parts_count
        The parent's table parts up to the fork.
    changed
        Whether parameters differ from the parent's; an unchanged sibling continues byte for byte.
    """

    state: State
    parts_folder: Path
    parts_count: int
    changed: bool


def checkpoint_ticks(every_s: float | None, step_s: float) -> int:
    """Steps between two checkpoints, at least 1; 0 for no checkpoints."""
    return max(1, round(every_s / step_s)) if every_s else 0


def collect(city_model: CityModel, recorder: Recorder) -> None:
    """Let the recorder take what the models have finished."""
    for sim_model in city_model.sim_models:
        recorder.collect(sim_model.drain_tables())


def keep_checkpoint(city_model: CityModel, recorder: Recorder, folder: Path) -> None:
    """Write a checkpoint; its tables go to disk first, without them it would be none."""
    collect(city_model, recorder)
    parts = recorder.close_part()
    state = city_model.state()
    state["recorder/parts"] = np.array([parts], np.int64)
    write_checkpoint(folder / "checkpoints" / f"{city_model.clock.tick:08d}.npz", state)


def checkpoints_of(folder: Path) -> list[Path]:
    """Checkpoints of a run folder, oldest first."""
    return sorted((folder / "checkpoints").glob("*.npz"))


def take_up(city_model: CityModel, recorder: Recorder, folder: Path | None, past: ForkPoint | None) -> None:
    """Begin where a killed run or a fork's parent left off; the newest readable checkpoint wins."""
    if folder is not None:
        for path in reversed(checkpoints_of(folder)):
            try:
                state = read_checkpoint(path)
                recorder.reopen(int(state.pop("recorder/parts")[0]))
            except (RunError, KeyError, IndexError):
                continue  # cut short by a kill, or damaged: the one before it is whole
            _restore(city_model, state, path)
            return
    if past is not None:
        recorder.copy_parts(past.parts_folder, past.parts_count)
        step_s = city_model.clock.step_s
        forked_at_s = city_model.clock.start_s + int(past.state["clock/tick"][0]) * step_s
        city_model.restore(past.state, forked_at_s if past.changed else None)


def _restore(city_model: CityModel, state: State, path: Path) -> None:
    try:
        city_model.restore(state)
    except (KeyError, IndexError, TypeError, ValueError) as fault:
        raise RunError(
            f"the checkpoint is not one of this run: {fault}",
            where=str(path),
            mend="delete this file; `twin resume` goes on from the one before it",
        ) from fault
