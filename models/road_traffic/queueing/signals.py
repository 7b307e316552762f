"""Signal plans of a city's streets: the default, those of a table, those of edits; and what walkers see of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City, StreetLayer
from twin.city.lights.plans import CityLights, PlanRules, Window, street_index
from twin.errors import Problem, TableError
from twin.models.road_traffic.params import RoadParams

Tables = Mapping[str, Mapping[str, NDArray[np.generic]]]


class TakesSignals(Protocol):
    """Whatever stops vehicles at the ends of links: the queueing network, and the lights of free flow."""

    def add_signal(
        self, link: int, *, cycle_s: float, green_s: float, offset_s: float = 0.0, to_link: int | None = None
    ) -> None:
        """Put a fixed-time signal at the end of a link; green holds over [offset, offset + green) in every cycle."""
        ...


class _Light(NamedTuple):
    """Green at the end of a link, or of its queue towards ``to_link``."""

    link: int
    to_link: int | None
    window: Window


def add_signals(params: RoadParams, city: City, network: TakesSignals, tables: Tables) -> None:
    """Give the lights of the map their plans; those of the table replace the default, those of edits replace both.

    Lights stand where one enters a junction; its inner links are free.
    """
    for link, to_link, window in _lights(params, city, CityLights(city, rules_of(params)), tables):
        network.add_signal(
            link, cycle_s=window.cycle_s, green_s=window.green_s, offset_s=window.offset_s, to_link=to_link
        )


def lights_in_force(
    params: RoadParams, city: City, tables: Tables
) -> tuple[CityLights, dict[tuple[int, int | None], Window]]:
    """The junctions of a city, and the green of every light: (link, link of the movement or None) -> green."""
    lights = CityLights(city, rules_of(params))
    return lights, {(link, to_link): window for link, to_link, window in _lights(params, city, lights, tables)}


def rules_of(params: RoadParams) -> PlanRules:
    """How lights run that have no plan of their own."""
    signals = params.signals
    return PlanRules(
        cycle_s=signals.cycle_s,
        lost_time_s=signals.lost_time_s,
        crossing_green=signals.crossing_green,
        coordinated=signals.coordinated,
        junction_m=signals.junction_m,
        car_mps=params.class_speeds.car_mps,
        walk_speed_mps=signals.walk_speed_mps,
        street_cycles=signals.street_cycles,
    )


def _lights(params: RoadParams, city: City, lights: CityLights, tables: Tables) -> Iterator[_Light]:
    """Every light; a later one replaces an earlier one of the same link and movement."""
    if params.signals.default_plan:
        yield from (_Light(link, None, window) for link, window in lights.default_plans().items())
    if params.signals.table:
        yield from _lights_of_table(params.signals.table, city.drive, lights, tables)
    for plan in lights.edited_plans():
        yield from (_Light(link, None, window) for link, window in plan.items())


def _lights_of_table(name: str, drive: StreetLayer, lights: CityLights, tables: Tables) -> list[_Light]:
    """Plans of the scenario: one row per signal and street that leads to it; a later row replaces an earlier one.

    With ``to_street`` a row is the plan of the movements towards that street alone.
    """
    where = f"road_traffic.signals.table {name!r}"
    table = tables.get(name, {})
    missing = [c for c in ("node_id", "street", "cycle_s", "green_s", "offset_s") if c not in table]
    if missing:
        raise TableError(
            f"the table of signals has no column {', '.join(missing)}" if table else f"there is no table {name!r}",
            where=where,
            mend="columns node_id, street, cycle_s, green_s, offset_s, and to_street for single movements",
        )
    node_of = {int(node_id): node for node, node_id in enumerate(drive.node_id.tolist())}
    words = {c: np.asarray(table[c]).astype(str).tolist() for c in ("street", "to_street") if c in table}
    towards = words.get("to_street", [""] * len(words["street"]))
    plans = zip(*(np.asarray(table[c], np.float64).tolist() for c in ("cycle_s", "green_s", "offset_s")), strict=True)
    problems: list[Problem] = []
    found: list[_Light] = []
    for row, (node_id, street, to_street, (cycle_s, green_s, offset_s)) in enumerate(
        zip(np.asarray(table["node_id"]).astype(np.int64).tolist(), words["street"], towards, plans, strict=True)
    ):
        links = lights.approaches(node_of.get(node_id, -1))
        if street:
            links = links[drive.name_index[links] == street_index(drive, street)]
        fault = ""
        ends: list[tuple[int, int | None]] = [(link, None) for link in links.tolist()]
        if not ends:
            fault = f"no street {street!r} leads to a node {node_id}"
        elif not (np.isfinite(offset_s) and cycle_s > 0 and 0 < green_s <= cycle_s):
            fault = (
                f"a signal needs 0 < green <= cycle, got green {green_s:g} s of {cycle_s:g} s, offset {offset_s:g} s"
            )
        elif to_street:
            ends = [
                (link, to)
                for link in links.tolist()
                for to in turns_apart(drive, link)
                if drive.name_index[to] == street_index(drive, to_street)
            ]
            if not ends:
                fault = (
                    f"no approach {street!r} of node {node_id} has a queue of its own towards {to_street!r}: "
                    "only those of two lanes or more with several ways on have"
                )
        if fault:
            problems.append(Problem(fault, f"{where}, row {row + 1}"))
            continue
        found += [_Light(link, to_link, Window(cycle_s, green_s, offset_s)) for link, to_link in ends]
    if problems:
        raise TableError.of(problems, where)
    return found


def turns_apart(drive: StreetLayer, link: int) -> list[int]:
    """Links onward from a link for each of which it has a queue of its own; none from a single lane or one way on."""
    node = int(drive.link_to[link])
    onward = list(range(int(drive.out_ptr[node]), int(drive.out_ptr[node + 1])))
    return onward if drive.free_speed_mps[link] > 0 and drive.lanes[link] >= 2 and len(onward) >= 2 else []
