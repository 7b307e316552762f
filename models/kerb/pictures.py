"""Points of sampled vehicles for pictures: their drives, and where they stand."""

from __future__ import annotations

import numpy as np

from twin.arrays import Flags, Floats, Ids, Ints
from twin.columns import BODIES, BODY_STATES
from twin.engine.draws import event, make_stream, uniforms
from twin.engine.growing import GrowingTables
from twin.engine.sim_model import Stage, State
from twin.models.kerb.layout import Layout
from twin.models.kerb.names import MODE_BAY, MODE_LANE, MODE_WAITING
from twin.models.kerb.routes import Ways
from twin.models.kerb.rows import Kerbside, Records

_BODY = BODIES.index("kerb_vehicle")
_STATES = BODY_STATES["kerb_vehicle"]
_DRIVING = _STATES.index("driving")
_STANDS = {MODE_BAY: "in_bay", MODE_LANE: "in_lane", MODE_WAITING: "waiting"}
#: From a pocket to the lane beside it.
_LANE_M = 3.0
_INWARD = {"east": (-1.0, 0.0), "west": (1.0, 0.0), "north": (0.0, -1.0), "south": (0.0, 1.0)}


class Pictures:
    """Who is in the picture, and how many pieces of path each has so far.

    Parameters
    ----------
    layout, ways
        Where pockets and shops are; how vehicles drive.
    stage
        Share of vehicles in the picture.
    ids : (n,) uint64
        Of the visits.
    """

    def __init__(self, layout: Layout, ways: Ways, stage: Stage, ids: Ids) -> None:
        self._layout, self._ways = layout, ways
        stream = make_stream(stage.run_seed, "kerb.trace")
        self._shown: Flags = uniforms(stream, ids, event(0)) < stage.trace_share
        self._pieces: Ints = np.zeros(len(ids), np.int32)
        self._ids = ids

    def drove(self, visit: int, way: Ints, enter_s: float, leave_s: float, tables: GrowingTables) -> None:
        """A drive that has ended."""
        if self._shown[visit]:
            self._keep(visit, _DRIVING, self._ways.points(way, enter_s, leave_s), tables)

    def stood(self, side: Kerbside, stands: Records, tables: GrowingTables) -> None:
        """Stands that have ended."""
        layout = self._layout
        for row in stands[self._shown[stands["visit"]]]:
            visit, pocket, mode = int(row["visit"]), int(row["pocket"]), int(row["mode"])
            spots = layout.pockets if pocket >= 0 else layout.shops
            at = pocket if pocket >= 0 else int(side.visits["shop"][visit])
            east, north = _INWARD[spots.side[at]] if mode != MODE_BAY else (0.0, 0.0)
            x_m = np.full(2, spots.x_m[at] + _LANE_M * east)
            y_m = np.full(2, spots.y_m[at] + _LANE_M * north)
            times_s = np.array([row["from_s"], row["to_s"]], np.float64)
            self._keep(visit, _STATES.index(_STANDS[mode]), (times_s, x_m, y_m), tables)

    def _keep(self, visit: int, state: int, points: tuple[Floats, Floats, Floats], tables: GrowingTables) -> None:
        time_s, x_m, y_m = points
        count = len(time_s)
        tables.append("traces", {
            "body": np.full(count, _BODY), "id": np.full(count, self._ids[visit]),
            "trip": np.full(count, self._pieces[visit]), "time_s": time_s, "x_m": x_m, "y_m": y_m,
            "state": np.full(count, state),
        })  # fmt: skip
        self._pieces[visit] += 1

    def state(self) -> State:
        """Pieces so far."""
        return {"pieces": self._pieces.copy()}

    def restore(self, state: State, known: int) -> None:
        """Put them back for the visits that were known."""
        self._pieces[:known] = state["pieces"][:known]
