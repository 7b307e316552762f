"""Ways to damage a file: as disks, editors, other programs and strangers do."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

NUMBERS = (
    b"0",
    b"-1",
    b"1e999",
    b"nan",
    b"inf",
    b"-0",
    b"1e-320",
    b"99999999999999999999999",
    b"28",
    b"500",
    b"0.5",
    b"1e9",
    b"4294967296",
    b"\xef\xbc\x95",
    b"1,204",
    b"08:05",
    b"0805",
    b"168:00",
    b"46136.34",
    b"1e12",
    b"''",
    b"true",
)
SCRAPS = (
    b":",
    b"\xef\xbc\x9a",
    b"{",
    b"}",
    b"[",
    b"]",
    b"- ",
    b"\t",
    b"\xe3\x80\x80",
    b"&a ",
    b"*a",
    b"!!int ",
    b"|",
    b">",
    b"'",
    b'"',
    b"#",
    b"---\n",
    b".nan",
    b"\x00",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"\xef\xbb\xbf",
    b"<<: *a",
    b"value: 1",
    b"{value: 1, range: [0, 2], grade: G}",
    b"range: [1 lanes, 3 lanes]",
    b"set: {}",
    b"with: [m, m]",
    b"from: today",
    b"null",
    b"\n",
    b"  ",
    b"5 %",
    b"60 min",
    b"<tag k='highway' v='-1'/>",
    b"<nd ref='1'/>",
    b"<!-- x -->",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"&a;",
    b"\xff\xfe",
    b"../",
    b"/etc/passwd",
    b"=1+1",
    b"\xef\xbc\x9d1+1",
    b"PAR1",
    b"PK\x03\x04",
    b"double",
    b"oneway",
    b"lanes",
    b"yes",
    b"no",
    b",,,,",
    b";",
    b"\r",
    b'""',
    b"24:30",
    b"table: t",
)
_NUMBER = re.compile(rb"[0-9]+(?:[.:][0-9]+)*")
_WORD = re.compile(rb"[A-Za-z_]{3,}")

Mutator = Callable[[bytes, Random, Sequence[bytes]], bytes]


def _flip(data: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]


def _cut(data: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + data[at + rng.choice((1, 2, 8, 64, 1024)) :]


def _shorten(data: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    return data[: rng.randrange(len(data))]


def _scrap(data: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(SCRAPS) + data[at + rng.choice((0, 0, 1, 4)) :]


def _number(data: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(data))
    if not found:
        return _scrap(data, rng, _)
    one = rng.choice(found)
    other = rng.choice(NUMBERS) if rng.random() < 0.7 else rng.choice(found)[0]
    return data[: one.start()] + other + data[one.end() :]


def _word(data: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    found = list(_WORD.finditer(data))
    if not found:
        return _scrap(data, rng, others)
    one, other = rng.choice(found), rng.choice(list(_WORD.finditer(rng.choice(others))) or found)
    return data[: one.start()] + other[0] + data[one.end() :]


def _lines(data: bytes, rng: Random, others: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(4)
    if kind == 0:
        lines[a], lines[b] = lines[b], lines[a]
    elif kind == 1:
        lines.insert(a, lines[b])
    elif kind == 2:
        del lines[a]
    else:
        lines[a] = rng.choice(rng.choice(others).split(b"\n"))
    return b"\n".join(lines)


def _repeat(data: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(data))
    piece = data[at : at + rng.choice((1, 8, 60))]
    return data[:at] + piece * rng.choice((2, 50, 400)) + data[at:]


def _encode(data: bytes, rng: Random, _: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(("utf-16", "cp932", "utf-8-sig", "euc_jp")), "replace")


_ALWAYS: tuple[Mutator, ...] = (_flip, _cut, _shorten, _scrap, _number, _word, _lines, _repeat)
_RARELY: tuple[Mutator, ...] = (_encode,)


def mutated(data: bytes, rng: Random, others: Sequence[bytes], *, binary: bool = False) -> bytes:
    """A file damaged in one to four ways.

    Parameters
    ----------
    data
        The sound file.
    rng
        Decides everything.
    others
        Files of the same kind, to take words and lines from.
    binary
        Whether words and lines mean nothing in it.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        if not data:
            break
        kinds = (_flip, _flip, _cut, _shorten, _scrap, _repeat) if binary else _ALWAYS
        kind = rng.choice(_RARELY) if not binary and rng.random() < 0.01 else rng.choice(kinds)
        data = kind(data, rng, others)
    return data
