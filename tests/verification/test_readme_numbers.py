"""Every figure of a README stands beside its command.

Cheap ones are made anew and compared by ``test_terminal_readme.py``, ``tests/scenarios/test_weekday_vans.py`` and
``tests/scenarios/test_decision.py``; all of them by ``python -m tests.verification.readme_numbers``.
"""

from __future__ import annotations

import pytest

from tests.verification.readme_numbers import FIGURES, ROOT, beside


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_stands_beside_its_command(name):
    figure = FIGURES[name]
    assert figure.said(), f"no figures beside {figure.command}"
    script = next((word for word in figure.command.split() if word.endswith(".py")), None)
    assert script is None or (ROOT / script).is_file()


def test_every_benchmark_of_the_models_is_made_anew_by_one_of_them():
    bench = {path.name for path in (ROOT / "tests" / "benchmarks").glob("bench_*.py")}
    # Of these no README of a model prints a figure.
    bench -= {"bench_main.py", "bench_city.py", "bench_engine.py", "bench_decide.py"}
    made = {word.rsplit("/", 1)[-1] for figure in FIGURES.values() for word in figure.command.split()}
    assert bench <= made


def test_lines_that_differ_stand_one_above_the_other():
    said = ["| a | 1 | why |", "| b | 2 | why |", "| c | 3 |"]
    made = ["| a | 1 |", "| b | 4 |"]
    assert list(beside(said, made)) == [
        "  same    | a | 1 | why |",
        "  README  | b | 2 | why |",
        "  now     | b | 4 |",
        "  README  | c | 3 |",
        "  now     ",
    ]
