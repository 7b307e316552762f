"""Closed rings from the ways of a relation, which may each be a part of one."""

from __future__ import annotations

from collections.abc import Sequence

Ring = tuple[int, ...]


def assemble_rings(ways: Sequence[Sequence[int]]) -> tuple[list[Ring], int]:
    """Join ways end to end into rings.

    Parameters
    ----------
    ways
        Node ids of each way, in the order of the relation.

    Returns
    -------
    rings
        Each closed, its first node repeated at its end, with at least three corners.
    left_over
        How many ways belong to no ring: something of the outline is missing or torn.
    """
    rings: list[Ring] = []
    open_ways: list[Sequence[int]] = []
    left_over = 0
    for way in ways:
        if len(way) >= 4 and way[0] == way[-1]:
            rings.append(tuple(way))
        elif len(way) >= 2 and way[0] != way[-1]:
            open_ways.append(way)
        else:
            left_over += 1
    at: dict[int, list[int]] = {}
    for i, way in enumerate(open_ways):
        at.setdefault(way[0], []).append(i)
        at.setdefault(way[-1], []).append(i)
    used = [False] * len(open_ways)
    for i, way in enumerate(open_ways):
        if used[i]:
            continue
        used[i] = True
        line, parts = list(way), 1
        while line[-1] != line[0]:
            follow = next((j for j in at[line[-1]] if not used[j]), None)
            if follow is None:
                break
            used[follow] = True
            parts += 1
            other = open_ways[follow]
            line.extend(other[1:] if other[0] == line[-1] else other[-2::-1])
        if line[0] == line[-1] and len(line) >= 4:
            rings.append(tuple(line))
        else:
            left_over += parts
    return rings, left_over
