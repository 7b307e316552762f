"""Parts of calibration against answers that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from twin.errors import ScenarioError
from twin.experiments.calibrate.emulator import emulator_of, form_for
from twin.experiments.calibrate.identify import FLAT, _worse, identified
from twin.experiments.calibrate.posterior import Likelihood, sample
from twin.experiments.calibrate.scaling import scaled
from twin.experiments.calibrate.statistics import Compression, compression_of, evened
from twin.experiments.calibrate.value import chance, worth


def cube(count, p, seed=1):
    return stats.qmc.LatinHypercube(p, rng=seed).random(count)


def noise(count, q, seed=2):
    return np.random.default_rng(seed).standard_normal((count, q))


def test_a_quadratic_is_emulated_exactly_and_luck_is_its_own_size():
    unit = cube(400, 2)
    mean = 3 + unit[:, :1] - 2 * unit[:, 1:] ** 2 + unit[:, :1] * unit[:, 1:]
    exact = emulator_of(unit, mean)
    assert exact.form == "quadratic"
    assert np.abs(exact.mean(unit) - mean).max() < 1e-9
    assert exact.explained[0] == pytest.approx(1.0)
    lucky = emulator_of(unit, mean + 0.5 * noise(400, 1))
    assert lucky.luck[0, 0] == pytest.approx(0.25, rel=4 * np.sqrt(2 / 394))
    point = np.array([[0.3, 0.6]])
    assert lucky.jacobian(point[0])[0] == pytest.approx([1 + 0.6, -4 * 0.6 + 0.3], abs=0.4)
    assert 0 < lucky.leverage(point)[0] < 0.05


@pytest.mark.parametrize(("runs", "p", "form"), [(40, 3, "quadratic"), (30, 3, "squares"), (20, 3, "linear")])
def test_the_form_is_what_the_runs_allow(runs, p, form):
    assert form_for(runs, p) == form


def test_poisson_counts_have_even_luck():
    rng = np.random.default_rng(3)
    for mean in (5.0, 50.0, 500.0):
        even = evened(rng.poisson(mean, (20_000, 1)).astype(float), np.array([True]))
        assert even.var() == pytest.approx(1.0, abs=0.1)
    assert evened(np.array([[0.4]]), np.array([False]))[0, 0] == 0.4


def test_few_statistics_hold_what_many_say_of_a_linear_model():
    """Fisher information of the compressed statistics is that of all of them."""
    unit = cube(3000, 2)
    slopes = np.array([[1.0, 0.5, 0.0, 2.0, 0.3], [0.0, 1.0, 1.5, -1.0, 0.2]])
    size = np.array([0.5, 1.0, 0.3, 2.0, 1.0])
    values = unit @ slopes + size * noise(3000, 5)
    few = compression_of(unit, values, np.zeros(5))
    full = slopes @ np.diag(size**-2) @ slopes.T
    weights = few.weights
    kept = slopes @ weights @ np.linalg.inv(weights.T @ np.diag(size**2) @ weights) @ weights.T @ slopes.T
    assert np.abs(kept - full).max() < 0.05 * full.max()


def linear_case(slopes, luck, at, runs=600, seed=4):
    """Likelihood of a linear model with Gaussian luck, observed at its mean at a point."""
    p, q = slopes.shape
    unit = cube(runs, p, seed)
    emulator = emulator_of(unit, unit @ slopes + noise(runs, q, seed) @ np.linalg.cholesky(luck).T)
    return Likelihood(emulator, np.asarray(at) @ slopes, luck, np.zeros(p), np.ones(p))


def test_the_posterior_of_a_linear_model_is_that_of_the_books():
    slopes, luck = np.array([[4.0, 1.0], [0.0, 3.0]]), np.array([[0.04, 0.01], [0.01, 0.09]])
    samples = sample(linear_case(slopes, luck, [0.5, 0.5]), 7)
    expected = np.linalg.inv(slopes @ np.linalg.inv(luck) @ slopes.T)
    assert samples.mean(axis=0) == pytest.approx([0.5, 0.5], abs=0.03)
    assert np.cov(samples.T) == pytest.approx(expected, abs=0.15 * expected.max())
    assert samples.tobytes() == sample(linear_case(slopes, luck, [0.5, 0.5]), 7).tobytes()


def test_what_data_do_not_tell_is_said():
    luck = np.eye(2) * 0.01
    likelihood = linear_case(np.array([[3.0, 0.0], [0.0, 0.001]]), luck, [0.5, 0.5])
    told = identified(["known", "unknown"], sample(likelihood, 1), likelihood)
    assert told.untold == ("unknown",)
    assert told.together == ()
    assert told.width[0] < 0.2
    assert told.to_dict(["known", "unknown"])["flat_profiles"] == ["unknown"]
    assert abs(told.flattest[0]["unknown"]) > 0.9


def test_two_parameters_of_which_only_the_sum_is_seen_cannot_be_told_apart():
    likelihood = linear_case(np.array([[3.0, 3.0], [3.0, 3.0]]), np.eye(2) * 0.01, [0.5, 0.5])
    told = identified(["a", "b"], sample(likelihood, 1), likelihood)
    ((first, second, correlation),) = told.together
    assert (first, second) == ("a", "b")
    assert correlation < -0.9
    direction, width = told.flattest
    assert direction["a"] * direction["b"] < 0
    assert width > 0.8


def test_intervals_hold_the_truth_as_often_as_they_say():
    """400 data sets of a linear model with parameters drawn from the prior: 95 % of the intervals, by the binomial."""
    slopes, luck = np.array([[2.0, 0.3], [0.4, 1.5]]), np.array([[0.02, 0.005], [0.005, 0.03]])
    base = linear_case(slopes, luck, [0.5, 0.5], runs=300)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 81)] * 2, indexing="ij"), axis=-1).reshape(-1, 2)
    truths, inside = cube(400, 2, 9), 0
    lucky = noise(400, 2, 10) @ np.linalg.cholesky(luck).T
    for truth, off in zip(truths, lucky, strict=True):
        likelihood = Likelihood(base.emulator, truth @ slopes + off, base.emulator.luck, base.low, base.high)
        log = likelihood.log(grid)
        weight = np.exp(log - log.max()).reshape(81, 81)
        for k in range(2):
            total = np.cumsum(weight.sum(axis=1 - k))
            ends = np.interp([0.025 * total[-1], 0.975 * total[-1]], total, np.linspace(0, 1, 81))
            inside += ends[0] - 1 / 80 <= truth[k] <= ends[1]
    assert abs(inside / 800 - 0.95) < 4 * np.sqrt(0.95 * 0.05 / 400)


def test_measurements_are_worth_what_linear_theory_says():
    """Answer a + b; a seen with luck of variance s: the doubt about a falls from 1/12 to 1 / (12 + 1/s)."""
    unit = cube(4000, 2)
    s = 1 / 12
    seen = unit[:, :1] + np.sqrt(s) * noise(4000, 1)
    blind = noise(4000, 1, 5)
    found = worth(unit, unit.sum(axis=1), {("sensor", "sees"): seen, ("sensor", "blind"): blind}, ["a", "b"])
    of = {m.name: m.narrows for m in found}
    left = (1 / (12 + 1 / s) + 1 / 12) / (2 / 12)
    assert of["sees"] == pytest.approx(1 - left, abs=0.03)
    assert of["blind"] == pytest.approx(0.0, abs=0.01)
    assert of["a"] == pytest.approx(0.5, abs=0.01)
    assert found[0].narrows == max(m.narrows for m in found)
    assert pytest.approx(1 / 12) == FLAT**2


def test_an_answer_that_no_parameter_moves_has_no_doubt():
    assert worth(cube(50, 2), np.ones(50), {}, ["a", "b"]) == []


def test_chances_are_shares_on_the_right_side():
    values = np.arange(10.0)
    assert chance(values, 7.0, "higher") == 0.3
    assert chance(values, 7.0, "lower") == 0.8


def test_scaling_gives_the_sums_and_keeps_the_odds():
    guess = np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 1.0]])
    rows, columns = np.array([30.0, 20.0]), np.array([10.0, 25.0, 15.0])
    table = scaled(guess, [(0, rows), (1, columns)])
    assert table.sum(axis=1) == pytest.approx(rows)
    assert table.sum(axis=0) == pytest.approx(columns)
    # Entropy scaling changes rows and columns by factors, so that odds stay.
    odds = guess[0, 0] * guess[1, 1] / (guess[0, 1] * guess[1, 0])
    assert table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0]) == pytest.approx(odds)


def test_sums_that_no_table_has_are_refused():
    with pytest.raises(ScenarioError, match="contradict"):
        scaled(np.ones((2, 2)), [(0, np.array([1.0, 1.0])), (1, np.array([3.0, 3.0]))])
    with pytest.raises(ScenarioError, match="expects nobody"):
        scaled(np.array([[1.0, 1.0], [0.0, 0.0]]), [(0, np.array([1.0, 1.0]))])


def test_as_many_statistics_as_parameters_are_kept_as_they_are():
    few = compression_of(cube(100, 3), noise(100, 2), np.zeros(2))
    assert isinstance(few, Compression)
    assert (few.weights != 0).sum() == 2


def test_a_profile_is_the_best_over_the_others_at_each_place():
    """Of a linear model it is known: minus half the square in standard deviations of the marginal."""
    slopes, luck = np.array([[3.0, 1.0], [1.5, 2.0]]), np.array([[0.04, 0.01], [0.01, 0.09]])
    likelihood = linear_case(slopes, luck, [0.5, 0.5], runs=4000)
    found = identified(["a", "b"], sample(likelihood, 3), likelihood).to_dict(["a", "b"])["profile"]
    spread = np.sqrt(np.diag(np.linalg.inv(slopes @ np.linalg.inv(luck) @ slopes.T)))
    places = np.linspace(0.0, 1.0, len(found["a"]))
    for key, own in zip("ab", spread, strict=True):
        expected = -0.5 * ((places - 0.5) / own) ** 2
        near = expected > -8  # farther out the likelihood is that of a t, which has longer tails
        assert near.sum() >= 3
        assert np.array(found[key])[near] == pytest.approx(expected[near], abs=0.35)


def test_slopes_of_the_likelihood_are_its_differences_also_at_the_edge_of_the_box():
    likelihood = linear_case(np.array([[3.0, 1.0], [1.5, 2.0]]), np.eye(2) * 0.04, [0.5, 0.5])
    for at in ([0.3, 0.6], [1.0, 0.2], [0.0, 1.0]):
        for k in (0, 1):
            others = np.array([1 - k])
            value, slope = _worse(np.array(at)[others], likelihood, np.array(at), others)
            assert value == pytest.approx(-likelihood.log(np.array([at]))[0])
            h = 1e-4 if at[1 - k] < 0.5 else -1e-4
            moved = np.array(at)
            moved[1 - k] += h
            assert slope[0] == pytest.approx((-likelihood.log(moved[None])[0] - value) / h, rel=2e-2, abs=1e-2)
