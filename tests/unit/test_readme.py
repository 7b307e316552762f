"""The README keeps its word: its commands, links, pictures and snippets are real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from twin import api

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_exactly_two_commands_set_everything_up_and_the_checks_call_the_second():
    section = README.split("## Set up")[1].split("\n## ")[0]
    commands = [b.strip() for b in re.findall(r"```\n(.*?)```", section, re.DOTALL)]
    assert len(commands) == 2
    assert all("\n" not in command for command in commands)
    assert "twin run scenarios/osaka_weekday.yaml" in commands[0]
    checks = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    called = commands[1].replace("pip install -e", "pip install --quiet -e")
    assert called in checks


def test_every_link_and_picture_is_there():
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in t]
    assert len(targets) > 8
    for target in targets:
        assert (ROOT / target).exists(), target


def test_every_command_shown_is_one_of_the_program():
    from twin.cli import app

    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    shown = set(re.findall(r"^(?:\.venv/bin/)?twin (\w+)", "\n".join(blocks("")), re.MULTILINE))
    assert len(shown) >= 4
    assert shown <= known


def test_the_scenario_shown_is_sound(tmp_path):
    (snippet,) = blocks("yaml")
    head = "twin: 1\nname: readme\ncity: osaka_yumeshima\nseed: 1\nclock: {from: 05:00, to: 20:00}\n"
    path = tmp_path / "readme.yaml"
    path.write_text(head + snippet, encoding="utf-8")
    scenario = api.load(path)
    assert list(scenario.variants) == ["today", "lunch"]
    assert scenario.assumptions[0].source == "港湾局 聞き取り"


def test_the_python_shown_runs(tmp_path, monkeypatch):
    (snippet,) = blocks("python")
    small = tmp_path / "small.yaml"
    small.write_text(
        (ROOT / "tests" / "scenarios" / "gate.yaml").read_text(encoding="utf-8")
        + "variants: {today: {}, lunch: {set: {terminal.opening: [08:30-16:30]}}}\n",
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    assert snippet.count('"scenarios/osaka_weekday.yaml"') == 2
    code = snippet.replace('"scenarios/osaka_weekday.yaml"', repr(str(small))).replace("=4, workers=2", "=2")
    names = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102  (our own text)
    assert len(names["study"].differences) > 0
    assert names["city"].agents_by_type
    with pytest.raises(Exception, match="there is no variant"):
        names["study"].run("nobody")


def test_the_citation_names_this_version():
    from twin import __version__

    cited = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    assert cited is not None
    assert cited[1] == __version__
