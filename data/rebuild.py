"""Write the bundled districts anew: ``python -m twin.data.rebuild [--check] [--out DIR]``.

The same bytes come out each time. ``--check`` writes nothing and fails if a committed file differs.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from twin.data import DISTRICTS, ikuno_hirano, midosuji, yumeshima
from twin.data.authoring import Sketch

_GZIP_FROM_BYTES = 300_000

AUTHORS: dict[str, Callable[[], Sketch]] = {
    "osaka_ikuno_hirano": ikuno_hirano.sketch,
    "osaka_midosuji": midosuji.sketch,
    "osaka_yumeshima": yumeshima.sketch,
}


def district_xml(name: str) -> bytes:
    """OSM XML of a district, drawn anew."""
    return AUTHORS[name]().xml().encode()


def district_file(name: str, xml: bytes, root: Path) -> Path:
    """Where the map of a district belongs below ``root``; large ones are compressed."""
    return root / name / f"{name}.osm{'.gz' if len(xml) > _GZIP_FROM_BYTES else ''}"


def write_district(name: str, root: Path) -> Path:
    """Write one district below ``root`` and return its file."""
    xml = district_xml(name)
    path = district_file(name, xml, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob(f"{name}.osm*"):
        stale.unlink()
    path.write_bytes(_compressed(xml) if path.suffix == ".gz" else xml)
    return path


def is_current(name: str, root: Path) -> bool:
    """Whether the file below ``root`` holds exactly what is drawn now.

    Compressed files are compared by their content: zlib's own versions may pack the same bytes differently.
    """
    xml = district_xml(name)
    path = district_file(name, xml, root)
    if not path.is_file():
        return False
    kept = path.read_bytes()
    return (gzip.decompress(kept) if path.suffix == ".gz" else kept) == xml


def _compressed(xml: bytes) -> bytes:
    # Neither time nor file name in the header: they would differ at each rebuild.
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as file:
        file.write(xml)
    return buffer.getvalue()


def main(arguments: Sequence[str] | None = None) -> int:
    """Rebuild or check all districts; 0 when all is well."""
    parser = argparse.ArgumentParser(prog="python -m twin.data.rebuild", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, fail if a file is out of date")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, help="folder to write to")
    options = parser.parse_args(arguments)
    stale = []
    for name in DISTRICTS:
        if options.check:
            current = is_current(name, options.out)
            stale += [] if current else [name]
            sys.stdout.write(f"{name}: {'up to date' if current else 'OUT OF DATE'}\n")
        else:
            path = write_district(name, options.out)
            sys.stdout.write(f"{name}: {path.stat().st_size} bytes in {path}\n")
    if stale:
        sys.stderr.write("out of date; run python -m twin.data.rebuild\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
