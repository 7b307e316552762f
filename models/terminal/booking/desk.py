"""The booking desk on the day: unused places at short notice, new slots for trucks that came too late."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.booking.slots import Slots, give_at_short_notice, missed_before, next_with_place
from twin.engine.draws import make_stream, uniform
from twin.engine.stations.state import StationState
from twin.models.terminal import names
from twin.models.terminal.booking.engine import Bookings, mark
from twin.models.terminal.demand.trucks import Trucks
from twin.models.terminal.params import TerminalParams

_NO_EVENT = np.uint64(0)


class BookingDesk:
    """Gives places while the gate is open.

    Parameters
    ----------
    params
        Rules of booking.
    bookings
        What was booked before; the desk goes on with its slots.
    trucks
        Trucks of the day, sorted by id.
    run_seed
        Seed of the run.
    start_s
        Start of the clock; nobody acts before.
    drive_s : (entries,) float64
        Time on the road from each entry to the gate, with the time by which it is announced; empty where trucks
        appear at the line.

    Attributes
    ----------
    slots
        The slots of the day, changed by what the desk gives.
    """

    def __init__(
        self,
        params: TerminalParams,
        bookings: Bookings,
        trucks: Trucks,
        run_seed: np.uint64,
        start_s: float,
        drive_s: Floats,
    ) -> None:
        self.slots: Slots = bookings.slots
        self._params = params
        self._ids = trucks.ids
        self._asks_s = bookings.asks_s
        self._pools_of = bookings.pools
        self._desired_s = trucks.desired_s
        self._earliest_s, self._latest_s = trucks.earliest_s, trucks.latest_s
        self._within = make_stream(run_seed, "terminal.within_slot")
        self._start_s = start_s
        self._drive_s = drive_s

    def offer(self, now: StationState, at_s: float) -> bool:
        """The booking of a slot closes: its unused places go to trucks that found none.

        Parameters
        ----------
        now
            The gate; trucks that take a place get class, slot and planned moment.
        at_s
            The moment at which the booking of a slot closes.

        Returns
        -------
        bool
            Whether any truck has a new plan.
        """
        quota = self._params.conpas.quota
        slots = self.slots
        closing = np.flatnonzero(slots.from_s - (quota.closes_before_s if quota else 0.0) == at_s)
        if not (quota and quota.release) or not len(closing):
            return False
        slot = int(closing[0])
        at_s = max(at_s, self._start_s)
        missed = 0
        if quota.release.missed_too:
            missed = missed_before(slots, at_s - quota.grace_late_s)
        rows, known = self._seekers(now, at_s)
        taken = 0
        for row, truck in zip(rows.tolist(), known.tolist(), strict=True):
            if taken >= slots.left[0, slot] + missed:
                break
            ahead_s = quota.release.notice_s
            if len(self._drive_s):
                ahead_s = max(ahead_s, float(self._drive_s[now.word[row, names.ENTRY]]))
            earliest_s = max(slots.from_s[slot], at_s + ahead_s)
            if earliest_s < slots.to_s[slot] and self._suits(truck, slot):
                self._give(now, row, truck, slot, earliest_s)
                taken += 1
        give_at_short_notice(slots, slot, taken)
        return taken > 0

    def rebook(self, now: StationState, row: int, at_s: float) -> None:
        """A truck came after its window: it gets the next slot that has a place, or goes on as an ordinary one."""
        slots = self.slots
        now.word[row, names.FLAGS] |= names.REBOOKED
        truck = int(np.searchsorted(self._ids, now.ids[row]))
        if truck >= len(self._ids) or self._ids[truck] != now.ids[row]:
            return
        slot = next_with_place(slots, at_s, self._pools(truck)) if self._params.conpas.quota else -1
        if slot >= 0:
            now.time_s[row, names.SLOT_FROM] = slots.from_s[slot]
            now.time_s[row, names.SLOT_TO] = slots.to_s[slot]

    def _seekers(self, now: StationState, at_s: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Trucks that found no place and have not set out, as rows of the gate and of the day, in order of asking."""
        acts_s = now.time_s[:, names.PLAN]
        if len(self._drive_s):
            acts_s = now.time_s[:, names.ENTER] - self._params.announce_s
        state = now.code[:, names.STATE]
        seeks = (now.code[:, names.BOOKING] == names.UNPLACED) & ((state == names.WITHDRAWN) | (acts_s > at_s))
        seeks &= (state == names.PLANNED) | (state == names.WITHDRAWN)
        rows = np.flatnonzero(seeks)
        truck = np.searchsorted(self._ids, now.ids[rows])
        here = truck < len(self._ids)
        here[here] = self._ids[truck[here]] == now.ids[rows[here]]
        rows, truck = rows[here], truck[here]
        order = np.lexsort((self._ids[truck], self._asks_s[truck]))
        return rows[order], truck[order]

    def _pools(self, truck: int) -> list[int]:
        return [pool for pool in range(len(self.slots.left)) if self._pools_of[truck] >> pool & 1]

    def _suits(self, truck: int, slot: int) -> bool:
        """Whether a slot is near enough for a truck, and has a place for it in the pools of its limits."""
        quota = self._params.conpas.quota
        slots = self.slots
        start, end = slots.from_s[slot], slots.to_s[slot]
        if not quota or any(slots.left[pool, slot] <= 0 for pool in self._pools(truck)[1:]):
            return False
        shift_s = max(self._desired_s[truck] - end, start - self._desired_s[truck])
        in_time = end > self._earliest_s[truck] and start < self._latest_s[truck]
        return bool(in_time and shift_s <= quota.max_shift_s)

    def _give(self, now: StationState, row: int, truck: int, slot: int, earliest_s: float) -> None:
        slots = self.slots
        u = uniform(self._within, now.ids[row], _NO_EVENT)
        now.time_s[row, names.PLAN] = earliest_s + (slots.to_s[slot] - earliest_s) * u
        if len(self._drive_s):
            lead_s = float(self._drive_s[now.word[row, names.ENTRY]]) - self._params.announce_s
            now.time_s[row, names.ENTER] = now.time_s[row, names.PLAN] - lead_s
        now.time_s[row, names.SLOT_FROM], now.time_s[row, names.SLOT_TO] = slots.from_s[slot], slots.to_s[slot]
        now.code[row, names.BOOKING] = names.PLACED
        now.code[row, names.STATE] = names.PLANNED
        slots.left[self._pools(truck)[1:], slot] -= 1
        booked = np.ones(1, np.bool_)
        mark(self._params, now.word[row : row + 1], booked)
