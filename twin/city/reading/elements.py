"""Elements of a map as they come from any file: ways, relations and nodes, each at its newest version.

XML, PBF and Overpass JSON give the same elements; what is made of them does not depend on their order in the file.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Tags = Mapping[str, str]


class TaggedWay(NamedTuple):
    """A way with the ids of its nodes."""

    way_id: int
    refs: Sequence[int]
    tags: Tags


class TaggedNode(NamedTuple):
    """A node with its position in degrees."""

    node_id: int
    lon_deg: float
    lat_deg: float
    tags: Tags


class Member(NamedTuple):
    """A member of a relation: ``kind`` is ``n``, ``w`` or ``r``."""

    kind: str
    ref: int
    role: str


class TaggedRelation(NamedTuple):
    """A relation with its members in order."""

    relation_id: int
    members: Sequence[Member]
    tags: Tags


_T = TypeVar("_T", TaggedWay, TaggedRelation)


class Newest(Generic[_T]):
    """The newest version of each element of one kind.

    A history file holds every version; the oldest would draw streets that are long gone. Of two elements with one id
    and version the greater in plain order of their content stays, whichever comes first in the file.
    """

    def __init__(self) -> None:
        self._held: dict[int, tuple[int, _T | None]] = {}
        self.older = 0
        self.doubles = 0

    def add(self, element_id: int, version: int, element: _T | None) -> None:
        """Take an element in; None for one that was deleted in this version."""
        before = self._held.get(element_id)
        if before is not None:
            if before[0] == version:
                self.doubles += 1
                if _content(element) <= _content(before[1]):
                    return
            else:
                self.older += 1
                if before[0] > version:
                    return
        self._held[element_id] = (version, element)

    def sorted(self) -> list[_T]:
        """Elements that still exist, by id."""
        return [held for _, (_, held) in sorted(self._held.items()) if held is not None]


def _content(element: TaggedWay | TaggedRelation | None) -> tuple[object, ...]:
    if element is None:
        return ()
    return (list(element[1]), sorted(element.tags.items()))


class NodeTable:
    """Nodes by ascending id, each at its newest version.

    Attributes
    ----------
    node_id : (n,) int64
    lon_deg, lat_deg : (n,) float64
    tags
        Tags by node id, for nodes that have any.
    older, doubles
        How many older versions, and how many second copies, were passed over.
    """

    def __init__(self) -> None:
        self._ids, self._versions = array("q"), array("q")
        self._lon_deg, self._lat_deg = array("d"), array("d")
        self._tags: dict[int, tuple[int, Tags]] = {}
        self._bare_ids, self._bare_versions = array("q"), array("q")
        self.node_id: NDArray[np.int64] = np.empty(0, np.int64)
        self.lon_deg: NDArray[np.float64] = np.empty(0)
        self.lat_deg: NDArray[np.float64] = np.empty(0)
        self.tags: dict[int, Tags] = {}
        self.older = self.doubles = 0

    @classmethod
    def of(cls, nodes: Iterable[TaggedNode]) -> NodeTable:
        """Table of nodes that have one version each."""
        table = cls()
        for node in nodes:
            table.add(node.node_id, 0, node.lon_deg, node.lat_deg, node.tags)
        table.close()
        return table

    def add(self, node_id: int, version: int, lon_deg: float, lat_deg: float, tags: Tags) -> None:
        """Take a node in; a position of nan means that it was deleted in this version."""
        self._ids.append(node_id)
        self._versions.append(version)
        self._lon_deg.append(lon_deg)
        self._lat_deg.append(lat_deg)
        if tags:
            self._take_tags(node_id, version, tags)

    def pass_over(self, node_id: int, version: int) -> None:
        """A version of a node without tags that no way needs: it matters only if an earlier one had tags."""
        if version > 1:
            self._bare_ids.append(node_id)
            self._bare_versions.append(version)

    def add_many(
        self,
        node_id: NDArray[np.int64],
        version: NDArray[np.int64],
        lon_deg: NDArray[np.float64],
        lat_deg: NDArray[np.float64],
        tags: Iterable[tuple[int, tuple[int, Tags]]],
    ) -> None:
        """Take nodes in; ``tags`` by id, with their versions."""
        for column, values, kind in (
            (self._ids, node_id, np.int64),
            (self._versions, version, np.int64),
            (self._lon_deg, lon_deg, np.float64),
            (self._lat_deg, lat_deg, np.float64),
        ):
            column.frombytes(np.ascontiguousarray(values, kind).tobytes())
        for number, (newer, said) in tags:
            self._take_tags(number, newer, said)

    def _take_tags(self, node_id: int, version: int, tags: Tags) -> None:
        before = self._tags.get(node_id)
        if before is None or (version, sorted(tags.items())) > (before[0], sorted(before[1].items())):
            self._tags[node_id] = (version, tags)

    def pass_over_many(self, node_id: NDArray[np.int64], version: NDArray[np.int64]) -> None:
        """The same as :meth:`pass_over` of many nodes, all of versions beyond the first."""
        self._bare_ids.frombytes(np.ascontiguousarray(node_id, np.int64).tobytes())
        self._bare_versions.frombytes(np.ascontiguousarray(version, np.int64).tobytes())

    def close(self) -> None:
        """Sort the nodes; of each id the newest version stays."""
        bare = np.array(self._bare_ids, np.int64)
        again = np.flatnonzero(np.isin(bare, np.array(list(self._tags), np.int64)))
        for k in again.tolist():
            self.add(self._bare_ids[k], self._bare_versions[k], float("nan"), float("nan"), {})
        self._bare_ids = self._bare_versions = array("q")
        ids, versions = np.array(self._ids, np.int64), np.array(self._versions, np.int64)
        lon_deg, lat_deg = np.array(self._lon_deg, np.float64), np.array(self._lat_deg, np.float64)
        self._ids = self._versions = array("q")
        self._lon_deg = self._lat_deg = array("d")
        order = np.lexsort((lat_deg, lon_deg, versions, ids))
        ids, versions, lon_deg, lat_deg = ids[order], versions[order], lon_deg[order], lat_deg[order]
        last = np.append(ids[1:] != ids[:-1], True)[: ids.size]
        again = ~last[:-1] if ids.size else np.empty(0, np.bool_)
        self.doubles = int((again & (versions[1:] == versions[:-1])).sum())
        self.older = int(again.sum()) - self.doubles
        newest = {int(i): int(v) for i, v in zip(ids[last], versions[last], strict=True)} if self.older else {}
        here = last & np.isfinite(lon_deg)
        self.node_id, self.lon_deg, self.lat_deg = ids[here], lon_deg[here], lat_deg[here]
        # A node that lost its tags in a later version is no longer what it was.
        self.tags = {i: tags for i, (v, tags) in self._tags.items() if not self.older or newest[i] == v}
        if self.older:
            alive = set(self.node_id.tolist())
            self.tags = {i: tags for i, tags in self.tags.items() if i in alive}
        self._tags = {}

    def rows(self, refs: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Row of each id, -1 where there is no such node."""
        wanted = np.asarray(refs, np.int64)
        if not self.node_id.size:
            return np.full(wanted.shape, -1, np.int64)
        found = np.minimum(np.searchsorted(self.node_id, wanted), self.node_id.size - 1)
        return np.where(self.node_id[found] == wanted, found, -1)


def count_versions(older: int, doubles: Mapping[str, int], dropped: Counter[str]) -> None:
    """Say in the report how many elements came more than once."""
    dropped["older versions of elements, passed over"] += older
    for what, number in doubles.items():
        dropped[f"{what} given twice"] += number
