"""Words of the report in both languages, and text made safe for a page."""

from __future__ import annotations

import html
from typing import Any

from twin.errors import printable
from twin.results.words import Lang

WORDS: dict[str, tuple[str, str]] = {
    "kicker": ("シミュレーションによる検討", "Study by simulation"),
    "surely": ("確かに満たす", "surely holds"),
    "open": ("{names}は判断できない", "of {names} it cannot be told"),
    "hidden": ("秘匿", "left out"),
    "masked": (
        "{k}未満の区分別の値は秘匿した：{n}項目（うち{more}項目は、引き算で分かるのを防ぐため）。秘匿は全ての案・日に及ぶ。",
        (
            "Counts of groups below {k} are left out: {n} figures, {more} of them so that no other is told by "
            "subtraction; in every variant and on every kind of day."
        ),
    ),
    "others": ("ほかの問いと答え", "Other questions"),
    "no_winners": ("この検討では区分ごとの損得を問うていない。", "The study does not ask who gains and who loses."),
    "nobody": ("該当なし", "nobody"),
    "same_or_open": ("変わらない・判断できない", "the same, or cannot be told"),
    "now": ("現在", "now"),
    "at_about": ("およそ{at}から", "from about {at}"),
    "at_end": ("{end}では", "at {end}"),
    "of_draws": ("{n}通りの前提のうち", "Of {n} draws of the assumptions"),
    "agree_all": ("前提を変えた{n}通りのうち{agree}通りが同じ答え", "{agree} of {n} draws of the assumptions agree"),
    "figures": ("図で見る", "In pictures"),
    "no_figures": (
        "図の一部は、作図ライブラリ（osaka-twin[report]）がないため描いていない。",
        'Some charts are not drawn: the libraries for them are not installed (pip install "osaka-twin[report]").',
    ),
    "by_group": ("区分ごとの差", "Differences by group"),
    "ranges_all": ("二つの幅：すべての問い", "Two ranges: every question"),
    "codes": ("指標の記号（データの列名）", "Names of figures in the tables of data"),
    "code": ("記号", "name"),
    "target": ("目標", "target"),
    "answer": ("問いと答え", "Question and answer"),
    "no_question": (
        "このシナリオには問いがない。以下は案ごとの値と差である。",
        "The scenario asks no question. Below are figures by variant and their differences.",
    ),
    "observed": ("現況再現", "Does it look like today?"),
    "no_observed": (
        "このシナリオには観測値がなく、現況との比較はしていない。以下の水準は現況再現を確かめたものではない。",
        (
            "The scenario has no observed counts: the base was not compared with any. Levels below are not shown "
            "to look like today."
        ),
    ),
    "mean_day": (
        "日の種類の記載がない値は{day}（各日を日数で加重した値）である。",
        "Figures without a kind of day are those of the {day}: each kind weighed by its days.",
    ),
    "schematic": ("地図は公表資料から作った模式図である。", "The map is schematic, authored from public facts."),
    "ranges": ("二つの幅：偶然と前提", "Two ranges: luck and assumptions"),
    "ranges_why": (
        "偶然の幅は反復を増やせば狭まる。前提の幅は反復では狭まらない。",
        "More replications narrow the range of luck. They never narrow the range of assumptions.",
    ),
    "no_draws": (
        ("前提の幅は求めていない。偶然の幅だけでは、前提が違った場合の答えは分からない。"),
        (
            "No range of assumptions was asked for. The interval of luck says nothing of what other assumptions "
            "would give (uncertainty: assumptions)."
        ),
    ),
    "luck": ("偶然", "luck"),
    "assumed": ("前提", "assumptions"),
    "agree": ("一致", "agree"),
    "overturn": ("何が答えを覆すか", "What overturns the answer"),
    "no_overturn": (
        "単独で範囲内で答えを覆す前提はない。",
        "No assumption alone overturns the answer within its range.",
    ),
    "winners": ("誰が得をし誰が損をするか", "Who gains and who loses"),
    "group": ("区分", "group"),
    "gains": ("得をする", "gains"),
    "loses": ("損をする", "loses"),
    "search": ("設定ごとの判定", "Settings tried"),
    "setting": ("設定", "setting"),
    "kpis": ("案ごとの値", "Figures by variant"),
    "kpis_caption": (
        "平均±95％信頼区間の半幅（偶然のみ）、反復{n}回",
        "mean ± half the 95 % interval (luck only), {n} replications",
    ),
    "one_run": ("反復は1回のみで、偶然の幅は分からない。", "One replication only: no interval for luck."),
    "differences": ("案の差（同じ乱数どうしの対）", "Differences between variants, by pairs with the same luck"),
    "corrected": (
        "＊は事前に問われた行。その他の行の判定は行の数で補正している（{how}）。",
        "* asked beforehand. Verdicts of the other rows are corrected for their number ({how}).",
    ),
    "nothing_moved": (
        "主な指標は全ての案で同じである。",
        "The headline figures are exactly the same in every variant.",
    ),
    "spread": ("反復ごとの値", "Every replication"),
    "figure": ("指標", "figure"),
    "unit": ("単位", "unit"),
    "difference": ("差", "difference"),
    "interval": ("95％区間", "95 % interval"),
    "verdict": ("判定", "verdict"),
    "assumptions": ("前提（格付け別）", "Assumptions by grade"),
    "grades": (
        "V 資料で確認、D 資料から計算、M 記憶、G 推測",
        "V read in the source, D derived, M remembered, G guess",
    ),
    "grade": ("格", "grade"),
    "key": ("項目", "key"),
    "model": ("モデル", "model"),
    "value": ("値", "value"),
    "range": ("範囲", "range"),
    "source": ("出典", "source"),
    "defaults": (
        "利用者が設定していない既定値のうち、推測（G）または記憶（M）のもの：{n}件",
        "Defaults nobody set that are guessed (G) or remembered (M): {n}",
    ),
    "not_in": ("幅に含まれないもの", "What is not in the ranges"),
    "not_ranged": (
        "範囲のない推測・記憶の値{n}件は動かしていない。",
        "{n} guessed or remembered values have no range and were not moved.",
    ),
    "not_form": (
        "モデルの形そのもの（何を計算し何を省くか）の違いは、どちらの幅にも含まれない。",
        "What the models leave out is in neither range.",
    ),
    "left_out": ("引けなかった前提：", "Assumptions that could not be drawn: "),
    "ledger": ("帳簿（最初の反復）", "Ledger (first replication)"),
    "ledger_why": (
        "入った数＋受け取った数＝域内＋出た数＋渡した数",
        "entered + received = inside + left + handed over",
    ),
    "no_ledger": (
        "実行ごとの表は保存していない（--lean）。帳簿は実行中に検算され、合わなければ実行は止まる。",
        ("Tables of single runs were not kept (--lean). The ledger is checked while running; a break stops the run."),
    ),
    "variant": ("案", "variant"),
    "account": ("勘定", "account"),
    "entry": ("項目", "entry"),
    "count": ("数", "count"),
    "provenance": ("数字の出どころ", "Where the numbers come from"),
    "prov_scenario": ("シナリオのSHA-256", "SHA-256 of the scenario"),
    "prov_seed": ("乱数の種", "seed"),
    "prov_runs": ("実行数", "runs"),
    "prov_twin": ("プログラムの版", "version of twin"),
    "prov_with": ("使用ライブラリ", "with"),
    "prov_kpis": ("値の表のSHA-256", "SHA-256 of the figures"),
    "prov_answers": ("答えのSHA-256", "SHA-256 of the answers"),
    "prov_method": ("区間の方法", "method of intervals"),
    "prov_map": ("地図", "map"),
    "prov_data": ("データ", "data"),
    "prov_repeat": ("同じ結果を得るコマンド", "command that gives the same"),
}


def word(key: str, lang: Lang, **values: Any) -> str:
    """A word or sentence of the report, not yet escaped."""
    text = WORDS[key][0 if lang == "ja" else 1]
    return text.format(**values) if values else text


def safe(text: Any) -> str:
    """Text of strangers as text: no markup, no marks that reorder or hide what is read."""
    return html.escape(printable(str(text)))
