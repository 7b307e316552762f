"""What a calibration comes to: a file that a scenario can stand on, and sentences for people in both languages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twin.arrays import Floats
from twin.results.run_folder import sealed
from twin.results.words import Lang, figure, number

CALIBRATION = "calibration.json"
#: Arrivals scaled to counts, beside it: a table of the scenario that stands on it.
ARRIVALS = "arrivals.csv"
FORMAT = 1
METHOD = (
    "polynomial emulator of second degree on Latin hypercube runs, statistics compressed to one per parameter, "
    "flat prior over the ranges, multivariate t likelihood, affine-invariant ensemble sampler (emcee)"
)
#: Samples of the posterior that the file keeps.
_KEPT = 200


def calibration_json(
    plan: Mapping[str, Any],
    variant: str,
    facts: Sequence[Mapping[str, Any]],
    samples: Floats,
    *,
    runs: int,
    identified: Mapping[str, Any] | None,
    held_out: Mapping[str, Any] | None,
    fitted: Mapping[str, Any] | None,
    outlook: Mapping[str, Any] | None,
    dropped: Sequence[str],
    arrivals: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of ``calibration.json``, sealed.

    Parameters
    ----------
    plan
        Content of the plan that was calibrated.
    variant
        Which variant.
    facts
        Key, unit, prior ends and whether the value is whole, for each parameter.
    samples : (s, p)
        Posterior in the unit cube; the prior where nothing was observed.
    runs
        How many runs it took.
    identified, held_out, fitted, outlook, dropped
        What the data tell, as plain data; None where nothing was observed or asked.
    arrivals
        The table of arrivals that was scaled to counts; None without.
    """
    keys = [_key(fact, samples[:, k]) for k, fact in enumerate(facts)]
    chosen = samples[np.linspace(0, len(samples) - 1, min(_KEPT, len(samples))).astype(int)]
    content: dict[str, Any] = {
        "kind": "calibration",
        "format": FORMAT,
        "twin": plan["twin"],
        "name": plan["name"],
        "scenario_sha256": plan["scenario_sha256"],
        "variant": variant,
        "seed": plan["seed"],
        "runs": runs,
        "method": METHOD if fitted else "no observations: the prior as it stands",
        "observed": fitted is not None,
        "keys": keys,
        "correlation": np.corrcoef(samples.T).reshape(len(facts), len(facts)).tolist(),
        "samples": [
            [float(f"{_number(fact, share):.6g}") for fact, share in zip(facts, row, strict=True)] for row in chosen
        ],
        "identified": identified,
        "fitted": fitted,
        "held_out": held_out,
        "outlook": outlook,
        "dropped": list(dropped),
        "arrivals": arrivals,
    }
    content["sentences"] = {lang: list(_sentences(content, lang)) for lang in ("ja", "en")}
    return sealed(content)


def _number(fact: Mapping[str, Any], share: float) -> float:
    if fact["whole"]:
        return float(min(np.floor(fact["low"] + share * (fact["high"] - fact["low"] + 1)), fact["high"]))
    return float(fact["low"] + share * (fact["high"] - fact["low"]))


def _key(fact: Mapping[str, Any], shares: Floats) -> dict[str, Any]:
    low, middle, high = (_number(fact, float(x)) for x in np.quantile(shares, [0.025, 0.5, 0.975]))
    value = float(round(middle)) if fact["whole"] else _number(fact, float(shares.mean()))

    def text(x: float) -> str:
        return f"{int(x) if fact['whole'] else f'{x:.6g}'} {fact['unit']}".strip()

    return {
        "key": fact["key"],
        "unit": fact["unit"],
        "value": float(f"{value:.6g}"),
        "interval": [float(f"{low:.6g}"), float(f"{high:.6g}")],
        "prior": [fact["low"], fact["high"]],
        "value_text": text(value),
        "low_text": text(low),
        "high_text": text(high),
        "width": float(shares.std() * 12**0.5),
    }


def _sentences(content: Mapping[str, Any], lang: Lang) -> list[str]:
    return _ja(content) if lang == "ja" else _en(content)


def _ja(content: Mapping[str, Any]) -> list[str]:
    out = []
    if not content["observed"]:
        out.append("観測値がないため較正はできない。以下は前提の範囲をそのまま述べたものである。")
    if content["arrivals"]:
        factor = number(content["arrivals"]["scaled_by"])
        out.append(
            f"来訪者数を計数{number(content['arrivals']['counted'])}人に合わせた（全体で{factor}倍、arrivals.csv）。"
        )
    out += [
        f"{key['key']}：{key['value_text']}（95％区間 {key['low_text']}〜{key['high_text']}、"
        f"前提の幅の{number(100 * key['width'])} %）"
        for key in (content["keys"] if content["observed"] else ())
    ]
    if content["fitted"] and content["fitted"]["misfit"]:
        out.append("注意：どの値でも観測に合わない。範囲か、モデルか、観測のどれかが違う。値を使わないこと。")
    if content["dropped"]:
        out.append("モデルに対応する値がないか動かない観測は使っていない：" + "、".join(content["dropped"]))
    told = content["identified"]
    if told and told["untold"]:
        out.append("観測からは決まらない：" + "、".join(told["untold"]))
    for first, second, correlation in told["together"] if told else ():
        out.append(f"{first}と{second}は観測からは区別できない（相関{number(correlation)}）。")
    held = content["held_out"]
    if held:
        share = number(100 * held["within_two"])
        out.append(f"保留した{held['numbers']}個の観測のうち{share} %が標準誤差の2倍以内にある。")
    return [*out, *_outlook_ja(content["outlook"])]


def _outlook_ja(outlook: Mapping[str, Any] | None) -> list[str]:
    if not outlook:
        return []
    out = []
    for name, of in (("前提の範囲では", outlook["prior"]), ("較正後は", outlook["posterior"])):
        if of is None:
            continue
        unit = outlook["unit"]
        ends = "〜".join(figure(x, unit, "ja") for x in of["interval"])
        said = f"{name}{outlook['kpi']}は{ends}"
        if of["chance"] is not None:
            said += f"、{figure(outlook['target'], unit, 'ja')}に届く確率は{number(100 * of['chance'])} %"
        out.append(said + "。")
    best = [m for m in outlook["measurements"] if m["kind"] != "parameter"][:3]
    if best:
        listed = "、".join(f"{m['name']}（{number(100 * m['narrows'])} %）" for m in best)
        out.append(f"1日測れば最も幅を狭めるもの：{listed}。")
    return out


def _en(content: Mapping[str, Any]) -> list[str]:
    out = []
    if not content["observed"]:
        out.append("Nothing was observed, so that nothing can be calibrated: what follows is the prior as it stands.")
    if content["arrivals"]:
        factor = number(content["arrivals"]["scaled_by"])
        counted = number(content["arrivals"]["counted"])
        out.append(f"Arrivals were scaled to {counted} people counted ({factor} times in all; arrivals.csv).")
    out += [
        f"{key['key']}: {key['value_text']} (95 % interval {key['low_text']} to {key['high_text']}, "
        f"{number(100 * key['width'])} % of the prior's width)"
        for key in (content["keys"] if content["observed"] else ())
    ]
    if content["fitted"] and content["fitted"]["misfit"]:
        out.append(
            "Caution: no value in the ranges fits what was observed. The ranges, the model or the observations are "
            "wrong; do not use these values."
        )
    if content["dropped"]:
        out.append(
            "Observations that no run gives, or that never move, were not used: " + ", ".join(content["dropped"])
        )
    told = content["identified"]
    if told and told["untold"]:
        out.append("The observations do not tell: " + ", ".join(told["untold"]))
    for first, second, correlation in told["together"] if told else ():
        out.append(f"The observations cannot tell {first} and {second} apart (correlation {number(correlation)}).")
    held = content["held_out"]
    if held:
        share = number(100 * held["within_two"])
        out.append(f"Of {held['numbers']} numbers held out {share} % lie within two standard errors.")
    return [*out, *_outlook_en(content["outlook"])]


def _outlook_en(outlook: Mapping[str, Any] | None) -> list[str]:
    if not outlook:
        return []
    out = []
    for name, of in (("Over the ranges", outlook["prior"]), ("After calibration", outlook["posterior"])):
        if of is None:
            continue
        unit = outlook["unit"]
        ends = " to ".join(figure(x, unit, "en") for x in of["interval"])
        said = f"{name} {outlook['kpi']} is {ends}"
        if of["chance"] is not None:
            said += (
                f", and the chance of reaching {figure(outlook['target'], unit, 'en')} {number(100 * of['chance'])} %"
            )
        out.append(said + ".")
    best = [m for m in outlook["measurements"] if m["kind"] != "parameter"][:3]
    if best:
        listed = ", ".join(f"{m['name']} ({number(100 * m['narrows'])} %)" for m in best)
        out.append(f"A day's measurement that would narrow this most: {listed}.")
    return out
