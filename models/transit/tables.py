"""Tables that transit writes."""

from __future__ import annotations

from twin.columns import Table, table

TABLES: tuple[Table, ...] = (
    table(
        "transit_stops", "Stops that transit serves; other tables name them by `stop_index`",
        ("stop_index",),
        ("stop_index", "int32", "", "number of the stop in this run"),
        ("stop", "str", "", "id of the stop in the city"),
        ("name_ja", "str", "", "name as written on signs"),
        ("name_en", "str", "", "name in English"),
        ("zone", "str", "", "zone of the service it lies in; empty without zones"),
        ("x_m", "float64", "m", "easting in the city's CRS"),
        ("y_m", "float64", "m", "northing in the city's CRS"),
    ),
    table(
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
    ),
    table(
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
    ),
    table(
        "transit_shifts", "Hours in which vans are on duty, within the clock; written when a shift ends",
        ("van", "from_s"),
        ("van", "uint64", "", "id of the van"),
        ("zone", "str", "", "zone of the service it belongs to; empty without zones"),
        ("seats", "int32", "seats", "passengers it can carry"),
        ("from_s", "float64", "s", "seconds since midnight of day one"),
        ("to_s", "float64", "s", "seconds since midnight of day one"),
    ),
)
