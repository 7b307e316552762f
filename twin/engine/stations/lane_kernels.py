"""Which line a customer joins before the first stage; servers with lines of their own, and jockeying between them."""

from __future__ import annotations

from twin.engine.stations import names
from twin.engine.stations.line_kernels import take_first, take_last
from twin.engine.stations.serve_kernels import queue
from twin.jit import inner_kernel, lean_template


@inner_kernel
def _waiting(lines, groups, lane):
    """Customers in the lines of a server that has lines of its own."""
    number = lines[groups[lane, names.LINE_A], names.COUNT]
    if groups[lane, names.LINE_B] >= 0:
        number += lines[groups[lane, names.LINE_B], names.COUNT]
        if groups[lane, names.LINE_C] >= 0:
            number += lines[groups[lane, names.LINE_C], names.COUNT]
    return number


@inner_kernel
def line_to_join(lines, groups, tally, sort):
    """Line a customer joins by its sort: the common one, or that of the server with the fewest, open ones first."""
    if not tally[names.OWN_LINES]:
        return sort
    best = -1
    fewest = 0
    best_open = False
    for lane in range(tally[names.FIRST_GROUPS]):
        line = groups[lane, names.LINE_OF + sort]
        if line < 0:
            continue
        is_open = groups[lane, names.CAP] > 0
        number = _waiting(lines, groups, lane) + groups[lane, names.BUSY]
        if best < 0 or (is_open and not best_open) or (is_open == best_open and number < fewest):
            best = line
            fewest = number
            best_open = is_open
    return best


@lean_template
def leave_shut_lanes(
    service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, now_s
):  # fmt: skip
    """Customers in the own line of a shut server go to the end of the shortest line before an open one, if any is.

    Server by server, head first.
    """
    for lane in range(tally[names.FIRST_GROUPS]):
        if groups[lane, names.CAP] > 0:
            continue
        for sort in range(names.SORTS):
            line = groups[lane, names.LINE_OF + sort]
            for _ in range(lines[line, names.COUNT] if line >= 0 else 0):
                row = lines[line, names.HEAD]
                new = line_to_join(lines, groups, tally, word[row, names.SORT])
                # The line of an own lane is served by that lane alone.
                if groups[lines[new, names.SERVED_BY], names.CAP] == 0:
                    break
                take_first(word, lines, tally, line)
                queue(
                    service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, row,
                    new, now_s,
                )  # fmt: skip


@lean_template
def jockey(service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, lane, now_s):
    """The last customer of the longer line beside a server moves over if it is longer by enough; then the next.

    A move makes the sum of the squares of lengths smaller, as the difference is at least 2: it ends.
    """
    while groups[lane, names.CAP] > 0:
        own = _waiting(lines, groups, lane) + groups[lane, names.BUSY]
        longest = -1
        longest_line = -1
        most = own + tally[names.JOCKEY] - 1
        for beside in (lane - 1, lane + 1):
            if beside < 0 or beside >= tally[names.FIRST_GROUPS]:
                continue
            length = _waiting(lines, groups, beside) + groups[beside, names.BUSY]
            if length <= most:
                continue
            # The last customer of a server with several lines is the one that joined last.
            last = -1
            for at in range(names.LINE_A, names.LINE_C + 1):
                line = groups[beside, at]
                if line < 0 or lines[line, names.COUNT] == 0:
                    continue
                row = lines[line, names.TAIL]
                if (
                    last < 0
                    or time_s[row, names.JOIN] > time_s[last, names.JOIN]
                    or (time_s[row, names.JOIN] == time_s[last, names.JOIN] and ids[row] > ids[last])
                ):
                    last = row
            if last >= 0 and groups[lane, names.LINE_OF + word[last, names.SORT]] >= 0:
                longest = beside
                longest_line = word[last, names.LINE]
                most = length
        if longest < 0:
            return
        row = take_last(word, lines, tally, longest_line)
        line = groups[lane, names.LINE_OF + word[row, names.SORT]]
        queue(
            service_time, called, ids, time_s, word, code, lines, groups, servers, tally, num, streams, row, line, now_s
        )
        lane = longest
