"""How background cars are shown in pictures."""

from __future__ import annotations

from twin.looks import GREY, BodyLook, LinkFlow, Meaning, OverTime, Reported

#: Levels of service A to F of urban streets by the share of the free-flow speed (HCM 2010), graded M.
STREET_LEVELS = (0.85, 0.67, 0.50, 0.40, 0.30)

BODY_LOOKS: dict[str, BodyLook] = {
    "car": BodyLook("乗用車", "Cars", (4.4, 1.8, 1.5), 60.0, {"driving": Meaning(GREY, "走行中", "driving")})
}

REPORTED = Reported(
    over_time=(
        OverTime("road_mfd", "from_s", "accumulation_count", "道路上の車両数", "Vehicles on the road", "vehicles"),
    ),
    flows=(
        LinkFlow(
            "road_links",
            "drive",
            "inflow_count",
            "交通量",
            "Vehicles passing",
            "vehicles",
            period_s=300.0,
            times="time_mean_s",
            levels=STREET_LEVELS,
        ),
    ),
    keys={
        "speed_factors.*.factor": ("一般交通による速度の倍率（{0}）", "factor on speeds ({0})"),
        "signals.street_cycles.*": ("信号の周期（{0}）", "cycle of the lights ({0})"),
        "signals.cycle": ("信号の周期", "cycle of the lights"),
        "background.factor": ("一般交通の倍率", "factor on other traffic"),
        "jam_spacing": ("渋滞時の車間", "spacing in a queue"),
        "reaction_time": ("発進の時間差", "reaction time"),
    },
    names={
        "road_traffic": ("道路交通", "road traffic"),
        "road": ("道路交通", "road traffic"),
        "arrived": ("到着した", "arrived"),
        "vehicle": ("車両", "vehicles"),
        "vehicles": ("車両", "vehicles"),
        "car": ("乗用車", "cars"),
        "small_truck": ("小型貨物車", "small trucks"),
        "container_truck": ("コンテナトラック", "container trucks"),
        "bus": ("バス", "buses"),
    },
)
