"""OSM PBF block by block into columns, with numpy: several times as fast as one Python object per element.

Plain extracts are read here: blocks packed with zlib or not at all, nodes in dense groups, one version of each element.
Whatever else a file holds, and whatever does not fit (``NotPlainError``), is left to libosmium, which words the errors.

Source: the format's description, https://wiki.openstreetmap.org/wiki/PBF_Format
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from twin.city.reading.elements import Member, TaggedRelation, TaggedWay

#: Largest header and block that the format allows.
_MOST_HEADER, _MOST_BLOCK = 1 << 16, 1 << 25
_PLAIN_FEATURES = frozenset({b"OsmSchema-V0.6", b"DenseNodes"})
_KINDS = "nwr"
#: First bytes of a field: its number and how it is written.
_DENSE, _WAYS, _RELATIONS = 0x12, 0x1A, 0x22
#: Positions are kept in ten-millionths of a degree, as everywhere in OpenStreetMap.
UNITS_PER_DEG = 10_000_000
_NANO_PER_UNIT = 100

Spans = list[tuple[int, int]]


class NotPlainError(ValueError):
    """The file holds something that is not read here, or is damaged."""


@dataclass(frozen=True)
class DenseNodes:
    """Nodes of one group, as columns.

    Attributes
    ----------
    node_id, version : (n,) int64
    lon, lat : (n,) int64
        In ten-millionths of a degree.
    tags
        By row, for nodes that have any.
    """

    node_id: NDArray[np.int64]
    version: NDArray[np.int64]
    lon: NDArray[np.int64]
    lat: NDArray[np.int64]
    tags: dict[int, dict[str, str]]


class PlainPbf:
    """A plain PBF file.

    Raises
    ------
    NotPlainError
        Here or while it is read, if it is not plain or is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        #: Where blocks begin that hold nodes, and those that hold something else; found by the first reading.
        self._with_nodes: list[int] = []
        self._looked = False

    def ways_and_relations(self) -> Iterator[tuple[TaggedWay | TaggedRelation, int]]:
        """Ways and relations with their versions, in the order of the file."""
        self._with_nodes = []
        for at, data in self._blocks(None):
            block = _Block(data)
            kinds = {data[a] for a, b in block.groups if a < b}
            if kinds - {_DENSE, _WAYS, _RELATIONS}:
                raise NotPlainError("a group of another kind")
            if _DENSE in kinds:
                self._with_nodes.append(at)
            if kinds - {_DENSE}:
                yield from block.ways_and_relations()
        self._looked = True

    def nodes(self) -> Iterator[DenseNodes]:
        """Nodes, group by group."""
        for _, data in self._blocks(self._with_nodes if self._looked else None):
            yield from _Block(data).nodes()

    def _blocks(self, wanted: list[int] | None) -> Iterator[tuple[int, bytes]]:
        """Blocks of data with where they begin; all of them, or those that begin at some places."""
        with self._path.open("rb") as file:
            if wanted is not None:
                for at in wanted:
                    file.seek(at)
                    yield at, _next_block(file)[1]
                return
            kind, header = _next_block(file)
            if kind != b"OSMHeader":
                raise NotPlainError("no header")
            needed = {header[a:b] for key, a, b in _fields(header, 0, len(header)) if key == 0x22}
            if not needed <= _PLAIN_FEATURES:
                raise NotPlainError("features beyond a plain extract")
            while file.peek(1):
                at = file.tell()
                kind, data = _next_block(file)
                if kind == b"OSMData":
                    yield at, data


def _next_block(file: BinaryIO) -> tuple[bytes, bytes]:
    """Kind and content of the block that begins where the file stands."""
    size = int.from_bytes(_exactly(file, 4), "big")
    if size > _MOST_HEADER:
        raise NotPlainError("a block header that is too long")
    header = _exactly(file, size)
    kind, length = b"", -1
    for key, a, b in _fields(header, 0, size):
        if key == 0x0A:
            kind = header[a:b]
        elif key == 0x18:
            length = a
    if not 0 <= length <= _MOST_BLOCK:
        raise NotPlainError("a block without a sound length")
    blob = _exactly(file, length)
    parts = {key: (a, b) for key, a, b in _fields(blob, 0, length)}
    if 0x0A in parts:
        return kind, blob[slice(*parts[0x0A])]
    if 0x1A not in parts or 0x10 not in parts:
        raise NotPlainError("a block packed in another way")
    unpacked = zlib.decompressobj()
    try:
        data = unpacked.decompress(blob[slice(*parts[0x1A])], _MOST_BLOCK + 1)
    except zlib.error as error:
        raise NotPlainError(str(error)) from error
    if len(data) != parts[0x10][0] or len(data) > _MOST_BLOCK or not unpacked.eof:
        raise NotPlainError("a block that is not as long as it says")
    return kind, data


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise NotPlainError("cut short")
    return data


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Number that begins somewhere, and where it ends."""
    value = data[at]
    at += 1
    if value < 0x80:
        return value, at
    value &= 0x7F
    shift = 7
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise NotPlainError("a number that does not end")


def _fields(data: bytes, at: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Fields of a message: key, and where its content begins and ends; a number itself in place of where."""
    try:
        while at < end:
            key, at = _varint(data, at)
            if key & 7 == 2:
                size, at = _varint(data, at)
                yield key, at, at + size
                at += size
            elif key & 7 == 0:
                value, at = _varint(data, at)
                yield key, value, value
            else:
                raise NotPlainError("a field written in another way")
    except IndexError as error:
        raise NotPlainError("cut short") from error
    if at != end:
        raise NotPlainError("a field longer than its message")


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _numbers(data: bytes | NDArray[np.uint8]) -> NDArray[np.uint64]:
    """All numbers of a packed field."""
    octets = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    if not octets.size:
        return np.empty(0, np.uint64)
    ends = np.flatnonzero(octets < 0x80)
    if not ends.size or ends[-1] != octets.size - 1:
        raise NotPlainError("a packed field that is cut short")
    starts = np.concatenate([[0], ends[:-1] + 1])
    sizes = ends - starts + 1
    if sizes.max() > 10:
        raise NotPlainError("a number that does not end")
    out = (octets[starts] & 0x7F).astype(np.uint64)
    for k in range(1, int(sizes.max())):
        more = np.flatnonzero(sizes > k)
        out[more] |= (octets[starts[more] + k] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * k)
    return out


def _zigzag(numbers: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (numbers >> np.uint64(1)).astype(np.int64) ^ -(numbers & np.uint64(1)).astype(np.int64)


def _each_cumulated(data: bytes, spans: Spans) -> tuple[list[int], list[int]]:
    """Numbers of many packed fields, each field summed up from its beginning; and where each field begins, in one."""
    octets = np.frombuffer(data, np.uint8)
    a, b = np.array(spans, np.int64).reshape(-1, 2).T
    sizes = b - a
    # The bytes of all fields one after the other: no number goes on from one field to the next.
    rows = np.repeat(a - np.concatenate([[0], np.cumsum(sizes)[:-1]]), sizes) + np.arange(int(sizes.sum()))
    own = octets[rows]
    ended = np.concatenate([[0], np.cumsum(own < 0x80)])
    last = np.cumsum(sizes)
    if (own[last[sizes > 0] - 1] >= 0x80).any():
        raise NotPlainError("a packed field that is cut short")
    ptr = np.concatenate([[0], ended[last]])
    sums = np.cumsum(_zigzag(_numbers(own)))
    before = np.concatenate([[0], sums])[ptr[:-1]]
    return (sums - np.repeat(before, np.diff(ptr))).tolist(), ptr.tolist()


class _Block:
    """A block of data: its words, its groups, how its positions are written."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.groups: Spans = []
        self._granularity, self._lat_offset, self._lon_offset = 100, 0, 0
        self._words: list[bytes] = []
        self._known: dict[tuple[bytes, bytes], dict[str, str]] = {}
        for key, a, b in _fields(data, 0, len(data)):
            if key == 0x0A:
                self._words = [data[i:j] for word, i, j in _fields(data, a, b) if word == 0x0A]
            elif key == 0x12:
                self.groups.append((a, b))
            elif key == 0x88:
                self._granularity = a
            elif key == 0x98:
                self._lat_offset = _signed(a)
            elif key == 0xA0:
                self._lon_offset = _signed(a)

    def _word(self, row: int) -> str:
        try:
            return self._words[row].decode("utf-8")
        except (IndexError, UnicodeDecodeError) as error:
            raise NotPlainError("a word that is not there") from error

    def _tags(self, keys: bytes, values: bytes) -> dict[str, str]:
        """Tags from rows of words; elements that say the same share them."""
        known = self._known.get((keys, values))
        if known is None:
            k, v = _numbers(keys).tolist(), _numbers(values).tolist()
            if len(k) != len(v):
                raise NotPlainError("keys without values")
            known = self._known[keys, values] = {self._word(i): self._word(j) for i, j in zip(k, v, strict=True)}
        return known

    def ways_and_relations(self) -> Iterator[tuple[TaggedWay | TaggedRelation, int]]:
        """Those of all groups with their versions."""
        data = self.data
        heads: list[tuple[int, int, dict[str, str]]] = []
        refs: Spans = []
        for start, end in self.groups:
            for key, a, b in _fields(data, start, end):
                if key == _RELATIONS:
                    yield self._relation(a, b)
                elif key == _WAYS:
                    head, span = self._way(a, b)
                    heads.append(head)
                    refs.append(span)
        if heads:
            rows, ptr = _each_cumulated(data, refs)
            for i, (number, version, tags) in enumerate(heads):
                yield TaggedWay(number, rows[ptr[i] : ptr[i + 1]], tags), version

    def _way(self, at: int, end: int) -> tuple[tuple[int, int, dict[str, str]], tuple[int, int]]:
        """Id, version and tags of a way, and where its nodes stand; by hand, as this is where the time goes."""
        data = self.data
        number, version, keys, values, span = 0, 0, b"", b"", (0, 0)
        try:
            while at < end:
                key = data[at]
                at += 1
                if key == 0x08:
                    number, at = _varint(data, at)
                    continue
                size = data[at]
                at += 1
                if size >= 0x80:
                    size, at = _varint(data, at - 1)
                stop = at + size
                if key == 0x12:
                    keys = data[at:stop]
                elif key == 0x1A:
                    values = data[at:stop]
                elif key == 0x42:
                    span = at, stop
                elif key == 0x22:
                    version = self._version(at, stop)
                elif key & 7 != 2 or key >= 0x80:
                    raise NotPlainError("a way with fields of another kind")
                at = stop
        except IndexError as error:
            raise NotPlainError("cut short") from error
        if at != end:
            raise NotPlainError("a field longer than its message")
        return (_signed(number), version, self._tags(keys, values)), span

    def _version(self, start: int, end: int) -> int:
        """Version of an element by its notes of authorship; a mark that it was deleted makes a file of histories."""
        version = 0
        if end - start >= 2 and self.data[start] == 0x08 and self.data.find(0x30, start, end) < 0:
            return _varint(self.data, start + 1)[0]  # the usual: no byte there is the key of the mark
        for key, a, _ in _fields(self.data, start, end):
            if key == 0x08:
                version = a
            elif key == 0x30:
                raise NotPlainError("versions that are marked as seen or deleted")
        return version

    def _relation(self, start: int, end: int) -> tuple[TaggedRelation, int]:
        parts: dict[int, tuple[int, int]] = {key: (a, b) for key, a, b in _fields(self.data, start, end)}

        def part(key: int) -> bytes:
            return self.data[slice(*parts.get(key, (0, 0)))]

        roles, kinds = _numbers(part(0x42)).tolist(), _numbers(part(0x52)).tolist()
        ids = np.cumsum(_zigzag(_numbers(part(0x4A)))).tolist()
        if not len(roles) == len(ids) == len(kinds) or any(kind > 2 for kind in kinds):
            raise NotPlainError("members without roles")
        members = [Member(_KINDS[k], i, self._word(r)) for k, i, r in zip(kinds, ids, roles, strict=True)]
        tags = self._tags(part(0x12), part(0x1A))
        return TaggedRelation(_signed(parts.get(0x08, (0, 0))[0]), members, tags), self._version(
            *parts.get(0x22, (0, 0))
        )

    def nodes(self) -> Iterator[DenseNodes]:
        """Those of all dense groups."""
        for start, end in self.groups:
            for key, a, b in _fields(self.data, start, end):
                if key == _DENSE:
                    yield self._dense(a, b)

    def _dense(self, start: int, end: int) -> DenseNodes:
        data = self.data
        parts = {key: data[a:b] for key, a, b in _fields(data, start, end) if key & 7 == 2}
        node_id, lat, lon = (np.cumsum(_zigzag(_numbers(parts.get(key, b"")))) for key in (0x0A, 0x42, 0x4A))
        if not len(node_id) == len(lat) == len(lon):
            raise NotPlainError("nodes without positions")
        info = parts.get(0x2A, b"")
        notes = {key: info[a:b] for key, a, b in _fields(info, 0, len(info)) if key & 7 == 2}
        if 0x32 in notes:
            raise NotPlainError("versions that are marked as seen or deleted")
        version = _numbers(notes.get(0x0A, b"")).astype(np.int64)
        if not len(version):
            version = np.zeros(len(node_id), np.int64)
        if len(version) != len(node_id):
            raise NotPlainError("nodes without versions")
        return DenseNodes(
            node_id,
            version,
            self._units(lon, self._lon_offset),
            self._units(lat, self._lat_offset),
            self._node_tags(_numbers(parts.get(0x52, b"")).astype(np.int64), len(node_id)),
        )

    def _units(self, raw: NDArray[np.int64], offset: int) -> NDArray[np.int64]:
        """Ten-millionths of a degree, cut off towards 0 where a file is finer, as libosmium does."""
        nano = raw * self._granularity + offset
        return np.where(nano < 0, -(-nano // _NANO_PER_UNIT), nano // _NANO_PER_UNIT)

    def _node_tags(self, rows: NDArray[np.int64], count: int) -> dict[int, dict[str, str]]:
        """Tags by row of the node: keys and values by turns, with a 0 behind each node's."""
        if not len(rows):
            return {}
        ends = _zero_ends(rows)
        if len(ends) != count:
            raise NotPlainError("nodes without an end of their tags")
        starts = np.concatenate([[0], ends[:-1] + 1])
        out = {}
        for row in np.flatnonzero(ends > starts).tolist():
            own = rows[starts[row] : ends[row]].tolist()
            if len(own) % 2:
                raise NotPlainError("keys without values")
            out[row] = {self._word(k): self._word(v) for k, v in zip(own[::2], own[1::2], strict=True)}
        return out


def _zero_ends(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Rows of the zeros that end a node's tags.

    The first word of a block is empty and stands for no key, so that a key is never 0; a value may be.
    """
    zeros = np.flatnonzero(rows == 0)
    begins = np.concatenate([[0], zeros[:-1] + 1])
    if ((zeros - begins) % 2 == 0).all():
        return zeros
    raise NotPlainError("an empty value")


def degrees(units: NDArray[np.int64]) -> NDArray[np.float64]:
    """Degrees from ten-millionths of one."""
    return units / float(UNITS_PER_DEG)
