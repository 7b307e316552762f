"""Browsers that are installed on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "chrome",
    "msedge",
    "firefox",
)
_WINDOWS_BROWSERS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
    r"Mozilla Firefox\firefox.exe",
)
_MAC_BROWSERS = ("Google Chrome", "Microsoft Edge", "Firefox", "Safari")


def browsers() -> Iterator[str]:
    """Paths of installed browsers, Chromium and its kin first."""
    for name in _BROWSERS:
        if (path := shutil.which(name)) is not None:
            yield path
    for root in filter(None, (os.environ.get(name) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"))):
        yield from (str(p) for p in (Path(root) / name for name in _WINDOWS_BROWSERS) if p.is_file())
    for name in _MAC_BROWSERS:
        if (program := Path(f"/Applications/{name}.app/Contents/MacOS/{name}")).is_file():
            yield str(program)
