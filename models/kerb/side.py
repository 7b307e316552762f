"""The kerb of one run as arrays for the kernels, from its layout and its parameters."""

from __future__ import annotations

import numpy as np

from twin.arrays import Bytes
from twin.engine.draws import make_stream
from twin.errors import ScenarioError
from twin.models.kerb.layout import Layout
from twin.models.kerb.params import KerbParams
from twin.models.kerb.rows import KIND, RULES, WATCHER, Kerbside, Records, records

#: Columns of ``Kerbside.watched``.
CAMERAS, GUARDS = 0, 1


def make_kerbside(params: KerbParams, layout: Layout, visits: Records, run_seed: np.uint64, asks: bool) -> Kerbside:
    """Empty kerb with rules, watchers and visits.

    Parameters
    ----------
    params, layout
        Rules, and where everything is.
    visits
        Who comes today.
    run_seed
        Seed of the run.
    asks
        Whether the drivers' agent is asked at full pockets.

    Raises
    ------
    ScenarioError
        If there are more cameras or guards than pockets.
    """
    pockets, shops = len(layout.pockets), len(visits)
    return Kerbside(
        visits=visits,
        bay_ptr=layout.bay_ptr,
        bay_visit=np.full(int(layout.bay_ptr[-1]), -1, np.int32),
        wait_head=np.full(pockets, -1, np.int32),
        wait_tail=np.full(pockets, -1, np.int32),
        pocket_edge=layout.pocket_edge,
        watched=watched_pockets(params, layout),
        reported=np.zeros(pockets, np.int64),
        edge_count=np.zeros(len(layout.edge_link), np.int32),
        near_ptr=layout.near_ptr,
        near=layout.near,
        shop_edge=layout.shop_edge,
        standing=np.zeros(shops, np.int32),
        place=np.zeros(shops, np.int32),
        size=np.array([0, -1], np.int64),
        now_s=np.zeros(1),
        kinds=_kinds(params),
        watchers=_watchers(params),
        rules=_rules(params, run_seed, asks),
    )


def watched_pockets(params: KerbParams, layout: Layout) -> Bytes:
    """(p, 2) uint8: which pockets have a camera, and which a guard; the busiest first, guards where no camera is.

    Raises
    ------
    ScenarioError
        If there are more cameras or guards than pockets.
    """
    watched = np.zeros((len(layout.pockets), 2), np.uint8)
    for what, count, column in (("cameras", params.cameras.count, CAMERAS), ("guards", params.guards.count, GUARDS)):
        if count > len(layout.pockets):
            raise ScenarioError(
                f"{count:g} {what} look at pockets, and there are {len(layout.pockets)} pockets",
                where=f"kerb.{what}.count",
                mend="give each pocket one at most, or add pockets under kerb.bays",
            )
        order = layout.busy
        if column == GUARDS:
            order = order[np.argsort(watched[order, CAMERAS], kind="stable")]
        watched[order[: int(count)], column] = 1
    return watched


def _kinds(params: KerbParams) -> Records:
    rows = records(len(params.kinds), KIND)
    for row, kind in enumerate(params.kinds):
        rows[row] = (kind.search, kind.wait, kind.double_park, kind.go_away, kind.search_at_most_s)
    return rows


def _watchers(params: KerbParams) -> Records:
    cameras, guards, patrols = params.cameras, params.guards, params.patrols
    rows = records(3, WATCHER)
    speaks = float(cameras.light_and_sound)
    # A camera that does not speak is not seen either.
    rows[0] = (cameras.detects, cameras.after_s, cameras.complies, cameras.respond_s, cameras.deters * speaks, speaks)
    rows[1] = (guards.detects, guards.after_s, guards.complies, guards.respond_s, guards.deters, 1.0)
    rows[2] = (1.0, 0.0, patrols.complies, patrols.respond_s, 0.0, 1.0)
    return rows


def _rules(params: KerbParams, run_seed: np.uint64, asks: bool) -> Records:
    rows = records(1, RULES)
    streams = [make_stream(run_seed, f"kerb.{purpose}") for purpose in ("choice", "notice", "comply", "deter")]
    rows[0] = (params.limit_s, *params.hours, *streams, int(asks))
    return rows
