"""Walking around: visitors enter at station exits, choose places and lengths of stay, walk there, and leave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from twin.boards import WALK_LIGHTS
from twin.city.city import SIGNALISED, City
from twin.city.lights.plans import CityLights, PlanRules, WalkLights
from twin.engine.draws import lognormal_law, make_stream
from twin.engine.event_queue import Heap, new_heap
from twin.engine.growing import GrowingTables
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.models.pedestrian.agents import CirculationObserver, CrossingLights, WalkerView, view_walker
from twin.models.pedestrian.choice.programs import BUDGET_LEAST_S, BUDGET_MOST_S, program_nodes, solve_plans
from twin.models.pedestrian.demand.places import read_exits, read_stay_places
from twin.models.pedestrian.demand.visitors import after, make_arrivals
from twin.models.pedestrian.movement import kernels
from twin.models.pedestrian.movement.rows import (
    CLASS_LAW,
    CURSOR,
    ENTERED,
    GREEN,
    LEFT,
    LINK,
    MOVE,
    MOVES,
    PLACE,
    REFUSED,
    SPACE,
    VISIT,
    VISITS,
    WALKER,
    Buffers,
    Laws,
    World,
    new_rows,
    rows_of,
)
from twin.models.pedestrian.movement.streets import Legs, Streets, find_legs, frontage_links, read_streets
from twin.models.pedestrian.params import PedestrianParams
from twin.models.pedestrian.records import (
    PERIOD_S,
    people_columns,
    period_columns,
    shares_along,
    trace_columns,
    visit_columns,
)

Columns = Mapping[str, NDArray[np.generic]]

REFUSED_REASON = "refused: no feasible path"
_FIRST_SLOTS = 1024
_BUFFER_ROWS = 8192
_SPEED_LEAST_MPS, _SPEED_MOST_MPS = 0.5, 2.2


class Pedestrian:
    """The model of walkers; see the README beside this file.

    Parameters
    ----------
    params
        How many come, how they walk and choose.
    city
        Its walk layer, exits and points of interest.
    tables
        Tables of the scenario.

    Raises
    ------
    CityError
        If the walk layer has fewer than two exits, or a place has a wrong attribute.
    """

    def __init__(self, params: PedestrianParams, city: City, tables: Mapping[str, Columns]) -> None:
        self._params, self._city, self._tables = params, city, tables
        self._exits = read_exits(city, params.district)
        self._stays = read_stay_places(city, params.district, params.choice.stay_places_most)
        self._share_along = shares_along(city.walk)
        self._finished = GrowingTables()

    def _find_ways(self) -> None:
        """Ways between places and the value of going them; the same for every replication under the same lights."""
        lights = self._lights.as_rows()
        key = f"pedestrian.ways/{self._params.model_dump_json()}/{sha256(lights.tobytes()).hexdigest()}"
        kept = self._city.worked_out
        if key not in kept:
            streets = read_streets(self._city.walk, self._params, lights)
            nodes = program_nodes(self._exits, self._stays)
            legs = find_legs(self._city.walk, streets, nodes)
            plans = solve_plans(self._params, self._exits, self._stays, legs)
            kept[key] = plans, _make_world(self._city, self._params, streets, legs, nodes, len(self._exits.id))
        self._plans, self._world = kept[key]

    def _lights_of(self, stage: Stage) -> WalkLights:
        """What walkers see of the lights: those of the road model, or the same default plan without one."""
        if stage.channels.has_board(WALK_LIGHTS.name):
            rows = np.asarray(stage.channels.board(WALK_LIGHTS.name, stage.start_s), np.float64)
            return WalkLights(*rows)
        key = f"pedestrian.lights/{self._params.crossings.model_dump_json()}"
        kept = self._city.worked_out
        if key not in kept:
            own = self._params.crossings
            lights = CityLights(self._city, PlanRules(cycle_s=own.cycle_s, walk_speed_mps=own.design_speed_mps))
            kept[key] = lights.walk_lights({link: (window,) for link, window in lights.plans().items()})
        found: WalkLights = kept[key]
        return found

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the results should know of who walks and of the lights; stands in the manifest."""
        return self._notes

    @property
    def name(self) -> str:
        """``pedestrian``."""
        return "pedestrian"

    @classmethod
    def build(cls, params: PedestrianParams, city: City, tables: InputTables) -> Pedestrian:
        """Make the model of one run; arguments as of the class."""
        return cls(params, city, tables)

    @staticmethod
    def heeds(params: PedestrianParams) -> frozenset[str]:  # noqa: ARG004  (the protocol's)
        """No edits beside the arrays: nobody drives in it."""
        return frozenset()

    @property
    def leads_s(self) -> Mapping[str, float]:
        """Nothing is sent to earlier models."""
        return {}

    def begin(self, stage: Stage) -> None:
        """Find the ways under the lights that the road runs, find out who comes, and start with nobody inside."""
        self._stage = stage
        self._lights = self._lights_of(stage)
        self._find_ways()
        self._notes = _notes(self._city, self._params, self._lights)
        self._laws = _make_laws(self._params, stage)
        self._arrivals = make_arrivals(
            self._params, self._exits, self._city, self._tables, stage.run_seed, stage.start_s, stage.end_s
        )
        self._counts = np.zeros(6, np.int64)
        self._spaces = new_rows(SPACE, len(self._world.links))
        self._spaces.last_s = stage.start_s
        self._buffers = Buffers(new_rows(VISIT, _BUFFER_ROWS), new_rows(MOVE, _BUFFER_ROWS))
        self._now_s = float(stage.start_s)
        self._period_s = math.floor(stage.start_s / PERIOD_S) * PERIOD_S
        self.lights = CrossingLights(stage.city_model, self._world)
        self.observer = CirculationObserver(stage.city_model, new_rows(WALKER, 0))
        self._set_slots(_FIRST_SLOTS)

    def advance(self, until_s: float) -> None:
        """Let everybody walk up to an instant; periods of the tables close on the way."""
        while self._period_s + PERIOD_S <= until_s:
            end_s = self._period_s + PERIOD_S
            # What happens at the very end of a period belongs to the next one.
            self._run(float(np.nextafter(end_s, -np.inf)))
            self._close_period(end_s)
            self._period_s = end_s
        self._run(until_s)
        self._now_s = until_s

    def accounts(self) -> Sequence[Account]:
        """Walkers who entered, are inside, and left."""
        inside = int(self._free[-1])  # slots in use
        left = {"exit": int(self._counts[LEFT]), REFUSED_REASON: int(self._counts[REFUSED])}
        return (Account("walkers", int(self._counts[ENTERED]), inside, left, body="traveller"),)

    def is_empty(self) -> bool:
        """Whether nobody is inside and nobody is still to come."""
        return self._heap.size[0] == 0 and self._counts[CURSOR] >= len(self._arrivals)

    def view(self, walker_id: int) -> WalkerView | None:
        """Look at one walker; None if it is not inside."""
        return view_walker(self._walkers, walker_id, self._now_s)

    def finish(self) -> None:
        """Close the period under way, and count everybody."""
        self._close_period(self._now_s)
        (account,) = self.accounts()
        self._finished.append("pedestrian_people", people_columns(account, self._params.people_per_walker))

    def drain_tables(self) -> Tables:
        """Finished rows since the last call."""
        self._take_buffers()
        return self._finished.drain()

    def state(self) -> State:
        """Everybody inside by id, the counters, and rows not yet drained."""
        slots = self._slots_by_id()
        self._take_buffers()
        # Rows are copied as plain bytes: numpy would copy records field by field, five times slower.
        raw = self._walkers.view(np.ndarray).view(np.dtype((np.void, WALKER.itemsize)))
        state: State = {
            "walkers": raw[slots].view(WALKER),
            "spaces": self._spaces.copy().view(np.ndarray),
            "counts": self._counts.copy(),
            "times_s": np.array([self._now_s, self._period_s]),
        }
        state.update({f"finished/{key}": values for key, values in self._finished.state().items()})
        return state

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put everybody back; in a fork, who comes later follows the new parameters, and so do the lights."""
        count = len(state["walkers"])
        self._set_slots(max(_FIRST_SLOTS, count))
        self._walkers[:count] = state["walkers"]
        self._spaces[:] = state["spaces"]
        self._counts[:] = state["counts"]
        self._now_s, self._period_s = (float(t) for t in state["times_s"])
        self._counts[CURSOR] = after(self._arrivals, self._now_s)
        if forked_at_s is not None:
            self._wait_anew(forked_at_s)
        self._fill_queue(count)
        self._finished.restore(
            {key.removeprefix("finished/"): values for key, values in state.items() if key.startswith("finished/")}
        )

    def _slots_by_id(self) -> NDArray[np.intp]:
        """Slots of everybody inside, in the order of their ids."""
        slots = np.flatnonzero(np.ascontiguousarray(self._walkers.event))
        return slots[np.argsort(self._walkers.id[slots])]  # ids are unique: any sort gives the same order

    def _wait_anew(self, forked_at_s: float) -> None:
        """Whoever waits at a crossing starts when the new plan lets him, from the fork on."""
        for s in np.flatnonzero(self._walkers.event == GREEN).tolist():
            self._walkers.next_s[s] = forked_at_s + self.lights.wait_s(int(self._walkers.link[s]), forked_at_s)

    def _set_slots(self, capacity: int) -> None:
        """Start with empty slots."""
        self._walkers = new_rows(WALKER, capacity)
        self.observer.walkers = self._walkers
        self._fill_queue(0)

    def _grow_slots(self) -> None:
        """Twice as many slots; called when all are taken."""
        used = self._walkers
        self._walkers = new_rows(WALKER, 2 * len(used))
        self._walkers[: len(used)] = used
        self.observer.walkers = self._walkers
        self._fill_queue(len(used))

    def _fill_queue(self, used: int) -> None:
        """Build the event queue and the list of free slots from rows 0 to ``used``, all of them taken."""
        capacity = len(self._walkers)
        self._free = np.arange(capacity + 1, dtype=np.int64)
        self._free[capacity] = used  # the last element counts the slots in use
        self._heap: Heap = new_heap(capacity)
        kernels.fill_queue(self._walkers, used, self._heap)

    def _run(self, until_s: float) -> None:
        # A look at the two next times spares the kernel's call in quiet steps.
        row = int(self._counts[CURSOR])
        if (self._heap.size[0] == 0 or self._heap.times[0] > until_s) and (
            row >= len(self._arrivals) or self._arrivals.enter_s[row] > until_s
        ):
            return
        while True:
            asks = kernels.run_until(
                until_s,
                self._world,
                self._plans,
                self._laws,
                self._arrivals,
                self._spaces,
                self._walkers,
                self._heap,
                self._free,
                self._buffers,
                self._counts,
            )
            if asks == kernels.NEED_SLOTS:
                self._grow_slots()
            elif asks == kernels.NEED_DRAIN:
                self._take_buffers()
            else:
                return

    def _close_period(self, end_s: float) -> None:
        kernels.close_period(self._world, self._spaces, end_s)
        links, places = period_columns(
            self._spaces, self._city.walk.link_count, self._stays.id, self._period_s, self._params.people_per_walker
        )
        self._finished.append("pedestrian_links", links)
        self._finished.append("pedestrian_stays", places)

    def _take_buffers(self) -> None:
        visits, moves = (int(self._counts[i]) for i in (VISITS, MOVES))
        self._counts[[VISITS, MOVES]] = 0
        if visits:
            self._finished.append(
                "pedestrian_visits",
                visit_columns(
                    self._buffers.visits[:visits],
                    self._exits.id,
                    self._params.circulation_kpi,
                    self._params.people_per_walker,
                ),
            )
        if moves:
            points = trace_columns(self._buffers.moves[:moves], self._city.walk, self._share_along)
            self._finished.append("traces", points)


def _make_world(
    city: City, params: PedestrianParams, streets: Streets, legs: Legs, nodes: NDArray[np.int32], exit_count: int
) -> World:
    links, stays = city.walk.link_count, len(nodes) - 2 * exit_count
    rows = new_rows(LINK, links + stays)
    rows.area_m2 = np.inf  # no place to stay is ever too full
    area_m2 = np.where(frontage_links(city.walk, nodes[2 * exit_count :]), np.inf, streets.area_m2)
    rows.twin = -1
    for name, values in (
        ("length_m", city.walk.length_m),
        ("to", city.walk.link_to),
        ("area_m2", area_m2),
        ("speed_share", streets.speed_share),
        ("cycle_s", streets.cycle_s),
        ("green_s", streets.green_s),
        ("offset_s", streets.offset_s),
        ("twin", streets.twin),
    ):
        rows[name][:links] = values
    places = rows_of(PLACE, node=nodes, route=legs.route)
    places.leaves[exit_count : 2 * exit_count] = True
    places.space = -1
    places.space[2 * exit_count :] = links + np.arange(stays)
    return World(rows, places, legs.next_link, float(params.walk.counterflow_share), params.people_per_walker)


def _notes(city: City, params: PedestrianParams, lights: WalkLights) -> list[str]:
    out = []
    if params.sample_share < 1:
        out.append(
            f"{100 * params.sample_share:g} % of the visitors are walked: each walker stands for "
            f"{params.people_per_walker:g} people in counts, densities and crowding"
        )
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


def _make_laws(params: PedestrianParams, stage: Stage) -> Laws:
    classes = params.classes.in_order()
    sd = params.walk.speed_sd_mps
    rows = new_rows(CLASS_LAW, len(classes))
    for row, c in zip(rows, classes, strict=True):
        mean, spread = lognormal_law(c.budget_mean_s, c.budget_cv)
        row.budget_log_mean, row.budget_log_sd = mean, spread
        row.budget_low = normal_share((math.log(BUDGET_LEAST_S) - mean) / spread)
        row.budget_high = normal_share((math.log(BUDGET_MOST_S) - mean) / spread)
        row.speed_mean_mps = c.walk_speed_mps
        # Without a spread the cut does not matter: everybody walks at the mean.
        row.speed_low = normal_share((_SPEED_LEAST_MPS - c.walk_speed_mps) / sd) if sd > 0 else 0.0
        row.speed_high = normal_share((_SPEED_MOST_MPS - c.walk_speed_mps) / sd) if sd > 0 else 1.0
    place, stay, budget, speed, trace = (
        make_stream(stage.run_seed, f"pedestrian.{purpose}")
        for purpose in ("place", "stay", "budget", "speed", "trace")
    )
    return Laws(place, stay, budget, speed, trace, float(stage.trace_share), float(sd), rows)


def normal_share(z: float) -> float:
    """Share of a standard normal below ``z``."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
