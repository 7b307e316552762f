"""What will happen to trucks by itself, soonest first: a binary heap of moments and rows.

Ties fall by kind of event, then by id, both read from the row: two numbers per entry make the shortest moves.
"""

from __future__ import annotations

from twin.jit import inner_kernel
from twin.models.terminal import names as k


@inner_kernel
def _before(ids, word, one_s, one, other_s, other):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    if one_s != other_s:
        return one_s < other_s
    if word[one, k.EVENT] != word[other, k.EVENT]:
        return word[one, k.EVENT] < word[other, k.EVENT]
    return ids[one] < ids[other]


@inner_kernel
def add(ids, word, times, rows, size, at_s, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Put an entry in."""
    i = size[0]
    size[0] = i + 1
    while i > 0:
        parent = (i - 1) >> 1
        if not _before(ids, word, at_s, row, times[parent], rows[parent]):
            break
        times[i] = times[parent]
        rows[i] = rows[parent]
        i = parent
    times[i] = at_s
    rows[i] = row


@inner_kernel
def replace_first(ids, word, times, rows, size, at_s, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Put an entry in for the first one, which has happened: one way down instead of a way down and a way up."""
    n = size[0]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= n:
            break
        if child + 1 < n and _before(ids, word, times[child + 1], rows[child + 1], times[child], rows[child]):
            child += 1
        if not _before(ids, word, times[child], rows[child], at_s, row):
            break
        times[i] = times[child]
        rows[i] = rows[child]
        i = child
    times[i] = at_s
    rows[i] = row


@inner_kernel
def drop_first(ids, word, times, rows, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Take the first entry, which has happened, out."""
    n = size[0] - 1
    size[0] = n
    if n > 0:
        replace_first(ids, word, times, rows, size, times[n], rows[n])
