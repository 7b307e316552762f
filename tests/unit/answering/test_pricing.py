"""Money by hand: amounts, weights of days, present values, what is not priced."""

from __future__ import annotations

import math

import numpy as np
import pytest

from twin.errors import ScenarioError
from twin.kpi import KpiInfo, Price
from twin.results.days import DayKind, Days
from twin.results.kpis import infos
from twin.results.pack import Money, Pack
from twin.results.pricing import present_value, price_study
from twin.scenario.language.packs import MoneySpec, bundled, money_of, read_money, read_pack

INFOS = {
    "m.wait_min": KpiInfo("m.wait_min", "min", "lower", "", "", prices=(Price("time.truck", times="m.trucks"),)),
    "m.trucks": KpiInfo("m.trucks", "trucks", "higher", "", "", additive=True),
    "m.co2_kg": KpiInfo("m.co2_kg", "kg", "lower", "", "", prices=(Price("co2"),)),
    "m.fee_yen": KpiInfo("m.fee_yen", "yen", "lower", "", "", prices=(Price("transfer"),)),
    "m.fuel_l": KpiInfo("m.fuel_l", "L", "lower", "", "", prices=(Price("fuel"),)),
    "m.vkm_km": KpiInfo("m.vkm_km", "km", "neither", "", "", prices=(Price("running", speed="m.speed_mps"),)),
    "m.speed_mps": KpiInfo("m.speed_mps", "m/s", "higher", "", ""),
}
KNOWN = {"grade": "V", "source": "by hand"}


def pack(**given):
    return Money(
        pack=Pack(
            id="hand",
            title={"ja": "手", "en": "hand"},
            issued="2026-01-01",
            price_year=2025,
            page="p. 1",
            discount_rate={"value": 0.04, **KNOWN},
            life_years={"value": 50, **KNOWN},
            items={
                "time.truck": {"value": 67.95, "range": [60, 80], "unit": "yen/min", **KNOWN},
                "co2": {"value": 2891, "unit": "yen/t", "block": "extra", **KNOWN},
                "running": {"by_speed_kmh": {10: 40, 20: 30}, "unit": "yen/km", **KNOWN},
            },
        ),
        sha256="0" * 64,
        **given,
    )


def table(*rows):
    names = ("variant", "day", "replication", "kpi", "group", "value")
    return {
        name: np.array([row[n] for row in rows], np.int32 if name == "replication" else None)
        for n, name in enumerate(names)
    }


def priced(rows, days=None, costs=None, **given):
    found = price_study(table(*rows), [("a", "b")], 2, pack(**given), costs or {}, days or Days(), INFOS)
    return found["pairs"][0]


def both(kpi, before, after, day=""):
    return [(v, day, r, kpi, "all", x + r) for v, x in (("a", before), ("b", after)) for r in range(2)]


def test_minutes_per_truck_are_priced_by_their_trucks():
    rows = [("a", "", r, "m.wait_min", "all", 30.0) for r in range(2)]
    rows += [("b", "", r, "m.wait_min", "all", 20.0) for r in range(2)]
    rows += [(v, "", r, "m.trucks", "all", 100.0 + r) for v in "ab" for r in range(2)]
    pair = priced(rows, days_per_year=260)
    (row,) = pair["per_day_yen"]
    assert row["mean"] == pytest.approx(10 * 100.5 * 67.95, abs=0.01)
    assert row["range"] == pytest.approx([10 * 100.5 * 60, 10 * 100.5 * 80])
    assert pair["benefit_per_year"]["mean"] == pytest.approx(260 * 10 * 100.5 * 67.95)
    worth = pair["present_value"]["benefit"]["mean"]
    assert worth == pytest.approx(260 * 10 * 100.5 * 67.95 * sum(1.04**-t for t in range(1, 51)))
    assert pair["cost"] is None


def test_what_a_visit_is_worth_more_is_a_gain_of_walking_minutes_of_all_who_planned():
    name = "pedestrian.worth_mean_min"
    of = {n: info for n, info in infos().items() if n in (name, "pedestrian.planned_count")}
    rows = [(v, "", r, name, "all", x) for v, x in (("a", 20.0), ("b", 20.5)) for r in range(2)]
    rows += [(v, "", r, "pedestrian.planned_count", "all", 300_000.0) for v in "ab" for r in range(2)]
    money = money_of(bundled()["walk-rail-secondary"], "365 days")
    (pair,) = price_study(table(*rows), [("a", "b")], 2, money, {}, Days(), of)["pairs"]
    (row,) = pair["per_day_yen"]
    assert row["mean"] == pytest.approx(0.5 * 300_000 * 52.3)
    assert pair["benefit_per_year"]["mean"] == pytest.approx(365 * 0.5 * 300_000 * 52.3)
    lacking = price_study(table(*rows), [("a", "b")], 2, pack(), {}, Days(), of)["pairs"][0]
    assert lacking["not_priced"][0]["saved_per_day"]["mean"] == pytest.approx(0.5 * 300_000)


def test_present_values_are_sums_of_years():
    assert present_value(7.0, 0.04, 50) == pytest.approx(sum(7.0 * 1.04**-t for t in range(1, 51)))
    assert present_value(7.0, 0.0, 50) == 350.0


def test_what_the_pack_lacks_is_not_priced_and_fees_only_change_hands():
    pair = priced([*both("m.fuel_l", 50.0, 40.0), *both("m.fee_yen", 900.0, 400.0), *both("m.co2_kg", 2000.0, 1000.0)])
    assert [(row["kpi"], row["saved_per_day"]["mean"]) for row in pair["not_priced"]] == [("m.fuel_l", 10.0)]
    assert [(row["kpi"], row["mean"]) for row in pair["transfers"]] == [("m.fee_yen", 500.0)]
    assert pair["benefit_per_day"] == {"extra": {"mean": 2891.0, "lo": 2891.0, "hi": 2891.0, "n": 2}}
    # What lies beyond the manual stands apart and is no part of the yearly benefit.
    assert pair["benefit_per_year"] is None


def test_running_costs_follow_the_speed_and_standing_still_costs_nothing():
    rows = [(v, "", r, "m.vkm_km", "all", 100.0) for v in "ab" for r in range(2)]
    rows += [(v, "", r, "m.speed_mps", "all", s / 3.6) for v, s in (("a", 10.0), ("b", 15.0)) for r in range(2)]
    assert priced(rows)["per_day_yen"][0]["mean"] == pytest.approx(100 * 5)
    nobody = [
        (v, "", r, k, "all", x) for v in "ab" for r in range(2) for k, x in (("m.vkm_km", 0), ("m.speed_mps", np.nan))
    ]
    assert priced(nobody)["per_day_yen"][0]["mean"] == 0.0


def test_days_are_priced_each_and_weighed():
    days = Days(kinds=[DayKind(name="x", weight_days=200.0), DayKind(name="y", weight_days=50.0)])
    rows = []
    for day, minutes, trucks in (("x", 10.0, 100.0), ("y", 4.0, 10.0)):
        for r in range(2):
            rows += [("a", day, r, "m.wait_min", "all", minutes), ("b", day, r, "m.wait_min", "all", 0.0)]
            rows += [(v, day, r, "m.trucks", "all", trucks) for v in "ab"]
    pair = priced(rows, days)
    # The mean of products, not the product of means.
    assert pair["benefit_per_year"]["mean"] == pytest.approx((200 * 1000 + 50 * 40) * 67.95)


def test_costs_and_benefits_are_moved_by_a_fifth():
    rows = [*both("m.vkm_km", 100.0, 100.0)]
    rows += [(v, "", r, "m.speed_mps", "all", s / 3.6) for v, s in (("a", 10.0), ("b", 20.0)) for r in range(2)]
    costs = {"b": {"build_yen": 1e6, "upkeep_yen_per_year": 1e3}}
    worth = priced(rows, costs=costs, days_per_year=365)["present_value"]
    spent = 1e6 + 1e3 * present_value(1, 0.04, 50)
    assert worth["cost"] == pytest.approx(spent)
    assert worth["ratio"] == pytest.approx(100.5 * 10 * 365 * present_value(1, 0.04, 50) / spent)
    ratios = [m["ratio"] / worth["ratio"] for m in worth["moved"]]
    assert (min(ratios), max(ratios)) == (pytest.approx(0.8 / 1.2), pytest.approx(1.2 / 0.8))
    assert math.isclose(worth["net"], worth["ratio"] * spent - spent)


def test_bundled_packs_are_sound_and_say_where_they_are_from():
    for path in bundled().values():
        found = read_pack(path)
        assert all(item.source for item in found.pack.items.values())
    assert money_of(bundled()["road-r7-secondary"], "260 days").days_per_year == 260


PACK = """\
id: own
title: {ja: 自前, en: own}
issued: 2026-01-01
price_year: 2025
page: p. 3
items: {time.large_truck: {value: 60, unit: yen/min, grade: G, source: a guess}}
"""


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("unit: yen/min, ", "", "items.time.large_truck.unit: Field required"),
        ("yen/min", "yen", "'yen' is no unit of a price"),
        ("grade: G, ", "", "items.time.large_truck.grade"),
        ("price_year: 2025\n", "", "price_year"),
        ("value: 60", "value: .nan", "items.time.large_truck.value"),
    ],
)
def test_a_pack_that_is_none_is_one_clear_message(tmp_path, old, new, what):
    path = tmp_path / "pack.yaml"
    path.write_text(PACK.replace(old, new), encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        read_pack(path)
    assert what in str(caught.value)


def test_a_pack_with_another_hash_is_refused(tmp_path):
    (tmp_path / "pack.yaml").write_text(PACK, encoding="utf-8")
    found = read_money(MoneySpec(pack="pack.yaml"), tmp_path)
    assert read_money(MoneySpec(pack="pack.yaml", sha256=found.sha256), tmp_path) == found
    with pytest.raises(ScenarioError, match="the pack has the hash"):
        read_money(MoneySpec(pack="pack.yaml", sha256="0" * 64), tmp_path)
    with pytest.raises(ScenarioError, match="bundled packs"):
        read_money(MoneySpec(pack="nowhere.yaml"), tmp_path)
