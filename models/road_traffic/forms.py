"""What a form of the road owes to the model, and which form a scenario chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Ints
from twin.city.city import City
from twin.city.lights.plans import Window
from twin.engine.channels import Rows
from twin.engine.sim_model import State
from twin.models.road_traffic.access import Access
from twin.models.road_traffic.fleet import Fleet
from twin.models.road_traffic.params import RoadParams
from twin.models.road_traffic.records.crossings import Crossings
from twin.models.road_traffic.records.network import Storage

Slots = NDArray[np.int64]


class Form(Protocol):
    """How vehicles get along; everything else is the same for all forms."""

    notes: Sequence[str]
    #: What the form models of ``PARTS``; what it does not has no figure, which is not 0.
    parts: Sequence[str]

    @property
    def has_gates(self) -> bool:
        """Whether a way may have to wait at its end for a credit."""
        ...

    @property
    def next_s(self) -> float:
        """Earliest moment at which a vehicle inside may do something; infinite if none can."""
        ...

    def enter(self, fleet: Fleet, slots: Slots) -> None:
        """Take up vehicles that have just been added, in the order of time and id."""
        ...

    def repath(self, fleet: Fleet, slot: int, at_s: float, keep: int, path: Ints) -> None:
        """Give a vehicle a path whose first ``keep`` links are those it had."""
        ...

    def hop_at(self, fleet: Fleet, slot: int, at_s: float) -> int:
        """Position on its path of the link a vehicle is on at a moment; the path's length if it has left."""
        ...

    def advance(self, fleet: Fleet, until_s: float, everyone: bool) -> Crossings:
        """Drive up to ``until_s``; the crossings of whoever leaves, or of everyone if asked."""
        ...

    def forget(self, fleet: Fleet) -> None:
        """Vehicles have been let go."""
        ...

    def apply_credits(self, orders: Rows, fleet: Fleet) -> None:
        """Places are free at the end of links from the times in the orders."""
        ...

    def obstruct(self, fleet: Fleet, link: int, share: float, at_s: float) -> None:
        """Vehicles that stand leave a share of the capacity of a link to those who pass, from a moment on."""
        ...

    def queued_since_s(self, left: Crossings) -> NDArray[np.float64]:
        """Since when those who have just left stood in the queue to the end of their way."""
        ...

    def standing_since_s(self, slots: Slots) -> NDArray[np.float64]:
        """Since when vehicles on the road stand in the queue of a gate; infinite if they do not."""
        ...

    def obey(self, access: Access) -> None:
        """Take up the state of the links, which has just moved on."""
        ...

    def retime(self, fleet: Fleet, at_s: float, changed: Ints) -> None:
        """Some links change at this moment, and everybody has been led around what is closed."""
        ...

    def switch(self, windows: Mapping[tuple[int, int | None], Window], at_s: float) -> None:
        """Lights at the ends of links, of all movements or of one, run other plans from a moment that is reached."""
        ...

    def storage(self) -> Storage | None:
        """What fills each link now; None where nothing can."""
        ...

    def queue_m(self) -> NDArray[np.float64] | None:
        """Length of the standing queue on each link now; None where queues are not modelled."""
        ...

    def stuck_links(self) -> Slots:
        """Links of a gridlock now."""
        ...

    def next_board_s(self, after_s: float) -> float:
        """Next moment after a given one from which other link times hold."""
        ...

    def link_times(self, at_s: float) -> NDArray[np.float64]:
        """Seconds over each link from a moment on."""
        ...

    def link_time_profile(self) -> NDArray[np.float64] | None:
        """(k, 1 + m): from which second of the day each slice holds, and seconds over each link; None if not known."""
        ...

    def next_news_s(self, after_s: float) -> float:
        """Next moment after a given one at which those who choose their way learn of link times; infinite for never."""
        ...

    def news(self, at_s: float) -> NDArray[np.float64]:
        """Seconds over each link as they learn of them."""
        ...

    def state(self) -> State:
        """The form's own state."""
        ...

    def restore(self, state: State, fleet: Fleet) -> None:
        """Put it back."""
        ...


def make_form(
    params: RoadParams, city: City, tables: Mapping[str, Mapping[str, NDArray[np.generic]]], start_s: float
) -> Form:
    """The form that the parameters ask for; see :class:`Form`."""
    # Either form is imported only where it is used: the other's kernels are never compiled.
    if params.form == "queueing":
        from twin.models.road_traffic.queueing.form import Queueing

        return Queueing(params, city, tables, start_s)
    from twin.models.road_traffic.free_flow.form import FreeFlow

    return FreeFlow(params, city, tables)
