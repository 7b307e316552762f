"""Link times that drivers know before the first is measured: those of a static equilibrium of the first hour."""

from __future__ import annotations

import numpy as np

from twin.arrays import Floats
from twin.city.city import StreetLayer
from twin.errors import ScenarioError
from twin.models.road_traffic.background.cars import BackgroundCars
from twin.models.road_traffic.equilibrium.network import StaticNetwork, street_network
from twin.models.road_traffic.equilibrium.params import StaticLinkParams
from twin.models.road_traffic.equilibrium.solver import solve_equilibrium

#: Demand of a static equilibrium is a rate; it is taken over this long.
HOUR_S = 3600.0
_GAP, _MOST_ITERATIONS = 1e-4, 100


def first_times_s(
    params: StaticLinkParams, drive: StreetLayer, cars: BackgroundCars, start_s: float, measured_s: Floats
) -> Floats:
    """Seconds over each link in the user equilibrium of the cars that leave in the hour from the start on.

    Parameters
    ----------
    params
        How time grows with flow.
    drive
        The drive layer.
    cars
        Background cars of the day.
    start_s
        Start of the clock.
    measured_s : (m,) float64
        What the form of the road says of empty links, lights included; nothing is quicker than that.

    Returns
    -------
    (m,) float64

    Raises
    ------
    ScenarioError
        If some of the cars have no way.
    """
    hour = slice(*np.searchsorted(cars.depart_s, [start_s, start_s + HOUR_S]).tolist())
    origin, destination = cars.from_node[hour], cars.to_node[hour]
    if not len(origin):
        return measured_s
    pairs, count = np.unique(np.column_stack([origin, destination]), axis=0, return_counts=True)
    network = street_network(drive, params)
    network = StaticNetwork(
        network.link_from, network.link_to, measured_s, network.capacity,
        bpr_share=network.bpr_share, bpr_power=network.bpr_power, node_count=network.node_count,
    )  # fmt: skip
    try:
        found = solve_equilibrium(
            network, pairs[:, 0], pairs[:, 1], count.astype(np.float64),
            relative_gap=_GAP, max_iterations=_MOST_ITERATIONS,
        )  # fmt: skip
    except ScenarioError as fault:
        raise ScenarioError(
            f"the static equilibrium of the first hour cannot be found: {fault.what}",
            where="road_traffic.background.static",
            mend="leave background.static out, or mend what keeps the cars of the first hour from their way",
        ) from fault
    return np.maximum(found.link_cost, measured_s)
