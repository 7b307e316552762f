"""Results of lean runs in a growing study: lines that are appended, one file per process that does runs.

A line holds its own hash, so that a line which is torn, damaged or edited counts as a run that is still to be done: a
kill costs the run under way and no byte of the result. Processes never write into each other's files, and two lines of
the same run are equal, so that no lock is needed and nothing waits for the disk run by run: a power cut may take back
the runs of the last second.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from twin.errors import RunError
from twin.kpi import Kpi

LEAN = "lean"
_SYNC_EVERY_S = 1.0
#: A number of a process may come again after a restart of the machine; the moment does not.
_SINCE = f"{time.time_ns():x}"
_SYNCED: dict[Path, float] = {}

#: Name of the run, and its replication.
RunKey = tuple[str, int]


def line_of(run: str, replication: int, kpis: Sequence[Kpi]) -> bytes:
    """A result as one line: hash, then JSON."""
    rows = [[k.kpi, k.group, None if math.isnan(k.value) else k.value, k.unit] for k in kpis]
    said = json.dumps([run, replication, rows], ensure_ascii=False, separators=(",", ":")).encode()
    return hashlib.sha256(said).hexdigest().encode() + b" " + said + b"\n"


def read_line(line: bytes) -> tuple[RunKey, list[Kpi]] | None:
    """What a line says; None where it is not as it was written."""
    digest, _, said = line.rstrip(b"\n").partition(b" ")
    if hashlib.sha256(said).hexdigest().encode() != digest:
        return None
    try:
        run, replication, rows = json.loads(said)
        kpis = [Kpi(str(k), str(g), math.nan if v is None else float(v), str(unit)) for k, g, v, unit in rows]
        return (str(run), int(replication)), kpis
    except (ValueError, TypeError, RecursionError):
        return None  # sealed, but no result of ours


def append(partial: Path, lines: bytes) -> None:
    """Add lines to this process's file; they survive its death at once, and a power cut about a second later."""
    path = partial / LEAN / f"{os.getpid()}-{_SINCE}.jsonl"
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644)
    try:
        before = os.fstat(descriptor).st_size
        whole = not before or (os.lseek(descriptor, -1, os.SEEK_END) >= 0 and os.read(descriptor, 1) == b"\n")
        left = memoryview(lines if whole else b"\n" + lines)
        try:
            while left:
                left = left[os.write(descriptor, left) :]
            if time.monotonic() - _SYNCED.get(path, -math.inf) > _SYNC_EVERY_S:
                os.fsync(descriptor)
                _SYNCED[path] = time.monotonic()
        except OSError:
            os.ftruncate(descriptor, before)  # a full disk: half a line would swallow the next
            raise
    finally:
        os.close(descriptor)


class LeanResults:
    """Results of lean runs that stand in a growing study.

    Parameters
    ----------
    partial
        The study's growing folder.
    """

    def __init__(self, partial: Path) -> None:
        self._folder = partial / LEAN
        self._read_to: dict[Path, int] = {}
        self._where: dict[RunKey, tuple[Path, int, int]] = {}
        self.damaged: list[str] = []

    def look(self) -> None:
        """Take in what was appended since the last look."""
        for path in sorted(self._folder.glob("*.jsonl")):
            start = self._read_to.get(path, 0)
            if path.stat().st_size <= start:
                continue
            with path.open("rb") as file:
                file.seek(start)
                for line in file:
                    if not line.endswith(b"\n"):
                        break  # not yet whole, or torn for ever
                    found = read_line(line)
                    if found is None:
                        self.damaged.append(f"{path.name}, byte {start}")
                    else:
                        self._where.setdefault(found[0], (path, start, len(line)))
                    start += len(line)
            self._read_to[path] = start

    def __contains__(self, run: RunKey) -> bool:
        return run in self._where

    def __iter__(self) -> Iterator[RunKey]:
        return iter(self._where)

    def kpis(self, run: RunKey) -> list[Kpi]:
        """KPIs of a run that is there.

        Raises
        ------
        RunError
            If it is not there after all, or its line was damaged since it was found.
        """
        path, start, length = self._where.get(run, (self._folder, 0, 0))
        found = None
        if length:
            with path.open("rb") as file:
                file.seek(start)
                found = read_line(file.read(length))
        if found is None or found[0] != run:
            raise RunError(
                f"the KPIs of run {run[0]}, replication {run[1]}, are missing or not as they were written",
                where=f"{path}, byte {start}",
                mend="the disk may be failing; `twin resume` does the run again",
            )
        return found[1]
