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
    ("fuel_l", "float64", "L", "fuel by class, kilometres and hours; see the parameters road_traffic.fuel"),
    ("co2_kg", "float64", "kg", "CO2 of that fuel"),
)

_table(
    "road_unfinished", "One row per vehicle still on the road, or waiting before its first link, when the run ends",
    ("enter_s", "id"),
    ("id", "uint64", "", "id of the vehicle"),
    ("vehicle_class", "uint8", "", "index into VEHICLE_CLASSES"),
    ("owner", "uint8", "", "model the vehicle belongs to, by its place in the fixed order"),
    ("enter_s", "float64", "s", "when the vehicle asked to enter the road; seconds since midnight of day one"),
    ("until_s", "float64", "s", "end of the run"),
    ("free_s", "float64", "s", "seconds its whole path takes at free-flow speed for this class"),
)

_table(
    "road_links", "Flow, travel time and queue per drive link and period of five minutes, where there was any",
    ("from_s", "link_index"),
    ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
    ("link_index", "int32", "", "row of the link in the drive layer of the city"),
    ("inflow_count", "int32", "", "vehicles that entered the link"),
    ("outflow_count", "int32", "", "vehicles that left the link"),
    ("inside_count", "int32", "", "vehicles on the link at the end of the period"),
    ("time_mean_s", "float64", "s", "mean seconds on the link of those who left it; nan if none did"),
    ("queue_m", "float64", "m", "length of the standing queue at the end of the period, from the end of the link back"),
)

_table(
    "road_streets", "Queues on the streets named in road_traffic.watched_streets, per period of five minutes",
    ("from_s", "street"),
    ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
    ("street", "str", "", "name as written on signs"),
    ("queue_m", "float64", "m", "standing queues on all its links at the end of the period, both directions"),
)

_table(
    "road_gridlock", "Drive links that hold each other up so that none can ever move, when first seen",
    ("time_s", "link_index"),
    ("time_s", "float64", "s", "end of the measuring period in which it was seen; seconds since midnight of day one"),
    ("link_index", "int32", "", "row of the link in the drive layer of the city"),
)

_table(
    "road_mfd", "Network diagram: the whole drive layer per period of five minutes, where anybody drove",
    ("from_s",),
    ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
    ("accumulation_count", "float64", "vehicles", "mean vehicles on links; without those before their first link"),
    ("production_km", "float64", "km", "kilometres driven; a link counts once left, spread over the time on it"),
    ("speed_mean_mps", "float64", "m/s", "metres driven per second spent on links; nan without either"),
    ("ended_count", "int32", "", "vehicles that reached the end of their path"),
)

_table(
    "road_spillback", "Episodes of at least a minute in which a queue filled a link to its beginning; queueing form",
    ("from_s", "link_index"),
    ("link_index", "int32", "", "row of the link in the drive layer of the city"),
    ("street", "str", "", "name as written on signs; empty without one"),
    ("from_s", "float64", "s", "when the link had no room first; seconds since midnight of day one"),
    ("to_s", "float64", "s", "when it had room again for more than a minute, or the end of the run"),
    ("full_s", "float64", "s", "of these, seconds without room for a car"),
)

# transit --------------------------------------------------------------------------------------------

_table(
    "transit_stops", "Stops that transit serves; other tables name them by `stop_index`",
    ("stop_index",),
    ("stop_index", "int32", "", "number of the stop in this run"),
    ("stop", "str", "", "id of the stop in the city"),
    ("name_ja", "str", "", "name as written on signs"),
    ("name_en", "str", "", "name in English"),
    ("x_m", "float64", "m", "easting in the city's CRS"),
    ("y_m", "float64", "m", "northing in the city's CRS"),
)

_table(
    "transit_requests", "Requests that are answered for good: refused, or set down",
    ("asked_s", "id"),
    ("id", "uint64", "", "id of the request"),
    ("asked_s", "float64", "s", "when it was asked; seconds since midnight of day one"),
    ("from_stop", "int32", "", "stop_index where the riders board"),
    ("to_stop", "int32", "", "stop_index where they alight"),
    ("party", "int32", "people", "people who ride together"),
    ("age_group", "str", "", "adult, age_65 or wheelchair"),
    ("outcome", "str", "", "served or refused"),
    ("reason", "str", "", "why it was refused; empty if served"),
    ("van", "uint64", "", "id of the van; 0 if refused"),
    ("walk_s", "float64", "s", "walk from the door to the first stop"),
    ("egress_s", "float64", "s", "walk from the last stop to the door"),
    ("direct_s", "float64", "s", "drive from stop to stop without others, on the road as it was when asked"),
    ("promised_pickup_s", "float64", "s", "promise: boarding by this time; nan if refused"),
    ("promised_dropoff_s", "float64", "s", "promise: alighting by this time; nan if refused"),
    ("promised_ride_s", "float64", "s", "promise: ride no longer than this; nan if refused"),
    ("pickup_s", "float64", "s", "boarding; nan if refused"),
    ("dropoff_s", "float64", "s", "alighting; nan if refused"),
    ("pickup_warned_s", "float64", "s", "when a change of the road first made late boarding foreseen; nan if none"),
    ("ride_warned_s", "float64", "s", "when a change of the road first made too long a ride foreseen; nan if none"),
)

_table(
    "transit_legs", "Drives of vans from stop to stop that ended",
    ("van", "leg"),
    ("van", "uint64", "", "id of the van"),
    ("leg", "int32", "", "drives of the same van counted from 0"),
    ("depart_s", "float64", "s", "seconds since midnight of day one"),
    ("arrive_s", "float64", "s", "seconds since midnight of day one"),
    ("from_stop", "int32", "", "stop_index"),
    ("to_stop", "int32", "", "stop_index"),
    ("metres_m", "float64", "m", "length of the way driven"),
    ("riders", "int32", "people", "people on board"),
)

_table(
    "transit_shifts", "Hours in which vans are on duty, within the clock; written when a shift ends",
    ("van", "from_s"),
    ("van", "uint64", "", "id of the van"),
    ("seats", "int32", "seats", "passengers it can carry"),
    ("from_s", "float64", "s", "seconds since midnight of day one"),
    ("to_s", "float64", "s", "seconds since midnight of day one"),
)


# terminal -------------------------------------------------------------------------------------------

TRUCK_CLASSES: tuple[str, ...] = ("ordinary", "booked")
TRUCK_KINDS: tuple[str, ...] = ("laden_out", "laden_in", "empty_out", "empty_in")
TRUCK_REASONS: tuple[str, ...] = ("served", "after_closing", "in_line_at_closing", "too_late", "too_early")

_table(
    "terminal_visits", "One row per truck that has left the terminal or was turned away",
    ("out_s", "id"),
    ("id", "uint64", "", "id of the visit"),
    ("class", "uint8", "", "as it set out: index into TRUCK_CLASSES; booked means: takes part in CONPAS"),
    ("served_as", "uint8", "", "class in which it stood in line: index into TRUCK_CLASSES"),
    ("kind", "uint8", "", "index into TRUCK_KINDS"),
    ("moves_count", "uint8", "", "boxes brought or fetched"),
    ("haulier_index", "int32", "", "haulier, a number without a name"),
    ("reason", "uint8", "", "how it ended: index into TRUCK_REASONS"),
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
)

_table(
    "terminal_queue", "The line at the gate at every change: a row holds until the next",
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
)

_table(
    "terminal_slots", "Booking slots and what became of every place, at the end of the run",
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
)

_table(
    "terminal_constants", "Parameters of the gate that its KPIs need",
    ("name",),
    ("name", "str", "", "name; lane:I:NAME for the lanes of group I; hauliers:I:NAME for how many are of size I"),
    ("value", "float64", "", "value in SI units"),
)


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
