"""A page of ours in an installed Chromium without a window: what stills and films are taken of.

The browser is driven by playwright; none is downloaded. It is kept off the network, and the page asks for nothing.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from twin.errors import RunError

if TYPE_CHECKING:
    from playwright.sync_api import Page

Kind = Literal["auto", "3d", "flat"]
#: Drawing without a graphics card takes seconds a frame.
_PATIENCE_S = 600.0
#: Larger pictures are drawn with more dots per pixel, so that their lettering grows with them.
_PAGE_WIDTH_PX = 1920
_QUIET = ("--disable-background-networking", "--disable-component-update", "--disable-quic", "--disable-sync")


class Projector:
    """One page, opened as a picture without controls; use it in a ``with`` block.

    Parameters
    ----------
    page
        HTML file of a scene.
    browsers
        Paths of installed browsers of Chromium's kind, best first.
    size_px
        Width and height of the pictures.
    lang
        Language of the captions.
    view
        ``3d``, ``flat``, or ``auto``: as the page chooses for this machine.

    Raises
    ------
    RunError
        If there is no browser, it does not start, or the page does not open.
    """

    def __init__(
        self, page: Path, browsers: Sequence[str], *, size_px: tuple[int, int], lang: str = "ja", view: Kind = "auto"
    ) -> None:
        self.file, self.browsers, self.size_px, self.lang, self.view = page, browsers, size_px, lang, view
        self._open = ExitStack()

    def __enter__(self) -> Self:
        from playwright.sync_api import Error, sync_playwright

        if not self.browsers:
            raise RunError(
                "no Chromium was found on this machine, which draws stills and films",
                where=str(self.file),
                mend="install Chromium, Google Chrome or Microsoft Edge; the page itself opens in any browser",
            )
        dots = max(1.0, self.size_px[0] / _PAGE_WIDTH_PX)
        width, height = (round(side / dots) for side in self.size_px)
        try:
            playwright = self._open.enter_context(sync_playwright())
            # Chromium refuses its sandbox to the superuser; nobody else goes without.
            root = hasattr(os, "geteuid") and os.geteuid() == 0
            args = [*_QUIET, *(["--no-sandbox"] if root else [])]
            browser = playwright.chromium.launch(executable_path=self.browsers[0], args=args)
            self._open.callback(browser.close)
            context = browser.new_context(
                viewport={"width": width, "height": height}, device_scale_factor=dots, offline=True, color_scheme="dark"
            )
            context.set_default_timeout(1000 * _PATIENCE_S)
            self.page: Page = context.new_page()
            self.page.goto(self.file.resolve().as_uri() + ("" if self.view == "auto" else f"#{self.view}"))
            self._wait("window.__twin?.state?.ready && window.__twin.state.drawn > 0")
            self.page.evaluate("(lang) => window.__twin.film.begin(lang)", self.lang)
        except Error as fault:
            self._open.close()
            raise RunError(
                f"the browser could not open the page: {str(fault).splitlines()[0][:200]}",
                where=f"{self.browsers[0]}, {self.file}",
                mend="open the page in that browser by hand to see what is wrong with it",
            ) from fault
        except BaseException:
            self._open.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def chapters(self) -> list[dict[str, Any]]:
        """Chapters of the page, ``at_s, ja, en, bounds, side``, those of both runs where it shows two."""
        return list(self.page.evaluate("window.__twin.story.chapters"))

    def facts(self) -> dict[str, Any]:
        """``title`` and ``variants`` in both languages, and the ``clock``."""
        return dict(self.page.evaluate("window.__twin.film.facts()"))

    def show(self, *, at_s: float, chapter: int, bounds: Sequence[float] | None) -> None:
        """Set clock, caption (a chapter's number, -1 the title, -2 nothing) and camera; comes back once it is drawn."""
        drawn = self.page.evaluate("window.__twin.state.drawn")
        self.page.evaluate(
            "([atS, chapter, bounds]) => window.__twin.film.show(atS, chapter, bounds)",
            [at_s, chapter, list(bounds) if bounds else None],
        )
        self._wait(f"window.__twin.state.drawn > {int(drawn)}")

    def png(self, path: Path) -> None:
        """Take a still; found whole or not at all."""
        beside = path.with_name(path.name + ".tmp")
        beside.write_bytes(self.page.screenshot(type="png"))
        os.replace(beside, path)

    def jpeg(self) -> bytes:
        """Take one frame."""
        return self.page.screenshot(type="jpeg", quality=92)

    def _wait(self, condition: str) -> None:
        """Ask again and again: the page's policy forbids the usual waiting inside it."""
        end = time.monotonic() + _PATIENCE_S
        while not self.page.evaluate(f"Boolean({condition})"):
            said = self.page.evaluate("document.getElementById('notice')?.textContent ?? ''")
            if time.monotonic() > end:
                raise RunError(
                    f"the page was not drawn within {_PATIENCE_S:g} s: {said}".rstrip(": "),
                    where=str(self.file),
                    mend="take a smaller picture, or --view flat, which needs no graphics card",
                )
            self.page.wait_for_timeout(10)
