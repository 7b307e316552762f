"""The picture of the rooms, made from the imports of the code: ``python -m tests.architecture.draw_rooms``.

Rooms stand below what imports them; an arrow that follows from others is left out. Writes ``docs/images/rooms.svg``;
``tests/architecture/test_rooms_picture.py`` says when it is out of date.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.architecture.test_layers import ANYONE, ROOT, imports_of, module_of, part_of, sources
from twin.models.registry import BUILT_IN

PICTURE = ROOT / "docs" / "images" / "rooms.svg"
#: Parts that are one room of the picture; every other part is a room by its own name.
JOINED = {
    "command line": ("cli", "__main__", "doctor"),
    "Python: api, service, Mesa": (
        "api",
        "service",
        "service_film",
        "browsers",
        "notebook",
        "service_results",
        "service_scene",
        "service_search",
        "mesa_model",
        "",
    ),
    "simulate, running": ("simulate", "running"),
    "words for all": (*sorted(ANYONE), "models"),
    "bundled files": ("data", "scenarios"),
    "jit": ("jit", "jit_signatures"),
}
WHAT = {
    "command line": "twin run, check, map, view …",
    "Python: api, service, Mesa": "every verb a function; CityModel",
    "experiments": "studies, looks, executor",
    "simulate, running": "one run, from plan to folder",
    "scenario": "what is asked",
    "results": "verdicts, answers, tables",
    "viz": "page, 3D scene, report",
    "models.road_traffic": "all vehicles drive here",
    "models.transit": "on-demand vans",
    "models.terminal": "container gate",
    "models.pedestrian": "people on foot",
    "models.kerb": "bays, stopping, who watches",
    "city": "streets, rules, lights, ways",
    "observe": "sensors and their errors",
    "booking": "slots, rules, no-shows",
    "engine": "clock, channels, draws, queues",
    "jit": "compiled kernels, kept",
    "words for all": "units, columns, cards, registry",
    "bundled files": "maps and scenarios that ship",
}
TITLE = (
    "Rooms of the code: imports go down only, never in a circle; arrows that follow from others are left out; "
    "dashed: loaded by name"
)
#: Where rooms stand from left to right, in columns; a room that is not named takes the next free one of its row.
COLUMN = {
    **dict.fromkeys(
        ("command line", "Python: api, service, Mesa", "experiments", "simulate, running", "scenario"), 2.5
    ),
    **dict.fromkeys(("viz", "results"), 0.0),
    **{f"models.{name}": 1.0 + i for i, name in enumerate(BUILT_IN)},
    **dict.fromkeys(("city", "engine", "words for all"), 2.5),
    **dict.fromkeys(("observe", "bundled files"), 5.0),
    **dict.fromkeys(("booking", "jit"), 4.0),
}
#: What is loaded by its name and not imported: models by their cards, the files of bundled cities.
LOADS = {"scenario": tuple(f"models.{name}" for name in BUILT_IN), "city": ("bundled files",)}
WIDTH, BOX, GAP, HEIGHT, STEP, MARGIN = 1240, 188, 14, 68, 106, 20


def room_of(part: str) -> str:
    """Room of the picture that a part of the code belongs to."""
    for room, parts in JOINED.items():
        if part in parts:
            return room
    return "command line" if part.startswith("cli_") else part


def rooms_of(texts: Mapping[str, str]) -> tuple[dict[str, list[str]], dict[str, set[str]]]:
    """Modules of every room, and the rooms that each imports; modules are given with their sources."""
    modules: dict[str, list[str]] = {}
    imports: dict[str, set[str]] = {}
    for module, text in texts.items():
        room = room_of(part_of(module))
        modules.setdefault(room, []).append(module)
        to = {
            room_of(part_of(name)) for name in imports_of(text, types=False) if part_of(name) not in ("", "__version__")
        }
        imports.setdefault(room, set()).update(to - {room})
    return modules, imports


def needed(imports: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Imports that do not follow from others."""

    def reach(room: str) -> set[str]:
        out: set[str] = set()
        left = list(imports.get(room, ()))
        while left:
            one = left.pop()
            if one not in out:
                out.add(one)
                left.extend(imports.get(one, ()))
        return out

    return {room: {to for to in tos if not any(to in reach(by) for by in tos - {to})} for room, tos in imports.items()}


def levels(rooms: Iterable[str], imports: Mapping[str, set[str]]) -> dict[str, int]:
    """Row of each room from the top: below the lowest that imports it.

    Raises
    ------
    ValueError
        If rooms import one another in a circle.
    """
    found: dict[str, int] = {}
    left = sorted(rooms)
    while left:
        above = {room: {by for by in imports if room in imports[by]} for room in left}
        free = [room for room in left if above[room] <= found.keys()]
        if not free:
            raise ValueError(f"rooms import one another in a circle: {left}")
        found.update({room: 1 + max((found[by] for by in above[room]), default=-1) for room in free})
        left = [room for room in left if room not in found]
    return found


def folders_of(room: str, modules: Iterable[str]) -> str:
    """Folders inside a room, as many as fit into its box."""
    depth = 3 if room.startswith("models.") else 2
    inside = {m.split(".")[depth] for m in modules if len(m.split(".")) > depth + 1}
    words = ", ".join(sorted(inside))
    return words if len(words) <= 34 else words[:32].rsplit(",", 1)[0] + ", …"


def picture(texts: Mapping[str, str]) -> str:
    """The picture as SVG."""
    modules, imports = rooms_of(texts)
    below = {room: imports[room] | set(LOADS.get(room, ())) for room in modules}
    level = levels(modules, below)
    place: dict[str, tuple[float, float]] = {}
    for row in range(max(level.values()) + 1):
        mine = sorted(room for room in modules if level[room] == row)
        taken = {COLUMN[room] for room in mine if room in COLUMN}
        free = (float(column) for column in range(99) if all(abs(column - at) >= 1 for at in taken))
        for room in mine:
            column = COLUMN[room] if room in COLUMN else next(free)
            place[room] = MARGIN + column * (BOX + GAP), MARGIN + 44 + row * STEP
    height = MARGIN + 44 + (max(level.values()) + 1) * STEP - (STEP - HEIGHT) + MARGIN
    marker = 'viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<defs><marker id="to" {marker}><path d="M0,0 L8,4 L0,8 z" fill="#5b6b7b"/></marker></defs>',
        f'<text x="{MARGIN}" y="{MARGIN + 14}" font-size="16" fill="#1d2733">{TITLE}</text>',
    ]
    arrows = [(room, to) for room, tos in sorted(needed(below).items()) for to in sorted(tos)]
    out += [_arrow(place[room], place[to], loads=to in LOADS.get(room, ())) for room, to in arrows]
    for room, (x, y) in sorted(place.items()):
        out += _box(room, x, y, modules[room])
    return "\n".join([*out, "</svg>", ""])


def _arrow(start: tuple[float, float], end: tuple[float, float], *, loads: bool) -> str:
    x1, y1 = start[0] + BOX / 2, start[1] + HEIGHT
    x2, y2 = end[0] + BOX / 2, end[1]
    # Arrows meet a box at different points of its upper side, by where they come from.
    x2 += max(-BOX / 2 + 14, min(BOX / 2 - 14, (x1 - x2) / 6))
    x1 += max(-BOX / 2 + 14, min(BOX / 2 - 14, (x2 - x1) / 6))
    bend = (y2 - y1) * 0.45
    path = f"M{x1:.1f},{y1:.1f} C{x1:.1f},{y1 + bend:.1f} {x2:.1f},{y2 - bend:.1f} {x2:.1f},{y2 - 1:.1f}"
    dash = ' stroke-dasharray="5 4"' if loads else ""
    return f'<path d="{path}" fill="none" stroke="#5b6b7b" stroke-width="1.1"{dash} marker-end="url(#to)"/>'


def _box(room: str, x: float, y: float, modules: list[str]) -> list[str]:
    fill = "#fdf1dc" if room.startswith("models.") else "#e8f0f7" if room != "words for all" else "#eef3ea"
    lines = [(19, 14, "bold", room.replace("models.", "model ")), (38, 11.5, "normal", WHAT.get(room, ""))]
    lines += [(56, 10.5, "normal", folders_of(room, modules))]
    out = [f'<rect x="{x:.1f}" y="{y:.1f}" width="{BOX}" height="{HEIGHT}" rx="5" fill="{fill}" stroke="#8a99a8"/>']
    for down, size, weight, words in lines:
        if words:
            safe = words.replace("&", "&amp;").replace("<", "&lt;")
            out.append(
                f'<text x="{x + 9:.1f}" y="{y + down:.1f}" font-size="{size}" font-weight="{weight}" '
                f'fill="#1d2733">{safe}</text>'
            )
    return out


def texts_of(paths: Iterable[Path]) -> dict[str, str]:
    """Sources by the name of their module."""
    return {module_of(path): path.read_text(encoding="utf-8") for path in paths}


if __name__ == "__main__":
    PICTURE.write_text(picture(texts_of(sources())), encoding="utf-8")
    print(PICTURE)
