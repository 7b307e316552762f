"""Labels for routing where turns are banned or streets are no through ways, for one class of vehicle at one moment.

A label is a link under one right, so that a plain search over labels obeys every rule:

- a link of no through way has one label for those who end in its zone, and one for those who began there; a zone is
  left but not entered again, and entered but not left again;
- whoever has driven the beginning of a banned sequence of three or more links carries a label that knows it;
- nobody turns back into the street they come from, except where the street ends.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Codes, Flags, Ints, Longs
from twin.columns import VEHICLE_CLASSES

if TYPE_CHECKING:
    from twin.city.city import StreetLayer


_LEAVING, _THROUGH, _ENDING, _NEVER = 0, 1, 2, 3


@dataclass(frozen=True)
class TurnGraph:
    """Labels over the links of a layer; the first m are those of its links, in their order.

    Attributes
    ----------
    out_ptr, outs
        Plain labels that leave a node.
    in_ptr, ins
        All labels that lead to a node.
    head, tail : (labels,) int32
    base : (labels,) int32
        Link of each label.
    stage : (labels,) int8
        0 on the way out of a zone of no through way, 1 outside, 2 on the way into one: it never falls.
    reverse : (labels,) int32
        Link back along the same street; -1 on a one-way street.
    uturn : (labels,) bool
        Whether one may turn back at the end.
    plain : (labels,) bool
        False for labels that know of the beginning of a banned sequence.
    exc_ptr, exc_to, exc_target
        Turns of a label that are not like others: onto the plain label ``exc_to`` leads to ``exc_target``, -1: banned.
    pre_ptr, pre
        Labels before one that is not plain.
    simple, entered_simply : (labels,) bool
        Labels outside zones of which every turn, or every turn onto them, is like any other.
    """

    out_ptr: Longs
    outs: Ints
    in_ptr: Longs
    ins: Ints
    head: Ints
    tail: Ints
    base: Ints
    stage: Codes
    reverse: Ints
    uturn: Flags
    plain: Flags
    exc_ptr: Longs
    exc_to: Ints
    exc_target: Ints
    pre_ptr: Longs
    pre: Ints
    simple: Flags
    entered_simply: Flags

    @property
    def count(self) -> int:
        """Number of labels."""
        return len(self.base)


def closed_links(layer: StreetLayer, vehicle_class: str, at_s: float | None = None) -> Flags:
    """(m,) bool: links that a class may not use, at a moment or without hours."""
    closed, _ = layer.rules.closed_at(layer.link_count, at_s)
    return (closed >> VEHICLE_CLASSES.index(vehicle_class) & 1).astype(bool)


def turn_graph(layer: StreetLayer, vehicle_class: str, at_s: float | None = None) -> TurnGraph | None:
    """Labels for a class at a moment, or without hours; None where links and nodes are enough.

    Parameters
    ----------
    layer
        A layer with its rules.
    vehicle_class
        A word of ``VEHICLE_CLASSES``.
    at_s
        Seconds since midnight of day one.
    """
    rules = layer.rules
    if rules.is_plain:
        return None
    bit = VEHICLE_CLASSES.index(vehicle_class)
    closed_bits, local_bits = rules.closed_at(layer.link_count, at_s)
    closed = (closed_bits >> bit & 1).astype(bool) | (layer.free_speed_mps <= 0)
    local = (local_bits >> bit & 1).astype(bool) & ~closed
    bans = np.flatnonzero(rules.bans_at(at_s) & (rules.ban_classes >> bit & 1).astype(bool))
    key = (np.packbits(closed).tobytes(), np.packbits(local).tobytes(), bans.tobytes())
    known: dict[tuple[bytes, bytes, bytes], TurnGraph | None] = layer.turn_graphs
    if key not in known:
        if len(known) >= _KEPT:
            known.pop(next(iter(known)))
        known[key] = _build(layer, closed, local, bans) if local.any() or len(bans) else None
    return known[key]


_KEPT = 32


def _build(layer: StreetLayer, closed: Flags, local: Flags, bans: NDArray[np.intp]) -> TurnGraph:
    n, m = layer.node_count, layer.link_count
    link_from, link_to = layer.link_from, layer.link_to
    public = np.zeros(n, bool)
    through = ~closed & ~local
    public[link_from[through]] = public[link_to[through]] = True
    ends_inside, starts_inside = local & ~public[link_to], local & ~public[link_from]
    stage = np.full(m, _THROUGH, np.int8)
    stage[local] = _NEVER
    stage[starts_inside] = _LEAVING
    stage[ends_inside] = _ENDING
    both = np.flatnonzero(ends_inside & starts_inside).astype(np.int32)
    base = np.concatenate([np.arange(m, dtype=np.int32), both])
    stage = np.concatenate([stage, np.full(len(both), _LEAVING, np.int8)])
    reverse = layer.reverse_links
    usable_out = np.bincount(link_from[~closed], minlength=n)
    turns_back = (reverse >= 0) & (usable_out[link_to] == 1)
    labels_of = {int(link): m + i for i, link in enumerate(both.tolist())}
    copies = _Copies(layer, bans, labels_of, stage)
    base = np.concatenate([base, np.array([base[label] for label, _ in copies.copies], np.int32)])
    stage = np.concatenate([stage, np.array([stage[label] for label, _ in copies.copies], np.int8)])
    plain = np.ones(len(base), bool)
    plain[len(base) - len(copies.copies) :] = False
    offered = np.flatnonzero(plain & (stage != _NEVER)).astype(np.int32)
    outs = offered[np.argsort(link_from[base[offered]], kind="stable")]
    ins = np.flatnonzero(stage != _NEVER).astype(np.int32)
    ins = ins[np.argsort(link_to[base[ins]], kind="stable")]
    exc_ptr, exc_to, exc_target = copies.exceptions(len(base))
    redirected = np.flatnonzero(exc_target >= 0)
    from_label = np.repeat(np.arange(len(base)), np.diff(exc_ptr))[redirected]
    order = np.argsort(exc_target[redirected], kind="stable")
    return TurnGraph(
        out_ptr=_pointers(link_from[base[outs]], n),
        outs=outs,
        in_ptr=_pointers(link_to[base[ins]], n),
        ins=ins,
        head=link_to[base],
        tail=link_from[base],
        base=base,
        stage=stage,
        reverse=reverse[base],
        uturn=turns_back[base],
        plain=plain,
        exc_ptr=exc_ptr,
        exc_to=exc_to,
        exc_target=exc_target,
        pre_ptr=_pointers(exc_target[redirected][order], len(base)),
        pre=from_label[order].astype(np.int32),
        simple=(stage == _THROUGH) & (np.diff(exc_ptr) == 0),
        entered_simply=(stage == _THROUGH) & plain & ~np.isin(np.arange(len(base)), exc_to),
    )


def _pointers(values: NDArray[np.int32], count: int) -> Longs:
    """Where each of ``count`` numbers begins in an ascending list of them."""
    return np.concatenate([[0], np.cumsum(np.bincount(values, minlength=count))]).astype(np.int64)


_Progress = frozenset[tuple[int, int]]


class _Copies:
    """Labels that know which banned sequences their vehicles have begun, and turns onto and from them."""

    def __init__(self, layer: StreetLayer, bans: NDArray[np.intp], second: Mapping[int, int], stage: Codes) -> None:
        rules = layer.rules
        self._second, self._stage = second, stage
        self._plain_count = layer.link_count + len(second)
        self._sequences = [rules.ban_link[rules.ban_ptr[i] : rules.ban_ptr[i + 1]].tolist() for i in bans.tolist()]
        self._starts: dict[int, set[tuple[int, int]]] = {}
        for i, links in enumerate(self._sequences):
            self._starts.setdefault(links[0], set()).add((i, 1))
        self.copies: list[tuple[int, _Progress]] = []
        self._copy: dict[tuple[int, _Progress], int] = {}
        self._turns: dict[int, list[tuple[int, int]]] = {}
        for link in sorted(self._starts):
            progress = frozenset(self._starts[link])
            for label in self._labels(link):
                self._turns[label] = self._turns_of(progress)
        done = 0
        while done < len(self.copies):
            _, progress = self.copies[done]
            self._turns[self._plain_count + done] = self._turns_of(progress)
            done += 1

    def _labels(self, link: int) -> list[int]:
        found = [link] if self._stage[link] != _NEVER else []
        return [*found, self._second[link]] if link in self._second else found

    def _turns_of(self, progress: _Progress) -> list[tuple[int, int]]:
        """Turns that are not like others, as (plain label, label reached or -1)."""
        out = []
        for link in sorted({self._sequences[i][at] for i, at in progress}):
            after = self._after(progress, link)
            plain_after = frozenset(self._starts.get(link, ()))
            for label in self._labels(link):
                if after is None:
                    out.append((label, -1))
                elif after != plain_after:
                    out.append((label, self._copy_of(label, after)))
        return out

    def _after(self, progress: _Progress, link: int) -> _Progress | None:
        """What has been begun once a link is driven; None if a sequence is complete."""
        begun = set(self._starts.get(link, ()))
        for i, at in progress:
            if self._sequences[i][at] == link:
                if at == len(self._sequences[i]) - 1:
                    return None
                begun.add((i, at + 1))
        return frozenset(begun)

    def _copy_of(self, label: int, progress: _Progress) -> int:
        key = label, progress
        if key not in self._copy:
            self._copy[key] = self._plain_count + len(self.copies)
            self.copies.append(key)
        return self._copy[key]

    def exceptions(self, count: int) -> tuple[Longs, Ints, Ints]:
        """Turns that are not like others, by label."""
        sizes = np.zeros(count, np.int64)
        for label, turns in self._turns.items():
            sizes[label] = len(turns)
        rows = [turn for label in sorted(self._turns) for turn in self._turns[label]]
        table = np.array(rows, np.int32).reshape(-1, 2)
        ptr = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return ptr, np.ascontiguousarray(table[:, 0]), np.ascontiguousarray(table[:, 1])


def first_banned_turn(graph: TurnGraph, path: Ints, keep: int = 0) -> int:
    """Place in a path of the first link that may not follow those before it; -1 if all may.

    Parameters
    ----------
    graph
        Rules of turns.
    path : (k,) int32
        Links in the order in which they are driven.
    keep
        The first ``keep`` links have been driven; turns between them are not looked at.
    """
    links = path.tolist()
    if not links:
        return -1
    label = links[0]
    for i in range(1, len(links)):
        link = links[i]
        special = range(int(graph.exc_ptr[label]), int(graph.exc_ptr[label + 1]))
        turn = next((e for e in special if graph.base[graph.exc_to[e]] == link), -1)
        target = int(graph.exc_target[turn]) if turn >= 0 else link
        back = graph.reverse[label] == link and not graph.uturn[label]
        if i >= keep and (target < 0 or back):
            return i
        label = target if target >= 0 else link
    return -1


def reverse_links(layer: StreetLayer) -> Ints:
    """(m,) int32: the link back along the same street, -1 on a one-way street."""
    length = np.round(layer.length_m, 6)
    out = np.full(layer.link_count, -1, np.int32)
    if not layer.link_count:
        return out
    last = layer.vertex_ptr[1:] - 1
    there = np.round(layer.vertex_x_m[layer.vertex_ptr[:-1] + 1], 3)
    back = np.round(layer.vertex_x_m[last - 1], 3)
    ours = np.lexsort((back, there, length, layer.way_id, layer.link_to, layer.link_from))
    theirs = np.lexsort((there, back, length, layer.way_id, layer.link_from, layer.link_to))
    # Both lists are sorted by the same keys, one seen along the link and one against it: walk them together.
    one = list(
        zip(
            layer.link_from[ours].tolist(),
            layer.link_to[ours].tolist(),
            layer.way_id[ours].tolist(),
            length[ours].tolist(),
            there[ours].tolist(),
            back[ours].tolist(),
            strict=True,
        )
    )
    other = list(
        zip(
            layer.link_to[theirs].tolist(),
            layer.link_from[theirs].tolist(),
            layer.way_id[theirs].tolist(),
            length[theirs].tolist(),
            back[theirs].tolist(),
            there[theirs].tolist(),
            strict=True,
        )
    )
    i = j = 0
    while i < len(one) and j < len(other):
        if one[i] == other[j]:
            out[ours[i]] = theirs[j]
            i, j = i + 1, j + 1
        elif one[i] < other[j]:
            i += 1
        else:
            j += 1
    return out
