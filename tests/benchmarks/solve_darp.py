"""Solve a static dial-a-ride problem in Cordeau's text format with the kernels of the fleet's planner.

Run:  python tests/benchmarks/solve_darp.py FILE --seconds 30 --seed 1 --json

Prints cost, vehicles, routes as ids of the file (depots left out) and CPU-seconds. The least driving counts.
"""

from __future__ import annotations

from solving import main

from twin.models.transit.planning.instances import read_dial_a_ride

if __name__ == "__main__":
    raise SystemExit(main(__doc__, read_dial_a_ride, fewest_vehicles=False))
