"""The tree: values by YAML 1.2, marks on every node, and guards before anything is built."""

import time

import pytest

from twin.errors import ScenarioError
from twin.scenario.language.document import MAX_NODES, Problems, parse_document, plain, read_text, scalars


def parse(text):
    return parse_document(text, Problems("s.yaml"))


def fault(text):
    with pytest.raises(ScenarioError) as caught:
        parse(text)
    return str(caught.value)


def test_scalars_follow_the_core_schema():
    text = "a: [no, on, 8:30:00, 08:30, 012, 0x1F, 0o17, 1e3, 1., ~, '5', true, 1_000, -3]"
    assert plain(parse(text)) == {
        "a": ["no", "on", "8:30:00", "08:30", 12, 31, 15, 1000.0, 1.0, None, "5", True, "1_000", -3]
    }


def test_every_node_knows_its_line_column_and_path():
    tree = parse("terminal:\n  lanes:\n    - {count: 6}\n")
    ((way, leaf),) = scalars(tree)
    assert way == ("terminal", "lanes", "0", "count")
    assert (leaf.mark.line, leaf.mark.column, leaf.path) == (3, 15, "terminal.lanes[0].count")


def test_keys_may_be_japanese_or_numbers_and_are_text():
    assert plain(parse("東: 1\n8: 2\n")) == {"東": 1, "8": 2}


def test_characters_in_two_escapes_are_joined_as_in_json():
    assert plain(parse('{"\\ud83d\\ude8c": "\\ud83d\\ude8c"}')) == {"🚌": "🚌"}


def test_aliases_share_a_value():
    assert plain(parse("a: &x {b: 1}\nc: *x\n")) == {"a": {"b": 1}, "c": {"b": 1}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3\n", "the key a stands twice, on line 1 and on line 3"),
        ("a: .nan", ".nan is not a finite number"),
        ("a: -.inf", "-.inf is not a finite number"),
        ("a: 1e999", "1e999 is not a finite number"),
        ("a: 99999999999999999999999", "beyond the numbers"),
        ("a: !!python/object:os.system x", "the tag !!python/object:os.system is not taken"),
        ("a: !thing {b: 1}", "the tag !thing is not taken"),
        ("a: !!str 5", "the tag !!str is not taken"),
        ("a: *x", "the alias *x has no anchor before it"),
        ("a: &x [*x]", "the alias *x has no anchor before it"),
        ("base: &b {x: 1}\na:\n  <<: *b\n", "merge keys (<<) are not part of YAML 1.2"),
        ("? [1, 2]\n: 3\n", "a list or mapping stands where a key is due"),
        ("a: 1\n: 3\n", "a key is empty"),
        ("a: 1\n---\nb: 2\n", "a second document begins"),
        ("%YAML 1.1\n---\na: 1\n", "directives"),
        ("- 1\n- 2\n", "no mapping of keys"),
        ("", "the file is empty"),
        ("# only words\n", "the file is empty"),
        ("null", "the file is empty"),
        ("a: [1, 2", "not YAML"),
        ("a: \x07", "not YAML"),
        ("a: '\\x", "not YAML"),
        ('a: "\\UFFFFFFFF"', "not YAML"),
        ('a: "\\ud800"', "half a character"),
    ],
)
def test_what_a_scenario_may_not_hold_is_named(text, said):
    assert said in fault(text)


def test_tabs_and_full_width_characters_are_named_in_plain_words():
    said = fault("twin: 1\n\ta: 2\n")
    assert "a tab in the indentation" in said
    assert "line 2, column 1" in said
    said = fault("twin: 1\nclock:\n　　from: 05:00\n")
    assert "a full-width space before or after a key" in said
    assert "line 3, column 1" in said
    assert "a full-width space in the indentation" in fault("clock:\n  to: 06:00\n　from: 05:00: x\n")
    said = fault("twin：1\nname：x\n")
    assert said.count("a full-width colon") == 2
    assert "line 2, column 5" in said
    assert "a full-width space after a key's colon" in fault("twin: 1\nname:　x\n")
    said = fault("clock: {from：05:00, to: 06:00}\n")
    assert "a full-width colon ： after a key" in said
    assert "line 1, column 13" in said


def test_full_width_colons_in_titles_and_quoted_keys_are_fine():
    assert plain(parse("'実：空': 1\n")) == {"実：空": 1}
    assert plain(parse("title: 大阪：三つの仕組み\n")) == {"title": "大阪：三つの仕組み"}


def test_deep_nesting_is_refused_and_not_recursed_into():
    assert "nested deeper than 30 levels" in fault("a: " + "[" * 100_000)
    assert "nested deeper than 30 levels" in fault("a: " + "{a: " * 1000)
    assert plain(parse("a: " + "[" * 29 + "]" * 29))


def test_deep_nesting_through_aliases_is_refused():
    lines = ["a0: &a0 " + "[" * 10 + "]" * 10]
    lines += [f"a{i}: &a{i} [[[[[[[[[[*a{i - 1}]]]]]]]]]]" for i in range(1, 5)]
    assert "nested deeper than 30 levels through *a1" in fault("\n".join(lines))


def test_an_alias_bomb_is_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    began = time.perf_counter()
    assert f"more than {MAX_NODES} values" in fault("\n".join(lines))
    assert time.perf_counter() - began < 2


def test_the_size_of_the_file_is_bounded(tmp_path):
    path = tmp_path / "big.yaml"
    path.write_text("#" * 1_000_001)
    with pytest.raises(ScenarioError, match="larger than 1000 kB"):
        read_text(path, Problems(str(path)))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("twin: 1\ntitle: 大阪市\n".encode("cp932"), "Shift_JIS (cp932), not UTF-8"),
        ("twin: 1\n".encode("utf-16"), "UTF-16"),
        (b"twin: 1\n\x81\xff", "not UTF-8 text"),
    ],
)
def test_other_encodings_are_named(tmp_path, data, said):
    path = tmp_path / "x.yaml"
    path.write_bytes(data)
    with pytest.raises(ScenarioError) as caught:
        read_text(path, Problems(str(path)))
    assert said in str(caught.value)


def test_the_line_of_the_first_foreign_byte_is_told(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes("twin: 1\ntitle: 大阪市\n".encode("cp932"))
    with pytest.raises(ScenarioError, match="line 2, column 8"):
        read_text(path, Problems(str(path)))


def test_a_byte_order_mark_is_tolerated(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text("twin: 1\n", encoding="utf-8-sig")
    assert read_text(path, Problems(str(path))) == "twin: 1\n"


def test_a_folder_and_a_missing_file_are_told_apart(tmp_path):
    for path, said in ((tmp_path, "is a folder"), (tmp_path / "no.yaml", "does not exist")):
        with pytest.raises(ScenarioError, match=said):
            read_text(path, Problems(str(path)))
