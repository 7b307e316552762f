"""Buffers copies of what models record; closes a part at every checkpoint; sorts finished tables."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.columns import TABLES
from twin.errors import EngineError, RunError
from twin.npz import read_npz, write_npz

Columns = dict[str, NDArray[np.generic]]


class Recorder:
    """Collects table rows of one run.

    Parameters
    ----------
    parts_folder
        Where parts are written at checkpoints; None keeps everything in memory (lean studies).
    """

    def __init__(self, parts_folder: Path | None = None) -> None:
        self._folder = parts_folder
        self._open: dict[str, list[Mapping[str, NDArray[np.generic]]]] = {}
        self._closed_parts = 0

    def collect(self, tables: Mapping[str, Mapping[str, NDArray[np.generic]]]) -> None:
        """Take rows that a model has finished.

        Raises
        ------
        EngineError
            If a table or its columns are not those that a model declares.
        """
        for name, columns in tables.items():
            if name not in TABLES:
                raise EngineError(
                    f"the table {name!r} is not declared",
                    mend="declare it in tables.py of the model and name that on its card",
                )
            declared = {c.name for c in TABLES[name].columns}
            if set(columns) != declared:
                raise EngineError(
                    f"columns of {name!r} differ from those declared: {sorted(declared ^ set(columns))}",
                    mend="make the model and its tables.py agree",
                )
            if len(next(iter(columns.values()))):
                self._open.setdefault(name, []).append(columns)

    def close_part(self) -> int:
        """Write what is open as the next part; returns the number of parts on disk.

        A part is found whole or not at all.
        """
        if self._folder is None:
            raise EngineError("this recorder has no folder for parts")
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._closed_parts:05d}.npz"
        arrays = {
            f"{table}|{column}": values
            for table, parts in self._open.items()
            for column, values in _concatenated(parts).items()
        }
        beside = path.with_suffix(".tmp")
        write_npz(beside, arrays)
        os.replace(beside, path)
        self._open = {}
        self._closed_parts += 1
        return self._closed_parts

    def reopen(self, closed_parts: int) -> None:
        """Take up a run at its checkpoint: the first ``closed_parts`` parts count, later ones are stale.

        Raises
        ------
        RunError
            If a part is missing or damaged.
        """
        if self._folder is None:
            raise EngineError("this recorder has no folder for parts")
        for number in range(closed_parts):
            if not (self._folder / f"{number:05d}.npz").is_file():
                raise RunError(
                    f"part {number} of the tables is missing",
                    where=str(self._folder),
                    mend="delete this run's folder and resume: it starts again",
                )
            # Read now, not when the run has gone on to its end: an earlier checkpoint may still be whole.
            self._read_part(number)
        self._closed_parts = closed_parts
        self._open = {}

    def copy_parts(self, source: Path, count: int) -> None:
        """Begin with the first parts of another run (a fork's past)."""
        if self._folder is None:
            raise EngineError("this recorder has no folder for parts")
        self._folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            shutil.copyfile(source / f"{number:05d}.npz", self._folder / f"{number:05d}.npz")
        self.reopen(count)

    def finished(self) -> dict[str, Columns]:
        """Every table that has rows, whole and sorted by its keys."""
        pieces: dict[str, list[Mapping[str, NDArray[np.generic]]]] = {}
        for number in range(self._closed_parts):
            for table, columns in self._read_part(number).items():
                pieces.setdefault(table, []).append(columns)
        for table, parts in self._open.items():
            pieces.setdefault(table, []).extend(parts)
        return {table: _sorted(table, _concatenated(pieces[table])) for table in sorted(pieces)}

    def _read_part(self, number: int) -> dict[str, Columns]:
        path = (self._folder or Path()) / f"{number:05d}.npz"
        out: dict[str, Columns] = {}
        try:
            for key, values in read_npz(path).items():
                table, column = key.split("|")
                out.setdefault(table, {})[column] = values
        except (OSError, ValueError) as fault:
            raise RunError(
                f"a part of the tables cannot be read: {fault}",
                where=str(path),
                mend="delete this run's folder and resume: it starts again",
            ) from fault
        return out


def _concatenated(parts: list[Mapping[str, NDArray[np.generic]]]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _sorted(table: str, columns: Columns) -> Columns:
    """Rows in the declared order; ties keep the order in which they were recorded."""
    order = np.lexsort([columns[key] for key in reversed(TABLES[table].sort_by)])
    return {name: values[order] for name, values in columns.items()}
