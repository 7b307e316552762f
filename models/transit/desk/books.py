"""The books of transit: requests, the people who ride, vans; kept up by what is new since the last look."""

from __future__ import annotations

import numpy as np

from twin.engine.ledger import Account
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch import kernels
from twin.models.transit.fleet.rows import ACCEPTED, CANCELLED, NO_SHOW, ON_BOARD, REFUSED, SERVED

#: How requests leave the books; people who were served arrived.
_LEFT = {"served": SERVED, "refused": REFUSED, "cancelled": CANCELLED, "no_show": NO_SHOW}
_ARRIVED = {"served": "arrived"}


class Books:
    """Running counts of one desk, from its first request on.

    Attributes
    ----------
    open
        Requests accepted and not yet set down, counted from their states.
    """

    def __init__(self) -> None:
        self.open = 0
        self._asked = self._finished = self._first_open = 0
        self._accepted_people = 0
        self._left, self._people = dict.fromkeys(_LEFT, 0), dict.fromkeys(_LEFT, 0)

    def update(self, desk: Desk, received: int, handed_over: int) -> tuple[Account, ...]:
        """Take stock.

        Parameters
        ----------
        desk
            The desk; always the same one, gone on since.
        received, handed_over
            Vans taken from and given to the road so far.
        """
        requests, asked = desk.requests, int(desk.log.counts[kernels.NEXT])
        new = requests[self._asked : asked]
        self._accepted_people += int(new["party"][new["van"] >= 0].sum())
        self._asked = asked
        last = int(desk.log.counts[kernels.FINISHED])
        finished = requests[desk.log.finished[self._finished : last]]
        for name, code in _LEFT.items():
            mine = finished["status"] == code
            self._left[name] += int(mine.sum())
            self._people[name] += int(finished["party"][mine].sum())
        self._finished = last
        # Everything before the first open request is answered for good and need not be looked at again.
        status = requests["status"][self._first_open : asked]
        is_open = (status == ACCEPTED) | (status == ON_BOARD)
        people = int(requests["party"][self._first_open : asked][is_open].sum())
        self.open = int(is_open.sum())
        self._first_open += int(is_open.argmax()) if self.open else len(status)
        return (
            Account("requests", asked, self.open, dict(self._left)),
            Account(
                "riders",
                self._accepted_people,
                people,
                {_ARRIVED.get(name, name): self._people[name] for name in _LEFT if name != "refused"},
            ),
            Account(
                "vans", len(desk.fleet), int(np.count_nonzero(desk.fleet["on_road"] == 0)), {}, received, handed_over
            ),
        )
