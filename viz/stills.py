"""Stills of a scene: one PNG per chapter, and a gallery page beside them for whoever cannot draw the scene."""

from __future__ import annotations

import base64
import hashlib
import html
import os
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from twin.errors import RunError
from twin.viz.projector import Projector

#: Called with the stills taken and all there are.
OnStill = Callable[[int, int], None]


def take_stills(projector: Projector, folder: Path, on_still: OnStill | None = None) -> list[Path]:
    """Take a still of every chapter, or one of the whole where there is none, and write ``index.html`` beside them.

    Parameters
    ----------
    projector
        The page, open.
    folder
        Where the files go; made if need be.
    on_still
        Progress.

    Returns
    -------
    list of Path
        The stills, then the gallery.

    Raises
    ------
    RunError
        If the folder cannot be written.
    """
    chapters, facts = projector.chapters(), projector.facts()
    shown = [(n, chapter) for n, chapter in enumerate(chapters)] or [(-1, _whole(facts))]
    taken: list[tuple[Path, Mapping[str, Any]]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for done, (number, chapter) in enumerate(shown):
            if on_still:
                on_still(done, len(shown))
            projector.show(at_s=chapter["at_s"], chapter=number, bounds=chapter["bounds"])
            path = folder / f"{done + 1:02d}_{_clock(chapter['at_s']).replace(':', '')}.png"
            projector.png(path)
            taken.append((path, chapter))
        gallery = folder / "index.html"
        beside = gallery.with_name(gallery.name + ".tmp")
        beside.write_text(_gallery(facts, taken), encoding="utf-8", newline="\n")
        os.replace(beside, gallery)
    except OSError as fault:
        raise RunError(
            f"the stills cannot be written: {fault}", where=str(folder), mend="name another folder with --stills"
        ) from fault
    if on_still:
        on_still(len(shown), len(shown))
    return [*(path for path, _ in taken), gallery]


def _whole(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {**facts["title"], "at_s": facts["busy_s"], "bounds": None, "side": 0}


def _gallery(facts: Mapping[str, Any], taken: Sequence[tuple[Path, Mapping[str, Any]]]) -> str:
    style = files("twin.viz").joinpath("assets", "scene", "stills.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; img-src 'self' file:; style-src 'sha256-{digest}'"
    names = " | ".join(f"{escape(v['ja'])} / {escape(v['en'])}" for v in facts["variants"])
    figures = "\n".join(_figure(path, chapter, facts) for path, chapter in taken)
    sources = "<br>".join(escape(line) for line in dict.fromkeys((facts["sources"]["ja"], facts["sources"]["en"])))
    return f"""<!DOCTYPE html>
<html lang="ja">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(facts["title"]["ja"])}</title>
<style>{style}</style>
</head>
<body>
<h1>{escape(facts["title"]["ja"])}<br>{escape(facts["title"]["en"])}</h1>
<p>{names}</p>
{figures}
<p><small>{sources}</small></p>
</body>
</html>
"""


def _figure(path: Path, chapter: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    at = _clock(chapter["at_s"])
    of = (
        ""
        if chapter["side"] > 1 or len(facts["variants"]) < 2
        else f" ({escape(facts['variants'][chapter['side']]['ja'])})"
    )
    words = dict.fromkeys((chapter["ja"], chapter["en"]))
    said = "".join(f"<p>{at}{of} {escape(text)}</p>" for text in words)
    image = f'<img src="{escape(path.name)}" alt="{escape(at + " " + chapter["ja"])}">'
    return f"<figure>{image}<figcaption>{said}</figcaption></figure>"


def escape(text: str) -> str:
    """Text of a run, as text."""
    return html.escape(str(text), quote=True)


def _clock(at_s: float) -> str:
    return f"{int(at_s) // 3600:02d}:{int(at_s) // 60 % 60:02d}"
