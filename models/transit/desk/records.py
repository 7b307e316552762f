"""Rows of transit's tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from twin.city.city import Place
from twin.models.transit.fleet.rows import AGE_GROUPS, CHANNELS, OUTCOMES, REASONS, Requests, Words

Columns = Mapping[str, NDArray[np.generic]]


def stop_rows(stops: Sequence[Place], zone: NDArray[np.str_]) -> Columns:
    """Rows of ``transit_stops``."""
    return {
        "stop_index": np.arange(len(stops), dtype=np.int32), "stop": np.array([s.id for s in stops]),
        "name_ja": np.array([s.name_ja for s in stops]), "name_en": np.array([s.name_en for s in stops]),
        "zone": zone,
        "x_m": np.array([s.x_m for s in stops]), "y_m": np.array([s.y_m for s in stops]),
    }  # fmt: skip


def request_rows(requests: Requests, van_ids: Words) -> Columns:
    """Rows of ``transit_requests``."""
    return {
        "id": requests["id"], "asked_s": requests["asked_s"], "from_stop": requests["origin"],
        "to_stop": requests["destination"], "party": requests["party"],
        "age_group": np.array(AGE_GROUPS)[requests["age_group"]],
        "outcome": np.array(OUTCOMES)[requests["status"]], "reason": np.array(REASONS)[requests["reason"]],
        "van": np.array([0 if van < 0 else van_ids[van] for van in requests["van"]], np.uint64),
        "walk_s": requests["walk_s"], "egress_s": requests["egress_s"], "direct_s": requests["direct_s"],
        "promised_pickup_s": requests["pickup_by_s"], "promised_dropoff_s": requests["dropoff_by_s"],
        "promised_ride_s": requests["ride_max_s"], "pickup_s": requests["pickup_s"],
        "dropoff_s": requests["dropoff_s"], "pickup_warned_s": requests["pickup_warned_s"],
        "ride_warned_s": requests["ride_warned_s"], "called_s": requests["called_s"], "since_s": requests["since_s"],
        "arrive_by_s": requests["arrive_by_s"], "offer_s": requests["offer_s"],
        "offer_stop": requests["offer_stop"],
        "channel": np.array(CHANNELS)[requests["channel"]], "booked": requests["booked"].astype(np.int32),
        "wheelchairs": requests["chairs"],
    }  # fmt: skip
