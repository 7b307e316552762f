"""Tables that the walkers' model writes."""

from __future__ import annotations

from twin.columns import Table, table

TABLES: tuple[Table, ...] = (
    table(
        "pedestrian_visits",
        "One row per party that has left by an exit",
        ("id",),
        ("id", "uint64", "", "id of the party that walks as one"),
        ("people", "float64", "people", "people this row stands for: the party, times more where a sample is walked"),
        ("party_size", "uint8", "people", "people who walk together"),
        ("class", "str", "", "class of visitor"),
        ("entry_exit", "str", "", "exit by which the walker came; empty for who was at home when the clock started"),
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
        ("room_wait_s", "float64", "s", "time spent standing because the next link was full"),
        ("crossings_count", "int32", "", "crossings with lights that were passed"),
    ),
    table(
        "pedestrian_links",
        "People per walk link and period of ten minutes; empty rows are left out",
        ("from_s", "link_index"),
        ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
        ("link_index", "int32", "", "row of the link in the walk layer of the city"),
        ("entries_count", "float64", "people", "people who stepped onto the link"),
        ("person_s", "float64", "s", "person-seconds on the link"),
        ("occupancy_max_count", "float64", "people", "most people on the link at once"),
        ("crowded_person_s", "float64", "s", "person-seconds at level of service D or worse, above 0.72 people/m2"),
        (
            "delay_person_s",
            "float64",
            "s",
            "person-seconds by which crowds and full links slow those who step onto the link",
        ),
    ),
    table(
        "pedestrian_stays",
        "People at places per period of ten minutes; empty rows are left out",
        ("from_s", "place"),
        ("from_s", "float64", "s", "start of the period; seconds since midnight of day one"),
        ("place", "str", "", "place; of several near one another, the most attractive"),
        ("arrivals_count", "float64", "people", "people who began a stay"),
        ("person_s", "float64", "s", "person-seconds of staying"),
        ("staying_max_count", "float64", "people", "most people at once"),
        ("turned_away_count", "float64", "people", "people who came and found no room"),
    ),
    table(
        "pedestrian_feedback",
        "Days walked beforehand, so that plans know the crowding of the day",
        ("day",),
        ("day", "int32", "", "first, second, ... day"),
        ("residual_share", "float64", "share", "difference of planned and met person-times on links by those met"),
    ),
    table(
        "pedestrian_people",
        "People of the whole run; the ledger counts walkers, who may stand for several people",
        ("entry",),
        ("entry", "str", "", "entered, inside, or left:reason"),
        ("people", "float64", "people", "how many"),
    ),
)
