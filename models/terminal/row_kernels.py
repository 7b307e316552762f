"""Whole tables of visits: made, counted and copied row by row."""

from __future__ import annotations

from twin.jit import lean_kernel
from twin.models.terminal import names as k


@lean_kernel
def reset_rows(rows, moments, numbers, out_time_s, out_word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Write the same moments and numbers into some rows."""
    for i in range(rows.size):
        row = rows[i]
        for column in range(k.TIME_COLUMNS):
            out_time_s[row, column] = moments[column]
        for column in range(k.WORD_COLUMNS):
            out_word[row, column] = numbers[column]


@lean_kernel
def copy_served(rows, time_s, word, customer, out_times, out_server):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Wait, start, end and server of some rows, to where the customer of each row belongs."""
    for i in range(rows.size):
        row = rows[i]
        at = customer[row]
        out_times[0, at] = time_s[row, k.WAITED]
        out_times[1, at] = time_s[row, k.GATE_START]
        out_times[2, at] = time_s[row, k.GATE_END]
        out_server[at] = word[row, k.LANE]


@lean_kernel
def copy_columns(rows, table, columns, out_columns):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Some columns of some rows, each column as a row of its own: every row is read once."""
    for i in range(rows.size):
        row = rows[i]
        for j in range(columns.size):
            out_columns[j, i] = table[row, columns[j]]


@lean_kernel
def count_visits(word, out_counts):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Visits by what came of asking for a slot, state and reason: (CODES, CODES, CODES) int64, added to."""
    for row in range(word.shape[0]):
        out_counts[word[row, k.BOOKING], word[row, k.STATE], word[row, k.REASON]] += 1
