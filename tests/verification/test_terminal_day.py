"""A day whose lanes close for lunch against exact numbers (O3)."""

import csv

import numpy as np
import pytest

from tests.unit.models.terminal.gate import gate, run
from tests.verification.terminal_theory import mean_and_half_width

TRUCKS = 1400
WEIGHTS = (0.06, 0.14, 0.15, 0.13, 0.04, 0.08, 0.13, 0.14, 0.13)
CLOSED = [(30600.0, 41400.0), (46800.0, 108000.0)]
OPEN = [(30600.0, 108000.0)]
REPLICATIONS = 400


def day(opening, at_closure):
    hourly = {27000.0 + 3600.0 * i: TRUCKS * w for i, w in enumerate(WEIGHTS)}
    return gate(
        demand={"hourly": hourly},
        opening=opening,
        at_closure=at_closure,
        lanes={"A": {"count": 8}},
        service={"law": "exponential", "mean_s": 120.0},
    )


def minutes_per_expected_truck(params, replications=REPLICATIONS):
    """Integral of the line over the expected number of trucks, as the exact value is defined."""
    return [run(params, r, step_s=1e6)["terminal_visits"]["wait_s"].sum() / 60 / TRUCKS for r in range(replications)]


def exact_wait_min(folder, scenario):
    """Mean wait from the expected line: trapezoid over the five-minute ends."""
    with (folder / "terminal" / "oracle_mt_m_ct_day.csv").open() as file:
        rows = [r for r in csv.DictReader(file) if r["scenario"] == scenario]
    ends = np.array([float(rows[0]["interval_start_min"])] + [float(r["interval_end_min"]) for r in rows])
    line = np.array([0.0] + [float(r["E_Lq_at_end"]) for r in rows])
    return np.trapezoid(line, ends) / TRUCKS, rows


@pytest.mark.slow
@pytest.mark.parametrize(
    ("opening", "at_closure", "exact_min"),
    [(CLOSED, "suspend", 11.8958), (OPEN, "suspend", 5.5446), (CLOSED, "finish", 11.1361), (OPEN, "finish", 5.5446)],
)
def test_the_mean_wait_of_the_day_is_the_exact_one(opening, at_closure, exact_min):
    mean, half = mean_and_half_width(minutes_per_expected_truck(day(opening, at_closure)))
    assert mean == pytest.approx(exact_min, abs=half)
    assert half < 0.05 * exact_min


def test_the_lunch_closure_makes_at_least_half_of_all_waiting():
    closed = np.mean(minutes_per_expected_truck(day(CLOSED, "finish"), 60))
    opened = np.mean(minutes_per_expected_truck(day(OPEN, "finish"), 60))
    assert (closed - opened) / closed >= 0.5


@pytest.mark.slow
@pytest.mark.parametrize(("scenario", "opening"), [("lunch_closed", CLOSED), ("lunch_open", OPEN)])
def test_the_line_over_the_day_is_the_exact_one(shared_data, scenario, opening):
    exact_min, rows = exact_wait_min(shared_data, scenario)
    # The file has five-minute ends only; the jumps at openings and closings cost the trapezoid some digits.
    assert exact_min == pytest.approx({"lunch_closed": 11.8958, "lunch_open": 5.5446}[scenario], rel=0.01)
    # Only moments at which somebody may wait; long after the last truck nothing is left to compare.
    wanted = [r for r in rows if float(r["interval_end_min"]) % 30 == 0 and float(r["E_Lq_at_end"]) > 0.5]
    ends_s = np.array([float(r["interval_end_min"]) * 60 for r in wanted])
    lines = []
    for replication in range(REPLICATIONS):
        queue = run(day(opening, "suspend"), replication, step_s=1e6)["terminal_queue"]
        # At an opening or closing the file gives the line just before it.
        at = np.searchsorted(queue["time_s"], ends_s, side="left") - 1
        lines.append(np.where(at >= 0, queue["trucks_in_line"][at], 0))
    lines = np.array(lines, np.float64)
    exact = np.array([float(r["E_Lq_at_end"]) for r in wanted])
    error = (lines.mean(axis=0) - exact) / (lines.std(axis=0, ddof=1) / np.sqrt(REPLICATIONS))
    # Moments of one day hang together: no single one beyond 4 standard errors, few beyond 2.58.
    assert np.abs(error).max() < 4.0
    assert (np.abs(error) > 2.58).mean() < 0.2
