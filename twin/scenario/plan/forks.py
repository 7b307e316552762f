"""What a fork may change: each parameter says so itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from twin.errors import ScenarioError
from twin.params import Params, field_facts, scenario_key
from twin.scenario.language.document import Problems, parse_document, plain


class ForkChange(NamedTuple):
    """A parameter that differs, and its rule: ``now``, ``new_only`` or ``no``."""

    key: str
    rule: str


def parse_changes(items: Sequence[str]) -> dict[str, Any]:
    """Changes from the command line: ``KEY=VALUE``, the value as in a scenario file.

    Parameters
    ----------
    items
        For example ``["terminal.lanes.A.count=5", "terminal.opening=[08:30-16:30]"]``.

    Raises
    ------
    ScenarioError
        Naming the item that is no change.
    """
    changes: dict[str, Any] = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise ScenarioError(
                f"{item!r} is no change",
                where="--set",
                mend='write KEY=VALUE, for example --set "terminal.lanes.A.count=5"',
            )
        problems = Problems("--set")
        tree = parse_document(f"value: {value}\n", problems)
        problems.raise_if_any()
        changes[key.strip()] = plain(tree)["value"]
    return changes


def fork_changes(old: Params, new: Params) -> list[ForkChange]:
    """Every parameter in which two sets differ, by its key in a scenario file.

    Parameters
    ----------
    old, new
        Parameters of one model before and after the fork.
    """
    return list(_changes(old, new, "", "no"))


def unforkable_changes(old: Params, new: Params) -> list[str]:
    """Keys of the parameters that differ though a fork may not change them."""
    return [change.key for change in fork_changes(old, new) if change.rule not in ("now", "new_only")]


def _changes(old: Params, new: Params, prefix: str, rule_above: str) -> Iterator[ForkChange]:
    if type(old) is not type(new):
        yield ForkChange(prefix.rstrip("."), rule_above)
        return
    for name, info in type(old).model_fields.items():
        key = prefix + (info.alias or scenario_key(name))
        rule = field_facts(info).get("fork", rule_above)
        yield from _value_changes(getattr(old, name), getattr(new, name), key, rule)


def _value_changes(before: Any, after: Any, key: str, rule: str) -> Iterator[ForkChange]:
    """Changes of one value; within a group, its own parameters' rules hold."""
    if before == after:
        return
    if isinstance(before, Params) and isinstance(after, Params):
        yield from _changes(before, after, f"{key}.", rule)
    elif isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        for member in before:
            yield from _value_changes(before[member], after[member], f"{key}.{member}", rule)
    else:
        # A member more or less: whoever stands in it has no other rule than the whole.
        yield ForkChange(key, rule)
