"""Room on links: who may step on, the line before a full link, and who is let in when somebody leaves.

A group that finds its next link full stands at the end of the link behind and goes on filling it, so that a queue
reaches back over the junction. The line before a link is served in the order of joining. Each direction of a pavement
has half of its room: people who meet head-on pass one another, however full it is, and no two crowds lock each other.
"""

from __future__ import annotations

import numpy as np

from twin.engine.event_queue import push
from twin.jit import lean_kernel

# As in rows.py.
_ROOM = 4
_LINE = 5
_TURNS = 8
_FORCED = 9


@lean_kernel
def schedule(walkers, s, heap, kind, time_s):
    """Give a walker its coming event."""
    # The heap has as many places as there are slots, and each slot has one event: it cannot overflow.
    walkers.event[s] = kind
    walkers.next_s[s] = time_s
    push(heap[0], heap[1], heap[2], heap[3], heap[4], time_s, kind, walkers.id[s], s)


@lean_kernel
def has_room(world, spaces, lines, link, size):
    """Whether a group may step onto a link: all fit, or the link is empty."""
    there = spaces.occupancy[link] + lines.promised[link]
    return there == 0 or (there + size) * world.people <= world.links.storage[link]


@lean_kernel
def join_line(lines, walkers, s, counts, time_s):
    """Stand at the end of the line before the link at hand, without an event until room is promised."""
    link = walkers.link[s]
    walkers.event[s] = _LINE
    walkers.next_s[s] = np.inf
    walkers.since_s[s] = time_s
    walkers.turn[s] = counts[_TURNS]
    counts[_TURNS] += 1
    queue_up(lines, link, s)


@lean_kernel
def queue_up(lines, link, s):
    """Put a slot at the end of a link's line."""
    lines.behind[s] = -1
    if lines.head[link] < 0:
        lines.head[link] = s
    else:
        lines.behind[lines.tail[link]] = s
    lines.tail[link] = s


@lean_kernel
def _promise(lines, walkers, heap, link, time_s):
    s = lines.head[link]
    lines.head[link] = lines.behind[s]
    lines.promised[link] += walkers.members[s]
    schedule(walkers, s, heap, _ROOM, time_s)


@lean_kernel
def let_in(world, spaces, lines, walkers, heap, link, time_s):
    """Promise room to those in line before a link, in order, as long as they fit; they step on at this instant."""
    while lines.head[link] >= 0 and has_room(world, spaces, lines, link, walkers.members[lines.head[link]]):
        _promise(lines, walkers, heap, link, time_s)


@lean_kernel
def force_in(lines, walkers, heap, counts, patience_s, time_s):
    """Let the first of each line on though it is full, if it has stood there for longer than patience; counted."""
    for link in range(lines.head.size):
        s = lines.head[link]
        if s >= 0 and time_s - walkers.since_s[s] > patience_s:
            counts[_FORCED] += walkers.members[s]
            _promise(lines, walkers, heap, link, time_s)


@lean_kernel
def fill_lines(lines, walkers, order):
    """Put groups into the lines before their links, in the order given."""
    for s in order:
        queue_up(lines, walkers.link[s], s)
