"""What of the road can be counted in the street."""

from __future__ import annotations

from twin.observables import Observable

OBSERVABLES: tuple[Observable, ...] = (
    Observable(
        "road.link_flow_count",
        "periods",
        "vehicles",
        "road_links",
        "from_s",
        "車両通行量（台）",
        "vehicles that enter a link",
        sensors=("loop", "camera", "gate_count"),
        weight="inflow_count",
        where="link_index",
        layer="drive",
        period_s=300.0,
    ),
)
