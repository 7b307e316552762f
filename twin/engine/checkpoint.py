"""The whole state out and back, byte for byte: one uncompressed npz per checkpoint, never a pickle."""

from __future__ import annotations

import os
from pathlib import Path

from twin.engine.sim_model import State
from twin.errors import RunError
from twin.npz import read_npz, write_npz


def write_checkpoint(path: Path, state: State) -> None:
    """Write a state so that a reader finds all of it or nothing.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written.
    """
    beside = path.with_suffix(".tmp")
    write_npz(beside, {key.replace("/", "|"): values for key, values in state.items()})
    os.replace(beside, path)


def read_checkpoint(path: Path) -> State:
    """Read a state back.

    Raises
    ------
    RunError
        If the file is missing, cut short or no checkpoint.
    """
    try:
        return {key.replace("|", "/"): values for key, values in read_npz(path).items()}
    except (OSError, ValueError) as fault:
        raise RunError(
            f"the checkpoint cannot be read: {fault}",
            where=str(path),
            mend="resume from an earlier checkpoint, or run the scenario again",
        ) from fault
