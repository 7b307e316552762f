"""Static traffic assignment for long-term studies: user equilibrium and system optimum; README.md tells how."""

from __future__ import annotations

import importlib
from typing import Any

_PUBLIC = {
    "StaticEquilibrium": "solver",
    "StaticNetwork": "network",
    "solve_equilibrium": "solver",
    "street_network": "network",
}

__all__ = ["StaticEquilibrium", "StaticNetwork", "solve_equilibrium", "street_network"]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
