"""A share that depends more on who is counted than on what is done is told so."""

from __future__ import annotations

import numpy as np
import pytest

from tests.unit.results.asking import asked, compare, question
from twin.results.answer_file import answers_json
from twin.results.answers import Figures, answer_all
from twin.results.definitions import recounts_of
from twin.results.drawn import Drawn
from twin.results.kpis import infos
from twin.results.sentences import Speaker

SHARE, PART, WHOLE = "pedestrian.stay_share", "pedestrian.stay_count", "pedestrian.visitors_count"
#: Heads inside the bounds and in all, by class; commuters are half of all and none of them circulates.
TODAY = {"commuter": (0.0, 150.0), "resident": (1.0, 10.0), "shopper": (100.0, 140.0)}


def found(heads, measures, groups=True):
    """Figures of two replications: today, and a variant in which some more shoppers circulate."""
    rows = []
    for r in range(2):
        for variant, more in (("a", 0.0), ("b", measures)):
            own = {g: (x + more * (g == "shopper"), n) for g, (x, n) in heads.items()}
            own = {"all": tuple(map(sum, zip(*own.values(), strict=True))), **(own if groups else {})}
            for group, (x, n) in own.items():
                rows += [(variant, SHARE, group, r, x / n), (variant, PART, group, r, x), (variant, WHOLE, group, r, n)]
    names = ("variant", "kpi", "group", "replication", "value")
    return Figures(dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True)), 2)


def of(figures):
    questions = asked(question(compare(kpi=SHARE, unit="share", better="higher")))
    (answer,) = answer_all(questions, figures)
    return questions, answer, recounts_of(answer, figures, infos())


def test_the_two_classes_that_move_the_share_most_are_left_out_together():
    _, _, (recount,) = of(found(TODAY, 3.0))
    assert set(recount.left_out) == {"commuter", "resident"}
    assert recount.counted == pytest.approx(101 / 300)
    assert recount.otherwise == pytest.approx(100 / 140)
    assert recount.moved == pytest.approx(3 / 300)


def test_it_stands_beside_the_answer_in_both_languages():
    questions, answer, recounts = of(found(TODAY, 3.0))
    (note,) = Speaker("en", infos(), {}).notes(answer, recounts)
    assert "depends more on who is counted than on what is done: without commuter, resident it is 71.4 %" in note
    assert "no two variants differ by more than 1 point" in note
    assert "commuter, residentを除くと" in Speaker("ja", infos(), {}).notes(answer, recounts)[0]
    told = answers_json(questions, [answer], infos(), {}, Drawn(), (), [recounts])
    assert told["answers"][0]["depends_on_who_is_counted"][0]["left_out"] == list(recounts[0].left_out)


def test_a_measure_that_moves_more_than_any_definition_has_no_such_note():
    even = {"commuter": (50.0, 100.0), "shopper": (52.0, 100.0)}
    assert of(found(even, 40.0))[2] == ()
    assert of(found(even, 0.5))[2] != ()


@pytest.mark.parametrize("groups", [False, True])
def test_without_groups_that_add_up_to_all_nothing_is_told(groups):
    heads = dict(TODAY)
    figures = found(heads, 3.0, groups=groups)
    if groups:
        figures._values["a", WHOLE, "shopper"] = figures.of("a", WHOLE, "shopper") + 5.0
    assert of(figures)[2] == ()
