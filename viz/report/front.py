"""The first page: question, answer, what today's counts say, both ranges, who gains and loses, what overturns it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from twin.results.kpis import infos
from twin.results.sentences import ANSWER_WORDS, repeated
from twin.results.verdicts import BETTER, CANNOT_TELL, WORSE
from twin.results.words import Lang, change, figure, number, span
from twin.viz.report.content import Content
from twin.viz.report.markup import both_ranges, chip, heading, rows_of_strips, spans_of, strip, verdict_color
from twin.viz.report.spoken import amount_words, key_words, name_words, said, value_words
from twin.viz.report.today import verdict_of_today
from twin.viz.report.words import safe, word

#: Tiles and rows of the first page; the sections below show all.
_MOST_TILES, _MOST_ROWS, _MOST_GROUPS = 3, 4, 6


def front(content: Content, lang: Lang) -> Iterator[str]:
    """Everything of the first page."""
    main = content.main
    yield heading("answer", lang)
    if main is None:
        yield f'<p class="notice">{safe(word("no_question", lang))}</p>'
    else:
        yield _main(content, main, lang)
    if content.study.replications == 1:
        yield f'<p class="notice">{safe(word("one_run", lang))}</p>'
    cards = [_today(content, lang)]
    if main is not None:
        cards += [_ranges(content, main, lang), _winners(content, lang), _overturns(content, main, lang)]
    yield f'<div class="cards">{"".join(f"<section class=card>{card}</section>" for card in cards if card)}</div>'
    # Who gains and who loses has a card of its own, and a table behind.
    others = [a for a in content.answers if not a["main"] and not by_group(a)]
    if others:
        yield heading("others", lang)
        yield from (_other(answer, lang) for answer in others)


def by_group(answer: Mapping[str, Any]) -> bool:
    """Whether a question only asks who gains and who loses, and some run told."""
    return bool(answer["rows"]) and all(
        row["role"] == "group" and (row["mean"] is not None or row.get("masked")) for row in answer["rows"]
    )


def rows_of(answer: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Rows that stand for an answer: all, or of a search those of the setting found or nearest."""
    rows: Sequence[Mapping[str, Any]] = answer["rows"]
    if not answer["settings"]:
        return rows
    chosen = answer["found"] or answer["nearest"]
    if chosen is None:
        return []
    names = [setting["variant"] for setting in answer["settings"]]
    each = len(rows) // len(names)
    at = names.index(chosen["variant"]) * each if chosen["variant"] in names else 0
    return rows[at : at + each]


def setting_label(content: Content, setting: str, lang: Lang) -> str:
    """A setting of a search in words: a variant by its label, a value with its unit."""
    label = content.label(setting, lang)
    return value_words(setting, lang) if label == setting else label


def _main(content: Content, answer: Mapping[str, Any], lang: Lang) -> str:
    tiles = "".join(_tiles(content, answer, lang))
    return (
        f'<section class="answer main"><p class="ask">{safe(answer["ask"].get(lang) or answer["id"])}</p>'
        f'<div class="tiles">{tiles}</div>{_said(answer, lang)}</section>'
    )


def _other(answer: Mapping[str, Any], lang: Lang) -> str:
    told = chip(answer["verdict"], answer["verdict_words"][lang]) if answer["verdict"] else ""
    ask = safe(answer["ask"].get(lang) or answer["id"])
    return f'<section class="answer"><h3>{told}{ask}</h3>{_said(answer, lang)}</section>'


def _tiles(content: Content, answer: Mapping[str, Any], lang: Lang) -> Iterator[str]:
    """The answer at a glance: a setting, or each figure asked about."""
    if answer["settings"]:
        words, chosen = answer["verdict_words"][lang], answer["found"]
        name, beside, color = words, "", verdict_color(answer["verdict"])
        if chosen:
            name = setting_label(content, chosen["setting"], lang)
            before = answer["settings"][: [s["variant"] for s in answer["settings"]].index(chosen["variant"])]
            open_ones = [setting_label(content, s["setting"], lang) for s in before if s["verdict"] == CANNOT_TELL]
            if open_ones:
                # The smallest that surely holds; of smaller ones it is open.
                words, color = word("surely", lang), verdict_color(chosen["verdict"])
                listed = ("、" if lang == "ja" else ", ").join(open_ones[:4])
                beside = word("open", lang, names=listed)
        below = " / ".join(f"{content.kpi(r['kpi'], r['group'], lang)} {_level(r, lang)}" for r in rows_of(answer))
        head = chip(chosen["verdict"], words) if chosen else ""
        yield _tile(head, name, beside, below, color)
        return
    for row in [r for r in answer["rows"] if r["mean"] is not None][:_MOST_TILES]:
        told = row["verdict_words"][lang]
        label = content.label(row["variant"], lang)
        if row["pair"] is not None:
            big, share = change(row["mean"], row["unit"], lang), ""
            if row["first_mean"] and row["unit"] != "share":
                share = f"{number(100 * row['mean'] / abs(row['first_mean']), signed=True)} %"
        else:
            big = figure(row["mean"], row["unit"], lang)
            share = (
                f"{word('target', lang)} {figure(row['bound'], row['unit'], lang)}" if row["role"] == "target" else ""
            )
        below = f"{content.kpi(row['kpi'], row['group'], lang)}"
        yield _tile(chip(row["verdict"], told) + safe(label), big, share, below, verdict_color(row["verdict"]))


def _tile(head: str, big: str, beside: str, below: str, color: str) -> str:
    more = f' <span class="beside">{safe(beside)}</span>' if beside else ""
    return (
        f'<div class="tile" style="border-top-color:{color}"><p class="head">{head}</p>'
        f'<p class="big">{safe(big)}{more}</p><p class="soft">{safe(below)}</p></div>'
    )


def _said(answer: Mapping[str, Any], lang: Lang) -> str:
    """The answer in words: a line for each part, and below what it took."""
    groups = sorted({row["group"] for row in answer["rows"]} - {"all", ""})
    asked = str(answer["ask"].get(lang) or answer["id"])
    text = str(answer["sentence"][lang]).removeprefix(asked.rstrip("。.")).lstrip("：: ")
    body, _ = _without_effort(text, answer, lang)
    small = {f"[{row['group']}]" for row in answer["rows"] if row.get("masked")}
    open_parts = [part for part in parts_of(body) if not any(group in part for group in small)]
    parts = _told_once([said(part, lang, groups) for part in open_parts], answer, lang)
    if len(parts) == 1:
        told = f'<p class="said">{safe(parts[0])}</p>'
    else:
        told = f'<ul class="said">{"".join(f"<li>{safe(part)}</li>" for part in parts)}</ul>'
    kept = [note for note in answer["notes"][lang] if not any(group in note for group in small)]
    notes = "".join(f"<li>{safe(said(note, lang, groups))}</li>" for note in kept)
    notes = f'<ul class="notes">{notes}</ul>' if notes else ""
    return f'{told}<p class="soft">{safe(effort_of(answer, lang))}</p>{notes}'


def _told_once(parts: list[str], answer: Mapping[str, Any], lang: Lang) -> list[str]:
    """Parts of a sentence, of which the first alone names the figure where all speak of one."""
    figures = {(row["kpi"], row["group"]) for row in answer["rows"]}
    info = infos().get(next(iter(figures))[0]) if len(figures) == 1 else None
    if info is None:
        return parts
    name = f"{info.ja}：" if lang == "ja" else f"{info.en}: "
    return [part if nth == 0 else part.replace(name, "", 1) for nth, part in enumerate(parts)]


def parts_of(text: str) -> list[str]:
    """Parts of a sentence between semicolons; what stands in brackets stays together."""
    out, depth = [""], 0
    for letter in text:
        depth += (letter in "（(") - (letter in "）)")
        if letter in "；;" and depth <= 0:
            out.append("")
        else:
            out[-1] += letter
    return [part.strip() for part in out if part.strip()]


def _without_effort(text: str, answer: Mapping[str, Any], lang: Lang) -> tuple[str, str]:
    """The sentence, and apart from it how many runs it took."""
    start = repeated(answer["replications"], lang)
    body, found, effort = text.rpartition(start)
    return (body.rstrip(" ."), found + effort) if found else (text, "")


def effort_of(answer: Mapping[str, Any], lang: Lang) -> str:
    """How many runs an answer took, and how many draws of the assumptions agree."""
    _, effort = _without_effort(str(answer["sentence"][lang]), answer, lang)
    assumed = answer["assumptions"]
    if not assumed or not assumed["draws"] or answer["settings"]:
        return effort
    return f"{effort} {word('agree_all', lang, n=assumed['draws'], agree=assumed['agree'])}"


def _found(content: Content, assumed: Mapping[str, Any], lang: Lang) -> str:
    """Of a search, what the draws of the assumptions find."""
    none = ANSWER_WORDS["no setting holds"][0 if lang == "ja" else 1]
    counts = [(setting_label(content, name, lang) if name else none, n) for name, n in assumed["found"].items()]
    told = ("、" if lang == "ja" else ", ").join(f"{name} {n}" for name, n in counts)
    return word("of_draws", lang, n=assumed["draws"]) + ("：" if lang == "ja" else ": ") + told


def _today(content: Content, lang: Lang) -> str:
    found = content.study.reproduction
    if not found:
        told = f"<p>{safe(word('no_observed', lang))}</p>"
    else:
        told = f"<p>{verdict_of_today(found, lang)}{safe(found['sentence'][lang])}</p>"
    if content.study.manifest["city"]["schematic"]:
        told += f'<p class="soft">{safe(word("schematic", lang))}</p>'
    return heading("observed", lang) + told


def _ranges(content: Content, answer: Mapping[str, Any], lang: Lang) -> str:
    out = heading("ranges", lang)
    rows = [row for row in rows_of(answer) if row["mean"] is not None][:_MOST_ROWS]
    drawn = answer["assumptions"]["rows"] if answer["assumptions"] and not answer["settings"] else []
    for kpi, group in dict.fromkeys((row["kpi"], row["group"]) for row in rows):
        own = [row for row in rows if (row["kpi"], row["group"]) == (kpi, group)]
        out += f'<p class="soft">{safe(content.kpi(kpi, group, lang))}</p>'
        chosen = (answer["found"] or answer["nearest"]) if answer["settings"] else None
        name = setting_label(content, chosen["setting"], lang) if chosen else ""
        shown = [range_row(content, row, _same(row, drawn), lang, named=False) for row in own]
        out += rows_of_strips([(f"<b>{safe(name)}</b>" if name else row[0], *row[1:]) for row in shown])
    assumed = answer["assumptions"]
    if not assumed:
        out += f'<p class="soft">{safe(word("no_draws", lang))}</p>'
    elif answer["settings"]:
        out += f"<p>{safe(_found(content, assumed, lang))}</p>"
    return out + f'<p class="soft">{safe(word("ranges_why", lang))}</p>'


def _same(row: Mapping[str, Any], drawn: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    wanted = [row[k] for k in ("kpi", "group", "variant", "pair")]
    return next((d for d in drawn if [d[k] for k in ("kpi", "group", "variant", "pair")] == wanted), None)


def range_row(
    content: Content, row: Mapping[str, Any], drawn: Mapping[str, Any] | None, lang: Lang, *, named: bool = True
) -> tuple[str, str, str]:
    """One row of the two ranges: name, strip, numbers; the figure's name where it is wanted."""
    of_change, unit = row["pair"] is not None, row["unit"]

    def told(lo: float | None, hi: float | None) -> str:
        return "" if lo is None or hi is None else span(lo, hi, unit, lang, of_change=of_change)

    assumed = told(drawn["lo"], drawn["hi"]) if drawn else ""
    if drawn and assumed:
        assumed += f" ({drawn['agree']}/{drawn['draws']} {word('agree', lang)})"
    name = f"<b>{safe(content.label(row['variant'], lang))}</b>"
    if named:
        name += f"<br>{safe(content.kpi(row['kpi'], row['group'], lang))}"
    lo, hi = level_ends(row)
    picture = strip(spans_of({"lo": lo, "hi": hi}, drawn), row["mean"], 0.0 if of_change else row["bound"])
    return name, picture, both_ranges(told(lo, hi), assumed, lang)


def level_ends(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Ends of an interval; those of a share's level stay between nothing and all."""
    lo, hi = row["lo"], row["hi"]
    if row["pair"] is None and row["unit"] == "share" and lo is not None and hi is not None:
        # The interval of a mean knows nothing of the ends of what it is the mean of.
        return max(lo, 0.0), min(hi, max(row["mean"], 1.0))
    return lo, hi


def _winners(content: Content, lang: Lang) -> str:
    out = heading("winners", lang)
    rows = content.rows_of_groups
    if not rows:
        return out + f"<p>{safe(word('no_winners', lang))}</p>"
    for variant, kpi in dict.fromkeys((row["variant"], row["kpi"]) for row in rows):
        own = [row for row in rows if (row["variant"], row["kpi"]) == (variant, kpi)]
        out += f"<h3>{safe(content.label(variant, lang))} <small>{safe(content.kpi(kpi, '', lang))}</small></h3>"
        out += "".join(_side(own, verdict, lang) for verdict in (BETTER, WORSE))
        rest = [row for row in own if row["verdict"] not in (BETTER, WORSE)]
        if rest:
            names = "、".join(name_words(row["group"], lang) for row in rest[:_MOST_GROUPS])
            names = names if lang == "ja" else names.replace("、", ", ")
            out += f'<p class="side soft">{safe(word("same_or_open", lang))}: {safe(names)}</p>'
    return out


def _side(rows: Sequence[Mapping[str, Any]], verdict: str, lang: Lang) -> str:
    key = "gains" if verdict == BETTER else "loses"
    own = sorted((row for row in rows if row["verdict"] == verdict), key=lambda row: -abs(row["mean"]))
    told = ("、" if lang == "ja" else ", ").join(
        f"{name_words(row['group'], lang)} {change(row['mean'], row['unit'], lang)}" for row in own[:_MOST_GROUPS]
    )
    return f'<p class="side">{chip(verdict, word(key, lang))}{safe(told or word("nobody", lang))}</p>'


def _overturns(content: Content, answer: Mapping[str, Any], lang: Lang) -> str:
    out = heading("overturn", lang)
    assumed = answer["assumptions"]
    if not assumed or not assumed["moved_alone"]:
        return out + f"<p>{safe(word('no_draws', lang))}</p>"
    turns = assumed["overturned_by"]
    if not turns:
        return out + f"<p>{safe(word('no_overturn', lang))}</p>"
    lines = []
    for key in dict.fromkeys(turn["key"] for turn in turns):
        own = [turn for turn in turns if turn["key"] == key]
        now = f"{word('now', lang)} {amount_words(own[0]['from'], own[0]['unit'], lang)}"
        told = "<br>".join(safe(turn_words(content, turn, lang)) for turn in own)
        name = safe(key_words(key, lang, content.study.plan.get("measures")))
        lines.append(f"<li><b>{name}</b> <small>{safe(now)}</small><br>{told}</li>")
    return out + f'<ul class="turns">{"".join(lines)}</ul>'


def turn_words(content: Content, turn: Mapping[str, Any], lang: Lang) -> str:
    """Where an assumption turns the answer, and what the answer is there."""
    end = word("at_end", lang, end=amount_words(turn["end"], turn["unit"], lang))
    at = "" if turn["at"] is None else word("at_about", lang, at=amount_words(turn["at"], turn["unit"], lang))
    verdict = ANSWER_WORDS.get(turn["becomes"])
    becomes = verdict[0 if lang == "ja" else 1] if verdict else setting_label(content, turn["becomes"], lang)
    becomes = f"「{becomes}」" if lang == "ja" else becomes
    return (
        f"{at}{'、' if at and lang == 'ja' else ', ' if at else ''}{end}{becomes}"
        if lang == "ja"
        else (f"{at}{', ' if at else ''}{end}: {becomes}")
    )


def _level(row: Mapping[str, Any], lang: Lang) -> str:
    if row["mean"] is None:
        return "–"
    return (figure if row["pair"] is None else change)(row["mean"], row["unit"], lang)
