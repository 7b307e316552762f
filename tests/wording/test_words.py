"""Whatever an error or the help may say is there in Japanese, with the same names and numbers in its gaps.

``python -m tests.wording.test_words`` lists what has no Japanese yet, and what no source says any more.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from tests.wording import sentences as reading
from twin import cli_language
from twin.cli import app
from twin.cli_words import error_in_japanese, help_in_japanese, in_japanese, speak_japanese, words
from twin.errors import Problem, ScenarioError

#: Kanji, kana, or signs and names alone.
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


#: Texts of the console that are no words of it: a pattern, a format, or told as an error.
OTHERWISE = {
    "swiftshader|llvmpipe|software|basic render",
    "{{task.percentage:>3.0f}} %",
    "see twin --help",
    "choose another file with --chart",
}


@pytest.fixture(scope="module")
def said() -> dict[str, str]:
    return reading.sentences()


def gaps(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


def commands() -> Iterator[tuple[str, object]]:
    def below(name: str, command: object) -> Iterator[tuple[str, object]]:
        yield name, command
        for word, one in getattr(command, "commands", {}).items():
            yield from below(f"{name} {word}", one)

    yield from below("twin", typer.main.get_command(app))


def help_texts() -> dict[str, str]:
    """Text -> the command that shows it."""
    out: dict[str, str] = {}
    for name, command in commands():
        texts = [command.help, command.epilog, *(getattr(one, "help", None) for one in command.params)]
        out.update({text: name for text in texts if text})
    return out


def test_every_sentence_of_an_error_has_its_japanese_and_none_is_left_over(said):
    known = words()["errors"]
    missing = {text: at for text, at in said.items() if text not in known}
    assert not missing, "put into twin/words_ja.json: " + repr(missing)
    assert not known.keys() - said.keys(), "no source says this any more"


def test_every_sentence_of_the_console_has_its_japanese_and_none_is_left_over():
    known, printed = words()["console"], reading.console_sentences()
    missing = {text: at for text, at in printed.items() if text not in known and text not in OTHERWISE}
    assert not missing, "say both languages with said(), or put it into twin/words_ja.json: " + repr(missing)
    assert not known.keys() - printed.keys(), "the console says this no more"


def test_every_note_of_a_check_or_a_run_has_its_japanese_and_none_is_left_over():
    known, given = words()["notes"], reading.note_sentences()
    missing = {text: at for text, at in given.items() if text not in known}
    assert not missing, "put into twin/words_ja.json: " + repr(missing)
    assert not known.keys() - given.keys(), "no note says this any more"


def test_every_gap_is_told_in_japanese_too():
    for part in words().values():
        for english, japanese in part.items():
            have, told = len(gaps(english)), gaps(japanese)
            named = {int(name) for name in told} if all(told) and told else set(range(len(told)))
            assert named == set(range(have)), english


def test_what_has_words_is_japanese_and_not_english_again():
    same = {
        e
        for part in words().values()
        for e, j in part.items()
        if e == j and not re.match(r"(twin|pip|--driving-side) |15 m", e)
    }
    assert not same
    for part in words().values():
        for english, japanese in part.items():
            bare = re.sub(r"`[^`]*`|\{+[^{}]*\}+|--?[\w-]+", " ", english)
            if len(re.findall(r"\b[a-z]{3,}\b", bare)) > 3 and not english.startswith(("twin ", "pip ")):
                assert _JAPANESE.search(japanese), english


def test_a_sentence_is_found_again_whatever_fills_it(said):
    """With names that no sentence holds: what comes back is its own Japanese, with these names in their places."""
    lost = {}
    for english in said:
        names = [f"《{i}》" for i in range(len(gaps(english)))]
        filled, wanted = english.format(*names), words()["errors"][english].format(*names)
        if in_japanese(filled) != wanted:
            lost[english] = in_japanese(filled)
    assert not lost


def test_help_has_its_japanese_and_none_is_left_over():
    shown = help_texts()
    missing = {text: at for text, at in shown.items() if help_in_japanese(text) == text}
    assert not missing, "put into twin/words_ja.json: " + repr(missing)
    assert not words()["help"].keys() - shown.keys(), "no help says this any more"


def test_the_tree_of_commands_speaks_it(monkeypatch):
    command = typer.main.get_command(app)
    speak_japanese(command)
    for below in (command, *command.commands.values()):
        assert _JAPANESE.search(below.help), below.name


def test_an_error_of_many_problems_numbers_them_and_translates_names_within_names():
    one = Problem(
        "the file is Shift_JIS (cp932), not UTF-8", "a.yaml, line 3, column 5, transit.fleet", "save it as UTF-8"
    )
    two = Problem("unknown key 'flet'", "a.yaml, line 4, column 1", "did you mean fleet?")
    told = error_in_japanese(ScenarioError.of([one, two], "a.yaml"))
    assert "2 件の問題" in told
    assert "1. ファイルが UTF-8 ではなく Shift_JIS（cp932） です\n  場所：a.yaml、3 行 5 列、transit.fleet" in told
    assert "2. 未知のキー 'flet'" in told
    assert "  対処：「fleet」のことですか" in told
    assert error_in_japanese(ScenarioError.of([two], "a.yaml")).startswith(
        "シナリオまたは指定の誤り（ScenarioError）：未知のキー"
    )


@pytest.mark.parametrize(
    ("english", "japanese"),
    [
        ("transit.seats must be at least 1, got 0", "transit.seats は 1 以上にしてください（0）"),
        ("seed must be a whole number, got a list", "seed は 整数にしてください（リスト）"),
        ("clock: the clock ends before it starts; after midnight write 24:30",
         "clock：時計の終わりが始まりより前です。深夜は 24:30 のように書いてください"),
        ("a.yaml cannot be read: Permission denied", "a.yaml を読めません：権限がありません"),
    ],
)  # fmt: skip
def test_keys_bounds_and_kinds_are_told_within_their_sentence(english, japanese):
    assert in_japanese(english) == japanese


def test_what_no_catalogue_has_stays_as_it_is():
    assert in_japanese("quite another matter altogether") == "quite another matter altogether"


def test_a_planted_sentence_is_found_by_reading(tmp_path):
    """Names, choices, helpers and parts of sentences are followed: nobody adds English alone unnoticed."""
    text = (
        "MEND = 'mend this now'\n"
        "def words(x):\n    return f'{x} is lost' if x else 'nothing is there'\n"
        "def check(x):\n    kind = 'a big one' if x else 'a small one'\n"
        "    raise ScenarioError(f'{kind} of {x} stands here', mend=MEND)\n"
        "def other(x):\n    raise RunError(words(x), where=f'row {x} of it')\n"
    )
    path = reading.ROOT / "twin" / "planted.py"
    source = reading._read_text(path, text)
    found = set(reading.of_source(source))
    assert found == {
        "mend this now", "{} is lost", "nothing is there", "a big one", "a small one", "{} of {} stands here",
        "row {} of it",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "environment", "spoken"),
    [
        (["--lang", "ja", "run"], {}, ("ja",)),
        (["--lang=en", "run"], {}, ("en",)),
        (["run"], {"TWIN_LANG": "ja"}, ("ja",)),
        (["--lang", "fr"], {"LANG": "ja_JP.UTF-8"}, ("ja",)),
        ([], {"LANG": "C"}, ("ja", "en")),
    ],
)
def test_the_language_is_known_before_anything_is_parsed(monkeypatch, arguments, environment, spoken):
    monkeypatch.setattr(cli_language, "_chosen", cli_language.BOTH)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "TWIN_LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cli_language.choose_early(arguments)
    assert cli_language.languages() == spoken


if __name__ == "__main__":
    told, known = reading.sentences(), words()["errors"]
    for text in sorted(told.keys() - known.keys()):
        print("no Japanese:", Path(told[text]), repr(text))
    for text in sorted(known.keys() - told.keys()):
        print("left over:", repr(text))
    for part, here in (("console", reading.console_sentences()), ("notes", reading.note_sentences())):
        for text in sorted(here.keys() - words()[part].keys() - OTHERWISE):
            print("no Japanese:", here[text], repr(text))
    for text, at in help_texts().items():
        if help_in_japanese(text) == text:
            print("no Japanese:", at, repr(text))
