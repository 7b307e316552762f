"""YAML to a checked scenario; every problem of the file at once, each with line, column, key and mend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twin.errors import ScenarioError
from twin.models import registry
from twin.params import Params
from twin.results.asked import Questions
from twin.results.days import Days, run_name
from twin.scenario.language.asking import Askable, questions_of
from twin.scenario.language.day_demand import on_day
from twin.scenario.language.days import days_of
from twin.scenario.language.document import (
    Listing,
    Mapping,
    Mark,
    Node,
    Problems,
    Scalar,
    parse_document,
    plain,
    read_text,
    scalars,
)
from twin.scenario.language.edits import EDIT_KEYS, NameSpec, measure_without_edit, read_edit
from twin.scenario.language.label import Label
from twin.scenario.language.observed import check_observed, without_not_yet
from twin.scenario.language.output import OUTPUT_MENDS
from twin.scenario.language.packs import read_money
from twin.scenario.language.paths import PathRefusedError, allowed_path
from twin.scenario.language.questions import QUESTION_MENDS, QUESTION_NOT_YET
from twin.scenario.language.schema import (
    HEAD_MENDS,
    MEASURE_NOT_YET,
    NOT_YET,
    VERSION,
    Scenario,
    ScenarioHead,
    Variant,
    folder_name,
)
from twin.scenario.language.splits import split_recipes
from twin.scenario.language.standing import standing_on
from twin.scenario.language.validate import known_keys, nearest, validated
from twin.scenario.language.variants import BASE, Recipe, Resolved, merged, params_of_sections, resolve, undotted
from twin.scenario.language.vary import axes_of
from twin.scenario.plan.assumptions import Assumption, assumption_of, without_gradings

_TOP = Mark(1, 1)


def load_scenario(
    path: Path,
    *,
    allow_read: Sequence[Path] = (),
    seed: int | None = None,
    replications: int | None = None,
    only: str | Sequence[str] | None = None,
) -> Scenario:
    """Read and check a scenario file; tables are found but not yet read.

    Parameters
    ----------
    path
        The YAML file.
    allow_read
        Further folders tables may be read from.
    seed, replications
        Instead of those in the file.
    only
        Keep these variants; the others are checked all the same.

    Raises
    ------
    ScenarioError
        With every problem in the file.
    """
    path = Path(path)
    problems = Problems(str(path))
    text = read_text(path, problems)
    tree = without_gradings(parse_document(text, problems), problems)
    if not isinstance(tree, Mapping):
        problems.add("the file is no mapping of keys to values", tree.mark, mend="start with twin: 1, or use twin new")
        raise ScenarioError.of(problems.listed, str(path))
    tree = _overridden(tree, {"seed": seed, "replications": replications})
    tree, stands_on = standing_on(tree, path.parent, allow_read, problems)
    head = _head(tree, problems)
    resolved, recipes = _resolved(tree, problems)
    every = _variants(resolved, recipes, head, _edits(tree, problems), problems)
    days, variants = Days(), every
    if head is not None and (head.days or head.calendar is not None):
        days = days_of(head.days, head.calendar, tree.entries.get("days"), problems)
        variants = {name: v for name, v in every.items() if not v.day}
        every = {
            name: on_day(v, head.days[v.day], tree.entries.get("days"), problems) for name, v in every.items() if v.day
        }
    _check_model_present(resolved, tree, problems)
    _check_table_names(resolved, tree, problems)
    _check_files(tree, path.parent, allow_read, problems)
    kept = _kept(variants, only, problems)
    questions, settings = Questions(), dict[str, Variant]()
    if head is not None:
        questions, settings = questions_of(head, tree, Askable(variants, kept, days, every), problems)
        _check_vary(head, variants, tree, problems)
        _check_money(head, tree, path.parent, allow_read, problems)
        models = {name: variant.models for name, variant in variants.items()}
        check_observed(head.observed, head.sensors, head.tables, models, list(head.days), tree, problems)
    runs = {name: v for name, v in every.items() if v.of in kept} if head is not None and head.days else kept
    assumptions = _assumptions(resolved, tree, runs)
    _check_ranges(resolved, problems)
    problems.raise_if_any()
    if head is None:
        raise ScenarioError("the file cannot be read", where=str(path))
    return Scenario(
        head,
        {**runs, **settings},
        assumptions,
        path.parent,
        tuple(Path(p) for p in allow_read),
        text.encode("utf-8"),
        str(path),
        _lines(tree),
        questions,
        days,
        stands_on,
    )


def _overridden(tree: Mapping, values: dict[str, int | None]) -> Mapping:
    """Tree with values of the command line in place of the file's."""
    given = {key: value for key, value in values.items() if value is not None}
    entries = {k: Scalar(v, str(v), _TOP, f"--{k}") for k, v in given.items()}
    over = replace(tree, entries=dict[str, Node](entries), key_marks=dict.fromkeys(entries, _TOP))
    return merged(tree, over)


def _head(tree: Mapping, problems: Problems) -> ScenarioHead | None:
    """Everything around the models."""
    version = tree.entries.get("twin")
    if version is None:
        problems.add("twin is missing", _TOP, "twin", f"start the file with twin: {VERSION}")
    elif not (isinstance(version, Scalar) and version.value == VERSION and not isinstance(version.value, bool)):
        shown = version.text if isinstance(version, Scalar) else "a group of keys or a list"
        problems.add(
            f"this program understands version {VERSION} of the language, the file says {shown[:40]}",
            version.mark,
            "twin",
            f"write twin: {VERSION}",
        )
    known = [*known_keys(ScenarioHead, ()), *registry.ORDER]
    for key, mark in tree.key_marks.items():
        if key in NOT_YET:
            mend = HEAD_MENDS.get(key, "leave it out for now")
            problems.add(f"{key} is not yet understood by this version", mark, key, mend)
        elif key not in known:
            problems.add(f"unknown key {key!r}", mark, key, nearest(key, known))
    kept = {key: node for key, node in tree.entries.items() if key in known and key not in (*registry.ORDER, "twin")}
    kept["twin"] = Scalar(VERSION, str(VERSION), _TOP, "twin")
    if isinstance(output := kept.get("output"), Mapping):
        kept["output"] = _published(output, problems)
    for section in ("measures", "variants", "days"):
        if section in kept:
            kept[section] = _without_changes(kept[section], section, problems)
    nullable = ("measures", "variants", "days", "calendar", "tables", "record", "limits", "questions")
    for key in (*nullable, "observed", "output", "sensors"):
        # `tables:` with nothing behind it is the same as no tables.
        if isinstance(node := kept.get(key), Scalar) and node.value is None:
            del kept[key]
    if "questions" in kept:
        kept["questions"] = _known_questions(kept["questions"], problems)
    if (listed := without_not_yet(kept.get("observed"), problems)) is not None:
        kept["observed"] = listed
    marks = {key: tree.key_marks.get(key, _TOP) for key in kept}
    return validated(ScenarioHead, replace(tree, entries=kept, key_marks=marks), "", problems)


def _published(node: Mapping, problems: Problems) -> Mapping:
    """What is published, without the words that commands have in their place, which are told."""
    for key, mend in OUTPUT_MENDS.items():
        if key in node.entries:
            problems.add(f"{key} is not yet understood by this version", node.key_marks[key], f"output.{key}", mend)
    return replace(node, entries={k: v for k, v in node.entries.items() if k not in OUTPUT_MENDS})


def _known_questions(node: Node, problems: Problems) -> Node:
    """Questions without the keys that are not yet understood, which are told."""
    if not isinstance(node, Listing):
        return node
    items = []
    for item in node.items:
        if isinstance(item, Mapping):
            for key in [key for key in item.entries if key in QUESTION_NOT_YET]:
                problems.add(
                    f"{key} is not yet understood by this version",
                    item.key_marks[key],
                    f"{item.path}.{key}",
                    QUESTION_MENDS.get(key, "leave it out for now"),
                )
            entries = {key: child for key, child in item.entries.items() if key not in QUESTION_NOT_YET}
            item = replace(item, entries=entries)
        items.append(item)
    return replace(node, items=tuple(items))


def _without_changes(section: Node, name: str, problems: Problems) -> Node:
    """Measures or variants without what they set, which is checked where it is merged."""
    if not isinstance(section, Mapping):
        return section
    entries: dict[str, Node] = {}
    for key, spec in section.entries.items():
        entries[key] = spec
        if isinstance(spec, Mapping):
            own = measure_without_edit(spec) if name == "measures" else spec
            left = {k: v for k, v in own.entries.items() if k != "set"}
            if name == "measures":
                left.update({k: v for k, v in spec.entries.items() if k in MEASURE_NOT_YET})
                for later in [k for k in left if k in MEASURE_NOT_YET]:
                    problems.add(
                        f"{later} is not yet understood by this version",
                        spec.key_marks[later],
                        f"{spec.path}.{later}",
                        "leave it out for now",
                    )
                    del left[later]
            entries[key] = replace(spec, entries=left)
        elif isinstance(spec, Scalar) and spec.value is None:
            entries[key] = Mapping({}, {}, spec.mark, spec.path)
    return replace(section, entries=entries)


def _resolved(tree: Mapping, problems: Problems) -> tuple[list[Resolved], dict[str, Recipe]]:
    """Model sections of every variant, as trees."""
    sections = {name: tree.entries[name] for name in registry.ORDER if name in tree.entries}
    base = replace(tree, entries=sections, key_marks={name: tree.key_marks[name] for name in sections}, path="")
    changes: dict[str, Mapping] = {}
    for name, spec in _members(tree, "measures"):
        edits = isinstance(spec, Mapping) and any(key in EDIT_KEYS for key in spec.entries)
        changes[name] = _changes(spec, problems, owed=not edits) or Mapping({}, {}, spec.mark, spec.path)
    recipes = {name: _recipe(name, spec, problems) for name, spec in _members(tree, "variants")}
    if not recipes:
        recipes = {BASE: Recipe(BASE, (), None, None, _TOP, "")}
    recipes |= split_recipes(tree.entries.get("questions"), recipes)
    days = [(day, _recipe(day, spec, problems)) for day, spec in _members(tree, "days")]
    recipes |= {
        run_name(name, day): replace(recipe, name=run_name(name, day), parent=name)
        for name in list(recipes)
        for day, recipe in days
    }
    resolved = resolve(base, recipes, changes, problems)
    for name, change in changes.items():
        if not any(name in variant.measures for variant in resolved):
            # Nobody uses it yet, but its keys are checked like the others'.
            resolved.append(Resolved("", (name,), merged(base, change)))
    return resolved, recipes


def _members(tree: Mapping, section: str) -> Iterable[tuple[str, Node]]:
    node = tree.entries.get(section)
    return node.entries.items() if isinstance(node, Mapping) else ()


def _changes(spec: Node, problems: Problems, *, owed: bool = False) -> Mapping | None:
    """What a measure or variant sets, nested, with keys of models only."""
    node = spec.entries.get("set") if isinstance(spec, Mapping) else None
    if node is None and isinstance(spec, Mapping) and any(key in MEASURE_NOT_YET for key in spec.entries):
        return None  # told as not yet understood
    if node is None or (isinstance(node, Scalar) and node.value is None):
        if owed:
            problems.add("the measure sets nothing", spec.mark, spec.path, "add set: {terminal.opening: [08:30-16:30]}")
        return None
    if not isinstance(node, Mapping):
        problems.add("set must be a group of keys", node.mark, node.path, "write set: {model.key: value}")
        return None
    nested = undotted(node, problems)
    wrong = [key for key in nested.entries if key not in registry.ORDER]
    for key in wrong:
        problems.add(
            f"{key!r} is no model; changes are of models' keys",
            nested.key_marks[key],
            f"{node.path}.{key}",
            nearest(key, registry.ORDER),
        )
    kept = {key: child for key, child in nested.entries.items() if key not in wrong}
    return replace(nested, entries=kept)


def _recipe(name: str, spec: Node, problems: Problems) -> Recipe:
    """How a variant is made; faults of its shape are found with the rest of the file."""
    entries = spec.entries if isinstance(spec, Mapping) else {}
    listed, parent = entries.get("with"), entries.get("from")
    items = listed.items if isinstance(listed, Listing) else ()
    measures = tuple(item.text for item in items if isinstance(item, Scalar))
    above = parent.text if isinstance(parent, Scalar) and parent.value is not None else None
    return Recipe(name, measures, above, _changes(spec, problems), spec.mark, spec.path)


def _edits(tree: Mapping, problems: Problems) -> dict[str, dict[str, Any]]:
    """Edits of the city by measure, as plain data."""
    names: dict[str, NameSpec] = {}
    for street, node in _members(tree, "names"):
        try:
            names[street] = NameSpec.model_validate(plain(node), by_alias=True, by_name=False)
        except ValidationError:
            continue  # told with the rest of the head
    layers = [name for name, _ in _members(tree, "layers")]
    found = {
        name: read_edit(name, spec, names, layers, problems, MEASURE_NOT_YET)
        for name, spec in _members(tree, "measures")
    }
    return {name: edit for name, edit in found.items() if edit is not None}


def _lines(tree: Mapping) -> dict[str, tuple[int, int]]:
    """Where everything stands whose faults may show only on the map."""
    found: dict[str, tuple[int, int]] = {}
    waiting: list[Node] = [node for section in ("layers", "measures") for _, node in _members(tree, section)]
    waiting += [tree.entries[key] for key in ("observed", "sensors") if key in tree.entries]
    while waiting:
        node = waiting.pop()
        found[node.path] = (node.mark.line, node.mark.column)
        if isinstance(node, Mapping):
            waiting.extend(node.entries.values())
        elif isinstance(node, Listing):
            waiting.extend(node.items)
    return found


def _variants(
    resolved: list[Resolved],
    recipes: dict[str, Recipe],
    head: ScenarioHead | None,
    edits: dict[str, dict[str, Any]],
    problems: Problems,
) -> dict[str, Variant]:
    """Check the model sections of every variant by themselves."""
    out: dict[str, Variant] = {}
    for found in resolved:
        models: dict[str, Params] = params_of_sections(found.sections, problems)
        if found.name not in recipes:
            continue
        # Without a sound head the name itself may be too odd to stand for a label.
        label = Label(ja=found.name, en=found.name) if head else Label()
        if head and found.name in head.variants and head.variants[found.name].label.ja:
            label = head.variants[found.name].label
        sections = {name: plain(node) or {} for name, node in found.sections.entries.items()}
        sections.update({name: {} for name in models if name not in sections})
        ordered = {name: sections[name] for name in registry.ORDER if name in sections}
        own = tuple(edits[name] for name in found.measures if name in edits)
        variant = Variant(found.name, label, found.measures, models, ordered, own)
        of, day = _of_day(found.name, recipes, head)
        if day and head is not None and of in out:
            words = head.days[day].label if head.days[day].label.ja else Label(ja=day, en=day)
            above = out[of].label
            label = Label(ja=f"{above.ja}（{words.ja}）", en=f"{above.en} ({words.en})")
            variant = replace(variant, label=label, of=of, day=day, setting=out[of].setting)
        elif head and found.name not in head.variants and found.name != BASE:
            variant = _part_of_split(variant, recipes[found.name], head, problems)
        out[found.name] = variant
    return out


def _part_of_split(variant: Variant, recipe: Recipe, head: ScenarioHead, problems: Problems) -> Variant:
    """A variant that a question with ``split`` needs: what it is made of is its setting."""
    try:
        folder_name(variant.name)
    except ValueError as fault:
        problems.add(
            f"a part of the split gets a name that is no folder: {fault}", recipe.mark, recipe.path, "use shorter names"
        )
    words = [head.measures[name].label for name in recipe.measures if name in head.measures]
    label = Label(
        ja="＋".join(w.ja or name for w, name in zip(words, recipe.measures, strict=False)) or variant.name,
        en=" + ".join(w.en or name for w, name in zip(words, recipe.measures, strict=False)) or variant.name,
    )
    return replace(variant, label=label, setting=f"split = {'+'.join(recipe.measures)}", made_of=recipe.parent or "")


def _check_money(
    head: ScenarioHead, tree: Mapping, folder: Path, allow_read: Sequence[Path], problems: Problems
) -> None:
    """The pack is there, is one, and has the hash that is stated."""
    if head.money is None:
        return
    node = tree.entries["money"]
    try:
        read_money(head.money, folder, allow_read)
    except ScenarioError as fault:
        told = fault.problems[0] if fault.problems else fault
        problems.add(f"{told.what} ({told.where})", node.mark, "money.pack", told.mend)


def _check_vary(head: ScenarioHead, variants: dict[str, Variant], tree: Mapping, problems: Problems) -> None:
    """Every setting to vary is one that its variant may take."""
    if head.vary is None or not variants:
        return
    node = tree.entries["vary"]
    base = head.vary.base or next(iter(variants))
    if base not in variants:
        problems.add(f"there is no variant {base!r}", node.mark, "vary.base", nearest(base, variants))
        return
    try:
        axes_of(head.vary.keys, variants[base].resolved)
    except ScenarioError as fault:
        problems.add(fault.what, node.mark, "vary.keys", fault.mend)


def _of_day(name: str, recipes: dict[str, Recipe], head: ScenarioHead | None) -> tuple[str, str]:
    """Variant of the file and kind of day of a variant that is one on the other."""
    parent = recipes[name].parent
    days = head.days if head is not None else {}
    day = next((day for day in days if parent is not None and name == run_name(parent, day)), "")
    return (parent or "", day) if day else ("", "")


def _check_model_present(resolved: list[Resolved], tree: Mapping, problems: Problems) -> None:
    for found in resolved:
        if found.name and not found.sections.entries:
            what = "no model is asked for" if found.name == BASE else f"variant {found.name} has no model"
            problems.add(what, tree.mark, mend=f"add a section: {', '.join(registry.ORDER)}")


def _check_table_names(resolved: list[Resolved], tree: Mapping, problems: Problems) -> None:
    """Every ``table: NAME`` (and ``od_table: NAME``) of a model must be declared."""
    declared = [name for name, _ in _members(tree, "tables")]
    for found in resolved:
        for way, leaf in scalars(found.sections):
            if not (way[-1] == "table" or way[-1].endswith("_table")) or not isinstance(leaf, Scalar):
                continue
            if isinstance(leaf.value, str) and leaf.value and leaf.value not in declared:
                mend = nearest(leaf.value, declared) or "declare it under tables:"
                problems.add(f"there is no table {leaf.value!r}", leaf.mark, leaf.path, mend)


def _check_files(tree: Mapping, folder: Path, allow_read: Sequence[Path], problems: Problems) -> None:
    """Files named in the scenario lie where it may read; asked of the tree, so that other faults do not hide them."""
    for _, spec in (*_members(tree, "tables"), *_members(tree, "layers")):
        file = spec.entries.get("file") if isinstance(spec, Mapping) else None
        if isinstance(file, Scalar) and isinstance(file.value, str):
            # A feed may lie there unpacked.
            feed = isinstance(spec, Mapping) and "gtfs_day" in spec.entries
            _check_file(file, folder, allow_read, problems, or_folder=feed)
    city = tree.entries.get("city")
    for part in city.items if isinstance(city, Listing) else (city,):
        if not isinstance(part, Scalar) or not isinstance(part.value, str) or not part.value.strip():
            continue
        # A plain word is a bundled district unless something of that name lies beside the scenario.
        if not re.fullmatch(r"\w{1,80}", part.value) or (folder / part.value).exists():
            _check_file(part, folder, allow_read, problems, or_folder=True)


def _check_file(
    node: Scalar, folder: Path, allow_read: Sequence[Path], problems: Problems, *, or_folder: bool = False
) -> None:
    try:
        allowed_path(str(node.value), folder, allow_read, or_folder=or_folder)
    except PathRefusedError as refused:
        problems.add(refused.what, node.mark, node.path, refused.mend)


def _kept(variants: dict[str, Variant], only: str | Sequence[str] | None, problems: Problems) -> dict[str, Variant]:
    if only is None:
        return variants
    wanted = [only] if isinstance(only, str) else list(only)
    for name in wanted:
        if name not in variants and not len(problems):
            problems.add(f"there is no variant {name!r}", _TOP, "--only", nearest(name, variants))
    return {name: variant for name, variant in variants.items() if name in wanted} or variants


def _assumptions(resolved: list[Resolved], tree: Mapping, kept: dict[str, Variant]) -> tuple[Assumption, ...]:
    """Graded values of the file, each once, with the variants it holds in."""
    holders: dict[tuple[str, int], list[str]] = {}
    nodes: dict[tuple[str, int], Scalar | Listing] = {}
    for found in resolved:
        if found.name not in kept:
            continue
        for way, leaf in scalars(found.sections):
            if leaf.grading is not None:
                key = (".".join(way), id(leaf.grading))
                holders.setdefault(key, []).append(found.name)
                nodes[key] = leaf
    for way, leaf in scalars(tree):
        if leaf.grading is not None and way[0] not in (*registry.ORDER, "measures", "variants", "days"):
            key = (".".join(way), id(leaf.grading))
            holders[key], nodes[key] = list(kept), leaf
        elif leaf.grading is not None and way[0] == "days" and len(way) > 1 and "set" not in way[:3]:
            key = (".".join(way), id(leaf.grading))
            holders[key], nodes[key] = [name for name, v in kept.items() if v.day == way[1]], leaf
        elif leaf.grading is not None and way[0] == "measures" and len(way) > 1 and "set" not in way[:3]:
            # What a measure costs, and how wide a pavement it makes, are assumptions wherever it is taken.
            key = (".".join(way), id(leaf.grading))
            holders[key], nodes[key] = [name for name, v in kept.items() if way[1] in v.measures], leaf
    return tuple(assumption_of(way, nodes[way, at], tuple(names)) for (way, at), names in holders.items())


def _check_ranges(resolved: list[Resolved], problems: Problems) -> None:
    """Both ends of a range must be values the parameter may take."""
    if len(problems):
        return
    seen: set[tuple[str, int]] = set()
    for found in resolved:
        for way, leaf in scalars(found.sections):
            grading = leaf.grading
            if grading is None or grading.low_text is None or (".".join(way), id(grading)) in seen:
                continue
            seen.add((".".join(way), id(grading)))
            for text in (grading.low_text, grading.high_text or ""):
                _check_end(found.sections, way, leaf, text, problems)


def _check_end(sections: Mapping, way: tuple[str, ...], leaf: Node, text: str, problems: Problems) -> None:
    if not isinstance(leaf, Scalar):
        return
    value: str | int | float = text
    if isinstance(leaf.value, int | float) and not isinstance(leaf.value, bool):
        value = _number_of(text, whole=isinstance(leaf.value, int))
    trial = Problems(problems.file)
    params_of_sections(_replaced(sections, way, replace(leaf, value=value, text=text)), trial)
    for problem in trial.listed:
        odd = isinstance(value, str) and not isinstance(leaf.value, str)
        mend = f"write it like the value, {leaf.text}: a bare number" if odd else problem.mend or "narrow the range"
        problems.add(f"the range of {'.'.join(way)} reaches {text}: {problem.what}", leaf.mark, leaf.path, mend)


def _number_of(text: str, *, whole: bool) -> str | int | float:
    """Number of a text, for a value that is a bare number; what is none stays text, and is refused as such."""
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if whole and number.is_integer() else number


def _replaced(node: Mapping, way: tuple[str, ...], leaf: Node) -> Mapping:
    """Tree with one leaf exchanged; lists on the way are followed by index."""
    key, rest = way[0], way[1:]
    entries = dict(node.entries)
    entries[key] = _put(entries[key], rest, leaf)
    return replace(node, entries=entries)


def _put(node: Node, way: tuple[str, ...], leaf: Node) -> Node:
    if not way:
        return leaf
    if isinstance(node, Mapping):
        return _replaced(node, way, leaf)
    if isinstance(node, Listing):
        index = int(way[0])
        items = (*node.items[:index], _put(node.items[index], way[1:], leaf), *node.items[index + 1 :])
        return replace(node, items=items)
    return node
