"""The handbook keeps its word: both languages say the same, its commands exist, and its files and commands run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.main import get_command

from twin.cli import app
from twin.data import DISTRICTS
from twin.models.registry import BUILT_IN
from twin.scenario.plan.check import check_scenario

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    p.relative_to(DOCS).as_posix()
    for p in [
        *DOCS.glob("tutorial/*.md"),
        *DOCS.glob("howto/*.md"),
        *(DOCS / name for name in ("index.md", "cannot-tell.md", "reference/models.md", "reference/districts.md")),
    ]
    if not p.name.endswith(".ja.md")
)
#: Pages that a hook makes of READMEs beside the handbook.
SCIENCE = {
    **{f"science/{readme.parent.name}.md": readme for readme in ROOT.glob("models/*/README.md")},
    "science/districts.md": ROOT / "data/README.md",
}
_BLOCK = re.compile(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def read(page):
    return (DOCS / page).read_text(encoding="utf-8")


def japanese(page):
    return page.removesuffix(".md") + ".ja.md"


def blocks(page):
    return _BLOCK.findall(read(page))


def titled(page):
    return {title: text for _, title, text in blocks(page) if title}


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_sections_files_and_commands(page):
    english, other = read(page), read(japanese(page))
    assert re.findall(r"^#+ ", english, re.MULTILINE) == re.findall(r"^#+ ", other, re.MULTILINE)
    code = [(lang, title, text) for lang, title, text in blocks(page) if lang != "python"]
    assert code == [(lang, title, text) for lang, title, text in blocks(japanese(page)) if lang != "python"]
    assert re.search(r"[ぁ-ん]", other)


@pytest.mark.parametrize("page", [*PAGES, *map(japanese, PAGES)])
def test_every_link_leads_to_a_page(page):
    here = (DOCS / page).parent
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(page)):
        there = (here / target).resolve()
        assert there.is_file() or there.relative_to(DOCS).as_posix() in SCIENCE, target


def test_every_page_is_in_the_contents():
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    nav = str(YAML(typ="safe").load(text)["nav"])
    for page in PAGES:
        assert page in nav, page


def test_every_model_and_district_has_its_card_and_its_page_of_science():
    nav = str(YAML(typ="safe").load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"])
    hook = (DOCS / "join_science.py").read_text(encoding="utf-8")
    for page in SCIENCE:
        assert page in nav
        assert Path(page).stem in hook
    for language in ("", ".ja"):
        assert set(re.findall(r"\.\./(science/\w+\.md)", read(f"reference/models{language}.md"))) == {
            f"science/{name}.md" for name in BUILT_IN
        }
        districts = re.findall(r"^## (osaka_\w+)$", read(f"reference/districts{language}.md"), re.MULTILINE)
        assert sorted(districts) == sorted(DISTRICTS)


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_option_shown_exists(page):
    program = get_command(app)
    lines = [line for lang, _, text in blocks(page) if lang in ("console", "text") for line in text.splitlines()]
    for line in lines:
        words = shlex.split(line)
        assert words[0] == "twin"
        command = program.commands[words[1]]
        if hasattr(command, "commands"):
            command = command.commands[words[2]]
        known = {name for option in command.params for name in option.opts}
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("page", [page for page in PAGES if titled(page)])
def test_every_file_shown_is_sound(page, tmp_path):
    files = titled(page)
    for title, text in files.items():
        (tmp_path / title).write_text(text, encoding="utf-8")
    for title in files:
        if title.endswith(".yaml"):
            report = check_scenario(tmp_path / title)
            assert report.ok, report


@pytest.mark.parametrize("page", ["tutorial/gate.md", "howto/fork-at-noon.md", "howto/own-stops.md"])
def test_its_commands_run_as_printed(page, tmp_path):
    """The longer tutorials are run by hand: python -m tests.verification.handbook."""
    for title, text in titled(page).items():
        (tmp_path / title).write_text(text, encoding="utf-8")
    commands = [line for lang, _, text in blocks(page) if lang == "console" for line in text.splitlines()]
    assert len(commands) >= 2
    for command in commands:
        words = [sys.executable, "-m", *shlex.split(command)]
        done = subprocess.run(
            words, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert done.returncode == 0, f"{command}\n{done.stderr[-2000:]}"
