"""Bundled districts, authored from public facts; every output calls them schematic."""

from __future__ import annotations

from pathlib import Path

from twin.errors import CityError

#: Names of the bundled districts; each is a folder here with one map file of the same name.
DISTRICTS: tuple[str, ...] = ("osaka_ikuno_hirano", "osaka_midosuji", "osaka_yumeshima")


def network_path(name: str) -> Path:
    """Map file of a bundled district, ``.osm`` or ``.osm.gz``.

    Raises
    ------
    CityError
        If there is no district of that name.
    """
    folder = Path(__file__).resolve().parent / name
    if name in DISTRICTS:
        for suffix in (".osm", ".osm.gz"):
            if (folder / f"{name}{suffix}").is_file():
                return folder / f"{name}{suffix}"
    raise CityError(
        f"there is no bundled district {name!r}", where=str(folder), mend=f"write one of {', '.join(DISTRICTS)}"
    )
