"""How vans and buses are shown in pictures."""

from __future__ import annotations

from twin.looks import BLUISH_GREEN, SKY_BLUE, YELLOW, BodyLook, Meaning, Reported, Spread

BODY_LOOKS: dict[str, BodyLook] = {
    "van": BodyLook(
        "オンデマンドバス",
        "On-demand vans",
        (5.4, 1.9, 2.3),
        120.0,
        {"empty": Meaning(SKY_BLUE, "空車", "empty"), "loaded": Meaning(BLUISH_GREEN, "乗車中", "with riders")},
    ),
    "bus": BodyLook("路線バス", "Buses", (10.5, 2.5, 3.0), 90.0, {"driving": Meaning(YELLOW, "走行中", "driving")}),
}

REPORTED = Reported(
    spreads=(
        Spread("transit_requests", "since_s", "pickup_s", "乗車までの待ち時間", "Wait for boarding", weight="party"),
    ),
    keys={
        "fleet.count": ("車両台数", "vans"),
        "fleet.types.*.count": ("車両{0}の台数", "vans of type {0}"),
        "demand.riders_per_day": ("1日の利用者数", "riders a day"),
        "demand.requests_per_day": ("1日の予約件数", "requests a day"),
        "demand.factor": ("需要の倍率", "factor on demand"),
        "zones.*.riders_per_day": ("1日の利用者数（{0}）", "riders a day ({0})"),
        "riders.wheelchair_share": ("車いす利用の割合", "share with a wheelchair"),
        "riders.age65_share": ("65歳以上の割合", "share aged 65 or more"),
        "booking.ahead_share": ("事前予約の割合", "share booked ahead"),
        "booking.cancel_share": ("取消しの割合", "share cancelled"),
        "booking.no_show_share": ("無断で来ない割合", "no-show share"),
        "booking.phone.share": ("電話予約の割合", "share by phone"),
        "promise.wait_at_most": ("待ち時間の約束", "longest wait promised"),
        "costs.vehicle_hour": ("車両1時間の費用", "cost of a vehicle-hour"),
        "stops.mesh": ("乗降場所の間隔", "spacing of stops"),
        "dwell.per_boarder": ("乗車1人の時間", "time per boarding rider"),
    },
    names={
        "transit": ("オンデマンド交通", "on-demand transit"),
        "request": ("予約", "requests"),
        "requests": ("予約", "requests"),
        "rider": ("利用者", "riders"),
        "riders": ("利用者", "riders"),
        "served": ("処理された", "served"),
        "refused": ("断られた", "refused"),
        "cancelled": ("取り消された", "cancelled"),
        "no_show": ("来なかった", "no show"),
        "van": ("オンデマンド車両", "vans"),
        "adult": ("65歳未満", "adults under 65"),
        "age_65": ("65歳以上", "aged 65 or more"),
        "wheelchair": ("車いす利用者", "with a wheelchair"),
        "app": ("アプリ予約", "booked by app"),
        "phone": ("電話予約", "booked by phone"),
    },
)
