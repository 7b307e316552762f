"""Layout of results on disk; opens nothing that is incomplete.

::

    STUDY/
      manifest.json        written last: hashes, seeds, versions, counts; only what the scenario determines
      timing.json log.txt  times, memory, host, workers; outside every comparison
      scenario.yaml        as the user wrote it
      plan.json            the resolved scenario
      city/ inputs.npz     what the runs were given
      kpis.parquet differences.parquet
      observed.json        today as the sensors would have seen it, beside what was counted
      answers.json         what the questions of the scenario came to
      draws.parquet        KPIs over draws of the assumptions, where they were asked for
      runs/VARIANT/000/    one folder a run: manifest.json tables/*.parquet kpis.parquet geometry.npz places.parquet

While a study runs its folder is ``STUDY.partial``; it is never read as a result.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from twin.errors import RunError, printable
from twin.results.days import run_name
from twin.results.manifest import check_manifest
from twin.results.parquet import read_columns

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

FORMAT = 1
MANIFEST = "manifest.json"
ANSWERS = "answers.json"
OBSERVED = "observed.json"
DRAWS = "draws.parquet"
SEARCH = "search.json"
MONEY = "money.json"
#: Files of a finished folder that no comparison looks at.
OUTSIDE = frozenset({"timing.json", "log.txt", MANIFEST})
#: Largest JSON file that is read; a study of thousands of runs stays far below.
_MOST_JSON_BYTES = 200_000_000


def file_sha256(path: Path) -> str:
    """Hash of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON whose bytes depend on the content alone; found whole or not at all."""
    write_text(path, json.dumps(content, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file; found whole or not at all."""
    beside = path.with_name(path.name + ".tmp")
    with beside.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)


def sync_folder(folder: Path) -> None:
    """Bring every file of a folder to the disk, and the names it has: a power cut then takes none of them back."""
    for path in (*(p for p in folder.rglob("*") if p.is_file()), folder):
        _sync(path)


def sync_name(path: Path) -> None:
    """Bring the name of a file or folder to the disk."""
    _sync(path.parent)


#: Tries of giving a folder its name, a quarter of a second apart: a scanner of files lets go of them soon.
_MOVE_TRIES = 20 if os.name == "nt" else 1


def move_folder(folder: Path, to: Path) -> None:
    """Give a finished folder its name; Windows refuses it while any program has a file of it open.

    Raises
    ------
    RunError
        If it is refused; the folder is whole, and `twin resume` moves it later.
    """
    for left in reversed(range(_MOVE_TRIES)):
        try:
            os.replace(folder, to)
        except PermissionError as fault:
            if left:
                time.sleep(0.25)  # whoever has a file of it open, a scanner or a viewer, tells nobody when it is done
                continue
            raise RunError(
                f"the folder cannot be given its name: {fault.strerror or fault}",
                where=str(folder),
                mend="close what has its files open, and check its permissions; then `twin resume` goes on",
            ) from fault
        sync_name(to)
        return


def _sync(path: Path) -> None:
    if os.name != "posix" and path.is_dir():
        return  # folders cannot be opened there
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


#: Keys that need no seal: each names a hash, and a changed one fits no file.
_UNSEALED = frozenset({"sha256", "files", "runs"})


def seal_of(content: Mapping[str, Any]) -> str:
    """Hash of what a JSON object says, apart from the hashes it holds."""
    said = {key: value for key, value in content.items() if key not in _UNSEALED}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON object with its seal under ``sha256``."""
    return {**content, "sha256": seal_of(content)}


def check_seal(content: Mapping[str, Any], path: Path, mend: str) -> None:
    """Check the seal of a JSON object, where it has one.

    Raises
    ------
    RunError
        If the object does not say what it said when it was sealed.
    """
    if "sha256" in content and content["sha256"] != seal_of(content):
        raise RunError("the file is damaged or was changed", where=str(path), mend=mend)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    RunError
        If the file is missing, absurdly large or no JSON object.
    """
    try:
        size = path.stat().st_size
        if size > _MOST_JSON_BYTES:
            raise ValueError(f"it has {size / 1e6:,.0f} MB")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as fault:
        raise RunError(f"the file cannot be read: {fault}", where=str(path), mend="run the scenario again") from fault
    if not isinstance(content, dict):
        raise RunError("the file is not a JSON object", where=str(path), mend="run the scenario again")
    return content


def files_of(folder: Path, *, checkpoints: bool = False) -> dict[str, str]:
    """Relative path -> hash of every file a manifest vouches for.

    Checkpoints and parts are left out unless asked for: they depend on how a run was made, not on what it says.
    """
    out = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        relative = path.relative_to(folder)
        if (
            relative.name in OUTSIDE
            or relative.suffix == ".tmp"
            or (not checkpoints and "checkpoints" in relative.parts)
        ):
            continue
        out[relative.as_posix()] = file_sha256(path)
    return out


def partial_of(folder: Path) -> Path:
    """Folder in which a study grows."""
    return folder.with_name(folder.name + ".partial")


#: Longest name of a study in bytes: file systems take 255, and names of its growing folders have an ending more.
_MOST_NAME_BYTES = 200


def study_target(out: Path) -> Path:
    """Folder of a study that is to be made, as it can be named.

    Parameters
    ----------
    out
        As given; ``""``, ``.`` and ``..`` are the folders they mean.

    Raises
    ------
    RunError
        If no folder can bear the name, or it is that of a growing study.
    """
    if out.name in ("", ".."):
        out = Path(os.path.abspath(out))
    mend = "give --out a folder's name, e.g. --out runs/today"
    if not out.name:
        raise RunError("a disk's own folder cannot be that of a study", where=str(out), mend=mend)
    size = len(os.fsencode(out.name))
    if size > _MOST_NAME_BYTES:
        raise RunError(
            f"the name of the output folder has {size} bytes, at most {_MOST_NAME_BYTES} can be used",
            where=out.name[:60] + "…",
            mend=mend,
        )
    if out.name.endswith(".partial"):
        raise RunError("names that end in .partial are those of unfinished studies", where=str(out), mend=mend)
    try:
        above = next(parent for parent in out.parents if parent.exists())
        if not above.is_dir():
            raise RunError(f"{above} is a file, so that no folder can lie in it", where=str(out), mend=mend)
        out.exists()
    except (OSError, ValueError) as fault:
        raise RunError(
            f"the output folder cannot be made: {fault}", where=printable(str(out)[:200]), mend=mend
        ) from fault
    return out


def _open_manifest(folder: Path, kind: str) -> dict[str, Any]:
    if not folder.is_dir():
        beside = partial_of(folder)
        if beside.is_dir():
            raise RunError(f"this {kind} is not finished", where=str(beside), mend=f"twin resume {folder}")
        raise RunError(f"there is no {kind} here", where=str(folder), mend="name a folder that `twin run` made")
    if folder.name.endswith(".partial"):
        raise RunError(
            f"this {kind} is not finished",
            where=str(folder),
            mend=f"twin resume {str(folder).removesuffix('.partial')}",
        )
    if not (folder / MANIFEST).is_file():
        raise RunError(
            f"this folder is no {kind}: it has no {MANIFEST}",
            where=str(folder),
            mend="name a folder that `twin run` made",
        )
    manifest = read_json(folder / MANIFEST)
    if manifest.get("kind") != kind:
        raise RunError(
            f"this folder is a {manifest.get('kind')!r}, not a {kind}",
            where=str(folder),
            mend="name the study's folder, or one of its runs/VARIANT/NNN",
        )
    if manifest.get("format") != FORMAT:
        raise RunError(
            f"the format {manifest.get('format')!r} of this {kind} is not {FORMAT}",
            where=str(folder),
            mend="read it with the version of twin that made it",
        )
    check_manifest(manifest, kind, folder)
    check_seal(manifest, folder / MANIFEST, "copy the folder anew, or run the scenario again")
    return manifest


class Run:
    """One finished run: one variant, one replication."""

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.manifest = _open_manifest(self.folder, "run")

    @classmethod
    def unfinished(cls, folder: Path) -> Run:
        """A run whose folder has not taken its place yet; for its own validation only."""
        run = cls.__new__(cls)
        run.folder = folder
        run.manifest = read_json(folder / MANIFEST)
        return run

    def __repr__(self) -> str:
        return f"<Run {self.variant}, replication {self.replication}: {self.folder}>"

    @property
    def variant(self) -> str:
        """Name of the variant."""
        return str(self.manifest["variant"])

    @property
    def replication(self) -> int:
        """Number of the replication, from 0."""
        return int(self.manifest["replication"])

    @property
    def tables(self) -> list[str]:
        """Names of the tables of this run."""
        return sorted(self.manifest["rows"])

    def table(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Columns of a table.

        Raises
        ------
        RunError
            If there is no such table, or its file is damaged.
        """
        if name not in self.manifest["rows"]:
            raise RunError(
                f"there is no table {name!r}", where=str(self.folder), mend=f"tables here: {', '.join(self.tables)}"
            )
        return read_columns(_vouched(self.folder, self.manifest, f"tables/{name}.parquet"))

    def vouched(self, relative: str) -> Path:
        """Path of one of the run's files, which is as the manifest says.

        Raises
        ------
        RunError
            If it is missing or was changed.
        """
        return _vouched(self.folder, self.manifest, relative)

    def kpis(self) -> dict[str, NDArray[np.generic]]:
        """Columns of the KPIs of this run."""
        return read_columns(_vouched(self.folder, self.manifest, "kpis.parquet"))

    def frame(self, name: str, *, lang: Literal["ja", "en"] | None = None, clock: Sequence[str] = ()) -> pd.DataFrame:
        """A table as a DataFrame; units and meanings stand in ``frame.attrs``.

        With ``lang``, codes become words of that language; ``clock`` names columns of moments that get a column of
        clock times behind them: see :func:`twin.results.frames.as_frame`.
        """
        from twin.results.frames import as_frame

        return as_frame(name, self.table(name), lang, clock)

    def _repr_html_(self) -> str:
        """Show the run's KPIs in a notebook."""
        import html

        import pandas as pd

        title = html.escape(f"{self.variant}, replication {self.replication}")
        return f"<h4>{title}</h4>" + pd.DataFrame(self.kpis()).to_html(escape=True, index=False, max_rows=40)

    def view(self, **how: Any) -> Any:
        """Show the moving scene in a notebook; see :func:`twin.notebook.show`."""
        return _notebook().show(self, **how)

    def layer(self, name: str) -> gpd.GeoDataFrame:
        """A layer as a GeoDataFrame in the city's metres; see :func:`twin.viz.geo_frames.layer_of` for names."""
        found: gpd.GeoDataFrame = _notebook().layer(self, name)
        return found


class Study:
    """A finished study: every variant and replication, KPIs, differences."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.manifest = _open_manifest(self.folder, "study")

    @property
    def variants(self) -> list[str]:
        """Names of the variants, in the order of the scenario."""
        return [str(v) for v in self.manifest["variants"]]

    @property
    def days(self) -> list[str]:
        """Names of the kinds of day; one empty name where the scenario has one."""
        return [str(day) for day in self.manifest.get("days", [])] or [""]

    @property
    def reproduction(self) -> dict[str, Any]:
        """What the observations of the scenario come to; empty where it holds none."""
        if OBSERVED not in self.manifest["files"]:
            return {}
        return read_json(self.vouched(OBSERVED))

    @property
    def replications(self) -> int:
        """Number of replications."""
        return int(self.manifest["replications"])

    @cached_property
    def plan(self) -> dict[str, Any]:
        """The resolved scenario."""
        return read_json(self.vouched("plan.json"))

    def vouched(self, relative: str) -> Path:
        """Path of one of the study's files, which is as the manifest says.

        Raises
        ------
        RunError
            If it is missing or was changed.
        """
        return _vouched(self.folder, self.manifest, relative)

    def run(self, variant: str | None = None, replication: int = 0, day: str | None = None) -> Run:
        """One run of the study; without a variant, the first; without a kind of day, the first."""
        name = variant or self.variants[0]
        if name not in self.variants:
            raise RunError(
                f"there is no variant {name!r}",
                where=str(self.folder),
                mend=f"variants here: {', '.join(self.variants)}",
            )
        if day is not None and day not in self.days:
            raise RunError(
                f"there is no kind of day {day!r}",
                where=str(self.folder),
                mend=f"kinds of day here: {', '.join(self.days) or 'none'}",
            )
        relative = run_path(run_name(name, self.days[0] if day is None else day), replication)
        run = Run(self.folder / relative)
        if file_sha256(run.folder / MANIFEST) != self.manifest["runs"].get(relative.as_posix()):
            raise RunError(
                "this run is not the one the study was made of",
                where=str(run.folder),
                mend="copy the study anew, or run the scenario again",
            )
        return run

    def runs(self) -> Iterator[Run]:
        """Every run, by variant, kind of day and replication."""
        for variant in self.variants:
            for day in self.days:
                for replication in range(self.replications):
                    yield self.run(variant, replication, day)

    @cached_property
    def answers(self) -> dict[str, Any]:
        """Answers to the questions of the scenario; empty where none was asked."""
        if ANSWERS not in self.manifest["files"]:
            return {}
        return read_json(self.vouched(ANSWERS))

    @cached_property
    def money(self) -> dict[str, Any]:
        """What the study comes to in money; empty where the scenario names no pack."""
        if MONEY not in self.manifest["files"]:
            return {}
        return read_json(self.vouched(MONEY))

    @cached_property
    def search(self) -> dict[str, Any]:
        """What a search came to: ``search`` and ``outcome``; empty for a study that searched nothing."""
        if SEARCH not in self.manifest["files"]:
            return {}
        return read_json(self.vouched(SEARCH))

    def columns(self, name: str) -> dict[str, NDArray[np.generic]]:
        """Columns of ``kpis`` or ``differences``."""
        return read_columns(self.vouched(f"{name}.parquet"))

    def query(self, sql: str) -> pd.DataFrame:
        """Rows of all runs by SQL; see :func:`twin.results.querying.query`."""
        import pandas as pd

        from twin.results.querying import query

        columns, rows = query([self], sql)
        return pd.DataFrame(rows, columns=columns)

    @property
    def kpis(self) -> pd.DataFrame:
        """KPIs in long form: variant, day, replication, kpi, group, value, unit."""
        import pandas as pd

        return pd.DataFrame(self.columns("kpis"))

    @property
    def differences(self) -> pd.DataFrame:
        """Paired differences: first, second, kpi, group, unit, mean, lo, hi, n, verdict, asked, p, p_corrected."""
        import pandas as pd

        return pd.DataFrame(self.columns("differences"))

    def __repr__(self) -> str:
        return (
            f"<Study {self.manifest['name']}: {', '.join(self.variants)}; {self.replications} replication(s); "
            f"{self.folder}>"
        )

    def view(self, **how: Any) -> Any:
        """Show today against the first measure, moving, in a notebook; see :func:`twin.notebook.show`."""
        return _notebook().show(self, **how)

    def layer(self, name: str, variant: str | None = None, replication: int = 0) -> gpd.GeoDataFrame:
        """A layer of one of the runs as a GeoDataFrame; without a variant, of the first."""
        return self.run(variant, replication).layer(name)

    def _repr_html_(self) -> str:
        """Show the study in a notebook."""
        import html

        title = html.escape(str(self.manifest["name"]))
        return f"<h4>{title}</h4>" + self.differences.to_html(escape=True, index=False, max_rows=40)


def _notebook() -> Any:
    """What draws in notebooks; it stands above results and is asked by name when somebody wants a picture."""
    return importlib.import_module("twin.notebook")


def _vouched(folder: Path, manifest: Mapping[str, Any], relative: str) -> Path:
    """Path of a file that is as the manifest says."""
    path = folder / relative
    if not path.is_file() or file_sha256(path) != manifest["files"].get(relative):
        raise RunError(
            "the file is missing or not as it was written",
            where=str(path),
            mend="copy the folder anew, or run the scenario again",
        )
    return path


def run_path(variant: str, replication: int) -> Path:
    """Folder of a run inside its study."""
    return Path("runs") / variant / f"{replication:03d}"


def open_any(folder: Path) -> Study | Run:
    """Open a study or one of its runs."""
    manifest = folder / MANIFEST
    if manifest.is_file() and read_json(manifest).get("kind") == "run":
        return Run(folder)
    return Study(folder)
