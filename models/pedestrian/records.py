"""Observation of walkers: visits, people per link and place and ten minutes, points for pictures, as rows of tables."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.city.city import StreetLayer
from twin.columns import BODIES
from twin.engine.growing import GrowingTables
from twin.engine.ledger import Account
from twin.engine.sim_model import State, Tables
from twin.models.pedestrian.kpis.borders import hull_of
from twin.models.pedestrian.movement.rows import Rows
from twin.models.pedestrian.movement.streets import clear_widths_m
from twin.models.pedestrian.params import CLASSES, CirculationKpi, PedestrianParams

Columns = dict[str, NDArray[np.generic]]

PERIOD_S = 600.0
REFUSED_REASON = "refused: no feasible path"
_WALKER = BODIES.index("walker")


class Heads(NamedTuple):
    """People walked who came, are inside, have left by an exit, and were refused: came = inside + left + refused."""

    came: int
    inside: int
    left: int
    refused: int

    def account(self) -> Account:
        """Their part of the ledger."""
        return Account(
            "walkers", self.came, self.inside, {"exit": self.left, REFUSED_REASON: self.refused}, body="traveller"
        )


class Records:
    """Observation: what a form tells of walkers becomes rows of tables.

    Parameters
    ----------
    params
        How visits are counted, and how many people each walker stands for.
    layer
        The walk layer.
    exit_ids, place_ids
        Ids of exits and of places to stay, in the order of the program.
    seats : (s,) float64, optional
        Seats at each place to stay.
    """

    def __init__(
        self,
        params: PedestrianParams,
        layer: StreetLayer,
        exit_ids: tuple[str, ...],
        place_ids: tuple[str, ...],
        seats: Floats | None = None,
    ) -> None:
        self._kpi, self._people = params.circulation_kpi, params.people_per_walker
        self._worth_per_min = params.choice.walk_weight_per_min
        self._layer, self._exit_ids, self._place_ids = layer, exit_ids, place_ids
        self._share_along = shares_along(layer)
        self._clear_width_m = clear_widths_m(layer, params)
        self._seats = np.zeros(len(place_ids)) if seats is None else seats
        self._finished = GrowingTables()

    def visits(self, visits: Rows) -> None:
        """Visits are over; ``VISIT`` rows."""
        columns = visit_columns(visits, self._exit_ids, self._kpi, self._people, self._worth_per_min)
        self._finished.append("pedestrian_visits", columns)

    def moves(self, moves: Rows) -> None:
        """Sampled walkers went over links, waited or stayed; ``MOVE`` rows."""
        self._finished.append("traces", trace_columns(moves, self._layer, self._share_along))

    def points(self, points: Columns) -> None:
        """Sampled walkers were at points, for forms whose walkers keep to no link; columns of ``traces``."""
        self._finished.append("traces", points)

    def period(self, spaces: Rows, from_s: float) -> None:
        """A period ends; ``SPACE`` rows of links and places, which are set back for the next."""
        links, places = period_columns(spaces, self._clear_width_m, self._place_ids, from_s, self._people)
        self._finished.append("pedestrian_links", links)
        self._finished.append("pedestrian_stays", places)

    def close(self, account: Account) -> None:
        """The run is over."""
        self._finished.append("pedestrian_people", people_columns(account, self._people))
        if self._seats.any():
            rows = np.flatnonzero(self._seats)
            places = np.array(self._place_ids, np.str_)[rows]
            self._finished.append("pedestrian_seats", {"place": places, "seats": self._seats[rows]})
        corners = hull_of(self._layer)
        if len(corners):
            area: Columns = {
                "corner": np.arange(len(corners), dtype=np.int32),
                "x_m": corners[:, 0].copy(),
                "y_m": corners[:, 1].copy(),
                "stay_from_s": np.full(len(corners), self._kpi.stay_from_s),
                "stay_to_s": np.full(len(corners), self._kpi.stay_to_s),
            }
            self._finished.append("pedestrian_area", area)

    def feedback(self, residuals: tuple[float, ...]) -> None:
        """The day was walked beforehand, with these residuals."""
        days = np.arange(1, len(residuals) + 1, dtype=np.int32)
        self._finished.append("pedestrian_feedback", {"day": days, "residual_share": np.array(residuals)})

    def drain(self) -> Tables:
        """Finished rows since the last call."""
        return self._finished.drain()

    def state(self) -> State:
        """Rows not yet drained."""
        return {f"finished/{key}": values for key, values in self._finished.state().items()}

    def restore(self, state: State) -> None:
        """Put them back."""
        self._finished.restore(
            {key.removeprefix("finished/"): values for key, values in state.items() if key.startswith("finished/")}
        )


class Unrecorded(Records):
    """Observation of a day that is walked beforehand: nothing is kept."""

    def visits(self, visits: Rows) -> None:
        """Dropped."""

    def moves(self, moves: Rows) -> None:
        """Dropped."""


def stay_bands(dwell_s: Floats, from_s: float, to_s: float) -> NDArray[np.uint8]:
    """0 below the bounds, 1 within them (both inclusive), 2 above."""
    return ((dwell_s >= from_s).astype(np.uint8) + (dwell_s > to_s)).astype(np.uint8)


def visit_columns(
    visits: Rows, exit_ids: tuple[str, ...], kpi: CirculationKpi, people: float, worth_per_min: float = 1.0
) -> Columns:
    """Rows of ``pedestrian_visits`` from finished visits of walkers who stand for ``people`` each."""
    exits = np.array(exit_ids, np.str_)
    came = visits.entry < len(exits)
    classes = np.array(CLASSES, np.str_)[visits.visitor_class]
    dwell_s = visits.leave_s - visits.enter_s
    return {
        "id": visits.id.copy(),
        "people": visits.members * people,
        "party_size": visits.members.copy(),
        "class": classes,
        # Residents who were at home when the clock started came by no exit.
        "entry_exit": np.where(came, exits[np.where(came, visits.entry, 0)], ""),
        # In the program an exit stands twice: first as a place to enter, then as one to leave by.
        "leave_exit": exits[visits.leave - len(exits)],
        "enter_s": visits.enter_s.copy(),
        "leave_s": visits.leave_s.copy(),
        "dwell_s": dwell_s,
        "budget_s": visits.budget_s.copy(),
        "stay_band": stay_bands(dwell_s, kpi.stay_from_s, kpi.stay_to_s),
        "counted": (came & ~np.isin(classes, np.array(kpi.leave_out, np.str_))).astype(np.uint8),
        "stays_count": visits.stays.copy(),
        "stay_s": visits.stay_s.copy(),
        "walked_m": visits.walked_m.copy(),
        "wait_s": visits.wait_s.copy(),
        "room_wait_s": visits.room_s.copy(),
        "worth_min": visits.worth / worth_per_min,
        "crossings_count": visits.crossings.copy(),
    }


def period_columns(
    spaces: Rows, clear_width_m: Floats, place_ids: tuple[str, ...], from_s: float, people: float
) -> tuple[Columns, Columns]:
    """Rows of ``pedestrian_links`` and ``pedestrian_stays`` for the period that ends; then counts it anew.

    Rows count people, of whom each walker stands for ``people``.
    """
    link_count = len(clear_width_m)
    used = np.flatnonzero((spaces.entries > 0) | (spaces.person_s > 0) | (spaces.turned > 0))
    links, places = used[used < link_count], used[used >= link_count]
    link_rows: Columns = {
        "from_s": np.full(len(links), from_s),
        "link_index": links.astype(np.int32),
        "entries_count": spaces.entries[links] * people,
        "person_s": spaces.person_s[links] * people,
        "occupancy_max_count": spaces.occupancy_most[links] * people,
        "crowded_person_s": spaces.crowded_s[links] * people,
        "minute_max_count": spaces.minute_most[links] * people,
        "clear_width_m": clear_width_m[links],
        "delay_person_s": np.maximum(spaces.met_s[links] - spaces.free_s[links], 0.0) * people,
    }
    place_rows: Columns = {
        "from_s": np.full(len(places), from_s),
        "place": np.array(place_ids or ("",), np.str_)[places - link_count],
        "arrivals_count": spaces.entries[places] * people,
        "person_s": spaces.person_s[places] * people,
        "staying_max_count": spaces.occupancy_most[places] * people,
        "turned_away_count": spaces.turned[places] * people,
    }
    spaces.entries[:] = 0
    spaces.person_s[:] = 0.0
    spaces.crowded_s[:] = 0.0
    spaces.free_s[:] = 0.0
    spaces.met_s[:] = 0.0
    spaces.minute_most[:] = 0
    spaces.turned[:] = 0
    spaces.occupancy_most[:] = spaces.occupancy
    return link_rows, place_rows


def people_columns(account: Account, people: float) -> Columns:
    """Rows of ``pedestrian_people`` from the account of walkers who stand for ``people`` each."""
    counts = {"entered": account.entered, "inside": account.inside}
    counts |= {f"left:{reason}": count for reason, count in account.left.items()}
    return {"entry": np.array(list(counts), np.str_), "people": np.array(list(counts.values()), np.float64) * people}


def trace_columns(moves: Rows, layer: StreetLayer, share_along: Floats) -> Columns:
    """Rows of ``traces`` from what sampled walkers did.

    Every move gives the points from its start up to, but not including, its end: there the next move begins,
    and leaving is a move of one point. So no point comes twice, whenever the moves are drained.

    Parameters
    ----------
    moves
        Rows of ``twin.models.pedestrian.movement.rows.MOVE``.
    layer
        The walk layer.
    share_along : (k,) float64
        As :func:`shares_along` gives it.
    """
    link = moves.link.astype(np.int64)
    walked = link >= 0
    safe = np.where(walked, link, 0)
    count = np.where(walked, layer.vertex_ptr[safe + 1] - layer.vertex_ptr[safe] - 1, 1)
    row = np.repeat(np.arange(len(link)), count)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    on_link = walked[row]
    vertex = np.where(on_link, layer.vertex_ptr[safe][row] + rank, 0)
    node = moves.node[row]
    from_s, to_s = moves.from_s[row], moves.to_s[row]
    share = np.where(on_link, share_along[vertex], 0.0)
    return {
        "body": np.full(len(row), _WALKER, np.uint8),
        "id": moves.id[row],
        "trip": np.zeros(len(row), np.int32),
        "time_s": from_s + share * (to_s - from_s),
        "x_m": np.where(on_link, layer.vertex_x_m[vertex], layer.x_m[node]).astype(np.float32),
        "y_m": np.where(on_link, layer.vertex_y_m[vertex], layer.y_m[node]).astype(np.float32),
        "state": moves.staying[row],
    }


def shares_along(layer: StreetLayer) -> Floats:
    """How far along its link each vertex lies, 0 to 1."""
    step_m = np.hypot(
        np.diff(layer.vertex_x_m, prepend=layer.vertex_x_m[:1]), np.diff(layer.vertex_y_m, prepend=layer.vertex_y_m[:1])
    )
    step_m[layer.vertex_ptr[:-1]] = 0.0
    # The sum starts anew on each link, so that a long list of links costs no digits.
    share = np.empty(len(step_m))
    for a, b in zip(layer.vertex_ptr[:-1].tolist(), layer.vertex_ptr[1:].tolist(), strict=True):
        along = np.cumsum(step_m[a:b])
        share[a:b] = along / along[-1] if along[-1] > 0 else np.linspace(0.0, 1.0, b - a)
    return share
