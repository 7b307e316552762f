"""The list of keys is complete, says what a file may say, and the handbook's pages are what the code gives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from twin.models import registry
from twin.params import GRADES, Params
from twin.scenario.plan import reference

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"


def every_field(group, above):
    """Keys as a walk over default values finds them: the other way round than the reference goes."""
    for name, info in type(group).model_fields.items():
        key, value = f"{above}.{info.alias or name}", getattr(group, name)
        members = value.values() if isinstance(value, dict) else value if isinstance(value, tuple | list) else [value]
        suffix = ".NAME" if isinstance(value, dict) else "[]" if isinstance(value, tuple | list) else ""
        inner = [member for member in members if isinstance(member, Params)]
        if not inner:
            yield key
        for member in inner:
            yield from every_field(member, key + suffix)


@pytest.mark.parametrize("model", registry.ORDER)
def test_every_default_of_a_model_is_listed_once(model):
    listed = [key.key for key in reference.keys_of(f"{model}.")]
    assert len(listed) == len(set(listed))
    assert set(every_field(registry.params_class(model)(), model)) <= set(listed)


def test_every_key_has_a_source_and_a_grade():
    for key in reference.keys_of():
        assert key.source, key.key
        assert key.grade in GRADES, key.key


def test_words_and_bounds_are_told():
    known = {key.key: key for key in reference.keys_of()}
    assert known["road_traffic.form"].allowed == "free_flow, queueing"
    assert "≥" in known["transit.fleet.count"].allowed
    assert known["transit.promise.wait_at_most"].default == "15 min"


def test_a_prefix_leaves_the_rest_out():
    some = reference.keys_of("transit.fleet")
    assert some
    assert all(key.key.startswith("transit.fleet") for key in some)
    assert {info.name.split(".")[0] for info in reference.kpis_of("terminal")} == {"terminal"}


@pytest.mark.parametrize("page", ["keys", "kpis"])
def test_the_page_of_the_handbook_is_what_the_code_gives(page):
    made = getattr(reference, f"{page}_markdown")()
    assert (DOCS / f"{page}.md").read_text(encoding="utf-8") == made, (
        f"make it anew: twin keys{' --kpis' if page == 'kpis' else ''} --markdown > docs/reference/{page}.md"
    )


def test_the_command_prints_tables_json_and_a_word_for_nothing(twin):
    assert "transit.fleet.count" in twin("keys", "transit.fleet").stdout
    found = json.loads(twin("keys", "terminal.wait", "--kpis", "--json").stdout)
    assert found["kpis"]
    none = twin("keys", "transit.nothing")
    assert none.returncode == 2
    assert "no name begins" in none.stderr
