"""Output for programs: one JSON object per command."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output and nothing else there.")]


def print_json(content: Any) -> None:
    """One JSON object, ASCII only, so that no console can damage it; undefined numbers are null."""
    print(json.dumps(_without_nan(content), ensure_ascii=True))


def _without_nan(content: Any) -> Any:
    if isinstance(content, dict):
        return {str(k): _without_nan(v) for k, v in content.items()}
    if isinstance(content, list | tuple):
        return [_without_nan(v) for v in content]
    if isinstance(content, float) and (content != content or content in (float("inf"), float("-inf"))):
        return None
    return content
