"""What lies in a folder of studies: how large, how old, what was asked and answered; and putting away what is done.

A folder counts as ours only by its manifest or by what an unfinished study begins with; nothing else is ever listed
for removal.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from twin.errors import RunError, TwinError
from twin.results.run_folder import MANIFEST, Study, read_json

State = Literal["finished", "unfinished", "unreadable"]
#: A file that a study is begun with, before it has a manifest.
_BEGUN = "how.json"


@dataclass(frozen=True)
class Shelved:
    """One study on the shelf.

    Attributes
    ----------
    folder
        Where it lies.
    state
        finished; unfinished, which ``twin resume`` goes on with; unreadable: damaged, or of another version.
    size_bytes
        Bytes of all its files.
    changed_s
        Moment of its youngest file at the top, seconds since 1970.
    name, title_ja, title_en
        Of its scenario; empty where it is not known.
    variants, replications
        How large it is.
    answer_ja, answer_en
        One sentence per question, the main one first; empty where none was asked.
    why
        What is wrong with an unreadable one.
    """

    folder: Path
    state: State
    size_bytes: int
    changed_s: float
    name: str = ""
    title_ja: str = ""
    title_en: str = ""
    variants: tuple[str, ...] = ()
    replications: int = 0
    answer_ja: str = ""
    answer_en: str = ""
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {**self.__dict__, "folder": str(self.folder), "variants": list(self.variants)}


def studies_in(folder: Path) -> list[Shelved]:
    """Every study right inside a folder, the youngest first.

    Raises
    ------
    RunError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise RunError("there is no such folder", where=str(folder), mend="name a folder with studies, such as runs")
    found = [shelved for path in sorted(folder.iterdir()) if (shelved := _shelved(path)) is not None]
    return sorted(found, key=lambda one: -one.changed_s)


def _shelved(path: Path) -> Shelved | None:
    if path.is_symlink() or not path.is_dir():
        return None
    if path.name.endswith(".partial"):
        return Shelved(path, "unfinished", *_extent(path), *_names(path)) if (path / _BEGUN).is_file() else None
    if not (path / MANIFEST).is_file():
        return None
    try:
        if read_json(path / MANIFEST).get("kind") != "study":
            return None
        return _finished(path)
    except TwinError as fault:
        return Shelved(path, "unreadable", *_extent(path), why=fault.what)


def _finished(path: Path) -> Shelved:
    study = Study(path)
    name, title_ja, title_en = _names(path)
    listed = sorted(study.answers.get("answers", []), key=lambda answer: not answer["main"])
    answers = {lang: " ".join(str(answer["sentence"][lang]) for answer in listed) for lang in ("ja", "en")}
    return Shelved(
        path,
        "finished",
        *_extent(path),
        name=name,
        title_ja=title_ja,
        title_en=title_en,
        variants=tuple(study.variants),
        replications=study.replications,
        answer_ja=answers["ja"],
        answer_en=answers["en"],
    )


def _names(path: Path) -> tuple[str, str, str]:
    try:
        plan = read_json(path / "plan.json")
    except RunError:
        return "", "", ""
    title = plan.get("title")
    title = title if isinstance(title, dict) else {}
    return str(plan.get("name", "")), str(title.get("ja", "")), str(title.get("en", ""))


def _extent(path: Path) -> tuple[int, float]:
    """(bytes of all files, moment of the youngest file at the top)."""
    size, changed = 0, path.stat().st_mtime
    for file in _files(path):
        entry = file.lstat()
        size += entry.st_size
        if file.parent == path:
            changed = max(changed, entry.st_mtime)
    return size, changed


def _files(path: Path) -> Iterator[Path]:
    for parent, _, names in os.walk(path):
        yield from (Path(parent) / name for name in names)


def prunable(
    found: Sequence[Shelved], *, older_than_s: float, state: State | None = None, now_s: float | None = None
) -> list[Shelved]:
    """Studies that nothing has changed for so long.

    Parameters
    ----------
    found
        From :func:`studies_in`.
    older_than_s
        Age in seconds, at least 0.
    state
        Only studies in this state; by default unfinished and finished ones, never an unreadable one: it may belong
        to another version.
    now_s
        The moment, seconds since 1970; now by default.
    """
    now = time.time() if now_s is None else now_s
    wanted = (state,) if state else ("finished", "unfinished")
    return [one for one in found if one.state in wanted and now - one.changed_s >= older_than_s]


def remove(studies: Sequence[Shelved]) -> int:
    """Remove studies from the disk; returns the bytes that are free again.

    What has changed since it was listed stays.

    Raises
    ------
    RunError
        If a folder cannot be removed.
    """
    freed = 0
    for one in studies:
        again = _shelved(one.folder)
        if again is None or (again.state, again.changed_s) != (one.state, one.changed_s):
            continue
        try:
            shutil.rmtree(one.folder)
        except OSError as fault:
            raise RunError(
                f"the study cannot be removed: {fault}",
                where=str(one.folder),
                mend="close what has its files open, then try again",
            ) from fault
        freed += one.size_bytes
    return freed
