"""The shipped decisions say what their README prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from twin import api
from twin.simulate import simulate

SCENARIOS = Path(__file__).resolve().parents[2] / "scenarios"


@pytest.mark.slow
def test_the_answer_in_the_readme_is_that_of_a_run(tmp_path):
    study = api.run(SCENARIOS / "yumeshima_decision.yaml", tmp_path / "s", lean=True, workers=2)
    main = next(answer for answer in study.answers["answers"] if answer["main"])
    printed = (SCENARIOS / "README.md").read_text(encoding="utf-8")
    for lang in ("ja", "en"):
        assert f"> {main['sentence'][lang]}\n" in printed
        assert f"> {main['sentence_of_assumptions'][lang]}\n" in printed
    # What the plain words say of the sets.
    verdicts = {setting["variant"]: setting["verdict"] for setting in main["settings"]}
    assert verdicts["today"] == verdicts["quota"] == "does not hold"
    assert verdicts["lunch"] == "holds"
    found = main["assumptions"]["found"]
    assert (found[""], found["today"]) == (3, 3)
    road = {r["variant"]: r["mean"] for r in main["rows"] if r["kpi"] == "terminal.queue_on_road_truck_min"}
    assert road["quota_lanes"] > road["today"]


@pytest.mark.slow
def test_no_set_of_measures_moves_the_circulating_share_by_a_point():
    """What the README says of Midosuji, on two replications of its first days; who comes is what moves it."""
    plan, city = api.plan_and_city(api.load(SCENARIOS / "midosuji_decision.yaml"))
    shares = {}
    for variant in plan.variants:
        for replication in range(2):
            kpis = {(k.kpi, k.group): k.value for k in simulate(plan, variant, replication, city).kpis}
            shares[variant, replication] = kpis["pedestrian.stay_share", "all"]
            heads = [
                kpis[kpi, "all"] - kpis[kpi, "commuter"] - kpis[kpi, "resident"]
                for kpi in ("pedestrian.stay_count", "pedestrian.visitors_count")
            ]
            assert 0.70 < heads[0] / heads[1] < 0.80
    for (variant, replication), share in shares.items():
        assert share < 0.5
        assert abs(share - shares["today", replication]) < 0.01, variant
