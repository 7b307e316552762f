"""A map file as it comes: unpacked, recognised by its content, and refused where it could do harm.

Maps are untrusted. A compressed one is unpacked up to a limit, so that a small file cannot fill memory or
disk; XML with a document type is refused, as entities could grow without end or read other files.
"""

from __future__ import annotations

import gzip
import re
import shutil
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.sax.saxutils import unescape

from twin.city.reading.params import CityBuildParams
from twin.errors import CityError

_HEAD_BYTES = 1 << 16
_CHUNK_BYTES = 1 << 20
_PBF_FACTOR = 20
#: JSON is read whole, and takes about this many times its size as Python objects, by the limit set for XML.
_JSON_FACTOR = 4
_PROLOGUE = re.compile(rb"\s+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_ROOT = re.compile(rb"<([A-Za-z_][\w.:-]*)[\s/>]")
_REMARK = re.compile(rb"<remark>(.*?)</remark>", re.DOTALL)
#: Overpass writes its remark at the end of the answer; it is looked for in this much of either end.
_REMARK_BYTES = 1 << 16
_FAILED = re.compile(r"error|timed out|out of memory", re.IGNORECASE)
_MEND = (
    "give OpenStreetMap XML or PBF, an answer of Overpass in XML or JSON, or an OSMnx GraphML file; each may be "
    "compressed with gzip"
)
#: Files that people take for maps: how each begins, and what to do about it.
_OTHERS = {
    "osmChange": (
        "this is a change file (OsmChange): it holds what changed in a map, not the map",
        "apply it first: osmium apply-changes MAP.osm.pbf CHANGES.osc -o NEW.osm.pbf",
    ),
    "kml": ("this is a KML file: it holds drawings, no streets", _MEND),
    "gpx": ("this is a GPS track (GPX): it holds no streets", _MEND),
}

MapKind = Literal["osm", "pbf", "graphml", "json", "citygml"]


@dataclass(frozen=True)
class MapFile:
    """A map file on disk, unpacked, of a known kind; ``source`` is what the user named."""

    path: Path
    kind: MapKind
    source: Path


@contextmanager
def open_map(source: Path, params: CityBuildParams) -> Iterator[MapFile]:
    """Recognise a map file, unpack it if need be, and clean up afterwards.

    Raises
    ------
    CityError
        If the file cannot be read, is damaged, too large or no map.
    """
    try:
        with source.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        if not packed:
            yield _recognise(source, source, params)
            return
        with tempfile.TemporaryDirectory(prefix="osaka-twin-") as folder:
            # The readers go by the ending, so the unpacked file must have a plain one.
            unpacked = Path(folder) / "map"
            _unpack(source, unpacked, params)
            yield _recognise(unpacked, source, params)
    except FileNotFoundError as error:
        raise CityError("there is no such map file", where=str(source), mend="check the path") from error
    except IsADirectoryError as error:
        raise CityError("a map file is due, this is a folder", where=str(source), mend=_MEND) from error
    except PermissionError as error:
        raise CityError("the map file may not be read", where=str(source), mend="check its permissions") from error


def _too_large(source: Path, size: float, params: CityBuildParams) -> CityError:
    limit_mb = params.max_map_bytes / 1e6
    return CityError(
        f"the map is too large: at least {size / 1e6:,.0f} MB as XML, the limit is {limit_mb:,.0f} MB",
        where=str(source),
        mend="cut out the part you need, for example with `osmium extract`, or raise max_map_bytes",
    )


def _unpack(source: Path, target: Path, params: CityBuildParams) -> None:
    size = 0
    try:
        with gzip.open(source, "rb") as packed, target.open("wb") as out:
            while chunk := packed.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > params.max_map_bytes:
                    raise _too_large(source, size, params)
                out.write(chunk)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise CityError(
            f"the gzip file is damaged or cut short: {error}", where=str(source), mend="download it again"
        ) from error
    except OSError as error:
        if error.errno is None or isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise CityError(
            f"the map cannot be unpacked: {error.strerror}",
            where=str(target.parent),
            mend=f"free some space there ({shutil.disk_usage(target.parent).free / 1e6:,.0f} MB are left)",
        ) from error


def _recognise(path: Path, source: Path, params: CityBuildParams) -> MapFile:
    """Kind of a file by its first bytes; its name is not trusted."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise CityError("the map file is empty", where=str(source), mend=_MEND)
    if head[4:15] == b"\x0a\x09OSMHeader":
        if size * _PBF_FACTOR > params.max_map_bytes:
            raise _too_large(source, size * _PBF_FACTOR, params)
        return MapFile(path, "pbf", source)
    if size > params.max_map_bytes:
        raise _too_large(source, size, params)
    if _is_json(head):
        if size * _JSON_FACTOR > params.max_map_bytes:
            raise _too_large(source, size * _JSON_FACTOR, params)
        return MapFile(path, "json", source)
    root = _root_element(head, source)
    if root == "osm":
        return MapFile(path, "osm", source)
    if root == "graphml":
        return MapFile(path, "graphml", source)
    plain = root.rpartition(":")[2]
    if plain == "CityModel":
        return MapFile(path, "citygml", source)
    if plain in _OTHERS:
        what, mend = _OTHERS[plain]
        raise CityError(what, where=str(source), mend=mend)
    raise CityError(f"this is no map: its root element is <{root}>", where=str(source), mend=_MEND)


def _is_json(head: bytes) -> bool:
    return head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def check_remark(file: MapFile, dropped: Counter[str]) -> None:
    """Look for what the server of an XML answer remarked: it may have stopped half-way.

    Raises
    ------
    CityError
        If the remark says that the server gave up.
    """
    size = file.path.stat().st_size
    with file.path.open("rb") as stream:
        head = stream.read(_REMARK_BYTES)
        stream.seek(max(size - _REMARK_BYTES, len(head)))
        text = head + b"\n" + stream.read(_REMARK_BYTES)
    # A remark in a comment or a tag would need its own element names; those cannot stand there unescaped.
    for match in _REMARK.finditer(text):
        refuse_remark(unescape(match.group(1).decode("utf-8", "replace")), str(file.source), dropped)


def refuse_remark(remark: str, where: str, dropped: Counter[str]) -> None:
    """Refuse an answer whose server gave up; count any other remark with its words.

    Raises
    ------
    CityError
        If the remark says that the server ran out of time or memory, or failed: part of the map is then missing.
    """
    words = " ".join(remark.split())[:300]
    if _FAILED.search(words):
        raise CityError(
            f"the server did not finish this map: {words}",
            where=where,
            mend="ask for a smaller area, or for more time and memory ([timeout:600][maxsize:2000000000])",
        )
    if words:
        dropped[f"remark of the server, passed over: {words}"] += 1


def _root_element(head: bytes, source: Path) -> str:
    """Name of the first XML element; refuses whatever could hide a document type before it."""
    text = head.removeprefix(b"\xef\xbb\xbf")
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in text[:64]:
        raise CityError("this is neither OSM XML in UTF-8 nor a PBF file", where=str(source), mend=_MEND)
    while skipped := _PROLOGUE.match(text):
        text = text[skipped.end() :]
    if text[:15].lower() == b"<!doctype html>":
        raise CityError("this is a web page, no map", where=str(source), mend=_MEND)
    if text.startswith((b"<!DOCTYPE", b"<!ENTITY")):
        raise CityError(
            "the map declares a document type (DTD); such files are refused, as they may expand without end",
            where=str(source),
            mend="remove the <!DOCTYPE ...> declaration; OSM files have none",
        )
    match = _ROOT.match(text)
    if not match:
        shown = text[:40].decode("utf-8", "replace")
        raise CityError(f"this is no map: it begins with {shown!r}", where=str(source), mend=_MEND)
    return match.group(1).decode("ascii")
