"""Which tests must notice a fault in which module, from quick to slow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    """Tests of one module; kernels are run without the compiler, or each fault would be compiled anew.

    Attributes
    ----------
    tests
        Files, relative to the project.
    compiled
        Whether kernels are compiled.
    quick
        Which of the tests are tried first, as ``pytest -k`` takes it; all are tried if these notice nothing.
    """

    tests: tuple[str, ...]
    compiled: bool = False
    quick: str = ""


_BY_CLASS = "tests/unit/models/terminal/test_queue_by_class.py"
_GROUPED = "tests/unit/results/test_grouped_kpis.py"
_GATE = Suite(("tests/oracles/test_terminal_gate.py", "tests/oracles/test_terminal_lanes.py", _BY_CLASS), quick="[0-")
_STATIONS = Suite(("tests/oracles/test_stations.py", *_GATE.tests), quick="test_stations")
_SLOTS = Suite(("tests/oracles/test_terminal_slots.py",))

SUITES: dict[str, Suite] = {
    "twin/engine/stations/line_kernels.py": _STATIONS,
    "twin/engine/stations/serve_kernels.py": _STATIONS,
    "twin/engine/stations/loop_kernels.py": _STATIONS,
    "twin/engine/stations/passage_kernels.py": _STATIONS,
    "twin/engine/stations/plain_kernels.py": Suite(("tests/oracles/test_stations.py",)),
    "twin/engine/stations/calendar_kernels.py": _STATIONS,
    "twin/engine/stations/law_kernels.py": _STATIONS,
    "twin/engine/stations/lane_kernels.py": Suite(
        ("tests/oracles/test_stations.py", "tests/oracles/test_terminal_lanes.py"), quick="stations",
    ),
    "twin/engine/stations/order_kernels.py": Suite(("tests/oracles/test_terminal_order.py",)),
    "models/terminal/gate/space_kernels.py": _GATE,
    "models/terminal/gate/truck_kernels.py": _GATE,
    "models/terminal/gate/row_kernels.py": _GATE,
    "models/terminal/booking/kernels.py": _SLOTS,
    "models/terminal/booking/asking_kernels.py": _SLOTS,
    "models/transit/dispatch/kernels.py": Suite(
        ("tests/oracles/test_transit_day.py", "tests/oracles/test_transit_insertion.py"),
        quick="test_transit_day or [0] or [1] or [3]",
    ),
    "models/pedestrian/movement/kernels.py": Suite(("tests/oracles/test_pedestrian_events.py",)),
    "models/pedestrian/choice/kernels.py": Suite(
        ("tests/oracles/test_pedestrian_program.py", "tests/oracles/test_pedestrian_events.py")
    ),
    "models/road_traffic/queueing/kernels.py": Suite(
        ("tests/oracles/test_road_queueing.py", "tests/oracles/test_road_gate_queue.py"), quick="[0] or [1]",
    ),
    "models/terminal/gate/road_queue.py": Suite(
        ("tests/unit/models/terminal/test_road_queue.py", "tests/unit/models/terminal/test_gate_on_road.py"),
        compiled=True,
    ),
    "models/terminal/kpis.py": Suite(
        ("tests/unit/models/terminal/test_kpis_by_hand.py", "tests/unit/models/terminal/test_kpis.py", _GROUPED,
         _BY_CLASS), compiled=True,
    ),
    "models/transit/kpis.py": Suite(("tests/unit/results/test_transit_kpis.py", _GROUPED), compiled=True),
    "models/pedestrian/kpis.py": Suite(("tests/unit/models/pedestrian/test_kpis.py", _GROUPED), compiled=True),
    "models/road_traffic/kpis.py": Suite(("tests/unit/models/road_traffic/test_kpis.py", _GROUPED), compiled=True),
    "twin/results/compare.py": Suite(("tests/unit/results/test_compare.py",), compiled=True),
    "twin/results/verdicts.py": Suite(
        ("tests/unit/results/test_verdicts.py", "tests/unit/results/test_compare.py"), compiled=True
    ),
    "twin/results/unmoved.py": Suite(("tests/unit/results/test_unmoved.py",), compiled=True),
}  # fmt: skip
