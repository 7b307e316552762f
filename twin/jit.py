"""The only importer of numba: the kernel decorator, and a cache folder that never serves stale code.

numba's file cache notices an edit in the file of a kernel, but not in a helper that the kernel calls from
another file. The cache folder is therefore named by a digest of every Python file of the package, of the
versions of numba, numpy and Python and of the machine type; an edit anywhere moves to a fresh folder.
"""

from __future__ import annotations

import atexit
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs

_KEPT_DIGESTS = 4
_KEPT_S = 86400.0


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
    for part in (
        importlib.metadata.version("numba"),
        importlib.metadata.version("numpy"),
        sys.version,
        platform.machine(),
    ):
        digest.update(part.encode())
    return digest.hexdigest()[:16]


def _prune(root: Path) -> None:
    """Remove old cache folders, so that edits do not fill the disk.

    A folder in use was touched when its process started; a day spares the longest run.
    """
    folders = sorted((p for p in root.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime)
    for folder in folders[:-_KEPT_DIGESTS]:
        if folder.stat().st_mtime < time.time() - _KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)


def _set_cache_folder() -> None:
    root = Path(os.environ.get("TWIN_CACHE_DIR") or platformdirs.user_cache_dir("osaka-twin")) / "kernels"
    folder = root / source_digest()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        _prune(root)
    except OSError:
        # A read-only home, perhaps with read-only sources, beside which numba would refuse to work at all. Workers
        # inherit the folder, so that a study compiles once; it goes with the process that made it.
        folder = Path(tempfile.mkdtemp(prefix="osaka-twin-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        os.environ["TWIN_CACHE_DIR"] = str(folder)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    if "numba" in sys.modules:
        from numba.core import config

        config.reload_config()  # type: ignore[no-untyped-call]


_set_cache_folder()

import numba  # noqa: E402  (the cache folder must be set before numba reads it)
import numpy as np  # noqa: E402
from llvmlite import ir  # type: ignore[import-untyped]  # noqa: E402  (numba brings it)

# Some options below are numba's own, known to its compiler and not to its types.
_njit: Any = numba.njit


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of arrays and numbers on first use; cached on disk, releases the GIL.

    Division by zero gives inf or nan as in numpy; kernels check before they divide.
    """
    compiled: Callable[..., Any] = _njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


def inline_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a small helper that is copied into the kernels that call it."""
    compile_inline = _njit(cache=True, nogil=True, error_model="numpy", inline="always")
    compiled: Callable[..., Any] = compile_inline(function)
    return compiled


def lean_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a kernel that makes no array: without reference counts, five times faster on tuples of many arrays."""
    compile_lean = _njit(cache=True, nogil=True, error_model="numpy", _nrt=False)
    compiled: Callable[..., Any] = compile_lean(function)
    return compiled


def inner_kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a helper that only lean kernels call, never Python: no wrapper to compile, and always inlined."""
    compile_inner = _njit(
        cache=True, nogil=True, error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True,
        forceinline=True,
    )
    compiled: Callable[..., Any] = compile_inner(function)
    return compiled


def _prefetch_row(_typing: Any, table: Any, _row: Any) -> Any:
    """Type and code of :func:`fetch_row`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        byte, number, place = ir.IntType(8).as_pointer(), ir.IntType(32), ir.IntType(64)
        fetch = builder.module.declare_intrinsic(
            "llvm.prefetch", [byte], ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        )
        stride = builder.extract_value(array.strides, 0)
        start = builder.gep(builder.bitcast(array.data, byte), [builder.mul(arguments[1], stride)])
        for line in range(0, 192 if signature.args[0].ndim > 1 else 64, 64):
            # To be written, to be kept in every cache, data.
            how = [ir.Constant(number, 1), ir.Constant(number, 3), ir.Constant(number, 1)]
            builder.call(fetch, [builder.gep(start, [ir.Constant(place, line)]), *how])
        return context.get_dummy_value()

    return numba.types.void(table, numba.types.intp), generate


def _assume_columns(_typing: Any, table: Any, _columns: Any) -> Any:
    """Type and code of :func:`has_columns`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        builder.assume(builder.icmp_signed("==", builder.extract_value(array.shape, 1), arguments[1]))
        return context.get_dummy_value()

    return numba.types.void(table, numba.types.intp), generate


def _nothing(_table: Any, _row: Any) -> None:
    """What :func:`fetch_row` and :func:`has_columns` do where nothing is compiled."""


@inner_kernel
def index(number):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """A whole number from 0 to below 2**32 as an index of which the compiler knows that it is not negative.

    For kernels whose indices come out of arrays: each look-up then spares a test whether to count from the end.
    """
    return np.int64(np.uint32(number))


_is_compiled = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"
#: ``fetch_row(table, row)``: have the first 192 bytes of a row of a 2-d array, or an element of a 1-d one, brought near
#: before they are needed. For kernels that know which row comes next and would wait for memory there.
fetch_row: Any = numba.extending.intrinsic(_prefetch_row) if _is_compiled else _nothing
#: ``has_columns(table, number)``: promise the compiler that a 2-d array has so many columns, a number known when the
#: kernel is compiled. Rows are then found without a multiplication.
has_columns: Any = numba.extending.intrinsic(_assume_columns) if _is_compiled else _nothing
