"""Files out of a zip, with the guards an untrusted one needs; nothing is unfolded on disk.

No name in a zip therefore leads anywhere, and what comes out is counted, whatever sizes the zip declares.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from twin.scenario.tables.sheets import MAX_BYTES, SheetError

#: What the files that are read may unfold to, and how much more that may be than what is packed.
MAX_UNFOLDED_BYTES = 1_000_000_000
_MAX_RATIO = 200
_MAX_MEMBERS = 2_000
#: What damaged zips raise beside their own error.
_ZIP_SLIPS = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, NotImplementedError, ValueError, KeyError,
)  # fmt: skip


def unpacked(path: Path, wanted: Callable[[str], bool], usual: str) -> dict[str, bytes]:
    """Files of a zip by their full name, with ``/`` between folders.

    Parameters
    ----------
    path
        A file that the scenario may read.
    wanted
        Whether a file is read, by its name without its folder.
    usual
        What such a zip usually holds, for the message of one that holds too many.

    Raises
    ------
    SheetError
        If the zip is damaged, too large, or holds a file twice.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SheetError(f"the zip is larger than {MAX_BYTES // 10**6} MB", "cut it to the area that is needed")
        data = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > _MAX_MEMBERS:
                raise SheetError(f"the zip holds {len(members)} files", usual)
            return _unfolded(archive, [one for one in members if not one.is_dir() and wanted(_plain(one))], len(data))
    except _ZIP_SLIPS as fault:
        said = (str(fault).splitlines() or [""])[0][:120] or type(fault).__name__
        mend = "fetch it anew, or unpack it"
        raise SheetError(f"{path.name} is no readable zip: {said}", mend) from fault


def _plain(member: zipfile.ZipInfo) -> str:
    return _full(member).rpartition("/")[2]


def _full(member: zipfile.ZipInfo) -> str:
    return member.filename.replace("\\", "/")


def _unfolded(archive: zipfile.ZipFile, wanted: list[zipfile.ZipInfo], packed: int) -> dict[str, bytes]:
    bound = min(MAX_UNFOLDED_BYTES, _MAX_RATIO * packed + 10**6)
    raw: dict[str, bytes] = {}
    left = bound
    for one in wanted:
        with archive.open(one) as stream:
            data = stream.read(left + 1)
        if len(data) > left:
            raise SheetError(
                f"the zip unfolds to more than {bound / 1e6:.0f} MB from {packed / 1e6:.2f} MB", "fetch it anew"
            )
        left -= len(data)
        if _full(one) in raw:
            raise SheetError(f"the zip holds {_plain(one)} twice", "keep one of them")
        raw[_full(one)] = data
    return raw
