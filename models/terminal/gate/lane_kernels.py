"""Which line a truck joins before the in-gate; lanes that each have lines of their own, and jockeying between them."""

from __future__ import annotations

from twin.jit import inner_kernel, lean_kernel
from twin.models.terminal import names as k
from twin.models.terminal.gate.line_kernels import take_first, take_last
from twin.models.terminal.gate.serve_kernels import queue


@inner_kernel
def sort_of(word, code, tally, row):
    """How a truck is sorted before the gate."""
    flags = word[row, k.FLAGS]
    if flags & k.TROUBLED and tally[k.TROUBLE_LANES]:
        return k.SORTED_OUT
    if flags & k.IS_OVERSIZE and tally[k.OVERSIZE_LANES]:
        return k.OVERSIZE
    return k.BOOKED if code[row, k.SERVED_AS] == k.BOOKED and tally[k.RESERVED] else k.ORDINARY


@inner_kernel
def _waiting(lines, groups, lane):
    """Trucks in the lines of a lane that has lines of its own."""
    number = lines[groups[lane, k.LINE_A], k.COUNT]
    if groups[lane, k.LINE_B] >= 0:
        number += lines[groups[lane, k.LINE_B], k.COUNT]
        if groups[lane, k.LINE_C] >= 0:
            number += lines[groups[lane, k.LINE_C], k.COUNT]
    return number


@inner_kernel
def line_to_join(lines, groups, tally, sort):
    """Line a truck joins by its sort: the common one, or that of the lane with the fewest trucks, open lanes first."""
    if not tally[k.OWN_LINES]:
        return sort
    best = -1
    fewest = 0
    best_open = False
    for lane in range(tally[k.LANE_GROUPS]):
        line = groups[lane, k.LINE_OF + sort]
        if line < 0:
            continue
        is_open = groups[lane, k.CAP] > 0
        number = _waiting(lines, groups, lane) + groups[lane, k.BUSY]
        if best < 0 or (is_open and not best_open) or (is_open == best_open and number < fewest):
            best = line
            fewest = number
            best_open = is_open
    return best


@lean_kernel
def leave_shut_lanes(ids, time_s, word, code, lines, groups, servers, tally, num, streams, now_s):
    """Trucks in the own line of a shut lane go to the end of the shortest line before an open lane, if there is one.

    Lane by lane, head first.
    """
    for lane in range(tally[k.LANE_GROUPS]):
        if groups[lane, k.CAP] > 0:
            continue
        for sort in range(k.SORTS):
            line = groups[lane, k.LINE_OF + sort]
            for _ in range(lines[line, k.COUNT] if line >= 0 else 0):
                row = lines[line, k.HEAD]
                new = line_to_join(lines, groups, tally, sort_of(word, code, tally, row))
                # The line of an own lane is served by that lane alone.
                if groups[lines[new, k.SERVED_BY], k.CAP] == 0:
                    break
                take_first(word, lines, tally, line)
                queue(ids, time_s, word, code, lines, groups, servers, tally, num, streams, row, new, now_s)


@lean_kernel
def jockey(ids, time_s, word, code, lines, groups, servers, tally, num, streams, lane, now_s):
    """The last truck of the longer line beside a lane moves over if that line is longer by enough; then the next.

    A move makes the sum of the squares of lengths smaller, as the difference is at least 2: it ends.
    """
    while groups[lane, k.CAP] > 0:
        own = _waiting(lines, groups, lane) + groups[lane, k.BUSY]
        longest = -1
        longest_line = -1
        most = own + tally[k.JOCKEY] - 1
        for beside in (lane - 1, lane + 1):
            if beside < 0 or beside >= tally[k.LANE_GROUPS]:
                continue
            length = _waiting(lines, groups, beside) + groups[beside, k.BUSY]
            if length <= most:
                continue
            # The last truck of a lane with several lines is the one that joined last.
            last = -1
            for at in range(k.LINE_A, k.LINE_C + 1):
                line = groups[beside, at]
                if line < 0 or lines[line, k.COUNT] == 0:
                    continue
                row = lines[line, k.TAIL]
                if (
                    last < 0
                    or time_s[row, k.JOIN] > time_s[last, k.JOIN]
                    or (time_s[row, k.JOIN] == time_s[last, k.JOIN] and ids[row] > ids[last])
                ):
                    last = row
            if last >= 0 and groups[lane, k.LINE_OF + sort_of(word, code, tally, last)] >= 0:
                longest = beside
                longest_line = word[last, k.LINE]
                most = length
        if longest < 0:
            return
        row = take_last(word, lines, tally, longest_line)
        line = groups[lane, k.LINE_OF + sort_of(word, code, tally, row)]
        queue(ids, time_s, word, code, lines, groups, servers, tally, num, streams, row, line, now_s)
        lane = longest
