"""Which files a scenario may read: those in its own folder, and in folders the caller allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twin.scenario.language.validate import nearest


class PathRefusedError(Exception):
    """A file outside the allowed folders, or none at all."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend


def allowed_path(file: str, folder: Path, allow_read: Sequence[Path], *, or_folder: bool = False) -> Path:
    """Resolved path of a file named in a scenario.

    Parameters
    ----------
    file
        As written, relative to the scenario's folder.
    folder
        The scenario's folder.
    allow_read
        Further folders.
    or_folder
        Whether a folder will do, as for a built city.

    Raises
    ------
    PathRefusedError
        If the file lies outside (symbolic links followed), is missing or is no regular file.
    """
    try:
        home = folder.resolve()
        # A file written on Windows names folders with backslashes.
        path = (home / file.replace("\\", "/")).resolve()
        allowed = [home, *(Path(p).resolve() for p in allow_read)]
        inside = any(path.is_relative_to(root) for root in allowed)
        if inside and (path.is_file() or (or_folder and path.is_dir())):
            return path
        names = sorted(p.name for p in path.parent.iterdir()) if inside and path.parent.is_dir() else []
    except (OSError, ValueError, RuntimeError) as fault:
        raise PathRefusedError(f"{file[:80]!r} cannot be read: {fault}", "give the name of a file") from fault
    if not inside:
        raise PathRefusedError(
            f"{file[:80]!r} lies outside the scenario's folder",
            "copy the file beside the scenario, or allow its folder with --allow-read DIR",
        )
    if path.exists():
        raise PathRefusedError(f"{file[:80]!r} is no file", "give the name of a file, not of a folder")
    mend = nearest(path.name, names) or "give a path relative to the scenario's folder"
    raise PathRefusedError(f"{file[:80]!r} does not exist", mend)
