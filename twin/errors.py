"""Errors that say what is wrong, where, and how to mend it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

#: Problems of one file that are written out; a wrong file may have thousands.
_MOST_SHOWN = 50


class TwinError(Exception):
    """Base of every error a user may see.

    Parameters
    ----------
    what
        What is wrong, with the offending value.
    where
        File, line and key, or the moment of a run; empty if there is no place to name.
    mend
        What to do about it, with an example where one helps.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", mend: str = "") -> None:
        super().__init__(what, where, mend)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        lines = [f"{type(self).__name__}: {self.what}"]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.mend:
            lines.append(f"  mend:  {self.mend}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        # Exception's own pickling would lose the keyword-only parts between worker and parent.
        return (_rebuild, (type(self), self.what, self.where, self.mend))


def _rebuild(kind: type[TwinError], what: str, where: str, mend: str) -> TwinError:
    return kind(what, where=where, mend=mend)


@dataclass(frozen=True)
class Problem:
    """One thing wrong in a scenario file."""

    what: str
    where: str
    mend: str = ""

    def __str__(self) -> str:
        mend = f"\n  mend:  {self.mend}" if self.mend else ""
        return f"{self.what}\n  where: {self.where}{mend}"


class ScenarioError(TwinError):
    """The scenario file asks for something impossible; carries every problem found at once."""

    exit_code = 2

    def __init__(self, what: str, *, where: str = "", mend: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(what, where=where, mend=mend)
        self.problems = tuple(problems)

    @classmethod
    def of(cls, problems: Sequence[Problem], file: str) -> ScenarioError:
        """Gather the problems of one file into one error."""
        if len(problems) == 1:
            only = problems[0]
            return cls(only.what, where=only.where, mend=only.mend, problems=problems)
        return cls(f"{len(problems)} problems", where=file, problems=problems)

    def __str__(self) -> str:
        if len(self.problems) < 2:
            return super().__str__()
        listed = "\n\n".join(f"{i}. {problem}" for i, problem in enumerate(self.problems[:_MOST_SHOWN], 1))
        more = len(self.problems) - _MOST_SHOWN
        rest = f"\n\nand {more} more; mend these first" if more > 0 else ""
        return f"{type(self).__name__}: {self.what} in {self.where}\n\n{listed}{rest}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_scenario_error, (self.what, self.where, self.mend, self.problems))


def _rebuild_scenario_error(what: str, where: str, mend: str, problems: tuple[Problem, ...]) -> ScenarioError:
    return ScenarioError(what, where=where, mend=mend, problems=problems)


class TableError(ScenarioError):
    """A table of the user's cannot be read as declared."""


class CityError(TwinError):
    """A map cannot be read, or a place cannot be reached on it."""

    exit_code = 3


class RunError(TwinError):
    """A run folder is missing, incomplete, damaged or in the way."""

    exit_code = 4


class EngineError(TwinError):
    """The run broke one of its own rules: ledger, lead, time."""

    exit_code = 5


class ClusterError(RunError):
    """A cluster cannot be used; no run was begun on it."""


class LimitError(TwinError):
    """The run would pass a limit of memory, time, agents or output."""

    exit_code = 6


class InternalError(TwinError):
    """A fault of the twin itself, met in a worker process."""

    exit_code = 70


def printable(text: str) -> str:
    """Text a terminal can only show: what would move its cursor, recolour or reorder it stands as an escape.

    Names and labels come from files of strangers; line ends and tabs stay.
    """
    return "".join(c if c in "\n\t" or not _steers(c) else ascii(c)[1:-1] for c in text)


def _steers(character: str) -> bool:
    """Whether a character is a control, a line separator, half a surrogate pair, or a mark of direction."""
    return (
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")
        or character in "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )
