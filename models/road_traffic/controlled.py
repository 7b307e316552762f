"""Lights under their controllers: who is hired for which junction, when they are asked, and what they have set."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.boards import WALK_LIGHTS
from twin.city.city import SIGNALISED, City
from twin.city.lights.plans import CityLights, Window
from twin.engine.channels import Channels
from twin.engine.clock import clock_text
from twin.engine.sim_model import Stage, State
from twin.errors import EngineError, ScenarioError
from twin.models.road_traffic.agents import Approach, Plan, SignalController, SignalLook, queue_of
from twin.models.road_traffic.forms import Form
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.queueing.signals import Tables, lights_in_force

PART = "road_traffic.signal_controller"


class ControlledLights:
    """The lights of a city and those who control them.

    Parameters
    ----------
    params, city, tables
        Plans of the scenario.
    stage
        Where controllers are hired.
    form
        How vehicles drive; it is told of other plans.

    Raises
    ------
    ScenarioError
        If a controller wants to be asked during the run, and the form has no queues.
    """

    def __init__(self, params: RoadParams, city: City, tables: Tables, stage: Stage, form: Form) -> None:
        self._city = city
        self._channels: Channels = stage.channels
        self._lights, windows = lights_in_force(params, city, tables)
        self.controllers = _hire(stage, self._lights, city, windows)
        self._running: dict[Approach, Window] = windows
        self._start_s = stage.start_s
        self._reviewed = tuple(c for c in self.controllers if c.review_every_s is not None)
        for controller in self._reviewed:
            _check_interval(controller, params.form)
        self._ask(self.controllers, stage.start_s, form)
        self._publish(stage.start_s)
        self.next_s = self._find_next_s(stage.start_s)

    def review(self, at_s: float, form: Form) -> bool:
        """Ask those who are due at a moment that has been reached; whether any light goes over to another plan."""
        due = [c for c in self._reviewed if self._next_of(c, np.nextafter(at_s, -np.inf)) == at_s]
        switched = self._ask(due, at_s, form)
        if switched:
            self._publish(at_s)
        self.next_s = self._find_next_s(at_s)
        return switched

    def state(self) -> State:
        """Plans that run, where they may change."""
        if not self._reviewed:
            return {}
        rows = [(link, -1 if to is None else to, *window) for (link, to), window in self._running.items()]
        return {"plans": np.array(rows, np.float64).reshape(-1, 5)}

    def restore(self, state: State, reached_s: float) -> None:
        """Put them back; the form has its own."""
        if "plans" in state and self._reviewed:
            self._running = {
                (int(link), None if to < 0 else int(to)): Window(float(cycle_s), float(green_s), float(offset_s))
                for link, to, cycle_s, green_s, offset_s in state["plans"].tolist()
            }
        self.next_s = self._find_next_s(reached_s)

    def _next_of(self, controller: SignalController, after_s: float) -> float:
        every_s = float(controller.review_every_s or np.inf)
        return self._start_s + (np.floor((after_s - self._start_s) / every_s) + 1) * every_s

    def _find_next_s(self, after_s: float) -> float:
        return min((self._next_of(c, after_s) for c in self._reviewed), default=np.inf)

    def _ask(self, controllers: tuple[SignalController, ...] | list[SignalController], at_s: float, form: Form) -> bool:
        """Whether any plan has changed."""
        if all(type(c).plan is SignalController.plan for c in controllers):
            return False
        queue_m = form.queue_m()
        changed: dict[Approach, Window] = {}
        for controller in controllers:
            running = {approach: self._running[approach] for approach in controller.approaches}
            look = SignalLook(at_s, running, queue_of(controller.approaches, queue_m))
            wanted = controller.plan(look)
            _check_plan(controller, wanted, at_s)
            changed.update((a, Window(*w)) for a, w in wanted.items() if tuple(w) != tuple(running[a]))
        if changed:
            self._running.update(changed)
            form.switch(changed, at_s)
        return bool(changed)

    def _publish(self, at_s: float) -> None:
        """What is left to walkers; nothing where the map has no crossing with lights."""
        if np.any(self._city.walk.flags & SIGNALISED):
            windows: dict[int, list[Window]] = {}
            for (link, _), window in self._running.items():
                windows.setdefault(link, []).append(window)
            self._channels.publish(WALK_LIGHTS.name, self._lights.walk_lights(windows).as_rows(), at_s)


def _hire(
    stage: Stage, lights: CityLights, city: City, windows: Mapping[Approach, Window]
) -> tuple[SignalController, ...]:
    """One controller per junction with lights, in the order of junctions; then one per other node with a plan."""
    drive = city.drive
    by_link: dict[int, list[Approach]] = {}
    for approach in windows:
        by_link.setdefault(approach[0], []).append(approach)
    out = []
    for links in lights.junctions.groups():
        mine = [approach for link in links.tolist() for approach in by_link.pop(link, ())]
        if mine:
            node = int(drive.link_to[mine[0][0]])
            out.append(stage.cast.hire(PART, SignalController, stage.city_model, node, mine))
    alone: dict[int, list[Approach]] = {}
    for link, mine in by_link.items():
        alone.setdefault(int(drive.link_to[link]), []).extend(mine)
    out += [stage.cast.hire(PART, SignalController, stage.city_model, node, mine) for node, mine in alone.items()]
    return tuple(out)


def _check_interval(controller: SignalController, form: str) -> None:
    what = f"the signal controller {type(controller).__name__}"
    if not controller.review_every_s or not controller.review_every_s > 0:
        raise ScenarioError(
            f"{what} asks to be reviewed every {controller.review_every_s} s",
            where=PART,
            mend="set review_every_s to seconds above 0, or to None",
        )
    if form != "queueing":
        raise ScenarioError(
            f"{what} looks at queues during the run, and the form {form} has none",
            where="road_traffic.form",
            mend="set road_traffic.form to queueing, or review_every_s to None for a plan that holds all day",
        )


def _check_plan(controller: SignalController, wanted: Plan, at_s: float) -> None:
    for approach, window in wanted.items():
        fault = ""
        cycle_s, green_s, offset_s = window
        if approach not in controller.approaches:
            fault = f"gives green to {approach}, which is no approach of its junction"
        elif not (np.isfinite(offset_s) and 0 < cycle_s < np.inf and 0 < green_s <= cycle_s):
            fault = f"gives {approach} green for {green_s:g} s of a cycle of {cycle_s:g} s, offset {offset_s:g} s"
        if fault:
            raise EngineError(
                f"the signal controller {type(controller).__name__} at node {controller.node} {fault}",
                where=f"road_traffic, {clock_text(at_s)}",
                mend="let plan return Window(cycle_s, green_s, offset_s) with 0 < green <= cycle for its approaches",
            )
