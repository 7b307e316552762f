"""Every column name, once, with its unit and meaning; and the tables they form.

A model appends to the tables it declares here; the recorder writes exactly these columns with exactly these
types; readers, KPIs and pictures use the names. Rows of a finished table are sorted by ``sort_by``, so that
neither the step nor a checkpoint can be seen in the bytes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: numpy type, unit and meaning."""

    name: str
    dtype: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table of a run: its columns, and the order of its rows."""

    name: str
    columns: tuple[Column, ...]
    sort_by: tuple[str, ...]
    meaning: str


TABLES: dict[str, Table] = {}


def _table(name: str, meaning: str, sort_by: tuple[str, ...], *columns: tuple[str, str, str, str]) -> None:
    TABLES[name] = Table(name, tuple(Column(*c) for c in columns), sort_by, meaning)


# Shared by all models -------------------------------------------------------------------------------

_table(
    "traces", "Points of sampled vehicles and walkers, for pictures: one path per (body, id, trip)",
    ("body", "id", "trip", "time_s"),
    ("body", "uint8", "", "what moves, index into BODIES"),
    ("id", "uint64", "", "id of the vehicle or walker"),
    ("trip", "int32", "", "trips of the same body counted from 0"),
    ("time_s", "float64", "s", "seconds since midnight of day one"),
    ("x_m", "float32", "m", "easting in the city's CRS"),
    ("y_m", "float32", "m", "northing in the city's CRS"),
    ("state", "uint8", "", "what it is doing, index into BODY_STATES of the body"),
)

BODIES: tuple[str, ...] = ("car", "van", "bus", "truck", "walker")
BODY_STATES: dict[str, tuple[str, ...]] = {
    "car": ("driving",),
    "van": ("empty", "loaded"),
    "bus": ("driving",),
    "truck": ("booked", "ordinary"),
    "walker": ("walking", "staying"),
}

_table(
    "ledger", "Who is inside each model, who left and why, at the end of the run",
    ("model", "account", "entry"),
    ("model", "str", "", "model"),
    ("account", "str", "", "kind of body or request"),
    ("entry", "str", "", "entered, inside, received, handed_over, or left:reason"),
    ("count", "int64", "", "how many"),
)

# road_traffic ---------------------------------------------------------------------------------------

#: Classes of vehicles on the road; a row's ``vehicle_class`` is the index.
VEHICLE_CLASSES: tuple[str, ...] = ("car", "van", "small_truck", "container_truck", "bus")

_table(
    "road_trips", "One row per vehicle that has driven its path on the drive layer, of whatever model",
    ("leave_s", "id", "enter_s"),
    ("id", "uint64", "", "id of the vehicle"),
    ("vehicle_class", "uint8", "", "index into VEHICLE_CLASSES"),
    ("owner", "uint8", "", "model the vehicle belongs to, by its place in the fixed order"),
    ("enter_s", "float64", "s", "when the vehicle asked to enter the road; seconds since midnight of day one"),
    ("leave_s", "float64", "s", "when it left the last link of its path"),
    ("metres_m", "float64", "m", "length of the path driven"),
    ("free_s", "float64", "s", "seconds the same path takes at free-flow speed for this class"),
)

_table(
    "road_links", "Flow and travel time per drive link in each full period of five minutes, where there was any",
    ("from_s", "link_index"),
    ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
    ("link_index", "int32", "", "row of the link in the drive layer of the city"),
    ("inflow_count", "int32", "", "vehicles that entered the link"),
    ("outflow_count", "int32", "", "vehicles that left the link"),
    ("inside_count", "int32", "", "vehicles on the link at the end of the period"),
    ("time_mean_s", "float64", "s", "mean seconds on the link of those who left it; nan if none did"),
)

# transit --------------------------------------------------------------------------------------------

# terminal -------------------------------------------------------------------------------------------

# pedestrian -----------------------------------------------------------------------------------------

_table(
    "pedestrian_visits", "One row per walker who has left by an exit",
    ("id",),
    ("id", "uint64", "", "id of the walker"),
    ("class", "str", "", "class of visitor"),
    ("entry_exit", "str", "", "exit by which the walker came"),
    ("leave_exit", "str", "", "exit by which the walker left"),
    ("enter_s", "float64", "s", "arrival; seconds since midnight of day one"),
    ("leave_s", "float64", "s", "departure; seconds since midnight of day one"),
    ("dwell_s", "float64", "s", "time between arrival and departure"),
    ("budget_s", "float64", "s", "time the walker had"),
    ("stay_band", "uint8", "", "0 shorter than the circulation bounds (default 15 to 180 min), 1 within, 2 longer"),
    ("counted", "uint8", "", "1 if the class counts in the circulation share, else 0"),
    ("stays_count", "int32", "", "stays at places"),
    ("stay_s", "float64", "s", "time spent at places"),
    ("walked_m", "float64", "m", "distance walked"),
    ("wait_s", "float64", "s", "time spent waiting for green"),
    ("crossings_count", "int32", "", "crossings with lights that were passed"),
)

_table(
    "pedestrian_links", "Walkers per walk link and period of ten minutes; empty rows are left out",
    ("from_s", "link_index"),
    ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
    ("link_index", "int32", "", "row of the link in the walk layer of the city"),
    ("entries_count", "int32", "", "walkers who stepped onto the link"),
    ("person_s", "float64", "s", "person-seconds on the link"),
    ("occupancy_max_count", "int32", "", "most walkers on the link at once"),
    ("crowded_person_s", "float64", "s", "person-seconds at level of service D or worse, above 0.72 people/m2"),
)

_table(
    "pedestrian_stays", "People at places per period of ten minutes; empty rows are left out",
    ("from_s", "place"),
    ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
    ("place", "str", "", "place; of several near one another, the most attractive"),
    ("arrivals_count", "int32", "", "people who began a stay"),
    ("person_s", "float64", "s", "person-seconds of staying"),
    ("staying_max_count", "int32", "", "most people at once"),
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
