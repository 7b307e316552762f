"""An answer in one sentence, in Japanese and English, from the same numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twin.results.answers import FAILS, FOUND, HOLDS, MISSED, NONE_HOLDS, REACHED, Answer, Row, SettingAnswer
from twin.results.assumed import Assumed
from twin.results.days import DERIVED_WORDS
from twin.results.definitions import Recount
from twin.results.kpis import KpiInfo
from twin.results.verdicts import BETTER, CANNOT_TELL, HIGHER, LOWER, SAME, WORSE
from twin.results.words import UNIT_WORDS, Lang, change, figure, number, size, span

_VERDICTS: dict[str, tuple[str, str]] = {
    BETTER: ("改善する", "better"),
    WORSE: ("悪化する", "worse"),
    SAME: ("実質的に同じ", "practically the same"),
    HIGHER: ("増える", "higher"),
    LOWER: ("減る", "lower"),
    CANNOT_TELL: ("判断できない", "cannot be told"),
    HOLDS: ("満たす", "holds"),
    FAILS: ("満たさない", "does not hold"),
    REACHED: ("届く", "reached"),
    MISSED: ("届かない", "not reached"),
    "": ("値がない", "there is no such figure"),
}
#: Verdicts of a question or a check that are no verdicts of a comparison.
ANSWER_WORDS: dict[str, tuple[str, str]] = {
    **_VERDICTS,
    FOUND: ("見つかった", "found"),
    NONE_HOLDS: ("満たす設定なし", "no setting holds"),
    "": ("下記のとおり", "see below"),
}


def repeated(replications: int, lang: Lang) -> str:
    """How many replications there were: it begins what an answer says of its effort."""
    return f"反復{replications}回" if lang == "ja" else f"{replications} replication{'s' if replications != 1 else ''}"


@dataclass(frozen=True)
class Speaker:
    """Says answers in one language.

    Attributes
    ----------
    lang
        The language.
    infos
        KPI -> words for people.
    labels
        Variant -> ``{"ja": …, "en": …}``.
    """

    lang: Lang
    infos: Mapping[str, KpiInfo]
    labels: Mapping[str, Mapping[str, str]]

    def sentence(self, answer: Answer) -> str:
        """The answer: what was asked, what came out, how sure it is, and what it took."""
        ask = answer.question.ask.get(self.lang) or answer.question.id
        said = self._search(answer) if answer.settings else self._join(self._rows(answer))
        if self.lang == "ja":
            return f"{ask.rstrip('。')}：{said}。{self._effort(answer)}"
        return f"{ask.rstrip('.')}: {said}. {self._effort(answer)}"

    def notes(self, answer: Answer, recounts: Sequence[Recount] = ()) -> list[str]:
        """What must be said beside the answer."""
        out = [self._recount(recount) for recount in recounts]
        for kpi, group, value in answer.constant:
            name, unit = self._kpi(kpi, group), self._unit_of(kpi)
            out.append(
                self._say(
                    f"{name}は全ての案で同じ（{figure(value, unit, 'ja')}）：このシナリオではこの問いに答えられない",
                    f"{name} is the same in every variant ({figure(value, unit, 'en')}): this scenario cannot answer "
                    "what is asked of it",
                )
            )
        for kpi, group, groups in answer.missing:
            there = ", ".join(groups)
            out.append(
                self._say(
                    f"{self._kpi(kpi, group)}の値を出した実行がない" + (f"（あるグループ：{there}）" if there else ""),
                    f"no run gave {self._kpi(kpi, group)}" + (f"; groups there are: {there}" if there else ""),
                )
            )
        if answer.pairs == 1:
            out.append(self._say("反復が1回のみ：偶然の幅は分からない", "one replication only: no interval for luck"))
        for kpi, group in dict.fromkeys((row.check.kpi, row.check.group) for row in answer.rows if row.skewed):
            name = self._kpi(kpi, group)
            out.append(
                self._say(
                    f"{name}は少数の反復に左右される：区間は額面ほど確かでない",
                    f"{name} rests on a few replications far from the others: "
                    "its intervals are less sure than they say",
                )
            )
        return out

    def _recount(self, found: Recount) -> str:
        name, unit, groups = self._kpi(found.kpi, "all"), self._unit_of(found.kpi), ", ".join(found.left_out)
        was, would = (figure(value, unit, self.lang) for value in (found.counted, found.otherwise))
        moved = size(found.moved, unit, self.lang)
        return self._say(
            f"{name}は対策よりも誰を数えるかで動く：{groups}を除くと{was}ではなく{would}、案による違いは最大{moved}",
            f"{name} depends more on who is counted than on what is done: without {groups} it is {would} instead of "
            f"{was}, and no two variants differ by more than {moved}",
        )

    def _rows(self, answer: Answer) -> list[str]:
        """Rows with a value; where no run gave any, that is said."""
        given = [row for row in answer.rows if row.verdict]
        return [self.row(row) for row in given or answer.rows]

    def of_assumptions(self, answer: Answer, assumed: Assumed) -> str:
        """The second range: how many draws agree, how far figures reach over them, and what overturns the answer."""
        n, agree = assumed.draws, assumed.agree
        if answer.settings:
            none = self._say("満たす設定なし", "none holds")
            counts = [(self._text(name) or none, count) for name, count in assumed.found.items()]
            told = self._say(
                "、".join(f"{name}が{count}通り" for name, count in counts),
                ", ".join(f"{name} in {count}" for name, count in counts),
            )
            said = self._say(f"前提を{n}通りに変えると：{told}。", f"Over {n} draws of the assumptions: {told}.")
            return said + self._overturned(assumed)
        spans = []
        for row in assumed.rows:
            if math.isnan(row.lo):
                continue
            of_change = row.check.first is not None
            reach = span(row.lo, row.hi, row.check.unit, self.lang, of_change=of_change)
            name = self._kpi(row.check.kpi, row.check.group)
            second = self._label(row.check.second)
            spans.append(
                self._say(
                    f"{second}の{name}は{reach}（一致{row.agree}/{row.draws}）",
                    f"{second}, {name}: {reach} ({row.agree} of {row.draws} agree)",
                )
            )
        if not spans:
            return ""
        said = self._say(
            f"前提を{n}通りに変えると{agree}通りが同じ答え：", f"{agree} of {n} draws of the assumptions agree: "
        )
        return said + self._join(spans) + self._say("。", ".") + self._overturned(assumed)

    def _overturned(self, assumed: Assumed) -> str:
        if not assumed.moved:
            return ""
        turns = []
        for turn in assumed.overturns:
            word = ANSWER_WORDS.get(turn.says, (self._text(turn.says),) * 2)[0 if self.lang == "ja" else 1]
            value, end = number(turn.ends.value), f"{number(turn.end)} {turn.ends.unit}".strip()
            at = number(turn.at)
            about = "" if math.isnan(turn.at) else self._say(f"およそ{at}から、", f"about {at}, ")
            turns.append(
                self._say(
                    f"{turn.ends.key}が{value}と{end}の間（{about}{end}では{word}）",
                    f"{turn.ends.key} between {value} and {end} ({about}{word} at {end})",
                )
            )
        if not turns:
            return self._say(
                "どの前提も単独では範囲内で答えを覆さない。", " No assumption alone overturns it within its range."
            )
        return self._say(f"答えを覆す前提：{'；'.join(turns)}。", f" What alone overturns it: {'; '.join(turns)}.")

    def row(self, row: Row, *, named: bool = True) -> str:
        """What came out of one check; of a setting, without its name."""
        if not named:
            return self._of_setting(row)
        check = row.check
        verdict = _VERDICTS[row.verdict][0 if self.lang == "ja" else 1]
        name, second = self._kpi(check.kpi, check.group), self._label(check.second)
        if row.verdict == "":
            return self._say(f"{second}：{name}は{verdict}", f"{second}: {name}: {verdict}")
        if check.role in ("compare", "group"):
            pair_ja, pair_en = self._pair(check.first or "", check.second)
            return self._say(
                f"{pair_ja}に比べて{verdict}（{name}：{self._difference(row)}）",
                f"{pair_en}: {verdict} ({name}: {self._difference(row)})",
            )
        if check.first is not None:
            return self._say(
                f"{second}：{name}の悪化は{self._bound(row)}以内を{verdict}（{self._difference(row)}）",
                f"{second}: {name} worse by at most {self._bound(row)} {verdict} ({self._difference(row)})",
            )
        found = self._level(row)
        at_most = check.better == "lower"
        if check.role == "target":
            return self._say(
                f"{second}は目標の{self._bound(row)}に{verdict}（{name}：{found}）",
                f"{second}: the target of {self._bound(row)} is {verdict} ({name}: {found})"
                if row.verdict != CANNOT_TELL
                else f"{second}: whether the target of {self._bound(row)} is reached cannot be told ({name}: {found})",
            )
        return self._say(
            f"{second}：{name}{self._bound(row)}{'以下' if at_most else '以上'}を{verdict}（{found}）",
            f"{second}: {name} at {'most' if at_most else 'least'} {self._bound(row)} {verdict} ({found})",
        )

    def _of_setting(self, row: Row) -> str:
        check, name = row.check, self._kpi(row.check.kpi, row.check.group)
        verdict = _VERDICTS[row.verdict][0 if self.lang == "ja" else 1]
        if check.first is not None:
            return self._say(
                f"{name}の悪化{self._bound(row)}以内を{verdict}：{self._difference(row)}",
                f"{name} worse by at most {self._bound(row)} {verdict}: {self._difference(row)}",
            )
        ja, en = ("以下", "most") if check.better == "lower" else ("以上", "least")
        return self._say(
            f"{name}{self._bound(row)}{ja}を{verdict}：{self._level(row)}",
            f"{name} at {en} {self._bound(row)} {verdict}: {self._level(row)}",
        )

    def _say(self, ja: str, en: str) -> str:
        return ja if self.lang == "ja" else en

    def _join(self, parts: list[str]) -> str:
        return self._say("；", "; ").join(parts)

    def _kpi(self, kpi: str, group: str) -> str:
        info = self.infos.get(kpi)
        words = kpi if info is None else info.ja if self.lang == "ja" else info.en
        return words if group in ("", "all") else f"{words} [{group}]"

    def _unit_of(self, kpi: str) -> str:
        info = self.infos.get(kpi)
        return info.unit if info else ""

    def _label(self, variant: str) -> str:
        return str(self.labels.get(variant, {}).get(self.lang) or variant)

    def _pair(self, first: str, second: str) -> tuple[str, str]:
        """Two variants in words up to the verdict; a kind of day that both have is told once."""
        one, other = self._label(first), self._label(second)
        opening, closing = ("（", "）") if self.lang == "ja" else (" (", ")")
        same_day = first.rpartition("+")[2] == second.rpartition("+")[2] and "+" in first
        day = one.rpartition(opening)[2].removesuffix(closing) if same_day and one.endswith(closing) else ""
        ending = f"{opening}{day}{closing}"
        if not day or not other.endswith(ending):
            return f"{other}は{one}", f"{other} against {one}"
        one, other = one.removesuffix(ending), other.removesuffix(ending)
        return f"{day}：{other}は{one}", f"{other} against {one}{ending}"

    def _setting(self, found: SettingAnswer) -> str:
        return self._text(found.setting.text)

    def _text(self, setting: str) -> str:
        """A setting as people read it: a variant by its label, a value with the word for its unit."""
        label = self._label(setting)
        value, _, unit = label.partition(" ")
        known = label == setting and unit in UNIT_WORDS and value.replace(".", "", 1).replace(",", "").isdigit()
        return f"{value}{UNIT_WORDS[unit][0]}" if known and self.lang == "ja" else label

    def _bound(self, row: Row) -> str:
        check = row.check
        if check.relative:
            return f"{number(100 * check.bound)} %"
        return (size if check.first is not None else figure)(check.bound, check.unit, self.lang)

    def _difference(self, row: Row) -> str:
        check, found = row.check, row.interval
        told = change(found.mean, check.unit, self.lang)
        if row.first_mean and not math.isnan(row.first_mean) and check.unit != "share":
            told += f" ({number(100 * found.mean / abs(row.first_mean), signed=True)} %)"
        if found.n > 1 and math.isfinite(found.lo):
            ends = span(found.lo, found.hi, check.unit, self.lang, of_change=True)
            told += self._say(f"、区間 {ends}", f", interval {ends}")
        if check.role == "compare" and check.bound:
            told += self._say(f"、{self._bound(row)}から意味がある", f"; it matters from {self._bound(row)}")
        return told + self._only_less_than_matters(row)

    def _only_less_than_matters(self, row: Row) -> str:
        """What can be said all the same where it is open whether a difference matters."""
        found = row.interval
        if row.verdict != CANNOT_TELL or not row.check.bound or found.n < 2 or found.lo <= 0.0 <= found.hi:
            return ""
        ja, en = ("増える", "more") if found.lo > 0.0 else ("減る", "less")
        return self._say(f"、{ja}こと自体は確か", f"; that it is {en} is sure")

    def _level(self, row: Row) -> str:
        found, unit = row.interval, row.check.unit
        told = figure(found.mean, unit, self.lang)
        if found.n > 1 and math.isfinite(found.lo):
            lo, hi = found.lo, found.hi
            if unit == "share":
                # The interval of a mean knows nothing of the ends of what it is the mean of.
                lo, hi = max(lo, 0.0), min(hi, max(found.mean, 1.0))
            ends = span(lo, hi, unit, self.lang, of_change=False)
            told += self._say(f"、区間 {ends}", f", interval {ends}")
        return told

    def _on_day(self, row: Row, setting: SettingAnswer) -> str:
        """One constraint at a setting, with the kind of day where there are several."""
        said, day = self.row(row, named=False), row.check.second.removeprefix(setting.setting.variant).lstrip("+")
        ja, en = DERIVED_WORDS.get(day, (day, day))
        return said if not day else self._say(f"{ja}：{said}", f"{en}: {said}")

    def _search(self, answer: Answer) -> str:
        question = answer.question
        what = {
            "smallest": ("最小の設定", "the smallest setting"),
            "largest": ("最大の設定", "the largest setting"),
            "first": ("最初に満たす案", "the first that holds"),
        }[question.wanted or "smallest"][0 if self.lang == "ja" else 1]
        first, last = answer.settings[0], answer.settings[-1]
        tried = self._say(
            f"{self._setting(first)}から{self._setting(last)}まで{len(answer.settings)}通りを試行",
            f"{len(answer.settings)} tried, from {self._setting(first)} to {self._setting(last)}",
        )
        if answer.chosen is None:
            return self._nothing_surely(answer, what, tried)
        chosen, rows = answer.chosen, self._join([self._on_day(row, answer.chosen) for row in answer.chosen.rows])
        before = answer.settings[: answer.settings.index(chosen)]
        open_ones = [self._setting(s) for s in before if s.verdict == CANNOT_TELL]
        told = self._say(f"{what}は{self._setting(chosen)}（{rows}）", f"{what} is {self._setting(chosen)} ({rows})")
        if open_ones:
            listed = ", ".join(open_ones)
            told = self._say(
                f"{self._setting(chosen)}は確かに満たす（{rows}）。{listed}は判断できない",
                f"{self._setting(chosen)} surely holds ({rows}); of {listed} it cannot be told",
            )
        elif not before and question.wanted != "first":
            told += self._say(
                "。範囲の端で既に満たすため、範囲の外にあるかもしれない",
                "; it is the end of the span, so that one beyond it may hold too",
            )
        return told + self._say(f"、{tried}", f"; {tried}")

    def _nothing_surely(self, answer: Answer, what: str, tried: str) -> str:
        best: SettingAnswer | None = answer.best
        if best is None:
            return ""
        rows = self._join([self._on_day(row, best) for row in best.rows])
        if answer.verdict == NONE_HOLDS:
            return self._say(
                f"満たす設定はない。最も近いのは{self._setting(best)}（{rows}）、{tried}",
                f"no setting holds; the nearest is {self._setting(best)} ({rows}); {tried}",
            )
        return self._say(
            f"{what}は判断できない。最も近いのは{self._setting(best)}（{rows}）、{tried}",
            f"{what} cannot be told; the nearest is {self._setting(best)} ({rows}); {tried}",
        )

    def _effort(self, answer: Answer) -> str:
        level = number(100 * answer.question.confidence)
        told = repeated(answer.pairs, self.lang) + self._say(
            f"・計{answer.runs}回の実行（信頼度{level}％）", f", {answer.runs} runs (confidence {level} %)"
        )
        if math.isnan(answer.runs_independent) or answer.pairs < 2:
            return told + self._say("。", ".")
        apart = math.ceil(answer.runs_independent)
        return told + self._say(
            f"。独立な乱数なら約{apart:,}回。", f"; with independent luck it would have taken about {apart:,}."
        )
