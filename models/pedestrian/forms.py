"""What a form of walking owes to the model: how people get from place to place, and nothing else.

Walking is three things. **Behaviour** (``choice/``) says where people want to go and how long they stay. A **form**
moves them: over a network of pavements, or through open space. **Observation** (``records.py``) is told of finished
visits, of who is where, and of points for pictures. A form asks behaviour at places and tells observation; the two
never meet the form's own bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from twin.city.city import City
from twin.city.lights.plans import WalkLights
from twin.engine.sim_model import State
from twin.models.pedestrian.choice.behaviour import Behaviour
from twin.models.pedestrian.choice.legs import Legs
from twin.models.pedestrian.demand.places import Exits, StayPlaces
from twin.models.pedestrian.movement.rows import Rows
from twin.models.pedestrian.params import PedestrianParams
from twin.models.pedestrian.records import Heads, Records


class Form(Protocol):
    """How walkers get along; who comes, what they choose and what is counted are the same for all forms."""

    #: Lines for the manifest.
    notes: Sequence[str]

    @property
    def name(self) -> str:
        """One word; plans are kept by it."""
        ...

    @property
    def legs(self) -> Legs:
        """What plans know of the ways between the places of the program (entries, leaves, stay places)."""
        ...

    @property
    def lights(self) -> WalkLights:
        """Lights as walkers of this form meet them, per link of the walk layer; green 0 where there are none."""
        ...

    def begin(self, behaviour: Behaviour, arrivals: Rows, records: Records, start_s: float) -> None:
        """Start with nobody inside; ``arrivals`` ascend by (time, id)."""
        ...

    def start_counting(self, start_s: float) -> None:
        """Forget what was before the clock starts; whoever is inside stays."""
        ...

    def advance(self, until_s: float) -> None:
        """Let everybody who is due come, and everybody inside go on, up to and including a moment."""
        ...

    def relight(self, lights: WalkLights, at_s: float) -> None:
        """The junctions leave walkers other greens from a moment on that has been reached; who waits waits on."""
        ...

    def heads(self) -> Heads:
        """Count everybody."""
        ...

    def is_empty(self) -> bool:
        """Whether nobody is inside and nobody is still to come."""
        ...

    def spaces(self, end_s: float) -> Rows:
        """Counters of the period that ends, ``SPACE`` rows of links and then stay places; the reader sets them back."""
        ...

    def walkers(self) -> Rows:
        """Everybody inside now, ``WALKER`` rows in the order of their ids."""
        ...

    def hand_over(self) -> None:
        """Tell observation of all that is finished and not yet told."""
        ...

    def state(self) -> State:
        """The form's own state, after :meth:`hand_over`."""
        ...

    def restore(self, state: State, now_s: float, forked_at_s: float | None) -> None:
        """Put it back; in a fork who is under way follows the new parameters from that moment on."""
        ...


#: Makes a form from the parameters, the city, its exits, its places to stay and the lights of the junctions.
MakeForm = Callable[..., Form]


def make_form(
    params: PedestrianParams,
    city: City,
    exits: Exits,
    stays: StayPlaces,
    lights: WalkLights,
    slower: NDArray[np.float64] | None = None,
) -> Form:
    """The form of walking that runs: over the network of pavements; see :class:`Form`.

    ``slower`` is the time expected over each walk link as a multiple of the free one, for forms that can plan with it.
    """
    from twin.models.pedestrian.movement.network import Network

    return Network(params, city, exits, stays, lights, slower)
