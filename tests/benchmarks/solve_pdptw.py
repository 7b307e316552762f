"""Solve a static pick-up and delivery problem in the text format of Li and Lim with the kernels of the fleet's planner.

Run:  python tests/benchmarks/solve_pdptw.py FILE --seconds 30 --seed 1 --json

Prints cost, vehicles, routes as ids of the file (depots left out) and CPU-seconds. The fewest vehicles count before
the least driving, as on the public lists.
"""

from __future__ import annotations

from solving import main

from twin.models.transit.planning.instances import read_pickup_delivery

if __name__ == "__main__":
    raise SystemExit(main(__doc__, read_pickup_delivery, fewest_vehicles=True))
