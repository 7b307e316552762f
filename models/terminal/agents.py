"""Those who decide at the gate: its operator, and the hauliers. Each decides for many trucks at a time.

A subclass decides otherwise; ``twin.CityModel(..., agents={"terminal.gate_operator": MyOperator})`` hires it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import mesa
import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.engine.cast import Cast
from twin.engine.stations.state import StationState
from twin.errors import EngineError
from twin.models.terminal import names
from twin.models.terminal.booking.desk import BookingDesk
from twin.models.terminal.booking.engine import choice_slots
from twin.models.terminal.gate.layout import lane_groups
from twin.models.terminal.params import HaulierType, TerminalParams

if TYPE_CHECKING:
    from twin.city.city import Place


@dataclass(frozen=True)
class LanesLook:
    """What the operator sees when it says how many lanes of a group are open from now on.

    Attributes
    ----------
    time_s
        Now.
    lanes
        Name of the group; ``A/2`` for the lane 2 of A where each lane has its own line.
    planned
        Lanes that the timetable has open from now on.
    is_open
        Lanes open up to now.
    there_are
        Lanes that could be open.
    in_line
        Trucks in line before the gate.
    is_break
        Whether the timetable begins a break now.
    """

    time_s: float
    lanes: str
    planned: int
    is_open: int
    there_are: int
    in_line: int
    is_break: bool


class TerminalOperator(mesa.Agent):
    """Who runs the gate: keeps lanes open through a break when the line is long, offers unused places when it is short.

    Attributes
    ----------
    review_every_s
        How often the operator is asked for the lanes of every group while the gate takes trucks in, beside every
        change of the timetable; None (as it is here) where the timetable holds, but for breaks.
    node
        Node of the drive layer at the in-gate; -1 where the city has none.
    """

    review_every_s: float | None = None

    def __init__(self, model: mesa.Model, params: TerminalParams) -> None:
        super().__init__(model)
        self.open_on_if_line = params.open_on_if_line
        quota = params.conpas.quota
        self.offers_if_line_below = quota.release.if_line_below if quota and quota.release else 0.0
        self.node = -1
        self._groups = lane_groups(params)

    def lanes_open(self, look: LanesLook) -> int:
        """How many lanes of a group are open from now on, at most ``look.there_are``."""
        if look.is_break and self.open_on_if_line is not None and look.in_line > self.open_on_if_line:
            return look.is_open
        return look.planned

    def offers_places(self, time_s: float, in_line: int) -> bool:  # noqa: ARG002  (for those who decide by the hour)
        """Whether places of a slot that nobody has booked go to trucks that found none."""
        return in_line < self.offers_if_line_below

    def decide(self, now: StationState, desk: BookingDesk) -> bool:
        """The schedule asks: settle the entry that is due, and say whether any truck has a new plan."""
        entry = int(now.tally[names.SCHED_NEXT])
        time_s, in_line = float(now.sched_time[entry]), int(now.tally[names.IN_LINE])
        word = now.sched_word[entry]
        is_break = word[names.S_ASK] == 1
        word[names.S_ASK] = 0
        if word[names.S_KIND] == names.OFFER:
            return self.offers_places(time_s, in_line) and desk.offer(now, time_s)
        group = int(word[names.S_GROUP])
        name, there_are = self._groups[group]
        look = LanesLook(
            time_s,
            name,
            int(word[names.S_COUNT]),
            int(now.groups[group, names.CAP]),
            there_are,
            in_line,
            bool(is_break),
        )
        lanes = self.lanes_open(look)
        if not 0 <= lanes <= max(there_are, look.is_open):
            raise EngineError(
                f"the gate operator {type(self).__name__} opens {lanes} lanes of {name}, which has {there_are}",
                where=f"terminal, {time_s:g} s",
                mend="let lanes_open return a number from 0 to look.there_are",
            )
        word[names.S_COUNT] = lanes
        return False

    def receive_late(self, now: StationState, desk: BookingDesk, row: int, at_s: float) -> None:
        """A truck comes after its window: settle what becomes of it."""
        desk.rebook(now, row, at_s)

    def stands_at(self, in_gate: Place) -> None:
        """The gate it runs lies here."""
        self.node = in_gate.drive_node


class Haulier(mesa.Agent):
    """A haulier: whether it asks for slots, and which hours it likes; it learns the waits from its own trucks.

    Parameters
    ----------
    model
        The city's Mesa model.
    index
        Number of the haulier, from 0.
    size
        Name of its type.
    params
        Of the terminal; ``traits`` are those of its type.
    slots
        Starts and ends of the hours that it tells apart.

    Attributes
    ----------
    slot_from_s, slot_to_s : (slots,) float64
        Hours that it tells apart: booking slots, or hours of opening without quotas.
    expected_wait_s : (slots,) float64
        Wait that it has learned to expect in each.
    points
        Missed bookings that count against it; ``banned_until`` is the first day on which it may book again.
    """

    def __init__(
        self, model: mesa.Model, index: int, size: str, params: TerminalParams, slots: tuple[Floats, Floats]
    ) -> None:
        super().__init__(model)
        self.index, self.size = index, size
        self.traits: HaulierType = params.hauliers[size]
        self.learning = params.learning
        self.slot_from_s, self.slot_to_s = slots
        self.expected_wait_s = np.zeros(len(self.slot_from_s))
        self.points = self.banned_until = 0

    def books(self, day: int) -> bool:
        """Whether its trucks ask for slots on a day; the recorded day is ``learning.days``."""
        return self.banned_until <= day

    def dreads_s(self) -> Floats:
        """What speaks against each slot, beside how far it is from the hour wanted, in seconds of wait, (slots,).

        It is weighed by ``traits.wait_weight``; an infinite one means never.
        """
        return self.expected_wait_s

    def learn(self, day: int, seen_wait_s: Floats, points: int) -> Floats:
        """A day of learning is over; returns by how much what it expects has changed, (slots,).

        Parameters
        ----------
        day
            From 0.
        seen_wait_s : (slots,) float64
            Mean wait of its trucks in each slot; nan where it sent none.
        points
            Penalty points of the day.
        """
        change = np.where(np.isnan(seen_wait_s), 0.0, self.learning.rate * (seen_wait_s - self.expected_wait_s))
        self.expected_wait_s = self.expected_wait_s + change
        self.points += points
        if self.points >= self.learning.suspend_after:
            self.banned_until = day + 1 + self.learning.suspended_days
            self.points = 0
        return change


class Staff(NamedTuple):
    """Operator and hauliers of one terminal."""

    operator: TerminalOperator
    hauliers: list[Haulier]

    def dreads_s(self) -> Floats:
        """(hauliers, slots) float64: see :meth:`Haulier.dreads_s`."""
        return np.array([haulier.dreads_s() for haulier in self.hauliers], np.float64)

    def stays_away(self, day: int) -> NDArray[np.bool_]:
        """(hauliers,) bool: who asks for no slots on a day."""
        return np.array([not haulier.books(day) for haulier in self.hauliers], np.bool_)


def hire_staff(params: TerminalParams, model: mesa.Model | None = None, cast: Cast | None = None) -> Staff:
    """Hire operator and hauliers; by default the usual ones, for a gate without a city."""
    model = mesa.Model() if model is None else model
    cast = cast or Cast()
    operator = cast.hire("terminal.gate_operator", TerminalOperator, model, params)
    sizes = [size for size, traits in params.hauliers.items() for _ in range(traits.hauliers)]
    slots = choice_slots(params)
    hauliers = [cast.hire("terminal.haulier", Haulier, model, i, size, params, slots) for i, size in enumerate(sizes)]
    return Staff(operator, hauliers)
