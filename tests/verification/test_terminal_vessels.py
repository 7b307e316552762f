"""When boxes move, against closed forms: on a flat calendar the laws are truncated exponentials."""

import numpy as np
import pytest

from twin.engine.draws import make_run_seed, make_stream, uniforms
from twin.models.terminal.demand.params import DAY_S, Vessels
from twin.models.terminal.demand.vessels import Calendar

N = 40_000
CALL = {"Aoi": {"weekday": "Mon", "discharge": 1.0}}
ALL_DAYS = dict.fromkeys(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), 1.0)


def calendar(hours=tuple(range(24)), **vessels):
    """A calendar whose trucks come alike in these hours of these days."""
    start_s = np.array([3600.0 * hour for hour in hours])
    spec = Vessels.model_validate({"date": "2026-06-09", "calls": CALL, "weekday_factors": ALL_DAYS} | vessels)
    return Calendar(spec, start_s, start_s + 3600.0, np.ones(len(hours)))


def draws(purpose, one, from_s, to_s, mean_s, **how):
    u = uniforms(make_stream(make_run_seed(5, 0), purpose), np.arange(N, dtype=np.uint64), np.uint64(0))
    return one.draw(u, np.full(N, from_s), np.full(N, to_s), mean_s, **how)


@pytest.mark.parametrize("rising", [False, True])
@pytest.mark.parametrize(("span_d", "mean_d"), [(7.0, 2.0), (5.0, 10.0)])
def test_a_flat_calendar_gives_a_truncated_exponential(rising, span_d, mean_d):
    moments = draws("test", calendar(), 1.3 * DAY_S, (1.3 + span_d) * DAY_S, mean_d * DAY_S, rising=rising)
    from_start = (moments / DAY_S - 1.3) if not rising else (1.3 + span_d - moments / DAY_S)
    expected = mean_d - span_d / np.expm1(span_d / mean_d)
    error = from_start.std() / np.sqrt(N)
    # Within an hour the law is taken as even, which moves the mean by less than a minute.
    assert from_start.mean() == pytest.approx(expected, abs=4 * error + 1 / 1440)
    assert (from_start >= 0).all()
    assert (from_start <= span_d).all()


def test_hours_and_days_get_their_shares():
    moments = draws("days", calendar(hours=(8, 9, 13)), -2 * DAY_S, 12 * DAY_S, 1e9)
    hour = np.floor(moments % DAY_S / 3600)
    for wanted in (8, 9, 13):
        share = (hour == wanted).mean()
        assert share == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / N))
    half = calendar(weekday_factors=ALL_DAYS | {"Wed": 0.5})
    days = np.floor(draws("week", half, -DAY_S, 6 * DAY_S, 1e9) / DAY_S)
    share = (days == 1).mean()
    assert share == pytest.approx(0.5 / 6.5, abs=4 * np.sqrt(0.08 * 0.92 / N))


def test_a_closed_window_moves_its_boxes_to_the_next_open_day():
    closed = calendar(holidays=("2026-06-10", "2026-06-11"))
    moments = draws("closed", closed, 1.2 * DAY_S, 2.5 * DAY_S, DAY_S)
    assert (moments >= 3 * DAY_S).all()
    assert (moments <= 4.1 * DAY_S).all()
