"""Parameters of static link costs, with their sources."""

from __future__ import annotations

from twin.params import Params, quantity
from twin.units import Rate, Share


class StaticLinkParams(Params):
    """Capacity of streets and how their time grows with flow."""

    bpr_share: float = quantity(
        0.15,
        "",
        source="Bureau of Public Roads (1964), Traffic Assignment Manual; also in the public test networks",
        grade="M",
        ge=0,
        le=100,
        doc="how much longer a link takes at capacity: 0.15 is 15 %",
    )
    bpr_power: float = quantity(
        4.0,
        "",
        source="Bureau of Public Roads (1964), Traffic Assignment Manual; also in the public test networks",
        grade="M",
        ge=1,
        le=20,
        doc="power with which time grows with flow over capacity",
    )
    lane_capacity_per_s: Rate = quantity(
        2200.0 / 3600.0,
        "/h",
        source="basic capacity of a lane of a street of several lanes in Japan, per hour",
        grade="M",
        gt=0,
        le=10,
        doc="of links that end without lights",
    )
    saturation_per_s: Rate = quantity(
        2000.0 / 3600.0,
        "/h",
        source="usual saturation flow of a straight lane in Japan, per hour of green",
        grade="M",
        gt=0,
        le=10,
        doc="per lane while lights are green",
    )
    green_share: Share = quantity(
        0.5,
        "%",
        source="guess: two movements share the cycle",
        grade="G",
        gt=0,
        le=1,
        doc="share of the cycle that is green, of links that end at lights",
    )
