"""Tables that the terminal writes, and the words behind their codes."""

from __future__ import annotations

from twin.columns import Table, table

TRUCK_CLASSES: tuple[str, ...] = ("ordinary", "booked")
TRUCK_KINDS: tuple[str, ...] = ("laden_out", "laden_in", "empty_out", "empty_in")
TRUCK_REASONS: tuple[str, ...] = ("served", "after_closing", "in_line_at_closing", "too_late", "too_early")
_CLASS_WORDS = tuple(zip(TRUCK_CLASSES, ("一般", "予約"), strict=True))
_KIND_WORDS = tuple(zip(TRUCK_KINDS, ("実入搬出", "実入搬入", "空搬出", "空搬入"), strict=True))
_REASON_WORDS = tuple(
    zip(TRUCK_REASONS, ("受付済", "閉門後に到着", "閉門時に待機中", "予約時刻に遅刻", "予約時刻より早着"), strict=True)
)

TABLES: tuple[Table, ...] = (
    table(
        "terminal_visits",
        "One row per truck that has left the terminal or was turned away",
        ("out_s", "id"),
        ("id", "uint64", "", "id of the visit"),
        (
            "class",
            "uint8",
            "",
            "as it set out: index into TRUCK_CLASSES; booked means: takes part in CONPAS",
            _CLASS_WORDS,
        ),
        ("served_as", "uint8", "", "class in which it stood in line: index into TRUCK_CLASSES", _CLASS_WORDS),
        ("kind", "uint8", "", "index into TRUCK_KINDS", _KIND_WORDS),
        ("moves_count", "uint8", "", "boxes brought or fetched"),
        ("haulier_index", "int32", "", "haulier, a number without a name"),
        ("reason", "uint8", "", "how it ended: index into TRUCK_REASONS", _REASON_WORDS),
        ("slot_from_s", "float64", "s", "start of the booked slot; nan without one"),
        ("desired_s", "float64", "s", "when it would have come without slots; seconds since midnight of day one"),
        ("planned_s", "float64", "s", "when it would reach the line on an empty road, noise of its way included"),
        ("enter_s", "float64", "s", "when it entered the road; nan where trucks appear at the line"),
        ("join_s", "float64", "s", "when it joined the line, on the road or at the yards"),
        ("called_s", "float64", "s", "when a lane first called it; nan if none did"),
        ("gate_start_s", "float64", "s", "when its service at the gate began: called and moved up"),
        ("gate_end_s", "float64", "s", "when it left the in-gate lane"),
        ("out_s", "float64", "s", "when it left the out-gate, or was turned away"),
        ("wait_s", "float64", "s", "time in line until a lane called it, with any time sent back into the line"),
        ("road_queue_s", "float64", "s", "part of the wait spent standing on the public road"),
        ("yard_wait_s", "float64", "s", "time waiting for a crane"),
        ("lane_group", "int8", "", "group of in-gate lanes; -1 if none; names in terminal_constants"),
        ("lane", "int16", "", "lane of the group, from 0; -1 if none"),
        ("yard", "int16", "", "holding yard it waited in, from 0; -1 none; -2 on the road only"),
        ("trouble", "uint8", "", "1 if its documents were not in order"),
        ("rehandles_count", "uint8", "", "boxes moved out of its way"),
        ("hours_left_s", "float64", "s", "working time its driver had left at the line"),
        ("crane_s", "float64", "s", "time cranes worked for it"),
        ("asked_s", "float64", "s", "when it asked for a slot, negative on the days before; nan if it did not"),
    ),
    table(
        "terminal_queue",
        "The line at the gate at every change: a row holds until the next",
        ("time_s", "change"),
        ("time_s", "float64", "s", "seconds since midnight of day one"),
        ("change", "int64", "", "changes counted from 0"),
        ("trucks_in_line", "int32", "", "trucks waiting for the in-gate, wherever they stand"),
        ("booked_in_line", "int32", "", "of these, booked trucks, in whichever line they stand"),
        ("trucks_in_yards", "int32", "", "of these, in holding yards"),
        ("trucks_on_road", "int32", "", "of these, on the public road"),
        ("booked_on_road", "int32", "", "of those on the public road, booked trucks"),
        ("metres_on_road_m", "float64", "m", "length of the queue on the public road, along the street"),
        ("lanes_open", "int32", "", "in-gate lanes open"),
        ("lanes_busy", "int32", "", "in-gate lanes serving"),
        ("trucks_inside", "int32", "", "trucks between in-gate and out-gate"),
    ),
    table(
        "terminal_slots",
        "Booking slots and what became of every place, at the end of the run",
        ("slot_from_s",),
        ("slot_from_s", "float64", "s", "start of the slot; seconds since midnight of day one"),
        ("slot_to_s", "float64", "s", "end of the slot"),
        ("offered_count", "int32", "", "quota"),
        ("booked_count", "int32", "", "bookings ever made, those given back and made anew among them"),
        ("used_count", "int32", "", "bookings whose truck came in its window and was served"),
        ("no_show_count", "int32", "", "bookings of trucks that did not come in it"),
        ("cancelled_count", "int32", "", "bookings given back in time; their places were offered again"),
        ("cancelled_late_count", "int32", "", "bookings given back too late; their places were lost"),
        ("lapsed_count", "int32", "", "provisional bookings that were not confirmed; their places were offered again"),
        ("released_count", "int32", "", "unused places taken at short notice while the line was short"),
        ("rebooked_count", "int32", "", "places given at the gate to trucks that came after their own slot"),
        ("unplaced_count", "int32", "", "trucks of the day that asked and found no slot; the same in every row"),
    ),
    table(
        "terminal_constants",
        "Parameters of the gate that its KPIs need",
        ("name",),
        ("name", "str", "", "name; lane:I:NAME for the lanes of group I; hauliers:I:NAME for how many are of size I"),
        ("value", "float64", "", "value in SI units"),
    ),
)
