"""Rows in the order of their moments, faster than by comparing: moments are dealt out to equal spans of time."""

from __future__ import annotations

from twin.jit import index, inner_kernel, lean_kernel

#: Rows of one span that are sorted one by one; more are dealt out once more.
_FEW = 48


@inner_kernel
def _sort_few(at_s, ids, rows, start, end):
    """Sort a stretch of rows by insertion."""
    for i in range(start + 1, end):
        new = index(rows[i])
        new_s = at_s[new]
        j = i
        while j > start:
            old = index(rows[j - 1])
            if at_s[old] < new_s or (at_s[old] == new_s and ids[old] < ids[new]):
                break
            rows[j] = old
            j -= 1
        rows[j] = new


@inner_kernel
def _span(moment_s, first_s, per_s, spans):
    return index(min(int((moment_s - first_s) * per_s), spans - 1))


@lean_kernel
def _deal_out(at_s, rows, start, end, ends, out_rows):
    """Write a stretch of rows to the same stretch of ``out_rows``, dealt out to as many spans as there are rows.

    ``ends`` gets, from its first element on, where each span ends. With all rows at one moment there is one span.
    """
    spans = end - start
    first_s = last_s = at_s[rows[start]]
    for i in range(start, end):
        moment_s = at_s[index(rows[i])]
        first_s = moment_s if moment_s < first_s else first_s
        last_s = moment_s if moment_s > last_s else last_s
    # Moments that a number of spans per second cannot tell apart are left in one span.
    per_s = spans / (last_s - first_s) if last_s - first_s > 1e-300 * spans else 0.0
    for span in range(spans + 1):
        ends[span] = 0
    for i in range(start, end):
        ends[_span(at_s[index(rows[i])], first_s, per_s, spans) + 1] += 1
    ends[0] = start
    for span in range(spans):
        ends[span + 1] += ends[span]
    # Each span fills from its start on, which thereby becomes its end.
    for i in range(start, end):
        span = _span(at_s[index(rows[i])], first_s, per_s, spans)
        out_rows[index(ends[span])] = rows[i]
        ends[span] += 1


@lean_kernel
def order_rows(at_s, ids, rows, ends, few_ends, out_rows):
    """Sort rows by moment, then id.

    Parameters
    ----------
    at_s, ids : (n,) float64, uint64
        Finite moments.
    rows : (m,) int64
        Rows to be sorted; overwritten.
    ends, few_ends : (m + 1,) int64
        Room to work in.
    out_rows : (m,) int64

    Returns
    -------
    bool
        Whether it is done; else too many moments lie too close to one another to sort them so.
    """
    if rows.size == 0:
        return True
    _deal_out(at_s, rows, 0, rows.size, ends, out_rows)
    start = 0
    for span in range(rows.size):
        end = ends[span]
        if end - start > _FEW:
            _deal_out(at_s, out_rows, start, end, few_ends, rows)
            few_start = start
            for few_span in range(end - start):
                few_end = few_ends[few_span]
                if few_end - few_start > _FEW:
                    return False
                for i in range(few_start, few_end):
                    out_rows[i] = rows[i]
                _sort_few(at_s, ids, out_rows, few_start, few_end)
                few_start = few_end
        else:
            _sort_few(at_s, ids, out_rows, start, end)
        start = end
    return True
