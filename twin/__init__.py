"""The twin of Osaka: on-demand transit, container-terminal gates and walking, in one city on one clock.

Start at ``twin/simulate.py``, which composes one run from top to bottom.

============== =======================================================================
``scenario``   the YAML file, checked: every problem at once, with line and mend
``city``       streets, places and routes, read once from OpenStreetMap
``engine``     clock, keyed draws, channels between models, ledger, checkpoint
``models``     road traffic, transit, terminal, pedestrian: one folder each, with its card
``running``    what one run needs around its models: city, checkpoints, books, folder
``results``    recorder, run folder, KPIs, comparison by pairs
``experiments`` variants times replications, over processes, resumable
``viz``        3D page and charts, made from run folders alone
============== =======================================================================

The public names below load on first use, so that ``import twin`` stays light.
"""

from __future__ import annotations

import os

# As `typing` has it, without loading it: the command line is interruptible only once it has begun.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from twin.api import check, compare, load, model, open, run  # noqa: A004  (twin.open is the public name)
    from twin.mesa_model import CityModel
    from twin.service import draw_edits, fork, rank, resume, view

__version__ = "0.1.0"

# A checkout shows models, viz, data and scenarios here by links. Where links are not to be had (git on Windows
# writes small files instead), the folder above is looked in; a wheel holds them here.
_HERE = os.path.dirname(os.path.realpath(__file__))
if not os.path.isdir(f"{_HERE}/models") and os.path.isfile(f"{_HERE}/../models/registry.py"):
    __path__ = [*__path__, os.path.dirname(_HERE)]

#: Public name -> module that has it.
_PUBLIC = {
    **dict.fromkeys(("check", "compare", "load", "model", "open", "run"), "api"),
    **dict.fromkeys(("draw_edits", "fork", "rank", "resume", "view"), "service"),
    "CityModel": "mesa_model",
}

__all__ = [
    "CityModel",
    "__version__",
    "check",
    "compare",
    "draw_edits",
    "fork",
    "load",
    "model",
    "open",
    "rank",
    "resume",
    "run",
    "view",
]


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        # Loaded here: the command line needs none of it before it is interruptible.
        import importlib

        return getattr(importlib.import_module(f"twin.{_PUBLIC[name]}"), name)
    raise AttributeError(f"module 'twin' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
