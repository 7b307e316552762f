"""YAML text to a tree of nodes that know their line, with every guard an untrusted file needs.

The tree is built from parser events, so that size, depth, aliases and tags are refused before anything is
built, and no Python object is ever constructed. Scalars follow the core schema of YAML 1.2: ``no`` and
``08:30`` are text.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from twin.errors import Problem, ScenarioError

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
#: Nodes after aliases are expanded; a scenario has hundreds.
MAX_NODES = 50_000

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
#: What ruamel raises on some malformed files beside its own errors.
_PARSER_SLIPS = (ValueError, TypeError, IndexError, KeyError, AttributeError, AssertionError, OverflowError)

#: What stands after a key at the start of a line, where an ASCII colon and space are due.
_AFTER_KEY = re.compile(r"(?:- +)?[^\s:：\"'#{}\[\],]+(：|:\u3000)")
_COLON_MEND = "write an ASCII colon and a space"

Plain = str | int | float | bool | None


class Mark(NamedTuple):
    """Place in the file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Grading:
    """What a writer adds to a value: range, grade, source, note, as written."""

    low_text: str | None
    high_text: str | None
    grade: str
    source: str
    note: str
    mark: Mark


@dataclass(frozen=True, eq=False)
class Scalar:
    """One value; ``text`` is what stands in the file, ``path`` the keys that lead to it as written."""

    value: Plain
    text: str
    mark: Mark
    path: str
    grading: Grading | None = None
    size: int = 1
    depth: int = 0


@dataclass(frozen=True, eq=False)
class Listing:
    """A sequence of nodes."""

    items: tuple[Node, ...]
    mark: Mark
    path: str
    grading: Grading | None = None
    size: int = 1
    depth: int = 1


@dataclass(frozen=True, eq=False)
class Mapping:
    """Keys in the order of the file, each with its own place."""

    entries: dict[str, Node]
    key_marks: dict[str, Mark]
    mark: Mark
    path: str
    size: int = 1
    depth: int = 1


Node = Scalar | Listing | Mapping


class _StopReadingError(Exception):
    """The file cannot be read further."""


class Problems:
    """Everything found wrong in one file, each once, in the order of its lines."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[tuple[str, str], tuple[Mark, Problem]] = {}

    def add(self, what: str, mark: Mark, path: str = "", mend: str = "") -> None:
        """Note a problem; the same one twice (from two variants) counts once."""
        where = f"{self.file}, line {mark.line}, column {mark.column}" + (f", {path}" if path else "")
        self._found.setdefault((what, where), (mark, Problem(what, where, mend)))

    @property
    def listed(self) -> list[Problem]:
        """The problems by line and column."""
        return [problem for _, problem in sorted(self._found.values(), key=lambda found: found[0])]

    def __len__(self) -> int:
        return len(self._found)

    def raise_if_any(self) -> None:
        """Raise them all as one error.

        Raises
        ------
        ScenarioError
        """
        if self._found:
            raise ScenarioError.of(self.listed, self.file)


def read_text(path: Path, problems: Problems) -> str:
    """Text of a scenario file, UTF-8 with or without byte-order mark.

    Raises
    ------
    ScenarioError
        If the file is missing, too large or in another encoding, which is named.
    """
    top = Mark(1, 1)
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            problems.add(f"{path} {what}", top, mend="give the path of a scenario file, or write one with twin new")
            problems.raise_if_any()
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        problems.add(f"{path} cannot be read: {reason}", top)
    problems.raise_if_any()
    if len(data) > MAX_BYTES:
        problems.add(
            f"the file is larger than {MAX_BYTES // 1000} kB",
            top,
            mend="keep tables in CSV, xlsx or Parquet, see tables:",
        )
    elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
        problems.add("the file is UTF-16, not UTF-8", top, mend="save it as UTF-8")
    problems.raise_if_any()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        line = data.count(b"\n", 0, fault.start) + 1
        column = fault.start - data.rfind(b"\n", 0, fault.start)
        problems.add(_encoding_words(data), Mark(line, column), mend="save it as UTF-8")
        problems.raise_if_any()
        raise


def _encoding_words(data: bytes) -> str:
    for encoding, name in (("cp932", "Shift_JIS (cp932)"), ("euc_jp", "EUC-JP")):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return f"the file is {name}, not UTF-8"
    return "the file is not UTF-8 text"


def parse_document(text: str, problems: Problems) -> Mapping:
    """Tree of a scenario file.

    Parameters
    ----------
    text
        The file's text.
    problems
        Receives what is wrong; duplicate keys and the like do not stop the reading.

    Raises
    ------
    ScenarioError
        If the text is no YAML mapping or breaks a guard.
    """
    builder = _Builder(problems)
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except _StopReadingError:
        problems.raise_if_any()
    except MarkedYAMLError as fault:
        if not _name_odd_characters(text, problems):
            mark = fault.problem_mark or fault.context_mark
            place = Mark(mark.line + 1, mark.column + 1) if mark else Mark(1, 1)
            said = " ".join(part for part in (fault.context, fault.problem) if part)
            problems.add(f"not YAML: {said}", place, mend="check indentation, colons, brackets and quotes here")
    except (YAMLError, *_PARSER_SLIPS) as fault:
        # Control characters, escapes beyond Unicode and the like; ruamel gives no line for them.
        said = str(fault).splitlines()[0] if str(fault) else type(fault).__name__
        problems.add(f"not YAML: {said[:120]}", _mark_of_control_character(text))
    problems.raise_if_any()
    root = builder.root
    if isinstance(root, Mapping):
        return root
    if not _name_odd_characters(text, problems):
        empty = root is None or (isinstance(root, Scalar) and root.value is None)
        what = "the file is empty" if empty else "the file is no mapping of keys to values"
        problems.add(what, root.mark if root else Mark(1, 1), mend="start with twin: 1, or use twin new")
    raise ScenarioError.of(problems.listed, problems.file)


def _mark_of_control_character(text: str) -> Mark:
    for number, line in enumerate(text.splitlines(), 1):
        for column, character in enumerate(line, 1):
            if unicodedata.category(character) in ("Cc", "Cs", "Co") and character != "\t":
                return Mark(number, column)
    return Mark(1, 1)


def _name_odd_characters(text: str, problems: Problems) -> bool:
    """Name tabs and full-width characters where YAML wants ASCII; only asked of a text that does not parse."""
    before = len(problems)
    for number, line in enumerate(text.splitlines(), 1):
        body = line.lstrip(" \t\u3000")
        indent = line[: len(line) - len(body)]
        if not body or body.startswith("#"):
            continue
        if "\t" in indent:
            problems.add("a tab in the indentation", Mark(number, indent.index("\t") + 1), mend="indent with spaces")
        if "\u3000" in indent:
            column = indent.index("\u3000") + 1
            problems.add("a full-width space in the indentation", Mark(number, column), mend="use ASCII spaces")
        after_key = _AFTER_KEY.match(body)
        if after_key:
            place = Mark(number, len(indent) + after_key.start(1) + 1)
            problems.add(_odd_key_words(after_key.group(1)), place, mend=_COLON_MEND)
    return len(problems) > before


def _odd_key_words(found: str) -> str:
    return "a full-width colon ： after a key" if "：" in found else "a full-width space after a key's colon"


@dataclass
class _Frame:
    """A collection being read."""

    mapping: bool
    mark: Mark
    path: str
    anchor: str | None
    items: list[Node] = field(default_factory=list)
    entries: dict[str, Node] = field(default_factory=dict)
    key_marks: dict[str, Mark] = field(default_factory=dict)
    key: str | None = None
    # A key that cannot be used (a repeated one): its value is read and dropped.
    key_refused: bool = False


class _Builder:
    """Builds the tree event by event; a stack instead of recursion bounds what a nested file can cost."""

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        self.root: Node | None = None
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Node] = {}
        self._documents = 0
        self._nodes = 0

    def take(self, event: Any) -> None:
        """Take the next event of the parser."""
        kind = type(event).__name__
        mark = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        if kind == "DocumentStartEvent":
            self._start_document(event, mark)
        elif kind == "AliasEvent":
            self._attach(self._aliased(event.anchor, mark), mark)
        elif kind == "ScalarEvent":
            self._refuse_tag(event, mark)
            node = self._scalar(event, mark)
            if event.anchor:
                self._anchors[event.anchor] = node
            self._attach(node, mark)
        elif kind in ("MappingStartEvent", "SequenceStartEvent"):
            self._refuse_tag(event, mark)
            self._open(kind == "MappingStartEvent", event.anchor, mark)
        elif kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._close()

    def _stop(self, what: str, mark: Mark, mend: str = "") -> None:
        self.problems.add(what, mark, mend=mend)
        raise _StopReadingError

    def _start_document(self, event: Any, mark: Mark) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop("a second document begins (---)", mark, "one file holds one scenario")
        if (event.version and tuple(event.version) != (1, 2)) or event.tags:
            self._stop("YAML directives (%) are not taken", mark, "remove the lines that start with %")

    def _refuse_tag(self, event: Any, mark: Mark) -> None:
        if event.tag:
            tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
            self._stop(f"the tag {tag[:60]} is not taken", mark, "remove the tag; write text in quotes")

    def _aliased(self, anchor: str, mark: Mark) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            self._stop(f"the alias *{anchor} has no anchor before it", mark, f"write &{anchor} at the value meant")
            raise _StopReadingError
        if len(self._stack) + node.depth > MAX_DEPTH:
            self._stop(f"nested deeper than {MAX_DEPTH} levels through *{anchor}", mark)
        self._count(node.size, mark)
        return node

    def _count(self, nodes: int, mark: Mark) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            self._stop(
                f"more than {MAX_NODES} values, aliases counted as often as they are used",
                mark,
                "keep tables in CSV, xlsx or Parquet, see tables:",
            )

    def _child_path(self) -> str:
        if not self._stack:
            return ""
        frame = self._stack[-1]
        if not frame.mapping:
            return f"{frame.path}[{len(frame.items)}]"
        key = frame.key or ""
        return f"{frame.path}.{key}" if frame.path else key

    def _scalar(self, event: Any, mark: Mark) -> Scalar:
        self._count(1, mark)
        path = self._child_path()
        text = self._whole_characters(event.value, mark)
        plain = event.style is None and event.implicit[0]
        if plain and self._stack and self._stack[-1].mapping and self._stack[-1].key is None:
            self._refuse_full_width_key(text, mark)
        return Scalar(self._resolve(text, mark, path) if plain else text, text, mark, path)

    def _whole_characters(self, text: str, mark: Mark) -> str:
        """Join characters written as two escapes, as JSON writes them; half a one is no text at all."""
        if not any("\ud800" <= character <= "\udfff" for character in text):
            return text
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self.problems.add("half a character stands escaped in a text", mark, mend="write the character itself")
            return text.encode("utf-8", "replace").decode("utf-8")

    def _refuse_full_width_key(self, key: str, mark: Mark) -> None:
        """Name full-width spaces and colons that YAML takes as a part of the key; quoted keys may hold them."""
        if key != key.strip("\u3000"):
            self.problems.add("a full-width space before or after a key", mark, mend="use ASCII spaces")
        elif "：" in key or ":\u3000" in key:
            at = max(key.find("："), key.find(":\u3000"))
            place = Mark(mark.line, mark.column + at)
            self.problems.add(_odd_key_words(key[at:]), place, mend=f"{_COLON_MEND}, or put the key in quotes")

    def _resolve(self, text: str, mark: Mark, path: str) -> Plain:
        """Value of a plain scalar by the core schema of YAML 1.2."""
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            number = int(text, 0) if text[:2] in ("0o", "0x") else int(text) if len(text) <= 20 else None
            if number is not None and -(2**63) <= number < 2**64:
                return number
            self.problems.add(f"{_short(text)} is beyond the numbers a scenario may hold", mark, path)
            return None
        if _FLOAT.fullmatch(text) and math.isfinite(float(text)):
            return float(text)
        if _FLOAT.fullmatch(text) or _NOT_FINITE.fullmatch(text):
            self.problems.add(f"{_short(text)} is not a finite number", mark, path, "give a finite number")
            return None
        return text

    def _open(self, mapping: bool, anchor: str | None, mark: Mark) -> None:
        self._count(1, mark)
        if len(self._stack) >= MAX_DEPTH:
            self._stop(f"nested deeper than {MAX_DEPTH} levels", mark, "a scenario needs six or so")
        self._stack.append(_Frame(mapping, mark, self._child_path(), anchor))
        if anchor:
            # Until it is closed, an alias to it would contain itself.
            self._anchors.pop(anchor, None)

    def _close(self) -> None:
        frame = self._stack.pop()
        children = list(frame.entries.values()) if frame.mapping else frame.items
        size = 1 + sum(child.size for child in children)
        depth = 1 + max((child.depth for child in children), default=0)
        node: Node
        if frame.mapping:
            node = Mapping(frame.entries, frame.key_marks, frame.mark, frame.path, size, depth)
        else:
            node = Listing(tuple(frame.items), frame.mark, frame.path, None, size, depth)
        if frame.anchor:
            self._anchors[frame.anchor] = node
        self._attach(node, frame.mark)

    def _attach(self, node: Node, mark: Mark) -> None:
        if not self._stack:
            self.root = node
            return
        frame = self._stack[-1]
        if not frame.mapping:
            frame.items.append(node)
        elif frame.key is None:
            self._take_key(frame, node, mark)
        else:
            if not frame.key_refused:
                frame.entries[frame.key] = node
            frame.key, frame.key_refused = None, False

    def _take_key(self, frame: _Frame, node: Node, mark: Mark) -> None:
        key = node.text if isinstance(node, Scalar) else ""
        frame.key, frame.key_refused = key, True
        if not isinstance(node, Scalar):
            self.problems.add("a list or mapping stands where a key is due", mark, frame.path, "write a word as key")
        elif key in frame.key_marks:
            first = frame.key_marks[key].line
            path = f"{frame.path}.{key}" if frame.path else key
            self.problems.add(
                f"the key {_short(key)} stands twice, on line {first} and on line {mark.line}",
                mark,
                path,
                "keep one of the two",
            )
        elif key == "<<":
            self.problems.add("merge keys (<<) are not part of YAML 1.2", mark, frame.path, "use measures and variants")
        elif not key.strip() and node.value is None:
            self.problems.add("a key is empty", mark, frame.path)
        else:
            frame.key_marks[key], frame.key_refused = mark, False


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def plain(node: Node) -> Any:
    """Plain dicts, lists and scalars of a tree, for validation."""
    if isinstance(node, Mapping):
        return {key: plain(child) for key, child in node.entries.items()}
    if isinstance(node, Listing):
        return [plain(child) for child in node.items]
    return node.value


def tree_of(value: Any, path: str = "") -> Any:
    """Tree of plain values that come from no file, with a place of 1, 1 throughout."""
    mark = Mark(1, 1)
    if isinstance(value, dict):
        entries = {str(k): tree_of(v, f"{path}.{k}" if path else str(k)) for k, v in value.items()}
        return Mapping(entries, dict.fromkeys(entries, mark), mark, path)
    if isinstance(value, list | tuple):
        return Listing(tuple(tree_of(v, f"{path}[{i}]") for i, v in enumerate(value)), mark, path)
    words = {None: "", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else str(value)
    return Scalar(value, text, mark, path)


def scalars(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Scalar | Listing]]:
    """Every leaf with the keys that lead to it; a list is one leaf if it is graded as a whole."""
    if isinstance(node, Mapping):
        for key, child in node.entries.items():
            yield from scalars(child, (*path, key))
    elif isinstance(node, Listing) and node.grading is None:
        for index, child in enumerate(node.items):
            yield from scalars(child, (*path, str(index)))
    else:
        yield path, node
