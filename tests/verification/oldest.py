"""Lower bounds of the dependencies as constraints for pip, so that CI can run the oldest versions that are allowed.

    python -m tests.verification.oldest > oldest.txt
    pip install -c oldest.txt .

A bound such as ``numpy>=2.0`` becomes ``numpy==2.0.*``: the newest mend of the oldest release.
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


def oldest(requirement: str) -> str | None:
    """Constraint that pins a requirement to the release of its lower bound; None where it states none."""
    wanted = Requirement(requirement)
    bound = next((one.version for one in wanted.specifier if one.operator == ">="), None)
    if bound is None or wanted.extras:
        return None
    parts = bound.split(".")
    pinned = ".".join([*parts, "0"][:2])
    patch = f",>={bound}" if len(parts) > 2 else ""
    return f"{wanted.name}=={pinned}.*{patch}"


def constraints(extras: tuple[str, ...] = ("search", "tables", "cluster", "report", "film")) -> list[str]:
    """Constraints of what the package needs, and of its extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return sorted({pin for one in wanted if (pin := oldest(one))})


def main() -> None:
    """Print them, one a line."""
    sys.stdout.write("\n".join(constraints()) + "\n")


if __name__ == "__main__":
    main()
