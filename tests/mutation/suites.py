"""Which tests must notice a fault in which module, from quick to slow."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Suite:
    """Tests of one module; kernels are run without the compiler, or each fault would be compiled anew."""

    tests: tuple[str, ...]
    compiled: bool = False


_BY_CLASS = "tests/unit/models/terminal/test_queue_by_class.py"
_GATE = Suite(("tests/oracles/test_terminal_gate.py", "tests/oracles/test_terminal_lanes.py", _BY_CLASS))
_TERMINAL_KPIS = ("tests/unit/models/terminal/test_kpis.py", "tests/unit/results/test_grouped_kpis.py", _BY_CLASS)

SUITES: dict[str, Suite] = {
    "models/terminal/gate/line_kernels.py": _GATE,
    "models/terminal/gate/serve_kernels.py": _GATE,
    "models/terminal/gate/kernels.py": _GATE,
    "models/terminal/gate/calendar_kernels.py": Suite(("tests/oracles/test_terminal_order.py", *_GATE.tests)),
    "models/terminal/gate/law_kernels.py": _GATE,
    "models/terminal/gate/lane_kernels.py": Suite(("tests/oracles/test_terminal_lanes.py",)),
    "models/terminal/gate/order_kernels.py": Suite(("tests/oracles/test_terminal_order.py",)),
    "models/terminal/gate/row_kernels.py": _GATE,
    "models/terminal/booking/kernels.py": Suite(("tests/oracles/test_terminal_slots.py",)),
    "models/terminal/booking/asking_kernels.py": Suite(("tests/oracles/test_terminal_slots.py",)),
    "models/terminal/gate/road_queue.py": Suite(("tests/unit/models/terminal/test_gate_on_road.py",), compiled=True),
    "models/terminal/kpis.py": Suite(_TERMINAL_KPIS, compiled=True),
    "models/transit/kpis.py": Suite(
        ("tests/unit/results/test_transit_kpis.py", "tests/unit/results/test_grouped_kpis.py"), compiled=True
    ),
    "models/pedestrian/kpis.py": Suite(
        ("tests/unit/models/pedestrian/test_kpis.py", "tests/unit/results/test_grouped_kpis.py"), compiled=True
    ),
    "models/road_traffic/kpis.py": Suite(
        ("tests/unit/models/road_traffic/test_kpis.py", "tests/unit/results/test_grouped_kpis.py"), compiled=True
    ),
    "twin/results/compare.py": Suite(("tests/unit/results/test_compare.py",), compiled=True),
    "twin/results/unmoved.py": Suite(("tests/unit/results/test_unmoved.py",), compiled=True),
}
