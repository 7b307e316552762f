"""The fixed side of the gate, compiled from its parameters: groups of servers, lines, laws, schedule."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Ints
from twin.booking.windows import EARLY_CODES, LATE_CODES
from twin.engine.draws import make_stream
from twin.engine.stations.layout import Group, Schedule, group_arrays, law_numbers, law_of, line_array, make_schedule
from twin.engine.stations.state import new_tally
from twin.errors import ScenarioError
from twin.models.terminal import names as truck
from twin.models.terminal.demand.vessel_work import crane_steps
from twin.models.terminal.gate.params import MOST_CRANES, MOST_LANES, MOST_TROUBLE_PLACES, ServiceLaw
from twin.models.terminal.params import Quota, TerminalParams

#: Booked trucks go to a reserved lane before they take one that ordinary trucks could use; others leave oversize
#: lanes to the last.
_KIND_ORDER = {"reserved": 0, "booked_first": 1, "mixed": 2, "ordinary": 3, "oversize": 4, "trouble": 5}


class Layout(NamedTuple):
    """An idle gate, in the form the kernel takes; columns and elements are named in ``names``.

    Attributes
    ----------
    lines : (lines, 4 + m) int32
        Head, tail and length of each line, whether it stands before the in-gate, then the groups that serve it, in
        the order in which idle ones are taken.
    groups : (groups, GROUP_COLUMNS) int32
        Servers open and busy, stage, first server, rule, first that may be idle, the lines a group serves and those
        that trucks join. In-gate groups come first (single lanes where each has its own line), then the trouble
        desk, the out-gate and the blocks.
    servers : (servers, 2) int32
        Row of the truck each serves, -1 if idle, and its group.
    tally : (FIRST_YARD + 2 yards,) int64
        Counts, rules, and spaces of the holding yards.
    num : (NUMBERS,) float64
        Flows, constants, laws.
    streams : (5,) uint64
        Stream of each stage, and of rehandles.
    sched_time : (entries,) float64
    sched_word : (entries, 4) int32
        Kind, group, servers from then on, and whether the operator is asked before.
    """

    lines: Ints
    groups: Ints
    servers: Ints
    tally: NDArray[np.int64]
    num: Floats
    streams: NDArray[np.uint64]
    sched_time: Floats
    sched_word: Ints


def lane_names(params: TerminalParams) -> list[str]:
    """Names of the in-gate groups in the order of the layout: reserved lanes first, then by name."""
    return sorted(params.lanes, key=lambda name: (_kind_order(params, name), name))


def lane_groups(params: TerminalParams) -> list[tuple[str, int]]:
    """Name of every in-gate group in the order of the layout, and how many lanes it has."""
    names = lane_names(params)
    if params.queues == "common":
        return [(name, params.lanes[name].count) for name in names]
    return [(f"{name}/{lane}", 1) for name in names for lane in range(params.lanes[name].count)]


def with_reviews(schedule: Schedule, groups: int, every_s: float, until_s: float) -> Schedule:
    """A schedule in which the operator is asked at every change of the first groups, and ever so often in between.

    Between changes the count of an entry is what the timetable has open then. From ``until_s`` on, when nobody else is
    let in, only changes are asked for.

    Raises
    ------
    ScenarioError
        If the interval is not greater than 0.
    """
    if not every_s > 0:
        raise ScenarioError(f"a gate operator reviews lanes every {every_s:g} s", mend="set review_every_s above 0")
    times, words = schedule
    mine = (words[:, truck.S_KIND] == truck.SET_SERVERS) & (words[:, truck.S_GROUP] < groups)
    words = words.copy()
    words[mine & (words[:, truck.S_ASK] == 0), truck.S_ASK] = 2
    rows = [(t, *word) for t, word in zip(times.tolist(), words.tolist(), strict=True)]
    for group in range(groups):
        own = np.flatnonzero(mine & (words[:, truck.S_GROUP] == group))
        if not len(own):
            continue
        changes_s = times[own]
        for at_s in np.arange(changes_s[0] + every_s, until_s, every_s).tolist():
            last = int(np.searchsorted(changes_s, at_s, side="right")) - 1
            if changes_s[last] != at_s:
                rows.append((at_s, truck.SET_SERVERS, group, int(words[own[last], truck.S_COUNT]), 2))
    rows.sort()
    return Schedule(np.array([row[0] for row in rows]), np.array([row[1:] for row in rows], np.int32).reshape(-1, 4))


def layout_shape(params: TerminalParams) -> list[str]:
    """What a fork must leave as it is: the groups of lanes, and every lane where each has its own line."""
    names = lane_names(params)
    if params.queues == "common":
        return names
    return [f"{name}/{lane} {params.lanes[name].kind}" for name in names for lane in range(params.lanes[name].count)]


def make_layout(
    params: TerminalParams, run_seed: np.uint64, start_s: float, review_every_s: float | None = None
) -> Layout:
    """Compile the parameters of a gate, idle at the start of the clock.

    Parameters
    ----------
    params, run_seed, start_s
        The gate, the run, and the start of the clock.
    review_every_s
        How often the operator is asked for the lanes of every group, beside every change of the timetable.
    """
    lanes, own_lines = _lane_groups(params)
    members = lanes + _groups_behind(params, MOST_LANES * len(params.lanes))
    # In-gate groups have room for the most lanes, so that numbers stay when a fork changes counts.
    groups, servers = group_arrays(members)
    schedule = _schedule(params, members)
    if review_every_s is not None:
        schedule = with_reviews(schedule, len(lanes), review_every_s, params.closing_s)
    streams = [make_stream(run_seed, f"terminal.{name}") for name in ("gate", "trouble", "crane", "out", "rehandle")]
    tally = _tally(params)
    tally[truck.FIRST_GROUPS] = len(lanes)
    return Layout(
        lines=_lines(members, _first_own_line(params), _first_own_line(params) + own_lines),
        groups=groups,
        servers=servers,
        tally=tally,
        num=_numbers(params, start_s),
        streams=np.array(streams, np.uint64),
        sched_time=schedule.time_s,
        sched_word=schedule.word,
    )


def lane_steps(params: TerminalParams, name: str) -> tuple[tuple[float, int], ...]:
    """Open lanes of an in-gate group over the day as (from when, how many).

    After the last closing of the terminal the lanes that are open stay open: whoever is in line is served.
    """
    group = params.lanes[name]
    spans = group.opening or params.opening
    closures = [c for c in params.lane_closures.values() if c.lanes == name]
    edges = sorted({t for span in spans for t in span} | {t for c in closures for t in c.hours})
    steps: list[tuple[float, int]] = []
    for t in edges:
        # No lane closes once the sign is hung: whoever is in line is served.
        at_end = t >= params.closing_s and params.last_open_s(group) >= params.closing_s
        is_open = at_end or any(start <= t < end for start, end in spans)
        shut = sum(c.count for c in closures if c.hours[0] <= t < c.hours[1])
        servers = max(group.count - shut, 0) if is_open else 0
        if servers != (steps[-1][1] if steps else 0):
            steps.append((t, servers))
    return tuple(steps)


def _kind_order(params: TerminalParams, name: str) -> int:
    kind = params.lanes[name].kind
    return _KIND_ORDER[kind] if params.conpas.reserved_lane or kind in ("oversize", "trouble") else 0


def _sorts(params: TerminalParams, kind: str) -> tuple[int, ...]:
    """Sorts of trucks that a lane takes, those it prefers first."""
    classes = (truck.BOOKED, truck.ORDINARY) if params.conpas.reserved_lane else (truck.ORDINARY,)
    if kind == "trouble":
        return (truck.SORTED_OUT,)
    if kind == "oversize":
        return (truck.OVERSIZE, *classes) if params.oversize.lanes_take_others else (truck.OVERSIZE,)
    if params.conpas.reserved_lane and kind in ("reserved", "ordinary"):
        return (truck.BOOKED if kind == "reserved" else truck.ORDINARY,)
    return classes


def _first_own_line(params: TerminalParams) -> int:
    return truck.FIRST_BLOCK_LINE + (params.yard.blocks if params.yard else 0)


def _lane_groups(params: TerminalParams) -> tuple[list[Group], int]:
    """In-gate groups; and how many lines there are where every lane has lines of its own."""
    out: list[Group] = []
    own_lines = 0
    for index, name in enumerate(lane_names(params)):
        kind = params.lanes[name].kind
        rule = truck.OLDEST_FIRST if kind == "mixed" and params.conpas.reserved_lane else truck.FIRST_LINE_FIRST
        sorts = _sorts(params, kind)
        steps = lane_steps(params, name)
        before = [0, *(servers for _, servers in steps)]
        # The operator may keep lanes open when a break begins, never when works shut single lanes.
        may_ask = params.open_on_if_line is not None
        asks = [may_ask and n == 0 and was > 0 for (_, n), was in zip(steps, before, strict=False)]
        first = index * MOST_LANES
        if params.queues == "common":
            timed = tuple((t, n, ask) for (t, n), ask in zip(steps, asks, strict=True))
            out.append(Group(truck.GATE, sorts, rule, {sort: sort for sort in sorts}, first, MOST_LANES, timed))
            continue
        for lane in range(params.lanes[name].count):
            joins = {sort: _first_own_line(params) + own_lines + i for i, sort in enumerate(sorts)}
            own_lines += len(sorts)
            timed = tuple((t, int(n > lane), ask) for (t, n), ask in zip(steps, asks, strict=True))
            out.append(Group(truck.GATE, tuple(joins.values()), rule, joins, first + lane, 1, timed))
    return out, own_lines


def _groups_behind(params: TerminalParams, first: int) -> list[Group]:
    """Groups behind the in-gate; ``first`` is the number of their first server."""
    always = -np.inf
    rows: list[tuple[int, int, int, tuple[tuple[float, int], ...]]] = []
    if params.trouble and params.trouble.at == "own_lane":
        rows.append((truck.TROUBLE, truck.TROUBLE_LINE, MOST_TROUBLE_PLACES, ((always, params.trouble.places),)))
    if params.out_gate:
        rows.append((truck.OUT_GATE, truck.OUT_LINE, MOST_LANES, ((always, params.out_gate.lanes),)))
    if params.yard:
        yard = params.yard
        rows.extend(
            (truck.CRANE, truck.FIRST_BLOCK_LINE + b, MOST_CRANES, crane_steps(params, yard, b))
            for b in range(yard.blocks)
        )
    out = []
    for stage, line, size, changes in rows:
        timed = tuple((t, n, False) for t, n in changes)
        out.append(Group(stage, (line,), truck.FIRST_LINE_FIRST, {}, first, size, timed))
        first += size
    return out


def _lines(members: list[Group], first_own: int, count: int) -> Ints:
    return line_array(members, count, [*range(truck.SORTS), *range(first_own, count)])


def _schedule(params: TerminalParams, members: list[Group]) -> Schedule:
    """All changes of servers and the sign; when the booking of a slot closes, what is left of it is final."""
    quota = params.conpas.quota
    offers_s = []
    if quota and quota.release:
        offers_s = [start - quota.closes_before_s for start, _ in quota.spans(params.opening)]
    return make_schedule(members, params.closing_s, offers_s)


def _numbers(params: TerminalParams, start_s: float) -> Floats:
    conpas, road = params.conpas, params.queue_on_road
    quota = conpas.quota or Quota()
    out = np.zeros(truck.NUMBERS)
    out[[truck.FLOW_IN_AT, truck.FLOW_OUT_AT]] = start_s
    out[truck.MOVE_UP] = params.move_up_s
    out[truck.CHECKED_FACTOR] = conpas.checked_documents.service_factor if conpas.checked_documents else 1.0
    if conpas.approach_signal:
        out[truck.SIGNAL_FACTOR] = conpas.approach_signal.rehandle_factor
        out[truck.SIGNAL_LEAD] = conpas.approach_signal.lead_s
        out[truck.MARSHALLING] = conpas.approach_signal.marshalling_s
    out[truck.GRACE_EARLY] = quota.grace_early_s
    out[truck.GRACE_LATE] = quota.grace_late_s
    out[truck.KAPPA] = 1 / road.spacing_m
    out[truck.FREE_SPEED] = road.free_speed_mps
    # The wave by which a queue sets off runs one spacing back per reaction time.
    out[truck.WAVE_SPEED] = road.spacing_m / road.reaction_s
    out[truck.FLOW_MEMORY] = road.flow_memory_s
    out[truck.ROAD_LANES] = road.lanes
    out[truck.CLOSING] = params.closing_s
    laws: dict[int, ServiceLaw] = {truck.GATE: params.service}
    if params.trouble:
        laws[truck.TROUBLE] = params.trouble.lasts
    if params.out_gate:
        laws[truck.OUT_GATE] = params.out_gate.service
    if params.yard:
        laws[truck.CRANE] = params.yard.service
        out[truck.REHANDLE_MEAN] = params.yard.rehandles_per_pickup
        out[truck.REHANDLE_S] = params.yard.rehandle_s
        out[truck.WAY_S] = params.yard.drive_s
    for stage, law in laws.items():
        out[law_of(stage)] = law_numbers(law.law, law.mean_s, law.cv, law.phases)
    return out


def _tally(params: TerminalParams) -> NDArray[np.int64]:
    quota = params.conpas.quota or Quota()
    yards = list(params.holding_yards.values())
    out = new_tally(truck.FIRST_YARD + 2 * len(yards))
    out[[truck.ROAD_HEAD, truck.ROAD_TAIL]] = -1
    out[truck.SUSPEND] = params.at_closure == "suspend"
    out[truck.IN_LANE_TROUBLE] = bool(params.trouble and params.trouble.at != "own_lane")
    out[truck.TROUBLE_LANES] = bool(params.trouble and params.trouble.at == "gate_lane")
    out[truck.OVERSIZE_LANES] = params.has_oversize_lanes
    out[truck.OWN_LINES] = params.queues == "own"
    out[truck.JOCKEY] = params.jockey_difference if params.queues == "own" and params.jockeying else 0
    out[truck.EARLY] = EARLY_CODES[quota.early]
    out[truck.LATE] = LATE_CODES[quota.late_goes_to]
    out[truck.RESERVED] = params.conpas.reserved_lane
    out[truck.HAS_YARD] = bool(params.yard)
    out[truck.HAS_OUT_GATE] = bool(params.out_gate)
    out[truck.FLUSH] = params.last_truck_rule == "close_at_once"
    out[truck.YARDS] = len(yards)
    # Without bounds, until a road says that it keeps trucks back on its links.
    out[truck.KERB] = np.iinfo(np.int32).max
    out[truck.FIRST_YARD + 1 :: 2] = [yard.spaces for yard in yards]
    return out
