"""Which tests must notice a fault in which module."""

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
        Of a kernel's tests those that ``--quick`` runs, as ``pytest -k`` takes it: one seed of each kind of case.
    """

    tests: tuple[str, ...]
    compiled: bool = False
    quick: str = ""


_BY_CLASS = "tests/unit/models/terminal/test_queue_by_class.py"
_GROUPED = "tests/unit/results/test_grouped_kpis.py"
_GATE = Suite(
    ("tests/oracles/test_terminal_gate.py", "tests/oracles/test_terminal_lanes.py", _BY_CLASS), quick="[0- and not wait"
)
_FEW_STATIONS = "(test_stations and ([1 or not [)) or [0-suspend or [0-reserved"
_STATIONS = Suite(("tests/oracles/test_stations.py", *_GATE.tests), quick=_FEW_STATIONS)
_PARTS = Suite(("tests/oracles/test_terminal_parts.py", *_STATIONS.tests), quick="terminal_parts")
_ROWS = Suite(("tests/oracles/test_terminal_rows.py", *_STATIONS.tests), quick="terminal_rows")
_SLOTS = Suite(
    (
        "tests/oracles/test_terminal_slot_parts.py",
        "tests/oracles/test_terminal_slots.py",
        "tests/oracles/test_terminal_gate.py",
    ),
    quick="slot_parts or slots",
)
_BOOKING = Suite(("tests/oracles/test_booking_rules.py", *_SLOTS.tests), quick="booking_rules")
_VANS = Suite(
    ("tests/oracles/test_transit_day.py", "tests/oracles/test_transit_insertion.py"),
    quick="test_transit_day or [0] or [1] or [3]",
)
_PLANS = Suite(("tests/oracles/test_transit_plan_parts.py", *_VANS.tests), quick="transit_plan_parts and ([1 or not [)")
_SERVICE = Suite(
    ("tests/oracles/test_transit_service_day.py", "tests/oracles/test_transit_plan_parts.py", *_VANS.tests),
    quick="transit_service_day and ([0 or not [) or a_copy_of",
)
_WALKING = Suite(
    ("tests/oracles/test_pedestrian_parts.py", "tests/oracles/test_pedestrian_events.py"),
    quick="pedestrian_parts or short",
)
#: Some seeds of all kinds of case.
_ALL_RULES = "road_all_rules and (-3] or -5] or -18])"
_PLANNING = Suite(("tests/oracles/test_planning_parts.py", "tests/oracles/test_planning.py"), quick="planning_parts")

SUITES: dict[str, Suite] = {
    "twin/engine/stations/line_kernels.py": _PARTS,
    "twin/engine/stations/serve_kernels.py": Suite(_PARTS.tests, quick=f"terminal_parts or {_FEW_STATIONS}"),
    "twin/engine/stations/loop_kernels.py": _STATIONS,
    "twin/engine/stations/passage_kernels.py": _STATIONS,
    "twin/engine/stations/plain_kernels.py": Suite(("tests/oracles/test_stations.py",), quick=_FEW_STATIONS),
    "twin/engine/stations/calendar_kernels.py": _PARTS,
    "twin/engine/stations/law_kernels.py": _ROWS,
    "twin/engine/stations/lane_kernels.py": Suite(
        ("tests/oracles/test_lane_parts.py", "tests/oracles/test_stations.py", "tests/oracles/test_terminal_lanes.py"),
        quick="lane_parts",
    ),
    "twin/engine/stations/order_kernels.py": Suite(("tests/oracles/test_terminal_order.py",)),
    "models/terminal/gate/space_kernels.py": _PARTS,
    "models/terminal/gate/truck_kernels.py": Suite(
        ("tests/oracles/test_terminal_truck_parts.py", *_ROWS.tests), quick="truck_parts or terminal_rows"
    ),
    "models/terminal/gate/row_kernels.py": _ROWS,
    "twin/booking/book_kernels.py": _SLOTS,
    "twin/booking/people_kernels.py": Suite(
        ("tests/oracles/test_booking_people_parts.py", *_BOOKING.tests), quick="people_parts or booking_rules"
    ),
    "twin/booking/plain_kernels.py": Suite(("tests/oracles/test_booking_rules.py",)),
    "twin/booking/window_kernels.py": _BOOKING,
    "models/terminal/booking/kernels.py": _SLOTS,
    "models/terminal/booking/asking_kernels.py": Suite(("tests/oracles/test_terminal_asking_parts.py",)),
    "models/terminal/demand/kernels.py": Suite(
        ("tests/oracles/test_terminal_demand_parts.py", "tests/unit/models/terminal/test_booking.py",
         "tests/unit/models/terminal/test_vessels.py", "tests/unit/models/terminal/test_model.py"),
        quick="demand_parts",
    ),
    "models/transit/dispatch/kernels.py": _SERVICE,
    "models/transit/dispatch/promise_kernels.py": _SERVICE,
    "models/transit/dispatch/reoptimise_kernels.py": Suite(
        ("tests/oracles/test_transit_anew_parts.py", *_SERVICE.tests), quick="anew_parts"
    ),
    "models/transit/dispatch/insertion_kernels.py": _PLANS,
    "models/transit/dispatch/trip_kernels.py": Suite(
        ("tests/oracles/test_transit_trip_parts.py", "tests/oracles/test_transit_plan_parts.py"), quick="trip_parts"
    ),
    "models/transit/fleet/kernels.py": Suite(("tests/oracles/test_transit_time_parts.py",)),
    "models/transit/fleet/time_kernels.py": Suite(
        ("tests/oracles/test_transit_time_parts.py", "tests/unit/models/transit/test_changing_times.py"),
        quick="time_parts",
    ),
    "models/transit/bus/raptor_kernels.py": Suite(
        ("tests/oracles/test_transit_raptor.py",), quick="test_transit_raptor and ([1] or [2] or [3] or horizon)"
    ),
    "models/transit/planning/kernels/improvement.py": _PLANNING,
    "models/transit/planning/kernels/insertion.py": _PLANNING,
    "models/transit/planning/kernels/rows.py": _PLANNING,
    "models/pedestrian/movement/kernels.py": _WALKING,
    "models/pedestrian/movement/room_kernels.py": _WALKING,
    "models/pedestrian/movement/way_kernels.py": Suite(("tests/oracles/test_pedestrian_ways.py",)),
    "models/kerb/kernels.py": Suite(
        ("tests/oracles/test_kerb_parts.py", "tests/oracles/test_kerb.py", "tests/unit/models/kerb/test_kernels.py"),
        quick="kerb_parts or (test_kerb and ([0 or [5 or step))",
    ),
    "twin/observe/kernels.py": Suite(("tests/oracles/test_observe_kernels.py",)),
    "models/pedestrian/choice/kernels.py": Suite(
        ("tests/oracles/test_pedestrian_choice_parts.py", "tests/oracles/test_pedestrian_program.py",
         "tests/oracles/test_pedestrian_events.py"), quick="pedestrian_program or choice_parts",
    ),
    "models/road_traffic/queueing/kernels.py": Suite(
        (
            "tests/oracles/test_road_all_rules.py",
            "tests/oracles/test_road_parts.py",
            "tests/oracles/test_road_queueing.py",
            "tests/oracles/test_road_gate_queue.py",
            "tests/verification/test_road_signals.py",
        ),
        quick=f"({_ALL_RULES}) or road_parts or (road_gate_queue and [0)",
    ),
    "models/road_traffic/queueing/choice_kernels.py": Suite(
        ("tests/oracles/test_road_parts.py", "tests/oracles/test_road_all_rules.py"),
        quick=f"({_ALL_RULES} and choices) or road_parts",
    ),
    "models/road_traffic/records/trace_kernels.py": Suite(("tests/oracles/test_road_trace_parts.py",)),
    "models/road_traffic/free_flow/kernels.py": Suite(
        ("tests/oracles/test_free_flow_kernels.py", "tests/unit/models/road_traffic/test_free_flow.py",
         "tests/unit/models/road_traffic/test_junction_delays.py",
         "tests/unit/models/road_traffic/test_outputs.py"), quick="free_flow_kernels",
    ),
    "models/road_traffic/equilibrium/kernels.py": Suite(
        ("tests/oracles/test_equilibrium_parts.py", "tests/oracles/test_static_equilibrium.py"),
        quick="equilibrium_parts",
    ),
    "models/road_traffic/gravity/kernels.py": Suite(("tests/oracles/test_gravity.py",)),
    "twin/city/routing/kernels.py": Suite(
        ("tests/oracles/test_path_kernels.py", "tests/oracles/test_shortest_paths.py"), quick="path_kernels"
    ),
    "twin/city/routing/turn_kernels.py": Suite(
        ("tests/oracles/test_turn_parts.py", "tests/oracles/test_turns.py", "tests/oracles/test_real_rules.py"),
        quick="turn_parts or (test_turns and (towards_one or own_eyes or [1] or [12] or [30] or ends_with or not [))",
    ),
    "twin/engine/draws.py": Suite(("tests/oracles/test_draws.py",)),
    "twin/engine/event_queue.py": Suite(("tests/unit/engine/test_event_queue.py",)),
    "models/terminal/gate/road_queue.py": Suite(
        ("tests/unit/models/terminal/test_road_queue.py", "tests/unit/models/terminal/test_gate_on_road.py"),
        compiled=True,
    ),
    "models/terminal/kpis.py": Suite(
        ("tests/unit/models/terminal/test_kpis_by_hand.py", "tests/unit/models/terminal/test_kpis.py", _GROUPED,
         _BY_CLASS), compiled=True,
    ),
    "models/transit/kpis.py": Suite(("tests/unit/results/test_transit_kpis.py", _GROUPED), compiled=True),
    "models/pedestrian/kpis/__init__.py": Suite(("tests/unit/models/pedestrian/test_kpis.py", _GROUPED), compiled=True),
    "models/road_traffic/kpis.py": Suite(("tests/unit/models/road_traffic/test_kpis.py", _GROUPED), compiled=True),
    "twin/results/compare.py": Suite(("tests/unit/results/test_compare.py",), compiled=True),
    "twin/results/verdicts.py": Suite(
        ("tests/unit/results/test_verdicts.py", "tests/unit/results/test_compare.py"), compiled=True
    ),
    "twin/results/unmoved.py": Suite(("tests/unit/results/test_unmoved.py",), compiled=True),
}  # fmt: skip
