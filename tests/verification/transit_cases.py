"""Cases for transit with known answers: grids, the torus, one depot; posed to the desk without a road."""

from __future__ import annotations

import numpy as np

from twin.engine.draws import event, make_stream, uniforms
from twin.models.transit.desk.desk import Desk
from twin.models.transit.dispatch import kernels
from twin.models.transit.fleet import rows as state

RULES = {
    "wait_at_most_s": 1e9,
    "times_direct": 1.0,
    "plus_s": 1e9,
    "dwell_s": 0.0,
    "acknowledge_s": 0.0,
    "lead_s": 0.0,
    "rider_time_weight": 0.6,
    "open_s": 0.0,
    "close_s": 1e12,
    "strategy": kernels.CHEAPEST,
    "road": 0,
}


def rules(**changes):
    return state.Rules(**{**RULES, **changes})


def draws(seed, count, what):
    """Uniforms by key."""
    return uniforms(make_stream(np.uint64(seed), f"test.{what}"), np.arange(count, dtype=np.uint64), event(0))


def requests(asked_s, origin, destination, *, party=1, board_s=0.0, walk_s=0.0):
    n = len(asked_s)
    full = np.zeros(n)
    return state.new_requests(
        ids=np.arange(n, dtype=np.uint64),
        asked_s=np.asarray(asked_s, float),
        origin=np.asarray(origin),
        destination=np.asarray(destination),
        party=np.full(n, party, np.int32),
        age_group=np.zeros(n, np.uint8),
        walk_s=full + walk_s,
        egress_s=full,
        board_s=full + board_s,
        alight_s=full,
    )


def grid_metres(side, spacing_m):
    n = np.arange(side * side)
    return (abs(n[:, None] % side - n % side) + abs(n[:, None] // side - n // side)) * float(spacing_m)


def pickup_metres(metres, van_stops, origins, destinations):
    """Drive of the van that an idle fleet sends to each request, every request put to the same idle fleet.

    ``metres`` are the desk's ``Times`` at 1 m/s.
    """
    asked = requests(np.zeros(len(origins)), origins, destinations)
    desk = Desk(state.new_fleet(van_stops.astype(np.int32), 8, 0.0), asked, metres, rules())
    out = np.empty(len(origins))
    for r in range(len(origins)):
        assert kernels.promise(r, desk.fleet, desk.requests, desk.times, desk.rules) == 0
        van, i, j, reason = kernels.cheapest_insertion(
            r, 0.0, kernels.CHEAPEST, desk.scratch.moved, desk.fleet, desk.requests, desk.times, desk.rules
        )
        assert (i, j, reason) == (0, 0, 0)
        out[r] = metres.between_s[desk.fleet["stop"][van], desk.requests["origin"][r]]
    return out
