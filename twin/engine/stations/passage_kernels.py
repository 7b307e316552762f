"""Customers between stages: held until a window, under way, gone."""

from __future__ import annotations

from twin.engine.stations import names as s
from twin.engine.stations.serve_kernels import due
from twin.jit import index, inner_kernel


@inner_kernel
def hold(time_s, word, code, tally, row, until_s):
    """Keep a customer who has come out of every line until a moment; it then joins one by its sort."""
    code[row, s.STATE] = s.HELD
    tally[s.HELD_COUNT] += 1
    due(time_s, word, tally, row, until_s, s.RELEASE_EVENT)


@inner_kernel
def set_out(time_s, word, code, tally, num, row, now_s):
    """Send a customer on its way to another stage."""
    code[row, s.STATE] = s.UNDER_WAY
    word[row, s.NEXT] = -1
    time_s[row, s.END] = now_s + num[s.WAY_S]
    if tally[s.WAY_HEAD] < 0:
        tally[s.WAY_HEAD] = row
    else:
        word[index(tally[s.WAY_TAIL]), s.NEXT] = row
    tally[s.WAY_TAIL] = row


@inner_kernel
def leave(time_s, code, tally, row, reason, now_s, out_rows):
    """Let a customer leave for a reason."""
    code[row, s.STATE] = s.GONE
    code[row, s.REASON] = reason
    time_s[row, s.OUT] = now_s
    out_rows[index(tally[s.OUT_COUNT])] = row
    tally[s.OUT_COUNT] += 1
