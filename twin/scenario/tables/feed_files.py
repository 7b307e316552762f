"""Files of a GTFS feed, from a folder or a zip, with the guards an untrusted feed needs.

gtfs-kit and partridge read feeds too; they unfold a zip without a bound and drop what they cannot read without a count.
Arrow reads the text here, as words: what a word means is for :mod:`twin.scenario.tables.gtfs`.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.scenario.tables.packed import MAX_UNFOLDED_BYTES, unpacked
from twin.scenario.tables.sheets import SheetError, decoded

if TYPE_CHECKING:
    import pyarrow as pa

#: Files that are read; whatever else a feed holds is left alone.
FILES = (
    "agency.txt", "stops.txt", "routes.txt", "trips.txt", "stop_times.txt", "calendar.txt", "calendar_dates.txt",
    "frequencies.txt", "fare_attributes.txt", "fare_rules.txt", "shapes.txt", "feed_info.txt", "attributions.txt",
)  # fmt: skip
_MAX_ROWS = 20_000_000
#: Longest word of a cell: columns are held in fields of one width.
_LONGEST = 500

Words = NDArray[np.str_]


class FeedFiles:
    """The text files of one feed.

    Parameters
    ----------
    path
        A folder or a zip that the scenario may read.

    Attributes
    ----------
    sha256
        Of the bytes of every file that is read, in the order of their names.
    """

    def __init__(self, path: Path) -> None:
        raw = _of_folder(path) if path.is_dir() else _of_zip(path)
        if not raw:
            raise SheetError(
                f"{path.name} holds none of stops.txt, trips.txt, stop_times.txt",
                "give the folder or the .zip of a GTFS feed; its files must lie at its top or in one folder",
            )
        digest = hashlib.sha256()
        for name in sorted(raw):
            digest.update(f"{name}:{len(raw[name])}:".encode())
            digest.update(raw[name])
        self.sha256 = digest.hexdigest()
        self._raw = raw
        self.encodings: set[str] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._raw

    def read(self, name: str, needed: tuple[str, ...]) -> dict[str, Words]:
        """Columns of a file as words without blanks around them; all of one length.

        Raises
        ------
        SheetError
            If the file or a needed column is missing, or the text cannot be read.
        """
        if name not in self._raw:
            raise SheetError(f"the feed has no {name}", "GTFS asks for it; take the feed as its publisher gives it")
        text, encoding = decoded(self._raw[name], "detect")
        self.encodings.add(encoding)
        table = _parsed(name, text)
        headings = [heading.strip().strip('"').lower() for heading in table.column_names]
        missing = [column for column in needed if column not in headings]
        if missing:
            raise SheetError(f"{name} lacks {', '.join(missing)}", f"it has {', '.join(headings[:20])}")
        if len(set(headings)) < len(headings):
            twice = next(heading for heading in headings if headings.count(heading) > 1)
            raise SheetError(f"{name} has the heading {twice!r} twice", "keep one of them")
        return {
            heading: np.char.strip(np.array(table.column(place).to_numpy(zero_copy_only=False), np.str_))
            for place, heading in enumerate(headings)
        }


def _parsed(name: str, text: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.csv as arrow_csv

    first = text.split("\n", 1)[0].rstrip("\r")
    if not first.strip():
        raise SheetError(f"{name} is empty", "a file of a feed has a line of headings")
    try:
        # The headings tell how many columns there are; all of them are words.
        heads = arrow_csv.read_csv(io.BytesIO(first.encode() + b"\n")).column_names
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(heads, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowException, ValueError, OverflowError) as fault:
        said = (str(fault).splitlines() or [""])[0][:160]
        raise SheetError(f"{name} is damaged: {said}", "every row must have as many cells as the headings") from fault
    if table.num_rows > _MAX_ROWS:
        raise SheetError(f"{name} has more than {_MAX_ROWS} rows", "cut the feed to the area that is needed")
    for heading, column in zip(table.column_names, table.columns, strict=True):
        longest = pa.compute.max(pa.compute.utf8_length(column)).as_py() or 0
        if longest > _LONGEST:
            raise SheetError(f"{name} has a cell of {longest} letters under {heading[:40]!r}", "look for a lost quote")
    return table


def numbers_of(words: Words) -> NDArray[np.float64]:
    """Words as numbers; nan where a word is none."""
    out = np.full(len(words), np.nan)
    for row, word in enumerate(words.tolist()):
        try:
            out[row] = float(word)
        except ValueError:
            continue
    return out


def say(told: list[str], rows: Sequence[str] | Words, what: str) -> None:
    """Count what is left out, with the first three of it; nothing where it is nothing."""
    if len(rows):
        some = ", ".join(str(row)[:60] for row in list(rows)[:3])
        told.append(f"{len(rows)} {what}: {some}{' …' if len(rows) > 3 else ''}")


def _of_folder(path: Path) -> dict[str, bytes]:
    raw: dict[str, bytes] = {}
    for name in FILES:
        file = path / name
        try:
            # A link would lead out of what the scenario may read.
            if file.is_symlink() or not file.is_file():
                continue
            if file.stat().st_size + sum(map(len, raw.values())) > MAX_UNFOLDED_BYTES:
                raise SheetError(f"{name} makes the feed larger than {MAX_UNFOLDED_BYTES // 10**6} MB", "cut the feed")
            raw[name] = file.read_bytes()
        except OSError as fault:
            raise SheetError(f"{name} cannot be read: {fault.strerror or fault}") from fault
    return raw


def _of_zip(path: Path) -> dict[str, bytes]:
    wanted = unpacked(path, lambda name: name in FILES, "a feed has some twenty")
    folders = {name.rpartition("/")[0] for name in wanted}
    if len(folders) > 1:
        told = ", ".join(sorted(folder or "its top" for folder in folders)[:5])
        raise SheetError(f"the zip holds more than one feed: in {told}", "keep one of them")
    return {name.rpartition("/")[2]: data for name, data in wanted.items()}
