"""What observations come to: errors, GEH, verdicts and clocks that are off."""

from __future__ import annotations

import numpy as np
import pytest

from twin.results.reproduction import geh, reproduction_of


def kpis(rows):
    """(kpi, group, values per replication) of the variant today."""
    flat = [(kpi, group, r, v) for kpi, group, values in rows for r, v in enumerate(values)]
    return {
        "variant": np.full(len(flat), "today"),
        "day": np.full(len(flat), ""),
        "replication": np.array([r for _, _, r, _ in flat], np.int32),
        "kpi": np.array([k for k, _, _, _ in flat]),
        "group": np.array([g for _, g, _, _ in flat]),
        "value": np.array([v for _, _, _, v in flat], np.float64),
        "unit": np.full(len(flat), ""),
    }


def value(**changes):
    entry = {
        "id": "share", "kpi": "pedestrian.stay_share", "label": None, "variant": "today", "day": "", "group": "all",
        "sensor": None, "source": "", "grade": "", "note": "", "unit": "share", "value": 0.40, "spread": 0.01,
    }  # fmt: skip
    return entry | changes


def table(counts, held=(), step_s=3600.0, unit="people"):
    cells = [{"site": "", "from_s": i * step_s, "to_s": (i + 1) * step_s} for i in range(len(counts))]
    return value(
        id="cams", kpi="pedestrian.arrivals_count", observable="pedestrian.arrivals_count", unit=unit, value=None,
        spread=None, cells=cells, values=list(counts), spreads=[0.0] * len(counts),
        held_out=[i in held for i in range(len(counts))], sites={}, gaps={},
    )  # fmt: skip


def of(entry, *rows, sensors=None):
    observed = {"sensors": sensors or {}, "entries": [entry]}
    return reproduction_of(observed, kpis(rows), {"today": {"ja": "現況", "en": "Today"}})


def cells(models):
    return [("observed:cams", str(i), [float(m)]) for i, m in enumerate(models)]


def test_geh_is_that_of_the_books():
    """1,000 counted against 900 modelled give 3.24, 100 against 50 give 5.77."""
    found = geh(np.array([900.0, 50.0, 0.0]), np.array([1000.0, 100.0, 0.0]))
    assert found == pytest.approx([3.2444, 5.7735, 0.0], abs=1e-4)


def test_nothing_observed_is_nothing():
    assert reproduction_of({}, kpis([]), {}) == {}
    assert reproduction_of({"sensors": {}, "entries": []}, kpis([]), {}) == {}


@pytest.mark.parametrize(
    ("model", "verdict"), [(0.41, "reproduced"), (0.425, "nearly reproduced"), (0.50, "not reproduced")]
)
def test_a_value_is_judged_in_standard_errors(model, verdict):
    found = of(value(), ("pedestrian.stay_share", "all", [model]))
    assert found["verdict"] == verdict
    assert found["entries"][0]["fit"]["error_mean"] == pytest.approx(model - 0.40)


def test_the_luck_of_a_day_widens_what_is_reproduced():
    spread_out = of(value(), ("pedestrian.stay_share", "all", [0.40, 0.46]))
    steady = of(value(), ("pedestrian.stay_share", "all", [0.43, 0.43]))
    assert spread_out["verdict"] == "reproduced"
    assert steady["verdict"] == "nearly reproduced"


def test_a_value_without_an_error_is_judged_by_its_share():
    verdicts = [of(value(spread=None), ("pedestrian.stay_share", "all", [m]))["verdict"] for m in (0.43, 0.48, 0.60)]
    assert verdicts == ["reproduced", "nearly reproduced", "not reproduced"]


def test_a_value_seen_by_a_sensor_is_compared_with_what_that_sensor_sees():
    entry = value(sensor="gps")
    rows = [("pedestrian.stay_share", "all", [0.6]), ("pedestrian.stay_share@gps", "all", [0.405])]
    found = of(entry, *rows, sensors={"gps": {"kind": "gps"}})
    assert found["verdict"] == "reproduced"
    assert "GPS" in found["entries"][0]["sentence"]["ja"]


def test_counts_are_judged_by_geh_of_hourly_volumes():
    counts = np.full(20, 1000.0)
    assert of(table(counts), *cells(counts * 1.1))["verdict"] == "reproduced"
    mixed = counts.copy()
    mixed[:5] *= 1.4
    assert of(table(counts), *cells(mixed))["entries"][0]["fit"]["geh_share"] == pytest.approx(0.75)
    assert of(table(counts), *cells(mixed))["verdict"] == "nearly reproduced"
    # The same counts in periods of 6 minutes are ten times those volumes.
    short = of(table(np.full(20, 100.0), step_s=360.0), *cells(np.full(20, 110.0)))
    assert short["entries"][0]["fit"]["geh_share"] == 1.0
    assert of(table(np.full(20, 100.0)), *cells(np.full(20, 160.0)))["verdict"] == "not reproduced"


def test_small_counts_are_not_reproduced_because_geh_is_lenient_with_them():
    (entry,) = of(table(np.full(20, 12.0)), *cells(np.full(20, 3.0)))["entries"]
    assert entry["fit"]["geh_share"] == 1.0
    assert entry["verdict"] == "not reproduced"
    assert of(table(np.full(20, 12.0)), *cells(np.full(20, 8.0)))["verdict"] == "nearly reproduced"


def test_what_is_held_out_is_told_apart_and_judged_with_the_rest():
    counts = np.full(10, 500.0)
    models = counts.copy()
    models[[2, 7]] = 900.0
    (entry,) = of(table(counts, held=(2, 7)), *cells(models))["entries"]
    assert entry["fit"]["geh_share"] == 1.0
    assert entry["held_out"]["geh_share"] == 0.0
    assert entry["held_out"]["n"] == 2
    assert entry["verdict"] == "nearly reproduced"


def test_counts_of_another_clock_are_noticed():
    wave = 500 + 400 * np.sin(np.arange(24) / 24 * 2 * np.pi * 2)
    (entry,) = of(table(np.roll(wave, 2)), *cells(wave))["entries"]
    assert entry["lag_min"] == -120.0
    assert "時計" in entry["sentence"]["ja"]
    assert of(table(wave), *cells(wave))["entries"][0]["lag_min"] is None


def test_a_run_without_the_figure_cannot_tell():
    found = of(value())
    assert found["verdict"] == "cannot tell"
    assert found["entries"][0]["rows"][0]["model"] is None
