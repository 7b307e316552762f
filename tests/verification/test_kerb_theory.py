"""The kerb against queueing theory and its own formulas; tolerances come from standard errors of batches."""

import math

import numpy as np
import pytest

from tests.unit.models.kerb.cases import Case, plain_case, run_kernels

GOES_AWAY = (0.0, 0.0, 0.0, 1.0, 0.0)
WAITS = (0.0, 1.0, 0.0, 0.0, 0.0)
SEED = 20261130


def poisson_day(rng, rate_per_s, count):
    """Arrivals of a Poisson stream."""
    return np.cumsum(rng.exponential(1.0 / rate_per_s, count))


def dwell_of(rng, law, mean_s, count):
    """Times of work by a law with the mean given."""
    if law == "exponential":
        return rng.exponential(mean_s, count)
    if law == "lognormal":
        return mean_s * rng.lognormal(-0.32, 0.8, count)  # mean of the lognormal: exp(-0.32 + 0.8^2 / 2) = 1
    return np.full(count, mean_s)


def erlang_b(bays, load):
    """Share turned away by M/G/c/c."""
    value = 1.0
    for c in range(1, bays + 1):
        value = load * value / (c + load * value)
    return value


def erlang_c(bays, load):
    """Share that waits in M/M/c."""
    b = erlang_b(bays, load)
    return b / (1.0 - load / bays * (1.0 - b))


def within(values, theory, errors=4.0):
    """Whether the mean of batches lies within some standard errors of theory."""
    values = np.asarray(values, float)
    error = values.std(ddof=1) / math.sqrt(len(values))
    assert abs(values.mean() - theory) < errors * error, (values.mean(), theory, error)
    return error


@pytest.mark.parametrize("law", ["exponential", "lognormal", "fixed"])
@pytest.mark.parametrize(("bays", "load"), [(1, 0.7), (2, 2.5), (5, 4.0)])
def test_without_search_bays_are_erlang_loss_whatever_the_law_of_the_work(law, bays, load):
    rng = np.random.default_rng(SEED)
    count, mean_s, batches = 2500, 600.0, 16
    shares = []
    for _ in range(batches):
        arrive_s = poisson_day(rng, load / mean_s, count)
        told = run_kernels(plain_case(arrive_s, dwell_of(rng, law, mean_s, count), bays, GOES_AWAY))
        away = {id_ for _, id_, gone, reason in told.moves if gone and reason == 2}
        late = plain_case(arrive_s, arrive_s, bays, GOES_AWAY).ids[400:]
        shares.append(np.mean([int(id_) in away for id_ in late]))
    assert within(shares, erlang_b(bays, load)) < 0.02


@pytest.mark.parametrize(("bays", "load"), [(1, 0.6), (3, 2.2)])
def test_who_waits_without_end_is_an_m_m_c_queue(bays, load):
    rng = np.random.default_rng(SEED + bays)
    count, mean_s = 3000, 300.0
    wait, waits = [], []
    for _ in range(20):
        case = plain_case(poisson_day(rng, load / mean_s, count), rng.exponential(mean_s, count), bays, WAITS)
        waited = waits_of(case)[400:]
        wait.append(waited.mean())
        waits.append((waited > 0).mean())
    within(waits, erlang_c(bays, load))
    within(wait, erlang_c(bays, load) * mean_s / (bays - load))


@pytest.mark.parametrize("law", ["lognormal", "fixed"])
def test_one_bay_with_waiting_is_pollaczek_and_khinchine(law):
    rng = np.random.default_rng(SEED + 7)
    count, mean_s, load = 3000, 300.0, 0.55
    squared = math.exp(0.64) - 1.0 if law == "lognormal" else 0.0
    wait = []
    for _ in range(20):
        case = plain_case(poisson_day(rng, load / mean_s, count), dwell_of(rng, law, mean_s, count), 1, WAITS)
        wait.append(waits_of(case)[400:].mean())
    within(wait, load / (1 - load) * mean_s * (1 + squared) / 2)


def waits_of(case):
    """(n,) seconds each vehicle waited for its bay."""
    waited = dict.fromkeys(case.ids.tolist(), 0.0)
    for id_, from_s, to_s, *_, mode, _, _ in run_kernels(case).stands:
        if mode == 2:
            waited[id_] += to_s - from_s
    return np.array([waited[id_] for id_ in case.ids.tolist()])


@pytest.mark.parametrize("deters", [0.0, 0.3])
def test_the_share_of_overstays_is_its_formula(deters):
    """Nobody is told: P(work > limit), less those whom a camera deters."""
    count, limit_s = 6000, 1200.0
    rng = np.random.default_rng(SEED)
    case = Case(
        [count], [[0]], np.arange(count) * 1.0, dwell_of(rng, "lognormal", 840.0, count), np.zeros(count, int),
        np.zeros(count, int), np.full(count, 1.0), [GOES_AWAY], [(0.0, 0.0, 0.0, 0.0, deters, 1.0)] + [(0.0,) * 6] * 2,
        [0], limit_s=limit_s, seed=3, log_room=4096,
    )  # fmt: skip
    stands = run_kernels(case).stands
    assert len(stands) == count
    over = np.mean([to_s - from_s > limit_s + 1e-6 for _, from_s, to_s, *_ in stands])
    quantile = (math.log(limit_s / 840.0) + 0.32) / 0.8
    share = 0.5 * math.erfc(quantile / math.sqrt(2)) * (1 - deters)
    assert abs(over - share) < 4 * math.sqrt(share * (1 - share) / count)


def test_who_is_told_leaves_by_detection_times_compliance():
    """In the lane beside a camera: a stand is cut with probability detects x complies, at after + respond."""
    count, detects, complies = 6000, 0.8, 0.5
    case = Case(
        [0], [[0]], np.arange(count) * 1.0, np.full(count, 900.0), np.zeros(count, int), np.zeros(count, int),
        np.full(count, 1.0), [(0.0, 0.0, 1.0, 0.0, 0.0)],
        [(detects, 120.0, complies, 60.0, 0.0, 1.0)] + [(0.0,) * 6] * 2, [0], seed=5, log_room=4096,
    )  # fmt: skip
    lengths = np.array([to_s - from_s for _, from_s, to_s, *_ in run_kernels(case).stands])
    told = np.isclose(lengths, 180.0, atol=1e-6)
    assert np.isclose(lengths[~told], 900.0, atol=1e-6).all()
    share = detects * complies
    assert abs(told.mean() - share) < 4 * math.sqrt(share * (1 - share) / count)


def test_choices_have_their_shares():
    """At a full pocket with another in reach: search, wait, double park, go away as the parameters say."""
    count, shares = 6000, (0.3, 0.2, 0.4, 0.1)
    case = Case(
        [0, 1], [[0, 1]], np.arange(count) * 1.0, np.full(count, 1.0), np.zeros(count, int), np.zeros(count, int),
        np.full(count, 1.0), [(*shares, 1e9)], drive_s=1e9, seed=9, log_room=4096,
    )  # fmt: skip
    case.bays[0] = 1
    case.arrive_s = np.concatenate([[0.0], np.arange(1, count) * 1.0])
    case.dwell_s = np.concatenate([[1e8], np.full(count - 1, 1.0)])
    told = run_kernels(case, (count + 10.0,))
    first = {id_: mode for id_, from_s, _, _, _, _, mode, _, number in told.stands if number == 1}
    on = sum(1 for _, _, away, _ in told.moves if not away)
    gone = sum(1 for _, id_, away, reason in told.moves if away and reason == 2 and id_ not in first)
    found = np.array([on, sum(m == 2 for m in first.values()), sum(m == 1 for m in first.values()), gone]) / (count - 1)
    assert abs(found.sum() - 1) < 1e-9
    for share, value in zip(shares, found, strict=True):
        assert abs(value - share) < 4 * math.sqrt(share * (1 - share) / count)
