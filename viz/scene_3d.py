"""One self-contained HTML page with a 3D scene of a finished run.

The page opens from disk and asks no network for anything: a content security policy forbids it, scripts run
only if their hash stands in that policy, and every word of the run is put into the page as text.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
import re
from dataclasses import asdict
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from twin.errors import RunError
from twin.results.run_folder import Run
from twin.viz.chapters import chapters_of
from twin.viz.map_layers import POINT_BUDGET, SceneParts, build_scene
from twin.viz.palette import QUEUE, QUEUE_PARTS
from twin.viz.run_view import RunView, read_run_view

Lang = Literal["ja", "en"]

#: Version of the scripts in ``assets/vendor``.
DECK_VERSION = "9.3.6"
_VENDORED = (f"vendor/deck.gl-{DECK_VERSION}.min.js", f"vendor/deck.gl-json-{DECK_VERSION}.min.js")
#: In the order in which they build on one another.
_OWN = tuple(
    f"scene/{name}.js"
    for name in (
        "words",
        "words_city",
        "packs",
        "motion",
        "meshes",
        "city",
        "light",
        "facade",
        "terminal_life",
        "told",
        "view_gl",
        "view_flat",
        "labels",
        "timebar",
        "reading",
        "desk",
        "compare",
        "difference",
        "story",
        "presenter",
        "film",
        "page",
    )
)
_PLACEHOLDER = re.compile(r"\[\[(\w+)\]\]")


def write_scene(
    run: SceneParts | RunView | Path, out: Path, *, lang: Lang = "ja", point_budget: int = POINT_BUDGET
) -> Path:
    """Write the page of a run.

    Parameters
    ----------
    run
        Folder of a finished run, what :func:`twin.viz.run_view.read_run_view` read of it, or a page's content.
    out
        File to write; found whole or not at all.
    lang
        Language in which the page opens; it carries both.
    point_budget
        Most points of paths in the page; beyond, whole trips are left out and the page says so.

    Returns
    -------
    Path
        ``out``.

    Raises
    ------
    RunError
        If the run is damaged, or the file cannot be written.
    """
    seen = scene_of_run(Run(run), point_budget=point_budget) if isinstance(run, Path) else run
    parts = build_scene(seen, point_budget=point_budget) if isinstance(seen, RunView) else seen
    page = scene_html(parts, lang=lang)
    beside = out.with_name(out.name + ".tmp")
    try:
        with beside.open("w", encoding="utf-8", newline="\n") as file:
            file.write(page)
        os.replace(beside, out)
    except OSError as fault:
        beside.unlink(missing_ok=True)
        raise RunError(
            f"the picture cannot be written: {fault}", where=str(out), mend="name another file with --out"
        ) from fault
    return out


def scene_of_run(
    run: Run, *, point_budget: int = POINT_BUDGET, origin: tuple[float, float] | None = None
) -> SceneParts:
    """Content of the page of a run, with its chapters."""
    seen = read_run_view(run)
    parts = build_scene(seen, point_budget=point_budget, origin=origin)
    parts.facts["chapters"] = chapters_of(run, seen)
    return parts


def scene_html(parts: SceneParts, *, lang: Lang = "ja") -> str:
    """Text of the page; the same for the same parts."""
    scripts = [_script_text(name) for name in (*_VENDORED, *_OWN)]
    style = "".join(_asset(f"scene/{name}.css") for name in ("page", "desk", "story"))
    content = {
        "spec": parts.spec,
        "packs": parts.packs,
        "facts": {**parts.facts, "queue_words": asdict(QUEUE), "queue_parts": [asdict(p) for p in QUEUE_PARTS]},
        **parts.more,
    }
    values = {
        "lang": lang,
        "title": html.escape(str(parts.facts["title"][lang])),
        "csp": _policy(scripts, style),
        "style": style,
        "data": inline_json(content),
        "scripts": "\n".join(f"<script>{script}</script>" for script in scripts),
    }
    # One pass: what is put in is never looked at again for placeholders.
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], _asset("scene/page.html"))


def inline_json(content: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _asset(name: str) -> str:
    return files("twin.viz").joinpath("assets").joinpath(*name.split("/")).read_text(encoding="utf-8")


def _script_text(name: str) -> str:
    """A script that cannot end its own element; both spellings mean the same inside strings."""
    return re.sub(r"<(?=/script)", r"\\x3c", _asset(name), flags=re.IGNORECASE).replace("<!--", "\\x3c!--")


def _policy(scripts: list[str], style: str) -> str:
    """Content security policy: nothing from anywhere, only our own scripts and style."""
    script_hashes = " ".join(_hash_source(script) for script in scripts)
    return (
        f"default-src 'none'; script-src {script_hashes}; style-src {_hash_source(style)}; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _hash_source(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
