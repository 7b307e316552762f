"""The table that the counters write."""

from __future__ import annotations

from twin.columns import Table, table

TABLES: tuple[Table, ...] = (
    table(
        "ward_office_visits",
        "One row per visitor who has been served and has left",
        ("leave_s", "id"),
        ("id", "uint64", "", "id of the visitor"),
        ("ticket", "int32", "", "number drawn at the door, from 1"),
        ("arrive_s", "float64", "s", "when the ticket was drawn; seconds since midnight of day one"),
        ("call_s", "float64", "s", "when a clerk called the number"),
        ("leave_s", "float64", "s", "when the visitor left the counter"),
        ("clerk", "int32", "", "counter, from 0"),
        ("booked", "bool", "", "whether called before those without an appointment"),
    ),
)
