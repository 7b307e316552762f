"""Customers between stages: held until a window, under way, gone."""

from __future__ import annotations

from twin.engine.stations import names
from twin.engine.stations.serve_kernels import due
from twin.jit import index, inner_kernel


@inner_kernel
def hold(time_s, word, code, tally, row, until_s):
    """Keep a customer who has come out of every line until a moment; it then joins one by its sort."""
    code[row, names.STATE] = names.HELD
    tally[names.HELD_COUNT] += 1
    due(time_s, word, tally, row, until_s, names.RELEASE_EVENT)


@inner_kernel
def set_out(time_s, word, code, tally, num, row, now_s):
    """Send a customer on its way to another stage."""
    code[row, names.STATE] = names.UNDER_WAY
    word[row, names.NEXT] = -1
    time_s[row, names.END] = now_s + num[names.WAY_S]
    if tally[names.WAY_HEAD] < 0:
        tally[names.WAY_HEAD] = row
    else:
        word[index(tally[names.WAY_TAIL]), names.NEXT] = row
    tally[names.WAY_TAIL] = row


@inner_kernel
def leave(time_s, code, tally, row, reason, now_s, out_rows):
    """Let a customer leave for a reason."""
    code[row, names.STATE] = names.GONE
    code[row, names.REASON] = reason
    time_s[row, names.OUT] = now_s
    out_rows[index(tally[names.OUT_COUNT])] = row
    tally[names.OUT_COUNT] += 1
