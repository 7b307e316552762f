"""Words in two languages, of which one may be missing."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from twin.scenario.language.label import Label


@pytest.mark.parametrize(
    ("given", "ja", "en"),
    [
        ({"ja": "現況", "en": "Today"}, "現況", "Today"),
        ({"ja": "現況"}, "現況", "現況"),
        ({"en": "Today"}, "Today", "Today"),
        ("今日 Today", "今日 Today", "今日 Today"),
        ({}, "", ""),
    ],
)
def test_one_language_stands_in_for_the_other(given, ja, en):
    label = Label.model_validate(given)
    assert label.to_dict() == {"ja": ja, "en": en}


def test_other_languages_and_whole_books_are_refused():
    for wrong in ({"fr": "x"}, {"ja": "x" * 501}, 7):
        with pytest.raises(ValidationError):
            Label.model_validate(wrong)
