"""What a table is, the tables all models share, and every table there is by name.

A model declares its own tables in its ``tables.py`` and names them on its card; the recorder writes exactly
these columns with exactly these types; readers, KPIs and pictures use the names. Rows of a finished table are
sorted by ``sort_by``, so that neither the step nor a checkpoint can be seen in the bytes.

``TABLES``, ``BODIES`` and ``BODY_STATES`` are gathered from the cards of the models when first asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """One column: numpy type, unit and meaning; for codes, the word of each and its Japanese.

    A code of a whole number is the place of its word, one of text is the word itself.
    """

    name: str
    dtype: str
    unit: str
    meaning: str
    words: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Table:
    """One table of a run: its columns, and the order of its rows."""

    name: str
    columns: tuple[Column, ...]
    sort_by: tuple[str, ...]
    meaning: str


#: A column as declared: name, numpy type, unit, meaning, and the words of its codes if it has any.
Described = tuple[str, str, str, str] | tuple[str, str, str, str, tuple[tuple[str, str], ...]]


def table(name: str, meaning: str, sort_by: tuple[str, ...], *columns: Described) -> Table:
    """Declare a table.

    Parameters
    ----------
    name
        Name of the table; begins with its model, so that two models never claim one.
    meaning
        What a row is.
    sort_by
        Columns that give the rows their order.
    *columns
        Name, numpy type, unit and meaning of each; for codes, their words.
    """
    return Table(name, tuple(Column(*column) for column in columns), sort_by, meaning)


#: Tables that every model may append to.
SHARED: tuple[Table, ...] = (
    table(
        "traces",
        "Points of sampled vehicles and walkers, for pictures: one path per (body, id, trip)",
        ("body", "id", "trip", "time_s"),
        ("body", "uint8", "", "what moves, index into BODIES"),
        ("id", "uint64", "", "id of the vehicle or walker"),
        ("trip", "int32", "", "trips of the same body counted from 0"),
        ("time_s", "float64", "s", "seconds since midnight of day one"),
        ("x_m", "float32", "m", "easting in the city's CRS"),
        ("y_m", "float32", "m", "northing in the city's CRS"),
        ("state", "uint8", "", "what it is doing, index into BODY_STATES of the body"),
    ),
    table(
        "ledger",
        "Who is inside each model, who left and why, at the end of the run",
        ("model", "account", "entry"),
        ("model", "str", "", "model"),
        ("account", "str", "", "kind of body or request"),
        ("entry", "str", "", "entered, inside, received, handed_over, or left:reason"),
        ("count", "int64", "", "how many"),
    ),
)

#: Every table there is, by name.
TABLES: dict[str, Table]
#: Kinds of bodies that move; ``traces.body`` is the index.
BODIES: tuple[str, ...]
#: What each kind of body can be doing; ``traces.state`` is the index.
BODY_STATES: dict[str, tuple[str, ...]]

#: Classes of vehicles on the road; a row's ``vehicle_class`` is the index.
VEHICLE_CLASSES: tuple[str, ...] = ("car", "van", "small_truck", "container_truck", "bus")
#: The same with their Japanese.
VEHICLE_WORDS: tuple[tuple[str, str], ...] = tuple(
    zip(VEHICLE_CLASSES, ("乗用車", "バン", "小型トラック", "コンテナトラック", "バス"), strict=True)
)

KPI_COLUMNS: tuple[Column, ...] = (
    Column("variant", "str", "", "variant of the scenario"),
    Column("day", "str", "", "kind of day; empty where the scenario has one"),
    Column("replication", "int32", "", "replication, from 0"),
    Column("kpi", "str", "", "model.name_with_unit"),
    Column("group", "str", "", "all, or a class of travellers"),
    Column("value", "float64", "", "value in `unit`; nan where undefined"),
    Column("unit", "str", "", "unit"),
)


def __getattr__(name: str) -> Any:
    # Asked late: the tables of the models are declared with the words above.
    from twin.models import registry

    if name == "TABLES":
        return registry.tables()
    if name == "BODIES":
        return tuple(registry.body_states())
    if name == "BODY_STATES":
        return registry.body_states()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
