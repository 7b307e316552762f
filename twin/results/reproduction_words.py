"""Sentences on what the observations come to, in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from twin.results.words import Lang, change, figure, number, size

#: Verdict -> its words.
VERDICT_WORDS: dict[str, tuple[str, str]] = {
    "reproduced": ("再現している", "reproduced"),
    "nearly reproduced": ("おおむね再現している", "nearly reproduced"),
    "not reproduced": ("再現していない", "not reproduced"),
    "cannot tell": ("判定できない", "cannot tell"),
}
#: Kind of a sensor -> its words.
SENSOR_WORDS: dict[str, tuple[str, str]] = {
    "gate_count": ("通過計数", "gate count"),
    "loop": ("車両感知器", "loop detector"),
    "ticket": ("利用記録", "tickets"),
    "camera": ("AIカメラ", "AI camera"),
    "beacon": ("ビーコン", "beacons"),
    "gps": ("GPS", "GPS"),
}
NO_OBSERVATION = {
    "ja": "このシナリオには観測値（observed:）がなく、現況を再現しているかは確かめていない。"
    "水準ではなく、案どうしの差を読むこと。",
    "en": "This scenario holds no observations (observed:): whether today is reproduced is not known. Read differences "
    "between variants, not levels.",
}


def verdict_word(verdict: str, lang: Lang) -> str:
    """A verdict in words."""
    return VERDICT_WORDS[verdict][0 if lang == "ja" else 1]


def overall_words(verdicts: Sequence[str]) -> dict[str, str]:
    """How many of the observations are reproduced."""
    good, n = sum(v == "reproduced" for v in verdicts), len(verdicts)
    near = sum(v == "nearly reproduced" for v in verdicts)
    ja = f"現況再現：観測{n}件のうち{good}件を再現している" + (f"（ほかに{near}件はおおむね再現）。" if near else "。")
    en = f"today: {good} of {n} observations are reproduced" + (f", {near} more nearly." if near else ".")
    return {"ja": ja, "en": en}


def entry_words(entry: Mapping[str, Any], label: Mapping[str, str]) -> dict[str, str]:
    """One observation beside the model, in a sentence."""
    return {"ja": _ja(entry, label), "en": _en(entry, label)}


def name_of(entry: Mapping[str, Any], lang: Lang) -> str:
    """Words of an observation: its label, else that of its figure, with the sensor."""
    own = (entry.get("label") or {}).get(lang) or _figure_words(entry["kpi"], lang)
    if entry["group"] not in ("", "all"):
        own += f" [{entry['group']}]"
    kind = entry.get("sensor_kind")
    if kind is None:
        return own
    seen = SENSOR_WORDS[kind][0 if lang == "ja" else 1]
    return f"{own}（{seen}）" if lang == "ja" else f"{own} ({seen})"


def _figure_words(kpi: str, lang: Lang) -> str:
    from twin.models import registry
    from twin.results.kpis import infos

    found = registry.observables().get(kpi) or infos().get(kpi)
    if found is None:
        return kpi
    return found.ja if lang == "ja" else found.en


def _ja(entry: Mapping[str, Any], label: Mapping[str, str]) -> str:
    fit, unit = entry["fit"], entry["unit"]
    verdict = verdict_word(entry["verdict"], "ja")
    name = name_of(entry, "ja")
    if not fit["n"]:
        return f"{name}：モデルに対応する値がない（{verdict}）。"
    if not entry["counts"] and fit["n"] == 1:
        said = f"観測 {figure(fit['observed'], unit, 'ja')}、モデル {figure(fit['model'], unit, 'ja')}"
        said += f"、差 {change(fit['error_mean'], unit, 'ja')}"
    else:
        said = f"{fit['n']}個の値の平均は観測 {figure(fit['observed'], unit, 'ja')}、"
        said += f"モデル {figure(fit['model'], unit, 'ja')}、誤差（RMS） {size(fit['error_rms'], unit, 'ja')}"
    if fit["geh_share"] is not None:
        said += f"、GEH5未満は{number(100 * fit['geh_share'])} %"
    elif fit["z"] is not None:
        said += f"（標準誤差の{number(fit['z'])}倍）"
    held = entry["held_out"]
    if held and held["n"]:
        said += f"。保留した{held['n']}個では誤差（RMS） {size(held['error_rms'], unit, 'ja')}"
        if held["geh_share"] is not None:
            said += f"、GEH5未満は{number(100 * held['geh_share'])} %"
    today = label.get("ja")
    return f"{name}：{'' if not today else today + '、'}{said}。→ {verdict}{_ja_notes(entry)}"


def _ja_notes(entry: Mapping[str, Any]) -> str:
    out, gaps = "。", entry.get("gaps") or {}
    if gaps.get("empty") or gaps.get("missing"):
        out += f"欠測{gaps.get('empty', 0) + gaps.get('missing', 0)}個は比較していない。"
    if gaps.get("outside_clock"):
        out += f"計算時間外の{gaps['outside_clock']}個は比較していない。"
    if entry.get("lag_min"):
        out += f"観測を{number(entry['lag_min'])}分ずらすと合う：時計が違っていないか確かめること。"
    return out


def _en(entry: Mapping[str, Any], label: Mapping[str, str]) -> str:
    fit, unit = entry["fit"], entry["unit"]
    verdict = verdict_word(entry["verdict"], "en")
    name = name_of(entry, "en")
    if not fit["n"]:
        return f"{name}: the model gives no value for it ({verdict})."
    if not entry["counts"] and fit["n"] == 1:
        said = f"observed {figure(fit['observed'], unit, 'en')}, model {figure(fit['model'], unit, 'en')}"
        said += f", off by {change(fit['error_mean'], unit, 'en')}"
    else:
        said = f"mean of {fit['n']} values observed {figure(fit['observed'], unit, 'en')}, "
        said += f"model {figure(fit['model'], unit, 'en')}, error (RMS) {size(fit['error_rms'], unit, 'en')}"
    if fit["geh_share"] is not None:
        said += f", GEH below 5 on {number(100 * fit['geh_share'])} %"
    elif fit["z"] is not None:
        said += f" ({number(fit['z'])} standard errors)"
    held = entry["held_out"]
    if held and held["n"]:
        said += f"; on the {held['n']} held out the error is {size(held['error_rms'], unit, 'en')}"
        if held["geh_share"] is not None:
            said += f", GEH below 5 on {number(100 * held['geh_share'])} %"
    today = label.get("en")
    return f"{name}: {'' if not today else today + ', '}{said}: {verdict}{_en_notes(entry)}"


def _en_notes(entry: Mapping[str, Any]) -> str:
    out, gaps = ".", entry.get("gaps") or {}
    if gaps.get("empty") or gaps.get("missing"):
        out += f" {gaps.get('empty', 0) + gaps.get('missing', 0)} gaps are not compared."
    if gaps.get("outside_clock"):
        out += f" {gaps['outside_clock']} numbers outside the clock are not compared."
    if entry.get("lag_min"):
        out += f" Moved by {number(entry['lag_min'])} min the counts fit: is their clock another one?"
    return out
