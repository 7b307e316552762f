"""What a result owes its data beside the map: each table with source, licence and date, as every output has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What a file itself may tell, in the order in which it is said.
_TOLD = ("publisher", "agencies", "attributions", "licence", "version", "valid")


def data_facts(content: Mapping[str, Any]) -> list[dict[str, str]]:
    """Tables of a plan that say under which licence they are used, or of what date they are.

    Parameters
    ----------
    content
        Of the plan.

    Returns
    -------
    list of dict
        ``table``, ``source``, ``licence``, ``as_of`` and ``told`` (what the file says of itself), those that are known;
        empty where no table says anything.
    """
    out = []
    for name, table in sorted(content.get("tables", {}).items()):
        told = table.get("told") or {}
        if not (told or table.get("licence") or table.get("as_of")):
            continue
        said = "; ".join(f"{key} {told[key]}" for key in _TOLD if told.get(key))
        facts = {
            "table": name,
            "source": table.get("source", ""),
            "licence": table.get("licence", ""),
            "as_of": table.get("as_of", ""),
            "told": said,
        }
        out.append({key: value[:1000] for key, value in facts.items() if value})
    return out


def source_line(facts: Mapping[str, str]) -> str:
    """One line for people: table, source, licence, date, and what the file says of itself."""
    words = [facts[key] for key in ("source", "licence", "as_of", "told") if facts.get(key)]
    return f"{facts['table']}: {', '.join(words)}" if words else facts["table"]


def source_lines(manifest: Mapping[str, Any]) -> list[str]:
    """Lines for the date of the map and for every table of a manifest, study's or run's, that says anything."""
    state = manifest["city"].get("as_of", "")
    return [*([f"map: {state}"] if state else []), *(source_line(facts) for facts in manifest.get("data", ()))]
