"""Standard output of the command line: what is printed is said in the language that is spoken.

Nothing here knows of studies, so that a command that only looks loads no arrays.
"""

from __future__ import annotations

import sys
from typing import Any

from rich import markup
from rich.console import Console
from rich.table import Table

from twin.cli_language import spoken, spoken_heading
from twin.errors import printable


# Into a file or a pipe there is no window to fit.
class _Out(Console):
    """Standard output: sentences, titles and headings in what is spoken."""

    def print(self, *objects: Any, **how: Any) -> None:
        super().print(*(_spoken(one) for one in objects), **how)


def _spoken(one: Any) -> Any:
    if isinstance(one, str):
        return spoken(one)
    if isinstance(one, Table):
        one.title, one.caption = (spoken(text) if isinstance(text, str) else text for text in (one.title, one.caption))
        for column in one.columns:
            column.header = spoken_heading(column.header) if isinstance(column.header, str) else column.header
    return one


out = _Out(width=None if sys.stdout is not None and sys.stdout.isatty() else 120)


def escape(text: str) -> str:
    """Text as it stands: neither markup of our own tables nor commands to the terminal."""
    return markup.escape(printable(text))
