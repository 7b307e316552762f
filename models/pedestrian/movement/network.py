"""The form ``network``: people walk along the links of the walk layer, slower the more are on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from twin.city.city import SIGNALISED, City
from twin.city.lights.plans import WalkLights
from twin.engine.event_queue import Heap, new_heap
from twin.engine.sim_model import State
from twin.models.pedestrian.choice.behaviour import Behaviour
from twin.models.pedestrian.choice.legs import Legs
from twin.models.pedestrian.choice.programs import capacities, program_nodes
from twin.models.pedestrian.demand.places import Exits, StayPlaces
from twin.models.pedestrian.demand.visitors import after
from twin.models.pedestrian.measures import link_life
from twin.models.pedestrian.movement import kernels, room_kernels
from twin.models.pedestrian.movement.closures import CLOSED_COST, read_closures
from twin.models.pedestrian.movement.rows import (
    COUNTS,
    CURSOR,
    ENTERED,
    FORCED,
    GREEN,
    INSIDE,
    LEFT,
    LINE,
    LINK,
    MOVE,
    MOVES,
    PLACE,
    REFUSED,
    SPACE,
    TURNED,
    VISIT,
    VISITS,
    WALKER,
    Buffers,
    Lines,
    Rows,
    World,
    new_rows,
    rows_of,
)
from twin.models.pedestrian.movement.streets import (
    Streets,
    Ways,
    find_legs,
    frontage_links,
    merged_lights,
    read_streets,
)
from twin.models.pedestrian.params import PedestrianParams
from twin.models.pedestrian.records import PERIOD_S, Heads, Records

FIRST_SLOTS = 1024
_BUFFER_ROWS = 8192


class Network:
    """Walkers on links; see :class:`twin.models.pedestrian.forms.Form`.

    Parameters
    ----------
    params, city
        How people walk; the walk layer.
    exits, stays
        Places of the program.
    lights
        What the junctions of the road leave to each walk link.
    slower : (m,) float64, optional
        Time that people expect over each link as a multiple of the free one.
    """

    def __init__(
        self,
        params: PedestrianParams,
        city: City,
        exits: Exits,
        stays: StayPlaces,
        lights: WalkLights,
        slower: NDArray[np.float64] | None = None,
    ) -> None:
        self.notes: Sequence[str] = _notes(city, params, lights)
        self._layer, self._params = city.walk, params
        self._patience_s = params.walk.release_after_s
        rows = lights.as_rows()
        # The same for every replication under the same lights.
        key = f"pedestrian.network/{params.model_dump_json()}/{sha256(rows.tobytes()).hexdigest()}"
        kept = city.worked_out if slower is None else {}
        if key not in kept:
            life = link_life(city, params.choice)
            streets = read_streets(city.walk, params, rows, slower, bonus=life.bonus, closed=life.closed)
            nodes = program_nodes(exits, stays)
            ways = find_legs(city.walk, streets, nodes, way_scale=params.choice.way_scale, link_local=life.local)
            world = make_world(city, params, streets, ways, nodes, len(exits.id))
            world.links.storage[city.walk.link_count :] = capacities(params, stays)
            kept[key] = ways, world, streets, life.local
        self._ways: Ways
        self.world: World
        self._ways, self.world, self._streets, self._local = kept[key]
        self._nodes = program_nodes(exits, stays)
        self._closures = read_closures(city.street_life, city.walk.link_count)
        self._detours: dict[bytes, Ways] = {}
        if len(self._closures.moments_s):
            links = int(self._closures.closed.any(axis=0).sum())
            told = "closed in some hours to those who have another way; people learn of it on the way, and plan without"
            self.notes = [*self.notes, f"{links} walk links are {told}"]

    @property
    def name(self) -> str:
        """``network``."""
        return "network"

    @property
    def legs(self) -> Legs:
        """Ways over the network at the least cost."""
        return self._ways

    @property
    def lights(self) -> WalkLights:
        """Lights of junctions and of crossings that stand alone."""
        links = self.world.links[: self._layer.link_count]
        return WalkLights(links.cycle_s, links.green_s, links.offset_s)

    def begin(self, behaviour: Behaviour, arrivals: Rows, records: Records, start_s: float) -> None:
        """Start with nobody inside."""
        self._plans, self._laws = behaviour
        self.arrivals, self._records = arrivals, records
        self._go_around(start_s)
        self.counts = np.zeros(COUNTS, np.int64)
        self.space_rows = new_rows(SPACE, len(self.world.links))
        self.space_rows.last_s = start_s
        self._buffers = Buffers(new_rows(VISIT, _BUFFER_ROWS), new_rows(MOVE, _BUFFER_ROWS))
        self._set_slots(FIRST_SLOTS)

    def start_counting(self, start_s: float) -> None:
        """Whoever is inside now is so when the clock starts; what was before is no part of the run."""
        self.counts[[ENTERED, LEFT, REFUSED, TURNED, FORCED, VISITS, MOVES]] = 0
        self.counts[ENTERED] = self.counts[INSIDE]
        kernels.close_period(self.world, self.space_rows, start_s)
        for name in ("person_s", "crowded_s", "free_s", "met_s", "entries", "turned"):
            self.space_rows[name][:] = 0
        self.space_rows.occupancy_most[:] = self.space_rows.occupancy
        self.space_rows.minute_most[:] = 0

    def advance(self, until_s: float) -> None:
        """Handle all events up to and including a moment; where links close or open meanwhile, ways change."""
        while (at_s := self._closures.next_after(self._around_s)) <= until_s:
            self._advance(float(np.nextafter(at_s, -np.inf)))
            self._go_around(at_s)
        self._advance(until_s)

    def _go_around(self, at_s: float) -> None:
        """Take the ways of a moment: around what is closed then, for all who have another way."""
        self._around_s = at_s
        closed = self._closures.at(at_s)
        ways = self._ways
        if closed is not None:
            key = np.packbits(closed).tobytes()
            if key not in self._detours:
                cost = np.where(closed, self._streets.cost + CLOSED_COST, self._streets.cost)
                self._detours[key] = find_legs(
                    self._layer,
                    replace(self._streets, cost=cost),
                    self._nodes,
                    way_scale=self._params.choice.way_scale,
                    link_local=self._local,
                )
            ways = self._detours[key]
        self.world = self.world._replace(next_link=ways.next_link, link_share=ways.link_share)

    def _advance(self, until_s: float) -> None:
        # A look at the two next times spares the kernel's call in quiet steps.
        row = int(self.counts[CURSOR])
        if (self._heap.size[0] == 0 or self._heap.times[0] > until_s) and (
            row >= len(self.arrivals) or self.arrivals.enter_s[row] > until_s
        ):
            return
        while True:
            asks = kernels.run_until(
                until_s,
                self.world,
                self._plans,
                self._laws,
                self.arrivals,
                self.space_rows,
                self.lines,
                self.slots,
                self._heap,
                self._free,
                self._buffers,
                self.counts,
            )
            if asks == kernels.NEED_SLOTS:
                self._grow_slots()
            elif asks == kernels.NEED_DRAIN:
                self.hand_over()
            else:
                return

    def relight(self, lights: WalkLights, at_s: float) -> None:  # noqa: ARG002
        """Junctions have other plans; plans of people and ways stay those of the morning."""
        streets_lights = merged_lights(self._layer, self._params, lights.as_rows())
        links = self.world.links.copy()
        for name, values in zip(("cycle_s", "green_s", "offset_s"), streets_lights, strict=True):
            links[name][: self._layer.link_count] = values
        # The world is shared by all runs in this city: this run has its own from now on.
        self.world = self.world._replace(links=links)

    def heads(self) -> Heads:
        """Count everybody."""
        came, left, refused = (int(self.counts[i]) for i in (ENTERED, LEFT, REFUSED))
        return Heads(came, int(self.counts[INSIDE]), left, refused)

    def is_empty(self) -> bool:
        """Whether nobody is inside and nobody is still to come."""
        return bool(self.counts[INSIDE] == 0 and self.counts[CURSOR] >= len(self.arrivals))

    def spaces(self, end_s: float) -> Rows:
        """Counters of links and stay places up to the end of a period, when whoever stood too long is let on."""
        kernels.close_period(self.world, self.space_rows, end_s)
        if self._patience_s > 0 and end_s % PERIOD_S == 0:
            room_kernels.force_in(self.lines, self.slots, self._heap, self.counts, self._patience_s, end_s)
        return self.space_rows

    def walkers(self) -> Rows:
        """Everybody inside, in the order of their ids."""
        taken = np.flatnonzero(np.ascontiguousarray(self.slots.event))
        slots = taken[np.argsort(self.slots.id[taken])]  # ids are unique: any sort gives the same order
        # Rows are copied as plain bytes: numpy would copy records field by field, five times slower.
        raw = self.slots.view(np.ndarray).view(np.dtype((np.void, WALKER.itemsize)))
        return raw[slots].view(WALKER).view(np.recarray)

    def hand_over(self) -> None:
        """Tell observation of finished visits and moves."""
        visits, moves = (int(self.counts[i]) for i in (VISITS, MOVES))
        self.counts[[VISITS, MOVES]] = 0
        if visits:
            self._records.visits(self._buffers.visits[:visits])
        if moves:
            self._records.moves(self._buffers.moves[:moves])

    def state(self) -> State:
        """Everybody inside by id, and the counters."""
        return {
            "walkers": self.walkers().view(np.ndarray),
            "spaces": self.space_rows.copy().view(np.ndarray),
            "counts": self.counts.copy(),
        }

    def restore(self, state: State, now_s: float, forked_at_s: float | None) -> None:
        """Put everybody back; in a fork, whoever waits at a crossing starts when the new plan lets him."""
        count = len(state["walkers"])
        self._set_slots(max(FIRST_SLOTS, count))
        self.slots[:count] = state["walkers"]
        self.space_rows[:] = state["spaces"]
        self.counts[:] = state["counts"]
        self.counts[CURSOR] = after(self.arrivals, now_s)
        self._go_around(now_s)
        if forked_at_s is not None:
            self._wait_anew(forked_at_s)
        self._fill_queue(count)

    def _wait_anew(self, forked_at_s: float) -> None:
        links = self.world.links
        for s in np.flatnonzero(self.slots.event == GREEN).tolist():
            link = int(self.slots.link[s])
            if links.green_s[link] > 0:
                plan = links.cycle_s[link], links.green_s[link], links.offset_s[link]
                self.slots.next_s[s] = forked_at_s + kernels.signal_wait_s(forked_at_s, *plan)
            else:
                self.slots.next_s[s] = forked_at_s

    def _set_slots(self, capacity: int) -> None:
        """Start with empty slots."""
        self.slots = new_rows(WALKER, capacity)
        self._fill_queue(0)

    def _grow_slots(self) -> None:
        """Twice as many slots; called when all are taken."""
        used = self.slots
        self.slots = new_rows(WALKER, 2 * len(used))
        self.slots[: len(used)] = used
        self._fill_queue(len(used))

    def _fill_queue(self, used: int) -> None:
        """Build the event queue and the list of free slots from rows 0 to ``used``, all of them taken."""
        capacity = len(self.slots)
        self._free = np.arange(capacity + 1, dtype=np.int64)
        self._free[capacity] = used
        self._heap: Heap = new_heap(capacity)
        kernels.fill_queue(self.slots, used, self._heap)
        nobody = np.full(len(self.world.links), -1, np.int64)
        self.lines = Lines(nobody, nobody.copy(), np.full(capacity, -1, np.int64), np.zeros(len(nobody), np.int64))
        waiting = np.flatnonzero(self.slots.event[:used] == LINE)
        room_kernels.fill_lines(self.lines, self.slots, waiting[np.argsort(self.slots.turn[waiting])])


def make_world(
    city: City, params: PedestrianParams, streets: Streets, ways: Ways, nodes: NDArray[np.int32], exit_count: int
) -> World:
    """Links with all that the model adds to the map, and the places of the program among them."""
    links, stays = city.walk.link_count, len(nodes) - 2 * exit_count
    rows = new_rows(LINK, links + stays)
    rows.area_m2 = np.inf  # density is asked of links only
    rows.storage = np.inf
    area_m2 = np.where(frontage_links(city.walk, nodes[2 * exit_count :]), np.inf, streets.area_m2)
    rows.twin = -1
    for name, values in (
        ("length_m", city.walk.length_m),
        ("to", city.walk.link_to),
        ("area_m2", area_m2),
        ("storage", area_m2 * params.walk.storage_per_m2 * np.where(streets.twin >= 0, 0.5, 1.0)),
        ("speed_share", streets.speed_share),
        ("cycle_s", streets.cycle_s),
        ("green_s", streets.green_s),
        ("offset_s", streets.offset_s),
        ("twin", streets.twin),
    ):
        rows[name][:links] = values
    places = rows_of(PLACE, node=nodes, route=ways.route)
    places.leaves[exit_count : 2 * exit_count] = True
    places.space = -1
    places.space[2 * exit_count :] = links + np.arange(stays)
    counterflow_share = float(params.walk.counterflow_share)
    return World(
        rows, places, ways.next_link, ways.link_share, city.walk.out_ptr, counterflow_share, params.people_per_walker
    )


def _notes(city: City, params: PedestrianParams, lights: WalkLights) -> list[str]:
    out = []
    lit = (city.walk.flags & SIGNALISED) > 0
    planned = lit & (lights.cycle_s > 0)
    cycles = np.unique(lights.cycle_s[planned])
    if planned.any():
        out.append(
            f"{planned.sum()} of {lit.sum()} crossings with lights, each way counted, run the plan of their "
            f"junction on the road, cycle {' or '.join(f'{c:g}' for c in cycles[:5])} s"
        )
    short = planned & (lights.green_s * params.crossings.design_speed_mps < city.walk.length_m * (1 - 1e-9))
    if short.any():
        out.append(
            f"{short.sum()} of them are green for less than a walker needs to cross at "
            f"{params.crossings.design_speed_mps:g} m/s"
        )
    return out
