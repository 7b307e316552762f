"""Tables that the road writes."""

from __future__ import annotations

from twin.columns import VEHICLE_WORDS, Table, table

#: Parts of the answer (``road_modelled``); every form has travel, the others may be left out.
PARTS = ("travel", "delay", "queue", "spillback", "gridlock")

TABLES: tuple[Table, ...] = (
    table(
        "road_trips",
        "One row per vehicle that has driven its path on the drive layer, of whatever model",
        ("leave_s", "id", "enter_s"),
        ("id", "uint64", "", "id of the vehicle"),
        ("vehicle_class", "uint8", "", "index into VEHICLE_CLASSES", VEHICLE_WORDS),
        ("owner", "uint8", "", "model the vehicle belongs to, by its place in the fixed order"),
        ("enter_s", "float64", "s", "when the vehicle asked to enter the road; seconds since midnight of day one"),
        ("leave_s", "float64", "s", "when it left the last link of its path"),
        ("metres_m", "float64", "m", "length of the path driven"),
        ("free_s", "float64", "s", "seconds the same path takes at free-flow speed for this class"),
        ("fuel_l", "float64", "L", "fuel by class, kilometres and hours; see the parameters road_traffic.fuel"),
        ("co2_kg", "float64", "kg", "CO2 of that fuel"),
    ),
    table(
        "road_unfinished",
        "One row per vehicle still on the road, or waiting before its first link, when the run ends",
        ("enter_s", "id"),
        ("id", "uint64", "", "id of the vehicle"),
        ("vehicle_class", "uint8", "", "index into VEHICLE_CLASSES", VEHICLE_WORDS),
        ("owner", "uint8", "", "model the vehicle belongs to, by its place in the fixed order"),
        ("enter_s", "float64", "s", "when the vehicle asked to enter the road; seconds since midnight of day one"),
        ("until_s", "float64", "s", "end of the run"),
        ("free_s", "float64", "s", "seconds its whole path takes at free-flow speed for this class"),
    ),
    table(
        "road_links",
        "Flow, travel time and queue per drive link and period of five minutes, where there was any",
        ("from_s", "link_index"),
        ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
        ("link_index", "int32", "", "row of the link in the drive layer of the city"),
        ("inflow_count", "int32", "", "vehicles that entered the link"),
        ("outflow_count", "int32", "", "vehicles that left the link"),
        ("inside_count", "int32", "", "vehicles on the link at the end of the period"),
        ("time_mean_s", "float64", "s", "mean seconds on the link of those who left it; nan if none did"),
        (
            "queue_m",
            "float64",
            "m",
            "standing queue at the end of the period, from the end of the link back; nan: not modelled",
        ),
    ),
    table(
        "road_streets",
        "Queues on the streets named in road_traffic.watched_streets, per period of five minutes",
        ("from_s", "street"),
        ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
        ("street", "str", "", "name as written on signs"),
        ("queue_m", "float64", "m", "standing queues on all its links at the end of the period, both directions"),
    ),
    table(
        "road_modelled",
        "What the form of the road models; the rest has no figure, which is not 0",
        ("part",),
        ("part", "str", "", "travel, delay, queue, spillback or gridlock"),
    ),
    table(
        "road_gridlock",
        "Drive links that hold each other up so that none can ever move, when first seen",
        ("time_s", "link_index"),
        (
            "time_s",
            "float64",
            "s",
            "end of the measuring period in which it was seen; seconds since midnight of day one",
        ),
        ("link_index", "int32", "", "row of the link in the drive layer of the city"),
    ),
    table(
        "road_days",
        "Days that background cars repeated before the run, where road_traffic.background.days asks for them",
        ("day",),
        ("day", "int32", "", "counted from 1; the run follows the last"),
        (
            "relative_gap",
            "float64",
            "",
            "what all could have saved by the quickest ways of that day, over what these take",
        ),
        ("total_travel_h", "float64", "h", "vehicle hours of that day, waits before the first link included"),
        ("switched_count", "int64", "vehicles", "cars that took another way on the next day"),
    ),
    table(
        "road_mfd",
        "Network diagram: the whole drive layer per period of five minutes, where anybody drove",
        ("from_s",),
        ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
        ("accumulation_count", "float64", "vehicles", "mean vehicles on links; without those before their first link"),
        ("production_km", "float64", "km", "kilometres driven; a link counts once left, spread over the time on it"),
        ("speed_mean_mps", "float64", "m/s", "metres driven per second spent on links; nan without either"),
        ("ended_count", "int32", "", "vehicles that reached the end of their path"),
    ),
    table(
        "road_spillback",
        "Episodes of at least a minute in which a queue filled a link to its beginning; queueing form",
        ("from_s", "link_index"),
        ("link_index", "int32", "", "row of the link in the drive layer of the city"),
        ("street", "str", "", "name as written on signs; empty without one"),
        ("from_s", "float64", "s", "when the link had no room first; seconds since midnight of day one"),
        ("to_s", "float64", "s", "when it had room again for more than a minute, or the end of the run"),
        ("full_s", "float64", "s", "of these, seconds without room for a car"),
    ),
)
