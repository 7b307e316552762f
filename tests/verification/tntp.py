"""Reader of the public test networks for static assignment (TNTP files); they lie beside the project, if at all."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from twin.models.road_traffic.equilibrium import StaticNetwork

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "tntp"


def _parts(name):
    file = FOLDER / name
    if not file.is_file():
        pytest.skip(f"the test networks are not beside the project: no {name}")
    text = file.read_text()
    head, _, body = text.rpartition("<END OF METADATA>")  # files of flows have no head
    lines = [line.strip() for line in body.splitlines()]
    return head, [line for line in lines if line and not line.startswith("~")]


def network(name, *, per_toll=0.0, per_length=0.0):
    """Network of NAME_net.tntp; tolls and lengths enter the fixed cost by these factors."""
    head, lines = _parts(f"{name}_net.tntp")
    rows = np.array([[float(x) for x in line.replace(";", "").split()] for line in lines])
    nodes = int(re.search(r"<NUMBER OF NODES>\s*(\d+)", head)[1])
    first_through = int(re.search(r"<FIRST THRU NODE>\s*(\d+)", head)[1])
    return StaticNetwork(
        rows[:, 0].astype(int) - 1,
        rows[:, 1].astype(int) - 1,
        free_cost=rows[:, 4],
        capacity=rows[:, 2],
        bpr_share=rows[:, 5],
        bpr_power=rows[:, 6],
        fixed_cost=per_toll * rows[:, 8] + per_length * rows[:, 3],
        node_count=nodes,
        no_through=np.arange(1, nodes + 1) < first_through,
    )


def trips(name):
    """Origins, destinations and trips of NAME_trips.tntp."""
    origin, rows = 0, []
    for line in _parts(f"{name}_trips.tntp")[1]:
        if line.startswith("Origin"):
            origin = int(line.split()[1])
            continue
        rows += [(origin - 1, int(to) - 1, float(n)) for to, n in re.findall(r"(\d+)\s*:\s*([\d.]+)", line)]
    o, d, n = zip(*rows, strict=True)
    return np.array(o), np.array(d), np.array(n)


def best_flows(name):
    """Best-known link flows of NAME_flow.tntp, by (from, to)."""
    rows = [line.replace(";", "").split() for line in _parts(f"{name}_flow.tntp")[1]]
    return {(int(r[0]) - 1, int(r[1]) - 1): float(r[2]) for r in rows if r[0].isdigit()}
