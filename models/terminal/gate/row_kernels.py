"""Whole tables of visits: made, counted and copied row by row."""

from __future__ import annotations

from twin.jit import fetch_row, has_columns, index, inner_kernel, lean_kernel
from twin.models.terminal import names

_, _STATES, _REASONS = names.COUNTS
_ALL_COUNTS = names.COUNTS[0] * _STATES * _REASONS


@inner_kernel
def reset_row(row, moments, numbers, codes, out_time_s, out_word, out_code):
    """Write moments, numbers and codes into a row."""
    for column in range(names.TIME_COLUMNS):
        out_time_s[row, column] = moments[column]
    for column in range(names.WORD_COLUMNS):
        out_word[row, column] = numbers[column]
    for column in range(names.CODE_COLUMNS):
        out_code[row, column] = codes[column]


@lean_kernel
def reset_rows(rows, moments, numbers, codes, out_time_s, out_word, out_code):
    """Write the same moments, numbers and codes into some rows."""
    has_columns(out_time_s, names.TIME_COLUMNS)
    has_columns(out_word, names.WORD_COLUMNS)
    has_columns(out_code, names.CODE_COLUMNS)
    for i in range(rows.size):
        reset_row(index(rows[i]), moments, numbers, codes, out_time_s, out_word, out_code)


@lean_kernel
def copy_served(rows, time_s, word, customer, out_times, out_server):
    """Wait, start, end and server of some rows, to where the customer of each row belongs."""
    has_columns(time_s, names.TIME_COLUMNS)
    has_columns(word, names.WORD_COLUMNS)
    for i in range(rows.size):
        row = index(rows[i])
        at = index(customer[row])
        out_times[0, at] = time_s[row, names.WAITED]
        out_times[1, at] = time_s[row, names.GATE_START]
        out_times[2, at] = time_s[row, names.GATE_END]
        out_server[at] = word[row, names.LANE]


@lean_kernel
def copy_visits(
    rows,
    ids,
    time_s,
    word,
    code,
    time_columns,
    word_columns,
    code_columns,
    most_lanes,
    out_ids,
    out_times,
    out_words,
    out_codes,
    out_lanes,
    out_trouble,
):
    """Rows of visits as columns of a table; every row is read once.

    ``out_lanes`` gets group and lane, -1 if none: in-gate groups come first, each with room for ``most_lanes``.
    """
    has_columns(time_s, names.TIME_COLUMNS)
    has_columns(word, names.WORD_COLUMNS)
    has_columns(code, names.CODE_COLUMNS)
    for i in range(rows.size):
        row = index(rows[i])
        coming = index(rows[index(min(i + 8, rows.size - 1))])
        fetch_row(ids, coming)
        fetch_row(time_s, coming)
        fetch_row(word, coming)
        out_ids[i] = ids[row]
        for j in range(time_columns.size):
            out_times[j, i] = time_s[row, index(time_columns[j])]
        for j in range(word_columns.size):
            out_words[j, i] = word[row, index(word_columns[j])]
        for j in range(code_columns.size):
            out_codes[j, i] = code[row, index(code_columns[j])]
        lane = word[row, names.LANE]
        out_lanes[0, i] = lane // most_lanes if lane >= 0 else -1
        out_lanes[1, i] = lane % most_lanes if lane >= 0 else -1
        out_trouble[i] = word[row, names.FLAGS] & names.TROUBLED != 0


@lean_kernel
def count_used(time_s, code, slot_from_s, out_used):
    """Bookings of each slot whose truck came in its window and was served: (slots,) int64, added to."""
    has_columns(time_s, names.TIME_COLUMNS)
    has_columns(code, names.CODE_COLUMNS)
    slot = 0
    for row in range(code.shape[0]):
        over = names.GONE <= code[row, names.STATE] <= names.LEFT and code[row, names.REASON] == names.SERVED_WELL
        if over and code[row, names.BOOKING] == names.PLACED and code[row, names.SERVED_AS] == names.BOOKED:
            # Rows that follow one another have slots near one another.
            while slot + 1 < slot_from_s.size and slot_from_s[slot + 1] <= time_s[row, names.SLOT_FROM]:
                slot += 1
            while slot > 0 and slot_from_s[slot] > time_s[row, names.SLOT_FROM]:
                slot -= 1
            out_used[slot] += 1


@lean_kernel
def count_visits(code, out_counts):
    """Visits by what came of asking for a slot, state and reason.

    Parameters
    ----------
    code : (n, CODE_COLUMNS) int8
    out_counts : (4, COUNTS) int64
        Added to; the last three axes as one. Four counts take turns, so that none has to wait until it is written.
    """
    has_columns(code, names.CODE_COLUMNS)
    has_columns(out_counts, _ALL_COUNTS)
    for row in range(code.shape[0]):
        asked_and_state = index(code[row, names.BOOKING]) * _STATES + index(code[row, names.STATE])
        out_counts[row & 3, asked_and_state * _REASONS + index(code[row, names.REASON])] += 1
