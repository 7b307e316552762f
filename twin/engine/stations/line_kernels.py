"""Lines as linked lists of rows."""

from __future__ import annotations

from twin.engine.stations import names
from twin.jit import index, inner_kernel


@inner_kernel
def _count(word, lines, tally, line, row, change):
    lines[line, names.COUNT] += change
    if lines[line, names.WATCHED]:
        tally[names.IN_LINE] += change
        # By who the customer is, not by where it stands: one of the second class may stand in a line that all share.
        if word[row, names.CLASS] == 1:
            tally[names.SECOND_IN_LINE] += change


@inner_kernel
def append(word, lines, tally, line, row):
    """Put a customer at the end of a line."""
    line = index(line)
    word[row, names.LINE] = line
    word[row, names.NEXT] = -1
    if lines[line, names.COUNT] == 0:
        lines[line, names.HEAD] = row
    else:
        word[index(lines[line, names.TAIL]), names.NEXT] = row
    lines[line, names.TAIL] = row
    _count(word, lines, tally, line, row, 1)


@inner_kernel
def put_first(word, lines, tally, line, row):
    """Put a customer at the head of a line."""
    word[row, names.LINE] = line
    word[row, names.NEXT] = lines[line, names.HEAD] if lines[line, names.COUNT] else -1
    if lines[line, names.COUNT] == 0:
        lines[line, names.TAIL] = row
    lines[line, names.HEAD] = row
    _count(word, lines, tally, line, row, 1)


@inner_kernel
def take_first(word, lines, tally, line):
    """Take the head out of a line that is not empty; returns its row."""
    row = index(lines[line, names.HEAD])
    lines[line, names.HEAD] = word[row, names.NEXT]
    _count(word, lines, tally, line, row, -1)
    return row


@inner_kernel
def take_last(word, lines, tally, line):
    """Take the tail out of a line that is not empty; returns its row."""
    row = lines[line, names.TAIL]
    before = -1
    at = lines[line, names.HEAD]
    while at != row:
        before = at
        at = word[at, names.NEXT]
    lines[line, names.TAIL] = before
    if before >= 0:
        word[before, names.NEXT] = -1
    _count(word, lines, tally, line, row, -1)
    return row
