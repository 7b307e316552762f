"""Kernels of the queueing form: vehicle-based link transmission with continuous passing times.

Time goes in steps no longer than the shortest free-flow time and the shortest wave lag of any link, so that no
node depends on another inside a step; within a node the earliest feasible vehicle goes first. Passing times are
continuous, hence the same for every step, every order of nodes. Rules, per vehicle of size s at time t:

1. free flow: ready at the end of the link at entry + L / min(u, own speed);
2. stop line: one unit per headway, only while open, green, a server is free, a credit is there;
3. entry: one unit per headway, and the cumulative units that left by t - L/w, plus storage, cover the entry
   (Newell's supply rule with cumulative car units);
4. among those who could go at the same moment: rank, then start-time fair queueing by merge weight
   (Goyal, Vin and Cheng 1996: the smaller start tag; tags of an idle source catch up), then the smaller key.
"""

from __future__ import annotations

import math

import numpy as np

from twin.jit import inner_kernel, lean_kernel
from twin.models.road_traffic.queueing.choice_kernels import choose_first, choose_move, known_place

INF = np.inf
#: Slack for rounding: units that fill a storage exactly, and moments at the end of green.
SAME_S = 1e-9
_GROUP, _POCKET, _BAY, _ORIGIN = 0, 1, 2, 3
_EXIT_OPEN, _ENTRY_OPEN, _LINE_HEADWAY, _ENTRY_HEADWAY, _STORAGE, _SPEED = 0, 1, 2, 3, 4, 5
_DONE, _LOG_FULL = 0, 1
#: Place in ``road.counts``.
_GATES = 3
#: Link that a head goes for who would take any.
_ANY = -4
#: Movement of who has not chosen one yet, and of who is about to dwell in the lane.
_UNDECIDED, _DWELLS = -3, -5


@inner_kernel
def next_green_s(t, cycle_s, offset_s, green_s):
    """First moment from ``t`` on at which a signal is green; the end of green is red."""
    cycles = math.floor((t - offset_s) / cycle_s)
    phase = t - offset_s - cycles * cycle_s
    if phase < green_s - SAME_S:
        return t
    start = offset_s + (cycles + 1) * cycle_s
    return start if start > t else t


@inner_kernel
def space_s(road, link, size):
    """When the entry rule has room for ``size`` units on a link; infinite if that exit has not happened."""
    needed = road.links[link].in_units + size - road.links[link].storage - SAME_S
    if needed <= 0.0:
        return -INF
    if needed > road.links[link].out_units:
        return INF
    ring = road.links[link].ring_start
    room = road.links[link].ring_room
    seen = road.links[link].seen
    units = road.links[link].seen_units
    while units < needed:
        units += road.classes[road.ring_class[ring + seen % room]].units
        seen += 1
    while True:
        last = road.classes[road.ring_class[ring + (seen - 1) % room]].units
        if units - last < needed:
            break
        units -= last
        seen -= 1
    road.links[link].seen = seen
    road.links[link].seen_units = units
    return road.ring_exit_s[ring + (seen - 1) % room] + road.links[link].lag_s


@inner_kernel
def has_stop(cars, v):
    """Whether a vehicle stops at the end of the link it is on."""
    return cars.veh[v].stop < cars.veh[v].stop_end and cars.stops[cars.veh[v].stop].hop == cars.veh[v].hop


@inner_kernel
def server_of(road, line):
    """Index of the server that is free first."""
    best = road.lines[line].server_start
    for i in range(best + 1, road.lines[line].server_end):
        if road.server_free_s[i] < road.server_free_s[best]:
            best = i
    return best


@inner_kernel
def feasible_s(road, cars, q, move, from_s):
    """Earliest moment from ``from_s`` on at which the head of a queue can make a movement; infinite if unknown."""
    v = road.queues[q].first
    t = from_s
    line = road.queues[q].line
    size = road.classes[cars.veh[v].vehicle_class].units
    if line >= 0:
        if road.lines[line].open == 0:
            return INF
        if road.lines[line].next_s > t:
            t = road.lines[line].next_s
    kind = road.queues[q].kind
    if kind == _GROUP and has_stop(cars, v) and cars.stops[cars.veh[v].stop].bay:
        return t  # pulls off into the bay
    if move >= 0:
        pocket = road.moves[move].pocket
        if pocket >= 0 and kind == _GROUP:
            if road.queues[pocket].units + size > road.queues[pocket].room + SAME_S:
                road.queues[pocket].waited = 1
                return INF
            return max(t, road.queues[pocket].open_s)
        out = road.moves[move].to_link
        if road.links[out].entry_open == 0:
            return INF
        if road.links[out].next_entry_s > t:
            t = road.links[out].next_entry_s
        if road.links[out].in_units + size > road.links[out].storage:
            room_s = space_s(road, out, size)
            if room_s == INF:
                road.links[out].waited = 1
            # By force whether or not the exit that will make room is known yet: that depends on the order of nodes.
            room_s = min(room_s, road.queues[q].ready_s + road.release_after_s[0])
            if room_s == INF:
                return INF
            if room_s > t:
                t = room_s
    if line >= 0:
        if road.lines[line].server_end > road.lines[line].server_start:
            t = max(t, road.server_free_s[server_of(road, line)])
        if move < 0 and road.lines[line].gated == 1 + cars.veh[v].owner and road.lines[line].credits <= 0:
            return INF
        if road.lines[line].cycle_s > 0.0:
            t = next_green_s(t, road.lines[line].cycle_s, road.lines[line].offset_s, road.lines[line].green_s)
    return t


@inner_kernel
def set_first(road, cars, q, v, after_s):
    """Put a vehicle at the head of a queue from which the one before left at ``after_s``."""
    road.queues[q].first = v
    if v < 0:
        road.queues[q].last = -1
        road.queues[q].ready_s = INF
        return
    cars.veh[v].before = -1
    road.queues[q].ready_s = max(cars.veh[v].ready_s, after_s)


@inner_kernel
def push(road, cars, q, v, by_time):
    """Put a vehicle into a queue: at its end, or where its ready time belongs; true if it is the new head."""
    last = road.queues[q].last
    behind = np.int32(-1)
    if by_time:
        while last >= 0 and cars.veh[last].ready_s > cars.veh[v].ready_s:
            behind = last
            last = cars.veh[last].before
    cars.veh[v].after = behind
    cars.veh[v].before = last
    if behind >= 0:
        cars.veh[behind].before = v
    else:
        road.queues[q].last = v
    if last >= 0:
        cars.veh[last].after = v
        return False
    set_first(road, cars, q, v, -INF)
    return True


@inner_kernel
def next_move(road, cars, trees, v, link):
    """Movement a vehicle will take at the end of a link, -1 if its way ends there, -2 if there is no such turn.

    Whoever has no path and need not choose a queue yet is undecided.
    """
    if cars.veh[v].destination >= 0:
        if road.links[link].queue_count > 1:
            return choose_move(road, trees, cars, v, link, 0.0, False)
        # Those who part only at the end of the link choose there.
        return -1 if trees.node[cars.veh[v].destination] == road.links[link].to_node else _UNDECIDED
    else:
        hop = cars.veh[v].hop + 1
        if hop >= cars.veh[v].path_len:
            return -1
        out = cars.pool[cars.veh[v].path_start + hop]
    for p in range(road.links[link].move_start, road.links[link].move_end):
        if road.moves[p].to_link == out:
            return p
    return -2


@inner_kernel
def enter_link(road, cars, trees, v, link, t):
    """Put a vehicle on a link at a moment: storage, headway, ready time, queue for its turn."""
    vehicle_class = cars.veh[v].vehicle_class
    size = road.classes[vehicle_class].units
    road.links[link].in_units += size
    road.links[link].next_entry_s = t + road.links[link].entry_headway_s * size
    cars.veh[v].hop += 1
    cars.veh[v].link = link
    ready_s = t + road.links[link].length_m / min(road.links[link].speed_mps, road.classes[vehicle_class].speed_mps)
    if trees.node.size > 0:
        road.links[link].clear_s = max(road.links[link].clear_s + size * road.links[link].pace_s, ready_s)
    move = next_move(road, cars, trees, v, link)
    cars.veh[v].move = move
    q = road.moves[move].queue if move >= 0 else road.links[link].queue
    if road.links[link].queue_count > 1:
        # Turn queues part at the end of the link: until there, one unit per headway in order of entry.
        if road.links[link].lane_next_s > ready_s:
            ready_s = road.links[link].lane_next_s
        road.links[link].lane_next_s = ready_s + road.links[link].lane_headway_s * size
    cars.veh[v].ready_s = ready_s
    if push(road, cars, q, v, road.links[link].passing):
        node = road.links[link].to_node
        if road.queues[q].ready_s < road.node_next_s[node]:
            road.node_next_s[node] = road.queues[q].ready_s


@inner_kernel
def leave_queue(road, cars, q, v, t):
    """Take the head out of a queue at a moment, and free the room it had."""
    size = road.classes[cars.veh[v].vehicle_class].units
    kind = road.queues[q].kind
    after = cars.veh[v].after
    if kind == _GROUP:
        link = road.queues[q].link
        place = road.links[link].ring_start + road.links[link].out_count % road.links[link].ring_room
        road.ring_exit_s[place] = t
        road.ring_class[place] = cars.veh[v].vehicle_class
        if road.counts[_GATES] > 0:
            road.ring_gate_s[place] = road.links[link].gate_s
        road.links[link].out_count += 1
        road.links[link].out_units += size
        road.queues[q].left_units += size
        if road.links[link].waited:
            road.links[link].waited = 0
            node = road.links[link].from_node
            road.node_next_s[node] = min(road.node_next_s[node], t + road.links[link].lag_s)
    elif kind == _POCKET:
        road.queues[q].units -= size
        road.queues[q].left_units += size
        if road.queues[q].waited:
            road.queues[q].waited = 0
            road.queues[q].open_s = t
    road.queues[q].left_s = t
    set_first(road, cars, q, after, t)


@inner_kernel
def pass_line(road, cars, v, line, size, t, ends):
    """Use a stop line: its headway, a server, and a credit where the way ends at a gate."""
    road.lines[line].next_s = t + road.lines[line].headway_s * size
    if road.lines[line].server_end > road.lines[line].server_start:
        road.server_free_s[server_of(road, line)] = t + road.lines[line].service_s
    if ends and road.lines[line].gated == 1 + cars.veh[v].owner:
        road.lines[line].credits -= 1


@inner_kernel
def note_gate_queue(road, cars, q, v, move, size, t):
    """Note whether the head that now leaves a queue stood in one that reaches back from a gate, and since when.

    The first in a queue is held up by a gate itself if no place was free there, or if it waited for room on a link
    that vehicles held up by a gate were leaving; those behind it in the same queue wait with it. A vehicle keeps when
    it first stood so. What it looks at on the next link has happened a wave lag ago, like the room itself.
    """
    ready_s = cars.veh[v].ready_s
    head_s = max(ready_s, road.queues[q].left_s)
    line = road.queues[q].line
    if move < 0:
        if line >= 0 and road.lines[line].gated == 1 + cars.veh[v].owner and road.lines[line].granted_s > head_s:
            road.queues[q].gate_s = t
    else:
        out = road.moves[move].to_link
        if road.links[out].in_units + size > road.links[out].storage:
            room_s = space_s(road, out, size)
            if head_s < room_s < INF:
                place = road.links[out].ring_start + (road.links[out].seen - 1) % road.links[out].ring_room
                if road.ring_gate_s[place] + road.links[out].lag_s > head_s:
                    road.queues[q].gate_s = t
    if road.queues[q].gate_s > ready_s:
        if road.queues[q].kind == _GROUP:
            road.links[road.queues[q].link].gate_s = t
        if cars.veh[v].queued_s == INF:
            cars.veh[v].queued_s = ready_s


@inner_kernel
def move_head(road, cars, trees, log, q, t):
    """Let the head of a queue go at a moment: into a bay, a pocket, the next link, or out."""
    v = road.queues[q].first
    line = road.queues[q].line
    kind = road.queues[q].kind
    size = road.classes[cars.veh[v].vehicle_class].units
    from_link = cars.veh[v].link
    move = cars.veh[v].move
    if kind == _GROUP and has_stop(cars, v):
        stop = cars.veh[v].stop
        if cars.stops[stop].bay:
            leave_queue(road, cars, q, v, t)
            cars.veh[v].stop = stop + 1
            cars.veh[v].ready_s = t + cars.stops[stop].dwell_s
            push(road, cars, road.links[from_link].bay, v, True)
            return
    if kind == _GROUP and move >= 0 and road.moves[move].pocket >= 0:
        pocket = road.moves[move].pocket
        road.lines[line].next_s = t + road.lines[line].headway_s * size
        leave_queue(road, cars, q, v, t)
        cars.veh[v].ready_s = t
        road.queues[pocket].units += size
        push(road, cars, pocket, v, False)
        return
    if road.counts[_GATES] > 0:
        note_gate_queue(road, cars, q, v, move, size, t)
    if line >= 0:
        pass_line(road, cars, v, line, size, t, move < 0)
    leave_queue(road, cars, q, v, t)
    n = log.size[0]
    log.rows[n].time_s = t
    log.rows[n].vehicle = v
    log.rows[n].from_link = from_link
    if move < 0:
        log.rows[n].to_link = -1
        cars.veh[v].link = -2
        road.counts[2] += 1
    else:
        out = road.moves[move].to_link
        log.rows[n].to_link = out
        tag = max(road.moves[move].tag, road.links[out].virtual)
        road.links[out].virtual = tag
        road.moves[move].tag = tag + size * road.moves[move].inverse_weight
        if road.release_after_s[0] < INF and space_s(road, out, size) > t:
            road.counts[0] += 1
        if kind == _ORIGIN:
            road.counts[1] += 1
        enter_link(road, cars, trees, v, out, t)
    log.size[0] = n + 1


@inner_kernel
def when_and_where(road, cars, trees, q):
    """When the head of a queue can go, and by which movement.

    Who has not chosen a turn yet does so when ready, and who stops in the lane begins to. With re-drawing, a head that
    has been blocked for the set wait takes whatever turn of its queue lets it go first, if it leads nearer to the
    destination.
    """
    v = road.queues[q].first
    move = cars.veh[v].move
    if move == _UNDECIDED:
        return road.queues[q].ready_s, move
    if road.queues[q].kind == _GROUP and has_stop(cars, v) and not cars.stops[cars.veh[v].stop].bay:
        return road.queues[q].ready_s, _DWELLS
    t = feasible_s(road, cars, q, move, road.queues[q].ready_s)
    destination = cars.veh[v].destination
    from_s = road.queues[q].ready_s + trees.now[0].redraw_after_s
    if t <= from_s or destination < 0 or road.queues[q].kind != _GROUP or move < 0:
        return t, move
    link = cars.veh[v].link
    here_s = trees.to_go_s[destination, known_place(road, trees, link)]
    for p in range(road.links[link].move_start, road.links[link].move_end):
        if p == move or road.moves[p].queue != q:
            continue
        rest_s = trees.to_go_s[destination, known_place(road, trees, road.moves[p].to_link)]
        if rest_s < here_s:
            other_s = feasible_s(road, cars, q, p, from_s)
            if other_s < t:
                t = other_s
                move = p
    return t, move


@inner_kernel
def start_tag(road, move):
    """Start tag of a movement in the fair queue of the link it enters."""
    return max(road.moves[move].tag, road.links[road.moves[move].to_link].virtual)


@inner_kernel
def choose_source(road, cars, first, count, best_s):
    """Position of the source that goes first among those that can go at ``best_s``.

    The best rank, then the smallest key, names the link that is served; among those who want that link the
    smallest start tag wins, then the smallest key. Two passes, so that the order of sources cannot matter.
    """
    chosen = -1
    others = 0
    for i in range(count):
        if road.source_time_s[i] == best_s:
            others += 1
            if chosen < 0:
                chosen = i
                continue
            q, best = road.node_source[first + i], road.node_source[first + chosen]
            if road.queues[q].rank < road.queues[best].rank or (
                road.queues[q].rank == road.queues[best].rank
                and cars.veh[road.queues[q].first].key < cars.veh[road.queues[best].first].key
            ):
                chosen = i
    if others < 2 or road.source_move[chosen] < 0:
        return chosen
    out = road.moves[road.source_move[chosen]].to_link
    rank = road.queues[road.node_source[first + chosen]].rank
    tag = start_tag(road, road.source_move[chosen])
    for i in range(count):
        move = road.source_move[i]
        if road.source_time_s[i] != best_s or move < 0 or road.moves[move].to_link != out:
            continue
        q = road.node_source[first + i]
        if road.queues[q].rank != rank:
            continue
        other = start_tag(road, move)
        best = road.node_source[first + chosen]
        if other < tag or (other == tag and cars.veh[road.queues[q].first].key < cars.veh[road.queues[best].first].key):
            chosen = i
            tag = other
    return chosen


@inner_kernel
def begin_dwell(road, cars, q, v, t):
    """Let the head of a queue dwell in the lane: it moves up to the line, then nobody passes for the dwell."""
    road.queues[q].ready_s = max(t, road.lines[road.queues[q].line].next_s) + cars.stops[cars.veh[v].stop].dwell_s
    cars.veh[v].stop += 1


@inner_kernel
def look(road, cars, trees, q, i, until_s):
    """Work out when the head of a queue can go, and whom it depends on: ``source_...[i]`` of the node being served."""
    t = road.queues[q].ready_s
    road.source_to[i] = -2
    if t < until_s:
        t, move = when_and_where(road, cars, trees, q)
        road.source_move[i] = move
        if move >= 0:
            # Whoever looks for another turn may be let in or shut out by whoever moves.
            redraws = t > road.queues[q].ready_s + trees.now[0].redraw_after_s
            road.source_to[i] = _ANY if redraws else road.moves[move].to_link
    road.source_time_s[i] = t


@inner_kernel
def serve_node(road, cars, trees, log, node, until_s):
    """Let everyone go at a node who can go before ``until_s``; false if the log is full."""
    first = road.node_source_ptr[node]
    count = road.node_source_ptr[node + 1] - first
    # After one has moved, only those who want the same link or use the same line need another look.
    moved, moved_to, moved_line, all_again = -1, -1, -3, True
    while True:
        best_s, ties = INF, 0
        for i in range(count):
            q = road.node_source[first + i]
            to = road.source_to[i]
            if all_again or i == moved or to == moved_to or to == _ANY or road.queues[q].line == moved_line:  # noqa: SIM109
                look(road, cars, trees, q, i, until_s)
            if road.source_time_s[i] < best_s:
                best_s, ties = road.source_time_s[i], 1
            elif road.source_time_s[i] == best_s:
                ties += 1
        if best_s >= until_s:
            road.node_next_s[node] = best_s
            return True
        if log.size[0] >= log.rows.size:
            return False
        moved = choose_source(road, cars, first, count, best_s)
        q = road.node_source[first + moved]
        v = road.queues[q].first
        if road.source_move[moved] == _UNDECIDED or road.source_move[moved] == _DWELLS:
            if road.source_move[moved] == _DWELLS:
                begin_dwell(road, cars, q, v, best_s)
            else:
                cars.veh[v].move = choose_move(road, trees, cars, v, cars.veh[v].link, best_s, True)
            look(road, cars, trees, q, moved, until_s)
            if road.source_time_s[moved] > best_s or ties > 1:
                moved, moved_to, moved_line, all_again = -1, -3, -3, False
                continue
        moved_to = road.moves[road.source_move[moved]].to_link if road.source_move[moved] >= 0 else -3
        moved_line = road.queues[q].line if road.queues[q].line >= 0 else -3
        # Pockets, bays and loops let one source of the node change another.
        all_again = (
            road.queues[q].kind == _POCKET
            or has_stop(cars, v)
            or (
                moved_to >= 0
                and (road.moves[road.source_move[moved]].pocket >= 0 or road.links[moved_to].to_node == node)
            )
        )
        cars.veh[v].move = road.source_move[moved]
        move_head(road, cars, trees, log, q, best_s)


@inner_kernel
def apply_edit(road, edits, i):
    """Apply one change of the network, and wake the nodes that may now have something to do."""
    edit = edits.rows[i]
    kind, k, value, t = edit.kind, edit.index, edit.value, edit.time_s
    if kind in (_EXIT_OPEN, _LINE_HEADWAY):
        if kind == _EXIT_OPEN:
            road.lines[k].open = 1 if value > 0.0 else 0
        else:
            if road.lines[k].next_s > t:  # what is left of the headway goes on at the new rate
                road.lines[k].next_s = t + (road.lines[k].next_s - t) * value / road.lines[k].headway_s
            road.lines[k].headway_s = value
        road.lines[k].next_s = max(road.lines[k].next_s, t)  # who waited goes now, not in the past
        node = road.links[road.queues[k].link].to_node  # a stop line has the number of its queue
        road.node_next_s[node] = min(road.node_next_s[node], t)
        return
    if kind == _ENTRY_OPEN:
        road.links[k].entry_open = 1 if value > 0.0 else 0
    elif kind == _ENTRY_HEADWAY:
        if road.links[k].next_entry_s > t:
            road.links[k].next_entry_s = t + (road.links[k].next_entry_s - t) * value / road.links[k].entry_headway_s
        road.links[k].entry_headway_s = value
        road.links[k].lane_headway_s = value
    elif kind == _STORAGE:
        road.links[k].storage = value
    elif kind == _SPEED:
        road.links[k].speed_mps = value
    road.links[k].next_entry_s = max(road.links[k].next_entry_s, t)
    node = road.links[k].from_node
    road.node_next_s[node] = min(road.node_next_s[node], t)


@lean_kernel
def apply_edits(road, edits, t):
    """Apply all changes that are due by ``t``."""
    while edits.done[0] < edits.rows.size and edits.rows[edits.done[0]].time_s <= t:
        apply_edit(road, edits, edits.done[0])
        edits.done[0] += 1


@lean_kernel
def advance(road, cars, trees, edits, log, until_s, step_s):
    """Let everything happen before ``until_s``; returns DONE, or LOG_FULL to be called again with an empty log."""
    nodes = road.node_next_s.size
    t = road.time_s[0]
    while t < until_s:
        apply_edits(road, edits, t)
        end_s = min((math.floor(t / step_s) + 1.0) * step_s, until_s)
        if end_s <= t:  # rounding at a multiple of the step
            end_s = min(t + step_s, until_s)
        if edits.done[0] < edits.rows.size and edits.rows[edits.done[0]].time_s < end_s:
            end_s = edits.rows[edits.done[0]].time_s
        for node in range(nodes):
            if road.node_next_s[node] < end_s and not serve_node(road, cars, trees, log, node, end_s):
                return _LOG_FULL
        t = end_s
        road.time_s[0] = t
    return _DONE


@lean_kernel
def enter_vehicles(road, cars, trees, slots, links, depart_s):
    """Line vehicles up at the origins of their first links, in the order given (by time and key).

    ``links`` holds first links, or nodes below 0 as ``-1 - node`` for vehicles that follow trees.

    Returns
    -------
    int
        Position of the first vehicle that finds no way, -1 if all do.
    """
    first_origin_move = road.moves.size - road.links.size
    for i in range(slots.size):
        v = slots[i]
        link = links[i]
        if link < 0:
            link = choose_first(road, trees, cars, v, -1 - link)
            if link < 0:
                return i
        move = first_origin_move + link
        cars.veh[v].move = move
        cars.veh[v].link = -1
        cars.veh[v].hop = -1
        cars.veh[v].ready_s = depart_s[i]
        q = road.moves[move].queue
        if push(road, cars, q, v, False):
            node = road.links[link].from_node
            road.node_next_s[node] = min(road.node_next_s[node], depart_s[i])
    return -1


@lean_kernel
def reroute(road, cars, trees, v, at_s):
    """Let a vehicle on a link take up a path that has just been rewritten behind that link.

    It keeps its ready time and, where the new turn has a queue of its own, moves there by that time.
    """
    link = cars.veh[v].link
    if link < 0:
        return
    old = cars.veh[v].move
    move = next_move(road, cars, trees, v, link)
    cars.veh[v].move = move
    q_old = road.moves[old].queue if old >= 0 else road.links[link].queue
    q = road.moves[move].queue if move >= 0 else road.links[link].queue
    node = road.links[link].to_node
    if q != q_old:
        before, after = cars.veh[v].before, cars.veh[v].after
        if after >= 0:
            cars.veh[after].before = before
        else:
            road.queues[q_old].last = before
        if before >= 0:
            cars.veh[before].after = after
        else:
            set_first(road, cars, q_old, after, at_s)
        push(road, cars, q, v, True)
    if road.queues[q].first == v:
        road.queues[q].ready_s = max(road.queues[q].ready_s, at_s)  # not back in time
    road.node_next_s[node] = min(road.node_next_s[node], at_s)


@lean_kernel
def stuck_links(road, cars, out_stuck):
    """Mark the links of a gridlock: the largest set of links whose every head waits for a full link of the set."""
    links = road.links.size
    for link in range(links):
        out_stuck[link] = road.links[link].in_units > road.links[link].out_units + SAME_S
    while True:
        changed = False
        for link in range(links):
            if not out_stuck[link]:
                continue
            for q in range(road.links[link].queue, road.links[link].queue + road.links[link].queue_count):
                if road.queues[q].first >= 0 and not _waits_for(road, cars, q, out_stuck):
                    out_stuck[link] = False
                    changed = True
                    break
        if not changed:
            return


@inner_kernel
def _waits_for(road, cars, q, marked):
    """Whether the head of a queue waits for a marked link that is full, straight or behind its full pocket."""
    v = road.queues[q].first
    move = cars.veh[v].move
    if move < 0 or road.queues[q].ready_s > road.time_s[0] or has_stop(cars, v):
        return False
    pocket = road.moves[move].pocket
    if pocket >= 0:
        size = road.classes[cars.veh[v].vehicle_class].units
        if road.queues[pocket].units + size <= road.queues[pocket].room + SAME_S:
            return False
        v = road.queues[pocket].first
        move = cars.veh[v].move
    out = road.moves[move].to_link
    size = road.classes[cars.veh[v].vehicle_class].units
    full = road.links[out].in_units - road.links[out].out_units + size > road.links[out].storage + SAME_S
    return full and marked[out]


@lean_kernel
def seconds_on_links(vehicle, time_s, from_link, last_s, out_on_link_s):
    """Seconds each crossing's vehicle spent on the link it left; ``last_s`` keeps its latest crossing.

    The log must hold the crossings of one vehicle in the order of time; vehicles may be mixed.
    """
    for i in range(vehicle.size):
        v = vehicle[i]
        out_on_link_s[i] = time_s[i] - last_s[v] if from_link[i] >= 0 else 0.0
        last_s[v] = time_s[i]
