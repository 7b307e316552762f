"""How trucks are shown in pictures."""

from __future__ import annotations

from twin.looks import BLUE, ORANGE, BodyLook, Meaning, OverTime, Reported, Spread

BODY_LOOKS: dict[str, BodyLook] = {
    "truck": BodyLook(
        "コンテナトラック",
        "Container trucks",
        (16.0, 2.5, 3.8),
        90.0,
        {"booked": Meaning(BLUE, "予約あり", "booked"), "ordinary": Meaning(ORANGE, "予約なし", "not booked")},
    )
}

REPORTED = Reported(
    over_time=(
        OverTime(
            "terminal_queue",
            "time_s",
            "trucks_in_line",
            "ゲート前で待つ台数",
            "Trucks waiting for the gate",
            "trucks",
            order="change",
        ),
        OverTime(
            "terminal_queue",
            "time_s",
            "trucks_on_road",
            "道路上で待つ台数",
            "Trucks waiting on the road",
            "trucks",
            order="change",
        ),
    ),
    spreads=(Spread("terminal_visits", "join_s", "gate_start_s", "ゲート待ち時間", "Wait for the gate"),),
    keys={
        "demand.day_total": ("1日の台数", "trucks a day"),
        "demand.factor": ("需要の倍率", "factor on demand"),
        "demand.dual_share": ("搬出入兼用の割合", "share of dual moves"),
        "lanes.*.count": ("{0}レーンの数", "lanes {0}"),
        "opening": ("開門時間", "opening hours"),
        "service.mean": ("受付時間の平均", "mean service time"),
        "service.cv": ("受付時間のばらつき", "spread of service times"),
        "trouble.share": ("書類不備の割合", "share of papers with trouble"),
        "trouble.lasts.mean": ("書類不備の処理時間", "time trouble takes"),
        "holding_yards.*.spaces": ("待機場{0}の枠数", "spaces of yard {0}"),
        "holding_yards.*.refuse": ("待機場{0}に入らない車の割合", "drivers who refuse yard {0}"),
        "queue_on_road.kerb_spaces": ("門前の待機枠", "spaces before the gate"),
        "conpas.booked_share": ("予約に参加する車の割合", "share that books"),
        "conpas.quota.per_slot": ("1時間枠の予約台数", "bookings per slot"),
        "conpas.quota.no_show": ("予約して来ない割合", "no-show share"),
        "conpas.quota.no_show_with_penalty": ("罰則下で予約して来ない割合", "no-show share under a penalty"),
        "conpas.quota.grace_early": ("早着の許容", "grace for early trucks"),
        "conpas.quota.grace_late": ("遅着の許容", "grace for late trucks"),
        "conpas.checked_documents.service_factor": ("事前照合による受付時間の倍率", "service factor of checked papers"),
        "conpas.approach_signal.lead": ("接近検知の先行時間", "lead of the approach signal"),
        "yard.rehandles_per_pickup": ("荷繰りの回数", "rehandles per pickup"),
        "out_gate.lanes": ("出門レーンの数", "lanes out"),
        "hours.left_mean": ("運転者の残り時間の平均", "mean hours drivers have left"),
        "move_up": ("前詰めの時間", "time to move up"),
    },
    names={
        "terminal": ("ターミナル", "terminal"),
        "truck": ("トラック", "trucks"),
        "trucks": ("トラック", "trucks"),
        "served": ("処理された", "served"),
        "after_closing": ("閉門後に来た", "after closing"),
        "in_line_at_closing": ("閉門時に列にいた", "in line at closing"),
        "too_early": ("早すぎて返された", "too early"),
        "too_late": ("遅すぎて返された", "too late"),
        "stays_away": ("来なかった", "stayed away"),
        "booked": ("予約あり", "booked"),
        "ordinary": ("予約なし", "not booked"),
        "large": ("大規模事業者", "large hauliers"),
        "small": ("小規模事業者", "small hauliers"),
        "owner_driver": ("個人事業者", "owner-drivers"),
    },
)
