"""Rows of the tables of the kerb, from what its kernels log."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats, Longs
from twin.engine.growing import GrowingTables
from twin.models.kerb.layout import Layout
from twin.models.kerb.names import IN_BAY, IN_LANE, MODE_BAY, MODE_LANE, MODE_WAITING, TURNED_AWAY
from twin.models.kerb.rows import Kerbside, Records
from twin.models.kerb.tables import MODES, REASONS

_OPEN = "open"
_MODE_OF_STATE = {IN_BAY: MODE_BAY, IN_LANE: MODE_LANE}


class KerbRecords:
    """Tables of one run, and since when each edge has been blocked.

    Parameters
    ----------
    layout
        Where everything is.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self.tables = GrowingTables()
        self.blocked_since_s: Floats = np.full(len(layout.edge_link), np.nan)

    def write_layout(self, side: Kerbside, terms: Mapping[str, float]) -> None:
        """Edges, pockets, and the terms by which figures are reckoned."""
        layout, pockets = self._layout, self._layout.pockets
        edges = len(layout.edge_link)
        self.tables.append("kerb_edges", {
            "edge": np.arange(edges), "link_index": layout.edge_link, "side": np.array(layout.edge_side),
            "lanes_taken": layout.edge_lanes,
        })  # fmt: skip
        self.tables.append("kerb_pockets", {
            "pocket": np.arange(len(pockets)), "name": np.array(pockets.name, np.str_), "edge": layout.pocket_edge,
            "first_bay": layout.bay_ptr[:-1], "bays": np.diff(layout.bay_ptr), "x_m": pockets.x_m, "y_m": pockets.y_m,
            "camera": side.watched[:, 0] > 0, "guard": side.watched[:, 1] > 0,
        })  # fmt: skip
        self.tables.append("kerb_terms", {
            "name": np.array(list(terms)), "value": np.array(list(terms.values()), np.float64),
        })  # fmt: skip

    def write_stands(self, side: Kerbside, rows: Records) -> None:
        """Stands that have ended."""
        who = rows["visit"]
        mode = np.array(MODES)[rows["mode"]]
        self._stands(
            side, who, mode, rows["pocket"], rows["bay"], rows["edge"], rows["from_s"], rows["to_s"], rows["told"]
        )

    def _stands(
        self, side: Kerbside, who: NDArray[np.generic], mode: NDArray[np.str_], *columns: NDArray[np.generic]
    ) -> None:
        pocket, bay, edge, from_s, to_s, told = columns
        visits = side.visits
        in_bay = mode == MODES[MODE_BAY]
        self.tables.append("kerb_stands", {
            "id": visits["id"][who], "kind": visits["kind"][who], "mode": mode, "pocket": pocket,
            "bay": np.where(in_bay, bay, -1), "edge": edge, "from_s": from_s, "to_s": to_s,
            "dwell_s": visits["dwell_s"][who], "told": np.asarray(told, bool),
        })  # fmt: skip

    def write_lanes(self, rows: Records) -> None:
        """Spans in which lanes were blocked, as they end."""
        for row in rows:
            edge = int(row["edge"])
            if row["blocked"]:
                self.blocked_since_s[edge] = row["time_s"]
            else:
                self._lane(edge, float(row["time_s"]))
                self.blocked_since_s[edge] = np.nan

    def _lane(self, edge: int, to_s: float) -> None:
        span = {"edge": np.array([edge]), "from_s": self.blocked_since_s[[edge]], "to_s": np.array([to_s])}
        self.tables.append("kerb_lanes", span)

    def write_gone(self, side: Kerbside, who: Longs, leave_s: Floats) -> None:
        """Visits that drive away."""
        visits = side.visits
        reason = visits["reason"][who]
        self._visits(
            side,
            who,
            np.array(REASONS)[reason],
            leave_s,
            np.where(reason == TURNED_AWAY, np.nan, visits["stand_s"][who]),
        )

    def _visits(self, side: Kerbside, who: Longs, outcome: NDArray[np.str_], leave_s: Floats, settle_s: Floats) -> None:
        visits = side.visits
        self.tables.append("kerb_visits", {
            "id": visits["id"][who], "kind": visits["kind"][who], "shop": visits["shop"][who],
            "arrive_s": visits["arrive_s"][who], "settle_s": settle_s, "leave_s": leave_s,
            "tries": visits["tries"][who], "outcome": outcome,
        })  # fmt: skip

    def close(self, side: Kerbside, at_s: float) -> None:
        """Write down who still stands at the end."""
        visits = side.visits
        who = np.sort(side.standing[: int(side.size[0])]).astype(np.int64)
        state = visits["state"][who].tolist()
        mode = np.array([MODES[_MODE_OF_STATE.get(s, MODE_WAITING)] for s in state], np.str_)
        to_s = np.full(len(who), at_s)
        self._stands(
            side, who, mode, visits["pocket"][who], visits["bay"][who], visits["edge"][who], visits["stand_s"][who],
            to_s, np.zeros(len(who), bool),
        )  # fmt: skip
        works = mode != MODES[MODE_WAITING]
        self._visits(side, who, np.full(len(who), _OPEN), to_s, np.where(works, visits["stand_s"][who], np.nan))
        for edge in np.flatnonzero(np.isfinite(self.blocked_since_s)).tolist():
            self._lane(edge, at_s)
