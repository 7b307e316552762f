"""How walkers are shown in pictures."""

from __future__ import annotations

from twin.looks import REDDISH_PURPLE, VERMILLION, BodyLook, LinkFlow, Meaning, OverTime, Reported, Spread

#: Walkway levels of service A to F by people per minute and metre of clear width (Fruin 1971), graded M.
WALKWAY_LEVELS = (23.0, 33.0, 49.0, 66.0, 82.0)

BODY_LOOKS: dict[str, BodyLook] = {
    "walker": BodyLook(
        "歩行者",
        "Walkers",
        None,
        90.0,
        {"walking": Meaning(REDDISH_PURPLE, "歩行中", "walking"), "staying": Meaning(VERMILLION, "滞在中", "staying")},
    )
}

REPORTED = Reported(
    over_time=(
        OverTime("pedestrian_stays", "from_s", "person_s", "滞在している人数", "People staying", "people", per_s=600.0),
    ),
    spreads=(Spread("pedestrian_visits", "", "stay_s", "滞在時間", "Time spent staying", weight="people"),),
    flows=(
        LinkFlow(
            "pedestrian_links",
            "walk",
            "entries_count",
            "歩行者通行量",
            "People passing",
            "people",
            period_s=600.0,
            width="clear_width_m",
            levels=WALKWAY_LEVELS,
        ),
    ),
    keys={
        "crossings.cycle": ("信号の周期", "cycle of the lights"),
        "inside.residents": ("居住者数", "residents"),
        "classes.*.visitors_per_day": ("1日の来街者数（{0}）", "visitors a day ({0})"),
        "classes.*.budget_mean": ("滞在できる時間の平均（{0}）", "mean time they have ({0})"),
        "classes.*.walk_speed": ("歩行速度（{0}）", "walking speed ({0})"),
        "classes.*.stop_cost": ("立ち寄りの手間（{0}）", "cost of a stop ({0})"),
        "classes.*.no_stop_cost": ("立ち寄らないことの重み（{0}）", "weight of not stopping ({0})"),
    },
    names={
        "pedestrian": ("歩行者", "walkers"),
        "walker": ("歩行者", "walkers"),
        "walkers": ("歩行者", "walkers"),
        "exit": ("出口から出た", "by an exit"),
        "refused: no feasible path": ("行ける道がない", "refused: no feasible path"),
        "visitor": ("来街者", "visitors"),
        "visitors": ("来街者", "visitors"),
        "shopper": ("買物客", "shoppers"),
        "commuter": ("通勤者", "commuters"),
        "diner": ("飲食客", "diners"),
        "passer_through": ("通過者", "passers-through"),
        "tourist": ("観光客", "tourists"),
        "resident": ("居住者", "residents"),
    },
)
