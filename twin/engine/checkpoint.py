"""The whole state out and back, byte for byte: one uncompressed npz per checkpoint, never a pickle."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np

from twin.engine.sim_model import State
from twin.errors import RunError


def write_checkpoint(path: Path, state: State) -> None:
    """Write a state so that a reader finds all of it or nothing.

    Raises
    ------
    OSError
        If the disk is full or the folder cannot be written.
    """
    beside = path.with_suffix(".tmp")
    with beside.open("wb") as file:
        np.savez(file, **{key.replace("/", "|"): values for key, values in state.items()})  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def read_checkpoint(path: Path) -> State:
    """Read a state back.

    Raises
    ------
    RunError
        If the file is missing, cut short or no checkpoint.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {key.replace("|", "/"): arrays[key] for key in arrays.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile) as fault:
        raise RunError(
            f"the checkpoint cannot be read: {fault}",
            where=str(path),
            mend="resume from an earlier checkpoint, or run the scenario again",
        ) from fault
