"""What was worked out once on this machine and is kept: where it lies, and by which sources it was made.

Nothing here loads the compiler, so that a command that only looks starts fast.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path

import platformdirs

#: Folders that no process has used for so long are removed: longer than any run, so that none loses its folder.
_KEPT_S = 14 * 86400.0


def _package_files() -> list[tuple[str, Path]]:
    """Every Python file of the package as (dotted name, path), found through import specs.

    The models live outside the ``twin`` folder in a checkout and inside it in a wheel; the import
    system knows both, a path does not.
    """
    files: list[tuple[str, Path]] = []
    for package in ("twin", "twin.models", "twin.viz", "twin.data"):
        spec = importlib.util.find_spec(package)
        for location in (spec.submodule_search_locations or ()) if spec else ():
            root = Path(location)
            files.extend((f"{package}/{path.relative_to(root).as_posix()}", path) for path in root.rglob("*.py"))
    # The links twin/models -> ../models show a file twice in a checkout, once in a wheel.
    return sorted({path.resolve(): (name, path) for name, path in files}.values())


def platform_parts() -> tuple[str, ...]:
    """What beside the sources decides how a kernel is compiled."""
    return (importlib.metadata.version("numba"), importlib.metadata.version("numpy"), sys.version, platform.machine())


def source_digest() -> str:
    """Digest of the package's sources and of what compiles them.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for _, path in _package_files():
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    for part in platform_parts():
        digest.update(part.encode())
    return digest.hexdigest()[:16]


@functools.cache
def running_sources() -> str:
    """Digest of the sources this process runs; reading them takes longer than many a run."""
    return source_digest()


def _prune(root: Path) -> None:
    """Remove cache folders that no process has used for long, so that edits do not fill the disk.

    A folder in use was touched when its process started.
    """
    for folder in root.iterdir():
        try:
            if (
                folder.is_dir()
                and folder.name not in ("speed", "rehearsed")
                and folder.stat().st_mtime < time.time() - _KEPT_S
            ):
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # another process removed it first


@functools.cache
def compiled_folder() -> Path:
    """Folder of all compiled kernels of this user, and of what is known of their speed.

    A folder of this process where the home cannot be written.
    """
    root = Path(os.environ.get("TWIN_CACHE_DIR") or platformdirs.user_cache_dir("osaka-twin")) / "kernels"
    try:
        root.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=root).close()
        _prune(root)
    except OSError:
        # A read-only home. Workers inherit the folder, so that a study compiles once; it goes with the process
        # that made it.
        folder = Path(tempfile.mkdtemp(prefix="osaka-twin-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["TWIN_CACHE_DIR"] = str(folder)
        root = folder / "kernels"
        root.mkdir()
    return root
