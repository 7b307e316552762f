"""All runs of a study, or of a folder of studies, as tables one can ask by SQL (DuckDB)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from twin.errors import RunError, ScenarioError
from twin.results.days import run_name
from twin.results.run_folder import MANIFEST, Study, run_path

_STUDY_TABLES = ("kpis", "differences", "draws")


def studies_in(folder: Path) -> list[Study]:
    """The study of a folder, or every finished study that lies in it, by name.

    Raises
    ------
    RunError
        If there is none, or one is damaged.
    """
    if (folder / MANIFEST).is_file():
        return [Study(folder)]
    found = [Study(p.parent) for p in sorted(folder.glob(f"*/{MANIFEST}"))] if folder.is_dir() else []
    if not found:
        raise RunError(
            "there is no finished study here", where=str(folder), mend="name a study, or a folder of studies"
        )
    return found


def query(studies: Sequence[Study], sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Ask for rows: names of columns, and rows.

    Tables are ``kpis``, ``differences`` and ``draws`` of every study, and every table that its runs recorded, each with
    the columns ``study``, and for tables of runs ``variant``, ``day`` and ``replication``. Only files that manifests
    vouch for are read, after their hashes were taken; the statement can read nothing else.

    Parameters
    ----------
    studies
        What is asked.
    sql
        One statement, e.g. ``SELECT variant, avg(value) FROM kpis WHERE kpi = 'terminal.wait_mean_min' GROUP BY 1``.

    Raises
    ------
    ScenarioError
        If the statement cannot be answered, or DuckDB is not installed.
    RunError
        If a file is damaged.
    """
    try:
        import duckdb
    except ModuleNotFoundError as fault:
        mend = "pip install 'osaka-twin[tables]'"
        raise ScenarioError("this needs the library duckdb, which is not installed", mend=mend) from fault
    names = set(re.findall(r"\w+", sql.lower()))
    with duckdb.connect(":memory:") as db:
        db.execute("SET threads = 2")
        _make_views(db, studies, names)
        try:
            db.execute("SET enable_external_access = false")
            db.execute("SET lock_configuration = true")
            asked = db.execute(sql)
            columns = [str(part[0]) for part in asked.description or ()]
            return columns, asked.fetchall()
        except duckdb.Error as fault:
            there = ", ".join(_tables_of(studies))
            raise ScenarioError(
                f"the statement cannot be answered: {str(fault).splitlines()[0]}", mend=f"tables here: {there}"
            ) from fault


def _tables_of(studies: Sequence[Study]) -> list[str]:
    own = [name for name in _STUDY_TABLES if any(f"{name}.parquet" in s.manifest["files"] for s in studies)]
    full = next((s for s in studies if s.manifest["runs"]), None)
    return [*own, *(full.run().tables if full is not None else ())]


def _make_views(db: Any, studies: Sequence[Study], names: set[str]) -> None:
    """Tables that the statement may speak of, read into memory: afterwards no file can be opened any more."""
    for name in _STUDY_TABLES:
        parts = [s for s in studies if f"{name}.parquet" in s.manifest["files"]] if name in names else []
        _fill(db, name, [(s.vouched(f"{name}.parquet"), {"study": _name(s)}) for s in parts])
    wanted = names - {*_STUDY_TABLES}
    found: dict[str, list[tuple[Path, dict[str, str | int]]]] = {}
    for study in studies:
        for table, path, about in _run_tables(study, wanted):
            found.setdefault(table, []).append((path, about))
    for table, files in found.items():
        _fill(db, table, files)


def _name(study: Study) -> str:
    return study.folder.resolve().name


def _run_tables(study: Study, wanted: set[str]) -> Iterator[tuple[str, Path, dict[str, str | int]]]:
    if not study.manifest["runs"] or not wanted & set(study.run().tables):
        return
    for variant in study.variants:
        for day in study.days:
            for replication in range(study.replications):
                if run_path(run_name(variant, day), replication).as_posix() not in study.manifest["runs"]:
                    continue
                run = study.run(variant, replication, day)
                about: dict[str, str | int] = {
                    "study": _name(study),
                    "variant": variant,
                    "day": day,
                    "replication": replication,
                }
                for table in sorted(wanted & set(run.tables)):
                    yield table, run.vouched(f"tables/{table}.parquet"), about


def _fill(db: Any, name: str, files: Sequence[tuple[Path, dict[str, str | int]]]) -> None:
    """One table of many files, each with what is said about it in front."""
    if not files:
        return
    keys = list(files[0][1])
    db.execute("CREATE OR REPLACE TEMP TABLE about_ (filename VARCHAR, " + ", ".join(_column(k) for k in keys) + ")")
    rows = [[str(path.resolve()), *(about[k] for k in keys)] for path, about in files]
    marks = ", ".join("?" * (1 + len(keys)))
    db.executemany(f"INSERT INTO about_ VALUES ({marks})", rows)  # noqa: S608  (question marks only)
    chosen = ", ".join(f"about_.{k}" for k in keys)
    db.execute(
        f'CREATE TEMP TABLE "{name}" AS SELECT {chosen}, r.* EXCLUDE (filename) '  # noqa: S608  (names from manifests)
        "FROM read_parquet(?, filename = true, union_by_name = true) r JOIN about_ ON about_.filename = r.filename",
        [[row[0] for row in rows]],
    )


def _column(key: str) -> str:
    return f"{key} INTEGER" if key == "replication" else f"{key} VARCHAR"
