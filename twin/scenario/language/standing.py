"""A scenario that stands on a calibration: the values of its file take the place of those in the base."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from twin.models import registry
from twin.scenario.language.document import Grading, Mapping, Node, Problems, Scalar, plain, tree_of
from twin.scenario.language.paths import PathRefusedError, allowed_path
from twin.scenario.language.variants import merged, undotted

_MOST_BYTES = 50_000_000
#: Name of the table of arrivals.
TABLE = "calibrated_arrivals"


def standing_on(
    tree: Mapping, folder: Path, allow_read: Sequence[Path], problems: Problems
) -> tuple[Mapping, dict[str, Any]]:
    """The tree with calibrated values in it, each graded D with its interval as range; and what it stands on.

    Parameters
    ----------
    tree
        The file.
    folder, allow_read
        Where it may read from.
    problems
        Receives a file that is missing, damaged, or not the one whose hash the scenario names.

    Returns
    -------
    tuple
        The tree, and ``{name, sha256, scenario_sha256, keys}``; empty without a calibration.
    """
    node = tree.entries.get("calibration")
    if node is None:
        return tree, {}
    told = plain(node)
    file, wanted = (told.get("file"), told.get("sha256")) if isinstance(told, dict) else (told, None)
    if not isinstance(file, str) or not file:
        return tree, {}  # told with the rest of the head
    try:
        path = allowed_path(file, folder, allow_read)
        data = path.read_bytes() if path.stat().st_size <= _MOST_BYTES else b""
    except (PathRefusedError, OSError) as fault:
        mend = fault.mend if isinstance(fault, PathRefusedError) else "check the file"
        what = fault.what if isinstance(fault, PathRefusedError) else f"{file[:80]!r} cannot be read: {fault}"
        problems.add(what, node.mark, "calibration", mend)
        return tree, {}
    digest = hashlib.sha256(data).hexdigest()
    if isinstance(wanted, str) and not digest.startswith(wanted.casefold()):
        problems.add(
            f"the calibration is not the one named: its hash is {digest[:16]}…, the file says {wanted[:16]}",
            node.mark,
            "calibration.sha256",
            "put the right file there, or name the hash of this one",
        )
        return tree, {}
    content = _content(data)
    if content is None:
        problems.add(
            f"{file[:80]} is no sound calibration: it is damaged, was changed, or is another file",
            node.mark,
            "calibration",
            "name the calibration.json that twin calibrate wrote",
        )
        return tree, {}
    source = f"calibration {content['name']}, sha256 {digest[:12]}"
    changes: dict[str, Node] = {}
    for key in content["keys"]:
        if key["key"].split(".", 1)[0] not in registry.ORDER:
            continue
        number = not key["unit"]
        value: Any = _plain_number(key["value_text"]) if number else key["value_text"]
        grading = Grading(key["low_text"], key["high_text"], "D", source, "", node.mark)
        changes[key["key"]] = Scalar(value, key["value_text"], node.mark, key["key"], grading)
    tree = _with_arrivals(tree, content, path, folder, changes, node, problems)
    over = Mapping(changes, dict.fromkeys(changes, node.mark), node.mark, "calibration")
    nested = undotted(over, problems)
    facts = {
        "name": content["name"],
        "sha256": digest,
        "scenario_sha256": content["scenario_sha256"],
        "observed": bool(content["observed"]),
        "keys": {key["key"]: key["value_text"] for key in content["keys"]},
    }
    return merged(_with_sections(tree, nested), nested), facts


def _with_arrivals(
    tree: Mapping,
    content: dict[str, Any],
    path: Path,
    folder: Path,
    changes: dict[str, Node],
    node: Node,
    problems: Problems,
) -> Mapping:
    """The tree with the table of arrivals that lies beside the calibration, held against its hash."""
    told = content.get("arrivals")
    if not isinstance(told, dict):
        return tree
    beside = path.parent / "arrivals.csv"
    found = hashlib.sha256(beside.read_bytes()).hexdigest() if beside.is_file() else ""
    if found != told.get("sha256"):
        problems.add(
            "arrivals.csv beside the calibration is missing or was changed",
            node.mark,
            "calibration",
            "copy it from where the calibration was made",
        )
        return tree
    try:
        file = beside.relative_to(folder.resolve()).as_posix()
    except ValueError:
        file = str(beside)
    spec = tree_of({"file": file, "source": f"calibration {content['name']}", "grade": "D"}, f"tables.{TABLE}")
    tables = tree.entries.get("tables")
    own = tables if isinstance(tables, Mapping) else Mapping({}, {}, node.mark, "tables")
    grown = replace(own, entries={**own.entries, TABLE: spec}, key_marks={**own.key_marks, TABLE: node.mark})
    changes[str(told["key"])] = Scalar(TABLE, TABLE, node.mark, str(told["key"]))
    # The table holds everybody: what multiplied the arrivals before does so no more.
    changes[str(told["factor"])] = Scalar("100 %", "100 %", node.mark, str(told["factor"]))
    entries, marks = {**tree.entries, "tables": grown}, {**tree.key_marks, "tables": node.mark}
    return replace(tree, entries=entries, key_marks=marks)


def _with_sections(tree: Mapping, nested: Mapping) -> Mapping:
    """The tree with a mapping for each model that stands there empty, so that values can be put into it."""
    entries = dict(tree.entries)
    for name in nested.entries:
        node = entries.get(name)
        if isinstance(node, Scalar) and node.value is None:
            entries[name] = Mapping({}, {}, node.mark, node.path)
    return replace(tree, entries=entries)


def _plain_number(text: str) -> int | float:
    number = float(text)
    return int(number) if "." not in text and "e" not in text else number


def _content(data: bytes) -> dict[str, Any] | None:
    """A calibration whose seal holds and whose values are what they should be; None otherwise."""
    from twin.results.run_folder import seal_of

    try:
        content = json.loads(data.decode("utf-8"))
        sound = (
            isinstance(content, dict)
            and content.get("kind") == "calibration"
            and content.get("format") == 1
            and content.get("sha256") == seal_of(content)
            and all(_is_key(key) for key in content["keys"])
            and len(content["keys"]) <= 1000
            and isinstance(content["name"], str)
            and isinstance(content["scenario_sha256"], str)
        )
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    return content if sound else None


def _is_key(key: Any) -> bool:
    texts = all(isinstance(key[name], str) for name in ("key", "unit", "value_text", "low_text", "high_text"))
    return texts and math.isfinite(float(key["value"])) and 0 < len(key["key"]) <= 200
