"""Files that are no plain extracts: histories with several versions of everything, answers that were cut off."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from twin.city.reading.map_file import MapFile
from twin.errors import CityError

#: What a file that tells of deleted things holds.
_DELETED = (b'visible="false"', b"visible='false'")
_REMARK = re.compile(rb"<remark>(.*?)(?:</remark>|\Z)", re.DOTALL)
_FAILED = re.compile(r"error|timed out|out of memory|exceeded|aborted", re.IGNORECASE)
_MOST_REMARK = 300


def refuse_unfinished(file: MapFile) -> str:
    """Remark that a server left in the file; empty without one.

    Raises
    ------
    CityError
        If it says that the answer is not complete: a map with half its streets looks like another city.
    """
    if file.kind != "osm":
        return ""
    with file.path.open("rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as text:
        if text.find(b"<remark>") < 0:
            return ""
        found = _REMARK.search(text)
        remark = " ".join(found[1].decode("utf-8", "replace").split())[:_MOST_REMARK] if found else ""
    if _FAILED.search(remark):
        raise CityError(
            f"the server did not finish this map: {remark}", where=str(file.source),
            mend="ask again for a smaller area or with a longer timeout",
        )
    return remark


def is_history(file: MapFile, has_versions: bool) -> bool:
    """Whether a file holds older versions of things, or things that were deleted."""
    if has_versions:
        return True
    if file.kind != "osm":
        return False
    with file.path.open("rb") as raw, mmap.mmap(raw.fileno(), 0, access=mmap.ACCESS_READ) as text:
        return any(text.find(mark) >= 0 for mark in _DELETED)


def newest_only(items: Callable[[], Iterable[Any]]) -> Iterator[Any]:
    """The newest version of each thing, unless that one was deleted; ``items`` starts a new pass over the file."""
    newest: dict[tuple[str, int], int] = {}
    for item in items():
        key = item.type_str(), item.id
        newest[key] = max(newest.get(key, -1), item.version)
    given: set[tuple[str, int]] = set()
    for item in items():
        key = item.type_str(), item.id
        if item.version == newest[key] and key not in given:
            given.add(key)
            if not item.deleted and item.visible:
                yield item
