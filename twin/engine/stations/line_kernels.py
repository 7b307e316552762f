"""Lines as linked lists of rows."""

from __future__ import annotations

from twin.engine.stations import names as s
from twin.jit import index, inner_kernel


@inner_kernel
def _count(word, lines, tally, line, row, change):
    lines[line, s.COUNT] += change
    if lines[line, s.WATCHED]:
        tally[s.IN_LINE] += change
        # By who the customer is, not by where it stands: one of the second class may stand in a line that all share.
        if word[row, s.CLASS] == 1:
            tally[s.SECOND_IN_LINE] += change


@inner_kernel
def append(word, lines, tally, line, row):
    """Put a customer at the end of a line."""
    line = index(line)
    word[row, s.LINE] = line
    word[row, s.NEXT] = -1
    if lines[line, s.COUNT] == 0:
        lines[line, s.HEAD] = row
    else:
        word[index(lines[line, s.TAIL]), s.NEXT] = row
    lines[line, s.TAIL] = row
    _count(word, lines, tally, line, row, 1)


@inner_kernel
def put_first(word, lines, tally, line, row):
    """Put a customer at the head of a line."""
    word[row, s.LINE] = line
    word[row, s.NEXT] = lines[line, s.HEAD] if lines[line, s.COUNT] else -1
    if lines[line, s.COUNT] == 0:
        lines[line, s.TAIL] = row
    lines[line, s.HEAD] = row
    _count(word, lines, tally, line, row, 1)


@inner_kernel
def take_first(word, lines, tally, line):
    """Take the head out of a line that is not empty; returns its row."""
    row = index(lines[line, s.HEAD])
    lines[line, s.HEAD] = word[row, s.NEXT]
    _count(word, lines, tally, line, row, -1)
    return row


@inner_kernel
def take_last(word, lines, tally, line):
    """Take the tail out of a line that is not empty; returns its row."""
    row = lines[line, s.TAIL]
    before = -1
    at = lines[line, s.HEAD]
    while at != row:
        before = at
        at = word[at, s.NEXT]
    lines[line, s.TAIL] = before
    if before >= 0:
        word[before, s.NEXT] = -1
    _count(word, lines, tally, line, row, -1)
    return row
