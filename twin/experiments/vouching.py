"""What an unfinished study was begun with and what of it is done, told by hashes: nothing else is gone on with.

``how.json`` names every file that the study was begun with; ``done/`` holds one record per finished run that has a
folder, written before the run's folder takes its name. Both come from the process that made the files, so that a disk
that lost a bit, or an editor that touched a file, is noticed before the bytes are believed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from twin.errors import CityError, RunError
from twin.experiments.task import HOW, Task, record_path
from twin.results.run_folder import MANIFEST, check_seal, file_sha256, files_of, read_json, run_path, sealed, write_json

#: What grows in the folder of an unfinished study beside the files it was begun with.
_AGAIN = "delete the partial folder and run the scenario again"


def write_how(starting: Path, how: Mapping[str, Any]) -> None:
    """Write ``how.json``: how the study is run, and the hash of every file it begins with."""
    write_json(starting / HOW, sealed({**how, "begun_with": files_of(starting, checkpoints=True)}))


def check_begun(partial: Path) -> None:
    """Check that the files a study was begun with are as they were.

    Raises
    ------
    RunError, CityError
        Naming the first file that is missing, changed, or new.
    """
    how = read_json(partial / HOW)
    check_seal(how, partial / HOW, _AGAIN)
    begun_with = how.get("begun_with")
    if not isinstance(begun_with, dict) or not begun_with:
        raise RunError("the file does not say what the study was begun with", where=str(partial / HOW), mend=_AGAIN)
    for relative, digest in begun_with.items():
        path = partial / relative
        if not path.is_file() or file_sha256(path) != digest:
            kind = CityError if relative.startswith("city/") else RunError
            raise kind(
                "the file is missing or not as the study was begun with",
                where=str(path),
                mend=f"put it back as it was, or {_AGAIN}",
            )


def check_done(partial: Path, out: Path, tasks: Iterable[Task]) -> None:
    """Check that every finished run with a folder is what was written; lines of lean ones hold their own hashes.

    Parameters
    ----------
    partial, out
        The growing folder, and the one it will be.
    tasks
        All runs of the study.

    Raises
    ------
    RunError
        Naming the first file that is missing or changed.
    """
    for task in tasks:
        run = partial / run_path(task.variant, task.replication)
        if task.lean or not run.exists():
            continue
        again = f"delete {run}; `twin resume {out}` does the run again"
        told = run / MANIFEST
        record = record_path(partial, task)
        known = read_json(record) if record.is_file() else {}
        if "of" not in known:
            raise RunError("there is no record of this run", where=str(record), mend=again)
        check_seal(known, record, again)
        if not told.is_file() or file_sha256(told) != known["of"]:
            raise RunError("the file is missing or not as it was written", where=str(told), mend=again)
        _check_files(run, read_json(told)["files"], again)


def check_merged(partial: Path) -> None:
    """Check a study that lacks nothing but its name.

    Raises
    ------
    RunError
        Naming the first file that is missing or changed.
    """
    manifest = read_json(partial / MANIFEST)
    check_seal(manifest, partial / MANIFEST, _AGAIN)
    _check_files(partial, manifest.get("files", {}), _AGAIN)
    for run, digest in manifest.get("runs", {}).items():
        told = partial / run / MANIFEST
        if not told.is_file() or file_sha256(told) != digest:
            raise RunError("the file is missing or not as it was written", where=str(told), mend=_AGAIN)
        _check_files(told.parent, read_json(told)["files"], _AGAIN)


def _check_files(folder: Path, files: Mapping[str, str], mend: str) -> None:
    for relative, digest in files.items():
        path = folder / relative
        if not path.is_file() or file_sha256(path) != digest:
            raise RunError("the file is missing or not as it was written", where=str(path), mend=mend)
