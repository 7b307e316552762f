"""What ``--help`` prints: plain text in two columns, whole characters of Japanese counted as wide as they are.

Typer's own help loads a renderer of Markdown and of tracebacks, which takes longer than all that a help has to say;
its frames are no characters of a cp932 console.
"""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from twin.cli_language import said_alone

_WIDEST = 110
_INDENT = 2
_GAP = 2
#: Marks that no line begins with.
_NOT_FIRST = "。、，．）」』】：；！？ー…"


def width_of(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def wrapped(text: str, width: int) -> list[str]:
    """Lines of a text: broken at spaces, and between characters where words are written without them."""
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if width_of(line + piece.rstrip()) > width and line.strip() and piece[0] not in _NOT_FIRST:
            lines.append(line.rstrip())
            line = ""
        line += piece if line else piece.lstrip()
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> Iterator[str]:
    """What stays together: a word with the spaces after it, or one wide character."""
    word = ""
    for character in text:
        wide = unicodedata.east_asian_width(character) in "WF"
        if word and (wide or (word[-1] == " " and character != " ")):
            yield word
            word = ""
        word += character
        if wide:
            yield word
            word = ""
    if word:
        yield word


def two_columns(rows: Sequence[tuple[str, str]], width: int) -> list[str]:
    """Rows of a name and what it means; a name too long for its column stands on a line of its own."""
    left = min(max((width_of(name) for name, _ in rows), default=0), width // 3)
    out: list[str] = []
    for name, meaning in rows:
        lines = wrapped(meaning, max(width - left - _INDENT - _GAP, 20)) or [""]
        if width_of(name) > left:
            out.append(" " * _INDENT + name)
            name = ""
        for line in lines:
            out.append((" " * _INDENT + name + " " * (left - width_of(name) + _GAP) + line).rstrip())
            name = ""
    return out


def help_text(command: Any, context: Any, width: int) -> str:
    """The whole help of a command."""
    arguments: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            row = (record[0], _meaning(parameter.name, record[1]))
            (arguments if parameter.param_type_name == "argument" else options).append(row)
    below = getattr(command, "commands", {})
    commands = [(name, one.get_short_help_str(limit=1000)) for name, one in below.items() if not one.hidden]
    blocks = [
        wrapped(
            said_alone("使い方：", "Usage: ")
            + " ".join([context.command_path, *command.collect_usage_pieces(context)]),
            width,
        ),
        wrapped(command.help or "", width),
    ]
    for title, rows in (
        (said_alone("引数", "Arguments"), arguments),
        (said_alone("オプション", "Options"), options),
        (said_alone("コマンド", "Commands"), commands),
    ):
        if rows:
            blocks.append([f"{title}:", *two_columns(rows, width)])
    blocks.append(wrapped(command.epilog or "", width))
    return "\n\n".join("\n".join(lines) for lines in blocks if lines)


def _meaning(name: str, text: str) -> str:
    """What a parameter means, with the library's own words about it in what is spoken."""
    if name == "help":
        return said_alone("この説明を表示して終わります。", text)
    for ja, en in (("[必須]", "[required]"), ("[既定：", "[default: "), ("[環境変数：", "[env var: ")):
        text = text.replace(en, said_alone(ja, en))
    return text


def _write(command: Any, context: Any, formatter: Any) -> None:
    width = min(shutil.get_terminal_size().columns, _WIDEST)
    formatter.write(help_text(command, context, width) + "\n")


def help_plainly(command: Any) -> None:
    """Let a command and all commands below it print their help so."""
    command.format_help = partial(_write, command)
    for below in getattr(command, "commands", {}).values():
        help_plainly(below)
