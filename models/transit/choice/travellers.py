"""Everybody who travels in the area: who takes what, who would otherwise, and what is written of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from twin.arrays import Floats
from twin.engine.ledger import Account
from twin.models.transit.choice.logit import best
from twin.models.transit.choice.options import Options
from twin.models.transit.choice.params import MODES, NESTS, VAN, ChoiceParams
from twin.models.transit.choice.settle import PERIODS_H, Settled
from twin.models.transit.fleet.rows import AGE_GROUPS, Requests

Columns = Mapping[str, NDArray[np.generic]]
#: One traveller or party.
TRAVELLER = np.dtype(
    [
        ("id", "<u8"), ("leave_s", "<f8"), ("time_s", "<f8"), ("yen", "<f8"), ("worth_yen", "<f8"), ("road_m", "<f8"),
        ("otherwise_road_m", "<f8"), ("party", "<i4"), ("origin", "<i4"), ("destination", "<i4"), ("mode", "u1"),
        ("otherwise", "u1"), ("age_group", "u1"),
    ]
)  # fmt: skip
Travellers = NDArray[np.void]


def nests_of(choice: ChoiceParams) -> tuple[tuple[tuple[int, ...], ...], tuple[float, ...]]:
    """Nests and their scales."""
    scales = choice.nest_scales
    return tuple(NESTS.values()), tuple(float(getattr(scales, name)) for name in NESTS)


def choose(options: Options, choice: ChoiceParams, trips: Requests, taste: Floats) -> Travellers:
    """What everybody takes, and what they would take if there were no van.

    Returns
    -------
    (n,) TRAVELLER
        In the order of the trips.
    """
    mode = best(options.utility, options.available, taste)
    otherwise = best(options.utility, options.without(VAN).available, taste)
    rows = np.arange(len(trips))
    out = np.zeros(len(trips), TRAVELLER)
    for name in ("id", "party", "origin", "destination", "age_group"):
        out[name] = trips[name]
    out["leave_s"] = trips["since_s"]
    out["mode"], out["otherwise"] = mode, otherwise
    out["time_s"], out["yen"] = options.time_s[rows, mode], options.yen[rows, mode]
    # Utility in yen: up to a constant, what travelling so is worth to them.
    out["worth_yen"] = (options.utility + taste)[rows, mode] / choice.minute_utility * choice.hour_yen / 60
    out["road_m"], out["otherwise_road_m"] = options.metres[rows, mode], options.metres[rows, otherwise]
    return out


def trip_rows(travellers: Travellers) -> Columns:
    """Rows of ``transit_trips``."""
    names = np.array(MODES)
    return {
        "id": travellers["id"], "leave_s": travellers["leave_s"], "from_stop": travellers["origin"],
        "to_stop": travellers["destination"], "party": travellers["party"],
        "age_group": np.array(AGE_GROUPS)[travellers["age_group"]], "mode": names[travellers["mode"]],
        "otherwise": names[travellers["otherwise"]], "expected_s": travellers["time_s"],
        "yen": travellers["yen"], "worth_yen": travellers["worth_yen"],
        "road_m": travellers["road_m"], "otherwise_road_m": travellers["otherwise_road_m"],
    }  # fmt: skip


def settling_rows(settled: Settled) -> Columns:
    """Rows of ``transit_settling``: every round by period of the day."""
    periods = len(PERIODS_H) - 1
    rounds = settled.rounds
    return {
        "round": np.repeat(np.arange(len(rounds), dtype=np.int32), periods),
        "from_s": np.tile(3600.0 * np.array(PERIODS_H[:-1]), len(rounds)),
        "expected_wait_s": np.concatenate([one.expected.wait_s for one in rounds]),
        "met_wait_s": np.concatenate([one.met_wait_s for one in rounds]),
        "trips": np.concatenate([one.trips for one in rounds]).astype(np.int32),
        "residual_s": np.repeat([one.residual_s for one in rounds], periods),
    }


def terms_rows(choice: ChoiceParams) -> Columns:
    """The row of ``transit_choice_terms``."""
    return {
        "car_km_co2_kg": np.array([choice.car_km_co2_kg]), "taxi_km_co2_kg": np.array([choice.taxi_km_co2_kg]),
    }  # fmt: skip


class Roll:
    """Everybody who travels, in the order in which they leave: asked at every step, so that a step costs little.

    Attributes
    ----------
    travellers : (n,) TRAVELLER
    """

    def __init__(self, travellers: Travellers) -> None:
        self.travellers = travellers[np.lexsort((travellers["id"], travellers["leave_s"]))]
        self._leave_s = np.ascontiguousarray(self.travellers["leave_s"])
        others = self.travellers[self.travellers["mode"] != VAN]
        self._off_s, self._there_s = others["leave_s"].copy(), others["leave_s"] + others["time_s"]
        self._mode = others["mode"].copy()
        self._longest_s = float((self._there_s - self._off_s).max(initial=0.0))
        #: How many of each way have left before each row.
        self._before = np.zeros((len(others) + 1, len(MODES)), np.int32)
        np.cumsum(self._mode[:, None] == np.arange(len(MODES)), axis=0, out=self._before[1:])

    def leaving(self, after_s: float, until_s: float) -> Travellers:
        """Those who leave after a moment and up to another."""
        first, last = np.searchsorted(self._leave_s, [after_s, until_s], side="right")
        return self.travellers[first:last]

    def account(self, now_s: float) -> Account:
        """Those who travel by other ways than the van; who asks for a van stands among the requests."""
        off = int(np.searchsorted(self._off_s, now_s, side="right"))
        # Who left longer ago than the longest trip takes has arrived; the others are looked at.
        old = int(np.searchsorted(self._off_s, now_s - self._longest_s, side="left"))
        there = self._there_s[old:off] <= now_s
        count = self._before[old] + np.bincount(self._mode[old:off][there], minlength=len(MODES))
        left = {name: int(count[k]) for k, name in enumerate(MODES) if k != VAN}
        return Account("travellers_by_other_ways", off, int((~there).sum()), left)
