"""The twin of Osaka: on-demand transit, container-terminal gates and walking, in one city on one clock.

Start at ``twin/simulate.py``, which composes one run from top to bottom.

============== =======================================================================
``scenario``   the YAML file, checked: every problem at once, with line and mend
``city``       streets, places and routes, read once from OpenStreetMap
``engine``     clock, keyed draws, channels between models, ledger, checkpoint
``models``     road traffic, transit, terminal, pedestrian: one folder each
``results``    recorder, run folder, KPIs, comparison by pairs
``experiments`` variants times replications, over processes, resumable
``viz``        3D page and charts, made from run folders alone
============== =======================================================================

The public names below load on first use, so that ``import twin`` stays light.
"""

from __future__ import annotations

import importlib

# As `typing` has it, without loading it: the command line is interruptible only once it has begun.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from twin.api import check, compare, load, model, open, run  # noqa: A004  (twin.open is the public name)

__version__ = "0.1.0"

_PUBLIC = ("check", "compare", "load", "model", "open", "run")

__all__ = ["__version__", "check", "compare", "load", "model", "open", "run"]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(importlib.import_module("twin.api"), name)
    raise AttributeError(f"module 'twin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
