"""Trucks row by row: when they want to come, who sends them, and what they come for.

One pass writes everything about a truck, since the memory of a long run costs more than its draws.
"""

from __future__ import annotations

import numpy as np

from twin.engine.draws import event_key, normal, uniform
from twin.jit import has_columns, index, inner_kernel, lean_kernel
from twin.models.terminal import names
from twin.models.terminal.gate.row_kernels import reset_row

#: Purposes of the draws of a truck, in the order of the elements of ``streams``.
PURPOSES = ("haulier", "moves", "troubled", "oversize", "refuses", "hours", "entry")
_HAULIER, _MOVES, _TROUBLED, _OVERSIZE, _REFUSES, _HOURS, _ENTRY = range(7)

# Elements of ``number``. FETCHED is the share of kinds that fetch a box, FETCHED_LADEN that of laden ones.
DUAL, FETCHED, FETCHED_LADEN, BLOCKS, TROUBLE_SHARE, OVERSIZE_SHARE, HOURS_MEAN, HOURS_SD = range(8)
NUMBERS = 8

# Kinds as in TRUCK_KINDS; a kind that is to be drawn, and no second move.
_LADEN_OUT, _EMPTY_OUT = 0, 2
_NONE = -1


@inner_kernel
def _pick(cumulative, u):
    """Category of a uniform by cumulative weights; counted, since no processor can guess a branch here."""
    at = u * cumulative[-1]
    category = 0
    for i in range(cumulative.size - 1):
        category += int(cumulative[i] <= at)
    return index(category)


@inner_kernel
def _haulier_of(id_, stream, type_shares, first_haulier, hauliers):
    """Type and index of the haulier of a truck."""
    haulier_type = _pick(type_shares, uniform(stream, id_, event_key(0, 0)))
    within = int(uniform(stream, id_, event_key(0, 1)) * hauliers[haulier_type])
    return haulier_type, first_haulier[haulier_type] + within


@lean_kernel
def pick_hauliers(ids, stream, type_shares, first_haulier, hauliers, out_haulier):
    """Haulier of each id, as :func:`make_rows` writes it."""
    for row in range(ids.size):
        _, out_haulier[row] = _haulier_of(ids[row], stream, type_shares, first_haulier, hauliers)


@lean_kernel
def wish_by_hour(first_ids, numbers, start_s, end_s, kinds, stream, out_ids, out_desired_s, out_kind):
    """Trucks of each count at random moments of its hour.

    Parameters
    ----------
    first_ids, numbers : (m,) uint64, int64
        Id of the first truck of each count, and how many there are.
    start_s, end_s, kinds : (m,) float64, float64, int32
        As in :class:`~twin.models.terminal.demand.trucks.Counts`.
    stream
        Stream of the moments.
    out_ids, out_desired_s, out_kind : (n,) uint64, float64, int32
        Filled, count by count.
    """
    row = 0
    for at in range(numbers.size):
        for serial in range(numbers[at]):
            id_ = first_ids[at] + np.uint64(serial)
            out_ids[row] = id_
            out_desired_s[row] = start_s[at] + uniform(stream, id_, event_key(0, 0)) * (end_s[at] - start_s[at])
            out_kind[row] = kinds[at]
            row += 1


@lean_kernel
def make_rows(
    ids,
    desired_s,
    kinds,
    also,
    streams,
    number,
    type_shares,
    first_haulier,
    hauliers,
    kind_shares,
    entry_shares,
    refuse,
    moments,
    words,
    codes,
    out_time_s,
    out_word,
    out_code,
    out_type,
):
    """Rows of trucks that nothing has happened to yet.

    A visit with two moves brings a box first, then fetches one: laden as often as among those who only fetch.

    Parameters
    ----------
    ids, desired_s : (n,) uint64, float64
    kinds : (n,) int32
        What each comes for, -1 to draw it.
    also : (n,) or (0,) int32
        What each also fetches, -1 for nothing; empty to draw it.
    streams : (7,) uint64
        Streams of ``PURPOSES``.
    number : (NUMBERS,) float64
    type_shares, kind_shares, entry_shares : float64
        Cumulative weights of types of hauliers, of kinds, and of entries (empty where nobody drives).
    first_haulier, hauliers : (types,) int64
        First haulier of each type, and how many it has.
    refuse : (yards,) float64
        Share of drivers who refuse each holding yard.
    moments, words, codes
        Row of a visit that nothing has happened to: (TIME_COLUMNS,) float64, (WORD_COLUMNS,) int32,
        (CODE_COLUMNS,) int8.
    out_time_s, out_word, out_code, out_type
        The rows, n of each of these, and (n,) int32 types of hauliers.
    """
    has_columns(out_time_s, names.TIME_COLUMNS)
    has_columns(out_word, names.WORD_COLUMNS)
    has_columns(out_code, names.CODE_COLUMNS)
    for row in range(ids.size):
        reset_row(row, moments, words, codes, out_time_s, out_word, out_code)
        id_ = ids[row]
        out_time_s[row, names.PLAN] = out_time_s[row, names.DESIRED] = desired_s[row]
        haulier_type, haulier = _haulier_of(id_, streams[_HAULIER], type_shares, first_haulier, hauliers)
        out_type[row] = haulier_type
        out_word[row, names.HAULIER] = haulier
        flags = 0
        kind = kinds[row]
        if kind == _NONE:
            kind = _pick(kind_shares, uniform(streams[_MOVES], id_, event_key(0, 0)))
        if also.size:
            moves = 1 + int(also[row] != _NONE)
            fetches_laden = also[row] == _LADEN_OUT
        else:
            moves = 1 + int(uniform(streams[_MOVES], id_, event_key(0, 1)) < number[DUAL])
            fetches_laden = False
            if moves == 2:
                laden = uniform(streams[_MOVES], id_, event_key(0, 2)) * number[FETCHED] < number[FETCHED_LADEN]
                fetches_laden = kind == _LADEN_OUT or (kind != _EMPTY_OUT and laden)
        if fetches_laden:
            flags |= names.FETCHES << 1
        if kind == _LADEN_OUT and (also.size or moves == 1):
            flags |= names.FETCHES
        out_word[row, names.KIND] = kind
        out_word[row, names.MOVES] = moves
        for move in range(moves if number[BLOCKS] > 0.0 else 0):
            u = uniform(streams[_MOVES], id_, event_key(0, 3 + move))
            out_word[row, names.BLOCK_A + move] = int(u * number[BLOCKS])
        # What nobody does is not drawn.
        if number[TROUBLE_SHARE] > 0.0 and uniform(streams[_TROUBLED], id_, event_key(0, 0)) < number[TROUBLE_SHARE]:
            flags |= names.TROUBLED
        if number[OVERSIZE_SHARE] > 0.0 and uniform(streams[_OVERSIZE], id_, event_key(0, 0)) < number[OVERSIZE_SHARE]:
            flags |= names.IS_OVERSIZE
        for yard in range(refuse.size):
            if refuse[yard] > 0.0 and uniform(streams[_REFUSES], id_, event_key(0, yard)) < refuse[yard]:
                flags |= names.REFUSES << yard
        out_word[row, names.FLAGS] = flags
        left_s = number[HOURS_MEAN] + number[HOURS_SD] * normal(streams[_HOURS], id_, event_key(0, 0))
        out_time_s[row, names.HOURS_LEFT] = max(left_s, 0.0)
        if entry_shares.size:
            out_word[row, names.ENTRY] = _pick(entry_shares, uniform(streams[_ENTRY], id_, event_key(0, 0)))
