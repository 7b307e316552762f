"""Who plays which part: classes of agents that a Mesa user puts in place of those of the models.

A model hires every agent that decides by :meth:`Cast.hire`, under the name of a part such as
``terminal.gate_operator``. Without a cast of one's own the model's own agent plays it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from mesa import Agent

from twin.errors import ScenarioError

_A = TypeVar("_A", bound=Agent)


class Cast:
    """Parts of a city, and who plays them.

    Parameters
    ----------
    given
        Part -> class, or whatever else makes an agent when called as the class would be.

    Attributes
    ----------
    parts
        Every part that has been hired for so far -> the class of the models.
    """

    def __init__(self, given: Mapping[str, Callable[..., Agent]] | None = None) -> None:
        self._given = dict(given or {})
        self.parts: dict[str, type[Agent]] = {}

    def hire(self, part: str, usual: type[_A], *about: Any) -> _A:
        """Make the agent of a part.

        Parameters
        ----------
        part
            ``model.part``.
        usual
            Class of the model; whoever plays the part must be one.
        about
            What it is told: arguments of the class.

        Raises
        ------
        ScenarioError
            If what was given makes something else.
        """
        self.parts[part] = usual
        made = self._given.get(part, usual)(*about)
        if not isinstance(made, usual):
            raise ScenarioError(
                f"the part {part} is played by a {usual.__name__}, got a {type(made).__name__}",
                where=f"agents, {part}",
                mend=f"give a subclass of {usual.__module__}.{usual.__name__}",
            )
        return made

    def check(self) -> None:
        """Refuse agents for parts that nobody in this city has.

        Raises
        ------
        ScenarioError
            Naming the parts there are.
        """
        unknown = sorted(set(self._given) - set(self.parts))
        if unknown:
            there_are = ", ".join(sorted(self.parts)) or "none"
            raise ScenarioError(
                f"no model of this city has the part {unknown[0]}",
                where="agents",
                mend=f"the parts of this city are {there_are}",
            )
