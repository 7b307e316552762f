"""Walking around: visitors enter at station exits, choose places and lengths of stay, walk there, and leave."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256

import numpy as np

from twin.boards import WALK_LIGHTS
from twin.city.city import City
from twin.city.lights.plans import CityLights, PlanRules, WalkLights
from twin.engine.ledger import Account
from twin.engine.sim_model import InputTables, Stage, State, Tables
from twin.models.pedestrian.agents import CirculationObserver, CrossingLights, WalkerView, view_walker
from twin.models.pedestrian.choice.behaviour import Behaviour, make_laws
from twin.models.pedestrian.choice.programs import check_size, solve_plans
from twin.models.pedestrian.demand.more_exits import with_more_exits
from twin.models.pedestrian.demand.places import read_exits, read_stay_places
from twin.models.pedestrian.demand.shares import exit_shares
from twin.models.pedestrian.demand.visitors import make_arrivals
from twin.models.pedestrian.feedback import Expected, Settled, settle
from twin.models.pedestrian.forms import Form, MakeForm, make_form
from twin.models.pedestrian.measures import told_places, with_life
from twin.models.pedestrian.movement.rows import Plans, Rows
from twin.models.pedestrian.params import PedestrianParams
from twin.models.pedestrian.records import PERIOD_S, Records, Unrecorded

#: After the clock's end the last who came leave within the longest budget, and a margin for crowds.
_LAST_LEAVE_S = 13 * 3600.0


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
    form
        Makes what moves people; over the network of pavements by default.

    Raises
    ------
    CityError
        If the walk layer has fewer than two exits, or a place has a wrong attribute.
    """

    def __init__(self, params: PedestrianParams, city: City, tables: InputTables, form: MakeForm = make_form) -> None:
        city = with_more_exits(city, params.more_exits)
        self._params, self._city, self._tables, self._make_form = params, city, tables, form
        self._exits = read_exits(city, params.district)
        mapped = read_stay_places(city, params.district, params.choice.stay_places_most)
        self._stays = with_life(city, mapped)
        self.shares = exit_shares(params, self._exits, mapped, city.walk)
        self._told = told_places(city, self._stays, params.choice)

    @property
    def form(self) -> Form:
        """What moves people, with those inside who came before the clock starts."""
        self._make_ready()
        return self._form

    @property
    def plans(self) -> Plans:
        """What going from place to place is worth."""
        self._make_ready()
        return self._plans

    def _solved(self, lights: WalkLights, clock_s: tuple[float, float], expected: Expected | None) -> Plans:
        """What going from place to place is worth; the same for every replication under the same lights."""
        seen = sha256(lights.as_rows().tobytes()).hexdigest()
        key = f"pedestrian.plans/{self._form.name}/{self._params.model_dump_json()}/{seen}/{clock_s}"
        kept = self._city.worked_out if expected is None else {}
        if key not in kept:
            kept[key] = solve_plans(
                self._params,
                self._exits,
                self._stays,
                self._form.legs,
                clock_s=clock_s,
                admitted=expected.admitted if expected else None,
                local=self._told,
            )
        found: Plans = kept[key]
        return found

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
        """Find the ways under the lights that the road runs, find out who comes, and who is inside already."""
        self._lights_seen = self._lights_of(stage)
        self._channels = stage.channels
        self._lights_since_s = self._lit_since(stage.start_s)
        self._stage = stage
        self._records = Records(self._params, self._city.walk, self._exits.id, self._stays.id, self._stays.seats)
        self._form = self._make_form(self._params, self._city, self._exits, self._stays, self._lights_seen)
        self.arrivals = make_arrivals(
            self._params, self._exits, self.shares, self._city, self._tables, stage.run_seed, stage.start_s, stage.end_s
        )
        self._laws = make_laws(self._params, stage)
        check_size(self._params, self._exits, self._stays, self._form.legs, (stage.start_s, stage.end_s))
        self._notes = [*_notes(self._params), *self._form.notes]
        # All that can be refused is known. Solving plans and walking beforehand wait until somebody asks or walks: a
        # check only begins.
        self._is_ready = False
        self._now_s = float(stage.start_s)
        self._period_s = math.floor(stage.start_s / PERIOD_S) * PERIOD_S
        self.lights = CrossingLights(stage.city_model, self._form.lights)
        self.observer = CirculationObserver(stage.city_model, lambda: self.form.walkers())

    def _make_ready(self) -> None:
        """Plan the day, with the crowding that it meets if that is fed back, and walk those who came before it."""
        if self._is_ready:
            return
        self._is_ready = True
        if self._params.feedback.rounds == 0:
            self._set_out(self._records, None)
            return
        settled = self._settle(self._stage)
        self._set_out(self._records, settled.expected)
        self._notes.append(_settled_note(settled, self._params.feedback.residual))
        self._records.feedback(settled.residuals)

    def _set_out(self, records: Records, expected: Expected | None) -> None:
        """Make the plans, and walk those who came before the clock starts."""
        stage = self._stage
        if expected is not None:
            make = partial(self._make_form, slower=expected.slower)
            self._form = make(self._params, self._city, self._exits, self._stays, self._lights_seen)
        self._plans = self._solved(self._lights_seen, (stage.start_s, stage.end_s), expected)
        began_s = max(stage.start_s - self._params.inside.warm_up_s, 0.0)
        self._form.begin(Behaviour(self._plans, self._laws), self.arrivals, records, began_s)
        if began_s < stage.start_s:
            # Who came before is walked first, so that workers and shoppers are inside when the clock starts.
            self._form.advance(float(np.nextafter(stage.start_s, -np.inf)))
            self._form.start_counting(stage.start_s)
            records.drain()

    def _settle(self, stage: Stage) -> Settled:
        """Walk the day beforehand until people meet the times they planned with; once per seed and lights."""
        seen = sha256(self._lights_seen.as_rows().tobytes()).hexdigest()
        clock = f"{stage.start_s}/{stage.end_s}/{int(stage.run_seed)}"
        key = f"pedestrian.feedback/{self._params.model_dump_json()}/{seen}/{clock}"
        kept = self._city.worked_out
        if key not in kept:
            quiet = Unrecorded(self._params, self._city.walk, self._exits.id, self._stays.id)

            def walk_day(expected: Expected) -> Rows:
                self._set_out(quiet, expected)
                self._form.advance(stage.end_s + _LAST_LEAVE_S)
                return self._form.spaces(stage.end_s + _LAST_LEAVE_S + 1.0)

            kept[key] = settle(walk_day, self._city.walk.link_count, len(self._stays.id), self._params.feedback)
        found: Settled = kept[key]
        return found

    def advance(self, until_s: float) -> None:
        """Let everybody walk up to an instant; on the way periods of the tables close, and lights change plans."""
        self._make_ready()
        since_s = self._lit_since(until_s)
        if since_s > self._lights_since_s:
            self._walk_to(float(np.nextafter(since_s, -np.inf)))
            self._follow_lights(since_s)
        self._walk_to(until_s)
        self._now_s = until_s

    def _lit_since(self, at_s: float) -> float:
        """From when the lights of the road that stand at a moment have held; -inf without a road."""
        known = self._channels.has_board(WALK_LIGHTS.name)
        return self._channels.board_since_s(WALK_LIGHTS.name, at_s) if known else -np.inf

    def _follow_lights(self, at_s: float) -> None:
        rows = np.asarray(self._channels.board(WALK_LIGHTS.name, at_s), np.float64)
        self.form.relight(WalkLights(*rows), at_s)
        self.lights.follow(self.form.lights)
        self._lights_since_s = at_s

    def _walk_to(self, until_s: float) -> None:
        while self._period_s + PERIOD_S <= until_s:
            end_s = self._period_s + PERIOD_S
            # What happens at the very end of a period belongs to the next one.
            self.form.advance(float(np.nextafter(end_s, -np.inf)))
            self._records.period(self.form.spaces(end_s), self._period_s)
            self._period_s = end_s
        self.form.advance(until_s)

    def accounts(self) -> Sequence[Account]:
        """Walkers who entered, are inside, and left."""
        return (self.form.heads().account(),)

    def is_empty(self) -> bool:
        """Whether nobody is inside and nobody is still to come."""
        return self.form.is_empty()

    def view(self, walker_id: int) -> WalkerView | None:
        """Look at one walker; None if it is not inside."""
        return view_walker(self.form.walkers(), walker_id, self._now_s)

    def finish(self) -> None:
        """Close the period under way, and count everybody."""
        self._records.period(self.form.spaces(self._now_s), self._period_s)
        self._records.close(self.form.heads().account())

    def drain_tables(self) -> Tables:
        """Finished rows since the last call."""
        self.form.hand_over()
        return self._records.drain()

    def state(self) -> State:
        """Everybody inside by id, the counters, and rows not yet drained."""
        self._make_ready()
        self.form.hand_over()
        times_s = np.array([self._now_s, self._period_s])
        return {**self.form.state(), "times_s": times_s, **self._records.state()}

    def restore(self, state: State, forked_at_s: float | None = None) -> None:
        """Put everybody back; in a fork, who comes later follows the new parameters, and so do the lights."""
        self._make_ready()
        self._now_s, self._period_s = (float(t) for t in state["times_s"])
        since_s = self._lit_since(self._now_s)
        if since_s > self._lights_since_s and forked_at_s is None:
            self._follow_lights(since_s)
        self.form.restore(state, self._now_s, forked_at_s)
        self._records.restore(state)


def _settled_note(settled: Settled, wanted: float) -> str:
    days, last = len(settled.residuals), settled.residuals[-1]
    verdict = "settled" if last < wanted else f"NOT settled, {100 * wanted:g} % were wanted"
    return (
        f"plans know the crowding of the day: walked {days} times beforehand, planned and met times differ by "
        f"{100 * last:.2f} % of the time walked ({verdict})"
    )


def _notes(params: PedestrianParams) -> list[str]:
    if params.sample_share == 1:
        return []
    people = params.people_per_walker
    sample = f"{100 * params.sample_share:g} % of the visitors are walked: each walker stands for {people:g} people"
    return [f"{sample} in counts, densities and crowding"]
