"""Which languages the command line speaks: Japanese, English, or both where nobody said.

``twin --lang ja run FILE`` says it for one command, ``TWIN_LANG`` for a shell, the locale otherwise. Errors and the
help of commands are in one language: in Japanese where that alone is spoken, else in English.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from twin.errors import ScenarioError

Language = Literal["ja", "en"]
BOTH: tuple[Language, ...] = ("ja", "en")
_CHOICES: dict[str, tuple[Language, ...]] = {"ja": ("ja",), "en": ("en",), "both": BOTH}
_chosen: tuple[Language, ...] = BOTH


def choose(text: str | None) -> None:
    """Take the language of this process: ``ja``, ``en``, ``both``, or None for that of the locale.

    Raises
    ------
    ScenarioError
        If it is none of these.
    """
    global _chosen
    if text is not None and text not in _CHOICES:
        raise ScenarioError(f"--lang {text!r} is no language", mend="say ja, en or both")
    _chosen = _of_locale() if text is None else _CHOICES[text]


def choose_early(arguments: Sequence[str]) -> None:
    """Take the language before the command line is parsed, so that its help is in it; what is wrong waits till then."""
    before = [*arguments, ""]
    named = next((b for a, b in itertools.pairwise(before) if a == "--lang"), "")
    named = next((a.removeprefix("--lang=") for a in arguments if a.startswith("--lang=")), named)
    for text in (named, os.environ.get("TWIN_LANG", "")):
        if text in _CHOICES:
            choose(text)
            return
    choose(None)


def _of_locale() -> tuple[Language, ...]:
    """As POSIX looks it up: LC_ALL, then LC_MESSAGES, then LANG; both languages where they name neither."""
    locale = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return _CHOICES.get(locale[:2].lower(), BOTH)


def languages() -> tuple[Language, ...]:
    """What is spoken, Japanese first."""
    return _chosen


def said(ja: str, en: str) -> str:
    """A short text in what is spoken: both with a stroke between them, English first as tables have it."""
    texts = {"ja": ja, "en": en}
    return " / ".join(dict.fromkeys(texts[lang] for lang in reversed(_chosen)))


def spoken(text: str) -> str:
    """An English sentence of the console in what is spoken: in Japanese where that alone is."""
    if _chosen != ("ja",):
        return text
    from twin.cli_words import in_japanese

    return in_japanese(text)


def spoken_heading(text: str) -> str:
    """A heading of a table in what is spoken: in Japanese where that alone is."""
    if _chosen != ("ja",):
        return text
    from twin.cli_words import heading_in_japanese

    return heading_in_japanese(text)


def said_alone(ja: str, en: str) -> str:
    """A longer text in one language: Japanese where that alone is spoken, else English."""
    return ja if _chosen == ("ja",) else en


def label_of(label: Mapping[str, Any], otherwise: str) -> str:
    """A label of a scenario in one language; in Japanese where both are spoken."""
    order = (*_chosen, *BOTH)
    return next((str(label[lang]) for lang in order if label.get(lang)), otherwise)
