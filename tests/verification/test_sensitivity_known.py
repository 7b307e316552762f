"""Sobol and Morris against the Ishigami function; Latin hypercubes against their definition."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from twin.experiments.searching.sampling import analyse, grid, latin_hypercube, sampled
from twin.results.searched import Axis, Search

A, B = 7.0, 0.1
AXES = [Axis(key=f"x{n}", low=-math.pi, high=math.pi) for n in range(1, 4)]


def ishigami(x):
    return math.sin(x[0]) + A * math.sin(x[1]) ** 2 + B * x[2] ** 4 * math.sin(x[0])


def indices(method, count, seed=3):
    points = sampled(method, AXES, count, 4, seed)
    means = np.array([ishigami([float(p.changes[axis.key]) for axis in AXES]) for p in points])
    search = Search(method=method, base="b", axes=AXES, points=points, sampled=count, seed=seed)
    return {row["key"]: row for row in analyse(search, means)}


def test_sobol_finds_the_indices_of_ishigami():
    # Ishigami and Homma (1990): variances by hand.
    first = 0.5 * (1 + B * math.pi**4 / 5) ** 2
    second, third = A**2 / 8, B**2 * math.pi**8 * 8 / 225
    whole = first + second + third
    found = indices("sobol", 1024)
    for key, alone, total in (
        ("x1", first / whole, (first + third) / whole),
        ("x2", second / whole, second / whole),
        ("x3", 0.0, third / whole),
    ):
        assert found[key]["first"] == pytest.approx(alone, abs=max(found[key]["first_half"], 0.02))
        assert found[key]["total"] == pytest.approx(total, abs=max(found[key]["total_half"], 0.02))


def test_morris_finds_the_elementary_effects_of_ishigami():
    # Every step of the grid of four levels by brute force: mean and mean absolute effect, per share of the span.
    levels, step = [0.0, 1 / 3, 2 / 3, 1.0], 2 / 3
    found = indices("morris", 400)
    for nth, axis in enumerate(AXES):
        effects = []
        for shares in itertools.product(levels, repeat=3):
            moved = list(shares)
            moved[nth] += step
            if moved[nth] > 1 + 1e-9:
                continue
            low, high = ([-math.pi + 2 * math.pi * s for s in x] for x in (shares, moved))
            effects.append((ishigami(high) - ishigami(low)) / step)
        mean, absolute = float(np.mean(effects)), float(np.mean(np.abs(effects)))
        error = float(np.std(effects)) / math.sqrt(400)
        assert found[axis.key]["mu"] == pytest.approx(mean, abs=4 * error + 1e-6)
        assert found[axis.key]["mu_star"] == pytest.approx(absolute, abs=4 * error + 1e-6)


def test_a_figure_that_nothing_moves_has_no_indices():
    search = Search(method="sobol", base="b", axes=AXES, sampled=8)
    assert analyse(search, np.ones(40)) == [{"key": axis.key, "moves": False} for axis in AXES]


def test_a_latin_hypercube_has_one_point_in_each_slice_of_each_axis():
    axes = [*AXES, Axis(key="n", low=1, high=60, whole=True), Axis(key="l", values=["a", "b", "c"])]
    points = latin_hypercube(axes, 60, 5)
    for axis in AXES:
        slices = sorted(int((float(p.changes[axis.key]) / math.pi + 1) / 2 * 60) for p in points)
        assert slices == list(range(60))
    assert sorted(p.changes["n"] for p in points) == list(range(1, 61))
    assert sorted(p.changes["l"] for p in points) == ["a"] * 20 + ["b"] * 20 + ["c"] * 20
    assert points == latin_hypercube(axes, 60, 5)


def test_a_grid_has_every_combination_once():
    points = grid([Axis(key="a", values=[1, 2]), Axis(key="b", values=["x", "y", "z"])])
    assert [tuple(p.changes.values()) for p in points] == list(itertools.product([1, 2], "xyz"))
