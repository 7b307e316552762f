"""Every figure of a README stands beside its command.

Cheap ones are made anew and compared by ``test_terminal_readme.py``, ``tests/scenarios/test_weekday_vans.py`` and
``tests/scenarios/test_decision.py``; all of them by ``python -m tests.verification.readme_numbers``.
"""

from __future__ import annotations

import re

import pytest

from tests.verification.readme_numbers import FIGURES, ROOT, beside
from tests.verification.readme_speeds import HELD, Held, hold, times_off


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


def test_every_number_of_a_benchmark_is_held_where_a_readme_states_it():
    measured = {name for name, figure in FIGURES.items() if figure.measure}
    # These two are run for their whole answer, of which no README prints a number.
    assert set(HELD) == measured - {"road.routes", "road.weekday"}
    for name, held in HELD.items():
        text = (ROOT / FIGURES[name].readme).read_text(encoding="utf-8")
        for one in held:
            low, high = one.range_in(text)
            assert 0 < low <= high, (name, one.key)


def test_a_speed_may_be_three_times_off_and_a_kilometre_may_not():
    text = "| ward | 100–200 | 3,034 | 1.10 M |"
    held = (Held("speed", r"ward \| (\d+)–(\d+)"), Held("km", r"200 \| ([\d,]+)", 1.006), Held("m", r"([\d.]+ M)"))
    assert hold(held, text, [{"speed": 34.0, "km": 3040.0, "m": 1.1e6}])[1]
    assert hold(held, text, [{"speed": 590.0, "km": 3034.0, "m": 3.2e6}])[1]
    for wrong in ({"speed": 33.0}, {"speed": 610.0}, {"km": 3060.0}, {"m": 0.3e6}):
        lines, near = hold(held, text, [{"speed": 150.0, "km": 3034.0, "m": 1.1e6, **wrong}])
        assert not near
        assert [line.startswith("  OFF") for line in lines] == [name in wrong for name in ("speed", "km", "m")]
    assert times_off(1.0, 2.0, 0.0) == float("inf")
    with pytest.raises(SystemExit, match="no README states speed"):
        hold(held, "nothing", [{"speed": 1.0}])
