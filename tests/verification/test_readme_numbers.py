"""Every figure of a README stands beside its command.

Cheap ones are made anew and compared by ``test_terminal_readme.py``, ``tests/scenarios/test_weekday_vans.py`` and
``tests/scenarios/test_decision.py``; all of them by ``python -m tests.verification.readme_numbers``.
"""

from __future__ import annotations

import re

import pytest

from tests.verification.readme_numbers import FIGURES, ROOT, beside


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_stands_beside_its_command(name):
    figure = FIGURES[name]
    assert figure.said(), f"no figures beside {figure.command}"
    script = next((word for word in figure.command.split() if word.endswith(".py")), None)
    assert script is None or (ROOT / script).is_file()


def test_every_benchmark_that_a_readme_of_a_model_names_is_made_anew():
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("README.md"))
    named = set(re.findall(r"python tests/benchmarks/(bench_\w+\.py)", text))
    named |= set(re.findall(r"python -m (tests\.verification\.\w+ \w+)", text))
    commands = " ".join(figure.command for figure in FIGURES.values())
    assert len(named) > 6
    assert not [name for name in named if name not in commands]


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
