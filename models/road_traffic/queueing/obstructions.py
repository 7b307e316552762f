"""Links whose capacity vehicles beside the kerb lessen for as long as they stand.

Who stands takes a lane at one place of the link, not along all of it: the storage stays, and what passes is the smaller
of what is left at that place and what the light at the end lets through. The place is taken to be the beginning of the
link, where each car unit then takes a longer headway; a queue before it stands on the links behind.
"""

from __future__ import annotations

import numpy as np

from twin.arrays import Longs
from twin.models.road_traffic.queueing.arrays import EDIT_ENTRY_HEADWAY, Edits, Road
from twin.models.road_traffic.queueing.loading import Loading


class Obstructions:
    """Headways of links as they are with nobody standing, so that each is found again exactly.

    Parameters
    ----------
    road, edits
        The network before any edit has been applied.
    """

    def __init__(self, road: Road, edits: Edits) -> None:
        self._first_s = road.links["entry_headway_s"].copy()
        self._lane_s = road.links["lane_headway_s"].copy()
        self._edit_s = edits.rows["value"].copy()

    def put(self, loading: Loading, link: int, share: float, at_s: float) -> None:
        """Let a link pass a share of its capacity from a moment on that has been driven up to.

        Changes of its lanes that are still to come keep the share.

        Parameters
        ----------
        loading
            The network and its vehicles.
        link
            The link.
        share
            Share of its capacity that is left, greater than 0.
        at_s
            The moment.
        """
        road, edits = loading.road, loading.edits
        mine: Longs = np.flatnonzero((edits.rows["kind"] == EDIT_ENTRY_HEADWAY) & (edits.rows["index"] == link))
        edits.rows["value"][mine] = self._edit_s[mine] / share
        done = mine[mine < int(edits.done[0])]
        plain_s = float(self._edit_s[done[-1]]) if len(done) else float(self._first_s[link])
        lane_s = plain_s if len(done) else float(self._lane_s[link])
        before_s, now_s = float(road.links["entry_headway_s"][link]), plain_s / share
        if now_s == before_s:
            return
        next_s = float(road.links["next_entry_s"][link])
        if next_s > at_s:
            # Of the headway under way, what is left goes at the new pace.
            road.links["next_entry_s"][link] = at_s + (next_s - at_s) * now_s / before_s
        else:
            road.links["next_entry_s"][link] = at_s
        road.links["entry_headway_s"][link] = now_s
        road.links["lane_headway_s"][link] = lane_s / share
        node = int(road.links["from_node"][link])
        road.node_next_s[node] = min(float(road.node_next_s[node]), at_s)
        loading.back_to(at_s)
