"""Errors and help in Japanese: each English sentence has its own in ``words_ja.json``.

Errors are raised in English, because they are searched for and read by whoever helps. Where Japanese is spoken, the
sentence that was filled is found again and told in Japanese with the same names and numbers. A sentence is a text with
gaps, ``"{} is given twice"``; gaps may hold sentences themselves. ``tests/wording`` reads every sentence from the
sources and fails where one has no Japanese.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from twin.errors import Problem, TwinError

_KINDS = {
    "ScenarioError": "シナリオまたは指定の誤り",
    "TableError": "表の誤り",
    "CityError": "地図の誤り",
    "RunError": "フォルダまたはディスクの誤り",
    "ClusterError": "クラスターの誤り",
    "EngineError": "計算規則の違反",
    "LimitError": "上限の超過",
    "InternalError": "内部の不具合",
}
_EXAMPLE = "Example: "
#: A key of a scenario before what is wrong with it.
_KEY = re.compile(r"([\w.\[\]/-]+): ")
_DEEP = 4
#: Problems of one file that are written out, as in English.
_MOST_SHOWN = 50


@dataclass(frozen=True)
class _Sentence:
    """A sentence with gaps: how it is found, its longest piece of text, and what it is in Japanese."""

    found: re.Pattern[str]
    piece: str
    japanese: str


@functools.cache
def words() -> dict[str, dict[str, str]]:
    """The catalogue: English -> Japanese, by where the English comes from."""
    text = (files("twin") / "words_ja.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


@functools.cache
def _sentences() -> tuple[dict[str, str], tuple[_Sentence, ...]]:
    """Sentences without gaps, and those with, the ones with most words of their own first."""
    plain: dict[str, str] = {}
    gapped: list[tuple[int, _Sentence]] = []
    for part in ("libraries", "errors", "console", "notes"):
        for english, japanese in words()[part].items():
            pieces = [piece.replace("{{", "{").replace("}}", "}") for piece in english.split("{}")]
            if len(pieces) == 1:
                plain[pieces[0]] = japanese.replace("{{", "{").replace("}}", "}")
                continue
            pattern = re.compile("(.*?)".join(re.escape(piece) for piece in pieces), re.DOTALL)
            longest = max(pieces, key=len)
            gapped.append((sum(map(len, pieces)), _Sentence(pattern, longest, japanese)))
    return plain, tuple(sentence for _, sentence in sorted(gapped, key=lambda found: -found[0]))


def in_japanese(text: str, deep: int = 0) -> str:
    """A sentence of an error in Japanese, with what stands in its gaps; as it is if no catalogue has it."""
    plain, gapped = _sentences()
    if text in plain:
        return plain[text]
    if text.strip() in plain:
        return plain[text.strip()]
    if " " not in text or deep > _DEEP:
        return text
    for sentence in gapped:
        if sentence.piece in text and (match := sentence.found.fullmatch(text)):
            return sentence.japanese.format(*(in_japanese(gap, deep + 1) for gap in match.groups()))
    key = _KEY.match(text)
    return f"{key.group(1)}：{in_japanese(text[key.end() :], deep + 1)}" if key else text


def error_in_japanese(fault: TwinError) -> str:
    """What a terminal shows of an error where Japanese is spoken."""
    kind = type(fault).__name__
    title = f"{_KINDS.get(kind, '誤り')}（{kind}）"
    problems: tuple[Problem, ...] = getattr(fault, "problems", ())
    if len(problems) < 2:
        return "\n".join([f"{title}：{in_japanese(fault.what)}", *_where_and_mend(fault)])
    listed = "\n\n".join(
        "\n".join([f"{i}. {in_japanese(one.what)}", *_where_and_mend(one)])
        for i, one in enumerate(problems[:_MOST_SHOWN], 1)
    )
    more = len(problems) - _MOST_SHOWN
    rest = f"\n\nほかに {more} 件あります。まず以上を直してください" if more > 0 else ""
    return f"{title}：{fault.where} に {len(problems)} 件の問題があります\n\n{listed}{rest}"


def _where_and_mend(fault: TwinError | Problem) -> list[str]:
    lines = []
    if fault.where:
        lines.append(f"  場所：{in_japanese(fault.where)}")
    if fault.mend:
        lines.append(f"  対処：{in_japanese(fault.mend)}")
    return lines


def heading_in_japanese(text: str) -> str:
    """A heading of a table in Japanese."""
    return words()["headings"].get(text, in_japanese(text))


def help_in_japanese(text: str) -> str:
    """A text of the help in Japanese; examples keep their command."""
    if text.startswith(_EXAMPLE):
        return "例：" + text.removeprefix(_EXAMPLE).replace("then:", "続けて：")
    return words()["help"].get(text, text)


def speak_japanese(command: Any) -> None:
    """Put the help of a command, of its options and of all commands below it into Japanese."""
    command.help = help_in_japanese(command.help or "")
    command.epilog = help_in_japanese(command.epilog or "")
    command.short_help = help_in_japanese(command.short_help) if command.short_help else None
    for parameter in command.params:
        parameter.help = help_in_japanese(getattr(parameter, "help", None) or "")
    for below in getattr(command, "commands", {}).values():
        speak_japanese(below)
