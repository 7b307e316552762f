"""Turn restrictions as relations of a map: what each says, and to whom; broken ones are counted by what they lack."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from twin.city.marks import RELATION
from twin.city.reading.access import measures_of
from twin.city.reading.conditions import DAY_S, EVERY_DAY, Rule, Span, fits, read_hours, read_rules, without
from twin.city.reading.elements import Member
from twin.city.reading.raw_map import RawMap
from twin.city.reading.vehicles import ALL, MAP_VEHICLES

Tags = Mapping[str, str]

#: Keys by which a relation may restrict turns.
RESTRICTION_KEYS = (
    "restriction",
    "restriction:conditional",
    "restriction:hgv",
    "restriction:goods",
    "restriction:motorcar",
    "restriction:motor_vehicle",
    "restriction:psv",
    "restriction:bus",
    "restriction:hgv:conditional",
    "restriction:bus:conditional",
    "restriction:motor_vehicle:conditional",
    "restriction:motorcar:conditional",
)
_KINDS = frozenset(
    {
        "no_left_turn",
        "no_right_turn",
        "no_straight_on",
        "no_u_turn",
        "no_entry",
        "no_exit",
        "no_turn",
        "no_right_turns",
        "no_left_turns",
        "only_left_turn",
        "only_right_turn",
        "only_straight_on",
        "only_u_turn",
        "only_straight",
        "only_entry",
        "only_exit",
    }
)
_ALWAYS = (Span(EVERY_DAY, 0.0, DAY_S),)
#: Values of a condition that lift what holds otherwise.
_LIFTED = frozenset({"none", "no", "off"})


class Restriction(NamedTuple):
    """One banned or commanded turn.

    Attributes
    ----------
    relation_id
        Of the map.
    only
        Whether every other turn is banned.
    word
        ``left_turn``, ``straight_on`` and so on: tells sides where members are not split at the node.
    classes
        Bits of the classes it binds.
    spans
        Hours of the week in which it holds.
    from_ways, via_nodes, via_ways, to_ways
        Ids; ``via_ways`` in the order of the relation.
    """

    relation_id: int
    only: bool
    word: str
    classes: int
    spans: tuple[Span, ...]
    from_ways: tuple[int, ...]
    via_nodes: tuple[int, ...]
    via_ways: tuple[int, ...]
    to_ways: tuple[int, ...]


def is_restriction(tags: Tags) -> bool:
    """Whether a relation restricts turns."""
    return tags.get("type", "restriction").startswith("restriction") and any(
        key == "restriction" or key.startswith("restriction:") for key in tags
    )


def read_restriction(
    relation_id: int, tags: Tags, members: Iterable[Member], raw: RawMap, row: Mapping[int, int]
) -> None:
    """Add what a relation says to a raw map, or count why it says nothing; ``row`` finds nodes by id."""
    raw.read["turn restrictions"] += 1
    by_role: dict[str, list[Member]] = {}
    for member in members:
        by_role.setdefault(member.role, []).append(member)
    via = by_role.get("via", [])
    from_ways = tuple(dict.fromkeys(m.ref for m in by_role.get("from", ()) if m.kind == "w"))
    to_ways = tuple(dict.fromkeys(m.ref for m in by_role.get("to", ()) if m.kind == "w"))
    via_nodes = tuple(dict.fromkeys(m.ref for m in via if m.kind == "n"))
    via_ways = tuple(dict.fromkeys(m.ref for m in via if m.kind == "w"))
    vias = (*via_nodes, *via_ways)

    def drop(words: str) -> None:
        raw.dropped[words] += 1
        raw.mark(words, RELATION, relation_id, row.get(via_nodes[0], -1) if via_nodes else -1)

    for fault, found in (("without from", from_ways), ("without to", to_ways), ("without via", vias)):
        if not found:
            drop(f"turn restrictions {fault}")
            return
    if (via_nodes and via_ways) or len(via_nodes) > 1:
        drop("turn restrictions with several vias that are no line of ways")
        return
    said = list(_sentences(tags, raw))
    for kind, classes, spans in said:
        only, _, word = kind.partition("_")
        raw.restrictions.append(
            Restriction(relation_id, only == "only", word, classes, spans, from_ways, via_nodes, via_ways, to_ways)
        )
    if not said:
        drop("turn restrictions that bind no vehicle or are not understood")


def _sentences(tags: Tags, raw: RawMap) -> Iterator[tuple[str, int, tuple[Span, ...]]]:
    """Kind, classes bound, hours."""
    free = _bits_of(tags.get("except", "").replace(",", ";").split(";"))
    # ``type=restriction:hgv`` is how restrictions for some were once written.
    kind_modes = tags.get("type", "").split(":")[1:]
    rules: list[tuple[int, Rule]] = []
    plain: list[tuple[int, str]] = []
    for key, value in sorted(tags.items()):
        name, *rest = key.split(":")
        if name != "restriction":
            continue
        modes = [part for part in rest if part != "conditional"] or kind_modes
        classes = (_bits_of(modes) if modes else ALL) & ~free
        if not classes:
            continue
        if "conditional" not in rest:
            plain += [(classes, part) for part in value.split(";") if part.strip()]
            continue
        read, missed = read_rules(value)
        if missed:
            raw.dropped["turn restrictions with conditions that are not understood"] += missed
        rules += [(bound, rule) for rule in read if (bound := classes & _bits_of_rule(rule))]
    lifted = [(bound, rule.spans or _ALWAYS) for bound, rule in rules if rule.value in _LIFTED]
    for classes, value in plain:
        if _known(value, raw):
            spans = _old_hours(tags)
            yield from _unless_lifted(value.strip().lower(), classes, _ALWAYS if spans is None else spans, lifted)
    for bound, rule in rules:
        if rule.value not in _LIFTED and _known(rule.value, raw):
            yield rule.value, bound, _ALWAYS if rule.spans is None else rule.spans


def _unless_lifted(
    kind: str, classes: int, spans: tuple[Span, ...], lifted: list[tuple[int, tuple[Span, ...]]]
) -> Iterator[tuple[str, int, tuple[Span, ...]]]:
    """The same without the hours in which a condition lifts it for some classes."""
    for bits, hours in lifted:
        if freed := classes & bits:
            left = without(spans, hours)
            if left:
                yield from _unless_lifted(kind, freed, left, lifted[1:])
            classes &= ~bits
        lifted = lifted[1:]
    if classes:
        yield kind, classes, spans


def _known(value: str, raw: RawMap) -> bool:
    """Whether a kind is one that bans turns."""
    if value.strip().lower() in _KINDS:
        return True
    raw.dropped[f"turn restrictions of an unknown kind: {value[:40]}"] += 1
    return False


def _old_hours(tags: Tags) -> tuple[Span, ...] | None:
    """Hours as they were tagged before conditions: ``hour_on`` and ``hour_off``, ``day_on`` and ``day_off``."""
    if "hour_on" not in tags or "hour_off" not in tags:
        return None
    days = tags.get("day_on", "Mo")[:2] + "-" + tags.get("day_off", "Su")[:2]
    return read_hours(f"{days} {tags['hour_on']}-{tags['hour_off']}")


def _bits_of(modes: Iterable[str]) -> int:
    """Classes that any of some modes speaks of; modes of others speak of none."""
    wanted = {mode.strip() for mode in modes}
    return sum(1 << i for i, vehicle in enumerate(MAP_VEHICLES) if wanted & set(vehicle.modes))


def _bits_of_rule(rule: Rule) -> int:
    bits = _bits_of(rule.modes) if rule.modes else ALL
    return sum(
        1 << i for i, vehicle in enumerate(MAP_VEHICLES) if bits >> i & 1 and fits(rule.sizes, measures_of(vehicle))
    )
