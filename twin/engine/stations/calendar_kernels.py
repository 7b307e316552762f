"""What will happen to customers by itself, soonest first: a binary heap of moments and rows.

Ties fall by kind of event, then by id, both read from the row: two numbers per entry make the shortest moves.
Moments beyond the entries in use are infinite, and there is room for the children of every entry, so that none needs
a check whether it is there; which child is the sooner is reckoned, not branched on, since no processor can guess it.
"""

from __future__ import annotations

import math

from twin.engine.stations import names
from twin.jit import index, inner_kernel


@inner_kernel
def _first_of_tie(ids, word, one, other):
    """Whether, of two entries at one moment, the first one happens first."""
    one = index(one)
    other = index(other)
    if word[one, names.EVENT] != word[other, names.EVENT]:
        return word[one, names.EVENT] < word[other, names.EVENT]
    return ids[one] < ids[other]


@inner_kernel
def add(ids, word, times, rows, size, at_s, row):
    """Put an entry in."""
    i = index(size[0])
    size[0] = i + 1
    while i > 0:
        parent = index((i - 1) >> 1)
        parent_s = times[parent]
        if at_s > parent_s or (at_s == parent_s and not _first_of_tie(ids, word, row, rows[parent])):
            break
        times[i] = parent_s
        rows[i] = rows[parent]
        i = parent
    times[i] = at_s
    rows[i] = row


@inner_kernel
def replace_first(ids, word, times, rows, at_s, row):
    """Put an entry in for the first one, which has happened: one way down instead of a way down and a way up."""
    i = 0
    child = 1
    while True:
        left_s = times[child]
        right_s = times[child + 1]
        child_s = left_s if left_s < right_s else right_s
        if at_s < child_s:
            break
        right_first = int(right_s < left_s)
        if right_s == left_s and _first_of_tie(ids, word, rows[child + 1], rows[child]):
            right_first = 1
        child = index(child + right_first)
        if at_s == child_s and _first_of_tie(ids, word, row, rows[child]):
            break
        times[i] = child_s
        rows[i] = rows[child]
        i = child
        child = index(2 * i + 1)
    times[i] = at_s
    rows[i] = row


@inner_kernel
def drop_first(ids, word, times, rows, size):
    """Take the first entry, which has happened, out."""
    n = index(size[0] - 1)
    size[0] = n
    at_s = times[n]
    times[n] = math.inf
    if n > 0:
        replace_first(ids, word, times, rows, at_s, rows[n])
