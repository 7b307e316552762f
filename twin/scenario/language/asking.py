"""From questions as written to plain checks: every figure known, every amount in its unit, every setting a variant."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from twin.errors import ScenarioError
from twin.kpi_seen import AT
from twin.observe.sensors import Sensor
from twin.results.asked import Better, Check, Question, Questions, Role, Setting, looks_until
from twin.results.days import MEAN_DAY, WORST_DAY, YEAR, Days, run_name
from twin.results.words import figure
from twin.scenario.language.document import Listing, Mark, Node, Problems
from twin.scenario.language.document import Mapping as Tree
from twin.scenario.language.label import Label
from twin.scenario.language.observed import fault_of_sight
from twin.scenario.language.questions import Amount, AmountError, FindSpec, LimitSpec, QuestionSpec, amount_of
from twin.scenario.language.schema import ScenarioHead, Variant, folder_name
from twin.scenario.language.splits import split_pairs
from twin.scenario.language.validate import nearest
from twin.scenario.language.variants import changed, params_with_changes

#: Replications of a question without a budget of its own.
MOST_PAIRS = 64
#: Word for every kind of day by itself.
EACH_DAY = "each_day"
_MOST_SETTINGS = 100


@dataclass(frozen=True)
class _Place:
    """Where a question stands, for messages."""

    node: Node | None
    problems: Problems

    def add(self, what: str, mend: str, *keys: str) -> None:
        node, at = self.node, list(keys)
        while at and isinstance(node, Tree) and at[0] in node.entries:
            node = node.entries[at.pop(0)]
        mark, path = (node.mark, node.path) if node is not None else (Mark(1, 1), "questions")
        self.problems.add(what, mark, path, mend)

    def below(self, key: str, index: int) -> _Place:
        node = self.node.entries.get(key) if isinstance(self.node, Tree) else None
        inner = node.items[index] if isinstance(node, Listing) and index < len(node.items) else self.node
        return _Place(inner, self.problems)


@dataclass(frozen=True)
class _Figure:
    """A figure that exists: its unit and the direction that is wanted."""

    name: str
    unit: str
    better: Better
    additive: bool = False


@dataclass(frozen=True)
class Askable:
    """What may be asked of.

    Attributes
    ----------
    variants, kept
        Every variant of the file, and those that are run; checks of others are left out.
    days
        Kinds of day.
    on_days
        Variants on kinds of day, by the name of their runs; as ``variants`` where the scenario has one day.
    """

    variants: Mapping[str, Variant]
    kept: Mapping[str, Variant]
    days: Days
    on_days: Mapping[str, Variant]


def questions_of(
    head: ScenarioHead, tree: Tree, askable: Askable, problems: Problems
) -> tuple[Questions, dict[str, Variant]]:
    """Questions as plain checks, and the variants that searches add, one per setting and kind of day.

    Parameters
    ----------
    head
        The checked head of the file.
    tree
        The file, for the places of faults.
    askable
        Variants and kinds of day.
    problems
        Receives what is wrong.
    """
    variants, kept, days = askable.variants, askable.kept, askable.days
    if not head.questions or not variants:
        return Questions(), {}
    listed: list[Question] = []
    added: dict[str, Variant] = {}
    node = tree.entries.get("questions")
    for index, spec in enumerate(head.questions):
        item = node.items[index] if isinstance(node, Listing) and index < len(node.items) else node
        place = _Place(item, problems)
        settings = list(_settings(spec, variants, place)) if spec.find is not None else []
        reader = _Reader(variants, place, days, head.sensors)
        checks = list(reader.checks(spec, [setting.variant for setting, _ in settings]))
        _refuse_contradictions(checks, place)
        fresh = {made.name: made for _, made in settings if made is not None}
        known = {*kept, *(fresh if (spec.base or next(iter(variants))) in kept else ())}
        checks = [c for c in checks if reader.asks_of(c) <= known]
        fresh = dict(_on_each_day(spec, fresh, askable, place)) if days else fresh
        wanted = [setting for setting, _ in settings if setting.variant in known]
        if not checks:
            continue
        added.update({name: made for name, made in fresh.items() if (made.of or name) in known})
        find = spec.find
        listed.append(
            Question(
                id=spec.id,
                main=spec.main,
                ask=spec.words.to_dict(),
                checks=checks,
                confidence=spec.confidence,
                most_pairs=MOST_PAIRS,
                most_s=spec.budget.time_s,
                key=find.key if find else "",
                wanted="" if find is None else "smallest" if find.smallest else "largest" if find.largest else "first",
                settings=wanted,
                groups=list(spec.by) if isinstance(spec.by, tuple) else [],
            )
        )
    runs = len(kept) * max(len(days.kinds), 1) + len(added)
    return _with_looks(head, listed, runs, node, problems), added


def _on_each_day(
    spec: QuestionSpec, made: Mapping[str, Variant], askable: Askable, place: _Place
) -> Iterator[tuple[str, Variant]]:
    """Settings of a search on every kind of day."""
    base = spec.base or next(iter(askable.variants))
    for setting in made.values():
        for kind in askable.days.kinds:
            day = askable.on_days.get(run_name(base, kind.name))
            value = setting.setting.partition(" = ")
            if day is None or spec.find is None:
                continue
            name = run_name(setting.name, kind.name)
            try:
                folder_name(name)
                params = params_with_changes(day.resolved, {spec.find.key: _scalar(value[2])})
            except (ScenarioError, ValueError) as fault:
                place.add(f"{setting.setting} on {kind.name}: {fault}", "use shorter names, or narrow the span", "find")
                return
            yield (
                name,
                replace(
                    day,
                    name=name,
                    label=Label(
                        ja=f"{setting.label.ja}（{kind.label['ja']}）", en=f"{setting.label.en} ({kind.label['en']})"
                    ),
                    models=params,
                    resolved=changed(day.resolved, {spec.find.key: _scalar(value[2])}),
                    setting=setting.setting,
                    made_of=day.name,
                    of=setting.name,
                ),
            )


def _scalar(text: str) -> Amount:
    """A setting as a file holds it."""
    try:
        return int(text) if text.lstrip("+-").isdecimal() else float(text)
    except ValueError:
        return text


def _with_looks(
    head: ScenarioHead, listed: list[Question], variants: int, node: Node | None, problems: Problems
) -> Questions:
    """Questions with their budgets as numbers of replications, one of them the main one, and when one looks."""
    if not listed:
        return Questions()
    specs = {spec.id: spec for spec in head.questions}
    main = next((q.id for q in listed if q.main), listed[0].id)
    stated = head.replications if "replications" in head.model_fields_set else None
    budgeted = []
    for question in listed:
        runs = specs[question.id].budget.runs
        most = MOST_PAIRS if runs is None else int(runs // variants)
        if stated is None and most < 2:
            problems.add(
                f"the budget of question {question.id} is {int(runs or 0)} runs, which is less than two of each of the "
                f"{variants} variants",
                node.mark if node else Mark(1, 1),
                "questions",
                f"give at least {2 * variants} runs, or leave the budget out",
            )
        update = {"most_pairs": max(1, stated or most), "main": question.id == main}
        budgeted.append(question.model_copy(update=update))
    most = max(question.most_pairs for question in budgeted)
    return Questions(listed=budgeted, looks=[stated] if stated is not None else looks_until(most))


def _settings(
    spec: QuestionSpec, variants: Mapping[str, Variant], place: _Place
) -> Iterator[tuple[Setting, Variant | None]]:
    """Settings of a search in the order of preference, each with the variant it makes."""
    find = spec.find
    if find is None:
        return
    if find.first is not None:
        for name in find.first:
            if _is_variant(name, variants, place, "find", "first"):
                yield Setting(variant=name, text=name), None
        return
    base = spec.base or next(iter(variants))
    if not _is_variant(base, variants, place, "in"):
        return
    values = _values(find, place)
    for value in values if find.smallest else reversed(values):
        made = _made(variants[base], find.key, value, variants, place)
        if made is None:
            return
        yield Setting(variant=made.name, text=str(value)), made


def _values(find: FindSpec, place: _Place) -> list[Amount]:
    """Settings of a span, or those listed."""
    if find.among is not None:
        return list(find.among)
    parts = [_number_and_unit(x if x is not None else 1) for x in (find.start, find.end, find.step)]
    if any(part is None for part in parts):
        place.add(
            "from, to and step of a search must be numbers with one unit", "write from: 4, to: 12, step: 1", "find"
        )
        return []
    (start, unit), (end, end_unit), (step, step_unit) = (part for part in parts if part is not None)
    if unit != end_unit or (find.step is not None and step_unit != unit):
        place.add(
            "from, to and step of a search have different units", f"write all of them in {unit or 'no unit'}", "find"
        )
        return []
    if step <= 0 or end < start:
        place.add(
            "the span of the search is empty", "from is the smallest setting, to the largest, step above 0", "find"
        )
        return []
    count = int((end - start) / step) + 1
    if count > _MOST_SETTINGS:
        place.add(f"the search has {count} settings, at most {_MOST_SETTINGS} will do", "use a longer step", "find")
        return []
    return [_as_written(start + i * step, unit) for i in range(count)]


def _number_and_unit(value: Amount) -> tuple[Fraction, str] | None:
    number, _, unit = str(value).strip().partition(" ")
    try:
        return Fraction(number), unit.strip()
    except (ValueError, ZeroDivisionError):
        return None


def _as_written(number: Fraction, unit: str) -> Amount:
    plain: int | float = int(number) if number.denominator == 1 else float(number)
    return f"{plain} {unit}" if unit else plain


def _made(base: Variant, key: str, value: Amount, variants: Mapping[str, Variant], place: _Place) -> Variant | None:
    """The variant of one setting."""
    tail = "".join(c if c.isalnum() else "_" for c in f"{key.rsplit('.', 1)[-1]}{str(value).split(' ')[0]}")
    try:
        name = folder_name(f"{base.name}+{tail}")
    except ValueError as fault:
        place.add(
            f"the variant of a setting would get a name that is no folder: {fault}",
            "give the variant a shorter name",
            "find",
        )
        return None
    if name in variants:
        place.add(f"a variant has the name {name!r}, which a setting needs", "rename the variant", "find")
        return None
    try:
        params = params_with_changes(base.resolved, {key: value})
    except ScenarioError as fault:
        for problem in fault.problems:
            place.add(f"the search sets {key} to {value}: {problem.what}", problem.mend or "narrow the span", "find")
        return None
    label = Label(ja=f"{base.label.ja}（{key} = {value}）", en=f"{base.label.en} ({key} = {value})")
    return replace(
        base,
        name=name,
        label=label,
        models=params,
        resolved=changed(base.resolved, {key: value}),
        setting=f"{key} = {value}",
        made_of=base.name,
    )


def _is_variant(name: str, variants: Mapping[str, Variant], place: _Place, *keys: str) -> bool:
    if name not in variants:
        place.add(f"there is no variant {name!r}", nearest(name, variants), *keys)
    return name in variants


class _Reader:
    """Reads the checks of one question."""

    def __init__(
        self, variants: Mapping[str, Variant], place: _Place, days: Days, sensors: Mapping[str, Sensor]
    ) -> None:
        self.variants, self.place, self.days, self.sensors = variants, place, days, sensors
        # Parts of a split are variants that only its question speaks of.
        self.usual = [name for name, variant in variants.items() if not variant.setting]
        self.first = next(iter(variants))

    def asks_of(self, check: Check) -> set[str]:
        """Variants that a check speaks of, whatever the day."""
        return {self.days.split(name)[0] for name in (check.first, check.second) if name is not None}

    def _on_days(self, checks: Iterator[Check], days: str | tuple[str, ...] | None, key: str) -> Iterator[Check]:
        """Each check on the kinds of day asked for."""
        wanted = self._wanted(days, key)
        for check in checks:
            for day in wanted:
                first = None if check.first is None else run_name(check.first, day)
                yield check.model_copy(update={"first": first, "second": run_name(check.second, day)})

    def _wanted(self, days: str | tuple[str, ...] | None, key: str) -> list[str]:
        if not self.days:
            if days not in (None, EACH_DAY, MEAN_DAY):
                self.place.add(
                    "the scenario has one day",
                    "add days: {平日: {date: 2027-06-08, weight: 244 days}, ...}, or leave it out",
                    key,
                )
            return [""]
        out: list[str] = []
        for day in [MEAN_DAY] if days is None else [days] if isinstance(days, str) else days:
            if day == EACH_DAY:
                out.extend(self.days.names)
            elif day in self.days.every:
                out.append(day)
            else:
                self.place.add(f"there is no kind of day {day!r}", nearest(day, [*self.days.every, EACH_DAY]), key)
        return list(dict.fromkeys(out))

    def checks(self, spec: QuestionSpec, settings: Sequence[str]) -> Iterator[Check]:
        """Every check of the question; of a search, all of the first setting, then of the next."""
        days, key = (spec.hold_on, "hold_on") if spec.hold_on is not None else (spec.day, "day")
        if spec.find is not None:
            for nth, name in enumerate(settings):
                for index, limit in enumerate(spec.such_that):
                    # What is wrong with a constraint is said once, not at every setting.
                    place = self.place.below("such_that", index) if nth == 0 else _Place(None, Problems(""))
                    reader = _Reader(self.variants, place, self.days, self.sensors)
                    own = days if limit.day is None else limit.day
                    yield from reader._on_days(
                        reader.limit(limit, name, spec.seen_as), own, "day" if limit.day is not None else key
                    )
            return
        for kpi in spec.kpis:
            figure = self._figure(kpi, spec.seen_as)
            if figure is None:
                continue
            wanted = self._wanted(days, key) if self.days else []
            if YEAR in wanted and not figure.additive:
                self.place.add(
                    f"{figure.name} is no count, so that it has no sum over the year",
                    f"ask for {MEAN_DAY} or {WORST_DAY}",
                    key,
                )
                continue
            if WORST_DAY in wanted and figure.better == "neither":
                self.place.add(
                    f"{figure.name} has no direction, so that no day is the worst", f"ask for {MEAN_DAY}", key
                )
                continue
            yield from self._on_days(self._of_figure(spec, figure), days, key)

    def limit(self, spec: LimitSpec, variant: str, seen_as: str | None = None) -> Iterator[Check]:
        """A constraint of a search at one setting; seen as the whole question is, unless it says by whom itself."""
        figure = self._figure(spec.kpi, spec.seen_as or seen_as)
        than = spec.than or self.first
        if figure is None or not _is_variant(than, self.variants, self.place, "than"):
            return
        for key in ("at_most", "at_least"):
            yield from self._bound(key, getattr(spec, key), figure, spec.group, [variant])
        yield from self._loss(spec.not_worse_than, figure, spec.group, [(than, variant)])

    def _of_figure(self, spec: QuestionSpec, figure: _Figure) -> Iterator[Check]:
        pairs, singles = self._pairs(spec), self._singles(spec)
        wanted = figure if spec.better is None else replace(figure, better=spec.better)
        if spec.target is not None:
            if wanted.better == "neither":
                self.place.add(
                    f"{figure.name} has no direction of its own: is the target a floor or a ceiling?",
                    "add better: higher, or better: lower",
                    "target",
                )
            else:
                key = "at_least" if wanted.better == "higher" else "at_most"
                yield from self._bound(key, spec.target, wanted, spec.group, singles, "target")
        for key in ("at_most", "at_least"):
            yield from self._bound(key, getattr(spec, key), wanted, spec.group, singles)
        yield from self._loss(spec.not_worse_than, wanted, spec.group, pairs)
        bounded = any(x is not None for x in (spec.target, spec.at_most, spec.at_least, spec.not_worse_than))
        if bounded and spec.compare is None:
            return
        if bounded and spec.matters_from is None and spec.target is None:
            return  # the pairs belong to the bound
        if not pairs and spec.compare is None:
            self.place.add(
                "there is nothing to compare: the scenario has one variant", "add a second one under variants"
            )
        size, relative = self._amount(spec.matters_from, figure, "matters_from", relative=True)
        if size < 0:
            self.place.add(
                "matters_from is a size and must be at least 0", f"write {-size:g} without a sign", "matters_from"
            )
        role: Role = "group" if spec.by is not None else "compare"
        for first, second in pairs:
            yield Check(
                role=role,
                kpi=figure.name,
                group=spec.group,
                unit=figure.unit,
                first=first,
                second=second,
                better=wanted.better,
                bound=abs(size),
                relative=relative,
            )

    def _figure(self, kpi: str, sensor: str | None) -> _Figure | None:
        """A figure as it is, or as a sensor of phones sees it."""
        from twin.results.kpis import infos

        known, key = infos(), "kpi"
        if kpi not in known:
            self.place.add(f"there is no figure {kpi!r}", nearest(kpi, known), key)
            return None
        model = kpi.split(".", 1)[0]
        models = dict.fromkeys(name for variant in self.variants.values() for name in variant.models)
        if not any(name == model or name.startswith(f"{model}_") for name in models):
            self.place.add(f"no model of this scenario gives {kpi}", f"models here: {', '.join(models)}", key)
            return None
        if sensor is not None:
            fault = fault_of_sight(kpi, sensor, self.sensors)
            if fault is not None:
                self.place.add(*fault, "seen_as")
                return None
            kpi, info = f"{kpi}{AT}{sensor}", known[kpi]
        else:
            info = known[kpi]
        return _Figure(kpi, info.unit, info.better, info.additive)

    def _pairs(self, spec: QuestionSpec) -> list[tuple[str, str]]:
        if spec.split is not None:
            return list(split_pairs(spec.split, spec.base or self.first))
        if spec.compare is None:
            return [(self.first, name) for name in self.usual if name != self.first]
        for first, second in spec.compare:
            named = _is_variant(first, self.variants, self.place, "compare")
            if _is_variant(second, self.variants, self.place, "compare") and named and first == second:
                self.place.add(f"{first} is compared with itself", "name two variants", "compare")
        return [pair for pair in dict.fromkeys(spec.compare) if {*pair} <= {*self.variants} and pair[0] != pair[1]]

    def _singles(self, spec: QuestionSpec) -> list[str]:
        if spec.variants is not None:
            return [name for name in spec.variants if _is_variant(name, self.variants, self.place, "variants")]
        if spec.compare is not None:
            return list(dict.fromkeys(name for pair in self._pairs(spec) for name in pair))
        return list(self.usual)

    def _bound(
        self, key: str, value: Amount | None, figure: _Figure, group: str, variants: Sequence[str], written: str = ""
    ) -> Iterator[Check]:
        if value is None:
            return
        role: Role = "target" if written else "limit"
        if isinstance(value, str) and value.strip().startswith("+"):
            self.place.add(
                f"{written or key}: {value!r} has a sign: is it a change?",
                f"write not_worse_than: {value.strip()[1:]} for a change, or leave the sign out",
                written or key,
            )
            return
        bound, _ = self._amount(value, figure, written or key, relative=False)
        better: Literal["lower", "higher"] = "lower" if key == "at_most" else "higher"
        for name in variants:
            yield Check(
                role=role, kpi=figure.name, group=group, unit=figure.unit, second=name, better=better, bound=bound
            )

    def _loss(
        self, value: Amount | None, figure: _Figure, group: str, pairs: Sequence[tuple[str, str]]
    ) -> Iterator[Check]:
        if value is None:
            return
        if figure.better == "neither":
            self.place.add(
                f"{figure.name} has no direction: what would be worse?",
                "add better: lower or better: higher, or use at_most and at_least",
                "not_worse_than",
            )
            return
        loss, relative = self._amount(value, figure, "not_worse_than", relative=True)
        for first, second in pairs:
            yield Check(
                role="limit",
                kpi=figure.name,
                group=group,
                unit=figure.unit,
                first=first,
                second=second,
                better=figure.better,
                bound=abs(loss),
                relative=relative,
            )

    def _amount(self, value: Amount | None, figure: _Figure, key: str, *, relative: bool) -> tuple[float, bool]:
        if value is None:
            return 0.0, False
        try:
            return amount_of(value, figure.unit, relative_allowed=relative)
        except AmountError as fault:
            self.place.add(f"{key}: {fault.what}", fault.mend, key)
            return 0.0, False


def _refuse_contradictions(checks: Sequence[Check], place: _Place) -> None:
    """Refuse bounds that no value can keep together."""
    bounds: dict[tuple[str, str, str, str], dict[str, list[float]]] = {}
    for check in checks:
        if check.first is None:
            at = bounds.setdefault((check.kpi, check.group, check.second, check.unit), {"lower": [], "higher": []})
            at[check.better].append(check.bound)
    said: set[str] = set()
    for (kpi, _, _, unit), found in bounds.items():
        if found["lower"] and found["higher"] and max(found["higher"]) > min(found["lower"]) and kpi not in said:
            said.add(kpi)
            place.add(
                f"the constraints on {kpi} contradict each other: at least {figure(max(found['higher']), unit, 'en')} "
                f"and at most {figure(min(found['lower']), unit, 'en')}",
                "no value keeps both; change one of them",
                "such_that",
            )


def warnings_of(questions: Questions) -> Iterator[str]:
    """What the writer of questions should think about."""
    if questions.looks == [1]:
        yield (
            "questions are asked of one replication, which has no interval; leave replications out to let the "
            "questions decide"
        )
