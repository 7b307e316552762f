"""Libraries that only some verbs need, and a clear word where they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from twin.errors import ScenarioError


def needed(module: str, extra: str) -> ModuleType:
    """A module of an extra.

    Raises
    ------
    ScenarioError
        If it is not installed, with the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as fault:
        if fault.name is None or module.split(".")[0] != fault.name.split(".")[0]:
            raise
        raise ScenarioError(
            f"this needs the library {fault.name}, which is not installed", mend=f"pip install 'osaka-twin[{extra}]'"
        ) from fault
