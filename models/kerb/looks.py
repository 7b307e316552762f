"""How vehicles at the kerb are shown in pictures."""

from __future__ import annotations

from twin.looks import BLUISH_GREEN, ORANGE, SKY_BLUE, VERMILLION, BodyLook, Meaning, Reported, Spread

BODY_LOOKS: dict[str, BodyLook] = {
    "kerb_vehicle": BodyLook(
        "荷さばき・乗降の車両",
        "Vehicles that load, unload, set down",
        (4.7, 1.7, 2.0),
        30.0,
        {
            "driving": Meaning(SKY_BLUE, "走行中", "driving"),
            "in_bay": Meaning(BLUISH_GREEN, "荷さばき枠に停車", "in a bay"),
            "in_lane": Meaning(VERMILLION, "車線に停車（二重駐車など）", "standing in the lane"),
            "waiting": Meaning(ORANGE, "枠の空きを車線で待つ", "waiting in the lane for a bay"),
        },
    )
}

REPORTED = Reported(
    spreads=(
        Spread("kerb_stands", "", "dwell_s", "荷さばき・乗降に要する時間", "Time that loading or setting down takes"),
    ),
    keys={
        "deliveries.per_shop_day": ("1店舗・1日あたりの納品車両", "delivery vehicles a shop and day"),
        "parcels.per_shop_day": ("1店舗・1日あたりの宅配車両", "parcel vehicles a shop and day"),
        "pickups.per_shop_day": ("1店舗・1日あたりの乗降車両", "vehicles that set down or pick up, a shop and day"),
        "cameras.count": ("AIカメラの台数", "cameras"),
    },
    names={
        "kerb": ("路肩", "kerb"),
        "kerb_vehicle": ("路肩に止まる車両", "vehicles at the kerb"),
        "delivery": ("納品", "delivery"),
        "parcel": ("宅配", "parcels"),
        "pickup": ("乗降", "setting down and picking up"),
        "cut_short": ("途中で退去", "cut short"),
        "turned_away": ("止まれず退去", "turned away"),
    },
)
