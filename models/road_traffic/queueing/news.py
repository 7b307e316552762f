"""What drivers without a path learn on the way: times over links, waits by turn, and the times to go that follow."""

from __future__ import annotations

import numpy as np

from twin.arrays import Floats, Ints
from twin.engine.draws import make_stream
from twin.models.road_traffic.queueing import choice_kernels
from twin.models.road_traffic.queueing.arrays import TREE_STATE, Road, Trees, Vehicles, records


def no_trees() -> Trees:
    """For vehicles that all have paths."""
    return new_trees(np.empty(0, np.int32), 0, by_turn=False, weight=1.0, spread=0.0, redraw_after_s=np.inf, seed=0)


def new_trees(
    nodes: Ints, places: int, *, by_turn: bool, weight: float, spread: float, redraw_after_s: float, seed: int
) -> Trees:
    """Times to go towards some nodes, none known yet."""
    now = records(1, TREE_STATE)
    now["weight"], now["spread"], now["redraw_after_s"] = weight, spread, redraw_after_s
    now["stream"], now["by_turn"] = make_stream(seed, "road.route"), by_turn
    return Trees(nodes, np.full((len(nodes), places), np.inf), now)


def turns_matter(road: Road, banned: bool) -> bool:
    """Whether what follows depends on the link driven: some turns are banned, or have queues of their own."""
    return banned or bool((road.links["queue_count"] > 1).any() or (road.moves["pocket"] >= 0).any())


class News:
    """Measure links and turns, and tell those who find their own way.

    A link takes its free-flow time and the mean wait for green of a lone arrival (Webster 1958), or as long as those on
    it need to leave at the pace of its exit: seconds per car unit over the last period if somebody waited at both
    its ends, else as the stop line lets them go. Where turns part before the stop line, each queue is measured so.
    What is known moves towards what is measured by the weight of news.

    Parameters
    ----------
    road, trees
        Of the loading; paces, links' times and times to go are written there.
    """

    def __init__(self, road: Road, trees: Trees) -> None:
        self._road, self._trees = road, trees
        links, lines, groups = road.links, road.lines, len(road.lines)
        self._links_of_queue = road.queues["link"][:groups]
        self._left = np.zeros(groups)
        self._stood = np.zeros(groups, np.bool_)
        self._at_s = -np.inf
        has_light = lines["cycle_s"] > 0
        cycle_s = np.where(has_light, lines["cycle_s"], 1.0)
        green_s = np.where(has_light, lines["green_s"], 1.0)
        self._red_s = np.where(has_light, (cycle_s - green_s) ** 2 / (2 * cycle_s), 0.0)
        self._green_share = green_s / cycle_s
        self._known: tuple[Floats, Floats] | None = None
        self._is_single = links["queue_count"] == 1
        m, by_turn = len(links), bool(trees.now["by_turn"][0])
        turns = np.arange(len(road.moves) - m)
        if by_turn:
            link_of = np.repeat(np.arange(m), links["move_end"] - links["move_start"])
            into, before = road.moves["to_link"][turns], link_of
            ends = [np.flatnonzero(links["to_node"] == node) for node in trees.node]
        else:
            turns = np.arange(m)  # states are nodes, arcs the links
            into, before = links["to_node"], links["from_node"]
            ends = [np.array([node]) for node in trees.node]
        # Backwards from the state that an arc leads into.
        order = np.argsort(into, kind="stable")
        states = trees.to_go_s.shape[1]
        self._arc = turns[order]
        self._ptr = np.concatenate([[0], np.cumsum(np.bincount(into, minlength=states))])
        self._before = before[order].astype(np.int32)
        self._ends_ptr = np.concatenate([[0], np.cumsum([len(end) for end in ends])]).astype(np.int64)
        self._ends = np.concatenate([np.empty(0, np.int64), *ends]).astype(np.int32)
        self._heap, self._place = np.empty(states, np.int32), np.empty(states, np.int32)

    def update(self, cars: Vehicles) -> None:
        """Measure at this moment, and work out the times to go."""
        road, trees = self._road, self._trees
        links, now_s = road.links, float(road.time_s[0])
        queue_wait_s, pace_s = self._measure(cars, now_s)
        free_s = links["length_m"] / links["speed_mps"]
        single = self._is_single
        first = links["queue"]
        units = links["in_units"] - links["out_units"]
        links["free_s"] = free_s + np.where(single, self._red_s[first], 0.0)
        links["pace_s"] = np.where(single, pace_s[first], links["lane_headway_s"])
        links["clear_s"] = now_s + np.where(single, units, 0.0) * links["pace_s"]
        link_s = np.maximum(links["free_s"], np.where(single, (units + 1.0) * links["pace_s"], 0.0))
        moves = road.moves[: len(road.moves) - len(links)]
        turn_s = np.zeros(len(moves))
        if trees.now["by_turn"][0]:
            queue = np.where(moves["pocket"] >= 0, moves["pocket"], moves["queue"])
            parts = (moves["pocket"] >= 0) | ~single[self._links_of_queue[queue]]
            turn_s = np.where(parts, queue_wait_s[queue], 0.0)
        if self._known is not None:
            weight = float(trees.now["weight"][0])
            link_s = self._known[0] + weight * (link_s - self._known[0])
            turn_s = self._known[1] + weight * (turn_s - self._known[1])
        self._known = link_s, turn_s
        links["news_s"], moves["turn_s"] = link_s, turn_s
        open_s = np.where(links["entry_open"] == 0, np.inf, link_s)
        arc_s = turn_s + open_s[moves["to_link"]] if trees.now["by_turn"][0] else open_s
        choice_kernels.least_times(
            self._ptr,
            self._before,
            arc_s[self._arc],
            self._ends_ptr,
            self._ends,
            trees.to_go_s,
            self._heap,
            self._place,
        )

    def _measure(self, cars: Vehicles, now_s: float) -> tuple[Floats, Floats]:
        """Wait in each queue with a stop line, and seconds per car unit through it."""
        road, groups = self._road, len(self._left)
        waiting = np.zeros(groups)
        choice_kernels.count_waiting(road, cars, now_s, waiting)
        fastest_s = road.lines["headway_s"] / self._green_share
        left = road.queues["left_units"][:groups]
        pace_s = fastest_s
        if np.isfinite(self._at_s):
            # A pace is known where somebody waited all the time; before, nobody came who could have left.
            measured_s = (now_s - self._at_s) / np.maximum(left - self._left, 1.0)
            stood = (waiting > 0) & self._stood
            pace_s = np.where(stood, np.maximum(measured_s, fastest_s), fastest_s)
        self._left, self._at_s, self._stood = left.copy(), now_s, waiting > 0
        return np.asarray(self._red_s + waiting * pace_s), pace_s
